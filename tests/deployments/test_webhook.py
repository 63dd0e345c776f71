"""The events of a channel, the answers to them, and the log."""

import json
import logging
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
import uvicorn
from pydantic import SecretStr
from typer.testing import CliRunner

from clients.errors import ConfigError
from clients.flow_runs import NotDeployedError, PrefectUnavailableError
from clients.settings import WebhookSettings
from deployments.booking import deployment_of
from deployments.cli import app
from deployments.slow_senders import BACKLOG, MAX_CONNECTIONS, BoundedProtocol
from deployments.webhook import HEADER_BYTES, server_config, webhook_app
from dto.events import EventType
from tests.deployments.webhooks import (
    BASE,
    CHANNEL,
    FORMER_KEY,
    KEY,
    ORDER,
    MemoryBooking,
    Receiver,
    flow_run_of,
    raw,
    without_keys,
)
from tests.world.live import PROJECT

ENVIRONMENT = {
    "OMNITRON_CHANNEL_ID": "6",
    "PREFECT_API_URL": "http://127.0.0.1:4200/api",
    "CHANNEL_APP_WEBHOOK_SECRET": KEY,
}


def body_of(event_type: str, **more: Any) -> bytes:
    return json.dumps({"type": event_type, **more}).encode()


# -- accepted events ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("event_type", "deployment"),
    [
        (EventType.order_created, "fetch and create order/fetch-and-create-order-on-event-6"),
        (EventType.order_cancelled, "fetch and create cancel/fetch-and-create-cancel-on-event-6"),
        (
            EventType.cancellation_requested,
            "fetch and create cancellation requests/fetch-and-create-cancellation-requests-on-event-6",
        ),
        (EventType.order_item_changed, "fetch and update order items/fetch-and-update-order-items-on-event-6"),
        (EventType.batch_finished, "verify batch/verify-batch-6"),
        (EventType.product_wanted, "insert and update products/insert-and-update-products-on-event-6"),
    ],
)
async def test_an_event_books_the_run_of_its_flow(event_type: EventType, deployment: str) -> None:
    receiver = Receiver()
    answer = await receiver.post(body_of(event_type, remote_batch_id="b-4711"))
    flow_run_of(answer)
    assert answer.json()["deployment"] == deployment == deployment_of(event_type, CHANNEL)
    (event,) = receiver.booking.events
    assert (event.id, event.type) == ("evt-1", event_type)
    assert event.parameters == ({"remote_batch_id": "b-4711"} if event_type is EventType.batch_finished else {})


async def test_what_else_stands_in_a_body_is_ignored() -> None:
    receiver = Receiver()
    body = body_of("order_created", id="o-1", buyer={"email": "ada@example.com"}, lines=[1, 2])
    flow_run_of(await receiver.post(body))
    assert receiver.booking.events[0].parameters == {}
    assert "ada@example.com" not in repr(receiver.booking.events)


async def test_an_event_that_comes_again_is_answered_with_the_same_run() -> None:
    """Signed again, as for a second attempt."""
    receiver = Receiver()
    first = flow_run_of(await receiver.post())
    receiver.clock.advance(60)
    assert flow_run_of(await receiver.post()) == first


async def test_an_id_that_comes_with_another_body_is_a_conflict() -> None:
    receiver = Receiver()
    flow_run_of(await receiver.post())
    answer = await receiver.post(body_of("order_cancelled"))
    assert answer.status_code == 409
    assert "evt-1" in answer.json()["detail"]


# -- refused events ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "status", "words"),
    [
        (b"", 422, "body"),
        (b"{", 422, "JSON"),
        (b"[]", 422, "body"),
        (b"null", 422, "body"),
        (b"\x80\xff", 400, "parsing"),
        (b"[" * 100_000, 400, "parsing"),
        (b'{"type": ' + b"9" * 5_000 + b"}", 400, "parsing"),
        (b"{}", 422, "type has to be one of order_created, order_cancelled"),
        (b'{"type": null}', 422, "type has to be one of"),
        (b'{"type": {"a": 1}}', 422, "type has to be one of"),
        (b'{"type": "order_eaten"}', 422, "type has to be one of"),
        (b'{"type": "\\ud800"}', 422, "type has to be one of"),
        (b'{"type": "batch_finished"}', 422, "remote_batch_id: Field required"),
        (b'{"type": "batch_finished", "remote_batch_id": ""}', 422, "remote_batch_id"),
        (b'{"type": "batch_finished", "remote_batch_id": 7}', 422, "remote_batch_id"),
        (b'{"type": "batch_finished", "remote_batch_id": "\\ud800"}', 422, "remote_batch_id"),
        (b'{"type": "batch_finished", "remote_batch_id": "a\\nb"}', 422, "remote_batch_id"),
        (body_of("batch_finished", remote_batch_id="b" * 256), 422, "remote_batch_id"),
    ],
)
async def test_a_signed_body_that_is_no_event_is_explained(body: bytes, status: int, words: str) -> None:
    receiver = Receiver()
    answer = await receiver.post(body)
    assert (answer.status_code, receiver.booking.events) == (status, [])
    assert words in answer.json()["detail"]
    assert "order_eaten" not in answer.text


