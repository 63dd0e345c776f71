"""Mutants of the schemes by which channels sign their events."""

from tests.mutants.table import Mutant, Subject

SUBJECT = Subject(
    "clients/webhooks.py",
    tests=("tests/deployments/test_webhook_schemes.py",),
    mutants=(
        Mutant('headers.get(name.lower(), "")', 'headers.get(name, "")'),
        Mutant("    if not re.fullmatch(_PRINTABLE, value):\n", "    if False:\n"),
        Mutant("digest = hmac_sha256(key, body)", 'digest = hmac_sha256(key, b"")'),
        Mutant('if self.encoding == "hex" else', "if True else"),
        Mutant("return self.prefix + (digest", "return (digest"),
        Mutant("if len(times) != 1 or not", "if not"),
        Mutant("not re.fullmatch(TIMESTAMP_PATTERN, times[0])", "False"),
        Mutant("if not 1 <= len(signatures) <= MOST_SIGNATURES:", "if not signatures:"),
        Mutant("return Claim(signatures, timestamp=int(times[0]))", "return Claim(signatures)"),
        Mutant('f"{claim.timestamp}.".encode() + body).hex()', "body).hex()"),
        Mutant("return self.prefix + key.get_secret_value()", 'return self.prefix + ""'),
    ),
)
