"""A channel that takes fewer objects in one call than a batch holds."""

import json
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, ClassVar

import httpx
import pytest

from clients.errors import ConfigError
from deployments.sandbox.base.faults import Fault
from deployments.sandbox.hub.ledger import Key
from dto.enums import ContentType
from dto.omnitron import Product
from dto.outcomes import SendOutcome
from flows.groups import calls_of, whole_groups
from flows.price import update_product_prices
from flows.product import insert_products, update_products
from flows.run import RunFailedError
from flows.stock import update_product_stocks
from flows.verify import verify_open_batches
from tasks.channel import Rate, Runtime, commands_of
from tasks.channel.sandbox import ChannelIntegration as Sandbox
from tasks.channel.sandbox.products import SendInsertedProducts
from tests.world.loopback import MARKET, World
from tests.world.shop import Row, action, actions, assert_converged, batches, requests_of, run, use_connector

AT_ONCE = 5


class SendFew(SendInsertedProducts):
    """Five in a call."""

    max_items_per_call = AT_ONCE


class Few(Sandbox):
    """The local marketplace, which takes five products in a call."""

    actions: ClassVar = {**Sandbox.actions, **commands_of(SendFew)}


class SendGroups(SendInsertedProducts):
    """Variants together."""

    max_items_per_call = AT_ONCE
    group_by = "base_code"


class Grouped(Sandbox):
    """Wants the variants of a product in one call."""

    max_batch_size = 10
    actions: ClassVar = {**Sandbox.actions, **commands_of(SendGroups)}


class Misspelt(Sandbox):
    """Groups by a field that no product has."""

    class Send(SendInsertedProducts):
        """Variants together, by a wrong name."""

        group_by = "basecode"

    actions: ClassVar = {**Sandbox.actions, **commands_of(Send)}


class SendSlowly(SendInsertedProducts):
    """One in a call, once in a minute."""

    max_items_per_call = 1

    async def send(self, items: list[Row]) -> SendOutcome:
        self.integration.transport._pace.learn("", Rate(calls=1, seconds=60))
        return await super().send(items)


class Slow(Sandbox):
    """A channel whose limit lets few calls through while a batch is certainly ours."""

    actions: ClassVar = {**Sandbox.actions, **commands_of(SendSlowly)}


@pytest.fixture(params=[False, True], ids=["sync", "async"])
def world(request: pytest.FixtureRequest, make_world: Callable[..., World]) -> World:
    world = make_world(failing=0, products=23, asynchronous=request.param)
    use_connector(world, f"{__name__}:Few")
    return world


def calls(seen: Sequence[httpx.Request]) -> list[list[str]]:
    """The skus of each call that sent products."""
    sent = [request for request in seen if (request.method, request.url.path) == ("PUT", "/products")]
    return [[item["sku"] for item in json.loads(request.content)["items"]] for request in sent]


async def answered(world: World) -> None:
    for _ in range(3):
        await run(world, verify_open_batches)


def refusing(world: World, sku: str, status: int = 422) -> Callable[..., httpx.Response | None]:
    """Has the marketplace answer each call that carries a product with an error."""
    transport = world.runtime

    class Refusing(httpx.AsyncBaseTransport):
        def __init__(self, inner: httpx.AsyncBaseTransport) -> None:
            self.inner = inner

        async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
            if str(request.url).startswith(f"{MARKET}/products") and sku in request.content.decode():
                return httpx.Response(
                    status, json={"message": "One item of the call is unknown here."}, request=request
                )
            return await self.inner.handle_async_request(request)

    def runtime() -> Runtime:
        plain = transport()
        return replace(plain, connect=lambda most: Refusing(plain.connect(most)))

    world.runtime = runtime  # type: ignore[method-assign]
    return lambda: setattr(world, "runtime", transport)


async def test_no_call_carries_more_than_the_channel_takes(world: World) -> None:
    """The last one carries the rest."""
    with requests_of(world) as seen:
        summary = await run(world, insert_products)
    await answered(world)
    sizes = [len(call) for call in calls(seen)]
    assert (Counter(sizes), sum(summary.counts.values())) == (Counter({5: 4, 3: 1}), 23)
    assert_converged(world)


async def test_objects_that_lack_something_end_with_their_reasons(make_world: Callable[..., World]) -> None:
    """In a batch of their own, where each call has one."""
    world = make_world(failing=0.4, products=23, asynchronous=True)
    use_connector(world, f"{__name__}:Few")
    await run(world, insert_products)
    await answered(world)
    assert_converged(world)


async def test_each_call_of_a_channel_that_answers_later_keeps_its_own_remote_id(world: World) -> None:
    """If the channel answers at once, all calls belong to one batch."""
    await run(world, insert_products)
    is_async = world.channel["conf"]["asynchronous"]
    made = batches(world)
    assert len(made) == (5 if is_async else 1)
    assert len({row["remote_batch_id"] for row in made}) == len(made)


