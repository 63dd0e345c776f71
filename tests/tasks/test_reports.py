"""What the merchant and the operator are told."""

from datetime import UTC, datetime

import pytest

from deployments.sandbox.base.faults import Fault
from dto.enums import BatchRequestStatus, ContentType, FailedReasonType
from dto.reports import ErrorReportDto, OperationalEventDto
from tasks.failure import Failure
from tasks.omnitron.catalogue.products import GetInsertedProducts
from tasks.omnitron.journal.batch_requests import BatchRequestUpdate
from tasks.omnitron.journal.reports import CreateErrorReport, CreateOperationalEvent
from tests.world.loopback import World
from tests.world.shop import opened, reports, requests_of

LINE = ErrorReportDto(
    "product", 1001, datetime(2026, 1, 1, tzinfo=UTC), error_code="code", error_description="what happened"
)
EVENT = OperationalEventDto.from_error_report(LINE)


async def test_a_report_is_written_as_the_contract_says(world: World) -> None:
    """Content types by id; the channel is the target."""
    async with opened(world, create_batch=False) as hub:
        assert await hub.do_action(CreateErrorReport, objects=LINE) == 1
    (row,) = reports(world)
    assert {
        name: row[name] for name in ("action_object_id", "target_object_id", "error_code", "error_desc", "is_ok")
    } == {
        "action_object_id": 1001,
        "target_object_id": 6,
        "error_code": "code",
        "error_desc": "what happened",
        "is_ok": False,
    }
    assert row["obj_modified_date"] == "2026-01-01T00:00:00.000000Z"
    assert (row["action_content_type"], row["target_content_type"]) == (12, 22)


async def test_the_code_of_a_failure_is_made_of_batch_command_object_and_version(world: World) -> None:
    """So that a repeated report is recognised."""
    async with opened(world, ContentType.product) as hub:
        (product,) = await hub.do_action(GetInsertedProducts, limit=1)
        batch = hub.batch_request
        assert batch
        failure = Failure(
            product, "product", "no price", FailedReasonType.channel_app, "PriceNotFound", "get_product_prices"
        )
        batch.fail_member(failure)
        await hub.do_action(BatchRequestUpdate, status=BatchRequestStatus.commit)
        version = f"{product.modified_date:%Y%m%dT%H%M%S%f}"
        (row,) = reports(world)
        assert row["error_code"] == f"{batch.local_batch_id}-get_product_prices-product-1001-{version}"
        assert row["error_desc"] == "PriceNotFound: no price"


async def test_reports_and_events_carry_no_secret_and_no_personal_data(world: World) -> None:
    """Wherever they stand in the line."""
    secrets = ["hunter22", "sandbox-password-1", "ayse@example.com", "+90 555 123 45 67"]
    text = '{"password": "hunter22", "authorization": "Token abc.def"} '
    text += "of ayse@example.com, +90 555 123 45 67, sandbox-password-1"
    line = LINE.model_copy(update={"error_description": text, "raw_request": text, "raw_response": text})
    async with opened(world, create_batch=False) as hub:
        hub.runtime.redactor.learn("sandbox-password-1")
        await hub.do_action(CreateErrorReport, objects=[line])
        await hub.do_action(CreateOperationalEvent, objects=[OperationalEventDto.from_error_report(line)])
    written = str(reports(world)) + str(list(world.events))
    assert [secret for secret in [*secrets, "abc.def"] if secret in written] == []


async def test_long_bodies_are_cut(world: World) -> None:
    line = LINE.model_copy(update={"raw_response": "x" * 100_000})
    async with opened(world, create_batch=False) as hub:
        await hub.do_action(CreateErrorReport, objects=line)
    assert len(reports(world)[0]["raw_response"]) < 5_000


@pytest.mark.parametrize("status", [400, 403, 404, 500])
async def test_a_report_that_is_refused_is_counted_out_and_breaks_nothing(world: World, status: int) -> None:
    """The others are written."""
    async with opened(world, create_batch=False) as hub:
        world.hub.faults.add(Fault("status", method="POST", path="error_reports", status=status, times=None))
        assert await hub.do_action(CreateErrorReport, objects=[LINE, LINE]) == 0
        world.hub.faults.clear()
        assert await hub.do_action(CreateErrorReport, objects=[LINE, LINE]) == 2


async def test_a_report_about_an_unknown_type_breaks_nothing(world: World) -> None:
    async with opened(world, create_batch=False) as hub:
        odd = LINE.model_copy(update={"action_content_type": "spaceship"})
        assert await hub.do_action(CreateErrorReport, objects=[odd, LINE]) == 1


async def test_a_hub_without_events_is_asked_once(world: World) -> None:
    """404: skipped quietly from then on."""
    async with opened(world, create_batch=False) as hub:
        world.hub.faults.add(Fault("status", path="operational_events", status=404, times=None))
        with requests_of(world) as seen:
            assert await hub.do_action(CreateOperationalEvent, objects=EVENT) == 0
            assert await hub.do_action(CreateOperationalEvent, objects=[EVENT, EVENT]) == 0
        assert len(seen) == 1


async def test_an_event_that_fails_otherwise_is_tried_again_with_the_next(world: World) -> None:
    async with opened(world, create_batch=False) as hub:
        world.hub.faults.add(Fault("status", path="operational_events", status=400))
        assert await hub.do_action(CreateOperationalEvent, objects=EVENT) == 0
        assert await hub.do_action(CreateOperationalEvent, objects=[EVENT, EVENT]) == 2
    row = next(iter(world.events))
    assert (row["event_type"], row["level"], row["action_content_type"]) == ("product_error", "error", "product")
