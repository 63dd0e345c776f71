"""Mutants of the start of a local Prefect server."""

from tests.mutants.table import Mutant, Subject

SUBJECT = Subject(
    "deployments/local_server.py",
    tests=("tests/deployments/test_local_server.py",),
    mutants=(
        Mutant("if not is_loopback(host) and not auth_string():", "if False:"),
        Mutant("if not is_loopback(host) and not auth_string():", "if not is_loopback(host):"),
        Mutant("if not is_loopback(host) and not auth_string():", "if not auth_string():"),
        Mutant("settings.server.api.auth_string or settings.api.auth_string", "settings.server.api.auth_string"),
        Mutant("settings.server.api.auth_string or settings.api.auth_string", "settings.api.auth_string"),
        Mutant("if now - said >= SAYING_SECONDS:", "if False:"),
    ),
)
