"""Events on a Prefect server: each is booked once, by any process."""

import asyncio
import statistics
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest
import yaml
from prefect.client.orchestration import PrefectClient
from prefect.client.schemas.filters import FlowRunFilter, FlowRunFilterIdempotencyKey

from deployments.booking import FLOW_OF, RECEIPTS, PrefectBooking
from deployments.webhook import webhook_app
from dto.events import EventType
from tests.deployments.webhooks import BASE, CHANNEL, ORDER, flow_run_of, signed_headers, webhook_settings
from tests.world.live import PROJECT

pytestmark = [pytest.mark.flow, pytest.mark.process]

EVENTS = 40
"""The number of events; the median of their times is printed."""


class Line:
    """The way to Prefect: it can be cut (`down`), and it can go dead (`silent`)."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.silent = False
        self._server: asyncio.Server | None = None
        self._here = 0
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._here}/api"

    async def up(self) -> None:
        self._server = await asyncio.start_server(self._connect, "127.0.0.1", self._here)
        self._here = self._server.sockets[0].getsockname()[1]

    async def down(self) -> None:
        assert self._server is not None
        self._server.close()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _connect(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        try:
            there, back = await asyncio.open_connection("127.0.0.1", self.port)
            try:
                await asyncio.gather(self._carry(reader, back), self._carry(there, writer))
            finally:
                back.transport.abort()
        except (asyncio.CancelledError, ConnectionError):
            pass
        finally:
            writer.transport.abort()  # a mere close waits for a peer that may not read any more

    async def _carry(self, source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
        while data := await source.read(65_536):
            if self.silent:
                continue
            target.write(data)
            await target.drain()
        target.close()


class Channel:
    """Sends events to one process of the receiver; several may share a Prefect server."""

    def __init__(self, url: str, booking: PrefectBooking) -> None:
        app = webhook_app(webhook_settings(PREFECT_API_URL=url), booking)
        self._http = httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=BASE, trust_env=False)

    async def tell(self, event_id: str, body: bytes = ORDER) -> httpx.Response:
        headers = signed_headers(body, event_id, timestamp=int(time.time()))
        return await self._http.post("/events", content=body, headers=headers)

    async def health(self) -> Any:
        return (await self._http.get("/health")).json()


@asynccontextmanager
async def receiver(url: str, seconds: float = 30.0) -> AsyncIterator[Channel]:
    """Opened as by the command; patient in tests that are not about time."""
    async with PrefectBooking.open(webhook_settings(PREFECT_API_URL=url), seconds) as booking:
        yield Channel(url, booking)


@asynccontextmanager
async def prefect(url: str) -> AsyncIterator[PrefectClient]:
    async with PrefectClient(url) as client:
        yield client


async def deploy(client: PrefectClient) -> None:
    """The deployments for events in prefect.yaml, as the server keeps them."""
    rows = yaml.safe_load((PROJECT / "prefect.yaml").read_text())["deployments"]
    for row in rows:
        flow = row["entrypoint"].partition(":")[2]
        if flow in FLOW_OF.values() and "concurrency_limit" not in row:
            flow_id = await client.create_flow_from_name(flow.replace("_", " "))
            name = row["name"].replace("{{ $OMNITRON_CHANNEL_ID }}", str(CHANNEL))
            await client.create_deployment(flow_id, name)


async def runs_of(client: PrefectClient, event_id: str) -> list[Any]:
    """Everything that Prefect holds of an event, its receipt last."""
    key = FlowRunFilterIdempotencyKey(any_=[f"webhook:{CHANNEL}:{event_id}"])
    runs = await client.read_flow_runs(flow_run_filter=FlowRunFilter(idempotency_key=key))
    return sorted(runs, key=lambda run: run.deployment_id is None)


@pytest.fixture
def url(prefect_server: Mapping[str, str]) -> str:
    return prefect_server["PREFECT_API_URL"]


async def test_without_a_deployment_nothing_is_booked(url: str) -> None:
    """The channel is not deployed. The event can be sent again after a deploy."""
    settings = webhook_settings(PREFECT_API_URL=url, OMNITRON_CHANNEL_ID=404)
    async with PrefectBooking.open(settings) as booking, prefect(url) as client:
        answer = await Channel(url, booking).tell("undeployed")
        assert answer.status_code == 503
        assert int(answer.headers["Retry-After"]) > 0
        assert "fetch-and-create-order-on-event-404" in answer.json()["detail"]
        assert "prefect --no-prompt deploy --all" in answer.json()["detail"]
        assert await runs_of(client, "undeployed") == []


@pytest.mark.parametrize("event_type", EventType)
async def test_each_type_of_event_books_its_flow(url: str, event_type: EventType) -> None:
    """Its parameters are ids, and no part of the payload is stored."""
    body = f'{{"type": "{event_type}", "remote_batch_id": "b-1", "buyer": "canary@example.com"}}'.encode()
    async with receiver(url) as channel, prefect(url) as client:
        await deploy(client)
        answer = await channel.tell(f"type-{event_type}", body)
        booked, receipt = await runs_of(client, f"type-{event_type}")
        assert flow_run_of(answer) == booked.id
        deployment = await client.read_deployment(booked.deployment_id)
        flow = await client.read_flow(booked.flow_id)
        assert answer.json()["deployment"] == f"{flow.name}/{deployment.name}"
        assert flow.name == FLOW_OF[event_type].replace("_", " ")
        assert booked.state.is_scheduled()
        is_batch = event_type is EventType.batch_finished
        assert booked.parameters == ({"remote_batch_id": "b-1"} if is_batch else {})
        assert receipt.state.is_completed()
        assert (await client.read_flow(receipt.flow_id)).name == RECEIPTS
        for run in (booked, receipt):
            assert "canary" not in run.model_dump_json()


async def test_an_event_that_comes_again_is_the_same_run(url: str) -> None:
    """In another process too, and after a restart: only Prefect remembers events."""
    async with receiver(url) as first, receiver(url) as second, prefect(url) as client:
        await deploy(client)
        runs = {flow_run_of(answer) for answer in (await first.tell("again"), await first.tell("again"))}
        runs |= {flow_run_of(answer) for answer in await asyncio.gather(*(second.tell("again") for _ in range(5)))}
        async with receiver(url) as restarted:
            runs.add(flow_run_of(await restarted.tell("again")))
        assert len(runs) == 1
        assert len(await runs_of(client, "again")) == 2  # and its receipt


@pytest.mark.parametrize("other", [b'{"type":"order_created"}', b'{"type": "order_cancelled"}'])
async def test_an_id_is_refused_with_another_body(url: str, other: bytes) -> None:
    """Also if that body starts another flow, for which Prefect's idempotency key would differ."""
    async with receiver(url) as first, receiver(url) as second, prefect(url) as client:
        await deploy(client)
        event_id = f"other-{len(other)}"
        booked = flow_run_of(await first.tell(event_id))
        assert (await second.tell(event_id, other)).status_code == 409
        assert flow_run_of(await second.tell(event_id)) == booked
        assert [run.id for run in await runs_of(client, event_id)][:-1] == [booked]


