"""The JSON samples of the product documentation, with their commas and braces repaired, are read and written back."""

import json
from typing import Any

from dto.omnitron import Product

PRODUCT = """
{
  "pk": 12227,
  "name": "Kırmızı Tişört",
  "base_code": "1KBATC0231",
  "sku": "1KBATC0231001",
  "product_type": "0",
  "is_active": true,
  "parent": null,
  "attributes": {
    "boyut": "34X34",
    "renk": "001",
    "uretim_yeri": "Türkiye",
    "materyal": "%100 POLYESTER"
  },
  "productimage_set": [
    {
      "pk": 20044,
      "status": "active",
      "image": "http://localhost:8001/media/products/2021/10/17/12227/1bfe74b4-175e-4c1a-80f2-b355feae498c.jpg"
    }
  ],
  "attribute_set": 2,
  "productization_date": "2017-01-23T16:40:58.578504Z"
}
"""

MAPPED_ATTRIBUTES = """
{
  "pk": 370,
  "mapped_attributes": {
    "size": "34 - 34",
    "color": "red",
    "age": "std",
    "desc": "%100 POLYESTER"
  },
  "attribute_set_id": 1,
  "attribute_set_name": "Giyim",
  "attribute_set_remote_id": null,
  "mapped_attribute_values": {
    "123": {
      "attribute_name": "size",
      "label": "34 - 34",
      "value": "34 - 34",
      "attribute_remote_id": 22,
      "is_required": true,
      "is_variant": false,
      "is_custom": false,
      "is_meta": false
    },
    "223": {
      "attribute_name": "color",
      "label": "RED",
      "value": "red",
      "attribute_remote_id": 23,
      "is_required": true,
      "is_variant": false,
      "is_custom": false,
      "is_meta": false
    }
  }
}
"""

STOCK = """
{
  "pk": 1,
  "product": 2250,
  "stock": 46,
  "stock_list": 1,
  "unit_type": "qty",
  "extra_field": {},
  "sold_quantity_unreported": 0,
  "modified_date": "2017-01-23T13:37:31.947171Z"
}
"""

PRICE = """
{
  "pk": 2,
  "product": 913,
  "price": "62.44",
  "price_list": 1,
  "currency_type": "try",
  "tax_rate": "8.00",
  "retail_price": "249.75",
  "extra_field": {},
  "discount_percentage": "75.00",
  "modified_date": "2017-01-23T18:29:23.716095Z"
}
"""

CATEGORY_NODES = """
[
  {
    "pk": 255,
    "name": "Shop",
    "order": 1,
    "numchild": 4,
    "depth": 1,
    "sort_option": 20,
    "uuid": "cf461e84-1f19-497b-8fb8-555805e58221",
    "path": "0001",
    "created_date": "2021-10-06T13:48:07.643569Z",
    "modified_date": "2021-11-01T13:54:52.526750Z"
  }
]
"""


def _sample(**enrichments: str) -> dict[str, Any]:
    """The documentation repeats the plain product in each sample, and adds one field."""
    added = {name: json.loads(text) for name, text in enrichments.items()}
    return {**json.loads(PRODUCT), **added}


def _written_back(sample: dict[str, Any]) -> dict[str, Any]:
    product = Product.model_validate_json(json.dumps(sample))
    return product.model_dump(mode="json", exclude_unset=True)


def test_a_plain_product_is_written_back_as_it_was_read() -> None:
    """Every field of the first sample survives, in value and in form."""
    assert _written_back(_sample()) == _sample()


def test_a_product_with_its_mapping_is_written_back_as_it_was_read() -> None:
    """The mapping service's answer survives, numeric remote ids included."""
    sample = _sample(mapped_attributes=MAPPED_ATTRIBUTES)
    assert _written_back(sample) == sample


def test_a_product_with_its_stock_is_written_back_as_it_was_read() -> None:
    """The stock is one object: the documentation's doubled braces are a slip."""
    sample = _sample(productstock=STOCK)
    assert _written_back(sample) == sample


def test_a_product_with_its_price_is_written_back_as_it_was_read() -> None:
    """Amounts and rates keep their digits, trailing zeros included."""
    sample = _sample(productprice=PRICE)
    assert _written_back(sample) == sample


def test_a_product_with_its_categories_is_written_back_as_it_was_read() -> None:
    """Fields of a category node that this project does not use are kept."""
    sample = _sample(category_nodes=CATEGORY_NODES)
    assert _written_back(sample) == sample


def test_the_parts_of_a_sample_can_be_read_by_name() -> None:
    """The fields that a connector needs are typed."""
    product = Product.model_validate(
        _sample(
            mapped_attributes=MAPPED_ATTRIBUTES,
            productstock=STOCK,
            productprice=PRICE,
            category_nodes=CATEGORY_NODES,
        )
    )
    assert product.mapped_attributes
    assert product.mapped_attributes.mapped_attribute_values["223"].value == "red"
    assert product.productstock
    assert product.productstock.stock == 46
    assert product.productprice
    assert format(product.productprice.price, "f") == "62.44"
    assert product.category_nodes
    assert product.category_nodes[0].name == "Shop"
