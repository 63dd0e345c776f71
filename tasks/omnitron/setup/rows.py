"""The rows of a channel's setup: found by their identifying fields, created if missing."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, NamedTuple, TypeVar

from clients.omnitron import OmnitronClient
from dto.enums import ContentType
from dto.omnitron_setup import (
    Attribute,
    AttributeRule,
    AttributeSchema,
    AttributeSet,
    AttributeSetConfig,
    AttributeValue,
    AttributeValueConfig,
    SetupObject,
)
from dto.text import are_alike
from tasks.create_once import create_once
from tasks.omnitron.hub import Hub
from tasks.omnitron.setup.known_names import the_only

Row = TypeVar("Row", bound=SetupObject)


@dataclass(frozen=True)
class RowType(Generic[Row]):
    """A type of row.

    Attributes:
        resource: its path below the channel.
        model: its model.
        identity: the filters that find a row, each with the field that it compares.
    """

    resource: str
    model: type[Row]
    identity: Mapping[str, str]


SET = RowType("attribute_sets", AttributeSet, {"remote_id__exact": "remote_id"})
SET_CONFIG = RowType(
    "attribute_set_configs",
    AttributeSetConfig,
    {"attribute_set": "attribute_set", "object_id": "object_id", "content_type__model__exact": "content_type"},
)
ATTRIBUTE = RowType("attributes", Attribute, {"name__exact": "name"})
SCHEMA = RowType("attribute_schemas", AttributeSchema, {"name__exact": "name"})
RULE = RowType("attribute_configs", AttributeRule, {"attribute_set": "attribute_set", "attribute": "attribute"})
VALUE = RowType("attribute_values", AttributeValue, {"attribute": "attribute", "value__exact": "value"})
VALUE_CONFIG = RowType(
    "attribute_value_configs",
    AttributeValueConfig,
    {"attribute_set": "attribute_set", "attribute_value": "attribute_value"},
)


class Binding(NamedTuple):
    """An object and its id on the channel, for `create_integration`."""

    content_type: ContentType
    pk: int
    remote_id: str
    modified_date: datetime | None


def schema_name(channel_id: int, attribute: str) -> str:
    """The name of an attribute's schema."""
    return f"{channel_id} {attribute} Schema"


async def find(client: OmnitronClient, row_type: RowType[Row], fields: Mapping[str, Any]) -> Row | None:
    """The row with these identifying fields, the oldest if there are several."""
    filters = {name: fields[field] for name, field in row_type.identity.items()}
    compared = [field for field in row_type.identity.values() if field in row_type.model.model_fields]
    for row in await client.setup_rows(row_type.resource, row_type.model).find(**filters):
        if all(str(getattr(row, field)) == str(fields[field]) for field in compared):
            return row
    return None


async def make(hub: Hub, row_type: RowType[Row], fields: Mapping[str, Any]) -> Row:
    """Creates a row, or returns an existing one, if another run was faster or an answer was lost.

    Raises:
        RefusedError: Omnitron refuses it, and no such row exists.
    """
    rows = hub.client.setup_rows(row_type.resource, row_type.model)
    return await create_once(
        lambda: rows.create(fields), lambda: find(hub.client, row_type, fields), hub.runtime.clock, may_exist=True
    )


async def alike_or_made(
    hub: Hub, row_type: RowType[Row], fields: Mapping[str, Any], name: str, name_of: Callable[[Row], str], **within: Any
) -> Row:
    """The row with this name in another spelling, or a new one. The rows `within` are read once per run.

    Raises:
        NameAmbiguousError: several have this name, in other spellings.
    """

    async def read() -> dict[int, Row]:
        rows = await hub.client.setup_rows(row_type.resource, row_type.model).find(**within)
        return {
            row.pk: row for row in rows if all(str(getattr(row, key)) == str(value) for key, value in within.items())
        }

    known = await hub.once((row_type.resource, *sorted(within.items())), read)
    found = the_only(row_type.resource, name, [row for row in known.values() if are_alike(name_of(row), name)], name_of)
    if found is None:
        found = await make(hub, row_type, fields)
        known[found.pk] = found
    return found


def differing(row: SetupObject, fields: Mapping[str, Any]) -> dict[str, Any]:
    """The fields whose values the row does not have."""
    return {name: value for name, value in fields.items() if getattr(row, name) != value}


async def corrected(client: OmnitronClient, row_type: RowType[Row], row: Row, fields: Mapping[str, Any]) -> Row:
    """The row with these fields; only differing ones are written."""
    wrong = differing(row, fields)
    return await client.setup_rows(row_type.resource, row_type.model).update(row.pk, wrong) if wrong else row
