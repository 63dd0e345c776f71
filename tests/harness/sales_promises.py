"""The promises about orders as checkers: P4 effectively once, P5 each order there once and bound; P2 for what is told back."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from deployments.sandbox.base import geography
from deployments.sandbox.hub.cancellations import WAITING
from deployments.sandbox.hub.ledger import Key
from deployments.sandbox.hub.orders import CANCELLED
from dto.enums import ContentType
from tasks.channel.sandbox.orders import WORDS
from tests.world.loopback import World

Row = dict[str, Any]

MAX_RETRY_COUNT = 5
LONGEST_NUMBER = 128
REFUSALS = 2
"""Creates that Omnitron may refuse because two runs at the same time, or the merchant, were faster."""
NEVER_TOLD = timedelta(microseconds=1)
"""An order's first version is the stamp after its creation: the channel knows it, for it comes from there."""


def lie_about_a_sale(world: World, content_type: str, pk: int, remote_id: str, version: str) -> str | None:
    """P2: why a success that Omnitron records now is none."""
    if content_type == ContentType.cancellation_request:
        row = world.requests[pk]
        told = world.market.sales.requests.get(remote_id, {}).get("status")
        if row["status"] != WAITING and version >= row["modified_date"] and told != row["status"]:
            return f"request {pk} is a success as {row['status']}; the channel was told {told}"
    if content_type == ContentType.order:
        row = world.orders[pk]
        sent = world.market.sales.versions.get(remote_id)
        is_told = sent is not None and sent >= version
        if version > _first_version(row) and not is_told and not _is_renamed_alone(world, row):
            return f"order {pk} is a success at {version}; the channel has {sent}"
    return None


def _is_renamed_alone(world: World, row: Row) -> bool:
    """Whether only the order's id has changed since, because its package was split or merged."""
    package = world.market.sales.orders.get(row["extra_field"]["id"], {})
    return "replaces" in package and package["tracking_number"] == row["tracking_number"]


def broken_sales(world: World) -> list[str]:
    """What does not hold about orders, cancellations and requests now that the world is quiet."""
    journal = world.journal
    found = [
        f"{deed} {subject} was done {times} times"
        for deed in ("order", "cancel", "request")
        for subject, times in journal.accepted(deed).items()
        if times != 1
    ]
    found += [
        f"{deed} {subject} was asked for {times} times"
        for deed in ("order", "cancel", "request")
        for subject, times in journal.asked(deed).items()
        if times > journal.accepted(deed)[subject] + REFUSALS
    ]
    for order in _whole_orders(world):
        found += _order_problems(world, order)
    return found


def _whole_orders(world: World) -> Iterator[Row]:
    """The channel's orders, each with all of its packages: their ids are in `ids`."""
    packages: dict[tuple[str, str], list[Row]] = {}
    for row in world.market.sales.orders.values():
        key = ("number", row["number"]) if "replaces" in row else ("id", row["id"])
        packages.setdefault(key, []).append(row)
    for rows in packages.values():
        items = [item for row in rows for item in row["items"]]
        yield {**rows[0], "items": items, "ids": {row["id"] for row in rows}}


def is_poison(world: World, order: Row) -> bool:
    """Whether Omnitron lacks something that the order cannot be without."""
    products = {row["remote_id"] for row in _actions(world, ContentType.product) if row["remote_id"]}
    return (
        order["cargo"] not in geography.CARGO_COMPANIES
        or len(order["number"]) > LONGEST_NUMBER
        or any(item["product"] not in products for item in order["items"])
    )


def _order_problems(world: World, order: Row) -> Iterator[str]:
    hub, number = world.shop, order["number"]
    rows = [row for row in hub.orders.table if row["extra_field"]["id"] in order["ids"]]
    if not rows and is_poison(world, order):
        if not any(number in str(row["error_desc"]) for row in hub.error_reports if not row["is_ok"]):
            yield f"order {number} is not in Omnitron, and nobody was told"
        return
    if len(rows) != 1:
        yield f"order {number} is in Omnitron {len(rows)} times"
        return
    (row,) = rows
    items = list(hub.orders.items.find("order", row["pk"]))
    if row["number"] != number:
        yield f"order {number} is number {row['number']} in Omnitron"
    if Decimal(row["amount"]) != Decimal(order["amount"]):
        yield f"order {number} costs {row['amount']} instead of {order['amount']}"
    if {item["extra_field"]["id"] for item in items} != {item["id"] for item in order["items"]}:
        yield f"order {number} has other items in Omnitron"
    yield from _binding_problems(world, ContentType.order, row)
    for item in items:
        yield from _binding_problems(world, ContentType.order_item, item)
    if len(hub.orders.shipping_infos.find("order", row["pk"])) != 1:
        yield f"order {number} has not one shipping info"
    yield from _update_problems(world, row)
    by_remote_id: dict[str, list[Row]] = {item["id"]: [] for item in order["items"]}
    for item in items:
        by_remote_id.setdefault(item["extra_field"]["id"], []).append(item)
    yield from _item_problems(world, order, by_remote_id)


