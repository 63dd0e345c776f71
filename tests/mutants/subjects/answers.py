"""Mutants of the reading of answers: numbers, messages, pauses, texts for reports."""

from tests.mutants.table import Mutant, Subject

SUBJECT = Subject(
    "clients/answers.py",
    tests=("tests/clients/test_transport.py", "tests/clients/test_bad_bodies.py"),
    mutants=(
        Mutant("if opened > DEEPEST and not _is_flat(value):", "if False:"),
        Mutant("    for _ in range(DEEPEST):", "    for _ in range(DEEPEST - 1):"),
        Mutant('raw.count(b",") + opened > MOST_VALUES', "False"),
        Mutant("if name.lower() in KEPT_HEADERS", ""),
        Mutant("json.loads(raw, parse_float=_exact)", "json.loads(raw)"),
        Mutant("    if abs(number.adjusted()) > LARGEST_EXPONENT:", "    if False:"),
        Mutant("        return max(0.0, float(header))", "        return float(header)"),
        Mutant("None if moment is None else max(0.0, moment.timestamp() - now)", "None"),
        Mutant("MASK if hides(key, item) else item", "item"),
        Mutant("found[:limit]", "found"),
        Mutant(
            "return redactor.text(response.request), redactor.text(response.text)",
            "return response.request, response.text",
        ),
        Mutant('redactor.text(f"{asked.method} {asked.url} {body}")', 'f"{asked.method} {asked.url} {body}"'),
    ),
)