async def test_of_several_bodies_at_once_one_gets_the_id(url: str) -> None:
    """Each event through two processes."""
    bodies = [f'{{"type": "{event_type}", "remote_batch_id": "b-1"}}'.encode() for event_type in EventType]
    async with receiver(url) as first, receiver(url) as second, prefect(url) as client:
        await deploy(client)
        answers = await asyncio.gather(*(channel.tell("race", body) for body in bodies for channel in (first, second)))
        assert sorted({answer.status_code for answer in answers}) == [202, 409]
        assert len({flow_run_of(answer) for answer in answers if answer.status_code == 202}) == 1
        assert len(await runs_of(client, "race")) == 2  # and its receipt


async def test_while_prefect_is_away_events_are_sent_back_and_afterwards_taken(url: str) -> None:
    """Stopped, and up but silent."""
    line = Line(int(httpx.URL(url).port or 0))
    await line.up()
    async with receiver(line.url, seconds=0.5) as hasty, receiver(line.url) as channel, prefect(url) as client:
        await deploy(client)
        assert await channel.health() == {"status": "ok", "prefect": "answers"}
        known = flow_run_of(await channel.tell("before"))
        await line.down()
        await assert_sent_back(hasty)
        await line.up()
        line.silent = True
        await assert_sent_back(hasty)
        line.silent = False
        await line.down()
        await line.up()
        assert flow_run_of(await channel.tell("before")) == known
        assert len(await runs_of(client, "away")) == 0
        flow_run_of(await channel.tell("away"))
    await line.down()


async def assert_sent_back(channel: Channel) -> None:
    """Soon, with the time of the next attempt."""
    answer = await channel.tell("away")
    assert answer.status_code == 503
    assert int(answer.headers["Retry-After"]) > 0
    assert "Prefect's API did not take the booking" in answer.json()["detail"]
    assert await channel.health() == {"status": "ok", "prefect": "does not answer"}


async def test_booking_is_quick(url: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Printed, because machines differ."""
    async with receiver(url) as channel, prefect(url) as client:
        await deploy(client)
        seconds = []
        for number in range(EVENTS):
            started = time.perf_counter()
            flow_run_of(await channel.tell(f"quick-{number}"))
            seconds.append(time.perf_counter() - started)
    with capsys.disabled():
        median, slowest = statistics.median(seconds), max(seconds)
        print(f"\nA valid event takes {median * 1000:.0f} ms in the median, {slowest * 1000:.0f} ms at most.")


async def test_what_was_deployed_anew_is_found(url: str) -> None:
    """Ids are cached; an outdated id costs one refusal."""
    async with receiver(url) as channel, prefect(url) as client:
        await deploy(client)
        booked = flow_run_of(await channel.tell("of-old"))
        deployment = (await client.read_flow_run(booked)).deployment_id
        assert deployment is not None
        await client.delete_deployment(deployment)
        assert (await channel.tell("anew")).status_code == 503
        assert "has no deployment" in (await channel.tell("anew")).json()["detail"]
        await deploy(client)
        flow_run_of(await channel.tell("anew"))
