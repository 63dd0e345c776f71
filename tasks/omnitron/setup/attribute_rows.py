"""Commands that write one row of the setup, for integrators with a setup of their own. Each returns a list of one row.

`category_attributes` and `attributes` write whole categories and attributes, and read existing rows only once.
"""

from collections.abc import Mapping
from typing import Any, ClassVar

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
from dto.text import are_alike
from tasks.command import Out
from tasks.omnitron.command import OmnitronCommand, OmnitronQuery
from tasks.omnitron.journal.integration_actions import CreateIntegration
from tasks.omnitron.setup.rows import (
    ATTRIBUTE,
    RULE,
    SCHEMA,
    SET,
    SET_CONFIG,
    VALUE,
    VALUE_CONFIG,
    Binding,
    alike_or_made,
    corrected,
    find,
    make,
    schema_name,
)

Fields = Mapping[str, Any]


class RowCommand(OmnitronCommand[Fields, list[Out]]):
    """Takes the fields of one row as a mapping."""

    required: ClassVar[tuple[str, ...]] = ()

    def validated_data(self, data: Fields) -> dict[str, Any]:
        missing = [name for name in self.required if data.get(name) in (None, "")]
        if missing:
            raise ConfigError(f"`{self.key}` needs {', '.join(self.required)}; it received no {', no '.join(missing)}.")
        return dict(data)

    async def bind(self, content_type: ContentType, row: Attribute | AttributeValue, remote_id: str) -> None:
        """Binds a row to its id on the channel."""
        binding = Binding(content_type, row.pk, remote_id, row.modified_date)
        await self.integration.do_action(CreateIntegration, objects=[binding])


class CreateOrUpdateChannelAttributeSet(RowCommand[AttributeSet]):
    """Creates or updates the attribute set of a category: `{"name", "remote_id"}`."""

    key = "create_or_update_channel_attribute_set"
    content_type = ContentType.attribute_set
    required = ("name", "remote_id")

    async def send(self, fields: Fields) -> list[AttributeSet]:
        client, name = self.integration.client, {"name": fields["name"]}
        wanted = {**name, "remote_id": str(fields["remote_id"]), "channel": client.channel_id}
        row = await find(client, SET, wanted) or await make(self.integration, SET, wanted)
        return [await corrected(client, SET, row, name)]


class GetOrCreateChannelAttributeSetConfig(RowCommand[AttributeSetConfig]):
    """Assigns a set to an object: `{"attribute_set", "object_id", "content_type"}`."""

    key = "get_or_create_channel_attribute_set_config"
    content_type = ContentType.attribute_set_config
    required = ("attribute_set", "object_id", "content_type")

    async def send(self, fields: Fields) -> list[AttributeSetConfig]:
        client = self.integration.client
        return [await find(client, SET_CONFIG, fields) or await make(self.integration, SET_CONFIG, fields)]


class CreateOrUpdateChannelAttribute(RowCommand[Attribute]):
    """Creates or updates an attribute and binds it to the channel's: `{"name", "remote_id"}`. Names are unique in Omnitron:
    two attributes of one name are one, and the first is bound. Another spelling is no other name."""

    key = "create_or_update_channel_attribute"
    content_type = ContentType.attribute
    required = ("name",)

    async def send(self, fields: Fields) -> list[Attribute]:
        client, name = self.integration.client, {"name": fields["name"]}
        remote_id = str(fields.get("remote_id") or "")
        actions = (
            await client.actions.find(content_type=ContentType.attribute, remote_ids=[remote_id]) if remote_id else []
        )
        row = await find(client, ATTRIBUTE, name)
        if row is None and actions:
            return [await client.setup_rows(ATTRIBUTE.resource, Attribute).update(actions[0].object_id, name)]
        row = row or await alike_or_made(
            self.integration,
            ATTRIBUTE,
            {**name, "channel": client.channel_id},
            str(fields["name"]),
            lambda attribute: attribute.name,
        )
        if (
            remote_id
            and not actions
            and not await client.actions.find(content_type=ContentType.attribute, object_ids=[row.pk])
        ):
            await self.bind(ContentType.attribute, row, remote_id)
        return [row]


