"""Mutants of the events that connectors name."""

from tests.mutants.table import Mutant, Subject

SUBJECT = Subject(
    "dto/events.py",
    tests=(
        "tests/deployments/test_webhook.py",
        "tests/deployments/test_webhook_openapi.py",
        "tests/deployments/test_webhook_schemes.py",
    ),
    mutants=(
        Mutant("max_length=255, ", ""),
        Mutant('pattern=r"^[!-~]+$"', 'pattern=r".*"'),
        Mutant('pattern=r"^[!-~]{1,128}$"', 'pattern=r".*"'),
        Mutant("if (self.type is EventType.batch_finished) is (self.remote_batch_id is None):", "if False:"),
    ),
)
