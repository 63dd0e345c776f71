"""A client of the local hub, as short as the tests of its contract want it, and a clock that stands still."""

from datetime import UTC, datetime, timedelta
from typing import Any

import httpx

from deployments.sandbox import OmnitronSandbox

PASSWORD = "sandbox"


class StillClock:
    """Stands still; sleeping sets it forward."""

    def __init__(self) -> None:
        self.moment = datetime(2024, 1, 31, 12, tzinfo=UTC)

    def now(self) -> datetime:
        return self.moment

    def monotonic(self) -> float:
        return self.moment.timestamp()

    async def sleep(self, seconds: float) -> None:
        self.moment += timedelta(seconds=seconds)


class HubClient:
    """The calls of the contract, as short as the tests want them."""

    def __init__(self, sandbox: OmnitronSandbox) -> None:
        self.sandbox = sandbox
        self.http = httpx.AsyncClient(transport=httpx.ASGITransport(sandbox), base_url="http://hub/")

    async def log_in(self, password: str = PASSWORD) -> httpx.Response:
        response = await self.http.post("/api/v1/auth/login/", json={"username": "sandbox", "password": password})
        if response.is_success:
            self.http.headers["Authorization"] = f"Token {response.json()['key']}"
        return response

    async def call(self, method: str, path: str, body: Any = None, **query: Any) -> httpx.Response:
        return await self.http.request(method, f"/api/v1/channel/6/{path}", json=body, params=query)

    async def rows(self, path: str, **query: Any) -> list[dict[str, Any]]:
        """One page of a list."""
        response = await self.call("GET", path, **{"limit": 100, **query})
        assert response.status_code == 200, response.text
        results: list[dict[str, Any]] = response.json()["results"]
        return results

    async def begin(self) -> dict[str, Any]:
        """A new batch."""
        response = await self.call("POST", "batch_requests/", {"channel": 6})
        assert response.status_code == 201
        batch: dict[str, Any] = response.json()
        return batch

    async def move(self, batch: dict[str, Any], status: str, **fields: Any) -> httpx.Response:
        return await self.call("PATCH", f"batch_requests/{batch['pk']}/", {"channel": 6, "status": status, **fields})

    async def committed(self, *rows: dict[str, Any], content_type: str = "product") -> dict[str, Any]:
        """A new batch that holds the rows."""
        batch = await self.begin()
        response = await self.move(
            batch, "commit", content_type=content_type, objects=[named(row, content_type) for row in rows]
        )
        assert response.status_code == 200, response.text
        return batch

    async def integrated(self, row: dict[str, Any], remote_id: str, content_type: str = "product") -> None:
        """Record a row as sent at its present version."""
        batch = await self.committed(row, content_type=content_type)
        response = await self.move(batch, "done", objects=[named(row, content_type, remote_id=remote_id)])
        assert response.status_code == 200, response.text

    async def action(self, pk: int, content_type: str = "product") -> dict[str, Any] | None:
        rows = await self.rows("integration_actions/", content_type_name=content_type, object_id=pk)
        return rows[0] if rows else None


def named(row: dict[str, Any], content_type: str = "product", **fields: Any) -> dict[str, Any]:
    """An entry of a move's `objects`."""
    return {"pk": row["pk"], "content_type": content_type, "version_date": row["modified_date"], **fields}
