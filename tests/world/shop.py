"""A hand on both local systems, for tests of commands and flows."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any

from clients import runtime as runtimes
from clients.variables import MemoryVariables
from dto.enums import ContentType
from dto.omnitron import Product
from dto.summary import RunSummary
from flows.run import RunFailedError
from tasks.channel.integration import ChannelIntegration, load_channel
from tasks.omnitron.integration import OmnitronIntegration
from tests.world.loopback import World

CHANNEL = "/api/v1/channel/6/"
BATCHES = f"{CHANNEL}batch_requests/"

Row = dict[str, Any]


def assert_clean(world: World) -> None:
    """No client broke the contract, and no older version overwrote a newer one."""
    assert world.hub.violations == []
    assert world.market.violations == []


def use_connector(world: World, name: str) -> None:
    """The connector that the world's settings name from now on."""
    world.settings = world.settings.model_copy(update={"CHANNEL_MODULE": name})


@asynccontextmanager
async def opened(
    world: World, content_type: ContentType | None = None, **arguments: Any
) -> AsyncIterator[OmnitronIntegration]:
    """Omnitron's side, open."""
    runtime = world.runtime()
    async with OmnitronIntegration(content_type=content_type, runtime=runtime, **arguments) as hub:
        yield hub


@asynccontextmanager
async def opened_channel(hub: OmnitronIntegration) -> AsyncIterator[ChannelIntegration]:
    """The channel's side that the settings name."""
    async with load_channel(hub.runtime)(hub.channel, hub.runtime) as channel:
        yield channel


async def run(world: World, flow: Any, **parameters: Any) -> RunSummary:
    """One run of a flow, without Prefect."""
    with runtimes.using(world.runtime()):
        summary: RunSummary = await flow.fn(**parameters)
    return summary


async def attempt(world: World, flow: Any, **parameters: Any) -> RunSummary:
    """The summary of a run, however it ends."""
    try:
        return await run(world, flow, **parameters)
    except RunFailedError as error:
        return error.summary


def kept(world: World) -> dict[str, Any]:
    """The variables that runs have left, by name."""
    assert isinstance(world.variables, MemoryVariables)
    return world.variables.kept


def log_ins(world: World) -> int:
    """How many log-ins Omnitron was asked for."""
    return sum("auth/login" in path for _, path, _ in world.hub.requests)


def action(world: World, pk: int, content_type: str = "product") -> Row | None:
    """The hub's action of an object."""
    found = [row for row in world.actions if row["object_id"] == pk and row["content_type"]["model"] == content_type]
    assert len(found) <= 1
    return found[0] if found else None


def actions(world: World, content_type: str = "product") -> list[Row]:
    """All actions of a type."""
    return [row for row in world.actions if row["content_type"]["model"] == content_type]


def batches(world: World) -> list[Row]:
    """All batches, the oldest first."""
    return list(world.batches.table)


def reports(world: World, model: str | None = None) -> list[Row]:
    """The merchant's log, or its lines about one type."""
    rows = list(world.reports)
    if model is None:
        return rows
    kinds = {row["content_type"]["id"] for row in world.actions if row["content_type"]["model"] == model}
    return [row for row in rows if row["action_content_type"] in kinds]


def product_reports(world: World) -> list[Row]:
    """Lines about products that failed."""
    return [row for row in reports(world) if row["action_content_type"] == 12]


def asked(world: World) -> list[tuple[str, str]]:
    """Requests to the hub so far, log-ins left out."""
    return [(method, path) for method, path, _ in world.hub.requests if "auth/login" not in path]


def writes(world: World) -> list[tuple[str, str]]:
    """Requests that change something."""
    return [request for request in asked(world) if request[0] != "GET"]


@contextmanager
def requests_of(world: World) -> Iterator[list[Any]]:
    """The requests that are sent meanwhile, to either system."""
    seen: list[Any] = []
    before = world.hook

    def note(number: int, request: Any, moment: str) -> None:
        before(number, request, moment)
        if moment == "before" and "auth/login" not in request.url.path:
            seen.append(request)

    world.hook = note
    yield seen
    world.hook = before


def skus(world: World) -> dict[int, str]:
    """Each product's sku."""
    return {row["pk"]: row["sku"] for row in world.products}


def good(world: World) -> set[int]:
    """Products without a defect."""
    return set(skus(world)) - set(world.hub.defects)


def listed(products: list[Product]) -> list[int]:
    """Their keys."""
    return [product.pk for product in products]


def assert_converged(world: World) -> None:
    """Every product is integrated at its version, or failed; nothing is open or under way."""
    assert world.hub.counts()["open_batches"] == {}
    standing = world.hub.counts()["objects"]
    assert [row["processing"] for row in standing.values()] == [0] * len(standing)
    rows = {row["object_id"]: row for row in actions(world)}
    for pk, product in world.products.rows.items():
        row = rows[pk]
        if pk in world.hub.defects:
            assert row["status"] == "error"
            assert row["state"]["failed_reason_type"] in ("mapping", "channel_app", "remote")
        else:
            assert row["status"] == "success"
            assert row["version_date"] == product["modified_date"]
            assert world.market.items[product["sku"]]["version"] == product["modified_date"]
            assert row["remote_id"] == world.market.items[product["sku"]]["remote_id"]
