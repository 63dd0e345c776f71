"""The harness itself: each planted bug, one of the traps that this project was built to avoid, is caught."""

from collections.abc import Callable, Iterable
from typing import Any

import pytest

from clients.errors import ItemError
from clients.omnitron.catalogue import Objects
from clients.omnitron.journal import Actions
from flows import pipeline, verify
from flows import recover as recovery
from tasks import settlement
from tasks.batch import Batch, Member
from tasks.channel.sandbox import marketplace as connector
from tasks.channel.sandbox import products as connector_products
from tasks.omnitron.catalogue import mapping, product_offers
from tasks.omnitron.journal import reports
from tasks.omnitron.journal.settling import ProcessDeleteProductBatchRequests
from tests.harness.offer_states import add_image, edit_offer, offers_of
from tests.harness.planted_sales import PLANTED_SALES
from tests.harness.promises import Watch, broken_promises
from tests.harness.scenarios import SCENARIOS, Scenario
from tests.world.driving import good_products, heal, quiet, run, settle, until_killed, with_kill

pytestmark = pytest.mark.harness

Patch = pytest.MonkeyPatch
BY_NAME = {str(scenario): scenario for scenario in SCENARIOS}


def nobody_recovers(patch: Patch) -> None:
    """Recovery finds nothing to do."""
    patch.setattr(recovery, "OPEN_LOCALLY", ())


def edits_count_as_sent(patch: Patch) -> None:
    """`done` carries the version that is read again at the end, not the one that was sent."""
    entry = Member.entry

    def reread(self: Member) -> Any:
        row = CURRENT["world"].offered[self.content_type].get(self.pk)
        return entry(self).model_copy(update={"version_date": row["modified_date"]} if row and self.settled else {})

    patch.setattr(Member, "entry", reread)


def everything_is_success(patch: Patch) -> None:
    """The connector takes every status for success."""
    results_of = connector.results_of

    def happy(command: Any, rows: Any) -> Any:
        return results_of(command, [{**row, "remote_id": row.get("remote_id") or "MP-1"} for row in rows])

    patch.setattr(connector, "is_success", lambda row: True)
    for module in (connector, connector_products):
        patch.setattr(module, "results_of", happy)


def companions_are_forgotten(patch: Patch) -> None:
    """`done` names the products, and leaves out their prices and stocks."""
    move = Batch._move

    async def products_only(self: Batch, to: Any, members: Any = None) -> None:
        named = None if members is None else [m for m in members if to != "done" or m.content_type == self.content_type]
        await move(self, to, named)

    patch.setattr(Batch, "_move", products_only)


def nothing_is_reported(patch: Patch) -> None:
    """Failures are recorded, and nobody is told."""

    async def silent(self: Any, lines: Any) -> int:
        return 0

    patch.setattr(reports.CreateErrorReport, "send", silent)


def the_product_goes_first(patch: Patch) -> None:
    """A deletion removes the product's own action before its dependants', so that a second pass finds nothing."""
    patch.setattr(ProcessDeleteProductBatchRequests, "DEPENDANTS", ())


def failures_are_lost(patch: Patch) -> None:
    """A product that cannot be mapped is left out, and its batch never hears of it."""

    async def swallowing(self: Any, objects: Any, work: Callable[[Any], Any], doing: str) -> list[Any]:
        found = []
        for item in objects:
            try:
                found.append(await work(item))
            except ItemError:
                continue
        return found

    patch.setattr(mapping.GetMappedProducts, "for_each", swallowing)
    patch.setattr(Batch, "done", lambda self: self._move("done", [m for m in self.members.values() if m.settled]))


def one_bad_batch_ends_the_sweep(patch: Patch) -> None:
    """A batch that the channel forgot raises, and those behind it are never asked for."""

    async def raising(*arguments: Any) -> Any:
        raise RuntimeError("the channel does not know this batch")

    patch.setattr(verify._Checker, "_conclude", raising)


def a_404_page_is_a_deletion(patch: Patch) -> None:
    """Any 404 counts as deleted, a proxy's page too."""

    async def gullible(self: Actions, pk: int) -> None:
        return None

    patch.setattr(Actions, "delete", gullible)


def the_missing_are_integrated(patch: Patch) -> None:
    """An item that the channel's answer does not mention counts as integrated."""

    def generous(batch: Batch, member: Member, *rest: Any) -> None:
        batch.settle_member(member.owner, f"MP-{member.pk}")

    patch.setattr(settlement, "_fail", generous)


def prices_end_at_an_empty_chunk(patch: Patch) -> None:
    """Rows of the list are dropped: every product lacks its price."""

    async def none(self: Any, products: list[int]) -> list[Any]:
        return []

    patch.setattr(product_offers.GetProductPrices, "rows", none)


def a_stopped_batch_stays_open(patch: Patch) -> None:
    """A run that fails leaves its batch in commit, and recovery does not look at it."""

    class Careless:
        def __init__(self, *arguments: Any) -> None: ...

        async def __aenter__(self) -> None: ...

        async def __aexit__(self, *arguments: Any) -> None: ...

    patch.setattr(pipeline, "released_when_stopped", Careless)
    nobody_recovers(patch)


def an_empty_list_ends_the_run(patch: Patch) -> None:
    """The first extra list has nothing due, and the later ones starve."""
    drain = pipeline.Pipeline.drain
    ended: list[Any] = []

    async def impatient(self: Any) -> None:
        if self.run not in ended:
            await drain(self)
            if self.sending.read.parameters.get("objects") and not self.seen:
                ended.append(self.run)

    patch.setattr(pipeline.Pipeline, "drain", impatient)


