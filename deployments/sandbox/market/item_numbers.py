"""Items that are numbered within their order: `2` of order `5001` is `5001-2` to the market itself, and to nobody else."""

from typing import Any

Row = dict[str, Any]


def item_id(order_id: str, number: object) -> str:
    """The market's own id of an item."""
    return f"{order_id}-{number}"


def told_with_numbers(row: Row) -> Row:
    """A row of a list, as the market tells it: an order, a cancellation, a changed item or a request."""
    if "items" in row:
        return {**row, "items": [{**item, "id": _number(item["id"])} for item in row["items"]]}
    if "order_item" in row:
        order_id, _, number = row["order_item"].partition("-")
        return {**row, "order_id": order_id, "order_item": number}
    return {**row, "id": _number(row["id"])}


def heard_with_numbers(sent: Row) -> Row:
    """An order's update or a decision, as the shop sends it, in the market's own ids."""
    if "order_item" in sent:
        return {**sent, "order_item": item_id(sent.get("order_id", ""), sent["order_item"])}
    order_id = str(sent["remote_id"])
    lines = sent.get("items") or []
    return {**sent, "items": [{**line, "remote_id": item_id(order_id, line.get("remote_id"))} for line in lines]}


def _number(name: str) -> str:
    return name.rpartition("-")[2]
