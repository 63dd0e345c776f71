"""The rows that describe a channel: found by what tells them apart, made where they are missing."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, NamedTuple, TypeVar

from clients.errors import LostAnswerError, RefusedError
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

Kind = TypeVar("Kind", bound=SetupObject)


@dataclass(frozen=True)
class Noun(Generic[Kind]):
    """A kind of row.

    Attributes:
        resource: its path below the channel.
        model: its type.
        identity: the filters that find one, each with the field that it compares.
    """

    resource: str
    model: type[Kind]
    identity: Mapping[str, str]


SET = Noun("attribute_sets", AttributeSet, {"remote_id__exact": "remote_id"})
SET_CONFIG = Noun(
    "attribute_set_configs",
    AttributeSetConfig,
    {"attribute_set": "attribute_set", "object_id": "object_id", "content_type__model__exact": "content_type"},
)
ATTRIBUTE = Noun("attributes", Attribute, {"name__exact": "name"})
SCHEMA = Noun("attribute_schemas", AttributeSchema, {"name__exact": "name"})
RULE = Noun("attribute_configs", AttributeRule, {"attribute_set": "attribute_set", "attribute": "attribute"})
VALUE = Noun("attribute_values", AttributeValue, {"attribute": "attribute", "value__exact": "value"})
VALUE_CONFIG = Noun(
    "attribute_value_configs",
    AttributeValueConfig,
    {"attribute_set": "attribute_set", "attribute_value": "attribute_value"},
)


class Binding(NamedTuple):
    """An object and its name on the channel, for `create_integration`."""

    content_type: ContentType
    pk: int
    remote_id: str
    modified_date: datetime | None


def schema_name(channel_id: int, attribute: str) -> str:
    """What the schema of an attribute is called."""
    return f"{channel_id} {attribute} Schema"


async def find(client: OmnitronClient, noun: Noun[Kind], fields: Mapping[str, Any]) -> Kind | None:
    """The row that these fields name, the oldest if there are several."""
    filters = {name: fields[field] for name, field in noun.identity.items()}
    compared = [field for field in noun.identity.values() if field in noun.model.model_fields]
    for row in await client.rows(noun.resource, noun.model, **filters):
        if all(str(getattr(row, field)) == str(fields[field]) for field in compared):
            return row
    return None


async def make(client: OmnitronClient, noun: Noun[Kind], fields: Mapping[str, Any]) -> Kind:
    """A new row, or the one that is there already: because somebody was faster, or because an answer was lost.

    Raises:
        RefusedError: Omnitron does not take it, and has none like it.
    """
    try:
        return await client.create_row(noun.resource, noun.model, fields)
    except (LostAnswerError, RefusedError) as error:
        found = await find(client, noun, fields)
        if found is not None:
            return found
        if isinstance(error, RefusedError):
            raise
    return await client.create_row(noun.resource, noun.model, fields)


def differing(row: SetupObject, fields: Mapping[str, Any]) -> dict[str, Any]:
    """The fields that are not what they should be."""
    return {name: value for name, value in fields.items() if getattr(row, name) != value}


async def corrected(client: OmnitronClient, noun: Noun[Kind], row: Kind, fields: Mapping[str, Any]) -> Kind:
    """The row with these fields; written only where they differ."""
    wrong = differing(row, fields)
    return await client.change_row(noun.resource, noun.model, row.pk, wrong) if wrong else row
