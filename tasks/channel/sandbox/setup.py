"""The local marketplace's categories, attributes and configuration."""

from typing import Any

from tasks.channel import (
    AttributeDto,
    AttributeValueDto,
    CategoryAttributeDto,
    CategoryAttributeValueDto,
    CategoryDto,
    CategoryNodeDto,
    CategoryTreeDto,
    ChannelConfSchemaField,
    ContractError,
    Fetched,
    IntegrationAction,
    Reply,
    Unreadable,
    setup,
)
from tasks.channel.sandbox.marketplace import Marketplace


def rows_of(reply: Reply, name: str) -> list[dict[str, Any]]:
    """One list of the marketplace's answer, by its name."""
    rows = reply.data.get(name) if isinstance(reply.data, dict) else None
    if not isinstance(rows, list):
        raise ContractError(f"The marketplace's answer has no list `{name}`.")
    return rows


class GetCategoryTreeAndNodes(setup.GetCategoryTreeAndNodes[Marketplace]):
    """The marketplace lists its categories flat, each with its parent."""

    async def send(self, _: None) -> Fetched[CategoryTreeDto]:
        reply = await self.integration.client.categories()
        root = CategoryNodeDto(name="root", children=[])
        categories = self.build_each(rows_of(reply, "categories"), _category, _name_of)
        below: dict[str, list[CategoryNodeDto]] = {}
        for node, parent in categories:
            below.setdefault(parent, []).append(node)
        level = [(root, "")]
        while level:
            for node, remote_id in level:
                node.children.extend(below.pop(remote_id, ()))
            level = [(child, child.remote_id or "") for node, _ in level for child in node.children]
        for parent, left in below.items():
            why = f"its parent `{parent}` is not listed, cannot be read, or stands below it"
            self.unreadable += [Unreadable(f"{node.name} [{node.remote_id}]", why) for node in left]
        return Fetched((CategoryTreeDto(root=root),), tuple(self.create_report(reply)))


def _category(row: dict[str, Any]) -> tuple[CategoryNodeDto, str]:
    """A category, and the id of its parent; empty at the top."""
    node = CategoryNodeDto(name=row["name"], remote_id=row["id"], children=[])
    if not (node.remote_id or "").strip():
        raise ValueError("a category without an id")
    return node, str(row["parent_id"] or "")


def _name_of(row: dict[str, Any]) -> str:
    return f"{row['name']} [{row['id']}]"


class GetCategoryAttributes(setup.GetCategoryAttributes[Marketplace]):
    """One request for each category."""

    async def send(self, action: IntegrationAction) -> Fetched[CategoryDto]:
        reply = await self.integration.client.category_attributes(action.remote_id or "")
        attributes = self.build_each(rows_of(reply, "attributes"), _category_attribute, _name_of)
        category = CategoryDto(remote_id=reply.data["id"], name=reply.data["name"], attributes=attributes)
        return Fetched((category,), tuple(self.create_report(reply)))


def _category_attribute(row: dict[str, Any]) -> CategoryAttributeDto:
    return CategoryAttributeDto(
        remote_id=row["id"],
        name=row["name"],
        required=row["required"],
        variant=row["variant"],
        allow_custom_value=row["custom"],
        values=[CategoryAttributeValueDto(value["id"], value["name"]) for value in row["values"]],
    )


class GetAttributes(setup.GetAttributes[Marketplace]):
    """All in one answer."""

    async def send(self, _: None) -> Fetched[AttributeDto]:
        reply = await self.integration.client.attributes()
        attributes = self.build_each(rows_of(reply, "attributes"), _attribute, _name_of)
        return Fetched(tuple(attributes), tuple(self.create_report(reply)))


def _attribute(row: dict[str, Any]) -> AttributeDto:
    return AttributeDto(
        remote_id=row["id"],
        name=row["name"],
        values=[AttributeValueDto(value["id"], value["name"]) for value in row["values"]],
    )


class GetChannelConfSchema(setup.GetChannelConfSchema[Marketplace]):
    """The marketplace describes its own fields."""

    async def send(self, _: None) -> Fetched[ChannelConfSchemaField]:
        reply = await self.integration.client.conf_schema()
        fields = self.build_each(rows_of(reply, "fields"), _field, lambda row: row["key"])
        return Fetched(tuple(fields), tuple(self.create_report(reply)))


def _field(row: dict[str, Any]) -> ChannelConfSchemaField:
    return ChannelConfSchemaField(**row)
