"""The channel's own attributes in the local hub: their sets, values and configs."""

from collections.abc import Callable

from pydantic import BaseModel, Field
from starlette.requests import Request

from deployments.sandbox.base.vocabulary import ATTRIBUTE_SETS
from deployments.sandbox.hub.bodies import Filled, WireKey
from deployments.sandbox.hub.catalogue import Catalogue
from deployments.sandbox.hub.ledger import Key, Ledger
from deployments.sandbox.hub.listing import filters
from deployments.sandbox.hub.nodes import Nodes
from deployments.sandbox.hub.setup_resource import Resource
from deployments.sandbox.hub.tables import Row
from dto.enums import ContentType

MOST_ATTRIBUTES, MOST_VALUES = 200, 500
"""The limits of one bulk request: attributes, and values of each."""

_FLAGS = ("is_required", "is_variant", "is_custom", "is_meta", "is_image_attribute")
_RULE_FIELDS = ("attribute_remote_id", *_FLAGS)


class _Own(BaseModel):
    name: Filled
    channel: Filled


class _Set(_Own):
    remote_id: Filled


class _SetConfig(BaseModel):
    attribute_set: Filled
    object_id: Filled
    content_type: Filled


class _Rule(BaseModel):
    attribute_set: Filled
    attribute: Filled


class _Value(BaseModel):
    attribute: Filled
    label: Filled
    value: Filled
    channel: Filled


class _ValueConfig(BaseModel):
    attribute_set: Filled
    attribute_value: Filled


class _BulkValue(BaseModel):
    label: Filled
    value: Filled
    remote_id: Filled


class _BulkAttribute(BaseModel):
    name: Filled
    remote_id: Filled
    is_required: bool = False
    is_variant: bool = False
    is_custom: bool = False
    values: list[_BulkValue] = Field([], max_length=MOST_VALUES)


class _BulkAttributes(BaseModel):
    attributes: list[_BulkAttribute] = Field(max_length=MOST_ATTRIBUTES)


class _BulkCategory(_BulkAttributes):
    category_node_id: WireKey
    remote_id: Filled
    attribute_set_name: Filled