def _binding_problems(world: World, content_type: str, row: Row) -> Iterator[str]:
    action = world.ledger.action_of(Key(content_type, row["pk"]))
    if action is None or action["remote_id"] != row["extra_field"]["id"]:
        yield f"{content_type} {row['pk']} is bound to {action and action['remote_id']}, not {row['extra_field']['id']}"


def _update_problems(world: World, row: Row) -> Iterator[str]:
    """What changed in Omnitron was told to the channel, or was tried often enough."""
    ledger, key = world.ledger, Key(ContentType.order, row["pk"])
    attempts = ledger.attempts.get(key)
    if attempts is not None and attempts.count > MAX_RETRY_COUNT:
        return
    action = ledger.action_of(key)
    if action is not None and (action["status"] != "success" or action["version_date"] < row["modified_date"]):
        yield f"order {row['pk']} is {action['status']} at {action['version_date']}, and at {row['modified_date']}"


def _item_problems(world: World, order: Row, items: dict[str, list[Row]]) -> Iterator[str]:
    hub, sales = world.shop, world.market.sales
    cancelled = {
        item["id"] for row in sales.cancellations.values() if row["order_id"] in order["ids"] for item in row["items"]
    }
    for remote_id in cancelled:
        if any(item["status"] != CANCELLED for item in items[remote_id]):
            yield f"item {remote_id} was cancelled, and is not in Omnitron"
    for remote_id, rows in items.items():
        changed = sales.changed_items.get(remote_id)
        if changed and any(row["invoice_number"] != changed["invoice_number"] for row in rows):
            yield f"item {remote_id} was invoiced, and Omnitron does not know"
        requests = [request for request in sales.requests.values() if request["order_item"] == remote_id]
        if len(rows) == 1:
            yield from _differences(world, rows[0], sales.items[remote_id])
        if len(rows) != 1:
            continue  # which of them a request means is unknown: it is reported
        known = [row for row in hub.cancellations.table if row["order_item"] == rows[0]["pk"]]
        if len(known) != len(requests):
            yield f"item {remote_id} has {len(known)} requests in Omnitron instead of {len(requests)}"
        bound = {
            action["remote_id"]: hub.cancellations.table[action["object_id"]]
            for action in _actions(world, ContentType.cancellation_request)
        }
        for request in requests:
            row = bound.get(request["id"])
            if row is None or row["order_item"] != rows[0]["pk"] or row["cancellation_type"] != request["type"]:
                yield f"request {request['id']} is bound to {row}"
            elif row["status"] not in (WAITING, request["status"]):
                yield f"request {request['id']} was decided as {row['status']}; the channel has {request['status']}"


def _differences(world: World, row: Row, item: Row) -> Iterator[str]:
    """What both sides say differently of an item that is not cancelled."""
    attempts = world.ledger.attempts.get(Key(ContentType.order, row["order"]))
    if row["status"] == CANCELLED or (attempts is not None and attempts.count > MAX_RETRY_COUNT):
        return
    in_hub = {**row, "status": WORDS.get(row["status"])}
    for name in ("status", "invoice_number", "tracking_number"):
        if (in_hub[name] or None) != (item[name] or None):
            yield f"{name} of item {item['id']} is {in_hub[name]} in Omnitron, and {item[name]} on the channel"


def _first_version(row: Row) -> str:
    moment = datetime.fromisoformat(row["created_date"]) + NEVER_TOLD
    return moment.strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def _actions(world: World, content_type: str) -> list[Row]:
    return [row for row in world.actions if row["content_type"]["model"] == content_type]
