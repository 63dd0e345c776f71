"""Sandboxes behind real sockets."""

import httpx
import pytest

from deployments.sandbox import Fault, MarketplaceSandbox, OmnitronSandbox
from deployments.sandbox.server import SandboxProcess, running


@pytest.mark.parametrize("kind", ["drop_before", "drop_after"])
async def test_a_socket_drops(kind: str, caplog: pytest.LogCaptureFixture) -> None:
    """The client sees the connection go away without an answer; the server goes on without an error."""
    marketplace = MarketplaceSandbox()
    async with running({"marketplace": (marketplace, 0)}) as urls, httpx.AsyncClient() as client:
        armed = await client.post(f"{urls['marketplace']}/_sandbox/faults", json={"kind": kind})
        assert armed.status_code == 201
        with pytest.raises(httpx.TransportError):
            await client.get(f"{urls['marketplace']}/health")
        response = await client.get(f"{urls['marketplace']}/health")
        assert response.json() == {"status": "ok"}
        assert len(response.headers.get_list("date")) == 1
    assert [record for record in caplog.records if record.levelname == "ERROR"] == []


async def test_several_run_beside_each_other() -> None:
    """Each under its own address, in this event loop."""
    hub, marketplace = OmnitronSandbox(products=4), MarketplaceSandbox()
    marketplace.faults.add(Fault("truncated", path="/listing"))
    async with (
        running({"omnitron": (hub, 0), "marketplace": (marketplace, 0)}) as urls,
        httpx.AsyncClient() as client,
    ):
        assert (await client.get(f"{urls['omnitron']}/_sandbox/state")).json()["defects"] == 0
        assert (await client.get(f"{urls['marketplace']}/listing")).status_code == 200
        assert urls["omnitron"] != urls["marketplace"]


def test_a_child_process_tells_its_addresses() -> None:
    """Hub and marketplace answer, and the channel's conf names the marketplace."""
    with SandboxProcess("all", products=5, failing=0, asynchronous=True) as sandbox, httpx.Client() as client:
        environment = sandbox.environment
        assert environment["OMNITRON_URL"] == sandbox.urls["omnitron"]
        credentials = {"username": environment["OMNITRON_USERNAME"], "password": environment["OMNITRON_PASSWORD"]}
        base = f"{sandbox.urls['omnitron']}/api/v1"
        key = client.post(f"{base}/auth/login/", json=credentials).json()["key"]
        channel = client.get(f"{base}/channels/6/", headers={"Authorization": f"Token {key}"}).json()
        assert channel["conf"]["base_url"] == sandbox.urls["marketplace"]
        assert channel["conf"]["asynchronous"] is True
        assert client.get(f"{channel['conf']['base_url']}/health").json() == {"status": "ok"}
    with pytest.raises(httpx.ConnectError):
        httpx.get(sandbox.urls["omnitron"])
