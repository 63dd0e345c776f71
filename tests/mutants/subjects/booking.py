"""Mutants of the booking of events, each once."""

from tests.mutants.table import Mutant, Subject

SUBJECT = Subject(
    "deployments/booking.py",
    tests=("tests/deployments/test_booking_receipts.py",),
    mutants=(
        Mutant("        if digest not in FlowRun.model_validate(answer.json()).tags:\n", "        if False:\n"),
        Mutant("hashlib.sha256(event.body)", "hashlib.sha256(b'')"),
        Mutant('return f"webhook:{self._channel_id}:{event.id}"', 'return f"webhook:{self._channel_id}"'),
        Mutant('return f"webhook:{self._channel_id}:{event.id}"', 'return f"webhook:{event.id}"'),
        Mutant('return f"webhook:{self._channel_id}:{event.id}"', 'return f"webhook:{id(event)}:{event.id}"'),
        Mutant("                await self._leave_receipt(event)\n", ""),
    ),
)
