"""Mutants of a request before it is tried."""

from tests.mutants.table import Mutant, Subject

SUBJECT = Subject(
    "clients/calls.py",
    tests=("tests/clients/test_transport.py",),
    mutants=(
        Mutant(
            "return f\"Call({self.method} {path}{'?...' if has_query else ''})\"",
            'return f"Call({self.method} {path} {self.params} {self.body} {self.headers})"',
        ),
        Mutant('path, has_query, _ = self.path.partition("?")', 'path, has_query = self.path, ""'),
    ),
)
