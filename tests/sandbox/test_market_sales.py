"""Buyers of the local marketplace: their deeds, and the shop's answers."""

from decimal import Decimal
from typing import Any

import httpx
import pytest

from deployments.sandbox import MarketplaceSandbox
from deployments.sandbox.base.geography import CITIES
from deployments.sandbox.market.intake import remote_id_of
from tests.world.hub_client import StillClock

SKUS = ["A", "B", "C"]


async def rows(market: httpx.AsyncClient, path: str, **query: str) -> list[dict[str, Any]]:
    response = await market.get(path, params=query)
    assert response.status_code == 200, response.text
    results: list[dict[str, Any]] = response.json()["results"]
    return results


def update(order: dict[str, Any], **fields: Any) -> dict[str, Any]:
    """A body of `PUT /orders`."""
    return {"items": [{"remote_id": order["id"], "number": order["number"], "version": "1", **fields}]}


async def test_a_buyer_orders_what_is_listed(market: httpx.AsyncClient, marketplace: MarketplaceSandbox) -> None:
    """At its price, one item a piece; the amounts add up to the cent."""
    with pytest.raises(ValueError, match="send products first"):
        marketplace.place_order()
    await market.put("/products", json={"items": [{"sku": "A", "price": {"price": "62.44"}}]})
    order = marketplace.place_order(items=[("A", 2), ("B", "0.99")])
    assert [(line["sku"], line["price"]) for line in order["items"]] == [("A", "62.44")] * 2 + [("B", "0.99")]
    assert [line["product"] for line in order["items"]] == [remote_id_of(sku) for sku in "AAB"]
    paid = Decimal("125.87") - Decimal(order["discount_amount"]) + Decimal(order["shipping_amount"])
    assert Decimal(order["amount"]) == paid
    assert {line["sku"] for line in marketplace.place_order()["items"]} == {"A"}
    assert await rows(market, "/orders") == [*marketplace.sales.orders.values()]


def test_the_same_seed_makes_the_same_orders() -> None:
    """Another seed others; they differ in what optional fields say, and live where the hub knows."""

    def orders(seed: int) -> list[dict[str, Any]]:
        return MarketplaceSandbox(seed=seed, clock=StillClock()).place_orders(300, skus=SKUS)

    assert orders(7) == orders(7) != orders(8)
    sold = orders(7)
    assert {order["buyer"].get("phone", "left out") for order in sold} >= {None, "left out"}
    assert {order["notes"] for order in sold} >= {None, ""}
    assert 1 < len({order["buyer"]["id"] for order in sold}) < 300
    for order in sold:
        address = order["shipping_address"]
        assert address["district"] in CITIES[address["city"]][address["township"]]


def test_an_order_can_be_bad_in_any_way(marketplace: MarketplaceSandbox) -> None:
    """Places in both addresses, contacts wherever they stand, fields that are not there at all."""
    order = marketplace.place_order(
        items=[("A", 1)],
        product="MP-none",
        city="Gotham",
        phone=None,
        number="x" * 200,
        amount=Decimal("1.005"),
        billing_address={"tax_no": "1"},
        without=["notes", "buyer.email", "shipping_address.line"],
    )
    assert order["items"][0]["product"] == "MP-none"
    assert [order[name]["city"] for name in ("shipping_address", "billing_address")] == ["Gotham"] * 2
    assert [order[name]["phone"] for name in ("buyer", "shipping_address", "billing_address")] == [None] * 3
    assert (len(order["number"]), order["amount"], order["billing_address"]["tax_no"]) == (200, "1.005", "1")
    assert "notes" not in order and "email" not in order["buyer"] and "line" not in order["shipping_address"]
    later = marketplace.place_orders(300, skus=SKUS)
    assert "1" not in {order["billing_address"].get("tax_no") for order in later}
    assert "Gotham" not in {order["shipping_address"]["city"] for order in later}
    with pytest.raises(TypeError, match="colour"):
        marketplace.place_order(items=[("A", 1)], colour="red")


