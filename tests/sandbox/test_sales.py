"""Customers, addresses, orders, items and requests of the local hub."""

from typing import Any

import httpx
import pytest

from deployments.sandbox import OmnitronSandbox
from tests.world.hub_client import HubClient, StillClock, named


def customer(**fields: Any) -> dict[str, Any]:
    return {"channel": 6, "first_name": "Şule", "email": "sule@example.com", "channel_code": "B1", **fields}


def address(owner: int, **fields: Any) -> dict[str, Any]:
    """In Moda, Kadıköy, İstanbul."""
    return {
        "customer": owner,
        "email": "sule@example.com",
        "first_name": "Şule",
        "last_name": "Işık",
        "country": 1,
        "city": 30,
        "township": 40,
        "district": 51,
        "line": "Gül Sok. No: 3",
        **fields,
    }


class Shop:
    """A customer with an address, and orders of theirs."""

    def __init__(self, api: HubClient, owner: int, home: int) -> None:
        self.api = api
        self.owner = owner
        self.home = home

    def order(self, number: str = "SP1", pieces: int = 2, **fields: Any) -> dict[str, Any]:
        """A body of `create_orders/`."""
        order = {
            "number": number,
            "channel": 6,
            "customer": self.owner,
            "shipping_address": self.home,
            "billing_address": self.home,
            "currency": "TRY",
            "amount": "199.98",
            "cargo_company": 3,
            "extra_field": {"id": f"remote {number}"},
            **fields,
        }
        return {"order": order, "order_item": [self.item(f"{number}-{n}") for n in range(pieces)]}

    def item(self, remote_id: str, **fields: Any) -> dict[str, Any]:
        return {
            "product": 1001,
            "price": "99.99",
            "price_currency": "TRY",
            "tax_rate": "10.00",
            "extra_field": {"id": remote_id},
            **fields,
        }

    async def created(self, number: str = "SP1", **fields: Any) -> tuple[dict[str, Any], list[dict[str, Any]]]:
        """An order and its items."""
        response = await self.api.call("POST", "create_orders/", self.order(number, **fields))
        assert response.status_code == 201, response.text
        order = response.json()
        return order, await self.api.rows("order_items/", order=order["pk"], sort="id")

    async def bound(self, number: str = "SP1") -> tuple[dict[str, Any], list[dict[str, Any]]]:
        """An order and its items, all integrated."""
        order, items = await self.created(number)
        await self.api.integrated(order, order["extra_field"]["id"], "order")
        for item in items:
            await self.api.integrated(item, item["extra_field"]["id"], "orderitem")
        return order, items

    async def cancel(self, order: dict[str, Any], /, *items: dict[str, Any], **fields: Any) -> httpx.Response:
        body = {
            "order": order["pk"],
            "cancel_items": [item["pk"] for item in items],
            "reasons": {str(item["pk"]): 41 for item in items},
            "forced_refund_amount": None,
            **fields,
        }
        return await self.api.call("POST", f"orders/{order['pk']}/cancel/", body)

    async def updates(self) -> list[int]:
        """The orders that are due for update."""
        return [row["pk"] for row in await self.api.rows("orders/updates/", sort="id")]


@pytest.fixture
async def shop(api: HubClient) -> Shop:
    owner = (await api.call("POST", "customers/", customer())).json()["pk"]
    home = (await api.call("POST", "addresses/", address(owner))).json()["pk"]
    return Shop(api, owner, home)


async def test_a_customer_is_found_and_changed(api: HubClient, shop: Shop) -> None:
    """By e-mail, phone or the channel's code."""
    changed = await api.call("PATCH", f"customers/{shop.owner}/", {"phone_number": "+905551112233"})
    assert changed.status_code == 200
    for known in ({"email": "sule@example.com"}, {"phone_number": "+905551112233"}, {"channel_code": "B1"}):
        assert [row["pk"] for row in await api.rows("customers/", channel=6, **known)] == [shop.owner]
    assert await api.rows("customers/", email="nobody@example.com", channel=6) == []
    assert api.sandbox.violations == []


