"""One hostile thing among ten good ones, in both directions: the ten are handled in the same run."""

import asyncio
import copy
import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from clients import runtime
from flows.registry import FLOWS
from tests.harness import hostile
from tests.harness.isolation import FAMILIES, THINGS, Family, Place
from tests.world.driving import KINDS, KINDS_WITH_LISTS
from tests.world.loopback import World
from tests.world.shop import Row

pytestmark = pytest.mark.harness

CASES = 2_000 if hostile.FULL else 20
"""Of each family."""
GONE = object()
OF_OTHERS = (
    *("insert_and_update_products", *(f"insert_and_update_{kind}s" for kind in KINDS)),  # an insert, and an update
    *(
        "verify_batch",
        "compare_listing",
        *(f"compare_{kind}s" for kind in KINDS_WITH_LISTS),
    ),  # a look at what others do
    *("report_health", "update_channel_conf_schema"),  # nothing is handled one by one
)
"""The flows without a family, and why."""


def ways(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The way to every field of a row, the outermost first."""
    fields: Any = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in fields:
        yield (*path, key)
        yield from ways(inner, (*path, key))


def spoil(row: Row, place: Place, number: int, value: Any) -> None:
    """Tells something else in one field of a row, or leaves the field out."""
    known = sorted((way for way in ways(row) if way[0] not in place.keeps), key=lambda way: (len(way), str(way)))
    *path, last = known[number % len(known)]
    holder: Any = row
    for key in path:
        holder = holder[key]
    if value is GONE:
        del holder[last]
    else:
        holder[last] = copy.deepcopy(value)


async def told_wrongly(family: Family, place: Place, number: int, value: Any) -> tuple[World, list[int], str]:
    """The world after the run, the good things that are not done, and the run's end."""
    world, things = await family.prepare()
    world.misprints.append(place.misprint(things[0], lambda row: spoil(row, place, number, value)))
    with runtime.using(world.runtime()):
        summary = await FLOWS[family.flow].fn()
    done = family.done(world, things)
    return world, sorted(set(range(1, THINGS)) - done), str(summary)


@pytest.mark.parametrize("family", FAMILIES, ids=str)
@settings(
    max_examples=CASES,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=list(HealthCheck),
    print_blob=True,
)
@given(data=st.data())
def test_ten_good_things_are_handled_in_the_run_in_which_the_eleventh_is_hostile(
    family: Family, data: st.DataObject
) -> None:
    place = data.draw(st.sampled_from(family.places), "where")
    number = data.draw(st.integers(0, 80), "which field")
    value = data.draw(hostile.tellable | st.just(GONE), "what it says")
    world, left, end = asyncio.run(told_wrongly(family, place, number, value))
    assert left == [], end
    assert json.dumps([row["error_desc"] for row in world.reports], ensure_ascii=False).encode()
    assert [row["status"] for row in world.batches.table if row["status"] in ("initialized", "commit")] == [], end


def test_no_flow_is_forgotten_here() -> None:
    assert {family.flow for family in FAMILIES} | set(OF_OTHERS) == set(FLOWS)


@pytest.mark.parametrize("family", FAMILIES, ids=str)
async def test_every_place_is_told_wrongly_and_without_it_all_eleven_are_handled(family: Family) -> None:
    """Or the test above would prove nothing."""
    world, things = await family.prepare()
    told = [place.misprint(things[0], lambda row: None) for place in family.places]
    world.misprints += told
    with runtime.using(world.runtime()):
        await FLOWS[family.flow].fn()
    assert family.done(world, things) == set(range(THINGS))
    assert [place.address for place, misprint in zip(family.places, told, strict=True) if not misprint.told] == []
