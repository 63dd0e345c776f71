"""Peak memory of a run in its own process."""

import json
import os
import subprocess
import sys
from typing import Any

from rich.console import Console

from deployments.sandbox.server import SandboxProcess


def memory(console: Console, products: int) -> None:
    """Prints the peak memory of a run in its own process, for a tenth of the products and for all."""
    for count in (products // 10, products):
        with SandboxProcess("all", products=count, failing=0.04) as sandbox:
            done = subprocess.run(  # this interpreter, with our own arguments
                [sys.executable, "-m", "deployments.cli", "run", "insert_products", "--json"],
                env={**os.environ, **sandbox.environment, "CHANNEL_APP_IN_FLIGHT": "16"},
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                text=True,
                check=True,
            )
        summary: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
        console.print(
            f"memory: {count} products drained in {summary['seconds']:.0f} s, peak {summary['peak_memory_mb']:.0f} MB "
            "(at most 400)"
        )
