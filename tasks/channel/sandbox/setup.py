"""The local marketplace's categories, attributes and configuration."""

from typing import Any

from clients.errors import ContractError
from clients.transport import Reply
from dto.omnitron import IntegrationAction
from dto.outcomes import Fetched
from dto.setup import (
    AttributeDto,
    AttributeValueDto,
    CategoryAttributeDto,
    CategoryAttributeValueDto,
    CategoryDto,
    CategoryNodeDto,
    CategoryTreeDto,
    ChannelConfSchemaField,
)
from tasks.channel import setup


def rows_of(reply: Reply, name: str) -> list[dict[str, Any]]:
    """The list under a name of the marketplace's answer."""
    rows = reply.data.get(name) if isinstance(reply.data, dict) else None
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise ContractError(f"The marketplace's answer has no list `{name}`.")
    return rows


class GetCategoryTreeAndNodes(setup.GetCategoryTreeAndNodes):
    """The marketplace lists its categories flat, each with its parent."""

    async def send(self, _: None) -> Reply:
        return await self.integration.client.categories()  # type: ignore[no-any-return]

    def normalize_response(
        self,
        data: Any,  # noqa: ARG002
        validated_data: Any,  # noqa: ARG002
        transformed_data: Any,  # noqa: ARG002
        response: Reply,
    ) -> Fetched[CategoryTreeDto]:
        root = CategoryNodeDto(name="root", children=[])
        rows = rows_of(response, "categories")
        nodes = {row["id"]: CategoryNodeDto(name=row["name"], remote_id=row["id"], children=[]) for row in rows}
        for row in rows:
            parent = nodes[row["parent_id"]] if row["parent_id"] else root
            parent.children.append(nodes[row["id"]])
        return Fetched((CategoryTreeDto(root=root),), tuple(self.create_report(response)))


class GetCategoryAttributes(setup.GetCategoryAttributes):
    """One request for each category."""

    async def send(self, action: IntegrationAction) -> Reply:
        return await self.integration.client.category_attributes(action.remote_id)  # type: ignore[no-any-return]

    def normalize_response(
        self,
        data: Any,  # noqa: ARG002
        validated_data: Any,  # noqa: ARG002
        transformed_data: Any,  # noqa: ARG002
        response: Reply,
    ) -> Fetched[CategoryDto]:
        attributes = [
            CategoryAttributeDto(
                remote_id=row["id"],
                name=row["name"],
                required=row["required"],
                variant=row["variant"],
                allow_custom_value=row["custom"],
                values=[CategoryAttributeValueDto(value["id"], value["name"]) for value in row["values"]],
            )
            for row in rows_of(response, "attributes")
        ]
        category = CategoryDto(remote_id=response.data["id"], name=response.data["name"], attributes=attributes)
        return Fetched((category,), tuple(self.create_report(response)))


class GetAttributes(setup.GetAttributes):
    """All in one answer."""

    async def send(self, _: None) -> Reply:
        return await self.integration.client.attributes()  # type: ignore[no-any-return]

    def normalize_response(
        self,
        data: Any,  # noqa: ARG002
        validated_data: Any,  # noqa: ARG002
        transformed_data: Any,  # noqa: ARG002
        response: Reply,
    ) -> Fetched[AttributeDto]:
        attributes = tuple(
            AttributeDto(
                remote_id=row["id"],
                name=row["name"],
                values=[AttributeValueDto(value["id"], value["name"]) for value in row["values"]],
            )
            for row in rows_of(response, "attributes")
        )
        return Fetched(attributes, tuple(self.create_report(response)))


class GetChannelConfSchema(setup.GetChannelConfSchema):
    """The marketplace describes its own fields."""

    async def send(self, _: None) -> Reply:
        return await self.integration.client.conf_schema()  # type: ignore[no-any-return]

    def normalize_response(
        self,
        data: Any,  # noqa: ARG002
        validated_data: Any,  # noqa: ARG002
        transformed_data: Any,  # noqa: ARG002
        response: Reply,
    ) -> Fetched[ChannelConfSchemaField]:
        fields = tuple(ChannelConfSchemaField(**row) for row in rows_of(response, "fields"))
        return Fetched(fields, tuple(self.create_report(response)))
