"""The local marketplace's categories and their attributes."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from deployments.sandbox.base import vocabulary as words

_FIRST_GROUP, _FIRST_ATTRIBUTE = 100, 22
_FAN = 10
"""Children of each node of a tree that is made to a size."""
_PER_CATEGORY = 5
"""Attributes of each category of such a tree."""


@dataclass(slots=True)
class Feature:
    """An attribute, as one category or the whole marketplace defines it."""

    id: str
    name: str
    values: dict[str, str] = field(default_factory=dict)
    """Names by id. Ids repeat from one attribute to the next."""
    required: bool = False
    variant: bool = False
    custom: bool = False

    def row(self) -> dict[str, Any]:
        flags = {"required": self.required, "variant": self.variant, "custom": self.custom}
        return {"id": self.id, "name": self.name, **flags, "values": _value_rows(self.values)}


@dataclass(slots=True)
class Category:
    """A category; `parent` is empty at the top."""

    id: str
    name: str
    parent: str = ""
    features: list[Feature] = field(default_factory=list)


class Assortment:
    """The categories and attributes, which tests may change.

    Args:
        category_nodes: the number of categories; by default the shop's own kinds, in their groups.
        attributes: the number of attributes; by default the shop's own.
        values: the number of values of each of these attributes.
    """

    def __init__(
        self, *, category_nodes: int | None = None, attributes: int | None = None, values: int | None = None
    ) -> None:
        self.categories: dict[str, Category] = {}
        self.features: dict[str, Feature] = {}
        if attributes is None:
            for name, texts in _shop_values().items():
                self.add_feature(name, texts)
        else:
            texts = [f"Değer {number}" for number in range(1, (values or 0) + 1)]
            for number in range(1, attributes + 1):
                self.add_feature(f"Özellik {number}", texts)
        if category_nodes is None:
            self._add_kinds()
        else:
            self._add_categories(category_nodes)

    def add_feature(self, name: str, texts: Iterable[str] = ()) -> Feature:
        """Add an attribute with these values."""
        values = {str(number): text for number, text in enumerate(texts, start=1)}
        feature = Feature(str(_FIRST_ATTRIBUTE + len(self.features)), name, values)
        self.features[feature.id] = feature
        return feature

    def add_category(self, name: str, parent: str = "", features: Iterable[Feature] = ()) -> Category:
        """Add a category below another one or at the top."""
        category = Category(str(_FIRST_GROUP + len(self.categories)), name, parent, list(features))
        self.categories[category.id] = category
        return category

    def leaves(self) -> list[Category]:
        """Categories without children, where products stand."""
        parents = {category.parent for category in self.categories.values()}
        return [category for category in self.categories.values() if category.id not in parents]

    def category_rows(self) -> list[dict[str, Any]]:
        """The categories as a flat list, parents first."""
        return [{"id": row.id, "name": row.name, "parent_id": row.parent or None} for row in self.categories.values()]

    def attribute_rows(self) -> list[dict[str, Any]]:
        """The attributes with all their values."""
        return [
            {"id": feature.id, "name": feature.name, "values": _value_rows(feature.values)}
            for feature in self.features.values()
        ]

    def _add_kinds(self) -> None:
        """The groups of the shop, and its kinds of product below them, each with the sizes that it comes in."""
        by_name = {feature.name: feature for feature in self.features.values()}
        for number, name in words.ATTRIBUTE_SETS.items():
            group = self.add_category(name)
            for kind in words.KINDS:
                if kind.attribute_set != number:
                    continue
                offered = {words.SIZE: kind.sizes, words.MATERIAL: [word.tr for word in words.MATERIALS[number]]}
                features = [
                    Feature(
                        by_name[asked.name].id,
                        asked.name,
                        _among(by_name[asked.name].values, offered.get(asked.name)),
                        asked.is_required,
                        asked.is_variant,
                        asked.is_custom,
                    )
                    for asked in words.ATTRIBUTES[number]
                ]
                self.add_category(kind.name.tr, group.id, features)

    def _add_categories(self, count: int) -> None:
        features = list(self.features.values())
        ids: list[str] = []
        for number in range(count):
            asked = [features[(number + step) % len(features)] for step in range(min(_PER_CATEGORY, len(features)))]
            parent = ids[number // _FAN - 1] if number >= _FAN else ""
            ids.append(self.add_category(f"Kategori {number + 1}", parent, asked).id)


def _value_rows(values: dict[str, str]) -> list[dict[str, str]]:
    return [{"id": value_id, "name": name} for value_id, name in values.items()]


def _among(values: dict[str, str], offered: Iterable[str] | None) -> dict[str, str]:
    """The values that a category offers; all of them when it makes no choice."""
    chosen = None if offered is None else set(offered)
    return {value_id: name for value_id, name in values.items() if chosen is None or name in chosen}


def _shop_values() -> dict[str, list[str]]:
    """The values of each of the shop's attributes; a free text has no values."""
    known = {
        words.SIZE: [size for kind in words.KINDS for size in kind.sizes],
        words.COLOUR: [word.tr for word in words.COLOURS],
        words.MATERIAL: [word.tr for materials in words.MATERIALS.values() for word in materials],
        words.GENDER: list(words.GENDERS),
        words.ORIGIN: list(words.ORIGINS),
        words.AGE: ["Yetişkin", "Çocuk"],
    }
    names = dict.fromkeys(attribute.name for attributes in words.ATTRIBUTES.values() for attribute in attributes)
    return {name: list(dict.fromkeys(known.get(name, ()))) for name in names}
