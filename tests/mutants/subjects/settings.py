"""Mutants of the settings: where credentials may go, and the report of all problems at once."""

from tests.mutants.table import Mutant, Subject

SUBJECT = Subject(
    "clients/settings.py",
    tests=("tests/clients/test_settings.py", "tests/deployments/test_webhook.py"),
    mutants=(
        Mutant('if parts.scheme == "http" and not is_loopback(parts.hostname):', "if False:"),
        Mutant('    if "@" in url:', "    if False:"),
        Mutant("        return ipaddress.ip_address(host).is_loopback", "        return True"),
        Mutant("        return checked_url(url)\n", "        return url\n"),
        Mutant("for row in error.errors(include_input=False)]", "for row in error.errors(include_input=False)[:1]]"),
        Mutant("    OMNITRON_PASSWORD: SecretStr | None = Field(", "    OMNITRON_PASSWORD: Any = Field("),
        Mutant("        if block and password:\n", "        if False:\n"),
        Mutant('        if block == "" and not password:\n', "        if False:\n"),
        Mutant("        if secret is not None and len(secret) < SHORTEST_SECRET:\n", "        if False:\n"),
        Mutant("frozen=True, ", ""),
    ),
)
