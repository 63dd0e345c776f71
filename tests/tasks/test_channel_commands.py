"""However a connector answers, the pipeline is told one of a few outcomes."""

from collections.abc import AsyncIterator
from dataclasses import field
from datetime import UTC, datetime
from functools import partial
from typing import Any, ClassVar

import pytest

from clients.errors import ChannelAppError, ContractError
from dto.batches import ProductBatchRequestResponseDto
from dto.enums import ContentType, FailedReasonType, ResponseStatus
from dto.omnitron import Product
from dto.outcomes import Accepted, Completed, InProgress, Unknown
from dto.reports import ErrorReportDto
from tasks.batch import Batch, Member
from tasks.channel.integration import ChannelIntegration
from tasks.channel.products import CheckProducts, SendInsertedProducts
from tests.world.loopback import World
from tests.world.shop import opened, opened_channel

RESULT = ProductBatchRequestResponseDto(ResponseStatus.success, "1", "R1")
REPORT = ErrorReportDto("product", 1, datetime(2026, 1, 1, tzinfo=UTC))


class Send(SendInsertedProducts):
    """Answers what it is told to, in the documented form, from `normalize_response` of a plain `send`."""

    objects: list[Product] = field(default_factory=list, kw_only=False)
    answer: Any = None
    remote_batch_id: Any = None

    def send(self, data: Any) -> Any:
        if self.remote_batch_id is not None:
            self.batch_request.remote_batch_id = self.remote_batch_id
        return self.answer


class Check(CheckProducts):
    objects: Any = None
    answer: Any = None

    async def send(self, batch: Batch) -> Any:
        return self.answer() if callable(self.answer) else self.answer


class Connector(ChannelIntegration):
    name = "told"
    actions: ClassVar = {Send.key: Send, Check.key: Check}


@pytest.fixture
async def channel(world: World) -> AsyncIterator[ChannelIntegration]:
    """A connector with a batch of two products."""
    async with opened(world) as hub:
        connector = Connector(hub.channel, hub.runtime)
        batch = connector.batch_request = Batch(hub.client, ContentType.product)
        for pk in (1, 2):
            reference = (ContentType.product, pk)
            batch.add(Member(*reference, datetime(2026, 1, 1, tzinfo=UTC), owner=reference, key=str(pk)))
        yield connector


async def test_the_synchronous_triple_is_completed(channel: ChannelIntegration) -> None:
    """`return response_data, report, data`."""
    outcome = await channel.do_action(Send, answer=([RESULT], [REPORT], {"any": 1}))
    assert outcome == Completed((RESULT,), (REPORT,))


async def test_a_single_report_and_none_are_fine(channel: ChannelIntegration) -> None:
    assert await channel.do_action(Send, answer=([RESULT], REPORT, None)) == Completed((RESULT,), (REPORT,))
    assert await channel.do_action(Send, answer=([RESULT], None, None)) == Completed((RESULT,), ())


@pytest.mark.parametrize("empty", ["", None, []])
async def test_the_asynchronous_triple_is_accepted(channel: ChannelIntegration, empty: Any) -> None:
    """`self.batch_request.remote_batch_id = ...; return "", report, data`."""
    outcome = await channel.do_action(Send, answer=(empty, [REPORT], {}), remote_batch_id="r1")
    assert outcome == Accepted("r1", (), (REPORT,))
    assert channel.batch_request and channel.batch_request.remote_batch_id == "r1"


@pytest.mark.parametrize("blank", ["", "  ", "\u00a0"])
async def test_a_blank_remote_batch_id_is_no_id(channel: ChannelIntegration, blank: str) -> None:
    """Nobody could ask about such a batch: its objects would be under way until the deadline."""
    with pytest.raises(ContractError):
        await channel.do_action(Send, answer=("", [], {}), remote_batch_id=blank)
    with pytest.raises(ContractError):
        await channel.do_action(Send, answer=Accepted(blank))
    assert await channel.do_action(Send, answer=([RESULT], [], {}), remote_batch_id=blank) == Completed((RESULT,))


