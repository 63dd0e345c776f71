"""One row of the setup at a time, for integrators who write a setup of their own. Each answers a list of one.

Whole categories and attributes are written by `category_attributes` and `attributes`, which read what is there once.
"""

from collections.abc import Mapping
from typing import Any

from clients.errors import ConfigError
from dto.enums import ContentType
from dto.omnitron_setup import (
    Attribute,
    AttributeRule,
    AttributeSchema,
    AttributeSet,
    AttributeSetConfig,
    AttributeValue,
    AttributeValueConfig,
)
from tasks.command import OmnitronCommand, Out
from tasks.omnitron.integration_actions import CreateIntegration
from tasks.omnitron.setup_rows import (
    ATTRIBUTE,
    RULE,
    SCHEMA,
    SET,
    SET_CONFIG,
    VALUE,
    VALUE_CONFIG,
    Binding,
    corrected,
    find,
    make,
    schema_name,
)

Fields = Mapping[str, Any]


class RowCommand(OmnitronCommand[Fields, list[Out]]):
    """Takes the fields of one row as a mapping."""

    required: tuple[str, ...] = ()

    def validated_data(self, data: Fields) -> dict[str, Any]:
        missing = [name for name in self.required if data.get(name) in (None, "")]
        if missing:
            raise ConfigError(
                f"`{self.key}` needs {', '.join(self.required)}; it was given no {', no '.join(missing)}."
            )
        return dict(data)

    async def bind(self, content_type: ContentType, row: Attribute | AttributeValue, remote_id: str) -> None:
        """Ties a row to its name on the channel."""
        binding = Binding(content_type, row.pk, remote_id, row.modified_date)
        await self.integration.do_action(CreateIntegration, objects=[binding])


class CreateOrUpdateChannelAttributeSet(RowCommand[AttributeSet]):
    """The attribute set of a category: `{"name", "remote_id"}`."""

    key = "create_or_update_channel_attribute_set"
    content_type = ContentType.attribute_set
    required = ("name", "remote_id")

    async def send(self, fields: Fields) -> list[AttributeSet]:
        client, name = self.integration.client, {"name": fields["name"]}
        wanted = {**name, "remote_id": str(fields["remote_id"]), "channel": client.channel_id}
        row = await find(client, SET, wanted) or await make(client, SET, wanted)
        return [await corrected(client, SET, row, name)]


class GetOrCreateChannelAttributeSetConfig(RowCommand[AttributeSetConfig]):
    """What a set is for: `{"attribute_set", "object_id", "content_type"}`."""

    key = "get_or_create_channel_attribute_set_config"
    content_type = ContentType.attribute_set_config
    required = ("attribute_set", "object_id", "content_type")

    async def send(self, fields: Fields) -> list[AttributeSetConfig]:
        client = self.integration.client
        return [await find(client, SET_CONFIG, fields) or await make(client, SET_CONFIG, fields)]


class CreateOrUpdateChannelAttribute(RowCommand[Attribute]):
    """An attribute, bound to the channel's one: `{"name", "remote_id"}`. Names are unique in Omnitron: two attributes of one
    name are one, and the first is bound."""

    key = "create_or_update_channel_attribute"
    content_type = ContentType.attribute
    required = ("name",)

    async def send(self, fields: Fields) -> list[Attribute]:
        client, name = self.integration.client, {"name": fields["name"]}
        remote_id = str(fields.get("remote_id") or "")
        actions = await client.actions(content_type=ContentType.attribute, remote_ids=[remote_id]) if remote_id else []
        row = await find(client, ATTRIBUTE, name)
        if row is None and actions:
            return [await client.change_row(ATTRIBUTE.resource, Attribute, actions[0].object_id, name)]
        row = row or await make(client, ATTRIBUTE, {**name, "channel": client.channel_id})
        if (
            remote_id
            and not actions
            and not await client.actions(content_type=ContentType.attribute, object_ids=[row.pk])
        ):
            await self.bind(ContentType.attribute, row, remote_id)
        return [row]


