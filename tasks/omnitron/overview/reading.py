"""What several overviews read: channel and catalog, the keys on due lists, the names of objects."""

from collections.abc import Iterable, Mapping
from typing import Any

from clients.omnitron import OmnitronClient
from clients.omnitron.due import DueHead
from dto.enums import GOODS, ContentType
from dto.omnitron import Catalog, Channel, Product
from tasks.omnitron.hub import Hub

DUE_PAGES = 2
"""Pages of a due list that are read to see whether a failed object is still due."""

ObjectKey = tuple[ContentType, int]


async def read_channel(hub: Hub) -> tuple[Channel, Catalog | None]:
    """The channel and its catalog. Unlike `refresh`, it does not refuse a channel that is switched off: an overview says so."""
    channel = await hub.client.channel.get()
    number = hub.runtime.settings.OMNITRON_CATALOG_ID or channel.catalog
    return channel, None if number is None else await hub.client.catalogs.get(number)


async def read_due_keys(
    client: OmnitronClient,
    content_type: ContentType,
    lists: Iterable[tuple[str, int | None]],
    heads: Mapping[tuple[ContentType, int | None], DueHead[Any]],
) -> tuple[set[int], int | None]:
    """The keys on due lists, and the last key that was read; None if the lists were read to their ends. The `heads` of the
    lists of new objects are not read again."""
    keys: set[int] = set()
    ends: list[int] = []
    for which, number in lists:
        head = heads.get((content_type, number)) if which == "inserts" else None
        found, end = await client.due_list(content_type, which, number).first_keys(DUE_PAGES, head)
        keys |= found
        if end is not None:
            ends.append(end)
    return keys, min(ends, default=None)


async def read_products(client: OmnitronClient, keys: Iterable[ObjectKey]) -> dict[ObjectKey, Product]:
    """The product of each object, if both exist."""
    wanted = list(keys)
    product_of: dict[ObjectKey, int] = {}
    products: dict[int, Product] = {}
    for goods in GOODS:
        found = await client.objects(goods).get_many(pk for content_type, pk in wanted if content_type is goods)
        if goods is ContentType.product:
            products.update((row.pk, row) for row in found)
            product_of.update(((goods, row.pk), row.pk) for row in found)
        else:
            product_of.update(((goods, row.pk), row.product) for row in found if row.product)
    missing = set(product_of.values()) - set(products)
    products.update((row.pk, row) for row in await client.products.get_many(missing))
    return {key: products[pk] for key, pk in product_of.items() if pk in products}
