"""Orders: from the channel into Omnitron, their updates back, cancellations and refund requests both ways."""

from collections.abc import AsyncIterator, Callable, Hashable, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import Annotated, Any, TypeVar

from prefect import flow

from clients.errors import ChannelAppError, ConfigError, RetryableError
from dto.base import Dto
from dto.enums import BatchRequestStatus, ContentType
from dto.outcomes import Fetched
from dto.reports import ErrorReportDto
from dto.summary import RunSummary
from flows.naming import run_name
from flows.parameters import BatchSize, IsSuccessLog, IsSync, MaxBatches, parameter
from flows.run import Run, run_flow
from flows.sending import Limits, Sending, send_all, span
from tasks import reports
from tasks.batch import Batch
from tasks.channel.command import FetchCommand
from tasks.channel.integration import ChannelIntegration, load_channel
from tasks.channel.orders import (
    CheckOrders,
    GetCancellationRequests,
    GetCancelledOrders,
    GetOrders,
    GetUpdatedOrderItems,
    SendUpdatedOrders,
    UpdateCancellationRequest,
)
from tasks.omnitron import order_updates
from tasks.omnitron.arrivals import Arrival, Arriving
from tasks.omnitron.batch_requests import BatchRequestUpdate
from tasks.omnitron.cancellation_requests import (
    CreateCancellationRequests,
    GetCancellationRequestsUpdate,
    GetMissingCancellationRequests,
    ProcessCancellationRequests,
)
from tasks.omnitron.cancellations import CreateOrderCancel
from tasks.omnitron.integration import OmnitronIntegration
from tasks.omnitron.order_items import UpdateOrderItems
from tasks.omnitron.orders import GetKnownOrders, GetMissingOrders, ImportOrders, remote_id_of
from tasks.omnitron.places import CreateAddressErrorReport, PlaceNotFoundError
from tasks.omnitron.shipping_infos import CreateOrderShippingInfo

Item = TypeVar("Item", bound=Dto)

LOOKBACK_DAYS = 7.0
LAST_CHANCE = timedelta(days=1)
"""An order that leaves the window within this time is reported as about to be lost."""

LookbackDays = Annotated[
    float | None,
    parameter(gt=0, description="Days to read back. Left out: the conf's `order_lookback`, or 7."),
]
OrderBatch = Annotated[int, parameter(ge=1, le=1_000, description="Orders that are brought in together.")]