@pytest.mark.parametrize(
    ("fields", "wrong"),
    [
        ({"first_name": None, "channel_code": "B2"}, "first_name"),
        ({}, "channel_code"),
        ({"channel_code": ""}, "channel_code"),
        ({"channel_code": "B2", "last_name": "x" * 256}, "last_name"),
        ({"channel_code": "B2", "channel": 7}, "channel"),
    ],
)
async def test_a_customer_is_refused(api: HubClient, shop: Shop, fields: dict[str, Any], wrong: str) -> None:
    """Without its two fields, with a code that is taken, with a text that is too long."""
    refused = await api.call("POST", "customers/", customer(**fields))
    assert (refused.status_code, set(refused.json())) == (400, {wrong})


async def test_the_same_address_again_tells_its_hash(api: HubClient, shop: Shop) -> None:
    """As a string; by the hash it is found. The client's own ids make no other address of it, another line does."""
    again = await api.call("POST", "addresses/", address(shop.owner, remote_id="other", notes=""))
    message = again.json()["non_field_errors"]
    assert again.status_code == 400 and isinstance(message, str)
    hash_data = message.removeprefix("hash_data:").split(" ")[0]
    assert [row["pk"] for row in await api.rows("addresses/", hash_data=hash_data)] == [shop.home]
    other = await api.call("POST", "addresses/", address(shop.owner, line="Gül Sok. No: 5"))
    assert other.status_code == 201


@pytest.mark.parametrize(
    ("fields", "wrong"),
    [
        ({"email": ""}, "email"),
        ({"city": 35}, "township"),
        ({"country": 2}, "city"),
        ({"township": None}, "district"),
        ({"tax_no": "1" * 21}, "tax_no"),
        ({"country": "TR"}, "country"),
        ({"address_type": "retail_store"}, "retail_store"),
    ],
)
async def test_an_address_is_refused(api: HubClient, shop: Shop, fields: dict[str, Any], wrong: str) -> None:
    """Without an e-mail, in a city of another country, with a text that is too long."""
    refused = await api.call("POST", "addresses/", address(shop.owner, **fields))
    assert (refused.status_code, set(refused.json())) == (400, {wrong})


async def test_an_address_may_be_a_store(api: HubClient, shop: Shop) -> None:
    body = address(shop.owner, retail_store=30, address_type="retail_store")
    assert (await api.call("POST", "addresses/", body)).status_code == 201


async def test_an_order_is_created_with_its_items(api: HubClient, shop: Shop) -> None:
    """The answer is the order alone; defaults are the hub's, amounts decimal texts."""
    order, items = await shop.created(amount="199.9", notes=None)
    assert "order_item" not in order
    assert (order["status"], order["amount"], order["notes"]) == ("400", "199.90", None)
    assert [item["extra_field"]["id"] for item in items] == ["SP1-0", "SP1-1"]
    assert [(item["status"], item["price_list"], item["stock_list"]) for item in items] == [("400", 3, 2)] * 2
    assert [row["pk"] for row in await api.rows("orders/", number="SP1")] == [order["pk"]]
    assert (await api.call("GET", f"orders/{order['pk']}/")).json() == order
    assert api.sandbox.violations == []


async def test_a_number_is_taken_once(api: HubClient, shop: Shop) -> None:
    """The second create is refused with nested messages, makes nothing, and is noted."""
    await shop.created()
    again = await api.call("POST", "create_orders/", shop.order())
    assert again.status_code == 400
    assert set(again.json()["order"]) == {"number"}
    assert len(api.sandbox.shop.orders.table) == 1
    journal = api.sandbox.shop.journal
    assert (journal.asked("order"), journal.accepted("order")) == ({"remote SP1": 2}, {"remote SP1": 1})


@pytest.mark.parametrize(
    ("fields", "wrong"),
    [
        ({"number": "x" * 129}, "number"),
        ({"cargo_company": 99}, "cargo_company"),
        ({"cargo_company": None}, "cargo_company"),
        ({"amount": "viel"}, "amount"),
        ({"amount": "1e99"}, "amount"),
        ({"customer": 9}, "customer"),
        ({"notes": "x" * 321}, "notes"),
        ({"date_placed": "yesterday"}, "date_placed"),
    ],
)
async def test_an_order_is_refused(api: HubClient, shop: Shop, fields: dict[str, Any], wrong: str) -> None:
    """As a whole: no item is left behind."""
    refused = await api.call("POST", "create_orders/", shop.order(**fields))
    assert (refused.status_code, set(refused.json()["order"])) == (400, {wrong})
    assert len(api.sandbox.shop.orders.items) == 0


