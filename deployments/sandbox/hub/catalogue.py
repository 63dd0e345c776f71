"""The local hub's goods: products with price, stock, image, categories and mapping, the same for the same seed."""

import random
from collections.abc import Callable
from typing import Literal, get_args

from deployments.sandbox.base import vocabulary as words
from deployments.sandbox.base.amounts import money
from deployments.sandbox.hub.tables import Row, Table

Defect = Literal["mapping", "required", "undefined", "price", "stock", "category"]
"""The defects of products that are meant to fail."""

DEFECTS: tuple[Defect, ...] = get_args(Defect)

STOCK_LIST, PRICE_LIST = 2, 3
# The first extra stock list stays empty: a client that stops there never reaches the second.
EMPTY_STOCK_LIST, EXTRA_STOCK_LIST, EXTRA_PRICE_LIST = 12, 13, 23
CHANNEL_TREE, CATALOG_TREE = 24, 11

# The key ranges of the tables overlap on purpose: a key that is looked up in the wrong table finds a row.
_FIRST_PRODUCT, _FIRST_PRICE, _FIRST_STOCK, _FIRST_IMAGE, _FIRST_MAPPING = 1001, 501, 751, 1501, 370
_SIZES_PER_MODEL = 4
_EXTRA_LIST_SHARE = 4
_CROWDED_SHARE = 50
_CROWD = 11


