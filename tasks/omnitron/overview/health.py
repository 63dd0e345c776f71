"""Reads the state of the channel: by Omnitron's counts, and a bounded number of rows. Changes nothing."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import field
from datetime import datetime, timedelta
from typing import Any, ClassVar

from clients.omnitron.due import DueHead
from dto.batch_states import OPEN_LOCALLY, OPEN_REMOTELY
from dto.batches import BatchRequest
from dto.enums import GOODS, OFFERS, ContentType, IntegrationActionStatus
from dto.health import Abandoned, ChannelHealth, ContentHealth, FailureGroup, OpenBatches
from dto.omnitron import Channel, ChannelConf, IntegrationAction, Product
from tasks.ages import age_of, format_age
from tasks.channel.checking import CheckCommand
from tasks.concurrency import side_by_side
from tasks.omnitron.catalogue.offer_lists import extra_lists
from tasks.omnitron.command import OmnitronQuery
from tasks.omnitron.kinds import KINDS
from tasks.omnitron.overview.reading import read_channel, read_due_keys, read_products
from tasks.omnitron.overview.waiting import count_waiting, describe_waiting, with_waiting

FAILURES_READ = 500
"""Newest failed objects whose reasons are counted."""
BATCH_PAGES = 2
"""Pages of open batches that are read, oldest first."""
QUOTED = 3
"""Reasons with an example from the merchant's log."""
NAMED = 20
"""Objects out of attempts that are listed by name."""
UNKNOWN = "unknown"
_PROCESSING, _ERROR = IntegrationActionStatus.processing, IntegrationActionStatus.error


def retry_interval(conf: ChannelConf) -> timedelta | None:
    """The time after a failure until the object becomes due again; None if the conf does not set it."""
    limits = conf.FAILED_INTEGRATION.get("DEFAULT")
    return None if limits is None or limits.RETRY_INTERVAL is None else timedelta(seconds=limits.RETRY_INTERVAL)


