"""A log-in that a channel wants: one for many requests, again when its key has expired, never again when it was refused."""

import asyncio
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

import httpx
import pytest

from clients.answers import Reply
from clients.calls import Call
from clients.errors import (
    AuthError,
    ChannelAppError,
    ChannelUnavailableError,
    ConfigError,
    ContractError,
    LostAnswerError,
    RateLimitedError,
    RejectedError,
)
from clients.log_in import EARLY, Key, LogIn, Send, bearer
from clients.runtime import Runtime
from clients.transport import Transport
from tests.clients.support import ADDRESS, Script, Sleeper, answer, settings

HOUR = 3_600.0


class Market:
    """A channel with a log-in: every key is another, and only the latest is good."""

    def __init__(self, clock: Sleeper, *, status: int = 200, seconds: float | None = HOUR) -> None:
        self.clock, self.status, self.seconds = clock, status, seconds
        self.log_ins = 0
        self.asked: list[str] = []
        self.is_stern = False
        """No key is ever good."""

    def __call__(self, request: httpx.Request) -> httpx.Response:
        if request.url.path == "/token":
            self.log_ins += 1
            assert "Authorization" not in request.headers
            return answer({"access_token": f"key-number-{self.log_ins}"}, self.status)
        given = request.headers.get("Authorization", request.headers.get("Cookie", ""))
        self.asked.append(given)
        good = given.endswith(f"key-number-{self.log_ins}") and not self.is_stern
        return answer({"ok": True}, 200 if good else 401)

    def transport(self, headers: Callable[[str], Mapping[str, str]] = bearer, **parameters: Any) -> Transport:
        async def fetch(send: Send) -> Key:
            reply = await send(Call("POST", "token", form={"grant_type": "client_credentials"}, repeatable=True))
            return Key(reply.data["access_token"], self.seconds)

        self.runtime = Runtime(settings(), self.clock, lambda in_flight: httpx.MockTransport(self))
        log_in = LogIn(fetch, self.runtime, headers)
        return Transport(
            "The market", ADDRESS, self.runtime, unavailable=ChannelUnavailableError, log_in=log_in, **parameters
        )


READ = Call("GET", "orders")


async def test_many_requests_have_one_log_in(clock: Sleeper) -> None:
    """Its key is masked in all texts of the run."""
    market = Market(clock)
    async with market.transport() as transport:
        await asyncio.gather(*(transport.send(READ) for _ in range(20)))
    assert (market.log_ins, set(market.asked)) == (1, {"Bearer key-number-1"})
    assert "key-number-1" not in market.runtime.redactor.text("with key-number-1")


async def test_a_session_travels_in_the_header_that_the_channel_wants(clock: Sleeper) -> None:
    market = Market(clock)
    async with market.transport(lambda key: {"Cookie": f"session={key}"}) as transport:
        await transport.send(READ)
    assert market.asked == ["session=key-number-1"]


async def test_a_key_that_was_refused_is_replaced_once_for_all(clock: Sleeper) -> None:
    """The channel has forgotten it in mid-run: each request is sent once more, after one log-in."""
    market = Market(clock)
    async with market.transport() as transport:
        await transport.send(READ)
        market.log_ins += 1  # somebody else logged in: the old key is void
        replies = await asyncio.gather(*(transport.send(READ) for _ in range(10)))
    assert [reply.status for reply in replies] == [200] * 10
    assert market.log_ins == 3


async def test_a_key_is_replaced_before_it_expires(clock: Sleeper) -> None:
    market = Market(clock)
    async with market.transport() as transport:
        for wait in (0, HOUR * EARLY - 10, 20):
            clock.advance(wait)
            await transport.send(READ)
    assert market.asked == ["Bearer key-number-1", "Bearer key-number-1", "Bearer key-number-2"]


async def test_a_second_refusal_is_an_error(clock: Sleeper) -> None:
    market = Market(clock)
    market.is_stern = True
    async with market.transport() as transport:
        with pytest.raises(AuthError):
            await transport.send(READ)
    assert (market.log_ins, len(market.asked)) == (2, 2)


@pytest.mark.parametrize("status", [400, 401, 403])
async def test_a_refused_log_in_is_not_tried_again(clock: Sleeper, status: int) -> None:
    """An account locks after a few."""
    market = Market(clock, status=status)
    async with market.transport() as transport:
        for _ in range(3):
            with pytest.raises(AuthError):
                await transport.send(READ)
    assert (market.log_ins, market.asked) == (1, [])


@pytest.mark.parametrize("body", [{}, {"access_token": None}, {"access_token": ""}, []])
async def test_a_log_in_without_a_key_is_not_tried_again_either(clock: Sleeper, body: Any) -> None:
    """A channel may refuse it with a status of 200."""
    script = Script(answer(body))

    async def fetch(send: Send) -> Key:
        return Key((await send(Call("POST", "token", body={}, repeatable=True))).data["access_token"])

    runtime = Runtime(settings(), clock, lambda in_flight: httpx.MockTransport(script))
    log_in = LogIn(fetch, runtime)
    async with Transport(
        "The market", ADDRESS, runtime, unavailable=ChannelUnavailableError, log_in=log_in
    ) as transport:
        asked = await asyncio.gather(*(transport.send(READ) for _ in range(5)), return_exceptions=True)
    assert all(isinstance(each, ContractError | KeyError | TypeError) for each in asked)
    assert len(script.requests) == 1


