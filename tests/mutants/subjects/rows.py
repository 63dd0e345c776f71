"""Mutants of the reading of Omnitron's rows one by one."""

from tests.mutants.table import Mutant, Subject

SUBJECT = Subject(
    "clients/omnitron/rows.py",
    tests=("tests/clients/test_rows.py",),
    mutants=(
        Mutant(
            'redactor.line(".".join(str(part) for part in first["loc"]), limit=200)',
            '".".join(str(part) for part in first["loc"])',
        ),
    ),
)
