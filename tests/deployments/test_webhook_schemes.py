"""Events in a marketplace's own form: the connector says how they are signed and what they mean, and the receiver is as strict
as with its own. Over HTTP, against the receiver."""

import base64
import hashlib
import hmac
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
from pydantic import SecretStr, ValidationError

from deployments.sandbox.server import running
from deployments.signatures import BODY_LIMIT, WINDOW
from deployments.webhook import webhook_app
from tasks.channel import ChannelEvent, ChannelIntegration, EventType, webhooks
from tasks.channel.integration import load_webhook
from tests.deployments.webhooks import FORMER_KEY, KEY, MemoryBooking, flow_run_of, webhook_settings, without_keys
from tests.world.loopback import VirtualClock

NOW = 1_767_225_600
"""The virtual clock's time at the start."""
STRANGER = "x" * 16
Headers = dict[str, str]


# -- three marketplaces, and their connectors --------------------------------------------------------------------------


def _hmac(key: str, message: bytes) -> bytes:
    return hmac.new(key.encode(), message, hashlib.sha256).digest()


def order_of_topic(delivery: webhooks.Delivery) -> ChannelEvent | None:
    """The topic in a header, as WooCommerce has it."""
    match delivery.header("X-WC-Webhook-Topic"):
        case "order.created":
            return ChannelEvent(EventType.order_created)
        case "order.updated":
            return ChannelEvent(EventType.order_item_changed)
    return None


def event_in_body(delivery: webhooks.Delivery) -> ChannelEvent | None:
    """All in the body, the event's id too."""
    match delivery.data():
        case {"type": "order.created", "id": event_id}:
            return ChannelEvent(EventType.order_created, id=event_id)
        case {"type": "feed.done", "feed": feed}:
            return ChannelEvent(EventType.batch_finished, remote_batch_id=feed)
        case {"type": "order.created"}:
            return ChannelEvent(EventType.order_created)
    return None


class Woo(ChannelIntegration):
    name = "woo"
    webhook = webhooks.Webhook(webhooks.BodySignature("X-WC-Webhook-Signature", encoding="base64"), order_of_topic)


class Striped(ChannelIntegration):
    name = "striped"
    webhook = webhooks.Webhook(webhooks.TimedSignature("Striped-Signature"), event_in_body)


class Plain(ChannelIntegration):
    name = "plain"
    webhook = webhooks.Webhook(webhooks.SharedToken(), event_in_body)


class Basic(ChannelIntegration):
    name = "basic"
    webhook = webhooks.Webhook(webhooks.BasicCredentials(), event_in_body)


def woo_signs(body: bytes, key: str, timestamp: int) -> Headers:
    signature = base64.b64encode(_hmac(key, body)).decode()
    return {"X-WC-Webhook-Signature": signature, "X-WC-Webhook-Topic": "order.created"}


def striped_signs(body: bytes, key: str, timestamp: int) -> Headers:
    signature = _hmac(key, f"{timestamp}.".encode() + body).hex()
    return {"Striped-Signature": f"t={timestamp},v1={signature},v0=of-an-older-version"}


def plain_signs(body: bytes, key: str, timestamp: int) -> Headers:
    return {"Authorization": f"Bearer {key}"}


def basic_signs(body: bytes, key: str, timestamp: int) -> Headers:
    return {"Authorization": f"Basic {base64.b64encode(key.encode()).decode()}"}


@dataclass(frozen=True)
class Market:
    """A marketplace that signs in its own way, and the connector that knows it."""

    connector: type[ChannelIntegration]
    sign: Callable[[bytes, str, int], Headers]
    header: str
    """The header that proves the request."""
    body: bytes = b'{"type": "order.created"}'

    def __str__(self) -> str:
        return self.connector.name


