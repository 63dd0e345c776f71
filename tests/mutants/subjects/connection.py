"""Mutants of the connection to Omnitron: its log-in, and the secrets that it learns."""

from tests.mutants.table import Mutant, Subject

SUBJECT = Subject(
    "clients/omnitron/connection.py",
    tests=("tests/clients/test_omnitron.py", "tests/clients/test_bad_bodies.py"),
    mutants=(
        Mutant("            self.redactor.learn(self._password.get_secret_value())\n", "            pass\n"),
        Mutant("if not isinstance(key, str) or not _HEADER_VALUE.fullmatch(key):", "if not isinstance(key, str):"),
        Mutant("            ) from None  # pydantic's own error", "            ) from error  # pydantic's own error"),
    ),
)
