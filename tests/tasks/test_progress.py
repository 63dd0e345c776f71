"""How far a step is, and what the UI calls a task run."""

import logging
from datetime import UTC, datetime

import pytest

from dto.enums import ContentType
from dto.omnitron import IntegrationAction
from tasks.batch import Batch
from tasks.channel.setup import GetCategoryAttributes
from tasks.omnitron.journal.batch_requests import BatchRequestUpdate
from tasks.prefect_tasks import _title
from tasks.progress import Progress
from tests.world.loopback import World
from tests.world.shop import opened


class Ticking:
    """A clock that moves on by so much whenever it is read."""

    def __init__(self, seconds: float) -> None:
        self.seconds, self.moment = seconds, 0.0

    def now(self) -> datetime:
        return datetime(2026, 1, 1, tzinfo=UTC)

    def monotonic(self) -> float:
        self.moment += self.seconds
        return self.moment

    async def sleep(self, seconds: float) -> None:
        raise NotImplementedError


def test_a_long_step_says_how_much_of_how_much_is_done(caplog: pytest.LogCaptureFixture) -> None:
    """Once a second, and not at its end: what comes after it says that."""
    caplog.set_level(logging.INFO)
    progress = Progress("mapping", 3_000, Ticking(0.5), logging.getLogger("test"))
    for _ in range(4):
        progress.step(750)
    assert caplog.messages == ["mapping: 1,500 of 3,000"]


async def test_a_command_for_a_batch_says_which(world: World, caplog: pytest.LogCaptureFixture) -> None:
    """Also where the integration has none of its own, as in a run that verifies many."""
    caplog.set_level(logging.INFO)
    async with opened(world, create_batch=False) as hub:
        batch = Batch(hub.client, ContentType.product)
        await batch.create()

        async def slow(_: int) -> None:
            world.clock.advance(2)

        await BatchRequestUpdate(hub, batch_request=batch).for_each([1, 2], slow, "mapping")
    assert f"[channel 6 · product · batch {batch.name}] mapping: 1 of 2" in caplog.messages


async def test_a_task_run_says_where_it_moves_a_batch_and_which_category_it_looks_at(world: World) -> None:
    action = IntegrationAction.model_validate(
        {
            "pk": 1,
            "content_type": {"id": 1, "model": "categorynode"},
            "object_id": 7,
            "remote_id": "c-17",
            "status": "success",
        }
    )
    async with opened(world, create_batch=False) as hub:
        assert _title(BatchRequestUpdate, hub, {"status": "done"}) == "batch request update · to done"
        assert _title(GetCategoryAttributes, hub, {"objects": action}) == (
            "get category attributes · categorynode c-17"
        )
