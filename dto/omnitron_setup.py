"""Omnitron's description of the channel: category nodes, attributes, their sets, values and configs."""

from typing import Annotated, Any

from pydantic import AliasChoices, Field

from dto.base import OmnitronObject, UtcDatetime, Whole
from dto.omnitron import CategoryNode, ForeignKey, Key, OptionalForeignKey, RemoteId


class SetupObject(OmnitronObject):
    """The fields that all rows below have."""

    pk: Key
    channel: OptionalForeignKey = None
    modified_date: UtcDatetime | None = None


class TreeNode(CategoryNode):
    """A category node with the fields that the setup needs."""

    numchild: Whole = 0
    """The number of its children; 0 for a leaf."""
    modified_date: UtcDatetime | None = None


class DetailedNode(TreeNode):
    """A category node with its children."""

    children: list[TreeNode] = []


class Attribute(SetupObject):
    """An attribute of the channel, with a name that is unique there."""

    name: str


class AttributeSchema(SetupObject):
    """The rule that fills an attribute from the merchant's data. Created empty; the merchant completes it."""

    name: str


class AttributeSet(SetupObject):
    """The attributes of a category."""

    name: str
    remote_id: RemoteId = None


class AttributeSetConfig(SetupObject):
    """The category node that a set belongs to."""

    attribute_set: ForeignKey
    object_id: Whole | None = None


class AttributeRule(SetupObject):
    """The rules of a set for one attribute: a row of `attribute_configs`."""

    attribute: ForeignKey
    attribute_set: ForeignKey
    attribute_remote_id: RemoteId = None
    is_required: bool = False
    is_variant: bool = False
    is_custom: bool = False


class AttributeValue(SetupObject):
    """An allowed value of an attribute. `value` is the channel's id of it, `label` its name."""

    attribute: ForeignKey
    label: str = ""
    value: str = ""


class AttributeValueConfig(SetupObject):
    """A value that a set allows. A set without such rows allows all values of its attributes."""

    attribute_set: ForeignKey
    attribute_value: ForeignKey


class OperationalEvent(OmnitronObject):
    """An event of the hub's own monitoring, on hubs that allow it to be read."""

    pk: Key
    event_type: str = ""
    level: str = ""
    source: str | None = None
    message: str = ""
    action_content_type: str | None = None
    action_object_id: int | str | None = None


class AttributeRef(OmnitronObject):
    """The attribute of a config."""

    pk: Key
    name: str


class AttributeSetRef(OmnitronObject):
    """The attribute set of a config."""

    id: Annotated[Whole | None, Field(validation_alias=AliasChoices("id", "pk"))] = None
    name: str = ""


class AttributeConfig(OmnitronObject):
    """The rules of a set for one attribute."""

    attribute: AttributeRef
    attribute_set: AttributeSetRef = AttributeSetRef()
    attribute_remote_id: Any = None
    is_required: bool = False
    is_variant: bool = False
    is_custom: bool = False
    is_meta: bool = False


class CategoryTree(OmnitronObject):
    """A category tree, by its root."""

    pk: Key
    name: str = ""
    category_root: CategoryNode
