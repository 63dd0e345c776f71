"""What the merchant was told is remembered by Prefect, from one run to the next."""

from collections.abc import Callable

import pytest
from prefect import get_client

from flows.order import fetch_and_create_order
from tests.runs.records import run
from tests.world.loopback import World
from tests.world.sales import list_products, place

pytestmark = [pytest.mark.flow]


async def test_an_order_that_waits_is_told_once_and_again_when_a_person_deletes_the_note(
    make_world: Callable[..., World],
) -> None:
    world = make_world(failing=0)
    list_products(world)
    place(world, city="Gotham")
    name = "channel-app-told-6-fetch-and-create-order"
    for told in (1, 1, 2):
        if told == 2:
            await _delete(name)
        assert (await run(world, fetch_and_create_order)).state.is_completed()
        assert len([row for row in world.reports if not row["is_ok"]]) == told
    await _delete(name)


async def _delete(name: str) -> None:
    async with get_client() as client:
        await client.delete_variable_by_name(name)
