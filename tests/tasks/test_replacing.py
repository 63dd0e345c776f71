"""Packages and items that take the place of others: no line is lost, and none is there twice."""

from datetime import timedelta
from typing import Any

import pytest

from dto.base import wire_date
from dto.enums import ContentType
from dto.orders import CancelOrderDto, ChannelCreateOrderDto, ChannelUpdateOrderItemDto
from tasks.omnitron.orders.arrivals import Arrival
from tasks.omnitron.orders.cancellations import CreateOrderCancel
from tasks.omnitron.orders.joining import RowsDifferError, joined_order
from tasks.omnitron.orders.known_orders import GetMissingOrders
from tests.world.driving import heal, until_killed
from tests.world.loopback import Killed, World
from tests.world.sales import PLACED, brought_in, item, list_products, order, updated_items
from tests.world.shop import Row, action, actions, opened, requests_of


@pytest.fixture
def world(world: World) -> World:
    """A shop whose products are on the channel."""
    list_products(world)
    return world


def package(world: World, name: str, *lines: str, replaces: str | None = None, **fields: Any) -> ChannelCreateOrderDto:
    """A package with these lines, of order SP1 by default."""
    entry = order(
        world, *(item(world, remote_id=line) for line in lines), **{"remote_id": name, "number": "SP1", **fields}
    )
    return entry.model_copy(update={"replaces": replaces})


def change(remote_id: str, replaces: str | None = None, **fields: Any) -> ChannelUpdateOrderItemDto:
    """A change of an item of order SP1."""
    return ChannelUpdateOrderItemDto(remote_id, order_number="SP1", replaces=replaces, **fields)


async def missing(world: World, *entries: ChannelCreateOrderDto) -> list[str]:
    """The ids of the packages that a run would take in."""
    async with opened(world, ContentType.order, create_batch=False) as hub:
        found: list[ChannelCreateOrderDto] = await hub.do_action(GetMissingOrders, objects=entries)
    return [entry.order.remote_id for entry in found]


def outcomes(arrivals: list[Arrival]) -> list[str]:
    return [arrival.code or arrival.outcome for arrival in arrivals]


def ids(world: World, content_type: str) -> list[tuple[Any, Any]]:
    """The id in each row, and in its action."""
    rows = world.orders if content_type == "order" else world.order_items
    found = []
    for row in rows:
        own = action(world, row["pk"], content_type)
        found.append((row["extra_field"]["id"], own and own["remote_id"]))
    return found


async def dies(world: World, path: str, moment: str, work: Any) -> None:
    """The run is dead from a PATCH of this path on."""

    def hook(_: int, request: Any, when: str) -> None:
        if request.method == "PATCH" and path in request.url.path and when == moment:
            raise Killed

    world.hook = hook
    assert await until_killed(work)
    heal(world)


# -- items -------------------------------------------------------------------------------------------------------------


async def test_an_item_is_bound_to_the_id_that_replaces_its_own(world: World) -> None:
    await brought_in(world, package(world, "P1", "77", "80"))
    assert outcomes(await updated_items(world, change("78", "77", tracking_number="TN1"))) == ["changed"]
    assert ids(world, "orderitem") == [("78", "78"), ("80", "80")]
    assert next(iter(world.order_items))["tracking_number"] == "TN1"


async def test_a_replacement_that_is_listed_again_changes_nothing(world: World) -> None:
    await brought_in(world, package(world, "P1", "77"))
    await updated_items(world, change("78", "77"))
    with requests_of(world) as seen:
        assert outcomes(await updated_items(world, change("78", "77"))) == ["unchanged"]
    assert [request.url.path for request in seen if request.method != "GET"] == []


@pytest.mark.parametrize("moment", ["before", "after"])
@pytest.mark.parametrize("path", ["/order_items/", "/integration_actions/"])
@pytest.mark.parametrize("number", ["SP1", None])
async def test_a_run_that_dies_in_the_middle_of_a_replacement_is_made_up_for(
    world: World, path: str, moment: str, number: str | None
) -> None:
    await brought_in(world, package(world, "P1", "77"))
    update = ChannelUpdateOrderItemDto("78", order_number=number, replaces="77")
    await dies(world, path, moment, updated_items(world, update))
    await updated_items(world, update)
    assert ids(world, "orderitem") == [("78", "78")]
    assert next(iter(world.order_items))["extra_field"]["replaced_ids"] == ["77"]


