"""Requests of tests to a Prefect server."""

from http import HTTPStatus
from types import TracebackType
from typing import Any, Self
from uuid import UUID, uuid4

import httpx

from tests.deployments.processes import wait_until

ENDED = ("COMPLETED", "FAILED", "CRASHED", "CANCELLED")
CHANNEL = 6
"""The channel of the sandbox; the names of its deployments end with it."""

CLIENT = "tests"
"""The name under which the token of a change is kept."""


class PrefectServer:
    """Requests of tests to Prefect's API."""

    def __init__(self, url: str, auth: str = "") -> None:
        """Args:
        url: its address.
        auth: `name:password`, if it asks for them.
        """
        name, _, password = auth.partition(":")
        self._http = httpx.Client(
            base_url=url,
            auth=(name, password) if auth else None,
            trust_env=False,
            timeout=30,
            event_hooks={"request": [self._sign]},
        )
        self._token = ""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._http.close()

    def _sign(self, request: httpx.Request) -> None:
        """Adds the token that a change needs, where the server asks for one."""
        if request.method != "GET":
            if not self._token:
                answer = self._http.get("/csrf-token", params={"client": CLIENT})
                self._token = answer.json()["token"] if answer.is_success else "not asked for"
            request.headers.update({"Prefect-Csrf-Token": self._token, "Prefect-Csrf-Client": CLIENT})

    def get(self, path: str) -> Any:
        return self._answer("GET", path)

    def post(self, path: str, body: Any) -> Any:
        return self._answer("POST", path, body)

    def _answer(self, method: str, path: str, body: Any = None) -> Any:
        """Asked again after a 503, which a server on SQLite gives while it is busy, and after no answer in time: that may be
        repeated, because bookings carry a key of their own."""

        def answered() -> httpx.Response | None:
            try:
                response = self._http.request(method, path, json=body)
            except httpx.TransportError:
                return None
            return None if response.status_code == HTTPStatus.SERVICE_UNAVAILABLE else response

        response = wait_until(answered, f"{method} {path} is answered")
        assert response is not None
        return response.raise_for_status().json()

    def delete(self, deployment: str) -> None:
        """Deletes a deployment, named `flow/deployment`, so that nothing schedules its runs any more."""
        pk = self.get(f"/deployments/name/{deployment}")["id"]
        self._http.delete(f"/deployments/{pk}").raise_for_status()

    def deployments(self) -> dict[str, Any]:
        return {row["name"]: row for row in self.post("/deployments/filter", {})}

    def book(self, deployment: str) -> UUID:
        """Starts a run of a deployment."""
        pk = self.deployments()[f"{deployment}-{CHANNEL}"]["id"]
        return UUID(self.post(f"/deployments/{pk}/create_flow_run", {"idempotency_key": str(uuid4())})["id"])

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
        """Schedules it for each minute."""
        self._reschedule(deployment, {"active": True, "schedule": {"cron": "* * * * *", "timezone": "UTC"}})

    def pause(self, deployment: str) -> None:
        """Switches its schedule off, and takes back the runs that it has scheduled."""
        self._reschedule(deployment, {"active": False})

    def _reschedule(self, deployment: str, change: dict[str, Any]) -> None:
        row = self.deployments()[f"{deployment}-{CHANNEL}"]
        (schedule,) = row["schedules"]
        self._http.patch(f"/deployments/{row['id']}/schedules/{schedule['id']}", json=change).raise_for_status()
