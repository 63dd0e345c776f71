"""Only requests that were signed recently, byte for byte, get in."""

import asyncio
import hmac
import random
from collections.abc import AsyncIterator, Callable
from typing import Any

import httpx
import pytest
from pydantic import SecretStr

from clients.webhooks import Claim
from deployments import signatures
from deployments.signatures import BODY_LIMIT, OwnSignature, is_signed, signature
from tests.deployments.webhooks import BASE, FORMER_KEY, KEY, ORDER, Receiver, flow_run_of, raw

MUTATIONS = 2_000
NO_JSON = b"{{{"


async def test_an_example_that_was_computed_elsewhere() -> None:
    """`printf 'evt-1.1767225600.{"type": "order_created"}' | openssl dgst -sha256 -hmac canary-present-key`."""
    known = "c48f3856e89ca24e01e07883a0f599de69d8741d57f962e7a03a38b4f0ffc720"
    assert signature(SecretStr(KEY), "evt-1", "1767225600", ORDER) == known
    receiver = Receiver()
    assert receiver.timestamp == 1_767_225_600
    assert receiver.headers()["X-Channel-Signature"] == known


# -- the controls, each with a test that fails without it --------------------------------------------------------------


async def test_what_is_not_verified_is_not_parsed() -> None:
    """The same body is parsed only after its signature was verified."""
    receiver = Receiver()
    assert (await receiver.post(NO_JSON, key="x" * 16)).status_code == 401
    assert (await receiver.post(NO_JSON)).status_code == 422


