"""The channel's attributes and their values in Omnitron, whatever the category."""

from collections.abc import Sequence
from typing import Any

from clients.errors import RefusedError
from dto.enums import ContentType
from dto.setup import AttributeDto
from tasks.concurrency import for_each
from tasks.omnitron.attribute_book import AttributeBook, is_named, require_names
from tasks.omnitron.bulk import rounds
from tasks.omnitron.changes import ChangeCommand, Changes, Tally

ATTRIBUTES_AT_ONCE = 16
"""Their values are written side by side as well."""


class CreateOrUpdateAttributes(ChangeCommand[Sequence[AttributeDto]]):
    """Gives every attribute of the channel its counterpart, an empty schema and its values, each bound to its remote id."""

    key = "create_or_update_attributes"
    content_type = ContentType.attribute
    kind = "attribute"

    def name_of(self, thing: AttributeDto) -> str:
        return f"{thing.name or '(no name)'} [{thing.remote_id or 'no remote id'}]"

    async def send(self, attributes: Sequence[AttributeDto]) -> Changes:
        if attributes:
            self.book = AttributeBook(self.integration)
            await self.book.read()
            await self.write(attributes)
        return self.changes

    async def write(self, attributes: Sequence[AttributeDto]) -> None:
        """Each attribute by itself."""
        await self.each(attributes, self._put, "attributes", ATTRIBUTES_AT_ONCE)

    async def _put(self, asked: AttributeDto) -> None:
        require_names([asked])
        tally = Tally(is_new=self.book.attribute(asked) is None)
        attribute = await self.book.ensure(asked, tally)
        await for_each(asked.values, lambda value: self.book.ensure_value(attribute, value, tally))
        self.changes.counts[tally.outcome] += 1


class BulkCreateOrUpdateAttributes(CreateOrUpdateAttributes):
    """The same in a few large requests, where the hub has such; those that it refuses are written one by one."""

    key = "bulk_create_or_update_attributes"

    async def write(self, attributes: Sequence[AttributeDto]) -> None:
        lacking = [asked for asked in attributes if is_named(asked) and self.book.lacks(asked)]
        is_new = {id(asked): self.book.attribute(asked) is None for asked in lacking}
        refused: set[str] = set()

        async def post(rows: list[dict[str, Any]]) -> None:
            try:
                if await self.integration.client.create_in_bulk("bulk_attributes", {"attributes": rows}):
                    return
            except RefusedError as error:
                self.log.warning("%d attributes are written one by one: %s", len(rows), error.message)
            refused.update(row["remote_id"] for row in rows)

        for requests in rounds(lacking):
            await for_each(requests, post)
        written = [asked for asked in lacking if asked.remote_id not in refused]
        for asked in written:
            self.changes.counts["created" if is_new[id(asked)] else "changed"] += 1
        done = {id(asked) for asked in written}
        await super().write([asked for asked in attributes if id(asked) not in done])
