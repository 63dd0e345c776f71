"""Products go on sale through real flow runs, and the UI can be read."""

import logging
import re
from collections import Counter
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from dto.enums import BatchRequestStatus
from dto.summary import RunOutcome, RunSummary
from flows import artifact
from flows.product import insert_products
from flows.verify import verify_batch
from tests.runs.records import Recorded, artifact_of, run
from tests.world.loopback import World
from tests.world.shop import assert_converged, batches

pytestmark = pytest.mark.flow

ENRICHMENT = (
    "identify products",
    "get product stocks",
    "get product prices",
    "get mapped products",
    "get product categories",
)
MOMENT = r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d"
REPORTS = ("create error report", "create operational event")


async def summary_of(recorded: Recorded) -> RunSummary:
    """The value that a completed run answers."""
    assert recorded.state.is_completed(), recorded.state.message
    summary = await recorded.state.aresult()
    assert isinstance(summary, RunSummary)
    return summary


def commands(names: list[str]) -> Counter[str]:
    """How often each command ran, by the first words of its task runs."""
    return Counter(name.partition(" · ")[0] for name in names)


async def test_a_synchronous_channel_costs_one_task_run_for_each_command_and_batch(
    make_world: Callable[..., World],
) -> None:
    """None for each object; and no tags, for each would cost a request to Prefect's server with every task run."""
    world = make_world(failing=0)
    recorded = await run(world, insert_products, batch_size=6)
    summary = await summary_of(recorded)
    assert (summary.outcome, summary.counts, summary.batches) == (RunOutcome.completed, {"integrated": 12}, 2)
    assert_converged(world)
    assert re.fullmatch(rf"insert products · channel 6 · {MOMENT}", recorded.run.name)
    task_runs = await recorded.task_runs(23)
    once = ("batch request update", "send inserted products", "process product batch requests")
    assert commands([row.name for row in task_runs]) == {
        "get inserted products": 3,  # the last finds nothing due
        **dict.fromkeys((*ENRICHMENT, *REPORTS, *once), 2),
    }
    assert [row.name for row in task_runs if row.tags] == []


async def test_an_asynchronous_channel_is_verified_in_a_run_of_its_own(make_world: Callable[..., World]) -> None:
    world = make_world(failing=0, asynchronous=True)
    sent = await run(world, insert_products)
    assert (await summary_of(sent)).counts == {"accepted": 12}
    (remote_batch_id,) = (await summary_of(sent)).remote_batches
    verified = await run(world, verify_batch, remote_batch_id=remote_batch_id, wait=60)
    assert (await summary_of(verified)).counts == {"integrated": 12}
    assert_converged(world)
    assert re.fullmatch(rf"verify batch {remote_batch_id} · channel 6 · {MOMENT}", verified.run.name)
    assert commands([row.name for row in await sent.task_runs(11)]) == {
        **dict.fromkeys(("get inserted products", *ENRICHMENT, "send inserted products", *REPORTS), 1),
        "batch request update": 2,
    }
    names = [row.name for row in await verified.task_runs(6)]
    assert commands(names)["get batch requests"] == 1
    assert commands(names)["process product batch requests"] == 1


async def test_the_name_of_a_task_run_says_what_it_does_to_how_much_of_which_batch(
    make_world: Callable[..., World],
) -> None:
    world = make_world(failing=0)
    names = [row.name for row in await (await run(world, insert_products)).task_runs(10)]
    batch = batches(world)[0]["local_batch_id"][:8]
    assert names[0] == "get inserted products"
    assert [name for name in names[1:] if not name.endswith(f" · batch {batch}")] == []
    assert f"send inserted products · 12 objects · batch {batch}" in names
    assert [name for name in names if re.search(r"\b1 objects|_|[A-Z]", name)] == []


async def test_the_batches_of_a_run_have_names_that_differ(make_world: Callable[..., World]) -> None:
    world = make_world(failing=0, products=4)
    names = [row.name for row in await (await run(world, insert_products, batch_size=2)).task_runs(23)]
    sends = [name for name in names if name.startswith("send")]
    assert len(sends) == len(set(sends)) == 2


async def test_the_artifact_of_a_run_tells_what_happened_and_lists_the_failures(
    make_world: Callable[..., World],
) -> None:
    """Under a key that holds the channel: two channels on one server must not overwrite each other's."""
    world = make_world(failing=0.5)
    recorded = await run(world, insert_products)
    summary = await summary_of(recorded)
    assert summary.counts == {"integrated": 6, "failed": 6}
    text = await artifact_of(recorded, "insert-products-channel-6")
    assert text.startswith("# Insert products: completed\n")
    assert "6 integrated, 6 failed" in text
    assert "\n| sku | reason | message | batch |\n" in text
    (batch,) = batches(world)
    link = re.escape(
        f"[{batch['local_batch_id'][:8]}]({world.settings.OMNITRON_URL}/api/v1/channel/6/batch_requests/1/)"
    )
    rows = re.findall(rf"^\| (\S+) \| (\S+) \| .+ \| {link} \|$", text, re.MULTILINE)
    assert Counter(code for _, code in rows) == summary.failures
    assert {row["sku"] for row in world.products if row["pk"] in world.hub.defects} <= {sku for sku, _ in rows}
    assert [row["status"] for row in batches(world)] == [BatchRequestStatus.done]


async def test_the_log_of_a_run_holds_no_line_for_each_task_that_ended_well(
    make_world: Callable[..., World], caplog: pytest.LogCaptureFixture
) -> None:
    """They would drown what is said about batches."""
    caplog.set_level(logging.DEBUG, "prefect")
    await run(make_world(failing=0), insert_products)
    said = [record.getMessage() for record in caplog.records if record.name == "prefect.task_runs"]
    assert [line for line in said if "Finished in state" in line] == []


async def test_a_run_whose_artifact_prefect_does_not_take_is_no_failure(
    make_world: Callable[..., World], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Its work is done; the log says where its summary stands."""

    async def refuse(**_: Any) -> None:
        raise httpx.ReadTimeout("")

    monkeypatch.setattr(artifact, "acreate_markdown_artifact", refuse)
    world = make_world(failing=0, products=2)
    recorded = await run(world, insert_products)
    assert recorded.run.state_name == "Completed"
    assert "Prefect's API did not keep the run's artifact (ReadTimeout)." in caplog.text
    assert_converged(world)
