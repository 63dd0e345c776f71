"""Channels that number requests, and items, within each order: no other order's is ever hit."""

from collections.abc import Sequence
from typing import Any, ClassVar

import pytest

from dto.batches import BatchRequestResponseDto
from dto.enums import ResponseStatus
from dto.orders import CancellationRequestDto, ChannelCancellationRequestDto
from dto.outcomes import Completed, Fetched
from dto.summary import RunSummary
from flows.order import fetch_and_create_cancellation_requests, update_cancellation_requests
from tasks.channel.sandbox import ChannelIntegration as Sandbox
from tasks.channel.sandbox.orders import GetCancellationRequests, UpdateCancellationRequest
from tests.world.loopback import World
from tests.world.sales import brought_in, item, list_products, order
from tests.world.shop import Row, actions, requests_of, run, use_connector

KIND = "cancellationrequest"


class Told:
    """What the channel lists, was told, and refuses."""

    requests: ClassVar[Sequence[CancellationRequestDto]] = ()
    decisions: ClassVar[list[ChannelCancellationRequestDto]] = []
    refused: ClassVar[str | None] = None
    names_orders: ClassVar[bool] = True


class _Lists(GetCancellationRequests):
    async def send(self, _: None) -> Fetched[CancellationRequestDto]:
        return Fetched(tuple(Told.requests))


class _Hears(UpdateCancellationRequest):
    def transform_data(self, data: Sequence[ChannelCancellationRequestDto]) -> Any:
        return data

    async def send(self, items: Any) -> Completed:
        Told.decisions = list(items)
        return Completed(tuple(self.answer(request) for request in items))

    def answer(self, request: ChannelCancellationRequestDto) -> BatchRequestResponseDto:
        is_refused = request.order_number == Told.refused
        return BatchRequestResponseDto(
            ResponseStatus.fail if is_refused else ResponseStatus.success,
            request.remote_id,
            message="Too late." if is_refused else "",
            order=request.order_number if Told.names_orders else None,
        )


class Numbering(Sandbox):
    """Numbers everything within its order."""

    name = "numbering"
    actions: ClassVar = {**Sandbox.actions, _Lists.key: _Lists, _Hears.key: _Hears}


def request(number: str, by: str = "order_number", **fields: Any) -> CancellationRequestDto:
    """The first request about the first item of an order."""
    named: dict[str, Any] = {by: number if by == "order_number" else f"R-{number}"}
    return CancellationRequestDto(
        order_item="1", reason="DAMAGED", remote_id="1", description=number, **{**named, **fields}
    )


@pytest.fixture
async def world(world: World) -> World:
    """Two orders whose items have the same ids."""
    list_products(world)
    await brought_in(
        world,
        *(order(world, item(world, remote_id="1"), remote_id=f"R-{number}", number=number) for number in "AB"),
    )
    use_connector(world, f"{__name__}:Numbering")
    Told.requests, Told.decisions, Told.refused, Told.names_orders = (), [], None, True
    return world


async def fetch(world: World, *requests: CancellationRequestDto) -> RunSummary:
    Told.requests = requests
    return await run(world, fetch_and_create_cancellation_requests)


def hit(world: World) -> dict[str, str]:
    """The number of the order that each request of Omnitron is about, by its description."""
    orders = {row["pk"]: row["number"] for row in world.orders}
    items = {row["pk"]: orders[row["order"]] for row in world.order_items}
    return {row["description"]: items[row["order_item"]] for row in world.requests}


def of(world: World, number: str) -> Row:
    """Omnitron's request about an order."""
    return next(row for row in world.requests if row["description"] == number)


@pytest.mark.parametrize("by", ["order_number", "order_remote_id"])
async def test_requests_of_one_id_are_each_about_their_own_order(world: World, by: str) -> None:
    assert (await fetch(world, request("A", by), request("B", by))).counts == {"created": 2}
    assert hit(world) == {"A": "A", "B": "B"}


async def test_a_later_request_of_a_known_id_is_not_taken_for_the_known_one(world: World) -> None:
    await fetch(world, request("A"))
    assert (await fetch(world, request("A"), request("B"))).counts == {"known": 1, "created": 1}
    assert hit(world) == {"A": "A", "B": "B"}


async def test_a_request_that_was_taken_in_costs_one_look_up_from_then_on(world: World) -> None:
    """The first run after that notes its order."""
    both = request("A"), request("B")
    await fetch(world, *both)
    await fetch(world, *both)
    with requests_of(world) as seen:
        assert (await fetch(world, *both)).counts == {"known": 2}
    own = [each for each in seen if "/channel/6/" in each.url.path]
    assert [each.url.path.rpartition("6/")[2] for each in own] == ["integration_actions/"]
    assert len(list(world.requests)) == 2


async def test_a_request_for_an_order_that_is_not_there_hits_no_other(world: World) -> None:
    summary = await fetch(world, request("C"))
    assert summary.failures == {"OrderItemNotFound": 1}
    assert hit(world) == {}


async def test_a_decision_names_its_order(world: World) -> None:
    await fetch(world, request("A"), request("B"))
    world.hub.decide_request(of(world, "B")["id"], "approved")
    await run(world, update_cancellation_requests)
    (told,) = Told.decisions
    assert (told.order_number, told.order_remote_id, told.order_item, told.remote_id) == ("B", "R-B", "1", "1")


async def test_the_channels_answer_to_one_decision_is_not_taken_for_the_others(world: World) -> None:
    await fetch(world, request("A"), request("B"))
    Told.refused = "A"
    for number in "AB":
        world.hub.decide_request(of(world, number)["id"], "approved")
    summary = await run(world, update_cancellation_requests)
    assert summary.counts == {"updated": 1, "failed": 1}
    standing = {row["object_id"]: row["status"] for row in actions(world, KIND)}
    assert standing == {of(world, "A")["id"]: "error", of(world, "B")["id"]: "success"}


async def test_an_answer_that_names_no_order_settles_none_of_several(world: World) -> None:
    await fetch(world, request("A"), request("B"))
    Told.names_orders = False
    for number in "AB":
        world.hub.decide_request(of(world, number)["id"], "approved")
    summary = await run(world, update_cancellation_requests)
    assert summary.failures == {"NotAnswered": 2}
    assert any("the result has to name the `order`" in row["error_desc"] for row in world.reports)


async def test_a_decision_of_the_channels_is_written_into_the_right_request(world: World) -> None:
    await fetch(world, request("A"), request("B"))
    summary = await fetch(world, request("A"), request("B", status="approved"))
    assert summary.counts["decided by the channel"] == 1
    assert [of(world, number)["status"] for number in "AB"] == ["waiting_approval", "approved"]
