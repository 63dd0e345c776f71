"""Processes that a test starts, waits for and kills."""

import os
import signal
import subprocess
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TypeVar

from tenacity import RetryError, Retrying, retry_if_not_result, stop_after_delay, wait_fixed

from deployments.sandbox.server import listen
from tests.world.live import PROJECT, START_SECONDS

Answer = TypeVar("Answer")

PAUSE = 0.2
STOP_SECONDS = 30.0


def free_port() -> int:
    with listen() as free:
        return int(free.getsockname()[1])


def wait_until(condition: Callable[[], Answer], what: str, seconds: float = START_SECONDS) -> Answer:
    """Its first true answer; asks again and again, because another process makes it true."""
    look = Retrying(
        retry=retry_if_not_result(bool), wait=wait_fixed(PAUSE), stop=stop_after_delay(seconds), reraise=True
    )
    try:
        return look(condition)
    except RetryError:
        raise AssertionError(f"{what}: not within {seconds:.0f} s") from None


class Process:
    """A process with its log; it ends together with its children."""

    def __init__(
        self, name: str, command: Sequence[str], environment: Mapping[str, str], folder: Path, *, cwd: Path = PROJECT
    ) -> None:
        """Writes its log into `folder`, under its name; works in `cwd`."""
        self.name = name
        self.log = folder / f"{name}.log"
        with self.log.open("wb") as output:
            self._process = subprocess.Popen(
                command, env=dict(environment), cwd=cwd, stdout=output, stderr=subprocess.STDOUT
            )
        self.pid = self._process.pid

    @property
    def is_running(self) -> bool:
        return self._process.poll() is None

    def children(self) -> set[int]:
        """Its children: flow runs are separate sessions, which no signal to a group reaches."""
        return _children(self.pid)

    def kill(self) -> None:
        """Kills it and its children at once, like the death of a machine."""
        family = {self.pid}
        found = family
        while found:
            found = {child for pid in found for child in _children(pid)} - family
            family |= found
        for pid in family:
            os.kill(pid, signal.SIGKILL)
        self._process.wait()

    def until(self, words: str) -> None:
        """Waits until its log holds these words."""
        wait_until(lambda: words in self.said or not self.is_running, f"{self.name} says “{words}”")
        assert words in self.said, self.said

    def end(self, number: signal.Signals = signal.SIGTERM) -> int:
        """Its exit status, after this signal or a final SIGKILL."""
        if self.is_running:
            self._process.send_signal(number)
        try:
            return self._process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.kill()
            return self._process.returncode

    def result(self, seconds: float = START_SECONDS) -> int:
        """Its exit status, after it has ended by itself."""
        return self._process.wait(seconds)

    @property
    def said(self) -> str:
        return self.log.read_text(encoding="utf-8", errors="replace")


def _children(pid: int) -> set[int]:
    try:
        return set(map(int, Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii").split()))
    except OSError:
        return set()  # it has ended meanwhile