async def test_a_call_that_is_refused_costs_its_own_objects_alone(world: World) -> None:
    """The others are sent, and have no attempt behind them."""
    sku = world.products[1007]["sku"]
    heal = refusing(world, sku)
    summary = await run(world, insert_products)
    heal()
    await answered(world)
    assert summary.failures == {"Refused": 5}
    assert {key.pk for key in world.attempts if key.content_type == "product"} == set(range(1006, 1011))
    assert sum(row["status"] == "success" for row in actions(world)) == 18
    assert "One item of the call is unknown here" in str(world.reports.rows)


async def test_calls_that_the_channel_cannot_bear_hinder_no_other(world: World) -> None:
    """It gives a sign of life, so the objects of those calls are to blame, as long as others between them are answered."""
    world.settings = world.settings.model_copy(update={"CHANNEL_APP_IN_FLIGHT": 1})
    for pk in (1007, 1017):
        world.shop.edit_product(pk, name="Unbearable")
    heal = refusing(world, "Unbearable", 500)
    summary = await run(world, insert_products)
    heal()
    await answered(world)
    assert summary.failures == {"ChannelUnavailable": 10}
    assert sum(row["status"] == "success" for row in actions(world)) == 13


async def test_calls_that_were_not_made_before_an_outage_cost_no_attempt(world: World) -> None:
    """What was answered before counts; the rest is sent when the channel is back."""
    world.settings = world.settings.model_copy(update={"CHANNEL_APP_IN_FLIGHT": 1})
    world.market.faults.add(Fault("status", path="/products|/health", skip=3, times=None))
    with pytest.raises(RunFailedError):
        await run(world, insert_products)
    assert world.attempts == {}
    world.market.faults.clear()
    await run(world, insert_products)
    await answered(world)
    assert_converged(world)


async def test_if_every_call_is_refused_the_run_fails(world: World) -> None:
    """The objects are not to blame then."""
    heal = refusing(world, "sku")
    with pytest.raises(RunFailedError, match="422"):
        await run(world, insert_products)
    heal()


async def test_what_a_slow_channel_leaves_is_sent_with_the_next_batch(make_world: Callable[..., World]) -> None:
    """Calls that did not begin while the batch was ours are not attempts."""
    world = make_world(failing=0, products=6)
    use_connector(world, f"{__name__}:Slow")
    world.settings = world.settings.model_copy(update={"CHANNEL_APP_IN_FLIGHT": 1, "CHANNEL_APP_OLDER_THAN": 900.0})
    with requests_of(world) as seen:
        summary = await run(world, insert_products)
    assert len(batches(world)) > 1
    assert sorted(sku for call in calls(seen) for sku in call) == sorted(row["sku"] for row in world.products)
    assert (world.attempts, summary.counts) == ({}, {"integrated": 6})
    assert_converged(world)


async def test_variants_stay_in_one_call(make_world: Callable[..., World]) -> None:
    """Also where the limit of a batch would cut their group."""
    world = make_world(failing=0, products=20)
    use_connector(world, f"{__name__}:Grouped")
    group_of = {}
    for number, product in enumerate(world.products):
        base_code = f"G{number % 7}"
        world.products.change(product["pk"], base_code=base_code)
        group_of[product["sku"]] = base_code
    with requests_of(world) as seen:
        await run(world, insert_products)
    made = [{group_of[sku] for sku in call} for call in calls(seen)]
    assert sorted(group for call in made for group in call) == sorted(set(group_of.values()))
    assert_converged(world)


async def test_a_group_by_a_field_that_is_not_there_is_named(make_world: Callable[..., World]) -> None:
    """Nothing is locked."""
    world = make_world(failing=0, products=3)
    use_connector(world, f"{__name__}:Misspelt")
    with pytest.raises(RunFailedError, match="groups by `basecode`, but a Product has no such field"):
        await run(world, insert_products)
    assert batches(world) == []


class Meanwhile:
    """Does something at the first call to the marketplace, which takes a minute."""

    def __init__(self, world: World, work: Callable[[], Any]) -> None:
        self.world, self.work, self.before = world, work, world.hook
        self.is_over = False
        world.hook = self

    def __call__(self, number: int, request: Any, moment: str) -> None:
        self.before(number, request, moment)
        if moment == "after" and request.url.path == "/products" and not self.is_over:
            self.is_over = True
            self.world.clock.advance(60)
            self.work()


@pytest.fixture
def later(make_world: Callable[..., World]) -> World:
    """A channel that answers later."""
    world = make_world(failing=0, products=12, asynchronous=True)
    use_connector(world, f"{__name__}:Few")
    return world


