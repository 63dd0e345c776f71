"""Connectors for marketplaces that list their orders in forms of their own."""

from datetime import datetime
from typing import Any, ClassVar

from tasks.channel import (
    Call,
    CancellationRequestDto,
    CancelOrderDto,
    ChannelCreateOrderDto,
    ChannelUpdateOrderItemDto,
    Fetched,
    Order,
    commands_of,
    segment,
)
from tasks.channel.sandbox import ChannelIntegration as Sandbox
from tasks.channel.sandbox import orders
from tasks.channel.sandbox.marketplace import Page

Row = dict[str, Any]


def whole(order_id: str, number: str) -> str:
    """A number within an order as an id that is unique on the channel."""
    return f"{order_id}-{number}"


class GetOrders(orders.GetOrders):
    """Items have the numbers of their orders before their own."""

    def order(self, row: Row) -> ChannelCreateOrderDto:
        return super().order({**row, "items": [{**line, "id": whole(row["id"], line["id"])} for line in row["items"]]})


class GetCancelledOrders(orders.GetCancelledOrders):
    def cancellation(self, row: Row) -> CancelOrderDto:
        items = [{**item, "id": whole(row["order_id"], item["id"])} for item in row["items"]]
        return super().cancellation({**row, "items": items})


class GetUpdatedOrderItems(orders.GetUpdatedOrderItems):
    def update(self, row: Row) -> ChannelUpdateOrderItemDto:
        return super().update({**row, "id": whole(row["order_id"], row["id"])})


class GetCancellationRequests(orders.GetCancellationRequests):
    def request(self, row: Row) -> CancellationRequestDto:
        return super().request({**row, "order_item": whole(row["order_id"], row["order_item"])})


def number_of(name: str | None) -> str:
    return str(name).rpartition("-")[2]


class SendUpdatedOrders(orders.SendUpdatedOrders):
    def transform_data(self, data: list[Order]) -> list[Row]:
        return [
            {**row, "items": [{**line, "remote_id": number_of(line["remote_id"])} for line in row["items"]]}
            for row in super().transform_data(data)
        ]


class UpdateCancellationRequest(orders.UpdateCancellationRequest):
    def transform_data(self, data: Any) -> list[Row]:
        return [_numbered(row) for row in super().transform_data(data)]


def _numbered(row: Row) -> Row:
    order_id, _, number = str(row["order_item"]).partition("-")
    return {**row, "order_id": order_id, "order_item": number}


class NumberedItems(Sandbox):
    """An item's number is unique within its order only."""

    name = "numbered items"
    actions: ClassVar = {
        **Sandbox.actions,
        **commands_of(
            GetOrders,
            GetCancelledOrders,
            GetUpdatedOrderItems,
            GetCancellationRequests,
            SendUpdatedOrders,
            UpdateCancellationRequest,
        ),
    }


class ByCursor(Sandbox):
    """Goes on from the cursor of the page before."""

    name = "cursor"

    async def page_of(self, path: str, since: datetime | None = None, number: Any = None) -> Page:
        window = {"since": since.isoformat()} if since else {}
        reply = await self.transport.send(Call("GET", path, {**window, "cursor": number or ""}))
        return Page(reply.data["results"], reply.data["cursor"])


class GetPackages(orders.GetOrders):
    """A package says whose place it takes. Those of one order are one, under the id of the one with what is left: they may have
    been split before any of them was in Omnitron."""

    async def listed(self) -> Page:
        page = await super().listed()
        packages: dict[str, list[Row]] = {}
        for row in sorted(page.rows, key=lambda row: bool(row["status"] == "CANCELLED")):
            packages.setdefault(row["number"], []).append(row)
        joined = [{**rows[0], "items": [line for row in rows for line in row["items"]]} for rows in packages.values()]
        return Page(joined, page.next)

    def order(self, row: Row) -> ChannelCreateOrderDto:
        return super().order(row).model_copy(update={"replaces": row.get("replaces")})


class GetRenewedItems(orders.GetUpdatedOrderItems):
    """So does an item."""

    def update(self, row: Row) -> ChannelUpdateOrderItemDto:
        return super().update(row).model_copy(update={"replaces": row.get("replaces")})


class Packages(Sandbox):
    """Packages and items come under new ids."""

    name = "packages"
    actions: ClassVar = {**Sandbox.actions, **commands_of(GetPackages, GetRenewedItems)}


PASSED = "passed-event"


class GetOrdersOfEvents(orders.GetOrders):
    """The orders that the events of the window name. The id of the last event before the window is kept: without it, the stream
    is read from its beginning, which takes longer."""

    integration: "EventStream"

    async def send(self, _: None) -> Fetched[ChannelCreateOrderDto]:
        channel = self.integration
        after = self.page if self.page is not None else await channel.state.get(PASSED) or 0
        reply = await channel.transport.send(Call("GET", "events", {"after": after, "limit": channel.events_per_page}))
        events = reply.data["events"]
        passed = [event["id"] for event in events if datetime.fromisoformat(event["at"]) < self.since]
        if passed:
            await channel.state.put(PASSED, passed[-1])
        names = dict.fromkeys(event["order_id"] for event in events[len(passed) :])
        rows = [(await channel.get(f"/orders/{segment(name)}")).data for name in names]
        built = self.build_each(rows, self.order, lambda row: str(row["number"]))
        return Fetched(tuple(built), next=events[-1]["id"] if reply.data["has_more"] else None)


class EventStream(Sandbox):
    """Events say which orders to read."""

    name = "event stream"
    events_per_page = 2
    actions: ClassVar = {**Sandbox.actions, **commands_of(GetOrdersOfEvents)}
