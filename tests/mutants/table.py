"""The mutants: small damages to the program, each of which has to turn tests red.

To add one, add `Mutant("what stands there", "what stands there instead")` to the file of its subject, below `subjects/`. A
new file there is a new subject.
"""

import importlib
import pkgutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.mutants import subjects


@dataclass(frozen=True, slots=True)
class Mutant:
    """One damage.

    Attributes:
        text: a part of the file that occurs in it exactly once. Empty, the end of the file.
        replacement: what takes its place.
        survives: the reason why no test can notice it. Left out, a test has to fail.
        tests: files or single tests to run; left out, those of the subject.
    """

    text: str
    replacement: str
    survives: str = ""
    tests: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Subject:
    """A file of the program, the tests that name it, and its mutants."""

    file: str
    tests: tuple[str, ...]
    mutants: tuple[Mutant, ...]


@dataclass(frozen=True, slots=True)
class Case:
    """A mutant with its file, and all that is needed to run it."""

    file: str
    mutant: Mutant
    tests: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.file}: {_short(self.mutant.text) or '(end)'} -> {_short(self.mutant.replacement) or '(nothing)'}"

    def applied(self, source: str) -> str:
        """The damaged source.

        Raises:
            ValueError: the text is not there, or not once; or the result is no Python.
        """
        text, replacement = self.mutant.text, self.mutant.replacement
        found = source.count(text) if text else 1
        if found != 1:
            raise ValueError(f"{self}: the text occurs {found} times in {self.file}; a mutant has to name one place.")
        damaged = source.replace(text, replacement) if text else source + replacement
        if self.file.endswith(".py"):
            try:
                compile(damaged, self.file, "exec")
            except SyntaxError as error:
                raise ValueError(f"{self}: the result is no Python: {error}") from None
        return damaged


def cases() -> Iterator[Case]:
    """Every mutant of every subject."""
    for found in pkgutil.iter_modules(subjects.__path__):
        subject: Subject = importlib.import_module(f"{subjects.__name__}.{found.name}").SUBJECT
        for mutant in subject.mutants:
            yield Case(subject.file, mutant, mutant.tests or subject.tests)


def problems(root: Path) -> list[str]:
    """Each mutant that cannot be applied to the program as it stands, and why."""
    found = []
    for case in cases():
        try:
            case.applied((root / case.file).read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            found.append(str(error))
    return found


def _short(text: str) -> str:
    text = " ".join(text.split())
    return f"{text[:60]}..." if len(text) > 60 else text