class ReadHealth(OmnitronQuery[ChannelHealth]):
    """Reads the state of the channel, in a number of requests that does not grow with the shop."""

    key = "read_health"
    content_type: ClassVar = ContentType.channel
    older_than: float = 900.0
    """Seconds after which an untouched batch counts as abandoned."""
    deadlines: Mapping[ContentType, float] = field(default_factory=dict)
    """Seconds after which a batch that the channel never finishes is given up."""

    async def send(self, _: None) -> ChannelHealth:
        client = self.integration.client
        channel, catalog = await read_channel(self.integration)
        self._conf, self._catalog = channel.conf, catalog
        (failed, total), (batches, all_batches), products, known, processing = await side_by_side(
            client.actions.newest_failed(FAILURES_READ),
            client.batches.oldest((*OPEN_LOCALLY, *OPEN_REMOTELY), BATCH_PAGES),
            client.products.count(simple=True),
            client.actions.count(ContentType.product),
            client.actions.count(status=_PROCESSING),
        )
        known_counts: dict[IntegrationActionStatus, Counter[str]] = {}
        if not processing:
            known_counts[_PROCESSING] = Counter()
        if len(failed) == total:
            known_counts[_ERROR] = Counter(action.content_type.model for action in failed)
        self._heads: dict[tuple[ContentType, int | None], DueHead[Any]] = {}
        contents = await side_by_side(*(self._content(content_type, known_counts) for content_type in KINDS))
        new_offers = ((kind, head.page.rows) for (kind, _), head in self._heads.items())
        contents = with_waiting(contents, await count_waiting(client, new_offers))
        moment: datetime = client.server_time
        remarks = []
        if len(failed) < total:
            remarks.append(f"Reasons are those of the newest {len(failed)} of {total} failed objects.")
        if not all_batches:
            remarks.append(f"Only the oldest {len(batches)} open batches were read.")
        if waiting := describe_waiting(contents, batches, client):
            remarks.append(waiting)
        unaccounted = max(0, products - known - (contents[0].inserts or 0))
        if unaccounted:
            remarks.append(
                f"At least {unaccounted} products are neither due nor known to the channel: they are switched off, or the "
                "batches that held them were given up, and they become due after RETRY_INTERVAL or are out of attempts."
            )
        abandoned = await self._abandoned(failed, contents, moment, remarks)
        products_of = await read_products(client, [(kind, action.object_id) for kind, action, _ in abandoned[:NAMED]])
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
                    content_type=kind,
                    pk=action.object_id,
                    name=_sku(products_of.get((kind, action.object_id))),
                    last_try=when,
                )
                for kind, action, when in abandoned[:NAMED]
            ),
            abandoned_total=len(abandoned),
            unaccounted=unaccounted,
            advice=tuple(self._advice(channel, batches, contents, len(abandoned), unaccounted, moment)),
            remarks=tuple(remarks),
        )

    async def _content(
        self, content_type: ContentType, known_counts: Mapping[IntegrationActionStatus, Counter[str]]
    ) -> ContentHealth:
        """The counts of one type's objects. Counts that are known already are not requested again."""
        client, kind = self.integration.client, KINDS[content_type]

        async def count(status: IntegrationActionStatus) -> int:
            known = known_counts.get(status)
            if known is not None:
                return known[content_type]
            return await client.actions.count(content_type, status)

        async def count_due(which: str, number: int | None) -> int:
            due_list = client.due_list(content_type, which, number)
            if content_type not in OFFERS or which != "inserts":
                return await due_list.count()
            head = self._heads[content_type, number] = await due_list.head()
            return head.total

        lists: list[int | None] = [None, *extra_lists(content_type, self._catalog, self._conf)]
        pairs = [(which, number) for which in kind.due_lists for number in lists]
        processing, failed, *counts = await side_by_side(
            count(_PROCESSING),
            count(_ERROR),
            *(count_due(which, number) for which, number in pairs),
        )
        due: dict[str, int] = defaultdict(int)
        for (which, _), number in zip(pairs, counts, strict=True):
            due[which] += number
        return ContentHealth(
            name=kind.plural,
            content_type=content_type,
            inserts=due.get("inserts"),
            updates=due.get("updates"),
            deletions=due.get("deleted"),
            processing=processing,
            failed=failed,
        )

    async def _failures(self, failed: Sequence[IntegrationAction]) -> list[FailureGroup]:
        """Failed objects by type and reason, largest group first; the largest with an example from the log."""
        groups: dict[tuple[str, str], list[IntegrationAction]] = defaultdict(list)
        for action in failed:
            groups[action.content_type.model, action.failed_reason_type or UNKNOWN].append(action)
        found = []
        quoted = 0
        for (model, reason), members in sorted(groups.items(), key=lambda item: (-len(item[1]), item[0])):
            newest = None
            # Reports about orders may contain personal data.
            if model in GOODS and quoted < QUOTED:
                quoted += 1
                newest = await self._newest_report(members[0])
            found.append(FailureGroup(content_type=model, reason=reason, count=len(members), newest=newest))
        return found

    async def _newest_report(self, action: IntegrationAction) -> str | None:
        client = self.integration.client
        rows = await client.error_reports.find(action.content_type.model, action.object_id)
        failures = [row for row in rows or () if not row.is_ok]
        return client.redactor.line(failures[0].error_desc, limit=300) if failures else None

    async def _abandoned(
        self,
        failed: Sequence[IntegrationAction],
        contents: Sequence[ContentHealth],
        moment: datetime,
        remarks: list[str],
    ) -> list[tuple[ContentType, IntegrationAction, datetime]]:
        """Failed goods that are on no due list although RETRY_INTERVAL has passed, each with its last try."""
        interval = retry_interval(self._conf)
        if interval is None:
            if failed:
                remarks.append(
                    "The channel's conf has no RETRY_INTERVAL: objects that are out of attempts cannot be identified."
                )
            return []
        gone: list[tuple[ContentType, IntegrationAction, datetime]] = []
        undecided = 0
        for content_type, health in zip(GOODS, contents, strict=False):
            ripe = [
                (action, action.modified_date)
                for action in failed
                if action.content_type.model == content_type
                and action.modified_date is not None
                and action.modified_date + interval < moment
            ]
            if not ripe:
                continue
            counts = {"inserts": health.inserts, "updates": health.updates}
            numbers = [None, *extra_lists(content_type, self._catalog, self._conf)]
            lists = [(which, number) for which in KINDS[content_type].due_lists if counts[which] for number in numbers]
            due, last = await read_due_keys(self.integration.client, content_type, lists, self._heads)
            for action, when in ripe:
                if action.object_id in due:
                    continue
                if last is not None and action.object_id > last:
                    undecided += 1
                else:
                    gone.append((content_type, action, when))
        if undecided:
            remarks.append(
                f"The due lists are long and were read in part: {undecided} more failed objects may still be due."
            )
        if gone:
            remarks.append(
                "An object counts as out of attempts if it failed, is on no due list, and was last tried more than "
                f"RETRY_INTERVAL ({interval.total_seconds():.0f} s) ago; the action's own date counts as the last try."
            )
        return gone

    def _advice(
        self,
        channel: Channel,
        batches: Sequence[BatchRequest],
        contents: Sequence[ContentHealth],
        abandoned: int,
        unaccounted: int,
        moment: datetime,
    ) -> list[str]:
        advice = []
        if abandoned:
            advice.append(
                f"{abandoned} failed objects are out of attempts. `channel-app failures` says why each failed: correct that, "
                "then `channel-app resend SKU`, or change the object in Omnitron: both give it new attempts."
            )
        if unaccounted:
            advice.append(
                f"At least {unaccounted} products are neither due nor known to the channel. If they are switched on, and the "
                "number is the same after RETRY_INTERVAL, they are out of attempts: change them in Omnitron, because a change "
                "gives new attempts."
            )
        if not channel.is_active:
            advice.append("The channel is switched off in Omnitron, so no flow does anything. Switch it on there.")
        dead = [row for row in batches if row.status in OPEN_LOCALLY and age_of(row, moment) > self.older_than]
        late = [row for row in batches if row.status in OPEN_REMOTELY and age_of(row, moment) > self._deadline(row)]
        if dead:
            advice.append(
                f"{_batches(dead, moment)} in `{dead[0].status}`: its run has died, and its objects are locked. "
                f"Run `channel-app recover --older-than {self.older_than:.0f}`, and put `recover` on a schedule."
            )
        if late:
            patience = format_age(self._deadline(late[0]))
            advice.append(
                f"{_batches(late, moment)} in `{late[0].status}`, longer than the channel has ({patience}). Run "
                "`channel-app verify`: it gives such a batch up, and its objects are sent again."
            )
        processing = sum(content.processing for content in contents)
        if processing and not batches:
            advice.append(
                f"{processing} objects are processing, but no batch is open: their batch ended without naming them. They never "
                "become due again; ask Omnitron's operator to end their integration actions."
            )
        return advice

    def _deadline(self, row: BatchRequest) -> float:
        """Seconds that the channel has for a batch."""
        return self.deadlines.get(row.content_type or ContentType.product, CheckCommand.give_up_after)


def _sku(product: Product | None) -> str | None:
    return product.sku if product else None


def _batches(rows: Sequence[BatchRequest], moment: datetime) -> str:
    """The beginning of a sentence: the oldest batch, its age, and the number of others."""
    oldest = max(rows, key=lambda row: age_of(row, moment))
    more = f" (and {len(rows) - 1} more)" if len(rows) > 1 else ""
    return f"Batch {oldest.local_batch_id}{more} has stood for {format_age(age_of(oldest, moment))}"


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
