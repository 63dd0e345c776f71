"""`make mutants`: runs the tests of each mutant against a private, damaged copy of the program, and prints what survives."""

import argparse
import importlib
import importlib.util
import os
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

import pytest

from tests.mutants import parity, table
from tests.mutants.table import Case

ROOT = Path(__file__).parents[2]
FOLDERS = ("clients", "deployments", "docs", "dto", "flows", "tasks", "tests")
FILES = (
    ".dockerignore",
    "LICENSE",
    "README.md",
    "hatch_build.py",
    "prefect.yaml",
    "pyproject.toml",
    "requirements.lock",
)
SECONDS = 120
"""After which tests that hang count as failed."""
LEFT_OUT = "not flow and not harness and not minutes and not ui"
"""Tests that are too slow to be run for each mutant."""
OPTIONS = (
    *("-x", "-q", "-n0", "--no-header", "-p", "no:cacheprovider", "-m", LEFT_OUT),
    # What is imported already is not read again, and its assertions stay as they are.
    *("-W", "ignore::pytest.PytestAssertRewriteWarning"),
)
PRELOADED = (
    "aiohttp",
    "fastapi",
    "httpx_aiohttp",
    "hypothesis",
    "prefect.client.orchestration",
    "prefect.flows",
    "uvicorn",
)
"""What takes long to import, and is the same for all mutants. Nothing of the program, which each mutant imports anew."""


class Result(StrEnum):
    """What became of a mutant."""

    killed = "killed"
    survived = "survived"
    broken = "broken"
    """Its tests cannot be run, or fail without it."""


