"""Omnitron's side without its commands: the client, the run's batch, and data that is read once."""

from collections.abc import Hashable, Sequence
from types import TracebackType
from typing import Self

from clients.errors import ChannelInactive, CommitLockedError
from clients.omnitron import OmnitronClient
from clients.runtime import Runtime
from dto.enums import BatchRequestStatus, ContentType
from dto.reports import ErrorReportDto, OperationalEventDto
from tasks.batch import Batch
from tasks.concurrency import KeyedLocks, Once, side_by_side
from tasks.integration import BaseIntegration
from tasks.reports import of_batch, of_failures, of_warning
from tasks.settlement import Irregularities

LOCK_WAITS = (2.0, 5.0)
"""Seconds to wait for another run's commit before this one gives up."""


class Hub(BaseIntegration):
    """Omnitron as its commands see it. Opens its client on enter and closes it on exit.

    Args:
        create_batch: whether reading commands commit their objects to a batch. The first commit creates the batch.
        content_type: the content type of the batch.
        read_channel: whether channel and catalog are read on enter. A run that may find nothing due reads them later
            (`refresh`).

    Raises (on enter, or from `refresh`):
        ChannelInactive: the merchant switched the channel off.
    """

    name = "Omnitron"
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
        self.once = Once()
        """Reads a value once per run: `await hub.once(name, read)`."""
        self.locks = KeyedLocks()
        """One lock for each key."""
        self.reported: set[Hashable] = set()
        """Problems that this run has reported to the merchant."""
        self._read_channel = read_channel

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
        """Reads the channel and the catalog, unless they have been read."""
        if self.catalog_id is None:
            await self._refresh_channel()
            self.catalog_id = self.channel.catalog
            await self._refresh_catalog()
        else:
            await side_by_side(self._refresh_channel(), self._refresh_catalog())

    async def _refresh_channel(self) -> None:
        if "channel_object" not in self.__dict__:
            self.channel_object = await self.client.channel.get()
            if not self.channel_object.is_active:
                raise ChannelInactive(
                    f"Channel {self.channel_id} `{self.channel_object.name}` is switched off in Omnitron. Nothing was done."
                )

    async def _refresh_catalog(self) -> None:
        if "catalog_object" not in self.__dict__ and self.catalog_id is not None:
            self.catalog_object = await self.client.catalogs.get(self.catalog_id)

    def new_batch(self, content_type: ContentType | None = None) -> Batch:
        """Starts a new batch, which does not exist in Omnitron yet; by default of the same content type."""
        self.content_type = content_type or self.content_type
        self.batch_request = Batch(self.client, self.content_type)
        return self.batch_request

    async def report_failures(self, batch: Batch) -> None:
        """Writes a report and an event for each failed object without one. They come before the move that ends the object:
        a crash in between repeats a report instead of losing it."""
        await self.tell(of_failures(batch, batch.failures_to_report()))

    async def report_irregularities(self, batch: Batch, odd: Irregularities) -> None:
        """Reports the lines of the channel's answer that fit no object, and its words about objects that it took."""
        now = self.runtime.clock.now()
        lines = [of_warning(batch, words, names, now) for words, names in odd.warnings.items()]
        if odd.counts:
            self.logger(batch).warning("%s", odd)
            lines.append(of_batch(batch, "irregular-answer", str(odd), now))
        await self.tell(lines)

    async def tell(self, lines: Sequence[ErrorReportDto]) -> int:
        """Writes lines into the merchant's log, and an event for each; the number of lines written."""
        if not lines or self.runtime.rehearsal is not None:
            return 0
        events = [OperationalEventDto.from_error_report(line) for line in lines]
        written, _ = await side_by_side(
            self.do_action("create_error_report", objects=lines),
            self.do_action("create_operational_event", objects=events),
        )
        return int(written)

    async def commit(self, batch: Batch | None = None) -> None:
        """Commits a batch, by default its own, waiting a little while another run holds its content type.

        Raises:
            CommitLockedError: it still holds it; the message names its batch. Nothing was changed.
        """
        batch = batch or self.batch_request
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
        """Waits a little while another run holds the content type. Comes before objects are created that a batch must bind.

        Raises:
            CommitLockedError: it still holds it.
        """
        for wait in (*LOCK_WAITS, None):
            if not await self.client.batches.find([BatchRequestStatus.commit], content_type=self.content_type):
                return
            if wait is not None:
                await self.runtime.clock.sleep(wait)
        raise CommitLockedError(await self._who_holds())

    async def _who_holds(self) -> str:
        holders = await self.client.batches.find([BatchRequestStatus.commit], content_type=self.content_type)
        names = ", ".join(f"{row.local_batch_id} (since {row.modified_date:%H:%M:%S} UTC)" for row in holders)
        return (
            f"Another run's batch of {self.content_type} is in commit: {names or 'unknown'}. Nothing was changed; the next "
            "run tries again, and `recover` frees a batch whose run has died."
        )
