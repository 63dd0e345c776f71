"""Mutants of the paths that hold what strangers call their objects."""

from tests.mutants.table import Mutant, Subject

SUBJECT = Subject(
    "clients/paths.py",
    tests=("tests/clients/test_bad_paths.py",),
    mutants=(
        Mutant("|//|[^#]*#", "|[^#]*#"),
        Mutant("|//|[^#]*#", "|//"),
        Mutant('return quote(name, safe="")', "return name"),
        Mutant('return quote(name, safe="")', "return quote(name)"),
        Mutant("if not name or not", "if not"),
        Mutant("not is_writable(name) or _takes", "_takes"),
        Mutant(" or _takes_a_step(name)", ""),
        Mutant("return is_writable(text) and ", "return "),
        Mutant("and not _ELSEWHERE.match(text) ", ""),
        Mutant('and not _takes_a_step(text.partition("?")[0])', ""),
        Mutant('text.partition("?")[0]', "text"),
        Mutant("        text = unquote(text)\n", ""),
        Mutant("_DECODINGS = 3", "_DECODINGS = 2"),
        Mutant(r"(?:^|[/\\])\.{1,2}(?=$|[/\\;])", r"(?:^|[/])\.{1,2}(?=$|[/;])"),
        Mutant(r"(?=$|[/\\;])", r"(?=$|[/\\])"),
        Mutant(r"\.{1,2}(?=", r"\.{2}(?="),
        Mutant("`{visible_line(name)}`", "`{name}`"),
    ),
)
