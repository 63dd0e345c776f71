"""A channel that takes objects one by one, and creates a second one if it is asked twice."""

import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, ClassVar

import httpx
import pytest

from clients.runtime import Runtime
from flows.product import insert_products
from flows.run import RunFailedError
from tasks.channel import (
    Call,
    ChannelIntegration,
    ChannelUnavailableError,
    Completed,
    ItemResult,
    Product,
    ProductBatchRequestResponseDto,
    RefusedError,
    RejectedError,
    ResponseStatus,
    SendOutcome,
    Transport,
    commands_of,
    products,
)
from tests.world.loopback import MARKET, World
from tests.world.shop import action, actions, batches, product_reports, run, use_connector


class Stall(httpx.AsyncBaseTransport):
    """A marketplace that lists whatever it is sent, as often as it is sent. Other requests go to `beyond`."""

    def __init__(self) -> None:
        self.items: list[dict[str, Any]] = []
        self.lost: set[str] = set()
        """Skus whose next answer does not arrive."""
        self.refused: set[str] = set()
        self.is_down_after: int | None = None
        """The number of items after which it answers 503."""
        self.asked: list[str] = []

    def over(self, beyond: httpx.AsyncBaseTransport) -> httpx.AsyncBaseTransport:
        stall = self

        class Both(httpx.AsyncBaseTransport):
            async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
                here = str(request.url).startswith(MARKET)
                return await (stall if here else beyond).handle_async_request(request)

        return Both()

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(f"{request.method} {request.url.path}")
        if self.is_down_after is not None and len(self.items) >= self.is_down_after:
            return httpx.Response(503, request=request)
        if request.method == "GET":
            wanted = request.url.params.get("sku", "").split(",")
            found = [item for item in self.items if item["sku"] in wanted]
            return httpx.Response(200, json={"items": found}, request=request)
        if request.method == "PUT":
            return httpx.Response(200, json={}, request=request)
        body = json.loads(request.content)
        rows = body if isinstance(body, list) else [body]
        if self.refused & {row["sku"] for row in rows}:
            return httpx.Response(422, json={"message": "This item has no brand."}, request=request)
        for row in rows:
            self.items.append({"sku": row["sku"], "id": f"S{len(self.items) + 1}"})
        if rows[0]["sku"] in self.lost:
            self.lost.discard(rows[0]["sku"])
            raise httpx.ReadError("Connection reset by peer", request=request)
        return httpx.Response(201, json={"items": self.items[-len(rows) :]}, request=request)


def listed(row: dict[str, Any]) -> ItemResult:
    return ProductBatchRequestResponseDto(status=ResponseStatus.success, sku=row["sku"], remote_id=row["id"])


class SendProducts(products.SendInsertedProducts["StallChannel"]):
    """One by one."""

    async def find(self, objects: Sequence[Product]) -> list[ItemResult]:
        query = {"sku": ",".join(product.sku for product in objects)}
        reply = await self.integration.transport.send(Call("GET", "/items", query))
        return [listed(row) for row in reply.data["items"]]

    async def send_one(self, item: Product, found: ItemResult | None) -> ItemResult:
        if found is not None:
            await self.integration.transport.send(Call("PUT", f"/items/{found.remote_id}", body={"sku": item.sku}))
            return found
        if item.name == "nameless":
            raise RejectedError("The stall wants a name.")
        reply = await self.integration.transport.send(Call("POST", "/items", body={"sku": item.sku}))
        return listed(reply.data["items"][0])


class SendAllOrNothing(SendProducts):
    """All in one call, which the channel takes whole or not at all."""

    async def send(self, objects: list[Product]) -> SendOutcome:
        items = [{"sku": product.sku} for product in objects]
        try:
            reply = await self.integration.transport.send(Call("POST", "/items", body=items))
        except RefusedError:
            return await self.one_by_one(objects)
        return products_of(reply.data["items"])


def products_of(rows: list[dict[str, Any]]) -> SendOutcome:

    return Completed(tuple(listed(row) for row in rows))


class StallChannel(ChannelIntegration):
    """A connector for the stall."""

    name = "stall"
    is_sync = True
    actions: ClassVar = commands_of(SendProducts)

    def connect(self) -> Transport:
        return Transport("The stall", MARKET, self.runtime, unavailable=ChannelUnavailableError)


class Bulk(StallChannel):
    """The same with a call for many."""

    actions: ClassVar = commands_of(SendAllOrNothing)


@pytest.fixture
def stall() -> Stall:
    return Stall()