@dataclass(frozen=True, slots=True)
class Copy:
    """A copy of the program in which one mutant at a time is tried."""

    folder: Path

    @classmethod
    def of(cls, root: Path, folder: Path) -> "Copy":
        for name in FOLDERS:
            if (root / name).is_dir():
                shutil.copytree(root / name, folder / name)
        for name in FILES:
            if (root / name).is_file():
                shutil.copy2(root / name, folder / name)
        return cls(folder)

    def write(self, file: str, source: str) -> None:
        """Replaces a file, and what Python keeps of it: that goes by whole seconds."""
        path = self.folder / file
        path.write_text(source, encoding="utf-8")
        Path(importlib.util.cache_from_source(str(path))).unlink(missing_ok=True)

    def start(self, tests: Sequence[str], *, keeps_bytecode: bool = False, seconds: int = SECONDS) -> int:
        """Runs tests in a child process; answers its number."""
        if pid := os.fork():
            return pid
        try:
            self._become(keeps_bytecode=keeps_bytecode, seconds=seconds)
            status = int(pytest.main([*OPTIONS, *tests]))
        except BaseException as error:  # a child must not return into its parent's work
            print(repr(error), flush=True)
            status = pytest.ExitCode.INTERNAL_ERROR.value
        sys.stdout.flush()
        os._exit(status)

    def _become(self, *, keeps_bytecode: bool, seconds: int) -> None:
        log = os.open(self.log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        os.dup2(log, 1)
        os.dup2(log, 2)
        signal.alarm(seconds)
        os.chdir(self.folder)
        sys.dont_write_bytecode = not keeps_bytecode
        sys.path[:] = [str(self.folder), *(entry for entry in sys.path if Path(entry or ".").resolve() != ROOT)]
        for name in [name for name in sys.modules if name.partition(".")[0] in FOLDERS]:
            del sys.modules[name]

    @property
    def log(self) -> Path:
        return self.folder / "log"

    @property
    def said(self) -> str:
        """What the last tests printed."""
        return self.log.read_text(encoding="utf-8", errors="replace")


class Check:
    """Tries mutants, a few at a time, in copies of the program below `folder`."""

    def __init__(self, root: Path, folder: Path, workers: int) -> None:
        self._first = Copy.of(root, folder / "0")
        self._folder = folder
        self._workers = workers
        self.results: dict[Case, Result] = {}

    def run(self, chosen: Sequence[Case]) -> None:
        """Tries each, and prints at once those that were not killed."""
        sound = self._sound({case.tests for case in chosen})
        self.results = {case: Result.broken for case in chosen if case.tests not in sound}
        # With the bytecode that the first one has by now.
        copies = [Copy.of(self._first.folder, self._folder / str(number)) for number in range(1, self._workers)]
        free, running = [self._first, *copies], dict[int, tuple[Case, Copy, str]]()
        waiting = [case for case in reversed(chosen) if case.tests in sound]
        while waiting or running:
            while waiting and free:
                case, copy = waiting.pop(), free.pop()
                source = (copy.folder / case.file).read_text(encoding="utf-8")
                copy.write(case.file, case.applied(source))
                running[copy.start(case.tests)] = case, copy, source
            pid, status = os.wait()
            case, copy, source = running.pop(pid)
            self.results[case] = _result(status)
            self._tell(case, copy)
            copy.write(case.file, source)
            free.append(copy)

    def _sound(self, groups: set[tuple[str, ...]]) -> set[tuple[str, ...]]:
        """Those groups of tests that pass without a mutant; as a rule all, which one run shows."""
        named = {name for tests in groups for name in tests}
        if self._pass(sorted(name for name in named if name.partition("::")[0] not in named or "::" not in name)):
            return groups
        sound = set()
        for tests in sorted(groups):
            if self._pass(tests):
                sound.add(tests)
            else:
                print(f"These tests fail without a mutant: {' '.join(tests)}\n{self._first.said}", flush=True)
        return sound

    def _pass(self, tests: Sequence[str]) -> bool:
        _, status = os.waitpid(self._first.start(tests, keeps_bytecode=True, seconds=10 * SECONDS), 0)
        return os.waitstatus_to_exitcode(status) == pytest.ExitCode.OK

    def _tell(self, case: Case, copy: Copy) -> None:
        match self.results[case], case.mutant.survives:
            case Result.killed, "":
                pass
            case Result.killed, _:
                print(f"KILLED   {case}\n         although it says: {case.mutant.survives}", flush=True)
            case Result.survived, "":
                print(f"SURVIVED {case}", flush=True)
            case Result.survived, reason:
                print(f"survives {case}\n         {reason}", flush=True)
            case _:
                print(f"BROKEN   {case}\n{copy.said}", flush=True)

    @property
    def mistakes(self) -> int:
        """Survivors without a reason, reasons without a survivor, and mutants that could not be tried."""
        expected = {True: Result.survived, False: Result.killed}
        return sum(result is not expected[bool(case.mutant.survives)] for case, result in self.results.items())


def _result(status: int) -> Result:
    """Without the mutant the same tests pass: whatever else happens with it, a failure, an import that ends in an error, or
    a signal after tests that hang, is its doing."""
    return Result.survived if status == pytest.ExitCode.OK else Result.killed


def main() -> int:
    """Exit status 0: every mutant was noticed, or has a reason why it cannot be."""
    parser = argparse.ArgumentParser(prog="make mutants", description=__doc__)
    parser.add_argument("words", nargs="*", help="only mutants whose line contains one of these words")
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    arguments = parser.parse_args()
    if wrong := table.problems(ROOT):
        print("\n".join(wrong))
        return 1
    every = [*table.cases(), *parity.cases()]
    wanted = (case for case in every if not arguments.words or any(word in str(case) for word in arguments.words))
    chosen = list(dict.fromkeys(wanted))
    for name in PRELOADED:
        importlib.import_module(name)
    started = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="mutants-") as folder:
        check = Check(ROOT, Path(folder), arguments.workers)
        check.run(chosen)
    killed = sum(result is Result.killed for result in check.results.values())
    print(
        f"{len(chosen)} mutants in {time.monotonic() - started:.0f} s: {killed} killed, {len(chosen) - killed} not; "
        f"{check.mistakes} to mend"
    )
    return 1 if check.mistakes else 0


if __name__ == "__main__":
    sys.exit(main())
