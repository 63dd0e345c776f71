"""What a connector answers about its channel: categories, their attributes, and what the merchant has to fill in."""

from collections.abc import Mapping
from typing import Any

from dto.enums import ContentType
from dto.omnitron import IntegrationAction
from dto.outcomes import Fetched
from dto.setup import AttributeDto, CategoryDto, CategoryTreeDto, ChannelConfSchemaField
from tasks.channel.command import FetchCommand


class GetCategoryTreeAndNodes(FetchCommand[None, CategoryTreeDto]):
    """The channel's whole category tree. Every node but the root has its `remote_id`."""

    key = "get_category_tree_and_nodes"
    content_type = ContentType.category_tree
    item = CategoryTreeDto


class GetCategoryAttributes(FetchCommand[IntegrationAction, CategoryDto]):
    """What one category asks of a product; `objects.remote_id` is the category's name on the channel. None at all where it
    asks for nothing."""

    key = "get_category_attributes"
    content_type = ContentType.category_node
    item = CategoryDto


class GetAttributes(FetchCommand[None, AttributeDto]):
    """All attributes of the channel with their values, whatever the category."""

    key = "get_attributes"
    content_type = ContentType.attribute
    item = AttributeDto


class GetChannelConfSchema(FetchCommand[None, ChannelConfSchemaField]):
    """The settings that the merchant fills in for the channel. May also be answered as a mapping, by their keys."""

    key = "get_channel_conf_schema"
    content_type = ContentType.channel
    item = ChannelConfSchemaField

    async def outcome(self, answer: Any) -> Fetched[ChannelConfSchemaField]:
        match answer:
            case (Mapping() as fields, told, data):
                answer = (_listed(fields), told, data)
            case Mapping():
                answer = _listed(answer)
        return await super().outcome(answer)


def _listed(fields: Mapping[str, Any]) -> list[Any]:
    """The fields of a mapping, those that are plain ones built."""
    return [
        ChannelConfSchemaField(**{"key": key, "label": key, **row}) if isinstance(row, Mapping) else row
        for key, row in fields.items()
    ]
