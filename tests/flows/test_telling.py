"""What a run tells its operator: the lines of its log, and the tables of its artifact."""

import logging
import re
from collections.abc import Callable
from typing import Any

import pytest

from deployments.sandbox.base.faults import Fault
from dto.enums import ContentType
from flows import run as runs
from flows.artifact import document
from flows.order import fetch_and_create_order
from flows.product import insert_products
from flows.recover import recover
from flows.verify import verify_batch, verify_open_batches
from tasks.channel.checking import CheckCommand
from tasks.omnitron.catalogue.products import GetInsertedProducts
from tests.world.loopback import World
from tests.world.sales import list_products, place
from tests.world.shop import BATCHES, batches, opened, run, skus


@pytest.fixture
def shown(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The artifact of each run."""
    kept: list[str] = []

    async def show(run: Any, summary: Any) -> None:
        kept.append(document(run.title, "", run.tables, run.runtime.redactor))

    monkeypatch.setattr(runs, "_publish", show)
    return kept


@pytest.fixture
def lines(caplog: pytest.LogCaptureFixture) -> Callable[[], list[str]]:
    """What was logged so far."""
    caplog.set_level(logging.DEBUG, "channel_app")
    return lambda: [record.getMessage() for record in caplog.records if record.name == "channel_app"]


def link(world: World, number: int = 0) -> str:
    """How a table names one of the batches."""
    row = batches(world)[number]
    return f"[{row['local_batch_id'][:8]}]({world.settings.OMNITRON_URL}{BATCHES}{row['pk']}/)"


async def test_a_run_says_with_each_batch_how_far_it_is(
    make_world: Callable[..., World], lines: Callable[[], list[str]]
) -> None:
    world = make_world(failing=0, products=7)
    await run(world, insert_products, batch_size=3)
    said = [line for line in lines() if "batch" in line.partition("]")[0]]
    names = [row["local_batch_id"][:8] for row in batches(world)]
    heads = [f"[channel 6 · product · batch {name}] insert products: " for name in names]
    assert said == [
        f"{heads[0]}1 to 3 of 7 that were due",
        f"{heads[0]}the batch is done: 3 integrated",
        f"{heads[1]}4 to 6 of 7 that were due",
        f"{heads[1]}the batch is done: 3 integrated",
        f"{heads[2]}7 of 7 that were due",
        f"{heads[2]}the batch is done: 1 integrated",
    ]


async def test_a_run_that_brings_orders_in_says_how_far_it_is(world: World, lines: Callable[[], list[str]]) -> None:
    list_products(world)
    for _ in range(3):
        place(world)
    await run(world, fetch_and_create_order, batch_size=2)
    said = [line for line in lines() if "that are not in Omnitron yet" in line]
    start = "[channel 6] fetch and create order: orders"
    assert said == [
        f"{start} 1 to 2 that are not in Omnitron yet",
        f"{start} 3 that are not in Omnitron yet",
    ]


@pytest.mark.parametrize("asynchronous", [False, True])
async def test_every_line_about_a_batch_says_which_of_what_type_for_which_channel(
    make_world: Callable[..., World], lines: Callable[[], list[str]], asynchronous: bool
) -> None:
    """Whether all goes well, or the batch is left to `recover`, given up, or cannot be ended."""
    world = make_world(asynchronous=asynchronous)
    await run(world, insert_products, batch_size=6)
    await run(world, verify_open_batches)
    world.clock.advance(CheckCommand.give_up_after + 1)
    await run(world, verify_open_batches)
    async with opened(world, ContentType.product) as hub:
        await hub.do_action(GetInsertedProducts, limit=6)
    world.clock.advance(901)
    number = batches(world)[-1]["pk"]
    world.hub.faults.add(Fault("status", method="PATCH", path=f"{BATCHES}{number}/", status=400))
    await run(world, recover)
    await run(world, recover)
    said = lines()
    assert [line for line in said if not line.startswith("[channel 6")] == []
    closing = " requests, "  # a run's own last line counts its batches
    about = [line for line in said if re.search(r"\b[Bb]atch\b", line.partition("] ")[2]) and closing not in line]
    assert len(about) >= 4
    assert [line for line in about if not re.match(r"\[channel 6 · product · batch \w{8}\] ", line)] == []


async def test_the_sweep_lists_its_batches_what_a_person_looks_for_first(
    make_world: Callable[..., World], shown: list[str]
) -> None:
    """Given up, then settled, then ongoing; each with its type, its name there, its age, and the result or the reason."""
    world = make_world(failing=0, products=6, asynchronous=True)
    summary = await run(world, insert_products, batch_size=2)
    names = summary.remote_batches
    for _ in range(2):
        await run(world, verify_batch, remote_batch_id=names[1])
    world.market.forget_batch(names[2])
    world.clock.advance(960)
    await run(world, verify_open_batches)
    found = re.findall(r"^\| (\[.+) \|$", shown[-1], re.MULTILINE)
    rows = [line.split(" | ") for line in found]
    assert [row[:2] + row[3:5] for row in rows if row[1] == "product"] == [
        [link(world, 2), "product", "16 min", "given up"],
        [link(world, 1), "product", "16 min", "settled"],
        [link(world, 0), "product", "16 min", "ongoing"],
    ]
    assert [row[5] for row in rows[1:3]] == ["2 integrated", "The channel has not finished it."]
    assert "What became of its objects is unknown" in rows[0][5]
    assert shown[-1].index("## Batches") < shown[-1].index("## Failed")


async def test_a_batch_that_could_not_be_verified_is_listed_with_the_error(
    make_world: Callable[..., World], shown: list[str]
) -> None:
    world = make_world(failing=0, products=2, asynchronous=True)
    (remote,) = (await run(world, insert_products)).remote_batches
    world.market.faults.add(Fault("status", path=remote, status=500, times=None))
    await run(world, verify_open_batches)
    assert f"| {link(world)} | product |" in shown[-1]
    assert "| not verified |" in shown[-1]
    assert "500" in shown[-1]


async def test_recover_lists_each_batch_its_type_its_age_and_what_became_of_it(
    make_world: Callable[..., World], shown: list[str]
) -> None:
    world = make_world(failing=0, products=6)
    async with opened(world, ContentType.product) as hub:
        await hub.do_action(GetInsertedProducts, limit=6)
    async with opened(world, ContentType.product) as hub:
        await hub.client.batches.create()
    world.clock.advance(1_000)
    async with opened(world, ContentType.product) as hub:
        await hub.client.batches.create()
    world.hub.faults.add(Fault("status", method="PATCH", path=f"{BATCHES}2/", status=400, times=None))
    await run(world, recover)
    text = shown[-1].replace("\\", "")
    assert "| batch | of | stood in | for | what became of it |" in text
    assert f"| {link(world, 0)} | product | commit | 17 min | failed; its objects are offered again |" in text
    assert f"| {link(world, 1)} |  | initialized | 17 min | could not be ended: " in text
    assert f"| {link(world, 2)} |  | initialized | 0 s | left to its run, which is at work |" in text


async def test_a_failed_product_is_listed_by_its_sku_whatever_the_channel_calls_it(
    make_world: Callable[..., World], shown: list[str]
) -> None:
    """The batch of an asynchronous channel is read back in another process; there too."""
    world = make_world(failing=0, products=2, asynchronous=True)
    for product in world.products:
        product["attributes"]["barcode"] = f"869{product['pk']}"
    world.channel["conf"]["remote_id_attribute"] = "attributes__barcode"
    (remote,) = (await run(world, insert_products)).remote_batches
    world.market.forget_batch(remote)
    world.clock.advance(1_000)
    await run(world, verify_open_batches)
    assert re.findall(r"^\| (\S+) \| BatchForgotten ", shown[-1], re.MULTILINE) == list(skus(world).values())


async def test_a_failed_order_is_listed_by_its_number(world: World, shown: list[str]) -> None:
    list_products(world)
    place(world, number="SP-1", cargo="nobody")
    await run(world, fetch_and_create_order)
    assert "\n| order | reason | message |\n" in shown[-1]
    assert "\n| SP-1 | CargoCompanyNotFound | " in shown[-1]