WOO = Market(Woo, woo_signs, "X-WC-Webhook-Signature", b'{"id": 1207, "date_modified": "2026-01-01T00:00:00"}')
STRIPED = Market(Striped, striped_signs, "Striped-Signature")
PLAIN = Market(Plain, plain_signs, "Authorization")
BASIC = Market(Basic, basic_signs, "Authorization")
MARKETS = (WOO, STRIPED, PLAIN, BASIC)


class Sender:
    """A marketplace that sends over HTTP to a receiver."""

    def __init__(self, market: Market, url: str, booking: MemoryBooking, clock: VirtualClock, http: httpx.AsyncClient):
        self.market, self.url, self.booking, self.clock, self.http = market, url, booking, clock, http

    def headers(self, body: bytes, key: str = KEY, timestamp: int | None = None) -> Headers:
        return self.market.sign(body, key, int(self.clock.now().timestamp()) if timestamp is None else timestamp)

    async def post(self, body: bytes, headers: Any) -> httpx.Response:
        return await self.http.post(f"{self.url}/events", content=body, headers=headers)

    async def send(
        self, body: bytes | None = None, key: str = KEY, timestamp: int | None = None, **more: str
    ) -> httpx.Response:
        body = self.market.body if body is None else body
        return await self.post(body, {**self.headers(body, key, timestamp), **more})


@asynccontextmanager
async def sender_to(
    market: Market, settings: Any = None, webhook: webhooks.Webhook | None = None
) -> AsyncIterator[Sender]:
    booking, clock = MemoryBooking(), VirtualClock()
    app = webhook_app(settings or webhook_settings(), booking, clock=clock, webhook=webhook or market.connector.webhook)
    async with (
        running({"receiver": (app, 0)}) as urls,
        httpx.AsyncClient(trust_env=False) as http,
    ):
        yield Sender(market, urls["receiver"], booking, clock, http)


@pytest.fixture(params=MARKETS, ids=str)
async def sender(request: pytest.FixtureRequest) -> AsyncIterator[Sender]:
    async with sender_to(request.param) as made:
        yield made


# -- what every scheme keeps -------------------------------------------------------------------------------------------


async def test_a_signed_event_books_the_flow_that_the_connector_names(sender: Sender) -> None:
    answer = await sender.send()
    flow_run_of(answer)
    assert answer.json()["deployment"] == "fetch and create order/fetch-and-create-order-on-event-6"
    assert [event.type for event in sender.booking.events] == [EventType.order_created]


async def test_an_event_by_another_key_is_refused(sender: Sender) -> None:
    answer = await sender.send(key=STRANGER)
    assert (answer.status_code, sender.booking.events) == (401, [])
    assert answer.json()["detail"] == "No signature is by a key that the receiver knows."
    assert answer.headers["WWW-Authenticate"] in ("HMAC-SHA256", "Bearer", "Basic")


@pytest.mark.parametrize("market", [WOO, STRIPED], ids=str)
async def test_a_body_that_was_altered_is_refused(market: Market) -> None:
    async with sender_to(market) as sender:
        headers = sender.headers(market.body)
        answer = await sender.post(market.body + b" ", headers)
        assert (answer.status_code, sender.booking.events) == (401, [])


@pytest.mark.parametrize("market", [PLAIN, BASIC], ids=str)
async def test_a_shared_token_proves_the_sender_and_nothing_of_the_body(market: Market) -> None:
    """As the page says of it: whoever reads one request can send any."""
    async with sender_to(market) as sender:
        headers = sender.headers(market.body)
        first, other = await sender.post(market.body, headers), await sender.post(market.body + b" ", headers)
        assert flow_run_of(first) != flow_run_of(other)


async def test_an_event_that_is_sent_again_starts_nothing_new(sender: Sender) -> None:
    """Byte for byte, as one who listened would."""
    headers = sender.headers(sender.market.body) | {"X-WC-Webhook-Topic": "order.created"}
    first = await sender.post(sender.market.body, headers)
    sender.clock.advance(WINDOW - 1)
    again = await sender.post(sender.market.body, headers)
    assert flow_run_of(first) == flow_run_of(again)


