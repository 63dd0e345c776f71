"""Lists the failed objects with their reasons. Changes nothing."""

import re
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import ClassVar

from clients.omnitron.lists import PAGE, pages_for
from dto.enums import GOODS, OFFERS, ContentType, IntegrationActionStatus
from dto.failures import FailureList, FailureRecord
from dto.omnitron import Catalog, Channel, IntegrationAction, Product
from dto.reports import ErrorReportRow
from tasks.concurrency import side_by_side
from tasks.omnitron.catalogue.offer_lists import extra_lists
from tasks.omnitron.command import OmnitronQuery
from tasks.omnitron.kinds import KINDS, noun_of
from tasks.omnitron.overview.health import UNKNOWN, retry_interval
from tasks.omnitron.overview.reading import ObjectKey, read_channel, read_due_keys, read_products

LINES_FOR_EACH = 3
"""Lines of the merchant's log that are read for each failed object on average: an object fails several times."""
PAGES_AT_LEAST = 5
MESSAGE = 500
"""Characters of a message."""
_WITH_CODE = re.compile(r"([A-Z]\w+): (.+)", re.DOTALL)


class ListFailures(OmnitronQuery[FailureList]):
    """Lists the failed objects, newest first. Names, due lists and reasons are read in bulk: a thousand failures of one type
    cost less than a hundred requests."""

    key = "list_failures"
    content_type: ClassVar = ContentType.channel
    kinds: Collection[ContentType] | None = None
    """The types to list; None: all."""
    reason: str | None = None
    """The code of the reason, or the system that failed; None: any."""
    since: datetime | None = None

    async def send(self, _: None) -> FailureList:
        client = self.integration.client
        channel, catalog = await read_channel(self.integration)
        failed, total = await self._failed()
        found = await side_by_side(
            *(self._records(kind, rows, channel, catalog) for kind, rows in _by_type(failed).items())
        )
        records = [record for records, _ in found for record in records if self._is_asked(record)]
        remarks = [remark for _, remark in found if remark]
        if retry_interval(channel.conf) is None:
            remarks.append("The channel's conf has no RETRY_INTERVAL: the time of the next try is unknown.")
        moment: datetime = client.server_time
        return FailureList(
            channel=channel.pk,
            moment=moment,
            failures=tuple(sorted(records, key=_newest_first)),
            total=total,
            remarks=tuple(dict.fromkeys(remarks)),
        )

    async def _failed(self) -> tuple[list[IntegrationAction], int]:
        """The actions in `error` that were asked for, and the number of all of their types."""
        find, error = self.integration.client.actions.find, IntegrationActionStatus.error
        pieces = await side_by_side(*(find(content_type=kind, status=error) for kind in self.kinds or (None,)))
        rows = [row for piece in pieces for row in piece if row.content_type.model in tuple(ContentType)]
        asked = [row for row in rows if self.since is None or (row.modified_date and row.modified_date >= self.since)]
        return asked, len(rows)

    async def _records(
        self, kind: ContentType, rows: Sequence[IntegrationAction], channel: Channel, catalog: Catalog | None
    ) -> tuple[list[FailureRecord], str | None]:
        """The failures of one type, and a remark about reasons that are unknown."""
        products, names, (due, last) = await side_by_side(
            self._products(kind, rows), self._names(kind, rows), self._due(kind, channel, catalog)
        )
        names = {**names, **{pk: product.sku for pk, product in products.items()}}
        lines = await self._lines(kind, rows, products)
        interval = retry_interval(channel.conf)
        records = []
        for row in rows:
            code, message = self._reason((lines or {}).get(row.object_id))
            is_due = True if row.object_id in due else None if last is not None and row.object_id > last else False
            records.append(
                FailureRecord(
                    name=names.get(row.object_id) or f"{noun_of(kind)} {row.object_id}, gone from Omnitron",
                    content_type=kind,
                    pk=row.object_id,
                    reason=row.failed_reason_type or UNKNOWN,
                    code=code,
                    message=message,
                    failed_at=row.modified_date,
                    is_due=is_due,
                    next_try=_next_try(row, interval),
                )
            )
        return records, _remark(kind, None if lines is None else len(rows) - len(lines))

    async def _lines(
        self, kind: ContentType, rows: Sequence[IntegrationAction], products: Mapping[int, Product]
    ) -> dict[int, ErrorReportRow] | None:
        """The newest line of the log about each failed object; None if the log cannot be read. What failed along with its product
        has no line of its own: the product's line of the same batch tells."""
        own = await self._newest_lines(kind, [row.object_id for row in rows])
        along = {
            row.object_id: (products[row.object_id].pk, row.local_batch_id)
            for row in rows
            if own is not None and kind in OFFERS and row.object_id in products and row.object_id not in own
        }
        if own is None or not along:
            return own
        of_products = await self._newest_lines(ContentType.product, {product for product, _ in along.values()}) or {}
        for pk, (product, batch) in along.items():
            line = of_products.get(product)
            if line is not None and batch and line.error_code.startswith(batch):
                own[pk] = line
        return own

    async def _newest_lines(self, kind: ContentType, keys: Collection[int]) -> dict[int, ErrorReportRow] | None:
        most_pages = PAGES_AT_LEAST + pages_for(LINES_FOR_EACH * len(keys), PAGE)
        lines = await self.integration.client.error_reports.newest_failures(kind, keys, most_pages)
        return None if lines is None else {line.action_object_id: line for line in lines if line.action_object_id}

    def _reason(self, line: ErrorReportRow | None) -> tuple[str | None, str | None]:
        if line is None:
            return None, None
        text = self.integration.client.redactor.line(line.error_desc, limit=MESSAGE)
        found = _WITH_CODE.fullmatch(text)
        return (found[1], found[2]) if found else (None, text)

    async def _products(self, kind: ContentType, rows: Sequence[IntegrationAction]) -> Mapping[int, Product]:
        """The product of each object; none for types that are no goods."""
        wanted: list[ObjectKey] = [(kind, row.object_id) for row in rows if kind in GOODS]
        return {pk: product for (_, pk), product in (await read_products(self.integration.client, wanted)).items()}

    async def _names(self, kind: ContentType, rows: Sequence[IntegrationAction]) -> Mapping[int, str]:
        """The names by which people know the objects; those of goods are the skus of their products."""
        if kind in GOODS:
            return {}
        if kind is ContentType.order:
            found = await self.integration.client.orders.get_many(row.object_id for row in rows)
            return {order.pk: order.number for order in found}
        return {row.object_id: row.remote_id or f"{noun_of(kind)} {row.object_id}" for row in rows}

    async def _due(self, kind: ContentType, channel: Channel, catalog: Catalog | None) -> tuple[set[int], int | None]:
        """The keys of due objects, and the last that was read. A deletion is due under the key of its product's action."""
        if kind not in KINDS:
            return set(), 0  # there is no list of them: nothing was read
        numbers = [None, *extra_lists(kind, catalog, channel.conf)]
        lists = [(which, number) for which in KINDS[kind].due_lists for number in numbers]
        return await read_due_keys(self.integration.client, kind, lists, {})

    def _is_asked(self, record: FailureRecord) -> bool:
        wanted = self.reason.casefold() if self.reason else None
        return wanted is None or wanted in (record.reason.casefold(), (record.code or "").casefold())


def _by_type(rows: Sequence[IntegrationAction]) -> Mapping[ContentType, list[IntegrationAction]]:
    found: dict[ContentType, list[IntegrationAction]] = defaultdict(list)
    for row in rows:
        found[ContentType(row.content_type.model)].append(row)
    return found


def _next_try(row: IntegrationAction, interval: timedelta | None) -> datetime | None:
    return row.modified_date + interval if row.modified_date and interval is not None else None


def _newest_first(record: FailureRecord) -> tuple[float, str]:
    return -(record.failed_at.timestamp() if record.failed_at else 0.0), record.name


def _remark(kind: ContentType, unknown: int | None) -> str | None:
    """The remark about reasons that are unknown; `unknown` is None if none can be read."""
    if unknown is None:
        return "Messages are unknown: this Omnitron does not let its reports be read. “Marketplace Logs” has them."
    if unknown:
        return (
            f"The messages of {unknown} failed objects of type {noun_of(kind)} are further back in the merchant's log than was "
            "read: `channel-app explain SKU` looks one up."
        )
    return None