async def test_lists_hold_a_window_of_time(
    market: httpx.AsyncClient, marketplace: MarketplaceSandbox, clock: StillClock
) -> None:
    """Both ends included, the longest unchanged first, in pages."""
    orders = []
    for _ in range(5):
        orders += marketplace.place_orders(1, skus=SKUS)
        await clock.sleep(60)
    dates = [order["updated_at"] for order in orders]
    assert await rows(market, "/orders", since=dates[1], until=dates[3]) == orders[1:4]
    marketplace.change_item(orders[0]["items"][0]["id"], status="SHIPPED")
    page = (await market.get("/orders", params={"limit": 3, "since": "2024-01-31"})).json()
    assert (page["count"], [row["id"] for row in page["results"]]) == (5, [order["id"] for order in orders[1:4]])
    last = (await market.get(page["next"])).json()
    assert (last["next"], [row["id"] for row in last["results"]]) == (None, [orders[4]["id"], orders[0]["id"]])
    assert (await market.get("/orders?since=yesterday")).status_code == 400


async def test_a_buyer_cancels(market: httpx.AsyncClient, marketplace: MarketplaceSandbox) -> None:
    """Some items, then what is left; nothing twice."""
    order = marketplace.place_order(items=[("A", 3)])
    first, *others = [line["id"] for line in order["items"]]
    marketplace.cancel_order(order["id"], [first], reason="DAMAGED", forced_refund_amount="5.00")
    assert order["status"] == "NEW"
    marketplace.cancel_order(order["id"])
    assert order["status"] == "CANCELLED"
    one, rest = await rows(market, "/cancellations")
    assert (one["order_number"], one["items"]) == (order["number"], [{"id": first, "reason": "DAMAGED"}])
    assert (one["forced_refund_amount"], rest["forced_refund_amount"]) == ("5.00", None)
    assert [item["id"] for item in rest["items"]] == others
    for items in (None, [first]):
        with pytest.raises(ValueError, match="open items"):
            marketplace.cancel_order(order["id"], items)


async def test_only_items_that_the_market_changed_are_listed(
    market: httpx.AsyncClient, marketplace: MarketplaceSandbox
) -> None:
    """Not those that the shop changed; each once, as it is now."""
    order = marketplace.place_order(items=[("A", 2)])
    first, second = (line["id"] for line in order["items"])
    await market.put("/orders", json=update(order, items=[{"remote_id": second, "status": "SHIPPED"}]))
    assert await rows(market, "/order-items") == []
    marketplace.change_item(first, status="DELIVERED")
    marketplace.change_item(first, invoice_number="FT1")
    (row,) = await rows(market, "/order-items")
    assert (row["id"], row["order_id"], row["status"], row["invoice_number"]) == (
        first,
        order["id"],
        "DELIVERED",
        "FT1",
    )
    with pytest.raises(TypeError, match="price"):
        marketplace.change_item(first, price="1.00")


async def test_the_shop_updates_an_order(market: httpx.AsyncClient, marketplace: MarketplaceSandbox) -> None:
    """As often as it likes; fields that it leaves out stay, and the order does not come back for it."""
    order = marketplace.place_order(items=[("A", 1)])
    placed = order["updated_at"]
    lines = [{"remote_id": order["items"][0]["id"], "status": "SHIPPED", "invoice_number": "FT1"}]
    for _ in range(2):
        (result,) = (await market.put("/orders", json=update(order, tracking_number="TN1", items=lines))).json()[
            "results"
        ]
        assert result == {"remote_id": order["id"], "number": order["number"], "status": "SUCCESS", "message": ""}
    assert (order["tracking_number"], order["status"], order["updated_at"]) == ("TN1", "NEW", placed)
    assert order["items"][0]["invoice_number"] == "FT1"
    assert marketplace.acknowledged == [("order", order["number"], "1")] * 2
    assert marketplace.violations == []


async def test_an_older_order_over_a_newer_one_is_a_violation(
    market: httpx.AsyncClient, marketplace: MarketplaceSandbox
) -> None:
    order = marketplace.place_order(items=[("A", 1)])
    for version in ("2", "1"):
        await market.put("/orders", json=update(order, version=version))
    assert [order["number"] in line for line in marketplace.violations] == [True]


