"""Mutants of the log-in that all systems share."""

from tests.mutants.table import Mutant, Subject

SUBJECT = Subject(
    "clients/log_in.py",
    tests=("tests/clients/test_log_in.py", "tests/clients/test_omnitron.py"),
    mutants=(
        Mutant("            if self._failure is not None:\n", "            if False:\n"),
        Mutant(
            "        except Exception as error:\n            self._failure = error\n", "        except Exception:\n"
        ),
        Mutant("        except RetryableError:\n            raise\n", ""),
        Mutant("        self._key = None\n        try:", "        try:"),
        Mutant(
            "            if self._key is None or self._key == refused or not self._is_good():", "            if True:"
        ),
        Mutant("self._key == refused or not self._is_good():", "not self._is_good():"),
        Mutant(" or not self._is_good():", ":"),
        Mutant("        self._redactor.learn(key.value)\n", ""),
        Mutant("EARLY * key.seconds", "key.seconds"),
    ),
)