async def test_an_event_without_its_proof_is_refused(sender: Sender) -> None:
    headers = sender.headers(sender.market.body)
    once = headers.pop(sender.market.header)
    missing = await sender.post(sender.market.body, headers)
    twice = await sender.post(sender.market.body, [*headers.items(), *[(sender.market.header, once)] * 2])
    assert (missing.status_code, twice.status_code, sender.booking.events) == (401, 401, [])
    assert missing.json()["detail"] == f"{sender.market.header} has to be given once, in printable ASCII."


@pytest.mark.parametrize(
    "value", ["", "x", "t=,v1=", "\xff", "Bearer", "Basic", "t=1767225600", "t=1767225600" + 9 * ",v1=x"]
)
async def test_a_proof_that_cannot_be_is_refused(sender: Sender, value: str) -> None:
    answer = await sender.post(sender.market.body, {sender.market.header: value.encode("latin-1")})
    assert (answer.status_code, sender.booking.events) == (401, [])


@pytest.mark.parametrize("market", MARKETS, ids=str)
async def test_both_keys_are_good_while_they_change(market: Market) -> None:
    async with sender_to(market) as sender:
        flow_run_of(await sender.send(key=KEY))
        flow_run_of(await sender.send(key=FORMER_KEY))
    async with sender_to(market, webhook_settings(CHANNEL_APP_WEBHOOK_SECRET_OLD=None)) as sender:
        assert (await sender.send(key=FORMER_KEY)).status_code == 401


@pytest.mark.parametrize("market", MARKETS, ids=str)
async def test_without_a_key_nobody_is_let_in(market: Market) -> None:
    async with sender_to(market, without_keys()) as sender:
        for key in (STRANGER, KEY):
            assert (await sender.send(key=key)).status_code == 503
        assert sender.booking.events == []


async def test_the_connector_reads_nothing_that_is_not_verified() -> None:
    read: list[bytes] = []

    def event_of(delivery: webhooks.Delivery) -> ChannelEvent | None:
        read.append(delivery.body)
        return None

    async with sender_to(WOO, webhook=webhooks.Webhook(Woo.webhook.scheme, event_of)) as sender:
        await sender.send(key=STRANGER)
        await sender.send(b" " * (BODY_LIMIT + 1))
        assert read == []
        await sender.send()
        assert read == [WOO.body]


async def test_a_body_has_the_same_limit(sender: Sender) -> None:
    body = b" " * (BODY_LIMIT + 1)
    assert (await sender.send(body)).status_code == 413


# -- times, ids and digests --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("off", "status"), [(-301, 401), (-300, 202), (300, 202), (301, 401)])
async def test_a_signed_time_holds_for_five_minutes(off: int, status: int) -> None:
    async with sender_to(STRIPED) as sender:
        answer = await sender.send(timestamp=NOW + off)
        assert answer.status_code == status, answer.text


async def test_a_time_that_was_altered_is_refused() -> None:
    async with sender_to(STRIPED) as sender:
        headers = sender.headers(STRIPED.body, timestamp=NOW - 301)
        altered = {name: value.replace(f"t={NOW - 301}", f"t={NOW}") for name, value in headers.items()}
        assert (await sender.post(STRIPED.body, altered)).status_code == 401


async def test_a_header_with_two_times_is_refused() -> None:
    """Which of them was signed is unknown."""
    async with sender_to(STRIPED) as sender:
        (value,) = sender.headers(STRIPED.body).values()
        assert (await sender.post(STRIPED.body, {"Striped-Signature": f"{value},t={NOW}"})).status_code == 401


async def test_an_equal_body_with_another_signed_time_is_another_event() -> None:
    async with sender_to(STRIPED) as sender:
        first, later = await sender.send(), await sender.send(timestamp=NOW + 1)
        assert flow_run_of(first) != flow_run_of(later)