async def test_an_object_that_another_run_has_sent_meanwhile_is_not_sent_again(later: World) -> None:
    """It was read together with the others, and is committed only now."""
    last = max(row["pk"] for row in later.products)
    later_sku = later.products[last]["sku"]
    version = later.products[last]["modified_date"]

    def sent() -> None:
        later.ledger.put(
            Key("product", last), status="success", remote_id="M-1", version_date=version, local_batch_id="other"
        )

    Meanwhile(later, sent)
    with requests_of(later) as seen:
        await run(later, insert_products)
    assert later_sku not in {sku for call in calls(seen) for sku in call}
    found = action(later, last)
    assert found is not None
    assert (found["status"], found["local_batch_id"]) == ("success", "other")


async def test_an_object_that_another_run_holds_is_left_to_it(later: World) -> None:
    """To commit it would take it away from that batch."""
    last = max(row["pk"] for row in later.products)
    later_sku = later.products[last]["sku"]
    Meanwhile(later, lambda: later.ledger.put(Key("product", last), status="processing", local_batch_id="other"))
    with requests_of(later) as seen:
        await run(later, insert_products)
    assert later_sku not in {sku for call in calls(seen) for sku in call}


async def test_a_stock_that_was_sent_meanwhile_is_not_overwritten_by_an_older_one(later: World) -> None:
    """The product is read again with its newer stock, and sent then."""
    await run(later, insert_products)
    await answered(later)
    for product in later.products:
        later.shop.edit_product(product["pk"])
    last = max(row["pk"] for row in later.products)
    (stock,) = [row for row in later.goods.stocks if row["product"] == last]

    def sold() -> None:
        newer = later.shop.edit_stock(last, 1)["modified_date"]
        later.ledger.put(Key("productstock", stock["pk"]), status="success", version_date=newer)
        listed = later.market.items[later.products[last]["sku"]]
        listed["stock"] = {"stock": 1, "version": newer}

    Meanwhile(later, sold)
    await run(later, update_products)
    await answered(later)
    assert later.market.items[later.products[last]["sku"]]["stock"]["stock"] == 1
    assert_converged(later)


async def test_offers_go_out_call_by_call_too(
    make_world: Callable[..., World], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A changed price has the name of its product, which its own action holds."""
    world = make_world(failing=0, products=12, asynchronous=True)
    await run(world, insert_products)
    await answered(world)
    for command in ("send_updated_prices", "send_updated_stocks"):
        monkeypatch.setattr(Sandbox.actions[command], "max_items_per_call", AT_ONCE)
    for product in world.products:
        world.shop.edit_price(product["pk"])
        world.shop.edit_stock(product["pk"])
    with requests_of(world) as seen:
        await run(world, update_product_prices)
        await run(world, update_product_stocks)
    await answered(world)
    sizes = [
        len(json.loads(request.content)["items"]) for request in seen if request.url.path in ("/prices", "/stocks")
    ]
    assert sorted(sizes) == [2, 2, 5, 5, 5, 5]
    for content_type in (ContentType.product_price, ContentType.product_stock):
        assert {row["status"] for row in actions(world, content_type)} == {"success"}


@pytest.mark.slow
async def test_25_in_a_call_cost_few_requests_more(
    make_world: Callable[..., World], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Reading and enriching are shared: a thousand products need at most 1.15 times the requests."""
    requests = []
    for most in (1_000, 25):
        world = make_world(failing=0, products=1_000, asynchronous=True)
        use_connector(world, f"{__name__}:Few")
        monkeypatch.setattr(SendFew, "max_items_per_call", most)
        requests.append((await run(world, insert_products)).requests)
        assert len(batches(world)) == 1_000 / most
    whole, parts = requests
    print(f"1,000 products: {whole} requests in one batch, {parts} at 25 a call ({parts / whole:.3f})")
    assert parts <= 1.15 * whole


def test_a_group_is_cut_only_if_a_call_cannot_hold_it() -> None:
    """Groups keep the order of their first rows."""
    rows = [Product(pk=pk, sku=str(pk), base_code=code) for pk, code in enumerate("AABBBBBBBC")]
    assert [[row.pk for row in call] for call in calls_of(rows, "base_code", 4)] == [[0, 1], [2, 3, 4, 5], [6, 7, 8, 9]]
    assert [row.pk for row in whole_groups(rows, "base_code", 3, 9)] == [0, 1, 2, 3, 4, 5, 6, 7, 8]
    assert [row.pk for row in whole_groups(rows, "base_code", 3, 8)] == [0, 1]
    assert [row.pk for row in whole_groups(rows[2:], "base_code", 1, 3)] == [2, 3, 4]


@pytest.mark.parametrize("number", [0, -1])
def test_a_call_without_objects_is_refused(number: int) -> None:
    """The mistake is named where it is made."""
    with pytest.raises(ConfigError, match=f"max_items_per_call is {number}"):
        type("SendNone", (SendInsertedProducts,), {"max_items_per_call": number})