async def test_an_order_is_refused_for_its_items(api: HubClient, shop: Shop) -> None:
    """The messages stand where the item does; an order without items is refused."""
    body = shop.order()
    body["order_item"][1] |= {"product": 7, "price": None}
    refused = await api.call("POST", "create_orders/", body)
    first, second = refused.json()["order_item"]
    assert (refused.status_code, first, set(second)) == (400, {}, {"product", "price"})
    assert set((await api.call("POST", "create_orders/", shop.order(pieces=0))).json()) == {"order_item"}
    assert len(api.sandbox.shop.orders.table) == 0


async def test_another_customers_address_is_refused(api: HubClient, shop: Shop) -> None:
    other = (await api.call("POST", "customers/", customer(channel_code="B2"))).json()["pk"]
    refused = await api.call("POST", "create_orders/", shop.order(customer=other))
    assert set(refused.json()["order"]) == {"shipping_address", "billing_address"}


async def test_what_is_taken_but_should_not_be_sent_is_a_violation(api: HubClient, shop: Shop) -> None:
    """Unknown fields, binary floats, no remote id."""
    await shop.created(remote_id="1", amount=19.9, extra_field={})
    binary, unknown, nameless = api.sandbox.violations
    assert "unknown field `remote_id`" in unknown
    assert "binary float" in binary
    assert "no `id`" in nameless


async def test_orders_are_asked_for_in_chunks(api: HubClient, shop: Shop) -> None:
    """More than 50 keys are refused."""
    order, _ = await shop.created()
    assert len(await api.rows("orders/", pk__in=f"{order['pk']},7")) == 1
    assert (await api.call("GET", "orders/", pk__in=",".join(map(str, range(51))))).status_code == 400


async def test_an_order_is_due_once_bound_and_changed(api: HubClient, shop: Shop) -> None:
    """Not before it has an action, not while a batch holds it, not after its new version was sent."""
    order, _ = await shop.created()
    assert api.sandbox.counts()["objects"]["order"]["due_inserts"] == 1
    api.sandbox.edit_order(order["pk"])
    assert await shop.updates() == []
    await api.integrated(order, "remote SP1", "order")
    assert await shop.updates() == [order["pk"]]
    (row,) = await api.rows("orders/updates/")
    batch = await api.committed(row, content_type="order")
    assert await shop.updates() == []
    await api.move(batch, "done", objects=[named(row, "order", remote_id="remote SP1")])
    assert await shop.updates() == []
    api.sandbox.edit_order(order["pk"], tracking_number="TN1")
    assert [row["tracking_number"] for row in await api.rows("orders/updates/")] == ["TN1"]


async def test_a_failed_update_is_offered_after_the_interval(api: HubClient, shop: Shop, clock: StillClock) -> None:
    """As products are."""
    order, _ = await shop.bound()
    row = api.sandbox.edit_order(order["pk"])
    batch = await api.committed(row, content_type="order")
    await api.move(batch, "done", objects=[named(row, "order", failed_reason_type="remote")])
    assert await shop.updates() == []
    await clock.sleep(3600)
    await api.log_in()
    assert await shop.updates() == [order["pk"]]


async def test_a_version_from_the_future_is_a_violation(api: HubClient, shop: Shop) -> None:
    """For orders and items too."""
    order, (item, _) = await shop.created()
    for row, content_type in ((order, "order"), (item, "orderitem")):
        await api.integrated({**row, "modified_date": "2030-01-01T00:00:00Z"}, "1", content_type)
    assert sum("newer than the object's" in line for line in api.sandbox.violations) == 4


async def test_a_changed_item_brings_its_order(api: HubClient, shop: Shop) -> None:
    """Into the updates; other orders stay."""
    order, (item, _) = await shop.bound()
    await shop.bound("SP2")
    body = {"status": "500", "invoice_number": "FT1", "invoice_date": "2024-02-01T00:00:00Z"}
    changed = await api.call("PATCH", f"order_items/{item['pk']}/", body)
    assert changed.json()["invoice_date"] == "2024-02-01T00:00:00.000000Z"
    assert await shop.updates() == [order["pk"]]
    refused = await api.call("PATCH", f"order_items/{item['pk']}/", {"tracking_number": "x" * 257})
    assert (refused.status_code, set(refused.json())) == (400, {"tracking_number"})


