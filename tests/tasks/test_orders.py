"""Orders of the channel: known ones found in bulk, new ones made once, bindings mended."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from clients.errors import ContractError, LostAnswerError, RefusedError
from deployments.sandbox.base.faults import Fault
from dto.enums import ContentType
from dto.orders import ChannelCreateOrderDto
from tasks.omnitron.orders.arrivals import Arrival
from tasks.omnitron.orders.known_orders import GetKnownOrders, GetMissingOrders, find_order
from tasks.omnitron.orders.orders import CreateOrder, ImportOrders, PrepareOrder, ProductNotFoundError
from tests.world.loopback import World
from tests.world.sales import PLACED, address, customer, item, list_products, order, posts
from tests.world.shop import Row, action, actions, batches, opened, requests_of


@pytest.fixture
def world(world: World) -> World:
    """A shop whose products are on the channel."""
    list_products(world)
    return world


async def taken_in(world: World, *entries: ChannelCreateOrderDto) -> list[Arrival]:
    """What became of orders that one run brings in, its batch settled."""
    async with opened(world, ContentType.order) as hub:
        found: list[Arrival] = await hub.do_action(ImportOrders, objects=entries)
        if hub.batch_request and hub.batch_request.is_open:
            await hub.batch_request.done()
    return sorted(found, key=lambda arrival: arrival.name)


def rows(world: World) -> list[Row]:
    """Omnitron's orders."""
    return list(world.orders)


def items(world: World) -> list[Row]:
    """Omnitron's order items."""
    return list(world.order_items)


def unbind(world: World, *kinds: str) -> None:
    """What a run that died leaves behind: no binding."""
    for kind in kinds:
        for row in actions(world, kind):
            world.ledger.delete(row["pk"])


async def test_an_order_is_made_with_its_items_and_both_are_bound(world: World) -> None:
    (arrival,) = await taken_in(world, order(world, item(world), item(world, remote_id="I2")))
    assert (arrival.name, arrival.outcome, arrival.problem) == ("SP1", "created", None)
    (row,) = rows(world)
    bound = action(world, row["pk"], "order")
    assert bound is not None
    assert (bound["remote_id"], bound["status"], bound["version_date"]) == ("R1", "success", row["modified_date"])
    made = {item["extra_field"]["id"]: action(world, item["pk"], "orderitem") for item in items(world)}
    assert {remote_id: found and found["remote_id"] for remote_id, found in made.items()} == {"I1": "I1", "I2": "I2"}
    assert [batch["status"] for batch in batches(world)] == ["done"]


async def test_decimal_amounts_reach_omnitron_exact_to_the_cent(world: World) -> None:
    """None of them would survive a binary float or an exponent."""
    entry = order(
        world,
        item(world, price=Decimal("0.10"), retail_price=Decimal("12345678901234.57"), discount_amount=Decimal("1E+1")),
        amount=Decimal("99999999999999.99"),
        shipping_amount=Decimal("0.30"),
        net_shipping_amount=Decimal("0.25"),
        discount_amount=Decimal("1E+2"),
    )
    with requests_of(world) as seen:
        await taken_in(world, entry)
    (body,) = [request.content.decode() for request in seen if "create_orders" in request.url.path]
    for field in (
        '"amount": "99999999999999.99"',
        '"shipping_amount": "0.30"',
        '"discount_amount": "100"',
        '"price": "0.10"',
        '"retail_price": "12345678901234.57"',
        '"discount_amount": "10"',
    ):
        assert field in body
    assert Decimal(rows(world)[0]["amount"]) == Decimal("99999999999999.99")


@pytest.mark.parametrize("missing", [None, ""])
async def test_optional_phone_or_notes_missing_keeps_no_order_out(world: World, missing: str | None) -> None:
    """Nor anything else that is optional."""
    empty = dict.fromkeys(
        ("notes", "tracking_number", "carrier_shipping_code", "gift_box_note", "language_code"), missing
    )
    entry = order(
        world,
        item(world, status=missing, tracking_number=missing, carrier_shipping_code=missing, parent=missing),
        **empty,
        customer=customer(phone_number=missing, extra_field=None),
        shipping_address=address(phone_number=missing, notes=missing),
        discount_amount=None,
        net_shipping_amount=None,
        has_gift_box=None,
        status=missing,
    )
    (arrival,) = await taken_in(world, entry)
    assert arrival.outcome == "created"
    assert (rows(world)[0]["status"], items(world)[0]["status"]) == ("400", "400")


