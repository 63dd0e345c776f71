"""How the channel stands: counted where Omnitron counts, read only where that is bounded. Nothing is changed."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, ClassVar, NamedTuple

from dto.batch_states import OPEN_LOCALLY, OPEN_REMOTELY
from dto.enums import ContentType, IntegrationActionStatus
from dto.health import Abandoned, ChannelHealth, ContentHealth, FailureGroup, OpenBatches
from dto.omnitron import BatchRequest, Catalog, Channel, ChannelConf, IntegrationAction
from tasks.command import OmnitronCommand
from tasks.concurrency import side_by_side
from tasks.omnitron.offers import extra_price_lists, extra_stock_lists

FAILURES_READ = 500
"""Failed objects of which the reasons are counted: the newest ones."""
BATCH_PAGES = 2
"""Pages of open batches that are read: the oldest ones."""
DUE_PAGES = 2
"""Pages of a due list that are read to see whether a failed object is still offered."""
QUOTED = 3
"""Reasons for which the merchant's log is asked for an example."""
NAMED = 20
"""Objects out of attempts that are listed by name."""
UNKNOWN = "unknown"
_PROCESSING, _ERROR = IntegrationActionStatus.processing, IntegrationActionStatus.error


class _Kind(NamedTuple):
    name: str
    content_type: ContentType
    lists: tuple[str, ...]


KINDS = (
    _Kind("products", ContentType.product, ("inserts", "updates")),
    _Kind("prices", ContentType.product_price, ("inserts", "updates")),
    _Kind("stocks", ContentType.product_stock, ("inserts", "updates")),
    _Kind("images", ContentType.product_image, ("inserts", "updates")),
    _Kind("orders", ContentType.order, ("updates",)),
    _Kind("cancellation requests", ContentType.cancellation_request, ("updates",)),
    _Kind("deletions", ContentType.integration_action, ("deleted",)),
)
"""What the flows move, in the order in which people think of it. Orders and requests come in by themselves: what is due is
what the channel has to be told."""
GOODS = KINDS[:4]


def retry_interval(conf: ChannelConf) -> timedelta | None:
    """How long after a failure Omnitron offers the object again; None where the conf does not say."""
    limits = conf.FAILED_INTEGRATION.get("DEFAULT")
    return None if limits is None or limits.RETRY_INTERVAL is None else timedelta(seconds=limits.RETRY_INTERVAL)


def extra_lists(content_type: ContentType, catalog: Catalog | None, conf: ChannelConf) -> list[int]:
    """The lists beside the catalog's own from which such objects are sent."""
    if catalog is None or content_type not in (ContentType.product_price, ContentType.product_stock):
        return []
    lists = extra_price_lists if content_type is ContentType.product_price else extra_stock_lists
    return sorted(lists(catalog, conf))


def touched(batch: BatchRequest) -> datetime | None:
    """Since when a batch has stood: one of ours since its last touch, one in the channel's hands since it was made."""
    if batch.status in OPEN_REMOTELY:
        return batch.created_date or batch.modified_date
    return batch.modified_date or batch.created_date


def age_of(batch: BatchRequest, now: datetime) -> float:
    """For how many seconds a batch has stood."""
    since = touched(batch)
    # The hub's clock is read to the second: what was made in this one is not younger than nothing.
    return max(0.0, (now - since).total_seconds()) if since else 0.0


def said(seconds: float) -> str:
    """An age for people."""
    if seconds < 120:  # noqa: PLR2004
        return f"{seconds:.0f} s"
    if seconds < 2 * 3600:
        return f"{seconds / 60:.0f} min"
    return f"{seconds / 3600:.0f} h"