class Catalogue:
    """The tables of goods. `defects` tells which product fails, and why.

    Args:
        products: how many products to begin with.
        seed: decides every value.
        failing: the share of products that are defective, evenly spread.
        extra_lists: every fourth product also has a row in the extra price list and in the second extra stock list.
        stamp: makes modification dates.
    """

    def __init__(
        self, *, products: int, seed: int, failing: float, extra_lists: bool, stamp: Callable[[], str]
    ) -> None:
        self.products = Table()
        self.prices = Table(indexed=["product"])
        self.stocks = Table(indexed=["product"])
        self.images = Table(indexed=["product"])
        self.product_categories = Table(indexed=["product"])
        self.nodes = Table()
        self.trees = Table()
        self.attribute_configs = Table()
        self.defects: dict[int, Defect] = {}
        self._english_names: dict[int, str] = {}
        self._stamp = stamp
        self._random = random.Random(seed)
        self._extra_lists = extra_lists
        self._made = 0
        self._model: _Model | None = None
        self._node_of_kind: dict[str, Row] = {}
        self._other_nodes: list[Row] = []
        self._attribute_pks: dict[str, int] = {}
        self._configs: dict[int, dict[str, Row]] = {}
        self._build_trees()
        self._build_attributes()
        for defect in _spread(products, failing):
            self.add_product(defect)

    def add_product(self, defect: Defect | None = None) -> int:
        """Add a product with price, stock, image and categories; its key."""
        index = self._made
        self._made += 1
        size_index = index % _SIZES_PER_MODEL
        if size_index == 0 or self._model is None:
            self._model = _Model(self._random, index // _SIZES_PER_MODEL)
        model = self._model
        pk = _FIRST_PRODUCT + index
        size = model.kind.sizes[size_index]
        sku = f"{model.base_code}{size_index + 1:03d}"
        image: Row = {
            "pk": _FIRST_IMAGE + index,
            "status": "active",
            "image": f"https://cdn.example.com/products/{sku}/1.jpg",
        }
        self.products.add(
            {
                "pk": pk,
                "name": f"{model.colour.tr} {model.material.tr} {model.kind.name.tr} {size}",
                "base_code": model.base_code,
                "sku": sku,
                "product_type": "0",
                "is_active": True,
                "parent": None,
                "attributes": {
                    "boyut": size,
                    "renk": f"{words.COLOURS.index(model.colour) + 1:03d}",
                    "materyal": f"%100 {model.material.tr.upper()}",
                    "uretim_yeri": model.origin,
                    "barcode": _ean13(f"869{index:09d}"),
                },
                "productimage_set": [image],
                "attribute_set": model.kind.attribute_set,
                "productization_date": "2024-01-23T16:40:58.578504Z",
                "modified_date": self._stamp(),
            }
        )
        self._english_names[pk] = f"{model.colour.en} {model.material.en} {model.kind.name.en} {size}"
        self.images.add({**image, "product": pk, "order": 0, "modified_date": self._stamp()})
        self._add_categories(pk, model.kind, is_listed=defect != "category")
        if defect is not None:
            self.defects[pk] = defect
        if defect != "price":
            self._add_price(pk, PRICE_LIST, model.price)
        if defect != "stock":
            self._add_stock(pk, STOCK_LIST, self._random.randint(1, 250))
        if self._extra_lists and index % _EXTRA_LIST_SHARE == 0:
            self._add_price(pk, EXTRA_PRICE_LIST, model.price // 35)
            self._add_stock(pk, EXTRA_STOCK_LIST, self._random.randint(1, 40))
        return pk

    def repair(self, pk: int) -> tuple[str, int] | None:
        """Take a product's defect away; the content type and key of the row that was added for it."""
        defect = self.defects.pop(pk, None)
        if defect == "price":
            return "productprice", self._add_price(pk, PRICE_LIST, 24_990)
        if defect == "stock":
            return "productstock", self._add_stock(pk, STOCK_LIST, 25)
        if defect == "category":
            kind = next(kind for kind in words.KINDS if kind.attribute_set == self.products[pk]["attribute_set"])
            self._add_category(pk, self._node_of_kind[kind.name.tr])
        return None

    def remove_product(self, pk: int) -> list[tuple[str, int]]:
        """Drop a product and all that belongs to it; content types and keys of the rows that have gone."""
        gone = [("product", pk)]
        for content_type, table in (
            ("productprice", self.prices),
            ("productstock", self.stocks),
            ("productimage", self.images),
            ("productcategory", self.product_categories),
        ):
            for row in table.find("product", pk):
                table.remove(row["pk"])
                gone.append((content_type, row["pk"]))
        self.products.remove(pk)
        self.defects.pop(pk, None)
        return gone

    def in_english(self, row: Row) -> Row:
        """The product with its English name."""
        return {**row, "name": self._english_names[row["pk"]]}

    def mapping(self, pk: int) -> Row:
        """The result of the merchant's mapping for a product: `{"mapped_attributes", "mapped_attribute_values", ...}`."""
        product = self.products[pk]
        attributes = product["attributes"]
        colour = words.COLOURS[int(attributes["renk"]) - 1]
        mapped = {
            words.SIZE: attributes["boyut"],
            words.COLOUR: colour.tr,
            words.MATERIAL: attributes["materyal"],
            words.GENDER: words.GENDERS[int(attributes["renk"]) % len(words.GENDERS)],
            words.ORIGIN: attributes["uretim_yeri"],
            words.BARCODE: attributes["barcode"],
            words.AGE: "Yetişkin",
        }
        defect = self.defects.get(pk)
        if defect == "required":
            mapped[words.GENDER] = ""
        attribute_set = product["attribute_set"]
        configs = self._configs[attribute_set]
        values: Row = {}
        for name, value in mapped.items():
            config = configs[name]
            is_undefined = defect == "undefined" and name == words.COLOUR
            # A custom value is free text: the mapping has no entry for it.
            if value and not config["is_custom"] and not is_undefined:
                values[str(config["attribute"]["pk"])] = {
                    "attribute_name": name,
                    "label": value.upper(),
                    "value": value,
                    "attribute_remote_id": config["attribute_remote_id"],
                    "is_required": config["is_required"],
                    "is_variant": config["is_variant"],
                    "is_custom": config["is_custom"],
                    "is_meta": config["is_meta"],
                }
        return {
            "pk": _FIRST_MAPPING + pk - _FIRST_PRODUCT,
            "mapped_attributes": mapped,
            "attribute_set_id": attribute_set,
            "attribute_set_name": words.ATTRIBUTE_SETS[attribute_set],
            "attribute_set_remote_id": str(1000 + attribute_set),
            "mapped_attribute_values": values,
            "modified_date": product["modified_date"],
        }

    def _add_price(self, product: int, price_list: int, cents: int) -> int:
        pk = self.prices.next_key(_FIRST_PRICE)
        self.prices.add(
            {
                "pk": pk,
                "product": product,
                "price": money(cents),
                "price_list": price_list,
                "currency_type": "try" if price_list == PRICE_LIST else "eur",
                "tax_rate": "10.00",
                "retail_price": money(cents * 5 // 4),
                "extra_field": {},
                "discount_percentage": "20.00",
                "modified_date": self._stamp(),
            }
        )
        return pk

    def _add_stock(self, product: int, stock_list: int, quantity: int) -> int:
        pk = self.stocks.next_key(_FIRST_STOCK)
        self.stocks.add(
            {
                "pk": pk,
                "product": product,
                "stock": quantity,
                "stock_list": stock_list,
                "unit_type": "qty",
                "extra_field": {},
                "sold_quantity_unreported": 0,
                "modified_date": self._stamp(),
            }
        )
        return pk

    def _add_categories(self, product: int, kind: words.Kind, *, is_listed: bool) -> None:
        """The other tree's nodes come first, for some products more than a page of them."""
        is_crowded = product % _CROWDED_SHARE == 0
        for node in self._other_nodes if is_crowded else self._other_nodes[:1]:
            self._add_category(product, node)
        if is_listed:
            self._add_category(product, self._node_of_kind[kind.name.tr])

    def _add_category(self, product: int, node: Row) -> None:
        table = self.product_categories
        table.add(
            {"pk": table.next_key(), "product": product, "category": node, "modified_date": node["modified_date"]}
        )

    def _build_trees(self) -> None:
        channel_root = self._add_node("Pazaryeri", "0001")
        catalog_root = self._add_node("Mağaza", "0002")
        for tree, name, root in (
            (CHANNEL_TREE, "Pazaryeri Ağacı", channel_root),
            (CATALOG_TREE, "Mağaza Ağacı", catalog_root),
        ):
            self.trees.add({"pk": tree, "name": name, "category_root": root, "modified_date": self._stamp()})
        for set_number, set_name in words.ATTRIBUTE_SETS.items():
            parent = self._add_node(set_name, f"0001{set_number:04d}")
            kinds = [kind for kind in words.KINDS if kind.attribute_set == set_number]
            for number, kind in enumerate(kinds, start=1):
                self._node_of_kind[kind.name.tr] = self._add_node(kind.name.tr, f"{parent['path']}{number:04d}")
        self._other_nodes = [self._add_node(f"Vitrin {n}", f"0002{n:04d}") for n in range(1, _CROWD + 1)]

    def _add_node(self, name: str, path: str) -> Row:
        pk = 255 + len(self.nodes)
        moment = self._stamp()
        return self.nodes.add(
            {
                "pk": pk,
                "name": name,
                "order": 1,
                "numchild": 0,
                "depth": len(path) // 4,
                "sort_option": 20,
                "uuid": f"cf461e84-1f19-497b-8fb8-{pk:012d}",
                "path": path,
                "created_date": moment,
                "modified_date": moment,
            }
        )

    def _build_attributes(self) -> None:
        for set_number, attributes in words.ATTRIBUTES.items():
            configs = self._configs[set_number] = {}
            for attribute in attributes:
                attribute_pk = self._attribute_pks.setdefault(attribute.name, 123 + len(self._attribute_pks))
                configs[attribute.name] = self.attribute_configs.add(
                    {
                        "pk": 1 + len(self.attribute_configs),
                        "attribute": {"pk": attribute_pk, "name": attribute.name},
                        "attribute_set": {"id": set_number, "name": words.ATTRIBUTE_SETS[set_number]},
                        "attribute_remote_id": str(attribute_pk - 101),
                        "is_required": attribute.is_required,
                        "is_variant": attribute.is_variant,
                        "is_custom": attribute.is_custom,
                        "is_meta": False,
                        "modified_date": self._stamp(),
                    }
                )


class _Model:
    """The properties that all sizes of a model share."""

    def __init__(self, rng: random.Random, number: int) -> None:
        self.kind = rng.choice(words.KINDS)
        self.colour = rng.choice(words.COLOURS)
        self.material = rng.choice(words.MATERIALS[self.kind.attribute_set])
        self.origin = rng.choice(words.ORIGINS)
        self.base_code = f"1KBATC{number:05d}"
        self.price = rng.randrange(9_990, 249_990, 1_000)


def _spread(products: int, share: float) -> list[Defect | None]:
    """For each product its defect: `share` of them have one, at even distances, all kinds in turn."""
    defects: list[Defect | None] = [None] * products
    count = round(products * share)
    for number in range(count):
        defects[number * products // count] = DEFECTS[number % len(DEFECTS)]
    return defects


def _ean13(digits: str) -> str:
    """Twelve digits and their check digit."""
    total = sum(int(digit) * (3 if place % 2 else 1) for place, digit in enumerate(digits))
    return f"{digits}{-total % 10}"
