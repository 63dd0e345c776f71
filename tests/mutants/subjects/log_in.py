"""Mutants of the log-in that all systems share."""

from tests.mutants.table import Mutant, Subject

KEPT = ("tests/clients/test_kept_key.py",)
SUBJECT = Subject(
    "clients/log_in.py",
    tests=("tests/clients/test_log_in.py", "tests/clients/test_omnitron.py"),
    mutants=(
        Mutant("            if self._failure is not None:\n", "            if False:\n"),
        Mutant(
            "        except Exception as error:\n            self._failure = error\n", "        except Exception:\n"
        ),
        Mutant("        except RetryableError:\n            raise\n", ""),
        Mutant("        self._key = None\n        if", "        if"),
        Mutant(
            "            if self._key is None or self._key == refused or not self._is_good():", "            if True:"
        ),
        Mutant("self._key == refused or not self._is_good():", "not self._is_good():"),
        Mutant(" or not self._is_good():", ":"),
        Mutant("        self._redactor.learn(key.value)\n", ""),
        Mutant("EARLY * key.seconds", "key.seconds"),
        Mutant("found is None or found[0] == refused", "found is None", tests=KEPT),
        Mutant(
            "                if not await self._takes_over(self._kept, refused):\n",
            "                if True:\n",
            tests=KEPT,
        ),
        Mutant("            async with self._kept.turn():\n", "            if True:\n", tests=KEPT),
        Mutant("                    await self._kept.write(key, until)\n", "", tests=KEPT),
    ),
)
