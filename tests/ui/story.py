"""What happened in the shop before somebody opens the UI: real runs, in a process of their own, on a real server."""

import asyncio
import sys

import httpx

from dto.enums import ContentType
from flows.order import fetch_and_create_order
from flows.product import insert_products
from flows.recover import recover
from flows.verify import verify_open_batches
from tasks.omnitron.catalogue.products import GetInsertedProducts
from tasks.omnitron.integration import OmnitronIntegration

BATCH_SIZE = 30
ASKS = 3
"""After so many the sandbox's marketplace has finished a batch."""


async def tell(marketplace: str) -> None:
    """A run dies with a batch in its hands, which is ended; products go on sale; somebody orders from a city that
    Omnitron does not know."""
    async with OmnitronIntegration(content_type=ContentType.product) as hub:
        await hub.do_action(GetInsertedProducts, limit=1)
    await recover(older_than=0)
    await insert_products(batch_size=BATCH_SIZE)
    for _ in range(ASKS):
        await verify_open_batches()
    order = {"city": "Gotham", "township": None, "district": None}
    async with httpx.AsyncClient(trust_env=False) as client:
        (await client.post(f"{marketplace}/_sandbox/orders", json=order)).raise_for_status()
    await fetch_and_create_order()


if __name__ == "__main__":
    asyncio.run(tell(sys.argv[1]))