class _Arrivals:
    """One run that brings something of the channel's into Omnitron: both sides open, the window known."""

    def __init__(self, run: Run, hub: OmnitronIntegration, channel: ChannelIntegration, since: datetime) -> None:
        self.run = run
        self.hub = hub
        self.channel = channel
        self.since = since

    @classmethod
    async def open(
        cls, run: Run, fetch: type[FetchCommand[Any, Any]], content_type: ContentType, lookback_days: float | None
    ) -> "_Arrivals":
        """Opens both sides.

        Raises:
            ConfigError: the connector cannot fetch this, or the conf's window is none.
            ChannelInactive: the channel is switched off.
        """
        run.require(load_channel(run.runtime), fetch)
        hub = await run.open_hub(create_batch=False, content_type=content_type)
        channel = await run.open_channel(hub)
        days = lookback_days or hub.channel.conf.order_lookback or LOOKBACK_DAYS
        if days < 0:
            raise ConfigError(
                f"The conf's `order_lookback` is {days:g}: fill in how many days are read back, or leave it out for "
                f"{LOOKBACK_DAYS:g}."
            )
        since = run.runtime.clock.now() - timedelta(days=min(days, channel.max_lookback_days))
        return cls(run, hub, channel, since)

    async def fetch(
        self, command: type[FetchCommand[Any, Item]], kind: str, name: Callable[[Item], Hashable], *, log: bool
    ) -> list[Item]:
        """What the channel has, each thing once; what cannot be understood is reported."""
        fetched: Fetched[Item] = await self.channel.do_action(command, since=self.since)
        await self.hub.tell([line for line in fetched.reports if log or not line.is_ok])
        line = self.run.runtime.redactor.line  # a connector may call a row by a customer's address
        unreadable = "The connector could not make sense of it: {}. It is read again on the next run."
        await self.hub.tell(
            [self._failed(kind, line(row.name), "Unreadable", unreadable.format(row.why)) for row in fetched.unreadable]
        )
        # Of two lines about one thing, the later is what the channel says by now.
        found = {name(item): item for item in fetched.items}
        self.run.irregularities["duplicated"] += len(fetched.items) - len(found)
        return list(found.values())

    async def take_in(
        self, command: type[Arriving[Any]], kind: str, items: Sequence[Any], leaves: Mapping[str, datetime] = {}
    ) -> None:
        """Takes items in, and counts and reports what became of them. Where the command binds, in a batch of their own.

        `leaves` says until when the channel is asked for each, by its name.
        """
        if not items:
            return
        if not command.binds:
            await self._conclude(kind, await self.hub.do_action(command, objects=items), leaves)
            return
        batch = self.hub.new_batch()
        async with self._recording(batch):
            arrivals = await self.hub.do_action(command, objects=items)
        await self._conclude(kind, arrivals, leaves, batch)

    @asynccontextmanager
    async def _recording(self, batch: Batch) -> AsyncIterator[None]:
        """What was bound is a fact: whatever stops the work inside, the batch ends with it. Where even that fails,
        `recover` does it."""
        try:
            yield
        except BaseException as error:
            await self._record(batch, error)
            raise
        if batch.is_open:
            await self._end(batch)

    async def _record(self, batch: Batch, error: BaseException) -> None:
        if not batch.is_open:
            return
        log = self.hub.logger(batch)
        log.warning("The run was stopped (%s); what it had bound is recorded.", type(error).__name__)
        try:
            await self._end(batch)
        except ChannelAppError as second:
            log.warning("The batch could not be ended (%s); `recover` will do it.", second.message)

    async def _end(self, batch: Batch) -> None:
        """With what it binds; one that was never committed binds nothing."""
        initialized = batch.status is BatchRequestStatus.initialized
        status = BatchRequestStatus.fail if initialized else BatchRequestStatus.done
        await self.hub.do_action(BatchRequestUpdate, status=status)

    async def _conclude(
        self, kind: str, arrivals: list[Arrival], leaves: Mapping[str, datetime], batch: Batch | None = None
    ) -> None:
        """Counts what became of each, and tells the merchant what failed and why."""
        self.run.batches += batch is not None and batch.pk is not None
        lines = []
        for arrival in arrivals:
            if arrival.problem is None:
                self.run.counts[arrival.ending] += 1
            else:
                message = arrival.problem.message + self._last_chance(leaves.get(arrival.name))
                lines.append(self._failed(kind, arrival.name, arrival.code, message, batch))
            if arrival.notes:
                self.run.counts["texts cut"] += len(arrival.notes)
                text = f"The channel's {kind} {arrival.name} has texts that are too long: {'; '.join(arrival.notes)}."
                lines.append(self._line(kind, arrival.name, "TextsCut", text))
        await self.hub.tell(lines)
        places = [arrival.problem for arrival in arrivals if isinstance(arrival.problem, PlaceNotFoundError)]
        if places:
            await self.hub.do_action(CreateAddressErrorReport, objects=places)
        unreached = [arrival.problem for arrival in arrivals if isinstance(arrival.problem, RetryableError)]
        if unreached and len(unreached) == len(arrivals):
            raise unreached[0]  # not theirs: nothing gets through

    def _last_chance(self, leaves: datetime | None) -> str:
        """What is not settled when it leaves the window is lost: the channel is not asked for it any more."""
        if leaves is None or leaves - self.run.runtime.clock.now() > LAST_CHANCE:
            return ""
        self.run.counts["about to be lost"] += 1
        return (
            f" It is read back until {leaves:%Y-%m-%d %H:%M} UTC only and is lost then: mend what is missing before, or "
            "raise the conf's `order_lookback`."
        )

    def _failed(self, kind: str, name: str, code: str, message: str, batch: Batch | None = None) -> ErrorReportDto:
        self.run.add_failure(name, code, message, batch, called=kind)
        return self._line(kind, name, code, f"{kind.capitalize()} {name}: {message}")

    def _line(self, kind: str, name: str, code: str, text: str) -> ErrorReportDto:
        return reports.of_arrival(self.hub.channel_id, kind, name, code, text, self.run.runtime.clock.now())


@flow(name="fetch and create order", flow_run_name=run_name, persist_result=False)
async def fetch_and_create_order(
    is_success_log: IsSuccessLog = True,
    lookback_days: LookbackDays = None,
    batch_size: OrderBatch = 200,
) -> RunSummary:
    """Brings new orders of the channel into Omnitron, each once, and mends missing bindings of those that are there. One
    that lacks something (a product, a city, a cargo company) is reported, keeps no other out, and is tried again."""

    async def work(run: Run) -> None:
        arrivals = await _Arrivals.open(run, GetOrders, ContentType.order, lookback_days)
        orders = await arrivals.fetch(GetOrders, "order", lambda entry: remote_id_of(entry.order), log=is_success_log)
        if not orders:
            return
        missing = await arrivals.hub.do_action(GetMissingOrders, objects=orders)
        run.counts["known"] += len(orders) - len(missing)
        if missing:
            await arrivals.hub.wait_until_free()
        window = run.runtime.clock.now() - arrivals.since
        for start in range(0, len(missing), batch_size):
            some = missing[start : start + batch_size]
            arrivals.hub.logger().info(
                "fetch and create order: orders %s of %s that are not in Omnitron yet",
                span(start, len(some)),
                f"{len(missing):,}",
            )
            leaves = {entry.order.number: entry.order.created_at + window for entry in some}
            await arrivals.take_in(ImportOrders, "order", some, leaves)

    return await run_flow("fetch and create order", work)


