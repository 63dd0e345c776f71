"""The offers of a few products in all lists that are sent: their prices, stocks and images."""

from collections.abc import Collection, Sequence
from typing import Any, NamedTuple

from clients.omnitron import OmnitronClient
from dto.enums import OFFERS, ContentType
from dto.omnitron import Catalog, ChannelConf, Product
from tasks.omnitron.catalogue.offer_lists import extra_lists

SIMPLE = (None, "", "0")
"""Types of products that are sent to channels."""


class Good(NamedTuple):
    """A product, or one of its prices, stocks and images."""

    product: Product
    content_type: ContentType
    row: Any
    list_number: int | None = None
    """Its price or stock list, unless that is the catalog's own."""


async def read_offers(
    client: OmnitronClient,
    products: Sequence[Product],
    catalog: Catalog | None,
    conf: ChannelConf,
    kinds: Collection[ContentType] = OFFERS,
) -> list[Good]:
    """The products' offers of these kinds: prices, then stocks, then images."""
    keys = [product.pk for product in products]
    product_of = {product.pk: product for product in products}
    found: list[Good] = []
    for kind, offers, own in (
        (ContentType.product_price, client.prices, catalog.price_list if catalog else None),
        (ContentType.product_stock, client.stocks, catalog.stock_list if catalog else None),
    ):
        if kind not in kinds:
            continue
        if own is not None:
            found += [Good(product_of[row.product], kind, row) for row in await offers.find(keys, own)]
        for number in extra_lists(kind, catalog, conf):
            rows = await offers.find(keys, number, extra=True)
            found += [Good(product_of[row.product], kind, row, number) for row in rows]
    if ContentType.product_image in kinds:
        owner_of = {image.pk: product for product in products for image in product.productimage_set}
        images = await client.images.get_many(owner_of)
        found += [Good(owner_of[row.pk], ContentType.product_image, row) for row in images]
    return found
