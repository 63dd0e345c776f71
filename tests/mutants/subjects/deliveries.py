"""Mutants of the events that connectors name, on their way to the booking."""

from tests.mutants.table import Mutant, Subject

SUBJECT = Subject(
    "deployments/deliveries.py",
    tests=("tests/deployments/test_webhook_schemes.py",),
    mutants=(
        Mutant("f\"{named.type}.{named.remote_batch_id or ''}.\".encode() + body", "body"),
        Mutant('{"remote_batch_id": named.remote_batch_id} if named.remote_batch_id else {}', "{}"),
        Mutant("named.id or claim.event_id", "claim.event_id"),
        Mutant("// WINDOW if claim.timestamp is None else claim.timestamp", "// WINDOW"),
        Mutant("int(clock.now().timestamp()) // WINDOW", "0"),
        Mutant("int(clock.now().timestamp()) // WINDOW", "int(clock.now().timestamp())"),
        Mutant('f"{time}.".encode() + whole', 'f"{time}.".encode()'),
        Mutant("limit=2", "limit=1"),
    ),
)
