"""Mutants of the table from HTTP to errors."""

from tests.mutants.table import Mutant, Subject

SUBJECT = Subject(
    "clients/verdicts.py",
    tests=("tests/clients/test_transport.py", "tests/clients/test_connections.py"),
    mutants=(
        Mutant(
            "RateLimitedError) and not call.is_repeatable:",
            "RateLimitedError) and False:",
            tests=("tests/clients/test_log_in.py",),
        ),
        Mutant("kept_headers(response.headers, self._redactor)", "None"),
        Mutant("            if not call.is_repeatable:\n", "            if False:\n"),
        Mutant(
            "if status == HTTPStatus.REQUEST_TIMEOUT or status >= HTTPStatus.INTERNAL_SERVER_ERROR:",
            "if status >= 500:",
        ),
        Mutant(
            "if status == HTTPStatus.REQUEST_TIMEOUT or status >= HTTPStatus.INTERNAL_SERVER_ERROR:",
            "if status == 408 or status == 500:",
        ),
        Mutant("        if status in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN):", "        if status == 401:"),
        Mutant("        if status in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN):", "        if status == 403:"),
        Mutant("        if HTTPStatus.MULTIPLE_CHOICES <= status < HTTPStatus.BAD_REQUEST:", "        if False:"),
        Mutant(
            '        if not call.is_repeatable:\n            return LostAnswerError(f"The',
            '        if False:\n            return LostAnswerError(f"The',
        ),
        Mutant('ContractError if call.method == "GET" else LostAnswerError', "ContractError"),
        Mutant("is_away=_is_away(error)", "is_away=True"),
        Mutant("self.lost(call, self._redactor.line(what, limit=QUOTED_CHARACTERS),", "self.lost(call, what,"),
        Mutant("        return self._redactor.line(str(call))", "        return str(call)"),
        Mutant("text = self._redactor.line(beginning(raw), limit=QUOTED_CHARACTERS)", "text = beginning(raw)"),
    ),
)
