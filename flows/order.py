"""Orders: from the channel into Omnitron, their updates back, cancellations and refund requests both ways."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Annotated

from prefect import flow

from dto.enums import ContentType
from dto.orders import CancellationRequestDto, CancelOrderDto, ChannelCreateOrderDto, ChannelUpdateOrderItemDto
from dto.summary import RunSummary
from flows.naming import run_name
from flows.parameters import BatchSize, IsSuccessLog, IsSync, MaxBatches, parameter
from flows.plan import Limits, Sending, reading, step
from flows.reading import Listing, Reading
from flows.receiving import Receiving
from flows.run import Run, run_flow
from flows.sending import send_all
from tasks.channel.orders import (
    GetCancellationRequests,
    GetCancelledOrders,
    GetOrders,
    GetUpdatedOrderItems,
    SendUpdatedOrders,
    UpdateCancellationRequest,
)
from tasks.omnitron.orders import order_updates
from tasks.omnitron.orders.cancellation_requests import CreateCancellationRequests, GetMissingCancellationRequests
from tasks.omnitron.orders.cancellation_updates import GetCancellationRequestsUpdate, TranslateCancellationRequests
from tasks.omnitron.orders.cancellations import CreateOrderCancel
from tasks.omnitron.orders.channel_decisions import name_of
from tasks.omnitron.orders.joining import joined_order
from tasks.omnitron.orders.known_orders import GetKnownOrders, GetMissingOrders, remote_id_of
from tasks.omnitron.orders.order_items import UpdateOrderItems
from tasks.omnitron.orders.orders import ImportOrders
from tasks.omnitron.orders.shipping_infos import CreateOrderShippingInfo
from tasks.progress import span

LookbackDays = Annotated[
    float | None,
    parameter(gt=0, description="Days to read back. Left out: the conf's `order_lookback`, or 7."),
]
OrderBatch = Annotated[int, parameter(ge=1, le=1_000, description="Orders that are brought in together.")]

ORDERS: Listing[ChannelCreateOrderDto] = Listing(
    "order",
    identity=lambda entry: remote_id_of(entry.order) or ("number", entry.order.number),
    name=lambda entry: entry.order.number,
    joined=joined_order,
    matters=lambda entry: entry.is_acknowledged is False,
)
# Whatever its rows say, an order is shipped once.
SHIPPED: Listing[ChannelCreateOrderDto] = replace(
    ORDERS, content=lambda entry: repr(ORDERS.identity(entry)), joined=None
)
CANCELLATIONS: Listing[CancelOrderDto] = Listing(
    "cancellation of order",
    identity=lambda cancel: (cancel.order, *cancel.cancel_items),
    name=lambda cancel: cancel.order,
)
ITEM_CHANGES: Listing[ChannelUpdateOrderItemDto] = Listing(
    "order item",
    # Several changes of one item do not contradict one another.
    identity=lambda update: update.model_dump_json(),
    name=lambda update: update.remote_id,
    # Of two changes without a time, the one that is listed later is the newer one; and an item may be replaced twice.
    waits=lambda update: update.modified_date is None or update.replaces is not None,
)
REQUESTS: Listing[CancellationRequestDto] = Listing(
    "cancellation request", identity=lambda request: (request.order, request.remote_id), name=name_of
)


@flow(name="fetch and create order", flow_run_name=run_name, persist_result=False)
async def fetch_and_create_order(
    is_success_log: IsSuccessLog = True,
    lookback_days: LookbackDays = None,
    batch_size: OrderBatch = 200,
) -> RunSummary:
    """Imports the channel's new orders into Omnitron, each once, and repairs missing bindings of known ones. An order that lacks
    something (a product, a city, a cargo company) is reported and tried again; it does not hold up the others."""

    async def work(run: Run) -> None:
        receiving = await Receiving.open(run, GetOrders, ContentType.order, lookback_days)
        reading = Reading(receiving, GetOrders, ORDERS, log=is_success_log, missing=GetMissingOrders)
        window = run.runtime.clock.now() - receiving.since
        begun = 0

        async def take(new: Sequence[ChannelCreateOrderDto], known: Sequence[ChannelCreateOrderDto]) -> None:
            nonlocal begun
            if new and not begun:
                await receiving.hub.wait_until_free()
            if new:
                receiving.hub.logger().info(
                    "fetch and create order: orders %s that are not in Omnitron yet", span(begun, len(new))
                )
            begun += len(new)
            leaves = {entry.order.number: entry.order.created_at + window for entry in new}
            arrivals = await receiving.take_in(ImportOrders, ORDERS.kind, new, leaves)
            there = {arrival.name for arrival in arrivals if arrival.problem is None}
            arrived = [entry for entry in new if entry.order.number in there]
            await receiving.acknowledge([*known, *arrived], log=is_success_log)

        await reading.each(take, batch_size)

    return await run_flow("fetch and create order", work)


@flow(name="update orders", flow_run_name=run_name, persist_result=False)
async def update_orders(
    is_sync: IsSync = None,
    is_success_log: IsSuccessLog = True,
    add_order_items: Annotated[bool, parameter(description="Attach each order's items.")] = False,
    batch_size: BatchSize = 1_000,
    max_batches: MaxBatches = None,
) -> RunSummary:
    """Sends changes of orders in Omnitron to the channel: status, invoice, tracking number."""
    sending = Sending(
        title="update orders",
        content_type=ContentType.order,
        read=reading(order_updates.GetOrders, add_actions=add_order_items),
        enrich=[
            [step(order_updates.IdentifyOrders)],
            *([[step(order_updates.GetOrderItemsWithOrder)]] if add_order_items else []),
        ],
        send=SendUpdatedOrders,
    )
    limits = Limits(batch_size, max_batches, is_sync, is_success_log)
    return await send_all(sending, title=sending.title, limits=limits)


@flow(name="fetch and create cancel", flow_run_name=run_name, persist_result=False)
async def fetch_and_create_cancel(
    is_success_log: IsSuccessLog = True, lookback_days: LookbackDays = None
) -> RunSummary:
    """Applies the channel's cancellations in Omnitron, each once."""

    async def work(run: Run) -> None:
        receiving = await Receiving.open(run, GetCancelledOrders, ContentType.order, lookback_days)
        await Reading(receiving, GetCancelledOrders, CANCELLATIONS, log=is_success_log).take_in(CreateOrderCancel)

    return await run_flow("fetch and create cancel", work)


