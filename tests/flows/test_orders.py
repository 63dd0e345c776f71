"""Orders of the channel into Omnitron: each on its own, each once, and whoever waits is told why."""

import asyncio
from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any, ClassVar

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deployments.sandbox.base.faults import Fault
from dto.orders import ChannelCreateOrderDto
from dto.summary import RunOutcome, RunSummary
from flows.order import fetch_and_create_order, update_orders
from flows.recover import recover
from flows.run import RunFailedError
from tasks.channel.sandbox import ChannelIntegration as Sandbox
from tasks.channel.sandbox.marketplace import Page
from tasks.channel.sandbox.orders import GetOrders
from tests.world.driving import die_at
from tests.world.loopback import World
from tests.world.sales import in_hub, items_in_hub, list_products, place, posts, sku_of, unbind
from tests.world.shop import Row, action, actions, asked, assert_clean, batches, requests_of, run, use_connector, writes

DAY = 86_400


class Watching(Sandbox):
    """Lets orders be read back for two days."""

    name = "watching"
    max_lookback_days: ClassVar[float] = 2.0


class _Rows(GetOrders):
    async def listed(self) -> Page:
        page = await super().listed()
        return page._replace(rows=[piece for row in page.rows for piece in Rows.of(row)])


class Rows(Sandbox):
    """Lists each order in the rows that a test makes of it."""

    name = "rows"
    actions: ClassVar = {**Sandbox.actions, _Rows.key: _Rows}
    of: ClassVar[Callable[[Row], list[Row]]]


class _Streaming(GetOrders):
    """As documented, order by order, each with its report."""

    async def send(  # type: ignore[override]
        self, _: None
    ) -> AsyncIterator[tuple[ChannelCreateOrderDto, Any, Any]]:
        rows = (await self.listed()).rows

        async def each() -> AsyncIterator[tuple[ChannelCreateOrderDto, Any, Any]]:
            for row in rows:
                yield self.order(row), self.create_report({"order": row["number"]}), row

        return each()


class Streaming(Sandbox):
    """Yields its orders."""

    name = "streaming"
    actions: ClassVar = {**Sandbox.actions, _Streaming.key: _Streaming}


class _Mute(GetOrders):
    async def send(self, _: None) -> Any:
        return "no orders today"

    def normalize_response(self, data: Any, validated_data: Any, transformed_data: Any, response: Any) -> Any:
        return response


class Mute(Sandbox):
    """Answers what is no order."""

    name = "mute"
    actions: ClassVar = {**Sandbox.actions, _Mute.key: _Mute}


class Sellless(Sandbox):
    """Sells nothing."""

    name = "sellless"
    actions: ClassVar = {key: command for key, command in Sandbox.actions.items() if key != "get_orders"}


@pytest.fixture
def world(world: World) -> World:
    """A shop whose products are on the channel."""
    list_products(world)
    return world


async def fetch(world: World, **parameters: Any) -> RunSummary:
    """One run of the flow."""
    return await run(world, fetch_and_create_order, **parameters)


def numbers(world: World) -> set[str]:
    """Of the orders in Omnitron."""
    return {row["number"] for row in world.orders}


def texts(world: World) -> list[str]:
    """What the merchant was told of failures."""
    return [row["error_desc"] for row in world.reports if not row["is_ok"]]


def accepted(world: World) -> list[int]:
    """How often each order was made, by the hub's own journal."""
    return list(world.journal.accepted("order").values())


# -- once --------------------------------------------------------------------------------------------------------------


async def test_amounts_are_the_same_on_market_and_hub_to_the_cent(world: World) -> None:
    placed = [place(world, 3) for _ in range(10)]
    await fetch(world)
    for order in placed:
        row = in_hub(world, order)
        for field in ("amount", "shipping_amount", "discount_amount", "net_shipping_amount"):
            assert Decimal(row[field]) == Decimal(order[field])
        lines = {line["id"]: line for line in order["items"]}
        for item in items_in_hub(world, order):
            line = lines[item["extra_field"]["id"]]
            for field in ("price", "retail_price", "discount_amount", "tax_rate"):
                assert Decimal(item[field]) == Decimal(line[field])