class GetOrCreateChannelAttributeSchema(RowCommand[AttributeSchema]):
    """How the merchant's data fill an attribute: `{"name", "schema"}`; the channel's key is put before the name."""

    key = "get_or_create_channel_attribute_schema"
    content_type = ContentType.attribute_schema
    required = ("name",)

    async def send(self, fields: Fields) -> list[AttributeSchema]:
        client = self.integration.client
        name = schema_name(client.channel_id, str(fields["name"]).removesuffix(" Schema"))
        wanted = {"name": name, "schema": fields.get("schema") or {}, "channel": client.channel_id}
        return [await find(client, SCHEMA, wanted) or await make(client, SCHEMA, wanted)]


class CreateOrUpdateChannelAttributeConfig(RowCommand[AttributeRule]):
    """What a set asks of an attribute: `{"attribute_set", "attribute", "attribute_remote_id", "is_required", "is_variant",
    "is_custom", "is_meta", "is_image_attribute"}`."""

    key = "create_or_update_channel_attribute_config"
    content_type = ContentType.attribute_set
    required = ("attribute_set", "attribute")

    async def send(self, fields: Fields) -> list[AttributeRule]:
        client = self.integration.client
        flags = ("is_required", "is_variant", "is_custom", "is_meta", "is_image_attribute")
        remote_id = fields.get("attribute_remote_id")
        asked: dict[str, Any] = {flag: bool(fields.get(flag, False)) for flag in flags}
        asked["attribute_remote_id"] = None if remote_id is None else str(remote_id)
        place = {name: fields[name] for name in self.required}
        row = await find(client, RULE, place) or await make(client, RULE, {**place, **asked})
        return [await corrected(client, RULE, row, asked)]


class CreateOrUpdateChannelAttributeValue(RowCommand[AttributeValue]):
    """A value of an attribute, bound to the channel's one: `{"attribute", "label", "value", "remote_id"}`."""

    key = "create_or_update_channel_attribute_value"
    content_type = ContentType.attribute_value
    required = ("attribute", "label", "value", "remote_id")

    async def send(self, fields: Fields) -> list[AttributeValue]:
        client, label = self.integration.client, {"label": fields["label"]}
        place = {"attribute": fields["attribute"], "value": str(fields["value"])}
        wanted = {**place, **label, "channel": client.channel_id}
        row = await find(client, VALUE, wanted) or await make(client, VALUE, wanted)
        row = await corrected(client, VALUE, row, label)
        # By the object: remote ids repeat from one attribute to the next.
        if not await client.actions(content_type=ContentType.attribute_value, object_ids=[row.pk]):
            await self.bind(ContentType.attribute_value, row, str(fields["remote_id"]))
        return [row]


class GetOrCreateChannelAttributeValueConfig(RowCommand[AttributeValueConfig]):
    """A set offers this value, and no longer all: `{"attribute_set", "attribute_value"}`."""

    key = "get_or_create_channel_attribute_value_config"
    content_type = ContentType.attribute_value_config
    required = ("attribute_set", "attribute_value")

    async def send(self, fields: Fields) -> list[AttributeValueConfig]:
        client = self.integration.client
        return [await find(client, VALUE_CONFIG, fields) or await make(client, VALUE_CONFIG, fields)]


class GetChannelAttributeSetConfigs(OmnitronCommand[None, dict[int, AttributeSetConfig]]):
    """The attribute set of each category node, by the node's key."""

    key = "get_channel_attribute_set_configs"
    content_type = ContentType.attribute_set_config

    async def send(self, _: None) -> dict[int, AttributeSetConfig]:
        filters = {"content_type__model__exact": ContentType.category_node}
        rows = await self.integration.client.rows(SET_CONFIG.resource, AttributeSetConfig, **filters)
        return {row.object_id: row for row in rows if row.object_id is not None}


class GetChannelAttributeSet(OmnitronCommand[None, list[AttributeSet]]):
    """All attribute sets of the channel."""

    key = "get_channel_attribute_set"
    content_type = ContentType.attribute_set

    async def send(self, _: None) -> list[AttributeSet]:
        return await self.integration.client.rows(SET.resource, AttributeSet)  # type: ignore[no-any-return]
