"""Mutants of the settings that Prefect gets from the console script."""

from tests.mutants.table import Mutant, Subject

SUBJECT = Subject(
    "deployments/startup.py",
    tests=("tests/deployments/test_startup.py",),
    mutants=(
        Mutant("        if name not in written:\n", "        if True:\n"),
        Mutant(' or written.get("PREFECT_SERVER_API_PORT")', ""),
        Mutant("{**PREFECT_DEFAULTS, **pages}", "PREFECT_DEFAULTS"),
        Mutant(
            '"PREFECT_SERVER_API_CSRF_PROTECTION_ENABLED": "true"',
            '"PREFECT_SERVER_API_CSRF_PROTECTION_ENABLED": "false"',
        ),
    ),
)