async def test_a_second_run_creates_nothing_and_costs_only_the_bulk_look_ups(world: World) -> None:
    """Channel and catalog, one page of orders, and the actions of 60 orders and their items in chunks of 50."""
    for _ in range(60):
        place(world)
    await fetch(world)
    before = len(batches(world))
    with requests_of(world) as seen:
        summary = await fetch(world, is_success_log=False)
    assert summary.counts == {"known": 60}
    assert sorted(request.url.path.rstrip("/").split("/")[-1] for request in seen) == [
        *["1"],
        *["6"],
        *["integration_actions"] * 4,
        *["orders"],
    ]
    assert len(batches(world)) == before


async def test_an_idle_run_makes_no_batch_and_no_write(world: World) -> None:
    summary = await fetch(world, is_success_log=False)
    assert (summary.counts, summary.outcome) == ({}, RunOutcome.completed)
    assert (batches(world), writes(world)) == ([], [])


async def test_a_hundred_orders_with_new_customers_cost_at_most_nine_requests_each(world: World) -> None:
    for number in range(100):
        place(world, 2, buyer={"id": f"N{number}", "email": f"n{number}@example.com"}, email=f"n{number}@example.com")
    summary = await fetch(world)
    assert summary.counts == {"created": 100}
    assert len(world.customers) == 100
    assert summary.requests <= 900


async def test_a_row_that_is_listed_twice_makes_one_order_and_is_counted(world: World) -> None:
    use_connector(world, f"{__name__}:Rows")
    Rows.of = lambda row: [row, dict(row)]
    place(world)
    summary = await fetch(world)
    assert (summary.counts, summary.irregularities) == ({"created": 1}, {"duplicated": 1})


async def test_rows_of_one_order_that_complete_one_another_make_one_order_with_all_items(world: World) -> None:
    """Flat reports have a row for each line. One of them may come twice."""
    use_connector(world, f"{__name__}:Rows")
    Rows.of = lambda row: [*({**row, "items": [line]} for line in row["items"]), row]
    placed = place(world, 3)
    summary = await fetch(world)
    assert summary.counts == {"created": 1}
    found = [line["extra_field"]["id"] for line in items_in_hub(world, placed)]
    assert sorted(found) == sorted(line["id"] for line in placed["items"])


async def test_rows_of_one_order_may_spell_its_buyer_and_its_places_differently(world: World) -> None:
    """The first row's spelling is stored."""
    use_connector(world, f"{__name__}:Rows")
    placed = place(world)
    written = placed["shipping_address"]["line"]
    Rows.of = lambda row: [
        row,
        {**row, "shipping_address": {**row["shipping_address"], "line": f"  {written.upper()}"}},
    ]
    assert (await fetch(world)).counts == {"created": 1}
    assert written in [row["line"] for row in world.addresses]


@pytest.mark.parametrize(
    ("rows", "field"),
    [
        (lambda row: [row, {**row, "amount": "1.00"}], "`amount`"),
        (lambda row: [row, {**row, "items": [{**row["items"][0], "price": "1.00"}]}], "item "),
        (lambda row: [{**row, "items": row["items"][:1]}, {**row, "items": row["items"][1:], "notes": "!"}], "`notes`"),
    ],
    ids=["amount", "item", "notes"],
)
async def test_rows_of_one_order_that_contradict_one_another_wait_and_say_where(
    world: World, rows: Callable[[Row], list[Row]], field: str
) -> None:
    """No line of it is lost silently; the others come in, and it does too, once the channel agrees with itself."""
    use_connector(world, f"{__name__}:Rows")
    odd = place(world, 2)
    fine = place(world)
    Rows.of = lambda row: rows(row) if row["id"] == odd["id"] else [row]
    summary = await fetch(world)
    assert (summary.counts, summary.failures) == ({"created": 1, "failed": 1}, {"RowsDiffer": 1})
    assert numbers(world) == {fine["number"]}
    (text,) = texts(world)
    assert odd["number"] in text
    assert field in text
    Rows.of = lambda row: [row]
    assert (await fetch(world)).counts == {"known": 1, "created": 1}


