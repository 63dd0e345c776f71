"""The search for products by their skus. Omnitron has no filter by sku."""

from collections.abc import AsyncIterator, Collection, Iterable

from clients.omnitron import OmnitronClient
from clients.omnitron.listings import LISTINGS
from clients.omnitron.rows import UnreadableRow
from dto.enums import ContentType
from dto.omnitron import Product
from tasks.omnitron.hub import Hub

LOOKED_THROUGH = 1_000
"""Products of each due list that are searched, before all products are."""
FAILURES_LOOKED_THROUGH = 500
"""Newest failed objects whose products are searched."""


async def find_products(hub: Hub, skus: Collection[str], remote_ids: Iterable[str] = ()) -> dict[str, Product]:
    """The products with these skus that Omnitron has, by sku.

    They are searched first where few requests find most products that people ask about: under `remote_ids`, on the due lists,
    among failed objects; then page by page among all products.
    """
    found: dict[str, Product] = {}

    def is_complete(page: Iterable[Product]) -> bool:
        found.update((product.sku, product) for product in page if product.sku in skus)
        return len(found) == len(set(skus))

    async for page in _likely(hub.client, remote_ids):
        if is_complete(page):
            return found
    progress = hub.progress("looking through all products", await hub.client.products.count())
    async for page in hub.client.products.pages():
        if is_complete(page):
            break
        progress.step(len(page))
    return found


async def _likely(client: OmnitronClient, remote_ids: Iterable[str]) -> AsyncIterator[list[Product]]:
    named = await client.actions.find(content_type=ContentType.product, remote_ids=remote_ids)
    yield await client.products.get_many({action.object_id for action in named})
    for which in ("inserts", "updates"):
        seen = 0
        async for page in client.products.due_pages(which, LOOKED_THROUGH):
            yield page
            seen += len(page)
            if seen >= LOOKED_THROUGH:
                break
    failed, _ = await client.actions.newest_failed(FAILURES_LOOKED_THROUGH)
    keys = {action.object_id for action in failed if action.content_type.model == ContentType.product}
    yield await client.products.get_many(keys)


def unreadable_product(
    client: OmnitronClient, *, sku: str | None = None, pk: int | None = None
) -> UnreadableRow | None:
    """The row of a product that was left out, because it cannot be read: it must not be called gone."""
    for row in client.left_out.rows.values():
        is_named = row.key == pk or (sku is not None and row.text("sku") == sku)
        if row.resource == LISTINGS[ContentType.product].resource and is_named:
            return row
    return None
