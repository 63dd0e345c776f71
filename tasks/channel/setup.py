"""A connector's commands for its channel's setup: categories, their attributes, and the settings that the merchant fills in."""

from collections.abc import Mapping
from typing import Any

from dto.enums import ContentType
from dto.omnitron import IntegrationAction
from dto.outcomes import Fetched
from dto.setup import AttributeDto, CategoryDto, CategoryTreeDto, ChannelConfSchemaField
from tasks.channel.command import Connector
from tasks.channel.conf import form_of
from tasks.channel.fetching import FetchAll, FetchCommand


class GetCategoryTreeAndNodes(FetchAll[CategoryTreeDto, Connector]):
    """Reads the channel's whole category tree. Every node except the root has a `remote_id`."""

    key = "get_category_tree_and_nodes"
    content_type = ContentType.category_tree
    item = CategoryTreeDto


class GetCategoryAttributes(FetchCommand[IntegrationAction, CategoryDto, Connector]):
    """Reads the attributes that one category requires of a product; `objects.remote_id` is the category's name on the
    channel. Answers no category if it has no attributes."""

    key = "get_category_attributes"
    content_type = ContentType.category_node
    item = CategoryDto


class GetAttributes(FetchAll[AttributeDto, Connector]):
    """Reads all attributes of the channel with their values, independent of categories."""

    key = "get_attributes"
    content_type = ContentType.attribute
    item = AttributeDto


class GetChannelConfSchema(FetchAll[ChannelConfSchemaField, Connector]):
    """Reads the settings that the merchant fills in for the channel: by default those that the connector's class of settings
    declares. May also answer a mapping by their keys."""

    key = "get_channel_conf_schema"
    content_type = ContentType.channel
    item = ChannelConfSchemaField

    def send(self, validated_data: Any) -> Any:  # noqa: ARG002  # the settings are known without asking
        return form_of(self.integration.conf_class)

    async def outcome(self, answer: Any) -> Fetched[ChannelConfSchemaField]:
        match answer:
            case (Mapping() as fields, lines, data):
                answer = (_listed(fields), lines, data)
            case Mapping():
                answer = _listed(answer)
        return await super().outcome(answer)


def _listed(fields: Mapping[str, Any]) -> list[Any]:
    """The fields of a mapping; plain mappings become `ChannelConfSchemaField` objects."""
    return [
        ChannelConfSchemaField(**{"key": key, "label": key, **row}) if isinstance(row, Mapping) else row
        for key, row in fields.items()
    ]