async def test_an_item_that_is_replaced_twice_has_its_last_id(world: World) -> None:
    """However the channel orders its list, and on the next run too."""
    await brought_in(world, package(world, "P1", "77"))
    listed = [change("79", "78"), change("77", tracking_number="TN1"), change("78", "77")]
    assert outcomes(await updated_items(world, *listed)) == ["changed"]
    assert outcomes(await updated_items(world, *listed)) == ["unchanged"]
    assert ids(world, "orderitem") == [("79", "79")]


async def test_an_older_replacement_takes_nothing_back(world: World) -> None:
    await brought_in(world, package(world, "P1", "77"))
    for replacement in (change("78", "77"), change("79", "78"), change("78", "77")):
        await updated_items(world, replacement)
    assert ids(world, "orderitem") == [("79", "79")]


async def test_of_two_items_that_replace_one_the_second_is_reported(world: World) -> None:
    """Omnitron has one item: the second's changes are not written into the first."""
    await brought_in(world, package(world, "P1", "77"))
    listed = change("78", "77", tracking_number="TN1"), change("79", "77", tracking_number="TN2")
    for _ in range(2):
        found = await updated_items(world, *listed)
        assert "OrderItemNotFound" in outcomes(found)
    assert next(iter(world.order_items))["tracking_number"] in ("TN1", "TN2")
    assert len({remote_id for pair in ids(world, "orderitem") for remote_id in pair}) == 1


async def test_a_replacement_hits_no_item_of_another_order(world: World) -> None:
    await brought_in(world, package(world, "P1", "1"), package(world, "P2", "1", number="SP2"))
    await updated_items(world, change("2", "1"))
    assert sorted(ids(world, "orderitem")) == [("1", "1"), ("2", "2")]


async def test_a_cancellation_under_the_former_id_finds_the_item(world: World) -> None:
    await brought_in(world, package(world, "P1", "77"))
    await updated_items(world, change("78", "77"))
    async with opened(world, ContentType.order, create_batch=False) as hub:
        cancel = CancelOrderDto("SP1", ["77"], {"77": "DAMAGED"})
        (arrival,) = await hub.do_action(CreateOrderCancel, objects=[cancel])
    assert arrival.outcome == "cancelled"


# -- packages ----------------------------------------------------------------------------------------------------------


async def test_a_package_that_replaces_a_known_one_takes_its_place(world: World) -> None:
    await brought_in(world, package(world, "P1", "A", "B"))
    assert outcomes(await brought_in(world, package(world, "P2", "A", replaces="P1"))) == ["replaced"]
    assert ids(world, "order") == [("P2", "P2")]
    assert len(list(world.order_items)) == 2


async def test_it_takes_it_under_another_number_too(world: World) -> None:
    await brought_in(world, package(world, "P1", "A"))
    await brought_in(world, package(world, "P2", "A", replaces="P1", number="SP2"))
    assert (ids(world, "order"), len(list(world.order_items))) == ([("P2", "P2")], 1)


async def test_a_package_in_place_is_known_and_the_former_one_not_made_again(world: World) -> None:
    former, present = package(world, "P1", "A"), package(world, "P2", "A", replaces="P1")
    await brought_in(world, former)
    await brought_in(world, present)
    assert await missing(world, former, present) == []
    assert outcomes(await brought_in(world, former)) == ["known"]
    assert ids(world, "order") == [("P2", "P2")]


