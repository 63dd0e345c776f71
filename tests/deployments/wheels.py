"""The project as a wheel, and an environment that knows nothing of the checkout."""

import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

from tests.house.sources import ROOT


def build_wheel(folder: Path) -> Path:
    """Builds the source distribution, and from it the wheel: a file that the first lacks, the second lacks too."""
    _run([sys.executable, "-m", "build", "--no-isolation", "--outdir", str(folder), str(ROOT)])
    (wheel,) = folder.glob("*.whl")
    return wheel


def install_wheel(wheel: Path, folder: Path) -> Path:
    """Installs the wheel into a new virtual environment; returns its folder of programs.

    The dependencies are those of this environment, and a path file adds them. The path file of the editable install is not
    read there: Python reads path files in its own `site-packages` only.
    """
    _run([sys.executable, "-m", "venv", "--without-pip", str(folder)])
    pip = [sys.executable, "-m", "pip", "--python", str(folder / "bin/python")]
    _run([*pip, "install", "--quiet", "--no-deps", "--no-index", str(wheel)])
    (packages,) = folder.glob("lib/python*/site-packages")
    (packages / "dependencies.pth").write_text(sysconfig.get_path("purelib"), encoding="utf-8")
    return folder / "bin"


def _run(command: list[str]) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The project as a wheel, built from its source distribution."""
    return build_wheel(tmp_path_factory.mktemp("dist"))


@pytest.fixture(scope="session")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of programs of an environment in which the wheel is installed, and the checkout is not."""
    return install_wheel(wheel, tmp_path_factory.mktemp("environment"))
