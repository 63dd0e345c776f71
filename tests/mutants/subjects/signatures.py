"""Mutants of the gate in front of the webhook receiver."""

from tests.mutants.table import Mutant, Subject

SUBJECT = Subject(
    "deployments/signatures.py",
    tests=("tests/deployments/test_webhook_signatures.py", "tests/deployments/test_webhook.py"),
    mutants=(
        Mutant('f"{event_id}.{timestamp}.".encode() + body', 'f"{event_id}..".encode() + body'),
        Mutant('f"{event_id}.{timestamp}.".encode() + body', 'f".{timestamp}.".encode() + body'),
        Mutant('f"{event_id}.{timestamp}.".encode() + body', 'f"{event_id}.{timestamp}.".encode()'),
        Mutant("for given in candidates) > 0", "for given in candidates) >= 0"),
        Mutant(
            "wanted = [signature(key, event_id, timestamp, body) for key in keys]",
            "wanted = [signature(keys[0], event_id, timestamp, body)]",
        ),
        Mutant("for given in candidates)", "for given in candidates[:1])"),
        Mutant("hmac.compare_digest(good, given)", "good == given"),
        Mutant('scope["type"] != "http" or scope["path"] in OPEN_PATHS', 'scope["path"] in OPEN_PATHS'),
        Mutant('OPEN_PATHS = ("/health", "/openapi.json")', 'OPEN_PATHS = ("/health", "/openapi.json", "/events")'),
        Mutant('scope["path"] in OPEN_PATHS:', 'scope["path"].startswith(OPEN_PATHS):'),
        Mutant("[key for key in keys if len(key) >= SHORTEST_SECRET]", "list(keys)"),
        Mutant("        if not self._keys:", "        if False:"),
        Mutant(
            "abs(self._clock.now().timestamp() - int(timestamp)) > WINDOW",
            "self._clock.now().timestamp() - int(timestamp) > WINDOW",
        ),
        Mutant(
            "abs(self._clock.now().timestamp() - int(timestamp)) > WINDOW",
            "int(timestamp) - self._clock.now().timestamp() > WINDOW",
        ),
        Mutant("WINDOW = 300", "WINDOW = 301"),
        Mutant("WINDOW = 300", "WINDOW = 299"),
        Mutant("if body is not None and not is_signed(", "if body is not None and False and not is_signed("),
        Mutant("or int(announced) > BODY_LIMIT:", "or False:"),
        Mutant("if not announced.isdigit() or len(", "if len("),
        Mutant("or len(announced) > len(str(BODY_LIMIT)) ", ""),
        Mutant("                    if len(body) > BODY_LIMIT:", "                    if False:"),
        Mutant("BODY_LIMIT = 1024 * 1024", "BODY_LIMIT = 1024 * 1024 - 1"),
        Mutant("async with asyncio.timeout(self._body_seconds):", "async with asyncio.timeout(None):"),
        Mutant('if message["type"] == "http.disconnect":', "if False:"),
        Mutant('if not message.get("more_body", False):', "if True:"),
        Mutant(
            "if count[name] != 1 or not re.fullmatch(pattern, values[name]):",
            "if not re.fullmatch(pattern, values.get(name, '')):",
        ),
        Mutant("if count[name] != 1 or not re.fullmatch(pattern, values[name]):", "if count[name] != 1:"),
        Mutant("re.fullmatch(pattern, values[name])", "re.match(pattern, values[name])"),
        Mutant('given.decode("latin-1")[:LOGGED_ID]', 'given.decode("latin-1")'),
        Mutant('.encode("unicode_escape").decode()', ""),
        Mutant("return left.pop() if left else await receive()", "return left[0]"),
        Mutant('        (b"connection", b"close"),\n', ""),
        Mutant("    if refused.status is HTTPStatus.SERVICE_UNAVAILABLE:\n", "    if False:\n"),
        Mutant("    if refused.status is HTTPStatus.UNAUTHORIZED:\n", "    if False:\n"),
        Mutant("[!-\\-/-~]{1,128}", "[!-~]{1,128}"),
        Mutant("[!-\\-/-~]{1,128}", "[!-\\-/-~]{1,129}"),
        Mutant("[0-9a-f]{64}){0,7}$", "[0-9a-f]{64})*$"),
    ),
)
