"""Connectors that answer the setup in the documented forms."""

from typing import Any, ClassVar

from dto.enums import ChannelConfSchemaDataTypes
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
from tasks.channel.sandbox import ChannelIntegration as Sandbox


def number(value: int) -> Any:
    """An id as the channel's JSON has it."""
    return value


class _Tree(setup.GetCategoryTreeAndNodes):
    """Built upwards, by position."""

    def send(self, validated_data: Any) -> Any:
        return {"categories": [{"id": 403, "name": "Ayakkabı", "below": [{"id": 420, "name": "Spor Ayakkabı"}]}]}

    def normalize_response(self, data: Any, validated_data: Any, transformed_data: Any, response: Any) -> Any:
        report = self.create_report(response)
        root = CategoryNodeDto("root", [])
        for row in response["categories"]:
            node = CategoryNodeDto(name=row["name"], children=[], remote_id=row["id"], parent=root)
            root.children.append(node)
            for below in row["below"]:
                node.children.append(CategoryNodeDto(below["name"], [], below["id"], node))
        return CategoryTreeDto(root=root), report, data


class _CategoryAttributes(setup.GetCategoryAttributes):
    """One category and its report."""

    def normalize_response(self, data: Any, validated_data: Any, transformed_data: Any, response: Any) -> Any:
        attribute = CategoryAttributeDto(
            number(2), "Boy", False, True, False, [CategoryAttributeValueDto(number(10), "Kısa")]
        )
        category = CategoryDto(remote_id=data.remote_id, name="Spor Ayakkabı", attributes=[attribute])
        return category, self.create_report({"id": data.remote_id}), data


class _Attributes(setup.GetAttributes):
    """A list of attributes."""

    def normalize_response(self, data: Any, validated_data: Any, transformed_data: Any, response: Any) -> Any:
        return [AttributeDto(number(2), "Boy", [AttributeValueDto(number(10), "Kısa")])], self.create_report({}), data


class _ConfSchema(setup.GetChannelConfSchema):
    """A mapping of fields."""

    def normalize_response(self, data: Any, validated_data: Any, transformed_data: Any, response: Any) -> Any:
        field = ChannelConfSchemaField(True, ChannelConfSchemaDataTypes.text, "api_key", "API Key")
        return {"api_key": field, "url": {"required": False, "data_type": "URL"}}, None, data


class Mission(Sandbox):
    """Answers with triples."""

    name = "mission"
    actions: ClassVar = {
        **Sandbox.actions,
        **{command.key: command for command in (_Tree, _CategoryAttributes, _Attributes, _ConfSchema)},
    }


class _Nothing(setup.GetCategoryAttributes):
    """No category asks for anything."""

    def normalize_response(self, data: Any, validated_data: Any, transformed_data: Any, response: Any) -> Any:
        return None, self.create_report({}), data


class AsksNothing(Sandbox):
    """Categories without attributes."""

    name = "asks nothing"
    actions: ClassVar = {**Sandbox.actions, _Nothing.key: _Nothing}


class _Clumsy(setup.GetCategoryAttributes):
    """Does not know what to do with one category."""

    async def send(self, action: Any) -> Any:
        answers: dict[str, Any] = {}
        return answers[action.remote_id] if action.remote_id == "101" else None

    def normalize_response(self, data: Any, validated_data: Any, transformed_data: Any, response: Any) -> Any:
        return CategoryDto(data.remote_id, "Kategori", [CategoryAttributeDto("1", "Boy", False, False, True, [])])


class Clumsy(Sandbox):
    """Has a mistake of its own."""

    name = "clumsy"
    actions: ClassVar = {**Sandbox.actions, _Clumsy.key: _Clumsy}


class NoSetup(Sandbox):
    """Says nothing of itself."""

    name = "no setup"
    actions: ClassVar = {
        key: command
        for key, command in Sandbox.actions.items()
        if not key.startswith(("get_category", "get_attributes"))
    }
