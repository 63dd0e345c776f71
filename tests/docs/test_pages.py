"""Every command and every block of code of the documentation does what its page says."""

import re
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from http import HTTPStatus
from pathlib import Path

import httpx
import pytest
from sybil import Example

from deployments.sandbox.server import SandboxProcess, listen
from tests.docs.pages import (
    ALL_BLOCKS,
    PAGES,
    SHELL,
    SHOWN,
    Block,
    Surroundings,
    blocks,
    document,
    evaluate_python,
    missing_lines,
    name_of,
    surroundings_of,
)
from tests.docs.terminal import Terminal
from tests.house.sources import ROOT

PREFECT_PORT = "4200"
TRIES = 10
PORT = re.compile(r"(?:127\.0\.0\.1:|-port |-port=)(\d{4,5})\b")


def _is_done(block: Block) -> bool:
    return block.kind != "skip" and (block.language == "python" or block.language in SHELL or bool(block.kind))


def _programs() -> Iterator[object]:
    for page in PAGES:
        done = [block for block in blocks(page) if _is_done(block)]
        marks = []
        if any(block.language in SHELL for block in done):
            marks.append(pytest.mark.process)
        if surroundings_of(page.read_text(encoding="utf-8")).prefect:
            marks.append(pytest.mark.flow)
        if done:
            yield pytest.param(page, id=name_of(page), marks=marks)


class Reader:
    """Does what a page says, block by block."""

    def __init__(self, terminal: Terminal, ports: dict[str, str]) -> None:
        self.terminal = terminal
        self.ports = ports

    def __call__(self, example: Example) -> None:
        block: Block = example.parsed
        try:
            self._do(block, example)
        except AssertionError as error:
            raise AssertionError(f"{block.page}, line {example.line}: {error}\n\n{block.source}") from None

    def _do(self, block: Block, example: Example) -> None:
        source = self._here(block.source)
        match block.kind:
            case "skip":
                pass
            case "file":
                (self.terminal.folder / block.value).write_text(source, encoding="utf-8")
            case "keep":
                self.terminal.keep(source, self._here(block.value))
            case "output":
                lines = missing_lines(source, self.terminal.said)
                assert lines == [], f"not printed: {lines}. It printed:\n{self.terminal.said}"
            case "exits":
                self.terminal.run(source, status=int(block.value))
            case "says":
                self.terminal.run(source)
                assert block.value in self.terminal.said, f"“{block.value}” was not said, but:\n{self.terminal.said}"
            case _ if block.language in SHELL:
                self.terminal.run(source)
            case _ if block.language == "python":
                evaluate_python(example)

    def _here(self, text: str) -> str:
        """The page's ports are those of a machine that has nothing else to do."""
        for there, here in self.ports.items():
            text = re.sub(rf"\b{there}\b", here, text)
        return text


@contextmanager
def _reader(
    wanted: Surroundings,
    text: str,
    folder: Path,
    environment: dict[str, str],
    prefect: dict[str, str],
    programs: list[Path],
) -> Iterator[Reader]:
    """Its `channel-app` is the first one in these folders of programs."""
    with ExitStack() as stack:
        own = {name: value for name, value in environment.items() if name != "PYTHONPATH"} | prefect
        own["PATH"] = ":".join([*map(str, programs), own["PATH"]])
        own |= {"COLUMNS": "120", "PREFECT_RUNNER_POLL_FREQUENCY": "1", "PREFECT_WORKER_QUERY_SECONDS": "1"}
        if wanted.sandbox is not None:
            own |= stack.enter_context(SandboxProcess("all", **wanted.sandbox)).environment
        ports = dict.fromkeys(PORT.findall(text), "")
        with ExitStack() as taken:
            for port in ports:
                ports[port] = str(taken.enter_context(listen()).getsockname()[1])
        if prefect:
            ports[PREFECT_PORT] = str(httpx.URL(prefect["PREFECT_API_URL"]).port)
            stack.callback(_empty, prefect["PREFECT_API_URL"])
        home = folder / "home"
        home.mkdir()
        (home / ".venv").symlink_to(Path(sys.executable).parents[1])  # as after `make setup`
        terminal = Terminal(ROOT if wanted.in_the_project else home, own, folder / "state")
        stack.callback(terminal.close)
        yield Reader(terminal, ports)