async def test_after_a_refused_log_in_the_old_key_is_not_used_any_more(clock: Sleeper) -> None:
    market = Market(clock)
    async with market.transport() as transport:
        await transport.send(READ)
        market.is_stern, market.status = True, 400
        for _ in range(3):
            with pytest.raises(AuthError):
                await transport.send(READ)
    assert (market.log_ins, len(market.asked)) == (2, 2)


async def test_a_log_in_that_waits_for_itself_says_so(clock: Sleeper) -> None:
    """It sends with the transport, not with the `send` that it is given."""
    transports: list[Transport] = []

    async def fetch(_: Send) -> Key:
        await transports[0].send(Call("POST", "token", body={}))
        return Key("never")

    runtime = Runtime(settings(), clock, lambda in_flight: httpx.MockTransport(Script(answer({}))))
    log_in = LogIn(fetch, runtime)
    async with Transport(
        "The market", ADDRESS, runtime, unavailable=ChannelUnavailableError, log_in=log_in
    ) as transport:
        transports.append(transport)
        with pytest.raises(ConfigError, match="the `send` that it is given"):
            await transport.send(READ)


@pytest.mark.parametrize("seconds", [Decimal("3600.0"), 3_600, "3600"])
def test_the_life_of_a_key_may_be_any_number(seconds: Any) -> None:
    assert Key("k", seconds).seconds == HOUR


def test_a_life_that_is_no_number_breaks_the_contract() -> None:
    with pytest.raises(ContractError, match="in seconds"):
        Key("k", "an hour")  # type: ignore[arg-type]  # as a channel may say


@pytest.mark.parametrize("value", ["", "a\r\nX-Evil: 1", "anahtar-ş"])
def test_a_key_that_fits_into_no_header_breaks_the_contract(value: str) -> None:
    with pytest.raises(ContractError, match="no key that fits into a header"):
        Key(value)


# -- errors under a good status ----------------------------------------------------------------------------------------


def judge(call: Call, reply: Reply) -> ChannelAppError | None:
    """Of a channel that says all with a status of 200."""
    match reply.data:
        case {"error": "THROTTLED"}:
            return RateLimitedError(f"The market throttles {call}.")
        case {"error": str() as why}:
            return RejectedError(f"The market refused {call}: {why}.")
    return None


async def test_a_refusal_under_a_good_status_is_retried_if_it_is_temporary(clock: Sleeper) -> None:
    script = Script(answer({"error": "THROTTLED"}), answer({"ok": True}))
    runtime = Runtime(settings(), clock, lambda in_flight: httpx.MockTransport(script))
    async with Transport("The market", ADDRESS, runtime, unavailable=ChannelUnavailableError, judge=judge) as transport:
        assert (await transport.send(Call("POST", "graphql", body={}))).data == {"ok": True}
    assert len(script.requests) == 2


async def test_a_key_that_is_refused_under_a_good_status_is_replaced(clock: Sleeper) -> None:
    market = Market(clock)

    def expired(_: Call, reply: Reply) -> ChannelAppError | None:
        return AuthError("The key has expired.") if len(market.asked) == 1 and reply.data == {"ok": True} else None

    async with market.transport(judge=expired) as transport:
        assert (await transport.send(READ)).data == {"ok": True}
    assert market.log_ins == 2


def down(*_: Any) -> ChannelAppError:
    return ChannelUnavailableError("The market is closed.")


def clumsy(*_: Any) -> ChannelAppError:
    raise KeyError("errors")


@pytest.mark.parametrize("judge", [down, clumsy])
async def test_a_create_that_is_judged_badly_may_have_been_applied(clock: Sleeper, judge: Any) -> None:
    """So it is a lost answer: whoever sent it looks before it is sent again."""
    script = Script(answer({}))
    runtime = Runtime(settings(), clock, lambda in_flight: httpx.MockTransport(script))
    async with Transport("The market", ADDRESS, runtime, unavailable=ChannelUnavailableError, judge=judge) as transport:
        with pytest.raises(LostAnswerError):
            await transport.send(Call("POST", "orders", body={}))
    assert len(script.requests) == 1


async def test_a_refusal_under_a_good_status_is_an_error(clock: Sleeper) -> None:
    script = Script(answer({"error": "no such category"}))
    runtime = Runtime(settings(), clock, lambda in_flight: httpx.MockTransport(script))
    async with Transport("The market", ADDRESS, runtime, unavailable=ChannelUnavailableError, judge=judge) as transport:
        with pytest.raises(RejectedError, match="no such category"):
            await transport.send(Call("POST", "graphql", body={}))
    assert len(script.requests) == 1