@settings(max_examples=20, deadline=None)
@given(data=st.data())
def test_however_an_order_is_cut_into_rows_it_comes_in_whole(data: st.DataObject) -> None:
    """Each row has some of its lines, in any order, and every line is in one of them at least."""

    async def story() -> None:
        world = World(failing=0)
        list_products(world)
        placed = place(world, data.draw(st.integers(1, 4)))
        lines = placed["items"]
        some = st.lists(st.sampled_from(lines), min_size=1, unique_by=lambda line: line["id"])
        cuts = [*data.draw(st.lists(some, max_size=3)), *([line] for line in data.draw(st.permutations(lines)))]
        use_connector(world, f"{__name__}:Rows")
        Rows.of = lambda row: [{**row, "items": cut} for cut in cuts]
        assert (await fetch(world)).counts == {"created": 1}
        found = [line["extra_field"]["id"] for line in items_in_hub(world, placed)]
        assert sorted(found) == sorted(line["id"] for line in lines)
        assert_clean(world)

    asyncio.run(story())


async def test_an_order_made_while_its_answer_was_lost_is_made_once(world: World) -> None:
    """Whatever is lost: three creates in a row of one run, the items' list, the commit, the end of the batch."""
    place(world)
    world.hub.faults.add(Fault("drop_after", "POST", "create_orders", times=3))
    await fetch(world)
    assert accepted(world) == [1]
    assert (await fetch(world)).counts == {"known": 1}


@pytest.mark.parametrize(
    "faults",
    [
        [Fault("drop_after", "POST", "create_orders"), Fault("status", "GET", "6/orders/$", skip=1, times=None)],
        [Fault("status", "GET", "order_items", times=None)],
    ],
    ids=["its answer and the look", "its items"],
)
async def test_an_order_whose_making_was_cut_off_is_mended_by_the_next_run(world: World, faults: list[Fault]) -> None:
    """It is in Omnitron, and the run that made it never learned so."""
    placed = place(world)
    for fault in faults:
        world.hub.faults.add(fault)
    with pytest.raises(RunFailedError):
        await fetch(world)
    world.hub.faults.clear()
    assert (await fetch(world)).counts == {"repaired": 1}
    assert accepted(world) == [1]
    found = action(world, in_hub(world, placed)["pk"], "order")
    assert found
    assert found["remote_id"] == placed["id"]


async def test_two_runs_at_the_same_time_make_each_order_once(world: World) -> None:
    for _ in range(5):
        place(world)
    await asyncio.gather(fetch(world), fetch(world))
    await fetch(world)
    assert accepted(world) == [1] * 5
    assert len(actions(world, "order")) == 5


# -- each on its own ---------------------------------------------------------------------------------------------------


async def test_five_poison_orders_among_a_hundred_keep_no_other_out(world: World) -> None:
    """Unknown cargo company, city or product, a number that is too long, a row that makes no sense: the other 95 come in
    with the same run, and each of the five is reported with its number and its reason."""
    for index in range(100):
        match index:
            case 0:
                place(world, cargo="nobody", number="P-CARGO")
            case 20:
                place(world, city="Gotham", number="P-CITY")
            case 40:
                place(world, product="MP-none", number="P-PRODUCT")
            case 60:
                place(world, number="P" * 129)
            case 80:
                place(world, amount="a lot", number="P-SENSE")
            case _:
                place(world)
    summary = await fetch(world)
    assert summary.counts == {"created": 95, "failed": 5}
    assert summary.failures == {
        "CargoCompanyNotFound": 1,
        "CityNotFound": 1,
        "ProductNotFound": 1,
        "KeyTooLong": 1,
        "Unreadable": 1,
    }
    for number, reason in (
        ("P-CARGO", "`nobody`"),
        ("P-CITY", "`Gotham`"),
        ("P-PRODUCT", "`MP-none`"),
        ("P" * 129, "129 characters"),
        ("P-SENSE", "amount"),
    ):
        assert any(number in text and reason in text for text in texts(world)), number
    assert len(actions(world, "order")) == 95