class ReadHealth(OmnitronCommand[None, ChannelHealth]):
    """How the channel stands, in a number of requests that does not grow with the shop."""

    key = "read_health"
    content_type: ClassVar = ContentType.channel
    older_than: float = 900.0
    """Seconds after which an untouched batch counts as nobody's."""
    deadline: float = 24 * 3600.0
    """Seconds after which a batch that the channel never finishes is given up."""

    async def send(self, _: None) -> ChannelHealth:
        client = self.integration.client
        # Not by `refresh`, which refuses a channel that is switched off: that is what people want to be told here.
        channel: Channel = await client.channel()
        number = self.integration.runtime.settings.OMNITRON_CATALOG_ID or channel.catalog
        catalog: Catalog | None = None if number is None else await client.catalog(number)
        self._conf, self._catalog = channel.conf, catalog
        (failed, total), (batches, all_batches), products, known, processing = await side_by_side(
            client.newest_failed_actions(FAILURES_READ),
            client.oldest_batches((*OPEN_LOCALLY, *OPEN_REMOTELY), BATCH_PAGES),
            client.count_products(simple=True),
            client.count_actions(ContentType.product),
            client.count_actions(status=_PROCESSING),
        )
        known_counts: dict[IntegrationActionStatus, Counter[str]] = {}
        if not processing:
            known_counts[_PROCESSING] = Counter()
        if len(failed) == total:
            known_counts[_ERROR] = Counter(action.content_type.model for action in failed)
        contents = await side_by_side(*(self._content(kind, known_counts) for kind in KINDS))
        moment: datetime = client.server_time
        remarks = []
        if len(failed) < total:
            remarks.append(f"Reasons are counted of the newest {len(failed)} of {total} failed objects.")
        if not all_batches:
            remarks.append(f"Only the oldest {len(batches)} open batches were read.")
        unaccounted = max(0, products - known - (contents[0].inserts or 0))
        if unaccounted:
            remarks.append(
                f"At least {unaccounted} products are neither due nor known to the channel: they are switched off, or the "
                "batches that held them were given up, and they come back after RETRY_INTERVAL or are out of attempts."
            )
        abandoned = await self._abandoned(failed, contents, moment, remarks)
        names = await self._names(abandoned[:NAMED])
        open_batches = _grouped(batches, moment)
        return ChannelHealth(
            channel=channel.pk,
            name=channel.name,
            is_active=channel.is_active,
            moment=moment,
            contents=tuple(contents),
            failures=tuple(await self._failures(failed)),
            failures_read=len(failed),
            failures_total=total,
            batches=open_batches,
            abandoned=tuple(
                Abandoned(
                    content_type=kind, pk=action.object_id, name=names.get((kind, action.object_id)), last_try=when
                )
                for kind, action, when in abandoned[:NAMED]
            ),
            abandoned_total=len(abandoned),
            unaccounted=unaccounted,
            advice=tuple(self._advice(channel, batches, contents, len(abandoned), moment)),
            remarks=tuple(remarks),
        )

    async def _content(
        self, kind: _Kind, known_counts: Mapping[IntegrationActionStatus, Counter[str]]
    ) -> ContentHealth:
        """How the objects of one kind stand; what all types were counted at already is not counted again."""
        client = self.integration.client

        async def count(status: IntegrationActionStatus) -> int:
            known = known_counts.get(status)
            if known is not None:
                return known[kind.content_type]
            return await client.count_actions(kind.content_type, status)  # type: ignore[no-any-return]

        lists: list[int | None] = [None, *extra_lists(kind.content_type, self._catalog, self._conf)]
        pairs = [(which, number) for which in kind.lists for number in lists]
        processing, failed, *counts = await side_by_side(
            count(_PROCESSING),
            count(_ERROR),
            *(client.count_due(kind.content_type, which, number) for which, number in pairs),
        )
        due: dict[str, int] = defaultdict(int)
        for (which, _), number in zip(pairs, counts, strict=True):
            due[which] += number
        return ContentHealth(
            name=kind.name,
            content_type=kind.content_type,
            inserts=due.get("inserts"),
            updates=due.get("updates"),
            deletions=due.get("deleted"),
            processing=processing,
            failed=failed,
        )

    async def _failures(self, failed: Sequence[IntegrationAction]) -> list[FailureGroup]:
        """What failed by type and reason, most first, with what the log says of the newest of the largest groups."""
        groups: dict[tuple[str, str], list[IntegrationAction]] = defaultdict(list)
        for action in failed:
            groups[action.content_type.model, action.failed_reason_type or UNKNOWN].append(action)
        found = []
        goods = {kind.content_type for kind in GOODS}
        quoted = 0
        for (model, reason), members in sorted(groups.items(), key=lambda item: (-len(item[1]), item[0])):
            newest = None
            # Reports of orders may speak of customers.
            if model in goods and quoted < QUOTED:
                quoted += 1
                newest = await self._newest_report(members[0])
            found.append(FailureGroup(content_type=model, reason=reason, count=len(members), newest=newest))
        return found

    async def _newest_report(self, action: IntegrationAction) -> str | None:
        client = self.integration.client
        rows = await client.error_reports(action.content_type.model, action.object_id)
        failures = [row for row in rows or () if not row.is_ok]
        return client.redactor.line(failures[0].error_desc, limit=300) if failures else None

    async def _abandoned(
        self,
        failed: Sequence[IntegrationAction],
        contents: Sequence[ContentHealth],
        moment: datetime,
        remarks: list[str],
    ) -> list[tuple[ContentType, IntegrationAction, datetime]]:
        """Failed goods whose turn has come and that are on no due list all the same, each with its last try."""
        interval = retry_interval(self._conf)
        if interval is None:
            if failed:
                remarks.append("The channel's conf has no RETRY_INTERVAL: whose attempts are used up is unknown.")
            return []
        gone: list[tuple[ContentType, IntegrationAction, datetime]] = []
        undecided = 0
        for kind, health in zip(GOODS, contents, strict=False):
            ripe = [
                (action, action.modified_date)
                for action in failed
                if action.content_type.model == kind.content_type
                and action.modified_date is not None
                and action.modified_date + interval < moment
            ]
            if not ripe:
                continue
            offered, last = await self._offered(kind, health)
            for action, when in ripe:
                if action.object_id in offered:
                    continue
                if last is not None and action.object_id > last:
                    undecided += 1
                else:
                    gone.append((kind.content_type, action, when))
        if undecided:
            remarks.append(
                f"Whether {undecided} more failed objects are still offered was not read: the lists are long."
            )
        if gone:
            remarks.append(
                "Out of attempts is taken to be what failed, is on no due list, and was last tried longer ago than "
                f"RETRY_INTERVAL ({interval.total_seconds():.0f} s); the action's own date is taken for the last try."
            )
        return gone

    async def _offered(self, kind: _Kind, health: ContentHealth) -> tuple[set[int], int | None]:
        """What is on the due lists, and up to which key they were read; None: to their ends."""
        counts = {"inserts": health.inserts, "updates": health.updates}
        keys: set[int] = set()
        ends: list[int] = []
        for which in kind.lists:
            if not counts[which]:
                continue
            for number in [None, *extra_lists(kind.content_type, self._catalog, self._conf)]:
                found, end = await self.integration.client.first_due(kind.content_type, which, DUE_PAGES, number)
                keys |= found
                ends += [] if end is None else [end]
        return keys, min(ends, default=None)

    async def _names(
        self, abandoned: Sequence[tuple[ContentType, IntegrationAction, datetime]]
    ) -> Mapping[tuple[ContentType, int], str]:
        """The sku of each object's product, as far as both are there."""
        client = self.integration.client
        product_of: dict[tuple[ContentType, int], int] = {}
        rows: dict[int, Any] = {}
        for kind in GOODS:
            keys = [action.object_id for content_type, action, _ in abandoned if content_type is kind.content_type]
            if not keys:
                continue
            found = await client.objects(kind.content_type, keys)
            if kind.content_type is ContentType.product:
                rows.update((row.pk, row) for row in found)
                product_of.update(((kind.content_type, row.pk), row.pk) for row in found)
            else:
                product_of.update(((kind.content_type, row.pk), row.product) for row in found if row.product)
        missing = set(product_of.values()) - set(rows)
        rows.update((row.pk, row) for row in await client.objects(ContentType.product, missing))
        return {reference: rows[pk].sku for reference, pk in product_of.items() if pk in rows}

    def _advice(
        self,
        channel: Channel,
        batches: Sequence[BatchRequest],
        contents: Sequence[ContentHealth],
        abandoned: int,
        moment: datetime,
    ) -> list[str]:
        advice = []
        if not channel.is_active:
            advice.append("The channel is switched off in Omnitron, so no flow does anything. Switch it on there.")
        dead = [row for row in batches if row.status in OPEN_LOCALLY and age_of(row, moment) > self.older_than]
        late = [row for row in batches if row.status in OPEN_REMOTELY and age_of(row, moment) > self.deadline]
        if dead:
            advice.append(
                f"{_batches(dead, moment)} in `{dead[0].status}`: the run that made it has died, and what it holds is locked. "
                f"Run `channel-app recover --older-than {self.older_than:.0f}`, and put `recover` on a schedule."
            )
        if late:
            advice.append(
                f"{_batches(late, moment)} in `{late[0].status}`, longer than the channel has "
                f"({said(self.deadline)}). Run `channel-app verify`: it gives such a batch up, and its objects are sent again."
            )
        processing = sum(content.processing for content in contents)
        if processing and not batches:
            advice.append(
                f"{processing} objects are processing, and no batch is open: the batch that held them ended without naming them. "
                "No flow is offered them again; ask who looks after Omnitron to end their integration actions."
            )
        if abandoned:
            advice.append(
                f"Omnitron does not offer {abandoned} failed objects any more. `channel-app explain SKU` says why each failed: "
                "mend that, then change the object in Omnitron, for a change gives it new attempts."
            )
        return advice


def _batches(rows: Sequence[BatchRequest], moment: datetime) -> str:
    """The one that has stood longest, and how many more there are."""
    oldest = max(rows, key=lambda row: age_of(row, moment))
    more = f" (and {len(rows) - 1} more)" if len(rows) > 1 else ""
    return f"Batch {oldest.local_batch_id}{more} has stood for {said(age_of(oldest, moment))}"


def _grouped(batches: Sequence[BatchRequest], moment: datetime) -> tuple[OpenBatches, ...]:
    groups: dict[tuple[Any, Any], list[BatchRequest]] = defaultdict(list)
    for row in batches:
        groups[row.status, row.content_type].append(row)
    found = []
    for (status, content_type), rows in groups.items():
        oldest = max(rows, key=lambda row: age_of(row, moment))
        found.append(
            OpenBatches(
                status=status,
                content_type=content_type,
                count=len(rows),
                oldest=oldest.local_batch_id,
                oldest_remote_id=oldest.remote_batch_id,
                oldest_age=round(age_of(oldest, moment), 1),
            )
        )
    return tuple(sorted(found, key=lambda group: -group.oldest_age))
