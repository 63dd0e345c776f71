"""Omnitron's objects that describe the channel: nodes of its category tree, attributes, their sets, values and configs."""

from dto.base import OmnitronObject, UtcDatetime
from dto.omnitron import CategoryNode, Key, OptionalReference, Reference, RemoteId


class SetupObject(OmnitronObject):
    """What the rows below share."""

    pk: Key
    channel: OptionalReference = None
    modified_date: UtcDatetime | None = None


class TreeNode(CategoryNode):
    """A category node with what the setup needs of it."""

    numchild: int = 0
    """How many nodes stand directly below it; a leaf has none."""
    modified_date: UtcDatetime | None = None


class DetailedNode(TreeNode):
    """A category node with those directly below it."""

    children: list[TreeNode] = []


class Attribute(SetupObject):
    """An attribute of the channel; its name is unique there."""

    name: str


class AttributeSchema(SetupObject):
    """How the merchant's data fill an attribute. It is made empty; the merchant completes it."""

    name: str


class AttributeSet(SetupObject):
    """The attributes that a category asks for."""

    name: str
    remote_id: RemoteId = None


class AttributeSetConfig(SetupObject):
    """What a set is for: a category node."""

    attribute_set: Reference
    object_id: int | None = None


class AttributeRule(SetupObject):
    """What a set asks of one attribute: a row of `attribute_configs`."""

    attribute: Reference
    attribute_set: Reference
    attribute_remote_id: RemoteId = None
    is_required: bool = False
    is_variant: bool = False
    is_custom: bool = False


class AttributeValue(SetupObject):
    """A value that an attribute may have. `value` is the channel's id of it, `label` its name."""

    attribute: Reference
    label: str = ""
    value: str = ""


class AttributeValueConfig(SetupObject):
    """A set offers this value. A set without any offers all values of its attributes."""

    attribute_set: Reference
    attribute_value: Reference


class OperationalEvent(OmnitronObject):
    """An event of the hub's own monitoring, on hubs that let it be read."""

    pk: Key
    event_type: str = ""
    level: str = ""
    message: str = ""
