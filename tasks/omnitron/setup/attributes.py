"""Brings the channel's attributes and their values into Omnitron, independent of categories."""

from collections.abc import Sequence
from typing import Any

from clients.errors import RefusedError
from dto.enums import ContentType
from dto.setup import AttributeDto
from dto.text import are_alike
from tasks.concurrency import for_each
from tasks.omnitron.setup.attribute_cache import AttributeCache, usable
from tasks.omnitron.setup.bulk import rounds
from tasks.omnitron.setup.changes import ChangeCommand, Changes, Tally
from tasks.omnitron.setup.known_names import NameAmbiguousError

ATTRIBUTES_AT_ONCE = 16
"""Attributes written at once; their values are written side by side as well."""


class CreateOrUpdateAttributes(ChangeCommand[Sequence[AttributeDto]]):
    """Creates or updates every attribute of the channel, with an empty schema and its values, each bound to its remote id."""

    key = "create_or_update_attributes"
    content_type = ContentType.attribute
    kind = "attribute"

    def name_of(self, item: AttributeDto) -> str:
        return f"{item.name or '(no name)'} [{item.remote_id or 'no remote id'}]"

    async def send(self, attributes: Sequence[AttributeDto]) -> Changes:
        if attributes:
            self._tell_of_several_names(attributes)
            self.cache = AttributeCache(self.integration)
            await self.cache.read()
            await self.write(attributes)
        return self.changes

    def _tell_of_several_names(self, attributes: Sequence[AttributeDto]) -> None:
        first: dict[str, str] = {}
        for asked in attributes:
            if not are_alike(name := first.setdefault(asked.remote_id, asked.name), asked.name):
                self.log.warning(
                    "The channel lists the attribute [%s] as `%s` and as `%s`: the first name counts, and it gets the values "
                    "of both.",
                    asked.remote_id,
                    name,
                    asked.name,
                )

    async def write(self, attributes: Sequence[AttributeDto]) -> None:
        """Writes the attributes one by one."""
        await self.each(attributes, self._put, "attributes", ATTRIBUTES_AT_ONCE)

    async def _put(self, asked: AttributeDto) -> None:
        tally = Tally()
        if named := usable(asked, tally):
            tally.is_new = self.cache.attribute(named) is None
            attribute = await self.cache.ensure(named, tally)
            await for_each(named.values, lambda value: tally.attempt(self.cache.ensure_value(attribute, value, tally)))
        tally.raise_problems()
        self.changes.counts[tally.outcome] += 1


class BulkCreateOrUpdateAttributes(CreateOrUpdateAttributes):
    """The same in a few large requests, if the hub has them; refused attributes are written one by one."""

    key = "bulk_create_or_update_attributes"

    async def write(self, attributes: Sequence[AttributeDto]) -> None:
        spelled = {id(asked): row for asked in attributes if (row := self._for_bulk(asked)) is not None}
        lacking = [asked for asked in attributes if id(asked) in spelled]
        is_new = {id(asked): self.cache.attribute(asked) is None for asked in lacking}
        refused: set[str] = set()

        async def post(rows: list[dict[str, Any]]) -> None:
            try:
                if await self.integration.client.bulk_requests.create("bulk_attributes", {"attributes": rows}):
                    return
            except RefusedError as error:
                self.log.warning("%d attributes are written one by one: %s", len(rows), error.message)
            refused.update(row["remote_id"] for row in rows)

        for requests in rounds(list(spelled.values())):
            await for_each(requests, post)
        written = [asked for asked in lacking if asked.remote_id not in refused]
        for asked in written:
            self.changes.counts["created" if is_new[id(asked)] else "changed"] += 1
        done = {id(asked) for asked in written}
        await super().write([asked for asked in attributes if id(asked) not in done])

    def _for_bulk(self, asked: AttributeDto) -> AttributeDto | None:
        """An attribute as a bulk request names it. None if it needs no write, or has to fail by itself."""
        try:
            return self.cache.as_spelled(asked) if usable(asked, Tally()) is asked and self.cache.lacks(asked) else None
        except NameAmbiguousError:
            return None