@pytest.mark.parametrize("moment", ["before", "after"])
@pytest.mark.parametrize("path", ["/orders/", "/integration_actions/"])
async def test_a_run_that_dies_while_a_package_takes_a_place_is_made_up_for(
    world: World, path: str, moment: str
) -> None:
    present = package(world, "P2", "A", replaces="P1", number="SP2")
    await brought_in(world, package(world, "P1", "A"))
    await dies(world, path, moment, brought_in(world, present))
    if await missing(world, present):
        await brought_in(world, present)
    assert (ids(world, "order"), len(list(world.order_items))) == ([("P2", "P2")], 1)


async def test_the_parts_of_a_split_package_share_its_order(world: World) -> None:
    """The first part takes its place; the lines of the others are there."""
    await brought_in(world, package(world, "P1", "A", "B"))
    parts = package(world, "P2", "A", replaces="P1"), package(world, "P3", "B", replaces="P1")
    for part in parts:
        await brought_in(world, part)
    assert outcomes(await brought_in(world, parts[1])) == ["known"]
    assert (ids(world, "order"), len(list(world.order_items))) == ([("P2", "P2")], 2)


@pytest.mark.parametrize("is_reversed", [False, True])
@pytest.mark.parametrize("number", ["SP1", "SP2"])
async def test_a_package_and_the_one_that_it_replaces_are_one_order_when_both_are_new(
    world: World, is_reversed: bool, number: str
) -> None:
    both = [package(world, "P1", "A"), package(world, "P2", "A", replaces="P1", number=number)]
    listed = both[::-1] if is_reversed else both
    await brought_in(world, *listed)
    if again := await missing(world, *listed):
        await brought_in(world, *(entry for entry in listed if entry.order.remote_id in again))
    assert (ids(world, "order"), len(list(world.order_items))) == ([("P2", "P2")], 1)


async def test_a_package_that_replaces_an_unknown_one_is_made(world: World) -> None:
    """The other one left the window before it came in: a line that is not made is lost."""
    assert outcomes(await brought_in(world, package(world, "P2", "A", replaces="P1"))) == ["created"]


async def test_the_package_that_it_replaces_is_known_by_it_when_it_is_listed_later(world: World) -> None:
    await brought_in(world, package(world, "P2", "A", replaces="P1"))
    assert outcomes(await brought_in(world, package(world, "P1", "A"))) == ["known"]


async def test_what_the_merchant_changed_stays_due_when_a_package_takes_a_place(world: World) -> None:
    await brought_in(world, package(world, "P1", "A"))
    row: Row = next(iter(world.orders))
    world.hub.edit_order(row["pk"], tracking_number="TN1")
    await brought_in(world, package(world, "P2", "A", replaces="P1"))
    assert world.hub.counts()["objects"]["order"]["due_updates"] == 1


async def test_what_the_merchant_changes_while_a_package_takes_a_place_stays_due(world: World) -> None:
    """Between the reading of the order and the change of its id: the version after it has both changes."""
    await brought_in(world, package(world, "P1", "A"))
    (own,), (row,) = actions(world, "order"), world.orders
    own["version_date"] = row["modified_date"]

    def edit(_: int, request: Any, moment: str) -> None:
        if request.method == "PATCH" and "/orders/" in request.url.path and moment == "before":
            world.hub.edit_order(row["pk"], tracking_number="TN1")

    world.hook = edit
    await brought_in(world, package(world, "P2", "A", replaces="P1"))
    assert world.hub.counts()["objects"]["order"]["due_updates"] == 1


async def test_a_replacement_alone_makes_no_order_due(world: World) -> None:
    await brought_in(world, package(world, "P1", "A"))
    (own,) = actions(world, "order")
    own["version_date"] = wire_date(PLACED + timedelta(days=3_650))
    await brought_in(world, package(world, "P2", "A", replaces="P1"))
    assert world.hub.counts()["objects"]["order"]["due_updates"] == 0


def test_rows_that_replace_different_packages_contradict_one_another(world: World) -> None:
    rows = [package(world, "P3", "A", replaces="P1"), package(world, "P3", "B", replaces="P2")]
    with pytest.raises(RowsDifferError, match="`replaces`"):
        joined_order(rows)
    assert joined_order([rows[0], package(world, "P3", "B")]).replaces == "P1"