async def test_unknown_city_is_reported_once_per_run_for_the_merchant_to_map(world: World) -> None:
    """Mapped, the orders come in once; until then they are tried on every run."""
    for _ in range(3):
        place(world, city="Gotham")
    with requests_of(world) as seen:
        summary = await fetch(world, batch_size=1)
    assert summary.failures == {"CityNotFound": 3}
    assert posts(seen, "error_reports/city") == 1
    (report,) = world.places.reports
    assert (report["remote_code"], report["name"], report["country_id"]) == ("6_Gotham", "Gotham", 1)
    assert (await fetch(world)).failures == {"CityNotFound": 3}
    assert len(world.places.reports) == 2
    city = next(row["pk"] for row in world.places.cities if row["name"] == "Ankara")
    world.hub.map_place("city", city, "Gotham")
    for placed in world.market.sales.orders.values():
        for address in ("shipping_address", "billing_address"):
            placed[address] |= {"township": "Çankaya", "district": None}
    assert (await fetch(world)).counts == {"created": 3}
    assert accepted(world) == [1, 1, 1]


async def test_unknown_product_or_cargo_company_comes_in_once_it_is_there(world: World) -> None:
    product, cargo = place(world, product="MP-late"), place(world, cargo="late")
    assert (await fetch(world)).failures == {"ProductNotFound": 1, "CargoCompanyNotFound": 1}
    product["items"][0]["product"] = actions(world)[0]["remote_id"]
    cargos = world.places.cargos
    cargos.add({"pk": cargos.next_key(), "name": "Late", "erp_code": "late", "shipping_company": "late"})
    assert (await fetch(world)).counts == {"created": 2}
    assert {row["number"] for row in world.orders} == {product["number"], cargo["number"]}


async def test_optional_fields_missing_altogether_keep_no_order_out(world: World) -> None:
    """Not None: not there at all."""
    absent: tuple[str, ...] = ("buyer.phone", "notes", "tracking_number", "net_shipping_amount", "discount_amount")
    for address in ("shipping_address", "billing_address"):
        absent += tuple(
            f"{address}.{field}" for field in ("phone", "postcode", "township", "district", "tax_no", "title")
        )
    place(world, without=absent)
    assert (await fetch(world)).counts == {"created": 1}


async def test_an_order_without_an_email_is_known_by_phone_where_the_conf_says_so(world: World) -> None:
    """Its addresses need one all the same: the customer's of before, or a reason."""
    world.hub.set_channel(conf={"CUSTOMER_IDENTIFIER_FIELD": "phone_number"})
    place(world, phone="+905551112233", email="known@example.com")
    await fetch(world)
    place(world, phone="+905551112233", email="")
    place(world, phone="+905559998877", email="", buyer={"id": "B-new"})
    assert (await fetch(world)).failures == {"AddressIncomplete": 1}
    assert len(world.orders) == 2


async def test_an_order_without_an_email_says_so_where_customers_are_known_by_it(world: World) -> None:
    place(world, email="")
    summary = await fetch(world)
    assert summary.failures == {"CustomerIncomplete": 1}


async def test_texts_that_were_cut_are_said_and_the_order_is_there(world: World) -> None:
    placed = place(world, notes="n" * 400, shipping_address={"line": "l" * 300})
    summary = await fetch(world)
    assert summary.counts == {"created": 1, "texts cut": 2}
    assert any(placed["number"] in text and "400 characters cut to 320" in text for text in texts(world))


async def test_a_hub_that_fails_for_one_order_for_ever_keeps_no_other_out(world: World) -> None:
    """It is asked for that one number as often as for any, and no more."""
    poison = place(world, buyer={"id": "POISON", "email": "poison@example.com"})
    others = [place(world) for _ in range(4)]

    def fail(number: int, request: Any, moment: str) -> None:
        if moment == "before" and request.method == "POST" and b'"POISON"' in request.content:
            world.hub.faults.add(Fault("status", "POST", "customers/", status=500))

    world.hook = fail
    summary = await fetch(world)
    assert summary.counts == {"created": 4, "failed": 1}
    assert summary.failures == {"LostAnswer": 1}
    assert numbers(world) == {order["number"] for order in others}
    world.hook = lambda *_: None
    assert (await fetch(world)).counts["created"] == 1
    assert poison["number"] in numbers(world)


async def test_a_hub_that_takes_nothing_ends_the_run_as_failed(world: World) -> None:
    """It is not the orders' fault, and the flow run has to say so."""
    place(world)
    world.hub.faults.add(Fault("status", "POST", "customers/", status=503, times=None))
    with pytest.raises(RunFailedError, match="503"):
        await fetch(world)


# -- repairs -----------------------------------------------------------------------------------------------------------