@pytest.mark.parametrize(
    "error",
    [NotDeployedError("Prefect has no deployment `x`: deploy it."), PrefectUnavailableError("Prefect is away.")],
)
async def test_what_prefect_cannot_take_is_to_be_sent_again(error: Exception) -> None:
    """Nothing is kept in between, so the sender must know."""
    receiver = Receiver()
    receiver.booking.error = error
    answer = await receiver.post()
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "30")
    assert answer.json() == {"detail": f"{error} Send the event again later."}
    receiver.booking.error = None
    flow_run_of(await receiver.post())


@pytest.mark.parametrize("path", ["/docs", "/redoc", "/", "/events/"])
async def test_there_is_nothing_else(path: str) -> None:
    """No page that loads scripts from other hosts; an unsigned request does not even learn that."""
    receiver = Receiver()
    assert (await receiver.http.get(path)).status_code == 401
    assert (await receiver.http.get(path, headers=receiver.headers(b""))).status_code == 404


async def test_health_says_whether_prefect_answers() -> None:
    receiver = Receiver()
    assert (await receiver.http.get("/health")).json() == {"status": "ok", "prefect": "answers"}
    receiver.booking.is_up = False
    answer = await receiver.http.get("/health")
    assert (answer.status_code, answer.json()) == (200, {"status": "ok", "prefect": "does not answer"})


async def test_the_description_of_the_api_has_examples_that_are_accepted() -> None:
    receiver = Receiver()
    described = (await receiver.http.get("/openapi.json")).json()
    operation = described["paths"]["/events"]["post"]
    assert {"202", "400", "401", "408", "409", "413", "422", "503"} == set(operation["responses"])
    examples = operation["requestBody"]["content"]["application/json"]["examples"]
    for name, example in examples.items():
        flow_run_of(await receiver.post(json.dumps(example["value"]).encode(), event_id=name))


# -- the log -----------------------------------------------------------------------------------------------------------


@pytest.fixture
def lines(caplog: pytest.LogCaptureFixture) -> Callable[[], list[str]]:
    caplog.set_level(logging.DEBUG)
    return lambda: [record.getMessage() for record in caplog.records if record.name == "channel_app.webhook"]


async def test_an_event_is_one_line(lines: Callable[[], list[str]]) -> None:
    receiver = Receiver()
    run = flow_run_of(await receiver.post(body_of("batch_finished", remote_batch_id="b-1", note="canary")))
    await receiver.post(body_of("order_created"))
    await receiver.post(body_of("canary"), event_id="evt-2")
    await receiver.post(event_id="evt-3", key="x" * 16)
    await receiver.http.get("/health")
    assert lines() == [
        f"event evt-1, batch_finished: 202, flow run {run} of verify batch/verify-batch-6",
        "event evt-1, order_created: 409, The event id evt-1 was used before, with another body.",
        "event evt-2, -: 422, type has to be one of " + ", ".join(EventType) + ".",
        "event evt-3, -: 401, No signature is by a key that the receiver knows.",
    ]


async def test_a_line_of_the_log_cannot_be_forged(
    lines: Callable[[], list[str]], caplog: pytest.LogCaptureFixture
) -> None:
    """Ids are printed before their sender is verified. Keys and payloads are never printed."""
    receiver = Receiver()
    for event_id in (b"a\r\nevent b, order_created: 202", b"\x1b[31m", b"\xff\x85\xa0", b"a" * 5_000):
        headers = {**dict(raw(receiver.headers())), b"x-channel-event-id": event_id}
        answer = await receiver.http.post("/events", content=b"canary-payload", headers=headers)
        assert answer.status_code == 401
    assert lines()[0].startswith(r"event a\r\nevent b, order_created: 202, -: 401, ")
    assert all(line.isascii() and line.isprintable() and len(line) < 500 for line in lines())
    assert "canary" not in caplog.text


async def test_a_mistake_of_ours_is_a_line_too(lines: Callable[[], list[str]]) -> None:
    receiver = Receiver()
    receiver.booking.error = KeyError("canary")
    with pytest.raises(KeyError):
        await receiver.post()
    assert lines() == ["event evt-1, order_created: 500, -"]


# -- start -------------------------------------------------------------------------------------------------------------


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> pytest.MonkeyPatch:
    """The receiver's own settings, and no credential of Omnitron."""
    monkeypatch.chdir(tmp_path)
    for name in os.environ:
        if name.startswith(("OMNITRON_", "CHANNEL_")):
            monkeypatch.delenv(name)
    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    return monkeypatch


@pytest.mark.usefixtures("environment")
def test_it_needs_no_credential_of_omnitrons() -> None:
    settings = WebhookSettings.load()
    assert [key.get_secret_value() for key in settings.secrets] == [KEY]
    assert settings.OMNITRON_CHANNEL_ID == 6