def only_the_first_image_is_settled(patch: Patch) -> None:
    """An answer by sku speaks of one image, however many its product has."""
    find = settlement._Names.find
    patch.setattr(settlement._Names, "find", lambda self, result: find(self, result)[:1])


def extra_lists_are_not_looked_into(patch: Patch) -> None:
    """Another process looks for the objects of a batch in the catalog's own lists alone."""
    get_many = Objects.get_many

    async def own_lists_only(self: Objects[Any], keys: Iterable[int]) -> list[Any]:
        self.resources = self.resources[:1]
        return await get_many(self, keys)

    patch.setattr(Objects, "get_many", own_lists_only)


CURRENT: dict[str, Any] = {}


async def crash(scenario: Scenario, world: Any) -> None:
    """Dies in the middle."""
    with_kill(world, 8, "after")
    await until_killed(run(world, scenario.flow))
    heal(world)


async def edit(scenario: Scenario, world: Any) -> None:
    """A product changes while it is sent."""
    start, edited = world.sent, good_products(world)[0]

    def hook(number: int, request: Any, moment: str) -> None:
        if number == start + 20 and moment == "before":
            world.hub.edit_product(edited)

    world.hook = hook
    await run(world, scenario.flow)
    heal(world)


async def edit_in_flight(scenario: Scenario, world: Any) -> None:
    """An offer changes while the channel takes it."""
    row = next(row for row in offers_of(world, scenario.offers) if row["product"] in good_products(world))

    def hook(number: int, request: Any, moment: str) -> None:
        if request.method == "PUT" and moment == "after":
            edit_offer(world, scenario.offers, row)

    world.hook = hook
    await run(world, scenario.flow)
    heal(world)


async def picture(scenario: Scenario, world: Any) -> None:
    """A product has more pictures than there are cycles in which they could go one by one."""
    product = good_products(world)[1]
    for _ in range(6):
        add_image(world, product)
    await run(world, scenario.flow)


async def refuse(scenario: Scenario, world: Any) -> None:
    """The marketplace refuses a product."""
    sku = world.products[good_products(world)[0]]["sku"]
    world.market.refuse[sku] = "Ürün görseli en az 500x500 piksel olmalıdır"
    await run(world, scenario.flow)


async def plainly(scenario: Scenario, world: Any) -> None:
    """Nothing goes wrong but the bug."""
    await run(world, scenario.flow)


async def hub_down(scenario: Scenario, world: Any) -> None:
    """The marketplace is down during the send."""
    from deployments.sandbox.base.faults import Fault  # noqa: PLC0415

    world.market.faults.add(Fault("status", method="PUT", times=None))
    await run(world, scenario.flow)
    heal(world)


async def forget(scenario: Scenario, world: Any) -> None:
    """The marketplace forgets its batches."""
    await run(world, scenario.flow)
    world.market.forget_batches()
    world.clock.advance(1_000)
    await settle(world)


PLANTED: list[tuple[Callable[[Patch], None], str, Callable[[Scenario, Any], Any]]] = [
    (nobody_recovers, "insert_products-sync", crash),
    (edits_count_as_sent, "insert_products-sync", edit),
    (everything_is_success, "insert_products-sync", refuse),
    (companions_are_forgotten, "insert_products-sync", plainly),
    (nothing_is_reported, "insert_products-sync", plainly),
    (the_product_goes_first, "delete_products-sync", plainly),
    (failures_are_lost, "insert_products-sync", plainly),
    (one_bad_batch_ends_the_sweep, "insert_products-async", forget),
    (a_404_page_is_a_deletion, "delete_products-sync", plainly),
    (the_missing_are_integrated, "insert_products-async", forget),
    (prices_end_at_an_empty_chunk, "insert_products-sync", plainly),
    (a_stopped_batch_stays_open, "insert_products-sync", hub_down),
    (an_empty_list_ends_the_run, "insert_product_stocks_from_extra_stock_list-sync", plainly),
    (only_the_first_image_is_settled, "insert_product_images-sync", picture),
    (only_the_first_image_is_settled, "insert_product_images-async", picture),
    (edits_count_as_sent, "update_product_prices-sync", edit_in_flight),
    (edits_count_as_sent, "update_product_images-sync", edit_in_flight),
    (extra_lists_are_not_looked_into, "insert_product_stocks_from_extra_stock_list-async", plainly),
    (nobody_recovers, "insert_product_stocks-sync", crash),
    (everything_is_success, "insert_product_images-sync", refuse),
]


PLANTED += PLANTED_SALES


@pytest.mark.parametrize(("bug", "name", "trouble"), PLANTED, ids=lambda value: getattr(value, "__name__", None))
async def test_a_planted_bug_is_caught(
    bug: Callable[[Patch], None], name: str, trouble: Callable[[Scenario, Any], Any], monkeypatch: Patch
) -> None:
    """With the bug, at least one promise does not hold."""
    scenario = BY_NAME[name]
    world = scenario.world()
    CURRENT["world"] = world
    watch = Watch(world)
    await scenario.prepare(world)
    bug(monkeypatch)
    await trouble(scenario, world)
    await quiet(world)
    assert broken_promises(world, watch), f"{bug.__doc__} The harness saw nothing."


@pytest.mark.parametrize(
    ("name", "trouble"), [(name, trouble) for _, name, trouble in PLANTED if trouble is not refuse]
)
async def test_without_the_bug_the_same_trouble_is_mended(name: str, trouble: Callable[[Scenario, Any], Any]) -> None:
    """The promises hold when nothing is planted: what is caught above is the bug."""
    scenario = BY_NAME[name]
    world = scenario.world()
    watch = Watch(world)
    await scenario.prepare(world)
    await trouble(scenario, world)
    await quiet(world)
    assert not broken_promises(world, watch)