@flow(name="update orders", flow_run_name=run_name, persist_result=False)
async def update_orders(
    is_sync: IsSync = None,
    is_success_log: IsSuccessLog = True,
    add_order_items: Annotated[bool, parameter(description="Attach each order's items.")] = False,
    batch_size: BatchSize = 1_000,
    max_batches: MaxBatches = None,
) -> RunSummary:
    """Tells the channel what changed in Omnitron about its orders: status, invoice, tracking number."""
    sending = Sending(
        title="update orders",
        content_type=ContentType.order,
        read=order_updates.GetOrders,
        enrich=[[(order_updates.GetOrderItemsWithOrder, {})]] if add_order_items else [],
        send=SendUpdatedOrders,
        check=CheckOrders,
        settle=order_updates.ProcessOrderBatchRequests,
        well="updated",
    )
    return await send_all(
        sending, title="update orders", limits=Limits(batch_size, max_batches, is_sync, is_success_log)
    )


@flow(name="fetch and create cancel", flow_run_name=run_name, persist_result=False)
async def fetch_and_create_cancel(
    is_success_log: IsSuccessLog = True, lookback_days: LookbackDays = None
) -> RunSummary:
    """Cancels in Omnitron what was cancelled on the channel, once."""

    async def work(run: Run) -> None:
        arrivals = await _Arrivals.open(run, GetCancelledOrders, ContentType.order, lookback_days)
        cancels = await arrivals.fetch(
            GetCancelledOrders,
            "cancellation of order",
            lambda cancel: (cancel.order, *cancel.cancel_items),
            log=is_success_log,
        )
        await arrivals.take_in(CreateOrderCancel, "cancellation of order", cancels)

    return await run_flow("fetch and create cancel", work)


@flow(name="fetch and update order items", flow_run_name=run_name, persist_result=False)
async def fetch_and_update_order_items(
    is_success_log: IsSuccessLog = True, lookback_days: LookbackDays = None
) -> RunSummary:
    """Writes into Omnitron what changed on the channel about order items: status, invoice, tracking number."""

    async def work(run: Run) -> None:
        arrivals = await _Arrivals.open(run, GetUpdatedOrderItems, ContentType.order_item, lookback_days)
        updates = await arrivals.fetch(
            GetUpdatedOrderItems, "order item", lambda update: update.model_dump_json(), log=is_success_log
        )
        await arrivals.take_in(UpdateOrderItems, "order item", updates)

    return await run_flow("fetch and update order items", work)


@flow(
    name="fetch and create cancellation requests",
    flow_run_name=run_name,
    persist_result=False,
)
async def fetch_and_create_cancellation_requests(
    is_success_log: IsSuccessLog = True, lookback_days: LookbackDays = None
) -> RunSummary:
    """Brings buyers' requests to cancel or refund an item into Omnitron, where the merchant decides; each once."""

    async def work(run: Run) -> None:
        content_type = ContentType.cancellation_request
        arrivals = await _Arrivals.open(run, GetCancellationRequests, content_type, lookback_days)
        requests = await arrivals.fetch(
            GetCancellationRequests, "cancellation request", lambda request: request.remote_id, log=is_success_log
        )
        if not requests:
            return
        missing = await arrivals.hub.do_action(GetMissingCancellationRequests, objects=requests)
        run.counts["known"] += len(requests) - len(missing)
        await arrivals.take_in(CreateCancellationRequests, "cancellation request", missing)

    return await run_flow("fetch and create cancellation requests", work)


@flow(name="update cancellation requests", flow_run_name=run_name, persist_result=False)
async def update_cancellation_requests(
    is_success_log: IsSuccessLog = True, batch_size: BatchSize = 1_000, max_batches: MaxBatches = None
) -> RunSummary:
    """Tells the channel what the merchant decided about requests to cancel or refund."""
    sending = Sending(
        title="update cancellation requests",
        content_type=ContentType.cancellation_request,
        read=GetCancellationRequestsUpdate,
        send=UpdateCancellationRequest,
        check=None,
        settle=ProcessCancellationRequests,
        well="updated",
    )
    return await send_all(
        sending,
        title="update cancellation requests",
        limits=Limits(batch_size, max_batches, is_success_log=is_success_log),
    )


@flow(name="create order shipping info", flow_run_name=run_name, persist_result=False)
async def create_order_shipping_info(
    is_success_log: IsSuccessLog = True, lookback_days: LookbackDays = None
) -> RunSummary:
    """Gives the orders that the channel lists their shipping infos in Omnitron, each once."""

    async def work(run: Run) -> None:
        arrivals = await _Arrivals.open(run, GetOrders, ContentType.order, lookback_days)
        listed = await arrivals.fetch(GetOrders, "order", lambda entry: remote_id_of(entry.order), log=is_success_log)
        known = await arrivals.hub.do_action(GetKnownOrders, objects=listed)
        run.counts["not in Omnitron yet"] += len(listed) - len(known)
        await arrivals.take_in(CreateOrderShippingInfo, "order", known)

    return await run_flow("create order shipping info", work)