def test_signatures_are_compared_in_constant_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each with each, to the end, by `compare_digest`: no `==`, and no early exit after a match."""
    compared: list[tuple[str, str]] = []

    def compare(good: bytes, given: bytes) -> bool:
        compared.append((good.decode(), given.decode()))
        return good == given

    monkeypatch.setattr(hmac, "compare_digest", compare)
    keys = [SecretStr(KEY), SecretStr(FORMER_KEY)]
    good = [signature(key, "evt-1", "1", ORDER) for key in keys]
    for candidates, expected in (([good[0], "0" * 64], True), (["0" * 64, good[1]], True), (["0" * 64] * 2, False)):
        compared.clear()
        claim = Claim(tuple(candidates), timestamp=1, event_id="evt-1")
        assert is_signed(OwnSignature(), keys, claim, ORDER) is expected
        assert sorted(compared) == sorted((mine, given) for mine in good for given in candidates)


@pytest.mark.parametrize(("off", "status"), [(-301, 401), (-300, 202), (0, 202), (300, 202), (301, 401)])
async def test_a_timestamp_holds_for_five_minutes(off: int, status: int) -> None:
    receiver = Receiver()
    answer = await receiver.post(timestamp=receiver.timestamp + off)
    assert answer.status_code == status, answer.text


async def test_a_request_that_was_listened_to_is_worthless_later() -> None:
    receiver = Receiver()
    headers = receiver.headers()
    flow_run_of(await receiver.http.post("/events", content=ORDER, headers=headers))
    receiver.clock.advance(301)
    answer = await receiver.http.post("/events", content=ORDER, headers=headers)
    assert answer.status_code == 401
    assert "300 seconds off" in answer.json()["detail"]


@pytest.mark.parametrize("name", ["X-Channel-Event-Id", "X-Channel-Timestamp", "X-Channel-Signature"])
@pytest.mark.parametrize(
    "value",
    [
        b"",
        b" ",
        b"x" * 8_192,
        b"\x00",
        b"\xff",
        "\u0661\u0662".encode(),
        b"-1",
        b"+1767225600",
        b"1e9",
        b"NaN",
        b"9" * 400,
    ],
)
async def test_a_header_that_cannot_be_is_refused(name: str, value: bytes) -> None:
    receiver = Receiver()
    headers = {**dict(raw(receiver.headers())), name.lower().encode(): value}
    answer = await receiver.http.post("/events", content=ORDER, headers=headers)
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"]
    assert answer.headers["Connection"] == "close"  # what is left of the body is no request


@pytest.mark.parametrize("name", ["X-Channel-Event-Id", "X-Channel-Timestamp", "X-Channel-Signature"])
async def test_a_header_with_a_line_break_behind_it_is_refused(name: str) -> None:
    """A server would not pass one on; if one did, the log would show two lines."""
    receiver = Receiver()
    headers = [
        (key, value + b"\n" if key == name.lower().encode() else value) for key, value in raw(receiver.headers())
    ]
    assert await Sender(receiver, [ORDER], headers=headers).send() == 401


@pytest.mark.parametrize("path", ["/healthy", "/health/", "/openapi.json/x", "/", "//health"])
async def test_a_path_that_only_resembles_an_open_one_is_closed(path: str) -> None:
    assert (await Receiver().http.get(path)).status_code == 401


async def test_what_is_no_request_is_left_to_the_application() -> None:
    """A server that starts it up is answered."""
    said: list[str] = []

    async def receive() -> dict[str, Any]:
        return {"type": "lifespan.shutdown" if said else "lifespan.startup"}

    async def send(message: Any) -> None:
        said.append(message["type"])

    await Receiver().app({"type": "lifespan", "asgi": {"version": "3.0"}, "state": {}}, receive, send)
    assert said == ["lifespan.startup.complete", "lifespan.shutdown.complete"]


async def test_after_its_body_the_application_hears_what_comes() -> None:
    """Once: a body that came again and again would be one without an end."""

    async def receive() -> dict[str, Any]:
        return {"type": "http.disconnect"}

    replay = signatures._replaying(ORDER, receive)
    assert [(await replay())["type"] for _ in range(3)] == ["http.request", "http.disconnect", "http.disconnect"]


@pytest.mark.parametrize("name", ["X-Channel-Event-Id", "X-Channel-Timestamp", "X-Channel-Signature"])
async def test_a_header_is_there_once(name: str) -> None:
    """With two, the right one is unknown."""
    receiver = Receiver()
    headers = receiver.headers()
    once = headers.pop(name)
    assert (await receiver.http.post("/events", content=ORDER, headers=headers)).status_code == 401
    twice = [*headers.items(), (name, once), (name, once)]
    assert (await receiver.http.post("/events", content=ORDER, headers=twice)).status_code == 401


@pytest.mark.parametrize(
    ("event_id", "status"), [("!~/:", 202), ("e" * 128, 202), ("e" * 129, 401), ("a b", 401), ("a.1767225600", 401)]
)
async def test_an_id_is_printable_and_short_and_has_no_full_stop(event_id: str, status: int) -> None:
    """A full stop ends it in the signed text: with one inside, two requests would have one signature."""
    assert (await Receiver().post(event_id=event_id)).status_code == status


@pytest.mark.parametrize("between", [",", ", ", " "])
async def test_one_of_several_signatures_is_enough(between: str) -> None:
    """A sender that is changing its key signs with both."""
    receiver = Receiver()
    good = receiver.headers()["X-Channel-Signature"]
    bad = "0" * 64
    for texts, status in (
        ([good, bad], 202),
        ([bad, good], 202),
        ([*[bad] * 7, good], 202),
        ([bad, bad], 401),
        ([good] * 9, 401),
        ([good, ""], 401),
    ):
        headers = {**receiver.headers(), "X-Channel-Signature": between.join(texts)}
        assert (await receiver.http.post("/events", content=ORDER, headers=headers)).status_code == status


# -- bodies that are too large -----------------------------------------------------------------------------------------


class Sender:
    """Hands a request to the application piece by piece, with any claimed length."""

    def __init__(
        self,
        receiver: Receiver,
        pieces: list[bytes],
        claimed: str | None = None,
        headers: list[tuple[bytes, bytes]] | None = None,
    ) -> None:
        self._receiver = receiver
        self._pieces = pieces
        self.read = 0
        self._headers = headers or raw(receiver.headers(b"".join(pieces)))
        if claimed is not None:
            self._headers.append((b"content-length", claimed.encode()))
        self.status = 0

    async def send(self, *, gone: bool = False, stalled: bool = False) -> int:
        """The status of the answer; 0 without an answer."""

        async def receive() -> dict[str, Any]:
            if self.read < len(self._pieces):
                self.read += 1
                more = self.read < len(self._pieces) or gone or stalled
                return {"type": "http.request", "body": self._pieces[self.read - 1], "more_body": more}
            if stalled:
                await asyncio.Event().wait()
            return {"type": "http.disconnect"}

        async def answered(message: Any) -> None:
            self.status = message.get("status", self.status)

        scope = {
            "type": "http", "method": "POST", "path": "/events", "raw_path": b"/events", "query_string": b"",
            "headers": self._headers, "root_path": "", "scheme": "http", "http_version": "1.1",
            "client": None, "server": None,
        }  # fmt: skip
        await self._receiver.app(scope, receive, answered)
        return self.status


PIECE = b" " * 65_536
FULL = [ORDER, b" " * (BODY_LIMIT - len(ORDER))]


@pytest.mark.parametrize("claimed", [None, "0", "24", str(BODY_LIMIT)])
async def test_a_body_is_not_read_beyond_its_limit(claimed: str | None) -> None:
    """With any claimed length, or without one."""
    sender = Sender(Receiver(), [PIECE] * 100, claimed)
    assert await sender.send() == 413
    assert sender.read == BODY_LIMIT // len(PIECE) + 1


@pytest.mark.parametrize("claimed", [str(BODY_LIMIT + 1), "9" * 5_000, "-1", "many", ""])
async def test_a_body_that_claims_to_be_larger_is_not_read_at_all(claimed: str) -> None:
    sender = Sender(Receiver(), [ORDER], claimed)
    assert await sender.send() == 413
    assert sender.read == 0


async def test_a_body_of_just_that_size_is_taken() -> None:
    """One MiB, as the documentation says."""
    assert sum(map(len, FULL)) == 2**20
    assert await Sender(Receiver(), FULL).send() == 202
    assert await Sender(Receiver(), [*FULL, b" "]).send() == 413


async def test_who_stops_sending_is_not_waited_for() -> None:
    receiver = Receiver(body_seconds=0)
    assert await Sender(receiver, [ORDER]).send(stalled=True) == 408
    assert receiver.booking.events == []


async def test_who_hangs_up_is_not_answered() -> None:
    receiver = Receiver()
    assert await Sender(receiver, [ORDER]).send(gone=True) == 0
    assert receiver.booking.events == []


# -- a request that differs in any byte --------------------------------------------------------------------------------

Mutation = Callable[[random.Random, bytes], bytes]


def _put(dice: random.Random, text: bytes, length: int, middle: bytes) -> bytes:
    at = dice.randrange(len(text))
    return text[:at] + middle + text[at + length :]


def _flip(dice: random.Random, text: bytes) -> bytes:
    at = dice.randrange(len(text))
    return text[:at] + bytes([text[at] ^ 1 << dice.randrange(8)]) + text[at + 1 :]


WAYS: dict[str, Mutation] = {
    "flip": _flip,
    "replace": lambda dice, text: _put(dice, text, 1, dice.randbytes(1)),
    "insert": lambda dice, text: _put(dice, text, 0, dice.randbytes(dice.randint(1, 4))),
    "delete": lambda dice, text: _put(dice, text, dice.randint(1, 4), b""),
    "cut": lambda dice, text: text[: dice.randrange(len(text))],
    "double": lambda _dice, text: text + text,
    "other": lambda dice, text: dice.randbytes(len(text)),
    "digit": lambda dice, text: _put(dice, text, 1, dice.choice(b"0123456789abcdef").to_bytes()),
}


async def test_no_request_that_was_changed_on_its_way_is_accepted() -> None:
    """Names and values of the headers, and the body. No change breaks the receiver."""
    dice = random.Random(20_260_101)
    receiver = Receiver()
    original = raw(receiver.headers())
    # The type of the content is not signed.
    names = [name for name, _ in original if name != b"content-type"]
    regions = [(part, name) for part in ("name", "value") for name in names] + [("body", b"")]
    done = 0
    while done < MUTATIONS:
        part, name = regions[done % len(regions)]
        text = {"name": name, "value": dict(original).get(name, b""), "body": ORDER}[part]
        way = dice.choice(list(WAYS))
        mutated = WAYS[way](dice, text)
        if mutated == text or (part == "name" and mutated.lower() == name):
            continue
        done += 1
        headers = [
            (mutated if part == "name" and key == name else key, mutated if part == "value" and key == name else value)
            for key, value in original
        ]
        status = await Sender(receiver, [mutated if part == "body" else ORDER], headers=headers).send()
        assert status == 401, f"{way} of the {part} {name!r} to {mutated!r}: {status}"
    assert receiver.booking.events == []
    flow_run_of(await receiver.post())


async def test_the_parts_of_what_is_signed_cannot_be_moved() -> None:
    """From id to timestamp to body."""
    receiver = Receiver()
    now = receiver.timestamp
    body = f"{now}.".encode() + ORDER
    headers = receiver.headers(body, "evt-1")
    headers["X-Channel-Event-Id"] = f"evt-1.{now}"
    assert (await receiver.http.post("/events", content=ORDER, headers=headers)).status_code == 401
    assert signatures.EVENT_ID_PATTERN.find(".") == -1


async def test_a_body_in_chunks_is_put_together() -> None:
    receiver = Receiver()

    async def chunks() -> AsyncIterator[bytes]:
        for byte in ORDER:
            yield bytes([byte])

    async with httpx.AsyncClient(transport=httpx.ASGITransport(receiver.app), base_url=BASE) as http:
        flow_run_of(await http.post("/events", content=chunks(), headers=receiver.headers()))
