"""Shops in which the product flows have something to do."""

from tests.world.driving import RECOVERY_PERIOD, good_products, heal, run, settle, until_killed, with_kill
from tests.world.loopback import World


async def nothing(world: World) -> None:
    pass


async def integrated(world: World) -> None:
    await run(world, "insert_products")
    await settle(world)


async def edited(world: World) -> None:
    await integrated(world)
    for product in good_products(world)[:2]:
        world.hub.edit_product(product)


async def deleted(world: World) -> None:
    await integrated(world)
    for product in good_products(world)[:2]:
        world.hub.delete_product(product)


async def asked_twice(world: World) -> None:
    """The channel's next answer about what it accepted is the last one."""
    for _ in range(2):
        await run(world, "verify_open_batches")


async def accepted(world: World) -> None:
    await run(world, "insert_products", batch_size=5)
    await asked_twice(world)


async def accepted_deletion(world: World) -> None:
    await deleted(world)
    await run(world, "delete_products")
    await asked_twice(world)


async def abandoned(world: World) -> None:
    """A run died in the middle of its first batch."""
    with_kill(world, at=14, moment="after")
    await until_killed(run(world, "insert_products", batch_size=5))
    heal(world)
    world.clock.advance(RECOVERY_PERIOD)
