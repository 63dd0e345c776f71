"""A batch that the channel answers later is asked for in runs that are booked one after the other."""

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from clients.flow_runs import NotDeployedError, PrefectUnavailableError
from dto.summary import RunOutcome
from flows.booking import FIRST_PAUSE, pause
from flows.product import insert_products
from flows.verify import verify_batch
from tasks.channel.checking import CheckCommand
from tests.world.loopback import World
from tests.world.shop import assert_converged, batches, run


@dataclass
class Booked:
    """One run that somebody asked for."""

    id: UUID
    deployment: str
    parameters: Mapping[str, Any]
    tags: Sequence[str]
    name: str | None
    moment: datetime | None


class Diary:
    """Keeps bookings in a dictionary, as Prefect does by their keys; `error` is raised instead."""

    def __init__(self) -> None:
        self.booked: dict[str, Booked] = {}
        self.error: Exception | None = None
        self.calls = 0

    async def book(
        self,
        deployment: str,
        *,
        parameters: Mapping[str, Any],
        tags: Sequence[str],
        idempotency_key: str,
        name: str | None = None,
        scheduled_time: datetime | None = None,
    ) -> UUID:
        self.calls += 1
        if self.error:
            raise self.error
        fresh = Booked(uuid4(), deployment, parameters, tags, name, scheduled_time)
        return self.booked.setdefault(idempotency_key, fresh).id


@pytest.fixture
def world(make_world: Callable[..., World]) -> World:
    """Six good products, and a channel that answers later."""
    return make_world(failing=0, products=6, asynchronous=True)


@pytest.fixture
def diary(world: World) -> Diary:
    world.flow_runs = found = Diary()
    return found


async def test_a_batch_that_was_accepted_is_booked_to_be_asked_for(world: World, diary: Diary) -> None:
    """Soon, by a run whose name, tag and key say which batch of which channel."""
    (remote,) = (await run(world, insert_products)).remote_batches
    local = batches(world)[0]["local_batch_id"]
    ((key, booked),) = diary.booked.items()
    assert key == f"verify:6:{local}:{remote}:1"
    assert booked.deployment == "verify batch/verify-batch-6"
    assert booked.parameters == {"remote_batch_id": remote, "local_batch_id": local, "attempt": 1}
    assert booked.tags == [f"batch:{local}"]
    assert booked.name and booked.name.startswith(
        f"verify batch {remote} · batch {local[:8]} · channel 6 · 2026-01-01 00:"
    )
    assert booked.moment == world.clock.now() + timedelta(seconds=FIRST_PAUSE)


async def test_each_batch_of_a_run_is_booked_once(world: World, diary: Diary) -> None:
    remotes = (await run(world, insert_products, batch_size=2)).remote_batches
    assert [row.parameters["remote_batch_id"] for row in diary.booked.values()] == list(remotes)
    assert diary.calls == 3


async def test_what_is_answered_at_once_is_not_booked(make_world: Callable[..., World]) -> None:
    world = make_world(failing=0, products=2)
    world.flow_runs = diary = Diary()
    await run(world, insert_products)
    assert diary.calls == 0


async def test_each_ask_books_the_next_until_the_batch_is_settled(world: World, diary: Diary) -> None:
    """Each at its time; the last one books none."""
    await run(world, insert_products)
    counts = []
    for _ in range(3):
        booked = list(diary.booked.values())[-1]
        assert booked.moment
        world.clock.advance((booked.moment - world.clock.now()).total_seconds())
        counts.append((await run(world, verify_batch, **booked.parameters)).counts)
    assert counts == [{"ongoing": 1}, {"ongoing": 1}, {"integrated": 6}]
    assert_converged(world)
    assert [row.parameters["attempt"] for row in diary.booked.values()] == [1, 2, 3]
    moments = [row.moment for row in diary.booked.values() if row.moment]
    assert moments == sorted(set(moments))


async def test_an_ask_that_is_run_twice_books_the_next_once(world: World, diary: Diary) -> None:
    """Runs by hand and by a channel's event come in between: there is one chain all the same."""
    world.market.reset(polls_until_ready=10_000)
    (remote,) = (await run(world, insert_products)).remote_batches
    for _ in range(2):
        await run(world, verify_batch, remote_batch_id=remote)
    assert [row.parameters["attempt"] for row in diary.booked.values()] == [1, 2]


async def test_a_batch_that_is_given_up_is_not_asked_for_again(world: World, diary: Diary) -> None:
    world.market.reset(polls_until_ready=10_000)
    (remote,) = (await run(world, insert_products)).remote_batches
    world.clock.advance(CheckCommand.give_up_after + 1)
    assert (await run(world, verify_batch, remote_batch_id=remote, attempt=150)).failures == {"NeverFinished": 6}
    assert len(diary.booked) == 1


@pytest.mark.parametrize(("number", "seconds"), [(1, 5), (2, 6.5), (3, 8.45), (19, 562.277), (20, 600), (10_000, 600)])
def test_pauses_grow_to_ten_minutes(number: int, seconds: float) -> None:
    assert pause(number) == pytest.approx(seconds)


@pytest.mark.parametrize(
    ("error", "level"),
    [
        (PrefectUnavailableError("Prefect's API did not take the booking (ConnectError)."), logging.WARNING),
        (NotDeployedError("Prefect has no deployment `verify batch/verify-batch-6`."), logging.DEBUG),
    ],
)
async def test_a_booking_that_fails_breaks_nothing(
    world: World, diary: Diary, caplog: pytest.LogCaptureFixture, error: Exception, level: int
) -> None:
    """It is tried and said once a run; the batches are with the channel, and the sweep finds them."""
    caplog.set_level(logging.DEBUG, logger="channel_app")
    diary.error = error
    summary = await run(world, insert_products, batch_size=2)
    assert (summary.outcome, summary.counts) == (RunOutcome.completed, {"accepted": 6})
    assert [row["status"] for row in batches(world)] == ["sent_to_remote"] * 3
    assert diary.calls == 1
    assert [row.levelno for row in caplog.records if str(error) in row.getMessage()] == [level]


async def test_an_ask_whose_successor_cannot_be_booked_ends_well(world: World, diary: Diary) -> None:
    (remote,) = (await run(world, insert_products)).remote_batches
    diary.error = PrefectUnavailableError("Prefect's API did not take the booking (ReadTimeout).")
    summary = await run(world, verify_batch, remote_batch_id=remote)
    assert (summary.outcome, summary.counts) == (RunOutcome.completed, {"ongoing": 1})


async def test_without_prefect_nothing_is_booked(world: World, caplog: pytest.LogCaptureFixture) -> None:
    """A run that belongs to no server says so to those who look for it, and sends all the same."""
    caplog.set_level(logging.DEBUG, logger="channel_app")
    assert (await run(world, insert_products)).counts == {"accepted": 6}
    lines = [row for row in caplog.records if "temporary Prefect server only" in row.getMessage()]
    assert [row.levelno for row in lines] == [logging.DEBUG]
