"""Shops in which the flows of prices, stocks and images have something to do."""

from collections.abc import Awaitable, Callable
from typing import Any

from deployments.sandbox.hub.ledger import Key
from tests.harness.product_states import asked_twice
from tests.world.driving import RECOVERY_PERIOD, good_products, heal, run, settle, until_killed, with_kill
from tests.world.loopback import World


def _insert(kind: str, *, extra: bool) -> str:
    return f"insert_product_{kind}s" + (f"_from_extra_{kind}_list" if extra else "")


async def products_alone(world: World) -> None:
    """Good products are on the channel, without price and stock; one has two images."""
    await run(world, "insert_products", add_price=False, add_stock=False)
    await settle(world)
    add_image(world, good_products(world)[0])


def offers_edited(kind: str, *, extra: bool) -> Callable[[World], Awaitable[None]]:
    """Two offers have changed since they were sent."""

    async def prepare(world: World) -> None:
        await products_alone(world)
        await run(world, _insert(kind, extra=extra))
        await settle(world)
        for row in [row for row in offers_of(world, kind, extra=extra) if row["product"] in good_products(world)][:2]:
            edit_offer(world, kind, row)

    return prepare


def offers_new_and_edited(kind: str) -> Callable[[World], Awaitable[None]]:
    """Two offers have changed, and a product has come."""
    edited = offers_edited(kind, extra=False)

    async def prepare(world: World) -> None:
        await edited(world)
        world.hub.add_product()
        await run(world, "insert_products", add_price=False, add_stock=False)
        await settle(world)

    return prepare


def offers_accepted(kind: str, *, extra: bool) -> Callable[[World], Awaitable[None]]:
    """The channel is about to answer for a batch of offers."""

    async def prepare(world: World) -> None:
        await products_alone(world)
        await run(world, _insert(kind, extra=extra))
        await asked_twice(world)

    return prepare


def offers_abandoned(kind: str) -> Callable[[World], Awaitable[None]]:
    """A run died right after its first commit."""

    async def prepare(world: World) -> None:
        await products_alone(world)
        with_kill(world, at=8, moment="after")
        await until_killed(run(world, _insert(kind, extra=False)))
        heal(world)
        world.clock.advance(RECOVERY_PERIOD)

    return prepare


def offers_of(world: World, kind: str, *, extra: bool = False) -> list[dict[str, Any]]:
    """The rows of one kind, of the catalog's own list or of the extra ones."""
    hub = world.shop
    rows = hub.offered[f"product{kind}"]
    own = hub.catalog.get(f"{kind}_list")
    return [row for row in rows if (row.get(f"{kind}_list") != own) == extra]


def edit_offer(world: World, kind: str, row: dict[str, Any]) -> None:
    """Something new to send."""
    new = {"price": "9.90", "stock": 7, "image": f"{row.get('image')}?new"}[kind]
    world.edit(f"product{kind}", row["pk"], **{kind: new})


def add_image(world: World, product: int) -> dict[str, Any]:
    """One more picture of a product."""
    hub = world.shop
    images = list(hub.goods.images.find("product", product))
    # Far from the keys of the products that may still come.
    pk = images[0]["pk"] + 10_000 * len(images)
    row = hub.goods.images.add({**images[0], "pk": pk, "modified_date": hub.stamps.next()})
    hub.due_lists.refresh(Key("productimage", row["pk"]))
    return row
