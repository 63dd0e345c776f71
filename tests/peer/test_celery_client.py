"""The Celery version's own flows run against the local hub as they run against Omnitron: what it takes is what clients send."""

import asyncio
import os
import subprocess
import venv
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest

from deployments.sandbox import OmnitronSandbox
from deployments.sandbox.server import running

pytestmark = pytest.mark.process

PACKAGES = ("channel-app==0.0.156", "omnisdk==0.0.103", "celery==5.3.6", "redis==5.0.1", "python-dotenv")
"""The newest pair that fits: later versions of `channel-app` import names that no published `omnisdk` has."""
CLIENT = Path(__file__).with_name("celery_client.py")
HABITS = {
    "unknown filter `channel`",
    "unknown filter `channel_id`",
    "`discount_amount` is a binary float, not a decimal text",
    "`retail_price` is a binary float, not a decimal text",
}
"""What the Celery version sends though the contract advises against it. The hub takes it, and notes it."""

Run = Callable[..., Awaitable[None]]


@pytest.fixture(scope="session")
def python(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A Python that has the Celery version. Where it cannot be installed, its tests are skipped."""
    folder = tmp_path_factory.mktemp("celery")
    venv.create(folder, with_pip=True)
    found = folder / "bin" / "python"
    options = ("--quiet", "--disable-pip-version-check", "--retries=1", "--timeout=10")
    done = subprocess.run(
        [str(found), "-m", "pip", "install", *options, *PACKAGES], capture_output=True, text=True, check=False
    )
    if done.returncode:
        pytest.skip(f"{' and '.join(PACKAGES[:2])} cannot be installed: {done.stderr.strip().splitlines()[-1]}")
    return found


@pytest.fixture
def hub() -> OmnitronSandbox:
    return OmnitronSandbox(products=12, failing=0)


@pytest.fixture
async def client(python: Path, hub: OmnitronSandbox) -> AsyncIterator[Run]:
    """Runs flows of the Celery version; its other settings are options."""
    async with running({"hub": (hub, 0)}) as urls:

        async def run(*flows: str, **settings: str) -> None:
            process = await asyncio.create_subprocess_exec(
                *(str(python), str(CLIENT), f"{urls['hub']}/", *flows),
                env={"PATH": os.environ["PATH"], **settings},
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.STDOUT,
            )
            said, _ = await process.communicate()
            assert process.returncode == 0, said.decode()

        yield run


async def test_the_celery_version_sells(client: Run, hub: OmnitronSandbox) -> None:
    """New products; a changed price and stock; an order whose city waits for the merchant."""
    shop = hub.shop
    first, second, *_ = shop.goods.products.rows
    await client("insert_products")
    assert {row["status"] for row in shop.batches.table} == {"done"}
    for kind in ("product", "productprice", "productstock"):
        assert hub.counts()["objects"][kind]["integrated"] == 12

    hub.edit_price(first, "17.50")
    hub.edit_stock(second, 3)
    await client("update_product_prices", "update_product_stocks")
    objects = hub.counts()["objects"]
    assert (objects["productprice"]["due_updates"], objects["productstock"]["due_updates"]) == (0, 0)
    assert [row["content_type"] for row in shop.batches.table] == ["product", "productprice", "productstock"]

    sold = {"ORDERED_PRODUCT": f"MP-{shop.goods.products[first]['sku']}"}
    await client("fetch_and_create_order", **sold, CITY="Gotham")
    (report,) = shop.places.reports
    assert (len(shop.orders.table), report["remote_code"], "name" in report) == (0, "6_Gotham", False)
    hub.map_place("city", 30, report["remote_code"])
    await client("fetch_and_create_order", **sold, CITY="Gotham")
    (order,) = shop.orders.table
    (item,) = shop.orders.items
    bound = {row["remote_id"] for row in shop.ledger.actions if row["content_type"]["model"] in ("order", "orderitem")}
    assert (order["number"], order["amount"], item["product"], bound) == ("N1", "19.90", first, {"R1", "R1-1"})

    assert {line.partition(": ")[2] for line in hub.violations} == HABITS
    refused = {(method, path) for method, path, status in hub.requests if status >= 400}
    assert refused <= {("POST", "/api/v1/channel/6/addresses/"), ("PATCH", "/api/v1/channel/6/batch_requests/4/")}
