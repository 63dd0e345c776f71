"""Mutants of the bookings at a Prefect server."""

from tests.mutants.table import Mutant, Subject

SUBJECT = Subject(
    "clients/prefect_api.py",
    tests=("tests/clients/test_prefect_api.py",),
    mutants=(
        Mutant("        refuse_clear_text(url)\n", "", tests=("tests/clients/test_prefect_address.py",)),
        Mutant("case _BusyError() | httpx.TransportError():", "case _BusyError():"),
        Mutant("case _BusyError() | httpx.TransportError():", "case httpx.TransportError():"),
        Mutant("HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.BAD_GATEWAY", "HTTPStatus.BAD_GATEWAY"),
        Mutant(
            'return response.status_code == HTTPStatus.FORBIDDEN and "Invalid CSRF token" in response.text',
            "return response.status_code == HTTPStatus.FORBIDDEN",
        ),
        Mutant(
            'return response.status_code == HTTPStatus.FORBIDDEN and "Invalid CSRF token" in response.text',
            "return False",
        ),
        Mutant("> self.seconds / 2", "> self.seconds"),
        Mutant("max=LONGEST_PAUSE)", "max=60)"),
        Mutant(
            " + wait_random(0, FIRST_PAUSE)",
            "",
            survives="Chance may pause for no longer than without it, so no test can tell.",
        ),
        Mutant("            sleep=self._clock.sleep,\n", ""),
        Mutant("                idempotency_key=idempotency_key,\n", ""),
        Mutant(
            "            self._ids[name] = found.id\n        return self._ids[name]",
            "            return found.id\n        return self._ids[name]",
        ),
    ),
)
