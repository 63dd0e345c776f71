"""What Omnitron has of the channel's attributes: read once, and kept up with what is written."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from clients.errors import MissingError
from dto.enums import ContentType
from dto.omnitron_setup import Attribute, AttributeSchema, AttributeValue
from dto.setup import AttributeDto, AttributeValueDto, CategoryAttributeDto, CategoryAttributeValueDto
from tasks.concurrency import Turns, side_by_side
from tasks.omnitron.changes import Tally
from tasks.omnitron.integration_actions import CreateIntegration
from tasks.omnitron.setup_rows import ATTRIBUTE, SCHEMA, VALUE, Binding, make, schema_name

AnyAttribute = AttributeDto | CategoryAttributeDto
AnyValue = AttributeValueDto | CategoryAttributeValueDto


class Known(NamedTuple):
    """An attribute of the channel without its values."""

    name: str
    remote_id: str


class NamelessError(MissingError):
    """The channel gave something no name or no id."""

    code = "Nameless"


@dataclass(slots=True)
class Entry:
    """An attribute or a value, as far as the setup has to know it."""

    pk: int
    name: str
    """The attribute's name, the value's label."""
    version: datetime | None
    remote_id: str | None = None
    """What its action binds it to."""
    is_settled: bool = False
    """This run has given it its name: another category that calls it otherwise does not change it back."""


class AttributeBook:
    """Attributes, their schemas and their values. Whatever is missing is made once, however many ask for it.

    Two attributes of one name are one in Omnitron: the first to come is bound.
    """

    def __init__(self, hub: Any) -> None:
        self._hub = hub
        self._turns = Turns()
        self._by_name: dict[str, Entry] = {}
        self._by_remote_id: dict[str, Entry] = {}
        self._schemas: set[str] = set()
        self._values: dict[int, dict[str, Entry]] = {}

    async def read(self) -> None:
        """Reads everything, page by page."""
        client = self._hub.client
        attributes: dict[int, Entry] = {}
        values: dict[int, Entry] = {}
        self._schemas.clear()
        self._values.clear()

        async def read_attributes() -> None:
            async for page in client.row_pages(ATTRIBUTE.resource, Attribute):
                attributes.update((row.pk, Entry(row.pk, row.name, row.modified_date)) for row in page)

        async def read_schemas() -> None:
            async for page in client.row_pages(SCHEMA.resource, AttributeSchema):
                self._schemas.update(row.name for row in page)

        async def read_values() -> None:
            async for page in client.row_pages(VALUE.resource, AttributeValue):
                for row in page:
                    entry = values[row.pk] = Entry(row.pk, row.label, row.modified_date)
                    self._values.setdefault(row.attribute, {}).setdefault(row.value, entry)

        async def read_actions(content_type: ContentType) -> dict[int, str]:
            return {
                action.object_id: action.remote_id
                async for page in client.action_pages(content_type)
                for action in page
                if action.remote_id
            }

        _, _, _, bound_attributes, bound_values = await side_by_side(
            read_attributes(),
            read_schemas(),
            read_values(),
            read_actions(ContentType.attribute),
            read_actions(ContentType.attribute_value),
        )
        for entries, bound in ((attributes, bound_attributes), (values, bound_values)):
            for pk, entry in entries.items():
                entry.remote_id = bound.get(pk)
        self._by_name = {entry.name: entry for entry in attributes.values()}
        self._by_remote_id = {entry.remote_id: entry for entry in attributes.values() if entry.remote_id}

    # -- what is there ---------------------------------------------------------------------------------------------

    def attribute(self, asked: AnyAttribute | Known) -> Entry | None:
        """The attribute that stands for the channel's one: that of its name, else the one that is bound to its id."""
        return self._by_name.get(asked.name.strip()) or self._by_remote_id.get(asked.remote_id)

    def values(self, attribute: int) -> dict[str, Entry]:
        """An attribute's values by the channel's ids."""
        return self._values.setdefault(attribute, {})

    def lacks(self, asked: AnyAttribute) -> bool:
        """Whether something of an attribute, its schema or its values would be written."""
        attribute = self.attribute(asked)
        if attribute is None or self._needs_binding(attribute, asked.remote_id) or _is_misnamed(attribute, asked.name):
            return True
        if self._schema_of(attribute) not in self._schemas:
            return True
        known = self.values(attribute.pk)
        return any(self._lacks_value(known.get(value.remote_id), value) for value in asked.values)

    # -- what is made ----------------------------------------------------------------------------------------------

    async def ensure(self, asked: AnyAttribute, tally: Tally) -> Entry:
        """The attribute with its schema; values are a matter of their own."""
        client = self._hub.client
        # By name and by id: two categories may know one attribute under two names.
        name = asked.name.strip()
        async with self._turns.of(("name", name)), self._turns.of(("id", asked.remote_id)):
            attribute = self.attribute(asked)
            if attribute is None:
                row = await make(client, ATTRIBUTE, {"name": name, "channel": client.channel_id})
                attribute = Entry(row.pk, row.name, row.modified_date)
                tally.writes += 1
            elif _is_misnamed(attribute, name):
                row = await client.change_row(ATTRIBUTE.resource, Attribute, attribute.pk, {"name": name})
                self._by_name.pop(attribute.name, None)
                attribute.name, attribute.version = row.name, row.modified_date
                tally.writes += 1
            attribute.is_settled = True
            self._by_name[attribute.name] = attribute
            if self._needs_binding(attribute, asked.remote_id):
                await self._bind(ContentType.attribute, attribute, asked.remote_id, tally)
                self._by_remote_id[asked.remote_id] = attribute
            schema = self._schema_of(attribute)
            if schema not in self._schemas:
                await make(client, SCHEMA, {"name": schema, "schema": {}, "channel": client.channel_id})
                self._schemas.add(schema)
                tally.writes += 1
        return attribute

    async def ensure_value(self, attribute: Entry, asked: AnyValue, tally: Tally) -> None:
        """A value under its label, bound."""
        known = self.values(attribute.pk)
        if not self._lacks_value(known.get(asked.remote_id), asked):
            return
        client = self._hub.client
        async with self._turns.of((attribute.pk, asked.remote_id)):
            value = known.get(asked.remote_id)
            if value is None:
                fields = {"attribute": attribute.pk, "label": asked.name.strip(), "value": asked.remote_id}
                row = await make(client, VALUE, {**fields, "channel": client.channel_id})
                value = known[asked.remote_id] = Entry(row.pk, row.label, row.modified_date)
                tally.writes += 1
            if _is_misnamed(value, asked.name):
                row = await client.change_row(VALUE.resource, AttributeValue, value.pk, {"label": asked.name.strip()})
                value.name, value.version = row.label, row.modified_date
                tally.writes += 1
            value.is_settled = True
            if value.remote_id is None:
                await self._bind(ContentType.attribute_value, value, asked.remote_id, tally)

    def _schema_of(self, attribute: Entry) -> str:
        return schema_name(self._hub.channel_id, attribute.name)

    def _needs_binding(self, attribute: Entry, remote_id: str) -> bool:
        return attribute.remote_id is None and remote_id not in self._by_remote_id

    @staticmethod
    def _lacks_value(known: Entry | None, asked: AnyValue) -> bool:
        return known is None or known.remote_id is None or _is_misnamed(known, asked.name)

    async def _bind(self, content_type: ContentType, entry: Entry, remote_id: str, tally: Tally) -> None:
        binding = Binding(content_type, entry.pk, remote_id, entry.version)
        await self._hub.do_action(CreateIntegration, objects=[binding])
        entry.remote_id = remote_id
        tally.writes += 1


def _is_misnamed(entry: Entry, name: str) -> bool:
    return entry.name != name.strip() and not entry.is_settled


def require_names(attributes: Iterable[AnyAttribute]) -> None:
    """Makes sure that the channel has named every attribute and every value.

    Raises:
        NamelessError: it has not.
    """
    for attribute in attributes:
        if not (attribute.name.strip() and attribute.remote_id):
            raise NamelessError(
                f"The attribute `{attribute.name}` [{attribute.remote_id}] lacks its name or its remote_id."
            )
        for value in attribute.values:
            if not (value.name.strip() and value.remote_id):
                raise NamelessError(
                    f"The value `{value.name}` [{value.remote_id}] of the attribute `{attribute.name}` lacks its name or "
                    "its remote_id."
                )


def is_named(attribute: AnyAttribute) -> bool:
    """The same as a question."""
    try:
        require_names([attribute])
    except NamelessError:
        return False
    return True
