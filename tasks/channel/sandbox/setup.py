"""The local marketplace's categories and attributes."""

from tasks.channel import (
    AttributeDto,
    AttributeValueDto,
    CategoryAttributeDto,
    CategoryAttributeValueDto,
    CategoryDto,
    CategoryNodeDto,
    CategoryTreeDto,
    Fetched,
    IntegrationAction,
    Unreadable,
    segment,
    setup,
)
from tasks.channel.sandbox.marketplace import Marketplace, Row, rows_in


class GetCategoryTreeAndNodes(setup.GetCategoryTreeAndNodes[Marketplace]):
    """The marketplace lists its categories flat, each with its parent."""

    async def send(self, _: None) -> Fetched[CategoryTreeDto]:
        reply = await self.integration.get("/categories")
        root = CategoryNodeDto(name="root", children=[])
        below: dict[str, list[CategoryNodeDto]] = {}
        for node, parent in self.build_each(rows_in(reply, "categories"), _category, _name_of):
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


def _category(row: Row) -> tuple[CategoryNodeDto, str]:
    """A category, and the id of its parent; empty at the top."""
    node = CategoryNodeDto(name=row["name"], remote_id=row["id"], children=[])
    if not (node.remote_id or "").strip():
        raise ValueError("a category without an id")
    return node, str(row["parent_id"] or "")


def _name_of(row: Row) -> str:
    return f"{row['name']} [{row['id']}]"


class GetCategoryAttributes(setup.GetCategoryAttributes[Marketplace]):
    """One request for each category."""

    async def send(self, action: IntegrationAction) -> Fetched[CategoryDto]:
        reply = await self.integration.get(f"/categories/{segment(action.remote_id or '')}/attributes")
        attributes = self.build_each(rows_in(reply, "attributes"), _category_attribute, _name_of)
        category = CategoryDto(remote_id=reply.data["id"], name=reply.data["name"], attributes=attributes)
        return Fetched((category,), tuple(self.create_report(reply)))


def _category_attribute(row: Row) -> CategoryAttributeDto:
    return CategoryAttributeDto(
        remote_id=row["id"],
        name=row["name"],
        required=row["required"],
        variant=row["variant"],
        allow_custom_value=row["custom"],
        values=[CategoryAttributeValueDto(remote_id=value["id"], name=value["name"]) for value in row["values"]],
    )


class GetAttributes(setup.GetAttributes[Marketplace]):
    """All in one answer."""

    async def send(self, _: None) -> Fetched[AttributeDto]:
        reply = await self.integration.get("/attributes")
        attributes = self.build_each(rows_in(reply, "attributes"), _attribute, _name_of)
        return Fetched(tuple(attributes), tuple(self.create_report(reply)))


def _attribute(row: Row) -> AttributeDto:
    values = [AttributeValueDto(remote_id=value["id"], name=value["name"]) for value in row["values"]]
    return AttributeDto(remote_id=row["id"], name=row["name"], values=values)
