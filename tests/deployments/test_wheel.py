"""The program where it is installed from a wheel, and no checkout is near."""

import json
import subprocess
import zipfile
from pathlib import Path

import pytest

from deployments.cli import app
from deployments.sandbox.server import SandboxProcess
from tests.deployments.processes import Process
from tests.house.sources import ROOT, python_files

pytestmark = pytest.mark.process

PACKAGES = ("clients", "deployments", "dto", "flows", "tasks")


@pytest.fixture
def elsewhere(environment: dict[str, str]) -> dict[str, str]:
    """The environment without the path to the checkout."""
    return {name: value for name, value in environment.items() if name != "PYTHONPATH"}


def done(command: list[str], folder: Path, environment: dict[str, str]) -> str:
    result = subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, timeout=120, check=False
    )
    assert result.returncode == 0, result.stdout + result.stderr
    return result.stdout


def test_a_wheel_holds_the_program_and_nothing_else(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = {name for name in archive.namelist() if ".dist-info/" not in name}
    code = {path.relative_to(ROOT).as_posix() for path in python_files(*PACKAGES)}
    assert names == code | {f"{package}/py.typed" for package in PACKAGES} | {"deployments/prefect.yaml"}


def test_what_runs_is_the_wheel(installed: Path, elsewhere: dict[str, str], tmp_path: Path) -> None:
    """Or every other test of this file would prove nothing."""
    files = f"import json, {', '.join(PACKAGES)}; print(json.dumps([p.__file__ for p in ({', '.join(PACKAGES)})]))"
    found = json.loads(done([str(installed / "python"), "-c", files], tmp_path, elsewhere))
    assert [name for name in found if not Path(name).is_relative_to(installed.parent)] == []


def test_every_command_describes_itself(installed: Path, elsewhere: dict[str, str], tmp_path: Path) -> None:
    commands = [command.callback.__name__ for command in app.registered_commands if command.callback]
    assert len(commands) > 10
    overview = done([str(installed / "channel-app"), "--help"], tmp_path, elsewhere)
    for command in commands:
        assert f" {command} " in overview
        assert f"channel-app {command} " in done(
            [str(installed / "channel-app"), command, "--help"], tmp_path, elsewhere
        )


@pytest.mark.flow
def test_it_serves_what_its_own_prefect_yaml_deploys(
    installed: Path, elsewhere: dict[str, str], prefect_server: dict[str, str], tmp_path: Path
) -> None:
    """It is ready, runs a flow that somebody starts, and stops at SIGTERM."""
    with SandboxProcess("all", products=12, failing=0.0) as sandbox:
        settings = {**elsewhere, **prefect_server, **sandbox.environment, "PREFECT_RUNNER_POLL_FREQUENCY": "1"}
        process = Process("serve", [str(installed / "channel-app"), "serve"], settings, tmp_path, cwd=tmp_path)
        try:
            process.until("Stop with Ctrl+C")
            deployment = "insert and update products/insert-and-update-products-6"
            prefect = [str(installed / "python"), "-m", "prefect"]
            done([*prefect, "deployment", "run", "--watch", deployment], tmp_path, settings)
            process.until("insert and update products: 12 integrated")
            assert process.end() == 0
        finally:
            process.end()