async def test_what_the_channel_says_of_order_and_item_is_kept(world: World) -> None:
    """The id that the channel gives in `extra_field` is the one that counts."""
    entry = order(
        world,
        item(world, extra_field={"id": 77, "line": 1}, status="500"),
        extra_field={"id": "88", "shop": "A"},
        status="450",
        notes="Zili çalmayın",
    )
    await taken_in(world, entry)
    (row,), (line,) = rows(world), items(world)
    assert (row["status"], row["notes"], row["extra_field"]) == ("450", "Zili çalmayın", {"id": "88", "shop": "A"})
    assert (line["status"], line["extra_field"]) == ("500", {"id": "77", "line": 1})
    catalog = world.catalog
    assert (line["price_list"], line["stock_list"]) == (catalog["price_list"], catalog["stock_list"])
    bound = action(world, row["pk"], "order")
    assert bound
    assert bound["remote_id"] == "88"


async def test_an_empty_id_in_extra_field_is_none(world: World) -> None:
    await taken_in(world, order(world, item(world, extra_field={"id": None}), extra_field={"id": ""}))
    assert (rows(world)[0]["extra_field"], items(world)[0]["extra_field"]) == ({"id": "R1"}, {"id": "I1"})


async def test_texts_that_are_too_long_are_cut_and_each_cut_is_said(world: World) -> None:
    entry = order(
        world,
        item(world, tracking_number="t" * 257),
        notes="n" * 321,
        gift_box_note="g" * 161,
        shipping_address=address(line="l" * 300),
    )
    (arrival,) = await taken_in(world, entry)
    (row,) = rows(world)
    assert (len(row["notes"]), len(row["gift_box_note"]), len(items(world)[0]["tracking_number"])) == (320, 160, 256)
    assert sorted(arrival.notes) == [
        "item I1 tracking_number: 257 characters cut to 256",
        "order gift_box_note: 161 characters cut to 160",
        "order notes: 321 characters cut to 320",
        "shipping address line: 300 characters cut to 255",
    ]


async def test_number_longer_than_128_is_refused_and_the_order_with_that_prefix_not_touched(world: World) -> None:
    """Cut, it would be the other one's number."""
    short = order(world, number="9" * 128)
    (made,) = await taken_in(world, short)
    assert made.outcome == "created"
    before = dict(rows(world)[0])
    (arrival,) = await taken_in(world, order(world, item(world, remote_id="I2"), number="9" * 129, remote_id="R2"))
    assert arrival.code == "KeyTooLong"
    assert rows(world) == [before]


async def test_unknown_cargo_company_in_one_order_stops_that_order_alone(world: World) -> None:
    """The others of its batch are made and bound."""
    entries = [
        order(
            world,
            item(world, remote_id=f"I{n}"),
            number=f"SP{n}",
            remote_id=f"R{n}",
            cargo_company="nobody" if n == 1 else "ptt",
        )
        for n in range(4)
    ]
    arrivals = await taken_in(world, *entries)
    assert [(arrival.name, arrival.code or arrival.outcome) for arrival in arrivals] == [
        ("SP0", "created"),
        ("SP1", "CargoCompanyNotFound"),
        ("SP2", "created"),
        ("SP3", "created"),
    ]
    assert {row["remote_id"] for row in actions(world, "order")} == {"R0", "R2", "R3"}
    assert len(actions(world, "orderitem")) == 3


async def test_unknown_product_is_named_and_nothing_is_made(world: World) -> None:
    entry = order(world, item(world), item(world, remote_id="I2", product="MP-none"))
    (arrival,) = await taken_in(world, entry)
    assert arrival.code == "ProductNotFound"
    assert arrival.problem
    assert "`MP-none`" in arrival.problem.message
    assert (rows(world), batches(world)) == ([], [])


async def test_a_product_id_that_two_products_are_bound_to_is_not_guessed(world: World) -> None:
    first, second = [row for row in actions(world) if row["content_type"]["model"] == "product"][:2]
    world.actions.change(second["pk"], remote_id=first["remote_id"])
    (arrival,) = await taken_in(world, order(world, item(world, product=first["remote_id"])))
    assert arrival.code == "ProductNotFound"


async def test_an_order_without_items_is_refused(world: World) -> None:
    entry = ChannelCreateOrderDto(order=order(world).order, order_item=[])
    (arrival,) = await taken_in(world, entry)
    assert arrival.code == "OrderIncomplete"


async def test_a_number_that_another_order_has_is_not_taken_for_this_one(world: World) -> None:
    await taken_in(world, order(world))
    (arrival,) = await taken_in(world, order(world, item(world, remote_id="I2"), remote_id="R2"))
    assert arrival.code == "NumberTaken"
    assert len(rows(world)) == 1


