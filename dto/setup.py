"""A channel's description of itself for the setup: its categories, their attributes, and its configuration."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from typing import Any

from pydantic import Field

from dto.base import Dto, JsonObject
from dto.enums import ChannelConfSchemaDataTypes


class CategoryNodeDto(Dto):
    """One category of the channel. A tree is built downwards (append to `node.children`) or upwards.

    `parent` leads back up the tree. Comparison, printing and serialisation leave it out.
    """

    name: str
    """As the merchant sees it."""
    children: list[CategoryNodeDto]
    """The categories below it."""
    remote_id: str | None = ""
    """The channel's id. Only the root has none."""
    parent: CategoryNodeDto | None = Field(default=None, exclude=True, repr=False)
    """The node above it."""

    def __eq__(self, other: object) -> bool:
        """Two nodes are equal if their trees are. A loop, not recursion: a tree may be deep."""
        if not isinstance(other, CategoryNodeDto):
            return NotImplemented
        pairs = [(self, other)]
        while pairs:
            left, right = pairs.pop()
            if left is right:
                continue
            if (left.name, left.remote_id, len(left.children)) != (right.name, right.remote_id, len(right.children)):
                return False
            pairs.extend(zip(left.children, right.children, strict=True))
        return True

    def __hash__(self) -> int:
        return hash((self.name, self.remote_id))

    def __repr_args__(self) -> Iterator[tuple[str, Any]]:
        """Prints the number of children, not the children: a tree may end up in a log."""
        yield "name", self.name
        yield "remote_id", self.remote_id
        yield "children", len(self.children)


class CategoryTreeDto(Dto):
    """The channel's whole category tree. The root stands for the tree itself and is no category."""

    root: CategoryNodeDto
    """The tree itself. Its children are the channel's top categories."""


class CategoryAttributeValueDto(Dto):
    """One allowed value of an attribute, in one category."""

    remote_id: str
    """The channel's id of the value; its name if the channel has none. It may repeat in other attributes."""
    name: str
    """As the merchant sees it."""


class CategoryAttributeDto(Dto):
    """An attribute in one category of the channel.

    `variant`: its values distinguish the variants of a product. `allow_custom_value`: values outside the list are allowed.
    """

    remote_id: str
    """The channel's id of the attribute."""
    name: str
    """As the merchant sees it. Unique on the channel, in any letter case."""
    required: bool
    """Whether a product without a value fails."""
    variant: bool
    """Whether its values distinguish the variants of a product."""
    allow_custom_value: bool
    """Whether values outside the list are allowed."""
    values: list[CategoryAttributeValueDto]
    """The allowed values, in this category."""


class AttributeValueDto(Dto):
    """One allowed value of an attribute, in any category."""

    remote_id: str
    """The channel's id of the value; its name if the channel has none. It may repeat in other attributes."""
    name: str
    """As the merchant sees it."""


class AttributeDto(Dto):
    """An attribute of the channel, for any category."""

    remote_id: str
    """The channel's id of the attribute."""
    name: str
    """As the merchant sees it. Unique on the channel, in any letter case."""
    values: list[AttributeValueDto]
    """The allowed values."""


class CategoryDto(Dto):
    """A category of the channel with the attributes of its products."""

    remote_id: str
    """The channel's id of the category."""
    name: str
    """As the merchant sees it."""
    attributes: list[CategoryAttributeDto]
    """The attributes of its products."""


with warnings.catch_warnings():
    # Omnitron calls the field `schema`. It hides a deprecated method of pydantic that nobody calls here.
    warnings.filterwarnings("ignore", message='Field name "schema"', category=UserWarning)

    class ChannelConfSchemaField(Dto):
        """One setting of the channel for the merchant to fill in. `schema` describes the content of a `json` setting."""

        required: bool
        """Whether the merchant has to fill it in."""
        data_type: ChannelConfSchemaDataTypes
        """The kind of input field."""
        key: str
        """Its name in the conf."""
        label: str
        """Its name in the form."""
        schema: JsonObject | None = None  # type: ignore[assignment]  # see above
        """JSON schema of the content of a `json` setting."""
