"""Whatever a connector answers, the pipeline is told an outcome, or an error that says what was due."""

from collections.abc import AsyncIterator, Callable, Iterator
from datetime import UTC, datetime
from typing import Any, ClassVar

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clients.errors import ContractError
from clients.runtime import Runtime
from dto.batches import (
    BatchRequestResponseDto,
    ImageBatchRequestResponseDto,
    OrderBatchRequestResponseDto,
    ProductBatchRequestResponseDto,
)
from dto.enums import ContentType, ResponseStatus
from dto.omnitron import Channel
from dto.orders import CancelOrderDto, CustomerDto
from dto.outcomes import Accepted, Completed, Fetched, InProgress, ItemResult, Unknown, Unreadable
from dto.reports import ErrorReportDto
from tasks.batch import Batch, Member
from tasks.channel.command import ChannelCommand
from tasks.channel.integration import ChannelIntegration
from tasks.channel.orders import GetCancelledOrders
from tasks.channel.products import CheckProducts, SendInsertedProducts
from tasks.failure import Failure
from tasks.settlement import settle
from tests.clients.support import Sleeper, settings
from tests.harness import hostile

NOW = datetime(2026, 1, 1, tzinfo=UTC)
PERSON = CustomerDto("canary@example.com", "Canaryfirst", "Canarylast", "c-1")
REPORT = ErrorReportDto("product", 1, NOW)
RESULT = ProductBatchRequestResponseDto(ResponseStatus.success, "1", "R1")
ORDER = CancelOrderDto("N1", ["1"], {"1": "late"})


class OwnError(Exception):
    """What a connector's SDK raises."""


class Contrary:
    """Neither true nor false, nor equal to anything, as the arrays of numeric libraries are."""

    def __repr__(self) -> str:
        return "Canarylast"

    def __bool__(self) -> bool:
        raise OwnError("neither")

    def __eq__(self, other: object) -> bool:
        raise OwnError("unlike anything")

    __hash__ = object.__hash__


def breaking(answer: Any) -> Iterator[Any]:
    yield answer
    raise OwnError("page 2")


async def later(answer: Any) -> AsyncIterator[Any]:
    yield answer


async def breaking_later(answer: Any) -> AsyncIterator[Any]:
    yield answer
    raise OwnError("page 2")


known: st.SearchStrategy[Any] = st.sampled_from(
    [
        *(
            RESULT,
            REPORT,
            ORDER,
            PERSON,
            Unreadable("N2", "no"),
            {"first_name": "Canaryfirst"},
            NOW,
            b"\xff",
            Contrary(),
        ),
        *(
            ImageBatchRequestResponseDto(ResponseStatus.fail, 1),
            OrderBatchRequestResponseDto(ResponseStatus.fail, "1", "N"),
        ),
        *(
            InProgress(),
            Unknown("gone"),
            Accepted("r1"),
            Accepted(""),
            Completed(()),
            Fetched(()),
            Completed,
            ORDER.__class__,
        ),
        *("", None, 0, False, float("nan"), "PENDING", ResponseStatus.fail, {RESULT}, {}),
    ]
)
leaves = known | hostile.scalars
nested = st.recursive(
    leaves,
    lambda inner: st.one_of(
        st.lists(inner, max_size=4),
        st.lists(inner, max_size=4).map(tuple),
        st.tuples(inner, inner, inner),
        st.dictionaries(st.text(max_size=3), inner, max_size=2),
        st.builds(Completed, inner, inner),
        st.builds(Accepted, inner, inner, inner),
        st.builds(InProgress, inner),
        st.builds(Fetched, inner, inner, inner),
    ),
    max_leaves=8,
)
FORMS: list[Callable[[Any], Any]] = [
    *([lambda answer: answer] * 4),
    lambda answer: ([answer], [REPORT], None),
    lambda answer: ([RESULT], answer, None),
    lambda answer: iter([answer]),
    lambda answer: (item for item in [answer, ORDER]),
    breaking,
    later,
    breaking_later,
]


class Told:
    """Answers what it is told to."""

    answer: Any = None

    async def send(self, _: Any) -> Any:
        return self.answer


class Send(Told, SendInsertedProducts):
    """Products."""


class Check(Told, CheckProducts):
    """Results."""


class Fetch(Told, GetCancelledOrders):
    """Cancellations."""


class Connector(ChannelIntegration):
    name = "told"
    actions: ClassVar = {Send.key: Send, Check.key: Check, Fetch.key: Fetch}


def connector() -> ChannelIntegration:
    """One that is connected to nothing."""
    runtime = Runtime(settings(), Sleeper())
    return Connector(Channel(pk=6), runtime)


async def caught(command: ChannelCommand[Any, Any]) -> Any:
    """What it answers, or which of the two errors it ends with."""
    try:
        return await command.run()
    except (ContractError, OwnError) as error:
        return error