async def test_two_new_orders_of_one_number_make_one(world: World) -> None:
    """They come in the same run, and are taken in one after the other."""
    arrivals = await taken_in(world, order(world), order(world, item(world, remote_id="I2"), remote_id="R2"))
    assert sorted(arrival.code or arrival.outcome for arrival in arrivals) == ["NumberTaken", "created"]


async def test_lost_response_to_a_post_makes_one_order(world: World) -> None:
    """Its answer was lost: the order is found by its number, and bound."""
    world.hub.faults.add(Fault("drop_after", "POST", "create_orders"))
    with requests_of(world) as seen:
        (arrival,) = await taken_in(world, order(world))
    assert arrival.outcome == "created"
    assert (len(rows(world)), posts(seen, "create_orders")) == (1, 1)
    assert {row["remote_id"] for row in actions(world, "order")} == {"R1"}


async def test_a_post_that_never_arrived_is_sent_again(world: World) -> None:
    world.hub.faults.add(Fault("drop_before", "POST", "create_orders", times=2))
    with requests_of(world) as seen:
        await taken_in(world, order(world))
    assert (len(rows(world)), posts(seen, "create_orders")) == (1, 3)


async def test_a_hub_that_loses_every_answer_fails_that_order_alone_and_tries_no_more_than_three_times(
    world: World,
) -> None:
    world.hub.faults.add(Fault("drop_before", "POST", "create_orders", times=None))
    with requests_of(world) as seen:
        (arrival,) = await taken_in(world, order(world))
    assert isinstance(arrival.problem, LostAnswerError)
    assert posts(seen, "create_orders") == 3


async def test_a_refusal_that_has_another_reason_than_the_number_stays_one(world: World) -> None:
    """An amount that Omnitron does not take, say."""
    world.hub.faults.add(Fault("status", "POST", "create_orders", status=400))
    (arrival,) = await taken_in(world, order(world))
    assert isinstance(arrival.problem, RefusedError)
    assert arrival.code == "Refused"


async def test_known_orders_are_dropped_by_bulk_look_ups_alone(world: World) -> None:
    """A hundred of them cost as many requests as their actions have chunks."""
    entries = [order(world, item(world, remote_id=f"I{n}"), number=f"SP{n}", remote_id=f"R{n}") for n in range(100)]
    await taken_in(world, *entries)
    async with opened(world, ContentType.order) as hub:
        with requests_of(world) as seen:
            assert await hub.do_action(GetMissingOrders, objects=entries) == []
    assert len(seen) == 4
    assert all(request.url.path.endswith("/integration_actions/") for request in seen)


@pytest.mark.parametrize("number", [1, 100])
async def test_items_that_are_numbered_within_their_order_are_not_all_read(world: World, number: int) -> None:
    """The id `1` is that of an item of every order: to ask for it would read one item of each order in Omnitron."""
    entries = [order(world, item(world, remote_id="1"), number=f"SP{n}", remote_id=f"R{n}") for n in range(120)]
    await taken_in(world, *entries)
    async with opened(world, ContentType.order) as hub:
        with requests_of(world) as seen:
            assert await hub.do_action(GetMissingOrders, objects=entries[:number]) == []
    assert len(seen) <= 3


async def test_a_single_order_is_repaired_though_another_ones_item_has_the_same_number(world: World) -> None:
    """Its own items are looked at."""
    first, second = (order(world, item(world, remote_id="1"), number=f"SP{n}", remote_id=f"R{n}") for n in range(2))
    await taken_in(world, first, second)
    (bound,) = [row for row in actions(world, "orderitem") if row["object_id"] == max(world.order_items.rows)]
    world.ledger.delete(bound["pk"])
    async with opened(world, ContentType.order) as hub:
        assert await hub.do_action(GetMissingOrders, objects=[second]) == [second]
        assert await hub.do_action(GetMissingOrders, objects=[first]) == []


@pytest.mark.parametrize("kinds", [("order",), ("orderitem",), ("order", "orderitem")])
async def test_an_order_that_exists_without_bindings_is_repaired(world: World, kinds: tuple[str, ...]) -> None:
    """And only what was missing is bound: what is bound keeps the version that the channel was told."""
    entry = order(world)
    await taken_in(world, entry)
    kept = [dict(row) for kind in {"order", "orderitem"} - {*kinds} for row in actions(world, kind)]
    unbind(world, *kinds)
    async with opened(world, ContentType.order) as hub:
        assert await hub.do_action(GetMissingOrders, objects=[entry]) == [entry]
    (arrival,) = await taken_in(world, entry)
    assert arrival.outcome == "repaired"
    assert [row["remote_id"] for kind in ("order", "orderitem") for row in actions(world, kind)] == ["R1", "I1"]
    for row in kept:
        assert world.actions[row["pk"]] == row
    assert len(rows(world)) == 1


