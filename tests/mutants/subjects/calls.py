"""Mutants of a request before it is tried."""

from tests.mutants.table import Mutant, Subject

SUBJECT = Subject(
    "clients/calls.py",
    tests=("tests/clients/test_transport.py", "tests/clients/test_calls.py"),
    mutants=(
        Mutant(
            "return f\"Call({self.method} {path}{'?...' if has_query else ''})\"",
            'return f"Call({self.method} {path} {self.params} {self.body} {self.headers})"',
        ),
        Mutant('return text.encode("utf-8", "replace").decode()', "return text"),
        Mutant("json.dumps(self.body, default=str,", "json.dumps(self.body, default=float,"),
        Mutant('self.method != "POST" if', "True if"),
        Mutant('content is not None and not has_header(headers, "Content-Type")', "content is not None"),
        Mutant('object.__setattr__(self, "method", self.method.upper())', "pass"),
        Mutant("        if len(given) > 1:", "        if False:"),
        Mutant('path, has_query, _ = self.path.partition("?")', 'path, has_query = self.path, ""'),
    ),
)