class GetOrCreateChannelAttributeSchema(RowCommand[AttributeSchema]):
    """Creates the schema that maps the merchant's data to an attribute: `{"name", "schema"}`. The channel's key precedes
    the name, of which another spelling is no other schema."""

    key = "get_or_create_channel_attribute_schema"
    content_type = ContentType.attribute_schema
    required = ("name",)

    async def send(self, fields: Fields) -> list[AttributeSchema]:
        client = self.integration.client
        name = schema_name(client.channel_id, str(fields["name"]).removesuffix(" Schema"))
        wanted = {"name": name, "schema": fields.get("schema") or {}, "channel": client.channel_id}
        return [
            await find(client, SCHEMA, wanted)
            or await alike_or_made(self.integration, SCHEMA, wanted, name, lambda schema: schema.name)
        ]


class CreateOrUpdateChannelAttributeConfig(RowCommand[AttributeRule]):
    """Creates or updates the requirements of a set for an attribute: `{"attribute_set", "attribute", "attribute_remote_id",
    "is_required", "is_variant", "is_custom", "is_meta", "is_image_attribute"}`."""

    key = "create_or_update_channel_attribute_config"
    content_type = ContentType.attribute_set
    required = ("attribute_set", "attribute")

    async def send(self, fields: Fields) -> list[AttributeRule]:
        client = self.integration.client
        flags = ("is_required", "is_variant", "is_custom", "is_meta", "is_image_attribute")
        remote_id = fields.get("attribute_remote_id")
        rule: dict[str, Any] = {flag: bool(fields.get(flag, False)) for flag in flags}
        rule["attribute_remote_id"] = None if remote_id is None else str(remote_id)
        identity = {name: fields[name] for name in self.required}
        row = await find(client, RULE, identity) or await make(self.integration, RULE, {**identity, **rule})
        return [await corrected(client, RULE, row, rule)]


class CreateOrUpdateChannelAttributeValue(RowCommand[AttributeValue]):
    """Creates or updates a value of an attribute and binds it to the channel's: `{"attribute", "label", "value",
    "remote_id"}`. Where `value` is the label, another spelling of both is no other value."""

    key = "create_or_update_channel_attribute_value"
    content_type = ContentType.attribute_value
    required = ("attribute", "label", "value", "remote_id")

    async def send(self, fields: Fields) -> list[AttributeValue]:
        client, label = self.integration.client, {"label": fields["label"]}
        identity = {"attribute": fields["attribute"], "value": str(fields["value"])}
        wanted = {**identity, **label, "channel": client.channel_id}
        row = await find(client, VALUE, wanted)
        if row is None and are_alike(identity["value"], str(fields["label"])):
            row = await alike_or_made(
                self.integration,
                VALUE,
                wanted,
                identity["value"],
                lambda value: value.label if are_alike(value.value, value.label) else "",
                attribute=fields["attribute"],
            )
        else:
            row = await corrected(client, VALUE, row or await make(self.integration, VALUE, wanted), label)
        # By the object: different attributes may use the same remote ids.
        if not await client.actions.find(content_type=ContentType.attribute_value, object_ids=[row.pk]):
            await self.bind(ContentType.attribute_value, row, str(fields["remote_id"]))
        return [row]


class GetOrCreateChannelAttributeValueConfig(RowCommand[AttributeValueConfig]):
    """Allows a value in a set, which otherwise allows all: `{"attribute_set", "attribute_value"}`."""

    key = "get_or_create_channel_attribute_value_config"
    content_type = ContentType.attribute_value_config
    required = ("attribute_set", "attribute_value")

    async def send(self, fields: Fields) -> list[AttributeValueConfig]:
        client = self.integration.client
        return [await find(client, VALUE_CONFIG, fields) or await make(self.integration, VALUE_CONFIG, fields)]


class GetChannelAttributeSetConfigs(OmnitronQuery[dict[int, AttributeSetConfig]]):
    """Reads the attribute set of each category node, by the node's key."""

    key = "get_channel_attribute_set_configs"
    content_type = ContentType.attribute_set_config

    async def send(self, _: None) -> dict[int, AttributeSetConfig]:
        filters = {"content_type__model__exact": ContentType.category_node}
        rows = await self.integration.client.setup_rows(SET_CONFIG.resource, AttributeSetConfig).all(**filters)
        return {row.object_id: row for row in rows if row.object_id is not None}


class GetChannelAttributeSet(OmnitronQuery[list[AttributeSet]]):
    """Reads all attribute sets of the channel."""

    key = "get_channel_attribute_set"
    content_type = ContentType.attribute_set

    async def send(self, _: None) -> list[AttributeSet]:
        return await self.integration.client.setup_rows(SET.resource, AttributeSet).all()