async def test_a_repaired_order_is_bound_at_the_moment_of_its_placing(world: World) -> None:
    """What changed meanwhile has still to reach the channel."""
    world.clock.advance(60)
    await taken_in(world, order(world))
    unbind(world, "order", "orderitem")
    world.hub.edit_order(rows(world)[0]["pk"])
    await taken_in(world, order(world))
    bound = action(world, rows(world)[0]["pk"], "order")
    assert bound
    assert bound["version_date"] < rows(world)[0]["modified_date"]
    assert world.hub.counts()["objects"]["order"]["due_updates"] == 1


async def test_an_order_that_lacks_an_item_in_omnitron_is_named(world: World) -> None:
    await taken_in(world, order(world))
    unbind(world, "order", "orderitem")
    (arrival,) = await taken_in(world, order(world, item(world), item(world, remote_id="I2")))
    assert isinstance(arrival.problem, ContractError)
    assert "I2" in arrival.problem.message


async def test_a_split_item_binds_both_of_its_halves(world: World) -> None:
    await taken_in(world, order(world))
    world.hub.split_item(items(world)[0]["pk"])
    unbind(world, "order", "orderitem")
    await taken_in(world, order(world))
    assert [row["remote_id"] for row in actions(world, "orderitem")] == ["I1", "I1"]


async def test_an_order_that_was_not_made_by_this_program_is_adopted_by_its_number(world: World) -> None:
    """Its `extra_field` names no id."""
    await taken_in(world, order(world))
    unbind(world, "order", "orderitem")
    world.orders.change(rows(world)[0]["pk"], extra_field={})
    (arrival,) = await taken_in(world, order(world))
    assert arrival.outcome == "repaired"
    assert [row["remote_id"] for row in actions(world, "order")] == ["R1"]


async def test_nothing_to_bind_makes_no_batch(world: World) -> None:
    (arrival,) = await taken_in(world, order(world, cargo_company="nobody"))
    assert arrival.problem
    assert batches(world) == []


async def test_known_orders_are_found_with_their_rows(world: World) -> None:
    entries = [order(world), order(world, item(world, remote_id="I2"), number="SP2", remote_id="R2")]
    await taken_in(world, entries[0])
    async with opened(world, ContentType.order) as hub:
        found = await hub.do_action(GetKnownOrders, objects=entries)
    assert [row.number for row in found] == ["SP1"]


async def test_an_order_can_be_prepared_and_made_by_hand(world: World) -> None:
    """As a connector's own flow does: products are looked up where nobody says what they are."""
    async with opened(world, ContentType.order) as hub:
        prepared = await hub.do_action(PrepareOrder, objects=order(world))
        assert prepared.order.cargo_company == 3
        made = await hub.do_action(CreateOrder, objects=prepared)
        with pytest.raises(ProductNotFoundError):
            await hub.do_action(CreateOrder, objects=prepared, products={})
    assert [row["pk"] for row in rows(world)] == [made.pk]


@pytest.mark.parametrize("times", [0, 1, 3])
async def test_an_order_that_is_made_by_hand_is_bound_with_its_items_once(world: World, times: int) -> None:
    """However many answers are lost, and however often it is called."""
    world.hub.faults.add(Fault("drop_after", "POST", "integration_actions", times=times))
    async with opened(world, ContentType.order, create_batch=False) as hub:
        prepared = await hub.do_action(
            PrepareOrder, objects=order(world, item(world, remote_id="1"), item(world, remote_id="2"))
        )
        for _ in range(2):
            await hub.do_action(CreateOrder, objects=prepared)
    assert [row["remote_id"] for row in actions(world, "order")] == ["R1"]
    assert sorted(row["remote_id"] for row in actions(world, "orderitem")) == ["1", "2"]
    assert {row["status"] for kind in ("order", "orderitem") for row in actions(world, kind)} == {"success"}
    assert batches(world) == []


@pytest.mark.parametrize(("age", "expected"), [(-60, PLACED - timedelta(seconds=60)), (60, PLACED)])
async def test_a_found_order_counts_as_told_at_its_placing_at_the_latest(world: World, age: int, expected: Any) -> None:
    await taken_in(world, order(world))
    moment = (PLACED + timedelta(seconds=age)).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    world.orders.change(rows(world)[0]["pk"], modified_date=moment)
    async with opened(world, ContentType.order) as hub:
        found = await find_order(hub, "SP1", "R1", PLACED)
    assert found
    assert found.modified_date == expected
