"""Omnitron's side: its commands, its client, and the batch of the run."""

import asyncio
from collections.abc import Awaitable, Callable, Hashable, Sequence
from types import TracebackType
from typing import Any, ClassVar, Self

from clients.errors import ChannelInactive, CommitLockedError
from clients.omnitron import OmnitronClient
from clients.runtime import Runtime
from dto.enums import BatchRequestStatus, ContentType
from dto.reports import ErrorReportDto, OperationalEventDto
from tasks.batch import Batch
from tasks.concurrency import side_by_side
from tasks.integration import BaseIntegration
from tasks.omnitron.actions import ACTIONS
from tasks.omnitron.reports import CreateErrorReport, CreateOperationalEvent
from tasks.reports import of_batch, of_failures
from tasks.settlement import Irregularities

LOCK_WAITS = (2.0, 5.0)
"""Seconds to wait for another run's commit before this one gives up."""


class OmnitronIntegration(BaseIntegration):
    """Speaks to Omnitron. Opens its client on enter and closes it on exit.

        async with OmnitronIntegration(content_type=ContentType.product) as hub:
            products = await hub.do_action(GetInsertedProducts, limit=100)

    Args:
        create_batch: whether it may create a batch. It does so at the first commit, never before.
        content_type: what the batch is of.
        read_channel: read channel and catalog on enter; a run that may find nothing to do reads them when it has
            found something (`ready`).

    Raises (on enter, or from `ready`):
        ChannelInactive: the merchant switched the channel off.
    """

    name = "Omnitron"
    actions: ClassVar = ACTIONS

    client: OmnitronClient

    def __init__(
        self,
        create_batch: bool = True,
        content_type: ContentType | str | None = None,
        *,
        read_channel: bool = True,
        runtime: Runtime | None = None,
    ) -> None:
        super().__init__(runtime)
        self.create_batch = create_batch
        self.content_type = ContentType(content_type) if content_type else None
        self.channel_id = self.runtime.settings.OMNITRON_CHANNEL_ID
        self.catalog_id = self.runtime.settings.OMNITRON_CATALOG_ID
        self.shared: dict[Hashable, Any] = {}
        """What commands read once per run, under names of their own."""
        self.before_first_commit: Callable[[], Awaitable[None]] | None = None
        """Awaited when something is due and nothing has been changed yet."""
        self._read_channel = read_channel
        self._ready_for: object = None
        self._reading: dict[Hashable, asyncio.Lock] = {}

    async def __aenter__(self) -> Self:
        self.client = OmnitronClient(self.runtime)
        try:
            if self._read_channel:
                await self.refresh()
            if self.create_batch:
                self.new_batch()
        except BaseException:
            await self.client.aclose()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.client.aclose()

    async def refresh(self) -> None:
        """Reads the channel and the catalog, as far as they are not there."""
        if self.catalog_id is None:
            await self._refresh_channel()
            self.catalog_id = self.channel.catalog
            await self._refresh_catalog()
        else:
            await side_by_side(self._refresh_channel(), self._refresh_catalog())

    async def _refresh_channel(self) -> None:
        if "channel_object" not in self.__dict__:
            self.channel_object = await self.client.channel()
            if not self.channel_object.is_active:
                raise ChannelInactive(
                    f"Channel {self.channel_id} `{self.channel_object.name}` is switched off in Omnitron. Nothing was done."
                )

    async def _refresh_catalog(self) -> None:
        if "catalog_object" not in self.__dict__ and self.catalog_id is not None:
            self.catalog_object = await self.client.catalog(self.catalog_id)

    async def once(self, name: Hashable, read: Callable[[], Awaitable[Any]]) -> Any:
        """What `read` answers, read once per run, however many ask for `name` at the same time."""
        async with self._reading.setdefault(name, asyncio.Lock()):
            if name not in self.shared:
                self.shared[name] = await read()
            return self.shared[name]

    def new_batch(self) -> Batch:
        """Starts over with a batch that does not exist yet."""
        self.batch_request = Batch(self.client, self.content_type)
        return self.batch_request

    async def ready(self) -> None:
        """Something is due: reads the channel, and asks the run whether it can go on. Nothing was changed so far."""
        await self.refresh()
        if self.before_first_commit is not None and self._ready_for != self.before_first_commit:
            await self.before_first_commit()
            self._ready_for = self.before_first_commit

    async def report_failures(self, batch: Batch) -> None:
        """One report and one event for each failed object that has none yet. They are written before the move that ends
        the object, so that a crash in between repeats a report rather than losing it."""
        await self.tell(of_failures(batch, batch.failures_to_report()))

    async def report_irregularities(self, batch: Batch, odd: Irregularities) -> None:
        """Tells about lines of the channel's answer that fit no object."""
        if odd.counts:
            self.logger(batch).warning("%s", odd)
            await self.tell([of_batch(batch, "irregular-answer", str(odd), self.runtime.clock.now())])

    async def tell(self, lines: Sequence[ErrorReportDto]) -> None:
        """Writes lines into the merchant's log, and the same as events."""
        if lines:
            events = [OperationalEventDto.from_error_report(line) for line in lines]
            await side_by_side(
                self.do_action(CreateErrorReport, objects=lines), self.do_action(CreateOperationalEvent, objects=events)
            )

    async def commit(self) -> None:
        """Commits the batch, waiting a little while another run holds its content type.

        Raises:
            CommitLockedError: it still does; the message names its batch, and nothing was changed.
        """
        batch = self.batch_request
        assert batch is not None  # noqa: S101  # commands commit only where a batch may be created
        for wait in (*LOCK_WAITS, None):
            try:
                await batch.commit()
            except CommitLockedError as locked:
                if wait is not None:
                    await self.runtime.clock.sleep(wait)
                    continue
                await batch.fail()
                raise CommitLockedError(await self._who_holds(), **locked.context) from locked
            return

    async def wait_until_free(self) -> None:
        """Before something is made that only a batch can bind: waits a little while another run holds the content type.

        Raises:
            CommitLockedError: it still does.
        """
        for wait in (*LOCK_WAITS, None):
            if not await self.client.batches([BatchRequestStatus.commit], content_type=self.content_type):
                return
            if wait is not None:
                await self.runtime.clock.sleep(wait)
        raise CommitLockedError(await self._who_holds())

    async def _who_holds(self) -> str:
        holders = await self.client.batches([BatchRequestStatus.commit], content_type=self.content_type)
        names = ", ".join(f"{row.local_batch_id} (since {row.modified_date:%H:%M:%S} UTC)" for row in holders)
        return (
            f"Another run's batch of {self.content_type} is in commit: {names or 'unknown'}. Nothing was changed; the next "
            "run tries again, and `recover` frees a batch whose run has died."
        )