@flow(name="fetch and update order items", flow_run_name=run_name, persist_result=False)
async def fetch_and_update_order_items(
    is_success_log: IsSuccessLog = True, lookback_days: LookbackDays = None
) -> RunSummary:
    """Writes the channel's changes of order items into Omnitron: status, invoice, tracking number."""

    async def work(run: Run) -> None:
        receiving = await Receiving.open(run, GetUpdatedOrderItems, ContentType.order_item, lookback_days)
        await Reading(receiving, GetUpdatedOrderItems, ITEM_CHANGES, log=is_success_log).take_in(UpdateOrderItems)

    return await run_flow("fetch and update order items", work)


@flow(
    name="fetch and create cancellation requests",
    flow_run_name=run_name,
    persist_result=False,
)
async def fetch_and_create_cancellation_requests(
    is_success_log: IsSuccessLog = True, lookback_days: LookbackDays = None
) -> RunSummary:
    """Imports buyers' requests to cancel or refund an item into Omnitron, each once, for the merchant to decide."""

    async def work(run: Run) -> None:
        content_type = ContentType.cancellation_request
        receiving = await Receiving.open(run, GetCancellationRequests, content_type, lookback_days)
        missing = GetMissingCancellationRequests
        reading = Reading(receiving, GetCancellationRequests, REQUESTS, log=is_success_log, missing=missing)
        await reading.take_in(CreateCancellationRequests)

    return await run_flow("fetch and create cancellation requests", work)


@flow(name="update cancellation requests", flow_run_name=run_name, persist_result=False)
async def update_cancellation_requests(
    is_success_log: IsSuccessLog = True, batch_size: BatchSize = 1_000, max_batches: MaxBatches = None
) -> RunSummary:
    """Sends the merchant's decisions on cancellation and refund requests to the channel."""
    sending = Sending(
        title="update cancellation requests",
        content_type=ContentType.cancellation_request,
        read=reading(GetCancellationRequestsUpdate),
        enrich=[[step(TranslateCancellationRequests)]],
        send=UpdateCancellationRequest,
    )
    limits = Limits(batch_size, max_batches, is_success_log=is_success_log)
    return await send_all(sending, title=sending.title, limits=limits)


@flow(name="create order shipping info", flow_run_name=run_name, persist_result=False)
async def create_order_shipping_info(
    is_success_log: IsSuccessLog = True, lookback_days: LookbackDays = None
) -> RunSummary:
    """Creates the shipping info of each order that the channel lists, once."""

    async def work(run: Run) -> None:
        receiving = await Receiving.open(run, GetOrders, ContentType.order, lookback_days)

        async def take(listed: Sequence[ChannelCreateOrderDto], _: Sequence[ChannelCreateOrderDto]) -> None:
            known = await receiving.hub.do_action(GetKnownOrders, objects=listed)
            run.counts["not in Omnitron yet"] += len(listed) - len(known)
            await receiving.take_in(CreateOrderShippingInfo, SHIPPED.kind, known)

        await Reading(receiving, GetOrders, SHIPPED, log=is_success_log).each(take)

    return await run_flow("create order shipping info", work)
