"""Mutants of what a run is given: the blocks that it reads are masked."""

from tests.mutants.table import Mutant, Subject

SUBJECT = Subject(
    "clients/runtime.py",
    tests=("tests/clients/test_secret_blocks.py", "tests/clients/test_omnitron.py"),
    mutants=(Mutant("        self.redactor.learn(secret.get_secret_value())\n", ""),),
)
