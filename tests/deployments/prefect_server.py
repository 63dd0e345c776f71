"""What a test asks of a Prefect server."""

from http import HTTPStatus
from types import TracebackType
from typing import Any, Self
from uuid import UUID

import httpx

from tests.deployments.processes import wait_until

ENDED = ("COMPLETED", "FAILED", "CRASHED", "CANCELLED")
CHANNEL = 6
"""The channel of the sandbox, with which the names of its deployments end."""


class PrefectServer:
    """What a test asks of Prefect's API."""

    def __init__(self, url: str) -> None:
        self._http = httpx.Client(base_url=url, trust_env=False, timeout=30)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._http.close()

    def get(self, path: str) -> Any:
        return self._answer("GET", path)

    def post(self, path: str, body: Any) -> Any:
        return self._answer("POST", path, body)

    def _answer(self, method: str, path: str, body: Any = None) -> Any:
        """Asked again after a 503, which a server on SQLite gives while it is busy, as Prefect's own client does."""

        def answered() -> httpx.Response | None:
            response = self._http.request(method, path, json=body)
            return None if response.status_code == HTTPStatus.SERVICE_UNAVAILABLE else response

        response = wait_until(answered, f"{method} {path} is answered")
        assert response is not None
        return response.raise_for_status().json()

    def deployments(self) -> dict[str, Any]:
        return {row["name"]: row for row in self.post("/deployments/filter", {})}

    def book(self, deployment: str) -> UUID:
        """A run of a deployment, for now."""
        pk = self.deployments()[f"{deployment}-{CHANNEL}"]["id"]
        return UUID(self.post(f"/deployments/{pk}/create_flow_run", {})["id"])

    def still_booked(self, run: UUID, deployment: str) -> UUID:
        """The same run; a new one, once it has ended: it may have met one that the schedule had started."""
        return self.book(deployment) if self.state(run)["type"] in ENDED else run

    def runs(self, *states: str, deployment: str | None = None) -> list[Any]:
        """The runs that are in one of these states."""
        wanted: dict[str, Any] = {"flow_runs": {"state": {"name": {"any_": list(states)}}}, "limit": 200}
        if deployment:
            wanted["deployments"] = {"name": {"any_": [f"{deployment}-{CHANNEL}"]}}
        rows: list[Any] = self.post("/flow_runs/filter", wanted)
        return rows

    def state(self, run: UUID) -> Any:
        return self.get(f"/flow_runs/{run}")["state"]

    def hurry(self, deployment: str) -> None:
        """Puts it on a schedule of each minute."""
        row = self.deployments()[f"{deployment}-{CHANNEL}"]
        (schedule,) = row["schedules"]
        change = {"schedule": {"cron": "* * * * *", "timezone": "UTC"}}
        self._http.patch(f"/deployments/{row['id']}/schedules/{schedule['id']}", json=change).raise_for_status()