@pytest.mark.parametrize("command", [Send, Check, Fetch])
@hostile.many
@given(answer=nested, form=st.sampled_from(FORMS), remote_batch_id=st.sampled_from([None, None, "r1", 7]))
async def test_a_bad_answer_is_an_outcome_or_a_contract_error(
    command: type[ChannelCommand[Any, Any]], answer: Any, form: Callable[[Any], Any], remote_batch_id: Any
) -> None:
    """Or the connector's own error, where its generator raises one. No message quotes what came."""
    channel = connector()
    batch = channel.batch_request = Batch(None, ContentType.product)  # type: ignore[arg-type]
    batch.remote_batch_id = remote_batch_id
    told = form(answer)
    parameters: dict[str, Any] = {"since": NOW} if command is Fetch else {}
    asked = command(channel, objects=[], **parameters)
    asked.answer = told  # type: ignore[attr-defined]
    outcome = await caught(asked)
    if isinstance(outcome, OwnError):
        assert command is Fetch
        return
    if isinstance(outcome, ContractError):
        assert f"`{command.key}`" in outcome.message
        assert "Canary" not in outcome.message
        assert "\n" not in outcome.message
        return
    assert all(isinstance(report, ErrorReportDto) for report in outcome.reports)
    match outcome:
        case Completed(results):
            assert command is not Fetch
            assert all(isinstance(result, ItemResult) for result in results)
        case Accepted(given_id, rejected):
            assert command is Send
            assert given_id and batch.remote_batch_id == str(given_id)
            assert all(isinstance(result, ItemResult) for result in rejected)
        case InProgress() | Unknown():
            assert command is Check
        case Fetched(items, _, unreadable):
            assert command is Fetch
            assert all(isinstance(item, CancelOrderDto) for item in items)
            assert all(isinstance(row, Unreadable) for row in unreadable)
        case _:
            pytest.fail(f"no outcome: {type(outcome)}")


# -- settling ----------------------------------------------------------------------------------------------------------

KEYS = ["a", "b", "c"]
REMOTE_IDS = ["R1", "R2", "R3", "", None, "a"]
statuses = st.sampled_from(ResponseStatus)
remote_ids = st.sampled_from(REMOTE_IDS)
keys = st.sampled_from([*KEYS, "x", ""])
messages = st.sampled_from(["", None, "no"])
results = st.one_of(
    st.builds(ProductBatchRequestResponseDto, status=statuses, sku=keys, remote_id=remote_ids, message=messages),
    st.builds(BatchRequestResponseDto, status=statuses, remote_id=remote_ids, sku=keys | st.none()),
    st.builds(OrderBatchRequestResponseDto, status=statuses, remote_id=remote_ids.map(str), number=keys),
    st.builds(ImageBatchRequestResponseDto, status=statuses, pk=st.integers(0, 5), remote_id=remote_ids),
)


@st.composite
def batches(draw: st.DrawFn) -> Batch:
    """Products, some of them known to the channel, with what travels with them; or images, several a product."""
    kind = draw(st.sampled_from([ContentType.product, ContentType.product_image, ContentType.order]))
    batch = Batch(None, kind)  # type: ignore[arg-type]
    taken: dict[str, str | None] = {}
    for pk in range(1, draw(st.integers(0, 5)) + 1):
        reference = (kind, pk)
        key = draw(st.sampled_from(KEYS)) if kind is ContentType.product_image else (*KEYS, "d", "e")[pk - 1]
        remote_id = taken.setdefault(key, draw(st.sampled_from([None, None, f"R{len(taken) + 1}"])))
        batch.add(Member(*reference, NOW, owner=reference, key=key, remote_id=remote_id, committed=True))
        if kind is ContentType.product and draw(st.booleans()):
            travels = Member(ContentType.product_price, pk, NOW, owner=reference, committed=draw(st.booleans()))
            batch.add(travels)
    for member in list(batch.of_type()):
        if not draw(st.integers(0, 5)):
            batch.fail_member(Failure(member, member.content_type, "failed before it was sent"))
    return batch


@hostile.many
@given(batch=batches(), first=st.lists(results, max_size=4), lines=st.lists(results, max_size=8))
def test_any_results_settle_any_batch(batch: Batch, first: list[Any], lines: list[Any]) -> None:
    """What was refused at once, then the rest: every object ends settled or failed, none with another's name."""
    failed_before = {member.object_key: member.failure for member in batch.of_type() if member.failure}
    settle(batch, [line for line in first if line.status is ResponseStatus.fail], partial=True)
    waiting = len(batch.waiting())
    odd = settle(batch, lines)

    assert batch.waiting() == []
    for member in batch.members.values():
        assert member.settled is (member.failure is None)
        assert bool(member.remote_id) is member.settled
    assert all(batch.members[reference].failure is failure for reference, failure in failed_before.items())

    bound: dict[str, set[str]] = {}
    for member in batch.of_type():
        if member.remote_id and member.key:
            bound.setdefault(member.remote_id, set()).add(member.key)
    assert [names for names in bound.values() if len(names) > 1] == []

    assert odd.counts["missing"] <= waiting
    assert sum(odd.counts.values()) <= 2 * len(lines) + 2 * len(list(batch.of_type()))
    assert all(count > 0 for count in odd.counts.values())
    assert odd.counts["unknown"] <= len(lines)
