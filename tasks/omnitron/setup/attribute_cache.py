"""A cache of the channel's attributes in Omnitron: read once, and updated with every write."""

from collections.abc import Hashable
from typing import Any, NamedTuple, TypeVar

from clients.errors import MissingError
from dto.base import HALF_A_CHARACTER, is_blank, is_writable
from dto.enums import ContentType
from dto.omnitron_setup import Attribute, AttributeSchema, AttributeValue
from dto.setup import AttributeDto, AttributeValueDto, CategoryAttributeDto, CategoryAttributeValueDto
from dto.text import ByText, are_alike, comparable
from tasks.concurrency import KeyedLocks, side_by_side
from tasks.omnitron.journal.integration_actions import CreateIntegration
from tasks.omnitron.setup.changes import Tally
from tasks.omnitron.setup.known_names import Entry, Values, the_only
from tasks.omnitron.setup.rows import ATTRIBUTE, SCHEMA, VALUE, Binding, make, schema_name

AnyAttribute = AttributeDto | CategoryAttributeDto
AnyValue = AttributeValueDto | CategoryAttributeValueDto
Asked = TypeVar("Asked", AttributeDto, CategoryAttributeDto)


class AttributeKey(NamedTuple):
    """Identifies an attribute of the channel."""

    name: str
    remote_id: str


class NamelessError(MissingError):
    """An attribute or a value of the channel has no name or no id."""

    code = "Nameless"