async def test_items_are_cancelled_once(api: HubClient, shop: Shop) -> None:
    """They read 100, their order is due; again is 406 and cancels nothing of the rest."""
    order, items = await shop.bound()
    assert (await shop.cancel(order, items[0])).status_code == 200
    assert (await api.call("GET", f"order_items/{items[0]['pk']}/")).json()["status"] == "100"
    assert await shop.updates() == [order["pk"]]
    again = await shop.cancel(order, *items)
    assert (again.status_code, "error_code" in again.json()) == (406, True)
    assert (await api.call("GET", f"order_items/{items[1]['pk']}/")).json()["status"] == "400"
    journal = api.sandbox.shop.journal
    first, second = (item["pk"] for item in items)
    assert (journal.asked("cancel"), journal.accepted("cancel")) == ({first: 2, second: 1}, {first: 1})


async def test_a_cancellation_is_kept_as_it_was_asked_for(api: HubClient, shop: Shop) -> None:
    """With what the buyer gets back; keys may be text."""
    order, (item, _) = await shop.created()
    key = str(item["pk"])
    wanted = {"order": str(order["pk"]), "cancel_items": [key], "reasons": {key: "41"}}
    refund = {"is_cargo_refund": True, "refund_invoice_number": "IADE-1", "forced_refund_amount": "12.50"}
    assert (await shop.cancel(order, item, **wanted, **refund)).status_code == 200
    assert api.sandbox.shop.orders.cancellations == [{**wanted, **refund}]
    assert (await api.call("GET", f"order_items/{key}/")).json()["status"] == "100"
    assert api.sandbox.violations == []


async def test_a_cancellation_is_refused(api: HubClient, shop: Shop) -> None:
    """Without a reason for each item, with an unknown one, for another order's item, under another order's address."""
    order, items = await shop.created()
    _, (foreign, _) = await shop.created("SP2")
    one = str(items[0]["pk"])
    for fields, wrong in (
        ({"reasons": {}}, "reasons"),
        ({"reasons": {one: 99}}, "reasons"),
        ({"cancel_items": []}, "cancel_items"),
        ({"cancel_items": [foreign["pk"]]}, "cancel_items"),
        ({"cancel_items": [[]]}, "cancel_items"),
        ({"order": foreign["order"]}, "order"),
    ):
        refused = await shop.cancel(order, items[0], **fields)
        assert (refused.status_code, set(refused.json())) == (400, {wrong}), fields
    assert api.sandbox.counts()["sales"]["cancelled_items"] == 0


async def test_a_shipping_info_is_created_and_listed(api: HubClient, shop: Shop) -> None:
    order, _ = await shop.created()
    body = {"order": order["pk"], "order_number": "SP1", "shipping_company": "aras", "is_send": True}
    assert (await api.call("POST", "order_shipping_infos/", body)).status_code == 201
    assert [row["order_number"] for row in await api.rows("order_shipping_infos/", order=order["pk"])] == ["SP1"]
    wrong = await api.call("POST", "order_shipping_infos/", {**body, "order_number": "SP2"})
    assert (wrong.status_code, set(wrong.json())) == (400, {"order_number"})


async def test_a_split_item_has_a_twin(api: HubClient, shop: Shop) -> None:
    """With the same remote id; on request with an action of its own."""
    order, (item, _) = await shop.bound()
    unbound = api.sandbox.split_item(item["pk"])
    bound = api.sandbox.split_item(item["pk"], is_bound=True)
    ids = [row["extra_field"]["id"] for row in await api.rows("order_items/", order=order["pk"], sort="id")]
    assert ids == ["SP1-0", "SP1-1", "SP1-0", "SP1-0"]
    actions = await api.rows("integration_actions/", content_type_name="orderitem", remote_id__exact="SP1-0")
    assert [action["object_id"] for action in actions] == [item["pk"], bound["pk"]]
    assert await api.action(unbound["pk"], "orderitem") is None