class Setup:
    """The tables of the setup, and the bulk routes' work on them.

    Args:
        goods: the shop that the hub begins with; its sets, attributes and configs are here as well.
        channel_id: whose attributes these are.
        stamp: makes modification dates.
    """

    def __init__(self, *, goods: Catalogue, channel_id: int, stamp: Callable[[], str]) -> None:
        self.nodes = Nodes(goods, stamp)
        self._channel_id = channel_id
        own: Row = {"channel": channel_id}
        self.sets = Resource(
            stamp=stamp,
            key="id",
            body=_Set,
            known=filters(remote_id__exact="remote_id", channel="channel"),
            indexed=["remote_id"],
        )
        self.set_configs = Resource(
            stamp=stamp,
            body=_SetConfig,
            known=filters(
                attribute_set="attribute_set", object_id="object_id", content_type__model__exact="content_type"
            ),
            indexed=["attribute_set"],
            references={"attribute_set": self.sets.table},
        )
        self.attributes = Resource(
            stamp=stamp,
            body=_Own,
            unique=["name"],
            known=filters(name__exact="name", channel="channel"),
            indexed=["name"],
        )
        self.schemas = Resource(
            stamp=stamp,
            body=_Own,
            unique=["name"],
            known=filters(name__exact="name", channel="channel"),
            indexed=["name"],
            defaults={"schema": {}},
        )
        self.rules = Resource(
            stamp=stamp,
            body=_Rule,
            unique=["attribute_set", "attribute"],
            known=filters(attribute_set="attribute_set", attribute="attribute"),
            indexed=["attribute_set"],
            references={"attribute_set": self.sets.table, "attribute": self.attributes.table},
            defaults={"attribute_remote_id": None, **dict.fromkeys(_FLAGS, False)},
        )
        self.values = Resource(
            stamp=stamp,
            body=_Value,
            unique=["attribute", "value"],
            known=filters(attribute="attribute", label__exact="label", value__exact="value"),
            indexed=["attribute"],
            references={"attribute": self.attributes.table},
        )
        self.value_configs = Resource(
            stamp=stamp,
            body=_ValueConfig,
            known=filters(attribute_set="attribute_set", attribute_value="attribute_value"),
            indexed=["attribute_set"],
            references={"attribute_set": self.sets.table, "attribute_value": self.values.table},
        )
        for number, name in ATTRIBUTE_SETS.items():
            self.sets.create({"name": name, "remote_id": str(1000 + number), **own}, number)
        for config in goods.attribute_configs:
            attribute = config["attribute"]
            if attribute["pk"] not in self.attributes.table:
                self.attributes.create({"name": attribute["name"], **own}, attribute["pk"])
            self.rules.create(
                {
                    "attribute_set": config["attribute_set"]["id"],
                    "attribute": attribute["pk"],
                    **{field: config[field] for field in _RULE_FIELDS if field in config},
                },
                config["pk"],
            )

    def in_detail(self, _request: Request, rules: list[Row]) -> list[Row]:
        """Rows of `attribute_configs/detailed/`."""
        return [self._in_detail(rule) for rule in rules]

    def take_category(self, body: Row, ledger: Ledger) -> None:
        """`bulk_category_attributes/`: a category's set, its attributes and their values, each made where it is missing.

        Which values a category offers of an attribute is left to the client (assumed).
        """
        category = _BulkCategory.model_validate(body)
        node = self.nodes[category.category_node_id]
        name, remote_id = category.attribute_set_name, str(category.remote_id)
        found = self.sets.table.find("remote_id", remote_id)
        if not found:
            found = [self.sets.create({"name": name, "remote_id": remote_id, "channel": self._channel_id})]
        elif found[0]["name"] != name:
            self.sets.change(found[0]["id"], {"name": name})
        attribute_set = found[0]["id"]
        configs = self.set_configs.table.find("attribute_set", attribute_set)
        if not any(row["object_id"] == node["pk"] for row in configs):
            self.set_configs.create(
                {"attribute_set": attribute_set, "object_id": node["pk"], "content_type": "categorynode"}
            )
        for entry in category.attributes:
            attribute = self._take_attribute(entry, ledger)
            fields = entry.model_dump(include={"is_required", "is_variant", "is_custom"})
            fields["attribute_remote_id"] = entry.remote_id
            rule = self.rules.find(attribute_set, attribute)
            if rule is None:
                self.rules.create({"attribute_set": attribute_set, "attribute": attribute, **fields})
            else:
                self.rules.change(rule["pk"], fields)

    def take_attributes(self, body: Row, ledger: Ledger) -> None:
        """`bulk_attributes/`: attributes and their values, each made where it is missing."""
        for entry in _BulkAttributes.model_validate(body).attributes:
            self._take_attribute(entry, ledger)

    def _in_detail(self, rule: Row) -> Row:
        attribute = self.attributes.table[rule["attribute"]]
        belongs_to = self.sets.table[rule["attribute_set"]]
        return {
            **rule,
            "attribute": {"pk": attribute["pk"], "name": attribute["name"]},
            "attribute_set": {"id": belongs_to["id"], "name": belongs_to["name"]},
        }

    def _take_attribute(self, entry: _BulkAttribute, ledger: Ledger) -> int:
        remote_id = str(entry.remote_id)
        bound = [
            row["object_id"]
            for row in ledger.actions.find("remote_id", remote_id)
            if row["content_type"]["model"] == ContentType.attribute
        ]
        row = self.attributes.find(entry.name)
        if row is None and bound:
            row = self.attributes.change(bound[0], {"name": entry.name})
        if row is None:
            row = self.attributes.create({"name": entry.name, "channel": self._channel_id})
        key = Key(ContentType.attribute, row["pk"])
        if ledger.action_of(key) is None and not bound:
            ledger.put(key, remote_id=remote_id, version_date=row["modified_date"])
        schema = f"{self._channel_id} {entry.name} Schema"
        if self.schemas.find(schema) is None:
            self.schemas.create({"name": schema, "channel": self._channel_id})
        pk: int = row["pk"]
        for value in entry.values:
            self._take_value(pk, value, ledger)
        return pk

    def _take_value(self, attribute: int, value: _BulkValue, ledger: Ledger) -> None:
        row = self.values.find(attribute, value.value)
        if row is None:
            fields = {"label": value.label, "value": value.value, "channel": self._channel_id}
            row = self.values.create({"attribute": attribute, **fields})
        elif row["label"] != value.label:
            self.values.change(row["pk"], {"label": value.label})
        key = Key(ContentType.attribute_value, row["pk"])
        if ledger.action_of(key) is None:
            ledger.put(key, remote_id=str(value.remote_id), version_date=row["modified_date"])