class Reading(Send):
    """Reads each line of the channel's answer by itself."""

    def normalize_response(self, data: Any, validated_data: Any, transformed_data: Any, response: Any) -> Any:
        rows = self.build_each(response, lambda row: ProductBatchRequestResponseDto(**row), lambda row: row["sku"])
        return rows, [], data


async def test_a_line_of_the_answer_that_cannot_be_read_comes_along_with_its_name(channel: ChannelIntegration) -> None:
    good = {"status": ResponseStatus.success, "sku": "1", "remote_id": "R1"}
    odd = {**good, "sku": "2", "remote_id": ["R2"]}
    outcome = await Reading(channel, answer=[good, odd]).run()
    assert isinstance(outcome, Completed)
    assert outcome.results == (RESULT.model_copy(update={"message": ""}),)
    ((name, why),) = [(row.name, row.why) for row in outcome.unreadable]
    assert (name, why) == ("2", "remote_id: Input should be a valid string")
    alone = await Reading(channel, answer=[odd]).run()
    assert isinstance(alone, Completed) and alone.results == ()
    later = await Reading(channel, answer=[odd], remote_batch_id="r1").run()
    assert later == Accepted("r1", unreadable=outcome.unreadable)


async def test_a_number_as_remote_batch_id_is_text_everywhere(channel: ChannelIntegration) -> None:
    """`response.get("remote_batch_request_id")` is a number on some channels."""
    outcome = await channel.do_action(Send, answer=("", [], {}), remote_batch_id=4711)
    assert outcome == Accepted("4711")
    assert channel.batch_request and channel.batch_request.remote_batch_id == "4711"


async def test_an_asynchronous_triple_may_refuse_some_at_once(channel: ChannelIntegration) -> None:
    refused = ProductBatchRequestResponseDto(ResponseStatus.fail, "2", message="no")
    outcome = await channel.do_action(Send, answer=([refused], [], {}), remote_batch_id="r1")
    assert outcome == Accepted("r1", (refused,))


async def test_failed_object_list_reaches_the_batch(channel: ChannelIntegration) -> None:
    """As documented, in an asynchronous process too."""

    class Refusing(Send):
        def send(self, products: list[Product]) -> Any:
            self.failed_object_list.append((products[0], ContentType.product.value, "Product has not been sent"))
            return super().send(products)

    command = Refusing(channel, objects=[Product(pk=1, sku="1")], answer=("", [], {}), remote_batch_id="r1")
    assert await command.run() == Accepted("r1")
    assert channel.batch_request
    assert [m.failure and m.failure.message for m in channel.batch_request.of_type()] == [
        "Product has not been sent",
        None,
    ]


async def test_a_send_that_fails_all_its_objects_needs_no_results(channel: ChannelIntegration) -> None:
    """It called the channel for none of them."""

    class Refusing(Send):
        def send(self, products: list[Product]) -> Any:
            for product in products:
                self.fail(product, FailedReasonType.channel_app, "It has no name.")
            return super().send(products)

    command = Refusing(channel, objects=[Product(pk=1, sku="1")], answer=("", [], {}))
    assert await command.run() == Completed(())


@pytest.mark.parametrize("answer", [Completed((RESULT,)), Accepted("r9", (RESULT,))], ids=["completed", "accepted"])
async def test_typed_outcomes_pass_as_they_are(channel: ChannelIntegration, answer: Any) -> None:
    assert await channel.do_action(Send, answer=answer) == answer
    assert channel.batch_request
    assert channel.batch_request.remote_batch_id == ("r9" if isinstance(answer, Accepted) else None)


NONSENSE: dict[str, Any] = {
    "nothing": None,
    "true": True,
    "a text": "ok",
    "a list": [RESULT],
    "a pair": ([RESULT], []),
    "results that are no list": ("done", [], {}),
    "results that are a dict": ({"sku": 1}, [], {}),
    "results that are dicts": ([{"sku": "1", "status": "SUCCESS"}], [], {}),
    "reports that are texts": ([RESULT], ["went well"], {}),
    "an empty triple": ("", [], {}),
    "accepted without an id": Accepted(""),
    "in progress": InProgress(),
    "completed with dicts": Completed(({"sku": "1"},)),  # type: ignore[arg-type]
    "completed with a text": Completed("ok"),  # type: ignore[arg-type]
    "accepted with dicts": Accepted("r1", ({"sku": "1"},)),  # type: ignore[arg-type]
}