async def test_an_order_without_bindings_is_repaired_and_its_change_still_reaches_the_channel(world: World) -> None:
    """It is bound as the channel knows it: what the merchant did meanwhile is due."""
    world.clock.advance(60)
    placed = place(world)
    await fetch(world)
    unbind(world, "order", "orderitem")
    world.hub.edit_order(in_hub(world, placed)["pk"], tracking_number="TR-meanwhile")
    assert (await fetch(world)).counts == {"repaired": 1}
    assert (await run(world, update_orders)).counts == {"updated": 1}
    assert world.market.sales.orders[placed["id"]]["tracking_number"] == "TR-meanwhile"


@pytest.mark.parametrize("moment", ["before", "after"])
@pytest.mark.parametrize("request_", ["commit", "done"])
async def test_killed_between_commit_and_done_no_order_loses_its_binding(
    world: World, request_: str, moment: str
) -> None:
    """Recovery records what is known, the next run mends the rest, and each order is there once."""
    placed = [place(world) for _ in range(3)]
    await die_at(world, "fetch_and_create_order", "PATCH", "batch_requests", 1, moment, f'"{request_}"'.encode())
    await run(world, recover)
    await fetch(world)
    assert accepted(world) == [1] * 3
    assert {row["remote_id"] for row in actions(world, "order")} == {order["id"] for order in placed}
    assert {row["status"] for kind in ("order", "orderitem") for row in actions(world, kind)} == {"success"}
    assert world.hub.counts()["open_batches"] == {}


async def test_recovery_binds_what_an_import_brought_in_and_only_that(world: World) -> None:
    """A batch of updates holds no items: nothing of it is recorded as told."""
    placed = place(world)
    await die_at(world, "fetch_and_create_order", "PATCH", "batch_requests", 1, "before", b'"done"')
    assert (await run(world, recover)).counts == {"bound": 1}
    assert batches(world)[-1]["status"] == "done"
    world.hub.edit_order(in_hub(world, placed)["pk"])

    await die_at(world, "update_orders", "PUT", "", 1, "before")
    assert (await run(world, recover)).counts == {"released": 1}
    found = action(world, in_hub(world, placed)["pk"], "order")
    assert found
    assert (found["remote_id"], found["status"]) == (placed["id"], "success")
    assert found["version_date"] < in_hub(world, placed)["modified_date"]


async def test_recovery_binds_nothing_of_a_batch_of_which_a_part_is_unknown(world: World) -> None:
    """One that was bound in part would be `done`, and what it left out nobody's. The next run finds both by their numbers."""
    for _ in range(2):
        place(world)
    await die_at(world, "fetch_and_create_order", "PATCH", "batch_requests", 1, "before", b'"done"')
    world.actions.change(actions(world, "order")[0]["pk"], remote_id=None)
    assert (await run(world, recover)).counts == {"released": 1}
    assert batches(world)[-1]["status"] == "fail"
    assert actions(world, "order") == []
    await fetch(world)
    assert accepted(world) == [1, 1]
    assert {row["status"] for kind in ("order", "orderitem") for row in actions(world, kind)} == {"success"}


async def test_an_error_that_stops_the_run_leaves_no_batch_open_and_no_order_unbound(world: World) -> None:
    """What had been bound by then is a fact."""
    for _ in range(5):
        place(world)
    world.hub.faults.add(Fault("status", "POST", "create_orders", skip=2, status=403, times=None))
    with pytest.raises(RunFailedError, match="403"):
        await fetch(world)
    assert [row["status"] for row in batches(world)] == ["done"]
    world.hub.faults.clear()
    await fetch(world)
    assert accepted(world) == [1] * 5
    assert len(actions(world, "order")) == 5


async def test_another_runs_commit_makes_no_order_and_skips_the_run(world: World) -> None:
    """The lock is asked for before anything is made that only a batch can bind."""
    place(world)
    batch = world.batches.create({"channel": 6})
    world.batches.move(batch["pk"], {"channel": 6, "status": "commit", "content_type": "order"})
    summary = await fetch(world)
    assert summary.outcome is RunOutcome.skipped
    assert world.orders.rows == {}


# -- the window --------------------------------------------------------------------------------------------------------