async def test_an_equal_body_is_another_event_in_another_five_minutes_if_no_time_is_signed() -> None:
    """It may be one. So who replays it starts at most one run in five minutes, which a schedule would start as well."""
    async with sender_to(WOO) as sender:
        runs = []
        for _ in range(3):
            runs.append(flow_run_of(await sender.send()))
            sender.clock.advance(WINDOW)
        assert len(set(runs)) == 3


async def test_an_event_with_an_id_is_booked_once_whenever_it_is_sent_again() -> None:
    body = b'{"type": "order.created", "id": "evt_1"}'
    async with sender_to(STRIPED) as sender:
        first = await sender.send(body)
        sender.clock.advance(24 * 3_600)
        again = await sender.send(body)
        assert flow_run_of(first) == flow_run_of(again)
        assert {event.id for event in sender.booking.events} == {"evt_1"}


async def test_an_id_is_good_for_one_event() -> None:
    async with sender_to(STRIPED) as sender:
        flow_run_of(await sender.send(b'{"type": "order.created", "id": "evt_1"}'))
        assert (await sender.send(b'{"type": "order.created", "id": "evt_1", "a": 1}')).status_code == 409


async def test_a_topic_that_nobody_signed_makes_no_second_event_under_an_id() -> None:
    """A signature of the body covers no header: with another topic it would start another flow."""

    def event_of(delivery: webhooks.Delivery) -> ChannelEvent | None:
        named = order_of_topic(delivery)
        return named and ChannelEvent(named.type, id=str(delivery.data()["id"]))

    async with sender_to(
        WOO, webhook=webhooks.Webhook(webhooks.BodySignature(WOO.header, "base64"), event_of)
    ) as sender:
        flow_run_of(await sender.send())
        altered = sender.headers(WOO.body) | {"X-WC-Webhook-Topic": "order.updated"}
        assert (await sender.post(WOO.body, altered)).status_code == 409


# -- the connector's answer --------------------------------------------------------------------------------------------


async def test_a_batch_is_named_to_the_flow() -> None:
    async with sender_to(STRIPED) as sender:
        answer = await sender.send(b'{"type": "feed.done", "feed": "f-4711"}')
        assert answer.json()["deployment"] == "verify batch/verify-batch-6"
        assert [event.parameters for event in sender.booking.events] == [{"remote_batch_id": "f-4711"}]


async def test_an_event_that_starts_nothing_is_taken() -> None:
    """Or else the marketplace would send it again and again."""
    async with sender_to(STRIPED) as sender:
        answer = await sender.send(b'{"type": "buyer.smiled"}')
        assert (answer.status_code, answer.json(), sender.booking.events) == (202, None, [])


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"canary", "JSONDecodeError"),
        (b"[" * 100_000, "RecursionError"),
        (b"\xff\xfe\xfd", "UnicodeDecodeError"),
        (b'{"type": "order.created", "id": "canary with blanks"}', "ValidationError"),
        (b'{"type": "order.created", "id": ["canary"]}', "ValidationError"),
        (b'{"type": "feed.done", "feed": "canary\\nline"}', "ValidationError"),
        (b'{"type": "feed.done", "feed": null}', "ValidationError"),
    ],
)
async def test_a_body_that_the_connector_cannot_read_is_explained_without_its_content(
    body: bytes, kind: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "channel_app.webhook")
    async with sender_to(STRIPED) as sender:
        answer = await sender.send(body)
    assert (answer.status_code, sender.booking.events) == (422, [])
    explained = f"The connector cannot name the event of this request: {kind} in test_webhook_schemes.py, line "
    assert answer.json()["detail"].startswith(explained)
    assert "canary" not in answer.text + caplog.text


async def test_a_mistake_of_the_connectors_shows_its_line() -> None:
    def event_of(delivery: webhooks.Delivery) -> ChannelEvent | None:
        return ChannelEvent(delivery.data()["no such field"])

    line = event_of.__code__.co_firstlineno + 1
    async with sender_to(
        WOO, webhook=webhooks.Webhook(webhooks.BodySignature(WOO.header, "base64"), event_of)
    ) as sender:
        answer = await sender.send()
    assert answer.status_code == 422
    assert answer.json()["detail"].endswith(f"KeyError in test_webhook_schemes.py, line {line}.")


