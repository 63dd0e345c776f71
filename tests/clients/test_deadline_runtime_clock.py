"""The surroundings of a run: deadline, runtime, clock."""

import asyncio
from datetime import UTC

import pytest

from clients.clock import SystemClock
from clients.deadline import deadline, seconds_left
from clients.errors import ConfigError, DeadlineError
from clients.runtime import Runtime, current, using
from tests.clients.support import Sleeper, settings


def test_without_a_deadline_there_is_no_limit(clock: Sleeper):
    """Most calls have no deadline."""
    assert seconds_left(clock) is None


def test_a_deadline_counts_down_with_the_clock(clock: Sleeper):
    """The rest is exact."""
    with deadline(10, clock):
        clock.advance(4)
        assert seconds_left(clock) == pytest.approx(6)


def test_a_deadline_that_has_passed_is_an_error_that_is_spent(clock: Sleeper):
    """Nobody tries again what is too late."""
    with deadline(10, clock):
        clock.advance(10)
        with pytest.raises(DeadlineError) as caught:
            seconds_left(clock)
    assert caught.value.spent


def test_a_deadline_ends_with_its_block_even_after_an_error(clock: Sleeper):
    """The next batch starts without the last one's."""
    with pytest.raises(KeyError), deadline(10, clock):
        raise KeyError
    assert seconds_left(clock) is None


def test_an_inner_deadline_that_is_tighter_holds_and_the_outer_one_comes_back(clock: Sleeper):
    """Deadlines nest."""
    with deadline(100, clock):
        with deadline(10, clock):
            assert seconds_left(clock) == pytest.approx(10)
        assert seconds_left(clock) == pytest.approx(100)


def test_an_inner_deadline_never_extends_the_outer_one(clock: Sleeper):
    """`No request starts more than so many seconds from now` holds for every block that is open."""
    with deadline(10, clock), deadline(100, clock):
        assert seconds_left(clock) == pytest.approx(10)


async def test_a_deadline_reaches_the_tasks_that_are_started_under_it_and_no_others(clock: Sleeper):
    """Two batches side by side have one each."""

    async def left() -> float | None:
        await asyncio.sleep(0)
        return seconds_left(clock)

    outside = asyncio.create_task(left())
    with deadline(10, clock):
        inside = asyncio.create_task(left())
    assert await outside is None
    assert await inside == pytest.approx(10)


def test_using_nests_and_restores():
    """The innermost runtime is in force."""
    outer, inner = Runtime(settings()), Runtime(settings(OMNITRON_CHANNEL_ID=7))
    with using(outer):
        with using(inner) as given:
            assert given is inner
            assert current() is inner
        assert current() is outer


def test_using_restores_after_an_error():
    """A failed run leaves nothing behind."""
    outer = Runtime(settings())
    with using(outer):
        with pytest.raises(KeyError), using(Runtime(settings())):
            raise KeyError
        assert current() is outer


async def test_runs_side_by_side_have_their_own_runtime():
    """A program may run several shops."""

    async def channel_of(number: int) -> int:
        with using(Runtime(settings(OMNITRON_CHANNEL_ID=number))):
            await asyncio.sleep(0)
            return current().settings.OMNITRON_CHANNEL_ID

    assert await asyncio.gather(*map(channel_of, range(1, 6))) == [1, 2, 3, 4, 5]


@pytest.mark.usefixtures("_no_settings")
def test_without_a_runtime_the_environment_decides(monkeypatch: pytest.MonkeyPatch):
    """As in production."""
    for name, value in {
        "OMNITRON_URL": "https://shop.example.com",
        "OMNITRON_USERNAME": "shop",
        "OMNITRON_PASSWORD": "pass-word",
        "OMNITRON_CHANNEL_ID": "9",
        "CHANNEL_MODULE": "a.b",
    }.items():
        monkeypatch.setenv(name, value)
    assert current().settings.OMNITRON_CHANNEL_ID == 9


@pytest.mark.usefixtures("_no_settings")
def test_without_a_runtime_and_without_settings_the_error_says_what_is_missing():
    """Never an attribute error deep below."""
    with pytest.raises(ConfigError, match="OMNITRON_URL is not set"):
        current()


async def test_the_system_clock_is_in_utc_and_never_runs_backwards():
    """Every age is measured with it."""
    clock = SystemClock()
    before = clock.monotonic()
    await clock.sleep(0)
    assert clock.now().tzinfo is UTC
    assert clock.monotonic() >= before
