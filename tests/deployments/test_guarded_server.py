"""The guard before a local Prefect server: which pages of a browser may ask it."""

from collections.abc import Mapping
from typing import Any

import httpx
import pytest
from fastapi import FastAPI, WebSocket
from starlette.types import ASGIApp

from deployments.guarded_server import guard

HERE = "http://127.0.0.1:4200"
PROXY = "https://prefect.shop.example"
SECRET = "s3cret"


def unguarded() -> FastAPI:
    """A server that tells everybody its secret."""
    app = FastAPI()

    @app.get("/secret")
    @app.post("/secret")
    def secret() -> str:
        return SECRET

    @app.websocket("/events")
    async def events(socket: WebSocket) -> None:
        await socket.accept()
        await socket.send_text(SECRET)

    return app


def guarded() -> ASGIApp:
    return guard(unguarded(), "127.0.0.1", [HERE, PROXY])


async def asked(address: str, method: str = "GET", headers: Mapping[str, str] | None = None) -> httpx.Response:
    """The answer to a browser that finds the server under this address."""
    async with httpx.AsyncClient(transport=httpx.ASGITransport(guarded()), base_url=address) as client:
        return await client.request(method, "/secret", headers=headers)


async def heard(address: str, headers: Mapping[str, str]) -> list[str]:
    """What the server does with a WebSocket."""
    url = httpx.URL(address)
    everything = {"Host": url.netloc.decode(), **headers}
    scope = {
        "type": "websocket",
        "path": "/events",
        "headers": [(name.lower().encode(), value.encode()) for name, value in everything.items()],
        "query_string": b"",
        "subprotocols": [],
        "extensions": {"websocket.http.response": {}},
    }
    said: list[str] = []

    async def receive() -> Any:
        return {"type": "websocket.connect"}

    async def send(message: Any) -> None:
        said.append(message.get("text") or message["type"])

    await guarded()(scope, receive, send)
    return said


@pytest.mark.parametrize("address", [HERE, "http://localhost:4200", "http://[::1]:4200", PROXY])
async def test_the_server_answers_under_its_own_names(address: str):
    assert (await asked(address)).json() == SECRET


async def test_the_server_answers_under_the_address_that_it_listens_on():
    app = guard(unguarded(), "10.1.2.3", [])
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://10.1.2.3:4200") as client:
        assert (await client.get("/secret")).json() == SECRET


@pytest.mark.parametrize(
    "address", ["http://evil.example:4200", "http://127.0.0.1.evil.example", "http://shop.example"]
)
async def test_a_name_that_leads_here_by_a_trick_reads_nothing(address: str):
    """The page's own site resolves to this machine (DNS rebinding): the browser takes the answer for the page's own."""
    answer = await asked(address, headers={"Origin": address})
    assert (answer.status_code, answer.text) == (400, "Invalid host header")
    assert SECRET not in await heard(address, {"Origin": address})


OWN: list[dict[str, str]] = [
    {},  # a program, or a page of this server that reads
    {"Origin": HERE},
    {"Origin": PROXY},
    {"Origin": "http://localhost:4200"},  # the page came from here
]
FOREIGN = [{"Origin": origin} for origin in ("http://evil.example", "null", "http://localhost:3000", "")]


@pytest.mark.parametrize("headers", OWN)
@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_its_own_pages_and_programs_are_answered(method: str, headers: dict[str, str]):
    assert (await asked("http://localhost:4200", method, headers)).json() == SECRET


@pytest.mark.parametrize("headers", FOREIGN)
@pytest.mark.parametrize("method", ["GET", "POST", "OPTIONS"])
async def test_a_page_of_another_site_is_refused(method: str, headers: dict[str, str]):
    answer = await asked(HERE, method, headers)
    assert answer.status_code == 403
    assert "PREFECT_SERVER_CORS_ALLOWED_ORIGINS" in answer.text


@pytest.mark.parametrize("headers", OWN)
async def test_events_reach_its_own_pages_and_programs(headers: dict[str, str]):
    assert SECRET in await heard("http://localhost:4200", headers)


@pytest.mark.parametrize("headers", FOREIGN)
async def test_events_reach_no_page_of_another_site(headers: dict[str, str]):
    """A browser opens WebSockets to any site, whatever that site says of its readers."""
    assert SECRET not in await heard(HERE, headers)


async def test_prefect_itself_is_not_refused():
    """An automation acts by a request within the server's process, under a name of Prefect's."""
    app = unguarded()
    guard(app, "127.0.0.1", [HERE])
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://prefect-in-memory") as client:
        assert (await client.get("/secret")).json() == SECRET