async def test_a_request_waits_for_the_merchant(api: HubClient, shop: Shop) -> None:
    """It is keyed `id`, does not show its remote id, and is among the updates once bound and decided."""
    _, (item, _) = await shop.bound()
    body = {"order_item": item["pk"], "reason": 42, "remote_id": "R1", "cancellation_type": "refund"}
    request = (await api.call("POST", "cancellation_requests/", body)).json()
    assert (request["status"], "pk" in request, "remote_id" in request) == ("waiting_approval", False, False)
    assert [row["id"] for row in await api.rows("cancellation_requests/", order_item=item["pk"])] == [request["id"]]
    await api.integrated({"pk": request["id"], **request}, "R1", "cancellationrequest")
    api.sandbox.shop.edit("cancellationrequest", request["id"], description="Beden uymadı")
    assert await api.rows("cancellation_requests/updates/") == []
    api.sandbox.decide_request(request["id"], "approved")
    (due,) = await api.rows("cancellation_requests/updates/")
    assert (due["id"], due["status"]) == (request["id"], "approved")
    await api.integrated({"pk": due["id"], **due}, "R1", "cancellationrequest")
    assert await api.rows("cancellation_requests/updates/") == []
    assert api.sandbox.violations == []


async def test_an_unbound_request_is_no_update(api: HubClient, shop: Shop) -> None:
    """However it was decided. Two of them for one thing are two: the hub does not keep a client from it."""
    _, (item, _) = await shop.bound()
    body = {"order_item": item["pk"], "reason": 41, "remote_id": "R1", "cancellation_type": "cancel"}
    await api.call("POST", "cancellation_requests/", body)
    request = (await api.call("POST", "cancellation_requests/", body)).json()
    assert api.sandbox.counts()["objects"]["cancellationrequest"]["due_inserts"] == 2
    api.sandbox.decide_request(request["id"], "rejected")
    assert await api.rows("cancellation_requests/updates/") == []
    assert api.sandbox.shop.journal.accepted("request") == {"R1": 2}
    refused = await api.call("POST", "cancellation_requests/", {**body, "cancellation_type": "gift", "reason": 9})
    assert (refused.status_code, set(refused.json())) == (400, {"cancellation_type", "reason"})
    with pytest.raises(ValueError, match="perhaps"):
        api.sandbox.decide_request(request["id"], "perhaps")


async def test_a_person_is_the_merchant(api: HubClient, shop: Shop) -> None:
    """By control routes; the page and the state show what happened."""
    order, (item, _) = await shop.bound()
    body = {"order_item": item["pk"], "reason": 41, "remote_id": "R1", "cancellation_type": "cancel"}
    request = (await api.call("POST", "cancellation_requests/", body)).json()
    decided = await api.http.post(
        f"/_sandbox/cancellation-requests/{request['id']}/decide", json={"status": "approved"}
    )
    assert decided.json()["status"] == "approved"
    changed = await api.http.patch(f"/_sandbox/orders/{order['pk']}", json={"tracking_number": "TN9"})
    assert changed.json()["tracking_number"] == "TN9"
    assert (await api.http.patch(f"/_sandbox/order-items/{item['pk']}", json={})).json()["invoice_number"]
    assert (await api.http.post(f"/_sandbox/order-items/{item['pk']}/split", json={})).status_code == 201
    assert "TN9" in (await api.http.get("/_sandbox/")).text
    counts = (await api.http.get("/_sandbox/state")).json()["counts"]
    assert counts["sales"] == {
        "customers": 1,
        "addresses": 1,
        "orders": 1,
        "order_items": 3,
        "cancelled_items": 0,
        "place_reports": 0,
        "cancellation_requests": {"approved": 1},
    }
    assert counts["objects"]["order"]["due_updates"] == 1


def test_what_is_asked_for_per_order_is_indexed(hub: OmnitronSandbox) -> None:
    """A thousand orders cost a thousand times what one costs, not a million times."""
    assert all(
        table.is_indexed(field)
        for table, field in (
            (hub.shop.orders.table, "number"),
            (hub.shop.orders.items, "order"),
            (hub.shop.customers.table, "email"),
            (hub.shop.customers.table, "phone_number"),
            (hub.shop.customers.addresses, "hash_data"),
            (hub.shop.cancellations.table, "order_item"),
        )
    )
