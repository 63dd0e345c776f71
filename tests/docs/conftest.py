"""What readers have: a Prefect server of these tests' own, shared by the pages, and the program as it is installed."""

from tests.deployments.wheels import installed, wheel
from tests.world.live import environment, prefect_server

__all__ = ["environment", "installed", "prefect_server", "wheel"]
