"""The invented orders of the marketplace against the hub: what one sells, the other can take."""

from typing import Any

from deployments.sandbox import MarketplaceSandbox
from deployments.sandbox.market.intake import remote_id_of
from tests.world.hub_client import HubClient

PLACE_FIELDS = ("phone", "country", "city", "township", "district")


async def place(api: HubClient, path: str, **query: Any) -> int:
    """The one place of that name."""
    (row,) = await api.rows(path, **query, is_active="true")
    return int(row["pk"])


async def address(api: HubClient, customer: int, told: dict[str, Any]) -> int:
    country = await place(api, "countries/", code__exact=told["country"])
    city = await place(api, "cities/", name__iexact=told["city"], country=country)
    township = await place(api, "townships/", name__iexact=told["township"], city=city)
    district = await place(api, "districts/", name__exact=told["district"], city=city, township=township)
    places = {"country": country, "city": city, "township": township, "district": district}
    rest = {name: value for name, value in told.items() if name not in PLACE_FIELDS}
    body = {**rest, **places, "customer": customer, "phone_number": told.get("phone")}
    response = await api.call("POST", "addresses/", body)
    if response.status_code == 201:
        return int(response.json()["pk"])
    hash_data = response.json()["non_field_errors"].split(" ")[0].removeprefix("hash_data:")
    (row,) = await api.rows("addresses/", hash_data=hash_data)
    return int(row["pk"])


async def customer(api: HubClient, told: dict[str, Any]) -> int:
    known = await api.rows("customers/", email=told["email"], channel=6)
    if known:
        return int(known[0]["pk"])
    body = {
        "channel": 6,
        "channel_code": told["id"],
        "phone_number": told.get("phone"),
        **{name: told[name] for name in ("email", "first_name", "last_name")},
    }
    return int((await api.call("POST", "customers/", body)).json()["pk"])


async def test_every_invented_order_fits_the_hub(api: HubClient, marketplace: MarketplaceSandbox) -> None:
    """Places, cargo companies, optional fields, limits, products and amounts; buyers and addresses come again."""
    goods = {remote_id_of(row["sku"]): row["pk"] for row in api.sandbox.shop.goods.products}
    skus = [row["sku"] for row in api.sandbox.shop.goods.products]
    cargos = {row["erp_code"]: row["pk"] for row in await api.rows("cargos/")}
    for told in marketplace.place_orders(80, skus=skus):
        owner = await customer(api, told["buyer"])
        addresses = {name: await address(api, owner, told[name]) for name in ("shipping_address", "billing_address")}
        amounts = ("amount", "shipping_amount", "shipping_tax_rate", "net_shipping_amount", "discount_amount")
        order = {
            **{name: told[name] for name in ("number", "currency", "notes", *amounts)},
            **addresses,
            "customer": owner,
            "cargo_company": cargos[told["cargo"]],
            "date_placed": told["created_at"],
            "extra_field": {"id": told["id"]},
        }
        items = [
            {
                **{name: line[name] for name in ("price", "retail_price", "tax_rate", "discount_amount")},
                "product": goods[line["product"]],
                "price_currency": line["currency"],
                "extra_field": {"id": line["id"]},
            }
            for line in told["items"]
        ]
        created = await api.call("POST", "create_orders/", {"order": order, "order_item": items})
        assert created.status_code == 201, created.text
        assert created.json()["amount"] == told["amount"]
    counts = api.sandbox.counts()["sales"]
    assert counts["orders"] == 80
    assert counts["customers"] < 41
    assert counts["addresses"] < 80
    assert api.sandbox.violations == []