async def test_only_a_finished_batch_is_named() -> None:
    for event_type, batch in ((EventType.batch_finished, None), (EventType.order_created, "b-1")):
        with pytest.raises(ValidationError, match="batch_finished"):
            ChannelEvent(event_type, batch)


async def test_each_event_is_a_line_of_the_log_without_keys_and_content(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "channel_app.webhook")
    body = b'{"type": "order.created", "id": "evt_1", "note": "canary-payload"}'
    async with sender_to(PLAIN) as sender:
        run = flow_run_of(await sender.send(body))
        await sender.send(body, key=STRANGER)
        await sender.send(b'{"type": "buyer.smiled"}')
    assert [record.getMessage() for record in caplog.records if record.name == "channel_app.webhook"] == [
        f"event evt_1, order_created: 202, flow run {run} of fetch and create order/fetch-and-create-order-on-event-6",
        "event -, -: 401, No signature is by a key that the receiver knows.",
        "event -, -: 202, the connector starts nothing for it",
    ]
    assert "canary" not in caplog.text


async def test_the_description_of_the_api_asks_for_no_header_of_the_programs_own() -> None:
    async with sender_to(WOO) as sender:
        described = (await sender.http.get(f"{sender.url}/openapi.json")).json()
    assert "parameters" not in described["paths"]["/events"]["post"]


# -- the schemes themselves, by examples of others ---------------------------------------------------------------------


def test_the_signature_of_a_body_is_that_of_githubs_example() -> None:
    scheme = webhooks.BodySignature("X-Hub-Signature-256", prefix="sha256=")
    wanted = "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"
    key = SecretStr("It's a Secret to Everybody")
    assert scheme.signature(key, webhooks.Claim((wanted,)), b"Hello, World!") == wanted


def test_basic_credentials_are_those_of_the_rfcs_example() -> None:
    assert webhooks.BasicCredentials().signature(SecretStr("Aladdin:open sesame"), webhooks.Claim(()), b"") == (
        "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=="
    )


async def test_a_connector_can_bring_a_scheme_of_its_own() -> None:
    """Time and signature in headers of their own, as Slack has it."""

    class Slackish(webhooks.SignatureScheme):
        def claim(self, headers: Any) -> webhooks.Claim:
            time = webhooks.header_of(headers, "X-Request-Timestamp")
            if not time.isdecimal():
                raise webhooks.NotSignedError("X-Request-Timestamp has to be a number of seconds.")
            return webhooks.Claim((webhooks.header_of(headers, "X-Request-Signature"),), timestamp=int(time))

        def signature(self, key: SecretStr, claim: webhooks.Claim, body: bytes) -> str:
            return "v0=" + webhooks.hmac_sha256(key, f"v0:{claim.timestamp}:".encode() + body).hex()

    def sign(body: bytes, key: str, timestamp: int) -> Headers:
        signature = "v0=" + _hmac(key, f"v0:{timestamp}:".encode() + body).hex()
        return {"X-Request-Timestamp": str(timestamp), "X-Request-Signature": signature}

    market = Market(Plain, sign, "X-Request-Signature")
    async with sender_to(market, webhook=webhooks.Webhook(Slackish(), event_in_body)) as sender:
        flow_run_of(await sender.send())
        assert (await sender.send(timestamp=NOW - 301)).status_code == 401
        assert (await sender.send(key=STRANGER)).status_code == 401
        headers = sender.headers(market.body) | {"X-Request-Timestamp": "soon"}
        answer = await sender.post(market.body, headers)
        assert answer.json() == {"detail": "X-Request-Timestamp has to be a number of seconds."}


def test_a_connector_without_a_form_of_its_own_takes_the_programs() -> None:
    assert load_webhook("tasks.channel.sandbox") is None
