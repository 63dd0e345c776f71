"""The mutants fit the program, and the check of them finds what survives."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.house.sources import ROOT, names_of_tests
from tests.mutants.table import Case, Mutant, cases, problems

CORE = (
    "clients/redaction.py",
    "clients/transport.py",
    "deployments/signatures.py",
    "deployments/webhook.py",
    "tasks/batch.py",
    "tasks/settlement.py",
)
"""What a product, an order or a secret is lost by."""


def test_each_mutant_changes_one_place_of_the_program_as_it_stands() -> None:
    """Whoever changes that place changes the mutant, too."""
    assert problems(ROOT) == []


def test_the_core_has_its_mutants() -> None:
    files = [case.file for case in cases()]
    assert len(files) >= 80
    assert set(CORE) <= set(files)


def test_the_tests_of_each_mutant_exist() -> None:
    named = {name for case in cases() for name in case.tests}
    known = names_of_tests() | {name.partition("::")[0] for name in names_of_tests()}
    assert sorted(named - known) == []


def test_no_mutant_is_there_twice() -> None:
    found = [(case.file, case.mutant.text, case.mutant.replacement) for case in cases()]
    assert sorted(one for one in set(found) if found.count(one) > 1) == []


@pytest.mark.parametrize(
    ("text", "replacement", "complaint"),
    [("lost", "", "occurs 0 times"), ("b", "x", "occurs 2 times"), ("a = 1", "a = (", "is no Python")],
)
def test_a_mutant_that_does_not_fit_is_named(text: str, replacement: str, complaint: str) -> None:
    case = Case("some/file.py", Mutant(text, replacement), ("tests/test_some.py",))
    with pytest.raises(ValueError, match=f"some/file.py.*{complaint}"):
        case.applied("a = 1\nb = b\n")


@pytest.mark.process
@pytest.mark.slow
def test_the_check_tells_what_is_noticed_from_what_is_not(tmp_path: Path) -> None:
    """A program with one test, and a mutant of each fate. The program itself stays as it is."""
    program = tmp_path / "program"
    (program / "tasks").mkdir(parents=True)
    source = "def grown(number):\n    seen = number\n    return number + 1  # said\n"
    (program / "tasks/growth.py").write_text(source)
    (program / "tests").mkdir()
    (program / "tests/test_growth.py").write_text(
        "from tasks.growth import grown\n\ndef test_it_grows():\n    assert grown(1) == 2\n"
    )
    (program / "pyproject.toml").write_text('[tool.pytest.ini_options]\npythonpath = ["."]\n')
    script = """
import sys
from pathlib import Path
from tests.mutants.check import Check
from tests.mutants.table import Case, Mutant
tests = ("tests/test_growth.py",)
mutants = [
    Mutant("number + 1", "number + 2"),
    Mutant("seen = number", "seen = 0"),
    Mutant("# said", "", survives="It is a comment."),
    Mutant("return", "return 0 *", survives="It is said to."),
    Mutant("def grown", "def shrunk"),
]
cases = [Case("tasks/growth.py", mutant, tests) for mutant in mutants]
cases.append(Case("tasks/growth.py", Mutant("seen", "saw"), ("tests/test_nothing.py",)))
(Path(sys.argv[1]) / "copies").mkdir()
check = Check(Path(sys.argv[1]) / "program", Path(sys.argv[1]) / "copies", 2)
check.run(cases)
print([check.results[case].value for case in cases], check.mistakes)
"""
    done = subprocess.run(
        [sys.executable, "-c", script, str(tmp_path)], cwd=ROOT, capture_output=True, text=True, check=True
    )
    lines = done.stdout.splitlines()
    assert lines[-1] == "['killed', 'survived', 'survived', 'killed', 'killed', 'broken'] 3"
    assert "SURVIVED tasks/growth.py: seen = number -> seen = 0" in lines
    assert "survives tasks/growth.py: # said -> (nothing)" in lines
    assert "KILLED   tasks/growth.py: return -> return 0 *" in lines
    assert any("fail without a mutant: tests/test_nothing.py" in line for line in lines)
    assert (program / "tasks/growth.py").read_text() == source