def _empty(api: str) -> None:
    """The next page finds the server as its reader would: nothing deployed, no run booked."""
    with httpx.Client(base_url=f"{api}/", headers={"Connection": "close"}, trust_env=False, timeout=60) as http:
        for kind, name in (("deployments", "id"), ("work_pools", "name")):
            for row in http.post(f"{kind}/filter", json={}).raise_for_status().json():
                path = f"{kind}/{row[name]}"
                assert any(_is_deleted(http, path) for _ in range(TRIES)), f"{path} stays"


def _is_deleted(http: httpx.Client, path: str) -> bool:
    """A server on SQLite answers 503, or hangs up, when several write at once."""
    try:
        status = http.delete(path).status_code
    except httpx.TransportError:
        return False
    return status in (HTTPStatus.NO_CONTENT, HTTPStatus.NOT_FOUND)


@pytest.mark.parametrize("page", list(_programs()))
def test_a_page_does_what_it_says(page: Path, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    """From its first block to its last, in an empty folder."""
    text = page.read_text(encoding="utf-8")
    wanted = surroundings_of(text)
    environment: dict[str, str] = request.getfixturevalue("environment")
    prefect: dict[str, str] = request.getfixturevalue("prefect_server") if wanted.prefect else {}
    programs = [Path(sys.executable).parent]
    if not wanted.in_the_project and blocks(page, *SHELL):
        programs.insert(0, request.getfixturevalue("installed"))  # without the checkout
    with _reader(wanted, text, tmp_path, environment, prefect, programs) as reader:
        read = document(page, reader)
        read.namespace["__name__"] = "docs"
        for example in read.examples():
            example.evaluate()


def test_every_block_says_what_it_is() -> None:
    """A language that nobody runs would go unnoticed."""
    assert [block for block in ALL_BLOCKS if block.language not in ("python", *SHELL, *SHOWN)] == []


SKIPPED = {
    "CONTRIBUTING.md: make demo",
    "README.md: make demo",
    "README.md: make setup",
    "docs/how-to/deploy-large.md: docker compose --env-file .env --file deployments/compose.yaml up --detach --build",
    "docs/how-to/deploy-large.md: docker compose --env-file .env --file deployments/compose.yaml run --rm deploy",
    "docs/how-to/deploy-large.md: docker buildx imagetools inspect postgres:17.6-bookworm --format '{{.Manifest.Digest}}'",
    "docs/how-to/deploy-large.md: export PREFECT_SERVER_DATABASE_CONNECTION_URL="
    "postgresql+asyncpg://prefect:...@postgres:5432/prefect",
    "docs/how-to/read-a-failure.md: .venv/bin/channel-app resume",
    "docs/how-to/deploy-large.md: export PREFECT_SERVER_REGISTER_BLOCKS_ON_START=true",
    "docs/how-to/deploy-large.md: prefect server database upgrade -y",
    "docs/how-to/keep-secrets.md: python -c 'from getpass import getpass; from prefect.blocks.system import Secret; "
    """Secret(value=getpass()).save("omnitron-password", overwrite=True)'""",
    "docs/how-to/keep-secrets.md: unset OMNITRON_PASSWORD",
    "docs/how-to/release.md: .ci/run",
    'docs/how-to/release.md: git tag --annotate v0.1.0 --message "Channel App 0.1.0"',
    "docs/how-to/release.md: make dist",
    "docs/how-to/release.md: python3 -m venv .venv",
    "docs/tutorial/first-connector.md: make setup",
    "docs/tutorial/first-connector.md: prefect server start",
}
"""By page and first command. The reasons stand in the pages: a skip without one is no form that is understood."""


def test_what_is_not_run_is_known() -> None:
    first = (re.split(r"  | && ", str(block))[0] for block in ALL_BLOCKS if block.kind == "skip")
    assert {command.rstrip() for command in first} == SKIPPED
