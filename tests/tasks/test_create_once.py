"""Creating once: what is lost is looked for before anything is created again."""

import pytest

from clients.errors import HubUnavailableError, LostAnswerError, RefusedError
from tasks.create_once import create_once
from tests.clients.support import Sleeper


class Place:
    """Where something is created; some answers are lost, and with them perhaps what was created."""

    def __init__(self, *lost: str) -> None:
        self.lost = list(lost)
        self.things: list[str] = []
        self.done: list[str] = []

    async def create(self) -> str:
        self.done.append("create")
        how = self.lost.pop(0) if self.lost else "answered"
        if how != "not done":
            self.things.append("thing")
        if how != "answered":
            raise LostAnswerError("The answer was lost.")
        return "thing"

    async def find(self) -> str | None:
        self.done.append("find")
        return self.things[0] if self.things else None


async def test_an_answer_is_all_that_is_needed() -> None:
    place, clock = Place(), Sleeper()
    assert await create_once(place.create, place.find, clock) == "thing"
    assert (place.done, clock.sleeps) == (["create"], [])


@pytest.mark.parametrize("before", [0, 1, 2])
async def test_what_was_done_though_its_answer_was_lost_is_not_done_again(before: int) -> None:
    """In the last of three tries too. A create that is still under way is given a moment."""
    place, clock = Place(*["not done"] * before, "done"), Sleeper()
    assert await create_once(place.create, place.find, clock) == "thing"
    assert place.things == ["thing"]
    assert place.done == ["create", "find"] * (before + 1)
    assert clock.sleeps == [1.0, 3.0][: before + 1]


async def test_what_was_not_done_is_done_again() -> None:
    place = Place("not done", "not done")
    assert await create_once(place.create, place.find, Sleeper()) == "thing"
    assert place.things == ["thing"]


async def test_after_three_tries_the_next_run_looks_again() -> None:
    place = Place(*["not done"] * 5)
    with pytest.raises(LostAnswerError):
        await create_once(place.create, place.find, Sleeper())
    assert place.done == ["create", "find"] * 3


@pytest.mark.parametrize("error", [RefusedError("taken", status=400), HubUnavailableError("down")])
async def test_any_other_error_is_the_callers(error: Exception) -> None:
    """Nothing was created, or a look would not help."""

    async def fail() -> str:
        raise error

    place, clock = Place(), Sleeper()
    with pytest.raises(type(error)):
        await create_once(fail, place.find, clock)
    assert (place.done, clock.sleeps) == ([], [])