@pytest.mark.parametrize("answer", NONSENSE.values(), ids=NONSENSE)
async def test_a_nonsense_answer_to_a_send_is_a_contract_error_that_says_what_was_due(
    channel: ChannelIntegration, answer: Any
) -> None:
    """It names the connector, the command, what came and what a send answers."""
    with pytest.raises(ContractError) as caught:
        await channel.do_action(Send, answer=answer)
    assert "`send_inserted_products`" in caught.value.message
    assert "`told`" in caught.value.message
    assert "\n" not in caught.value.message


@pytest.mark.parametrize("answer", [None, Accepted("r1"), "done", [RESULT], Completed(({"sku": "1"},))])  # type: ignore[arg-type]
async def test_a_nonsense_answer_to_a_check_is_a_contract_error(channel: ChannelIntegration, answer: Any) -> None:
    with pytest.raises(ContractError, match="`check_products`"):
        await channel.do_action(Check, answer=answer)


@pytest.mark.parametrize("reports", [("no report",), "no report", None])
@pytest.mark.parametrize("outcome", [InProgress, partial(Unknown, "gone")])
async def test_the_reports_of_a_check_are_reports(channel: ChannelIntegration, outcome: Any, reports: Any) -> None:
    with pytest.raises(ContractError, match="answered `check_products`"):
        await channel.do_action(Check, answer=outcome(reports=reports))


@pytest.mark.parametrize("answer", [Completed((RESULT,)), InProgress(), Unknown("gone")])
async def test_a_check_answers_one_of_three(channel: ChannelIntegration, answer: Any) -> None:
    assert await channel.do_action(Check, answer=answer) == answer


async def test_a_check_may_answer_the_triple(channel: ChannelIntegration) -> None:
    """With results it is finished, without it is not."""
    assert await channel.do_action(Check, answer=([RESULT], [REPORT], {})) == Completed((RESULT,), (REPORT,))
    assert await channel.do_action(Check, answer=("", [REPORT], {})) == InProgress((REPORT,))


@pytest.mark.parametrize("status", ["PENDING", "", None, "success", True])
async def test_another_status_than_success_or_fail_is_an_error_and_no_success(
    channel: ChannelIntegration, status: Any
) -> None:
    """What is neither is not done."""

    def build() -> Any:
        return [ProductBatchRequestResponseDto(status=status, sku="1", remote_id="R1")], [], {}

    with pytest.raises(
        ContractError,
        match=r"`told` built an invalid ProductBatchRequestResponseDto in `check_products`.*status.*_commands.py, line",
    ):
        await channel.do_action(Check, answer=build)


async def test_a_nonsense_answer_is_quoted_without_secrets(channel: ChannelIntegration) -> None:
    """And shortened."""
    with pytest.raises(ContractError) as caught:
        await channel.do_action(Send, answer={"password": "hunter22", "rest": "x" * 5_000})
    assert "hunter22" not in caught.value.message
    assert len(caught.value.message) < 1_000


async def test_a_report_of_a_call_names_batch_and_command_without_secrets(channel: ChannelIntegration) -> None:
    """`create_report` takes any value."""
    command = Send(channel)
    assert channel.batch_request
    channel.batch_request.local_batch_id = "local-1"
    (report,) = command.create_report({"token": "s3cr3t-value", "sku": "1"}, is_ok=False)
    assert report.error_code.startswith("local-1-Channel-Send-")
    assert (report.action_content_type, report.is_ok) == ("batchrequest", False)
    assert "s3cr3t-value" not in report.raw_response
    assert "sku" in report.raw_response


async def test_the_sandbox_connector_needs_a_base_url(world: World) -> None:
    """Missing or unsafe: said with the channel's key, before any request."""
    for base_url in ("", "http://example.com", "ftp://x"):
        world.hub.set_channel(conf={"base_url": base_url})
        async with opened(world) as hub:
            with pytest.raises(
                ChannelAppError, match=r"conf of channel 6 does not suit .* `base_url` .* (missing|cannot)"
            ):
                async with opened_channel(hub):
                    pass