def test_it_reads_no_credential_of_omnitrons(environment: pytest.MonkeyPatch) -> None:
    """Not even an existing .env file."""
    for name in ("OMNITRON_PASSWORD", "OMNITRON_USERNAME", "OMNITRON_URL"):
        environment.setenv(name, "canary")
    Path(".env").write_text("OMNITRON_PASSWORD=canary\n")
    settings = WebhookSettings.load()
    assert "canary" not in str({name: str(value) for name, value in settings if "SECRET" not in name})
    assert set(WebhookSettings.model_fields) & {"OMNITRON_PASSWORD", "OMNITRON_USERNAME", "OMNITRON_URL"} == set()


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        (
            "CHANNEL_APP_WEBHOOK_SECRET",
            "",
            "CHANNEL_APP_WEBHOOK_SECRET is not set: The key that the channel signs with",
        ),
        (
            "CHANNEL_APP_WEBHOOK_SECRET",
            "fifteen-letters",
            "CHANNEL_APP_WEBHOOK_SECRET: it has 15 characters; it needs at least 16",
        ),
        (
            "CHANNEL_APP_WEBHOOK_SECRET_OLD",
            "short",
            "CHANNEL_APP_WEBHOOK_SECRET_OLD: it has 5 characters; it needs at least 16",
        ),
        ("PREFECT_API_URL", "", "PREFECT_API_URL is not set: Address of Prefect's API"),
        ("PREFECT_API_URL", "nowhere", "PREFECT_API_URL: "),
        ("OMNITRON_CHANNEL_ID", "0", "OMNITRON_CHANNEL_ID: "),
    ],
)
def test_it_does_not_start_with_settings_that_are_missing_or_wrong(
    environment: pytest.MonkeyPatch, name: str, value: str, words: str
) -> None:
    """The message names them, and how to set them; it does not repeat a secret."""
    environment.setenv(name, value)
    result = CliRunner().invoke(app, ["webhook"])
    assert result.exit_code == 1
    assert words in result.stderr
    assert "docs/how-to/receive-webhooks.md" in result.stderr
    assert "fifteen-letters" not in result.stderr
    with pytest.raises(ConfigError):
        WebhookSettings.load()


@pytest.mark.parametrize(
    ("arguments", "place"),
    [([], ("127.0.0.1", 8_080)), (["--host", "0.0.0.0", "--port", "9000"], ("0.0.0.0", 9_000))],  # noqa: S104
)
def test_it_listens_on_this_machine_unless_told_otherwise(
    environment: pytest.MonkeyPatch, arguments: list[str], place: tuple[str, int]
) -> None:
    calls: list[tuple[str, int]] = []
    environment.setattr("deployments.webhook.serve", lambda _settings, host, port, _webhook: calls.append((host, port)))
    assert CliRunner().invoke(app, ["webhook", *arguments]).exit_code == 0
    assert calls == [place]


async def test_without_a_key_nobody_is_let_in() -> None:
    """For any settings of the application, and even for an empty key."""
    receiver = Receiver()
    keyless = webhook_app(without_keys(), receiver.booking, clock=receiver.clock)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(keyless), base_url=BASE) as http:
        for key in ("", KEY):
            answer = await http.post("/events", content=ORDER, headers=receiver.headers(key=key))
            assert answer.status_code == 503
            assert "set CHANNEL_APP_WEBHOOK_SECRET" in answer.json()["detail"]
    assert receiver.booking.events == []


async def test_both_keys_are_good_while_they_change() -> None:
    receiver = Receiver()
    flow_run_of(await receiver.post(key=KEY))
    flow_run_of(await receiver.post(key=FORMER_KEY))
    changed = Receiver(CHANNEL_APP_WEBHOOK_SECRET_OLD=None)
    assert (await changed.post(key=FORMER_KEY)).status_code == 401


def test_the_server_bounds_what_a_stranger_can_make_it_hold() -> None:
    config = server_config(webhook_app(without_keys(), MemoryBooking()), "127.0.0.1", 8_080)
    assert (config.limit_concurrency, config.backlog) == (MAX_CONNECTIONS + BACKLOG, BACKLOG)
    assert config.h11_max_incomplete_event_size == HEADER_BYTES
    config.load()
    assert config.http_protocol_class is BoundedProtocol
    assert config.ws_protocol_class is None
    assert isinstance(config, uvicorn.Config)


@pytest.mark.slow
def test_nothing_that_speaks_to_omnitron_is_imported() -> None:
    """The receiver is exposed: nobody can extract a credential that it does not have."""
    code = "import sys, deployments.webhook; print([name for name in sys.modules if name.startswith(%r)])"
    prefixes = ("flows", "tasks", "clients.omnitron", "clients.runtime")
    done = subprocess.run(
        [sys.executable, "-c", code % (prefixes,)], cwd=PROJECT, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"


def test_secrets_are_not_shown() -> None:
    assert isinstance(without_keys().CHANNEL_APP_WEBHOOK_SECRET, SecretStr)
    assert KEY not in repr(Receiver())
