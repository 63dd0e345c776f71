"""A key that several processes and runs of a channel share."""

import asyncio
import json

import httpx
import pytest

from clients.calls import Call
from clients.errors import AuthError, ChannelUnavailableError
from clients.kept_key import KeptKey
from clients.log_in import Key, LogIn, Send
from clients.runtime import Runtime
from clients.state import State
from clients.transport import Transport
from clients.variables import MemorySecrets, MemoryVariables
from tests.clients.support import ADDRESS, Sleeper, answer, settings

HOUR = 3_600.0
READ = Call("GET", "orders")
BLOCK = "channel-app-6-log-in"


class Market:
    """A channel whose log-in ends the key before; its processes share a Prefect server."""

    def __init__(self, clock: Sleeper, seconds: float | None = HOUR) -> None:
        self.clock, self.seconds = clock, seconds
        self.variables, self.secrets = MemoryVariables(), MemorySecrets()
        self.log_ins = 0
        self.refused = 0
        self.good = ""

    async def __call__(self, request: httpx.Request) -> httpx.Response:
        await asyncio.sleep(0)
        if request.url.path == "/token":
            self.log_ins += 1
            self.good = f"key-number-{self.log_ins}"
            return answer({"access_token": self.good})
        is_good = request.headers["Authorization"] == f"Bearer {self.good}"
        self.refused += not is_good
        return answer({}, 200 if is_good else 401)

    def process(self, account: str = "shop-7") -> Transport:
        """Another process that speaks to it."""

        async def fetch(send: Send) -> Key:
            reply = await send(Call("POST", "token", repeatable=True))
            return Key(reply.data["access_token"], self.seconds)

        runtime = Runtime(
            settings(),
            self.clock,
            lambda in_flight: httpx.MockTransport(self),
            variables=self.variables,
            secrets=self.secrets,
        )
        log_in = LogIn(fetch, runtime, kept=KeptKey(State(runtime), account))
        return Transport("The market", ADDRESS, runtime, unavailable=ChannelUnavailableError, log_in=log_in)


async def test_a_later_run_uses_the_key_while_it_is_good(clock: Sleeper) -> None:
    """And masks it."""
    market = Market(clock)
    await market.process().send(READ)
    clock.advance(HOUR / 2)
    later = market.process()
    await later.send(READ)
    assert (market.log_ins, market.refused) == (1, 0)
    assert later.redactor.text("with key-number-1") == "with ***"
    clock.advance(HOUR * 0.45)  # nine tenths of its life are over: also for who found it in the middle
    await later.send(READ)
    await market.process().send(READ)
    assert (market.log_ins, market.refused) == (2, 0)


async def test_a_key_whose_life_is_not_told_is_used_until_it_is_refused(clock: Sleeper) -> None:
    market = Market(clock, seconds=None)
    await market.process().send(READ)
    clock.advance(HOUR * 100)
    await market.process().send(READ)
    market.good = "another"
    await market.process().send(READ)
    assert (market.log_ins, market.refused) == (2, 1)


async def test_processes_that_start_together_log_in_once(clock: Sleeper) -> None:
    market = Market(clock)
    await asyncio.gather(*(market.process().send(READ) for _ in range(5)))
    assert market.log_ins == 1


async def test_a_key_that_two_processes_find_refused_is_replaced_once(clock: Sleeper) -> None:
    """The second log-in would end the key of the first, and so on."""
    market = Market(clock)
    processes = [market.process() for _ in range(3)]
    for process in processes:
        await process.send(READ)
    market.good = "taken away"
    await asyncio.gather(*(process.send(READ) for process in processes))
    assert (market.log_ins, market.refused) == (2, 3)
    assert market.variables.kept == {}


async def test_a_key_of_another_account_is_not_used(clock: Sleeper) -> None:
    """After the merchant entered another shop, the old key would still be good: for the wrong shop."""
    market = Market(clock)
    await market.process("shop-7").send(READ)
    await market.process("shop-8").send(READ)
    assert market.log_ins == 2


async def test_the_block_names_no_account(clock: Sleeper) -> None:
    market = Market(clock)
    await market.process("shop-7").send(READ)
    secret = await market.secrets.read(BLOCK)
    assert secret is not None
    kept = json.loads(secret.get_secret_value())
    assert kept["key"] == "key-number-1"
    assert "shop-7" not in secret.get_secret_value()


@pytest.mark.parametrize("text", ["", "nonsense", "{}", '{"key": 7}'])
async def test_a_block_that_somebody_else_wrote_is_no_key(text: str, clock: Sleeper) -> None:
    market = Market(clock)
    await State(Runtime(settings(), clock, secrets=market.secrets)).put_secret("log-in", text)
    await market.process().send(READ)
    assert market.log_ins == 1


async def test_a_refused_log_in_lets_the_next_process_try(clock: Sleeper) -> None:
    """Its turn ends with it."""
    market = Market(clock)

    async def fetch(send: Send) -> Key:
        raise AuthError("The market refused the log-in.")

    process = market.process()
    assert process._log_in is not None
    process._log_in._fetch = fetch
    with pytest.raises(AuthError):
        await process.send(READ)
    began = clock.monotonic()
    await market.process().send(READ)
    assert clock.monotonic() == began
