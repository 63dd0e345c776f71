"""The terminals of a reader: the commands of a page in one folder, with the exports of earlier ones."""

import contextlib
import os
import signal
import subprocess
import threading
from pathlib import Path

COMMAND_SECONDS = 180.0
START_SECONDS = 90.0
STOP_SECONDS = 30.0


class Kept:
    """A program that keeps running, in its own terminal."""

    def __init__(self, script: str, folder: Path, environment: dict[str, str]) -> None:
        # In its own session, so that the shell and its children end together, and nothing else does.
        self.process = subprocess.Popen(
            ["/bin/sh", "-e", "-c", script],
            cwd=folder,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        self.lines: list[str] = []
        self._ended = False
        self._heard = threading.Condition()
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    def _read(self) -> None:
        for line in self.process.stdout or ():
            with self._heard:
                self.lines.append(line)
                self._heard.notify_all()
        with self._heard:
            self._ended = True
            self._heard.notify_all()

    def until(self, words: str) -> str:
        """Waits for a line with these words; returns the output so far."""
        with self._heard:
            self._heard.wait_for(lambda: self._ended or any(words in line for line in self.lines), START_SECONDS)
            said = "".join(self.lines)
        assert words in said, f"it was kept running until it says “{words}”, and said:\n{said}"
        return said

    def stop(self) -> None:
        """Ends it as a process manager does."""
        self._signal(signal.SIGTERM)
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(STOP_SECONDS)
            self._reader.join(STOP_SECONDS)
        self._signal(signal.SIGKILL)
        self.process.wait()
        self._reader.join()
        if self.process.stdout:
            self.process.stdout.close()

    def _signal(self, number: signal.Signals) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, number)


class Terminal:
    """Runs blocks one after the other. Exports and the current folder of a block hold for the next.

    Args:
        folder: where it stands at first.
        environment: all of its variables.
        state: a file that does not exist, for what a shell leaves to the next.
    """

    def __init__(self, folder: Path, environment: dict[str, str], state: Path) -> None:
        self.folder = folder
        self.environment = environment
        self._state = state
        self.kept: list[Kept] = []
        self.said = ""
        """The output of the last command."""

    def run(self, script: str, *, status: int = 0) -> None:
        """Runs a block to its end, which must have this exit status."""
        self._state.unlink(missing_ok=True)
        # At its end, the shell prints its state.
        script = f"{script}\n{{ pwd; env -0; }} >'{self._state}'"
        done = subprocess.run(
            ["/bin/sh", "-e", "-c", script],
            cwd=self.folder,
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=COMMAND_SECONDS,
            check=False,
        )
        self.said = done.stdout
        assert done.returncode == status, f"exit status {done.returncode} where {status} was due:\n{done.stdout}"
        if self._state.exists():
            folder, _, variables = self._state.read_text().partition("\n")
            self.folder = Path(folder)
            self.environment = dict(entry.split("=", 1) for entry in variables.split("\0") if entry)

    def keep(self, script: str, words: str) -> None:
        """Starts a block, and leaves it running when it has printed these words."""
        kept = Kept(script, self.folder, self.environment)
        self.kept.append(kept)
        self.said = kept.until(words)

    def close(self) -> None:
        """Ends the kept programs, the newest first."""
        while self.kept:
            self.kept.pop().stop()
