"""What readers have: a Prefect server of these tests' own, shared by the pages."""

from tests.deployments.conftest import environment, prefect_server

__all__ = ["environment", "prefect_server"]