def since(seen: list[Any]) -> Any:
    """From when on orders were asked for."""
    (request,) = [request for request in seen if request.url.path == "/orders"]
    return request.url.params["since"]


@pytest.mark.parametrize(
    ("conf", "parameter", "connector", "days"),
    [
        (None, None, None, 7),
        (3, None, None, 3),
        ("0.5", None, None, 0.5),
        (3, 10, None, 10),
        (None, None, "Watching", 2),
        (30, None, "Watching", 2),
        (None, 1, "Watching", 1),
        ("", None, None, 7),
        (0, None, None, 7),
    ],
)
async def test_the_window_is_the_parameters_the_confs_or_a_week_and_at_most_the_channels(
    world: World, conf: Any, parameter: float | None, connector: str | None, days: float
) -> None:
    if connector:
        use_connector(world, f"{__name__}:{connector}")
    if conf is not None:
        world.hub.set_channel(conf={"order_lookback": conf})
    with requests_of(world) as seen:
        await fetch(world, lookback_days=parameter)
    assert since(seen) == (world.clock.now() - timedelta(days=days)).isoformat()


async def test_a_window_that_is_none_is_refused(world: World) -> None:
    """It would end before it begins, and no order would ever come."""
    world.hub.set_channel(conf={"order_lookback": -7})
    with pytest.raises(RunFailedError, match="`order_lookback` is -7"):
        await fetch(world)


async def test_an_order_about_to_leave_the_window_says_until_when_it_can_be_mended(world: World) -> None:
    """And not before."""
    place(world, city="Gotham")
    assert "about to be lost" not in (await fetch(world)).counts
    world.clock.advance(6.5 * DAY)
    summary = await fetch(world)
    assert summary.counts == {"failed": 1, "about to be lost": 1}
    assert "2026-01-08 00:00 UTC and is lost after that" in texts(world)[-1]


# -- what connectors answer --------------------------------------------------------------------------------------------


async def test_orders_may_come_one_by_one_each_with_its_report(world: World) -> None:
    use_connector(world, f"{__name__}:Streaming")
    place(world)
    place(world)
    assert (await fetch(world)).counts == {"created": 2}


async def test_an_answer_that_is_no_order_stops_the_run_and_says_what_is_due(world: World) -> None:
    use_connector(world, f"{__name__}:Mute")
    with pytest.raises(RunFailedError, match="ChannelCreateOrderDto"):
        await fetch(world)


async def test_a_connector_that_sells_nothing_says_so_before_any_request(world: World) -> None:
    use_connector(world, f"{__name__}:Sellless")
    with pytest.raises(RunFailedError, match="no get_orders"):
        await fetch(world)
    assert asked(world) == []


@pytest.mark.parametrize(
    ("spoil", "why"),
    [
        (lambda row: row.update(amount=None), "amount"),
        (lambda row: row.update(created_at="yesterday"), "created_at"),
        (lambda row: row.pop("buyer"), "buyer"),
        (lambda row: row.update(items=None), "items"),
        (lambda row: row.update(currency=7), "lower"),
        (lambda row: row["shipping_address"].pop("line"), "line"),
        (lambda row: row.pop("number"), "without a name"),
    ],
    ids=["no amount", "no date", "no buyer", "no items", "a number", "no line", "no name"],
)
async def test_rows_that_make_no_sense_keep_no_other_out_and_are_said(
    world: World, spoil: Callable[[Row], Any], why: str
) -> None:
    """They are read again with the next run."""
    spoil(place(world))
    place(world)
    summary = await fetch(world)
    assert (summary.counts, summary.failures) == ({"created": 1, "failed": 1}, {"Unreadable": 1})
    assert any(why in text and "make sense" in text for text in texts(world))


async def test_a_channel_that_is_down_ends_the_run_as_failed_and_writes_nothing(world: World) -> None:
    world.market.faults.add(Fault("status", path="/orders", times=None))
    with pytest.raises(RunFailedError, match="503"):
        await fetch(world)
    assert writes(world) == []


async def test_orders_are_brought_in_chunk_by_chunk(world: World) -> None:
    """A batch each."""
    for _ in range(5):
        place(world, items=[(sku_of(world, 1), 1)])
    summary = await fetch(world, batch_size=2)
    assert (summary.counts, summary.batches) == ({"created": 5}, 3)
