"""How many requests are under way, and how many are repeated."""

import asyncio
import random

import pytest

from clients.limits import AdaptiveLimiter, RetryBudget
from tests.clients.support import yield_to_others


async def test_no_more_requests_are_in_flight_than_the_limit_says():
    """Twenty want three places."""
    limiter, most = AdaptiveLimiter(3), 0

    async def request() -> None:
        nonlocal most
        async with limiter.slot():
            most = max(most, limiter.in_flight)
            await asyncio.sleep(0)

    await asyncio.gather(*(request() for _ in range(20)))
    assert most == 3
    assert limiter.in_flight == 0


async def test_waiters_are_served_in_the_order_of_their_arrival():
    """Nobody starves."""
    limiter, order = AdaptiveLimiter(1), []

    async def request(number: int) -> None:
        async with limiter.slot():
            order.append(number)
            await asyncio.sleep(0)

    await asyncio.gather(*map(request, range(10)))
    assert order == list(range(10))


async def test_a_newcomer_does_not_overtake_those_who_wait():
    """Also in the moment in which a place becomes free."""
    limiter, order = AdaptiveLimiter(1), []

    async def request(name: str) -> None:
        async with limiter.slot():
            order.append(name)

    async with limiter.slot():
        waiting = asyncio.create_task(request("first"))
        await yield_to_others()
    newcomer = asyncio.create_task(request("second"))
    await asyncio.gather(waiting, newcomer)
    assert order == ["first", "second"]


def test_an_overloaded_server_halves_the_limit():
    """16 becomes 8."""
    limiter = AdaptiveLimiter(16)
    limiter.overloaded()
    assert limiter.limit == 8


def test_one_round_of_refusals_halves_the_limit_once():
    """All 16 that were under way are refused: that is one piece of news, not 16."""
    limiter = AdaptiveLimiter(16)
    for _ in range(16):
        limiter.overloaded()
    assert limiter.limit == 8


def test_refusals_that_go_on_halve_the_limit_again_down_to_one():
    """A server that refuses everything, round after round, is left in peace."""
    limiter = AdaptiveLimiter(16)
    for _ in range(200):
        limiter.overloaded()
    assert limiter.limit == 1


def test_a_server_that_refuses_every_second_request_is_asked_less_and_less():
    """Half of a round going well is no reason to keep the limit."""
    limiter = AdaptiveLimiter(16)
    for _ in range(100):
        limiter.overloaded()
        limiter.succeeded()
    assert limiter.limit < 8


def test_the_limit_never_falls_below_one():
    """Or nothing would ever be asked again."""
    limiter = AdaptiveLimiter(1)
    for _ in range(10):
        limiter.overloaded()
    assert limiter.limit == 1


def test_the_limit_grows_back_by_one_a_round_up_to_the_maximum_and_no_further():
    """Slowly, for the server has just recovered."""
    limiter = AdaptiveLimiter(16)
    limiter.overloaded()
    seen = [limiter.limit]
    for _ in range(1_000):
        limiter.succeeded()
        if limiter.limit != seen[-1]:
            seen.append(limiter.limit)
    assert seen == list(range(8, 17))


async def test_a_grown_limit_admits_somebody_who_waits():
    """Not only when the next request ends."""
    limiter = AdaptiveLimiter(2)
    limiter.overloaded()
    limiter.overloaded()
    async with limiter.slot():
        waiting = asyncio.create_task(limiter.slot().__aenter__())
        await yield_to_others()
        assert not waiting.done()
        for _ in range(10):
            limiter.succeeded()
        await yield_to_others()
        assert waiting.done()


async def test_a_request_that_fails_gives_its_place_back():
    """Errors are the normal case here."""
    limiter = AdaptiveLimiter(1)
    with pytest.raises(KeyError):
        async with limiter.slot():
            raise KeyError
    assert limiter.in_flight == 0


async def test_a_waiter_who_is_cancelled_leaves_the_queue():
    """The one behind it comes in."""
    limiter = AdaptiveLimiter(1)
    await limiter._enter()
    cancelled, next_one = asyncio.create_task(limiter._enter()), asyncio.create_task(limiter._enter())
    await yield_to_others()
    cancelled.cancel()
    await yield_to_others()
    limiter.in_flight -= 1
    limiter._admit()
    await asyncio.wait_for(next_one, 1)
    assert cancelled.cancelled()
    assert limiter.in_flight == 1


async def test_a_waiter_who_is_cancelled_in_the_moment_of_admission_gives_its_place_on():
    """The place was his already, and he never learnt of it."""
    limiter = AdaptiveLimiter(1)
    slot = limiter.slot()
    await slot.__aenter__()
    waiting = asyncio.create_task(limiter._enter())
    await yield_to_others()
    await slot.__aexit__(None, None, None)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert limiter.in_flight == 0


@pytest.mark.parametrize("seed", range(20))
async def test_no_place_is_lost_or_invented_whatever_is_cancelled(seed: int):
    """Random arrivals, cancellations and overloads: at the end all places are free, and the limit was kept."""
    dice, limiter = random.Random(seed), AdaptiveLimiter(4)
    most = 0

    async def request() -> None:
        nonlocal most
        async with limiter.slot():
            most = max(most, limiter.in_flight)
            for _ in range(dice.randrange(4)):
                await asyncio.sleep(0)
        dice.choice([limiter.overloaded, limiter.succeeded, limiter.succeeded])()

    tasks: list[asyncio.Task[None]] = []
    for _ in range(200):
        tasks.append(asyncio.create_task(request()))
        if dice.random() < 0.4:
            dice.choice(tasks).cancel()
        if dice.random() < 0.5:
            await asyncio.sleep(0)
    await asyncio.wait_for(asyncio.gather(*tasks, return_exceptions=True), 5)
    assert most <= 4
    assert limiter.in_flight == 0
    assert not limiter._waiting


def test_the_reserve_is_spent_before_anything_was_earned():
    """A few retries are always there."""
    budget = RetryBudget(reserve=3)
    assert [budget.spend() for _ in range(5)] == [True, True, True, False, False]


def test_a_share_of_the_requests_earns_a_retry():
    """Every fourth, at a share of a quarter."""
    budget = RetryBudget(share=0.25, reserve=1)
    spent = 0
    for _ in range(100):
        budget.earn()
        spent += budget.spend()
    assert spent == 26


def test_a_long_calm_does_not_pile_up_retries_for_a_storm():
    """Savings are bounded."""
    budget = RetryBudget(share=0.2, reserve=10)
    for _ in range(10_000):
        budget.earn()
    spent = 0
    while budget.spend():
        spent += 1
    assert spent <= 100