class AttributeCache:
    """Attributes, their schemas and their values. Missing ones are created once, even if several categories need them.

    Two attributes of one name are one in Omnitron: the first is bound, and keeps its spelling. Letter case and blanks make no
    other name.
    """

    def __init__(self, hub: Any) -> None:
        self._hub = hub
        self._locks = KeyedLocks()
        self._by_name: ByText[Entry] = ByText()
        self._by_remote_id: dict[str, Entry] = {}
        self._schemas: set[str] = set()
        """Their names, in comparable form."""
        self._values: dict[int, Values] = {}
        self._claimed: dict[Hashable, str] = {}
        """The spellings of new names and values in bulk requests."""

    async def read(self) -> None:
        """Reads everything, page by page."""
        client = self._hub.client
        attributes: dict[int, Entry] = {}
        values: dict[int, Entry] = {}
        self._schemas.clear()
        self._values.clear()

        async def read_attributes() -> None:
            async for page in client.setup_rows(ATTRIBUTE.resource, Attribute).pages():
                attributes.update((row.pk, Entry(row.pk, row.name, row.modified_date)) for row in page)

        async def read_schemas() -> None:
            async for page in client.setup_rows(SCHEMA.resource, AttributeSchema).pages():
                self._schemas.update(comparable(row.name) for row in page)

        async def read_values() -> None:
            async for page in client.setup_rows(VALUE.resource, AttributeValue).pages():
                for row in page:
                    entry = values[row.pk] = Entry(row.pk, row.label, row.modified_date, value=row.value)
                    self.values(row.attribute).add(entry)

        async def read_actions(content_type: ContentType) -> dict[int, str]:
            return {
                action.object_id: action.remote_id
                async for page in client.actions.pages(content_type)
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
        self._by_name = ByText((entry.name, entry) for entry in attributes.values())
        self._by_remote_id = {entry.remote_id: entry for entry in attributes.values() if entry.remote_id}

    # -- look-ups --------------------------------------------------------------------------------------------------

    def attribute(self, asked: AnyAttribute | AttributeKey) -> Entry | None:
        """Omnitron's attribute for an attribute of the channel: the one with exactly its name, or else the one bound to its
        id, or else the one with its name in another spelling.

        Raises:
            NameAmbiguousError: several have its name, in other spellings.
        """
        name = asked.name.strip()
        if exact := self._by_name.exact(name):
            return exact[0]
        bound = self._by_remote_id.get(asked.remote_id)
        return bound or the_only("attributes", name, self._by_name.find(name), lambda entry: entry.name)

    def values(self, attribute: int) -> Values:
        """An attribute's values."""
        return self._values.setdefault(attribute, Values())

    def lacks(self, asked: AnyAttribute) -> bool:
        """Whether an attribute, its schema or its values need a write.

        Raises:
            NameAmbiguousError: several attributes or values have its name, in other spellings.
        """
        attribute = self.attribute(asked)
        if attribute is None or self._needs_binding(attribute, asked.remote_id):
            return True
        if attribute.is_misnamed(asked.name, asked.remote_id) or self._lacks_schema(attribute):
            return True
        known = self.values(attribute.pk)
        return any(self._lacks_value(known.get(value.remote_id), value) for value in asked.values)

    def as_spelled(self, asked: Asked) -> Asked:
        """An attribute in Omnitron's spelling, for a bulk request: the hub looks its name and values up exactly. A new name
        or value has the spelling in which it was asked for first, and an id the name with which it came first."""
        known = self.attribute(asked)
        name = self._claimed.setdefault(("id", asked.remote_id), asked.name.strip())
        if known is None:
            name = self._claimed.setdefault(comparable(name), name)
        elif known.remote_id != asked.remote_id and are_alike(known.name, name):
            name = known.name
        values = Values() if known is None else self.values(known.pk)
        return asked.model_copy(
            update={"name": name, "values": [self._value_as_spelled(name, values, value) for value in asked.values]}
        )

    def _value_as_spelled(self, attribute: str, values: Values, asked: AnyValue) -> AnyValue:
        known = values.get(asked.remote_id)
        if known is not None and known.value != asked.remote_id:
            return asked.model_copy(update={"name": known.name, "remote_id": known.value})
        if known is None and are_alike(asked.remote_id, asked.name):
            claim = (comparable(attribute), comparable(asked.remote_id))
            text = self._claimed.setdefault(claim, asked.remote_id)
            return asked if text == asked.remote_id else asked.model_copy(update={"name": text, "remote_id": text})
        return asked

    # -- writes ----------------------------------------------------------------------------------------------------

    async def ensure(self, asked: AnyAttribute, tally: Tally) -> Entry:
        """Creates or updates an attribute with its schema, without its values."""
        client = self._hub.client
        # Locked by name and by id: two categories may have different names for one attribute.
        name = asked.name.strip()
        async with self._locks.hold(("name", comparable(name))), self._locks.hold(("id", asked.remote_id)):
            attribute = self.attribute(asked)
            if attribute is None:
                row = await make(self._hub, ATTRIBUTE, {"name": name, "channel": client.channel_id})
                attribute = Entry(row.pk, row.name, row.modified_date)
                self._by_name.add(attribute.name, attribute)
                tally.writes += 1
            elif attribute.is_misnamed(name, asked.remote_id):
                row = await client.setup_rows(ATTRIBUTE.resource, Attribute).update(attribute.pk, {"name": name})
                self._by_name.remove(attribute.name, attribute)
                attribute.name, attribute.version = row.name, row.modified_date
                self._by_name.add(attribute.name, attribute)
                tally.writes += 1
            attribute.is_settled = True
            if self._needs_binding(attribute, asked.remote_id):
                await self._bind(ContentType.attribute, attribute, asked.remote_id, tally)
                self._by_remote_id[asked.remote_id] = attribute
            if self._lacks_schema(attribute):
                schema = schema_name(self._hub.channel_id, attribute.name)
                await make(self._hub, SCHEMA, {"name": schema, "schema": {}, "channel": client.channel_id})
                self._schemas.add(comparable(schema))
                tally.writes += 1
        return attribute

    async def ensure_value(self, attribute: Entry, asked: AnyValue, tally: Tally) -> None:
        """Creates or updates a value with its label and its binding."""
        known = self.values(attribute.pk)
        if not self._lacks_value(known.get(asked.remote_id), asked):
            return
        client = self._hub.client
        async with self._locks.hold((attribute.pk, comparable(asked.remote_id))):
            value = known.get(asked.remote_id)
            if value is None:
                fields = {"attribute": attribute.pk, "label": asked.name.strip(), "value": asked.remote_id}
                row = await make(self._hub, VALUE, {**fields, "channel": client.channel_id})
                value = Entry(row.pk, row.label, row.modified_date, value=asked.remote_id)
                known.add(value)
                tally.writes += 1
            if value.is_misnamed(asked.name, asked.remote_id):
                row = await client.setup_rows(VALUE.resource, AttributeValue).update(
                    value.pk, {"label": asked.name.strip()}
                )
                value.name, value.version = row.label, row.modified_date
                tally.writes += 1
            value.is_settled = True
            if value.remote_id is None:
                await self._bind(ContentType.attribute_value, value, asked.remote_id, tally)

    def _lacks_schema(self, attribute: Entry) -> bool:
        return comparable(schema_name(self._hub.channel_id, attribute.name)) not in self._schemas

    def _needs_binding(self, attribute: Entry, remote_id: str) -> bool:
        return attribute.remote_id is None and remote_id not in self._by_remote_id

    @staticmethod
    def _lacks_value(known: Entry | None, asked: AnyValue) -> bool:
        return known is None or known.remote_id is None or known.is_misnamed(asked.name, asked.remote_id)

    async def _bind(self, content_type: ContentType, entry: Entry, remote_id: str, tally: Tally) -> None:
        binding = Binding(content_type, entry.pk, remote_id, entry.version)
        await self._hub.do_action(CreateIntegration, objects=[binding])
        entry.remote_id = remote_id
        tally.writes += 1


def usable(asked: Asked, tally: Tally) -> Asked | None:
    """An attribute with those of its values that have a name and a remote id, if it has both itself. What it leaves out is a
    problem of the tally."""
    if fault := _fault_of(asked):
        tally.problems.append(NamelessError(f"The attribute `{asked.name}` [{asked.remote_id}] {fault}."))
        return None
    values: list[AnyValue] = []
    for value in asked.values:
        if fault := _fault_of(value):
            named = f"The value `{value.name}` [{value.remote_id}] of the attribute `{asked.name}`"
            tally.problems.append(NamelessError(f"{named} {fault}."))
        else:
            values.append(value)
    return asked if len(values) == len(asked.values) else asked.model_copy(update={"values": values})


def _fault_of(asked: AnyAttribute | AnyValue) -> str | None:
    if is_blank(asked.name) or is_blank(asked.remote_id):
        return "lacks a name or a remote_id"
    return None if is_writable(asked.remote_id) else f"has a remote_id that cannot be stored: {HALF_A_CHARACTER}"