@pytest.fixture
def world(make_world: Callable[..., World], stall: Stall) -> World:
    world = make_world(failing=0, products=8)
    use_connector(world, f"{__name__}:StallChannel")
    plain = world.runtime

    def runtime() -> Runtime:
        made = plain()
        return replace(made, connect=lambda most: stall.over(made.connect(most)))

    world.runtime = runtime  # type: ignore[method-assign]
    return world


def skus(stall: Stall) -> list[str]:
    return sorted(item["sku"] for item in stall.items)


def all_skus(world: World) -> list[str]:
    return sorted(row["sku"] for row in world.products)


def standing(world: World) -> dict[str, str]:
    """The status of each product, by its sku."""
    return {world.products[row["object_id"]]["sku"]: row["status"] for row in actions(world)}


async def test_each_object_has_a_result_of_its_own(world: World, stall: Stall) -> None:
    """They are looked for with one call, and bound to their own ids."""
    await run(world, insert_products)
    assert skus(stall) == all_skus(world)
    for item in stall.items:
        (pk,) = [row["pk"] for row in world.products if row["sku"] == item["sku"]]
        bound = action(world, pk)
        assert bound is not None
        assert (bound["status"], bound["remote_id"]) == ("success", item["id"])
    assert stall.asked.count("GET /items") == 1


async def test_a_create_whose_answer_was_lost_is_looked_for_and_not_repeated(world: World, stall: Stall) -> None:
    """Every product is there once."""
    stall.lost = set(all_skus(world)[:3])
    await run(world, insert_products)
    assert skus(stall) == all_skus(world)
    assert not [asked for asked in stall.asked if asked.startswith("PUT")]
    assert set(standing(world).values()) == {"success"}


async def test_what_an_earlier_run_created_is_found(world: World, stall: Stall) -> None:
    """It died before it could record that; the version may be another now, so it is updated."""
    stall.items.append({"sku": all_skus(world)[0], "id": "S99"})
    await run(world, insert_products)
    assert skus(stall) == all_skus(world)
    assert [asked for asked in stall.asked if asked.startswith("PUT")] == ["PUT /items/S99"]


async def test_an_object_that_is_refused_costs_the_others_nothing(world: World, stall: Stall) -> None:
    """Each way of saying so is that object's reason."""
    refused, nameless = all_skus(world)[:2]
    stall.refused = {refused}
    (pk,) = [row["pk"] for row in world.products if row["sku"] == nameless]
    world.products.change(pk, name="nameless")
    summary = await run(world, insert_products)
    assert summary.failures == {"Refused": 1, "Rejected": 1}
    assert {sku for sku, status in standing(world).items() if status == "error"} == {refused, nameless}
    said = str(product_reports(world))
    assert "This item has no brand" in said
    assert "The stall wants a name" in said


async def test_if_the_channel_goes_down_what_it_answered_counts(world: World, stall: Stall) -> None:
    """The rest has no attempt behind it, and is sent when the channel is back, however much it is."""
    for _ in range(72):
        world.shop.add_product()
    world.settings = world.settings.model_copy(update={"CHANNEL_APP_IN_FLIGHT": 1})
    stall.is_down_after = 5
    with pytest.raises(RunFailedError):
        await run(world, insert_products)
    assert list(standing(world).values()) == ["success"] * 5
    assert world.attempts == {}
    stall.is_down_after = None
    await run(world, insert_products)
    assert skus(stall) == all_skus(world)
    assert [row["status"] for row in batches(world)] == ["done", "done"]


async def test_a_bulk_that_is_refused_as_a_whole_goes_out_one_by_one(world: World, stall: Stall) -> None:
    """So only the bad item fails."""
    use_connector(world, f"{__name__}:Bulk")
    bad = all_skus(world)[4]
    stall.refused = {bad}
    summary = await run(world, insert_products)
    assert (summary.failures, summary.counts["integrated"]) == ({"Refused": 1}, 7)
    assert skus(stall) == [sku for sku in all_skus(world) if sku != bad]


async def test_a_bulk_that_is_taken_is_one_call(world: World, stall: Stall) -> None:
    """Nothing is looked for."""
    use_connector(world, f"{__name__}:Bulk")
    await run(world, insert_products)
    assert stall.asked == ["POST /items"]


async def test_a_send_command_without_a_way_to_send_is_named(world: World) -> None:
    """At its first use."""
    use_connector(world, f"{__name__}:Mute")
    with pytest.raises(RunFailedError, match="SendNothing has neither `send` nor `send_one`"):
        await run(world, insert_products)


class SendNothing(products.SendInsertedProducts["StallChannel"]):
    """Forgot to send."""


class Mute(StallChannel):
    """A connector without a way to send."""

    actions: ClassVar = commands_of(SendNothing)