async def test_an_update_is_refused(market: httpx.AsyncClient, marketplace: MarketplaceSandbox) -> None:
    """Of an unknown order or item, and by rule; nothing is stored then."""
    order = marketplace.place_order(items=[("A", 1)])
    marketplace.refuse["SP-no"] = "Sipariş kapalı"
    unknown_item = update(order, tracking_number="TN1", items=[{"remote_id": "7"}])
    for body in (update({"id": "7", "number": "SP7"}), unknown_item, update(order, number="SP-no")):
        (result,) = (await market.put("/orders", json=body)).json()["results"]
        assert result["status"] == "FAIL" and result["message"]
    assert (order["tracking_number"], marketplace.acknowledged) == (None, [])
    assert (await market.put("/orders", json={"items": [{"sku": "A"}]})).status_code == 400


async def test_updates_are_answered_later(market: httpx.AsyncClient, marketplace: MarketplaceSandbox) -> None:
    """Under a batch id as products are; some are rejected at once."""
    marketplace.reset(reject_at_once_share=0.5, polls_until_ready=0)
    orders = marketplace.place_orders(40, skus=SKUS)
    body = {"items": [{"remote_id": order["id"], "number": order["number"], "version": "1"} for order in orders]}
    accepted = await market.put("/orders?async=true", json=body)
    rejected = {row["remote_id"] for row in accepted.json()["rejected"]}
    batch = (await market.get(f"/batches/{accepted.json()['batch_id']}")).json()
    assert (accepted.status_code, batch["status"]) == (202, "done")
    assert rejected
    assert {row["remote_id"] for row in batch["results"]} == {order["id"] for order in orders} - rejected


async def test_a_request_is_decided(market: httpx.AsyncClient, marketplace: MarketplaceSandbox) -> None:
    """As often as the shop says so: how often is counted."""
    order = marketplace.place_order(items=[("A", 1)])
    item = order["items"][0]["id"]
    request = marketplace.request(item, "refund", reason="DAMAGED", description=None)
    assert await rows(market, "/requests") == [request]
    decision = {"remote_id": request["id"], "status": "approved", "type": "refund", "order_item": item}
    for _ in range(2):
        (result,) = (await market.put("/requests", json={"items": [decision]})).json()["results"]
        assert (result["remote_id"], result["status"]) == (request["id"], "SUCCESS")
    assert (await rows(market, "/requests"))[0]["status"] == "approved"
    assert marketplace.sales.decisions == {(request["id"], "approved"): 2}
    for wrong in ({"remote_id": "7"}, {"type": "cancel"}, {"order_item": "7"}):
        (result,) = (await market.put("/requests", json={"items": [{**decision, **wrong}]})).json()["results"]
        assert result["status"] == "FAIL"
    assert marketplace.sales.decisions.total() == 2


async def test_a_person_is_the_buyer(market: httpx.AsyncClient, marketplace: MarketplaceSandbox) -> None:
    """By control routes; the page and the state show what happened, and a reset forgets it."""
    placed = await market.post("/_sandbox/orders", json={"items": [["A", 2]], "number": "SP-curl"})
    order = placed.json()
    assert (placed.status_code, order["number"], len(order["items"])) == (201, "SP-curl", 2)
    several = await market.post("/_sandbox/orders/several", json={"number": 3, "skus": SKUS})
    assert len(several.json()) == 3
    first, second = (line["id"] for line in order["items"])
    path = f"/_sandbox/orders/{order['id']}/cancel"
    assert (await market.post(path, json={"items": [first], "reason": "DAMAGED"})).status_code == 201
    assert (await market.post(path, json={"items": [first]})).status_code == 400
    changed = await market.post(f"/_sandbox/order-items/{second}/change", json={"status": "DELIVERED"})
    assert changed.json()["status"] == "DELIVERED"
    asked = await market.post(f"/_sandbox/order-items/{second}/request", json={"kind": "refund"})
    assert asked.json()["type"] == "refund"
    assert (await market.post("/_sandbox/orders", json={"items": [["A", 1]], "colour": "red"})).status_code == 400
    assert "SP-curl" in (await market.get("/_sandbox/")).text
    counts = (await market.get("/_sandbox/state")).json()["counts"]["sales"]
    assert counts == {
        "orders": 4,
        "order_items": 5,
        "cancellations": 1,
        "changed_items": 1,
        "requests": 1,
        "decisions": 0,
    }
    assert list(marketplace.requests) == []
    await market.post("/_sandbox/reset")
    assert await rows(market, "/orders") == []
