"""A channel's answers against the objects of a batch."""

from datetime import UTC, datetime

import pytest

from dto.batches import (
    BatchRequestResponseDto,
    ImageBatchRequestResponseDto,
    OrderBatchRequestResponseDto,
    ProductBatchRequestResponseDto,
)
from dto.enums import ContentType, FailedReasonType, ResponseStatus
from dto.outcomes import Unreadable
from tasks.batch import Batch, Member
from tasks.failure import Failure
from tasks.settlement import NAMED_AT_MOST, Irregularities, Unanswered, name_of, settle

OK, FAIL = ResponseStatus.success, ResponseStatus.fail
NOW = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture
def batch() -> Batch:
    """Three products, the first with a price and a stock."""
    made = Batch(None, ContentType.product)  # type: ignore[arg-type]
    for pk, key in enumerate("abc", start=1):
        reference = (ContentType.product, pk)
        made.add(Member(*reference, NOW, owner=reference, key=key, committed=True))
    for kind in (ContentType.product_price, ContentType.product_stock):
        made.add(Member(kind, 1, NOW, owner=(ContentType.product, 1), committed=True))
    return made


def line(
    sku: str, remote_id: str | None = None, status: ResponseStatus = OK, message: str = ""
) -> ProductBatchRequestResponseDto:
    return ProductBatchRequestResponseDto(status=status, sku=sku, remote_id=remote_id or "", message=message)


def standing(batch: Batch) -> dict[str, str | None]:
    """Each product's remote id, or the code of its failure."""
    return {m.key or "": m.failure.code if m.failure else m.remote_id for m in batch.of_type()}


def test_each_object_gets_its_own_result_whatever_the_order(batch: Batch) -> None:
    """Price and stock end with their product."""
    odd = settle(batch, [line("c", "R3"), line("a", "R1"), line("b", status=FAIL, message="no image")])
    assert standing(batch) == {"a": "R1", "b": "Rejected", "c": "R3"}
    assert [m.remote_id for m in batch.members.values() if m.owner == (ContentType.product, 1)] == ["R1"] * 3
    failure = batch.members[(ContentType.product, 2)].failure
    assert failure and (failure.message, failure.reason) == ("no image", FailedReasonType.remote)
    assert odd.counts == {}


def test_what_the_answer_does_not_mention_fails_with_a_message_that_says_so(batch: Batch) -> None:
    """And is counted."""
    odd = settle(batch, [line("a", "R1"), line("b", "R2")])
    failure = batch.members[(ContentType.product, 3)].failure
    assert failure and (failure.code, failure.reason) == ("NotAnswered", FailedReasonType.channel_app)
    assert "does not mention `c`" in failure.message
    assert odd.counts == {"missing": 1}


def test_a_line_that_fits_no_object_is_counted_and_harms_nobody(batch: Batch) -> None:
    odd = settle(batch, [line("a", "R1"), line("b", "R2"), line("c", "R3"), line("x", "R4")])
    assert standing(batch) == {"a": "R1", "b": "R2", "c": "R3"}
    assert odd.counts == {"unknown": 1}
    assert "`x` is not in the batch" in str(odd)


def test_the_same_line_twice_counts_once_for_the_object(batch: Batch) -> None:
    """It is told of, and believed."""
    odd = settle(batch, [line("a", "R1"), line("a", "R1"), line("b", "R2"), line("c", "R3")])
    assert standing(batch) == {"a": "R1", "b": "R2", "c": "R3"}
    assert odd.counts == {"duplicated": 1}


@pytest.mark.parametrize(
    "other",
    [line("a", "R9"), line("a", status=FAIL), line("a", "R1", status=FAIL)],
    ids=["another id", "success and failure", "success and failure under one id"],
)
def test_different_answers_for_one_object_are_not_believed(batch: Batch, other: ProductBatchRequestResponseDto) -> None:
    """The object fails, with price and stock."""
    odd = settle(batch, [line("a", "R1"), other, line("b", "R2"), line("c", "R3")])
    assert standing(batch) == {"a": "ConflictingAnswers", "b": "R2", "c": "R3"}
    assert odd.counts == {"duplicated": 1, "conflicting": 1}
    assert batch.members[(ContentType.product_price, 1)].failure is not None


def test_one_remote_id_for_two_objects_binds_neither(batch: Batch) -> None:
    odd = settle(batch, [line("a", "R1"), line("b", "R1"), line("c", "R3")])
    assert standing(batch) == {"a": "SharedRemoteId", "b": "SharedRemoteId", "c": "R3"}
    assert odd.counts == {"conflicting": 2}


def test_a_remote_id_that_belongs_to_another_object_binds_neither(batch: Batch) -> None:
    """One of them has it from before: which of the two the channel now holds under it is unknown."""
    batch.members[(ContentType.product, 1)].remote_id = "R1"
    odd = settle(batch, [line("a", "R1"), line("b", "R1"), line("c", "R3")])
    assert standing(batch) == {"a": "SharedRemoteId", "b": "SharedRemoteId", "c": "R3"}
    assert odd.counts == {"conflicting": 2}


def test_an_answer_without_a_sku_is_matched_by_the_id_or_by_the_name_in_its_place(batch: Batch) -> None:
    """Some channels know one name only."""
    batch.members[(ContentType.product, 1)].remote_id = "R1"
    odd = settle(batch, [line("", "R1"), line("", "b"), line("c", "R3")])
    assert standing(batch) == {"a": "R1", "b": "b", "c": "R3"}
    assert odd.counts == {}


def test_a_remote_id_that_the_batch_knows_stays(batch: Batch) -> None:
    """A price is bound under its product's, whatever the channel calls the price."""
    batch.members[(ContentType.product, 1)].remote_id = "R1"
    settle(batch, [line("a", "P1"), line("b", "R2"), line("c", "R3")])
    assert standing(batch) == {"a": "R1", "b": "R2", "c": "R3"}


def test_what_travels_along_under_the_same_name_hides_no_duplicate(batch: Batch) -> None:
    batch.add(Member(ContentType.product_price, 9, NOW, owner=(ContentType.product, 1), key="a", committed=True))
    odd = settle(batch, [line("a", "R1"), line("a", "R1"), line("b", "R2"), line("c", "R3")])
    assert odd.counts == {"duplicated": 1}


@pytest.mark.parametrize(("lines", "counts"), [(2, {}), (3, {"duplicated": 1})])
def test_a_line_for_each_image_of_a_product_is_no_duplicate(lines: int, counts: dict[str, int]) -> None:
    """One more is, and is counted once."""
    batch = Batch(None, ContentType.product_image)  # type: ignore[arg-type]
    for pk in (1, 2):
        reference = (ContentType.product_image, pk)
        batch.add(Member(*reference, NOW, owner=reference, key="a", committed=True))
    assert settle(batch, [line("a", "R1")] * lines).counts == counts


def test_images_of_one_product_may_share_its_remote_id() -> None:
    """Whether they had it before, or were given it."""
    batch = Batch(None, ContentType.product_image)  # type: ignore[arg-type]
    for pk, remote_id in ((1, "R1"), (2, None), (3, None)):
        reference = (ContentType.product_image, pk)
        batch.add(Member(*reference, NOW, owner=reference, key="a", remote_id=remote_id, committed=True))
    settle(batch, [line("a", "R1")])
    assert [member.remote_id for member in batch.of_type()] == ["R1"] * 3


def test_a_failed_line_may_repeat_a_remote_id(batch: Batch) -> None:
    """Only successes bind."""
    settle(batch, [line("a", "R1"), line("b", "R1", status=FAIL), line("c", "R3")])
    assert standing(batch) == {"a": "R1", "b": "Rejected", "c": "R3"}


@pytest.mark.parametrize("remote_id", ["", None, "R1\ud83d"])
def test_success_without_a_remote_id_is_a_failure(batch: Batch, remote_id: str | None) -> None:
    """Without it the object cannot be found again."""
    settle(batch, [line("a", remote_id), line("b", "R2"), line("c", "R3")])
    assert standing(batch)["a"] == "NoRemoteId"


def test_a_refusal_without_words_gets_some(batch: Batch) -> None:
    settle(batch, [line("a", status=FAIL), line("b", "R2"), line("c", "R3")])
    failure = batch.members[(ContentType.product, 1)].failure
    assert failure and "without a reason" in failure.message


def test_a_partial_answer_leaves_the_rest_waiting(batch: Batch) -> None:
    """The channel will answer for them later."""
    odd = settle(batch, [line("b", status=FAIL)], partial=True)
    assert standing(batch) == {"a": None, "b": "Rejected", "c": None}
    assert [m.key for m in batch.waiting()] == ["a", "c"]
    assert odd.counts == {}


@pytest.mark.parametrize("blank", ["", " ", "\t\u00a0", None])
def test_a_blank_remote_id_is_no_id(batch: Batch, blank: str | None) -> None:
    """Bound to it, the product could not be found again, and the next one with a blank id would be the same one."""
    settle(batch, [line("a", blank), line("b", blank), line("c", "R3")])
    assert standing(batch) == {"a": "NoRemoteId", "b": "NoRemoteId", "c": "R3"}


def test_a_blank_remote_id_says_the_same_as_none(batch: Batch) -> None:
    odd = settle(batch, [line("a", " ", FAIL), line("a", "", FAIL), line("b", "R2"), line("c", "R3")])
    assert standing(batch)["a"] == "Rejected"
    assert odd.counts == {"duplicated": 1}


def test_a_blank_remote_id_leaves_an_image_its_products(batch: Batch) -> None:
    images = Batch(None, ContentType.product_image)  # type: ignore[arg-type]
    for pk, remote_id in ((1, "R1"), (2, None)):
        reference = (ContentType.product_image, pk)
        images.add(Member(*reference, NOW, owner=reference, key="a", remote_id=remote_id, committed=True))
    settle(images, [ImageBatchRequestResponseDto(OK, pk, " ") for pk in (1, 2)])
    assert [m.failure.code if m.failure else m.remote_id for m in images.of_type()] == ["R1", "NoRemoteId"]


def test_a_line_that_cannot_be_read_is_its_objects_failure_with_the_reason(batch: Batch) -> None:
    odd = settle(batch, [line("a", "R1"), line("c", "R3")], unreadable=[Unreadable("b", "remote_id: no text")])
    assert standing(batch) == {"a": "R1", "b": "UnreadableAnswer", "c": "R3"}
    assert "remote_id: no text" in str(odd)
    assert odd.counts == {"unreadable": 1}


def test_a_line_that_cannot_be_read_and_fits_no_object_is_counted(batch: Batch) -> None:
    odd = settle(batch, [line("a", "R1"), line("b", "R2")], unreadable=[Unreadable("x", "no")])
    assert standing(batch) == {"a": "R1", "b": "R2", "c": "NotAnswered"}
    assert odd.counts == {"unreadable": 1, "missing": 1}


def test_a_line_that_can_be_read_counts_before_one_that_cannot(batch: Batch) -> None:
    settle(batch, [line("a", "R1"), line("b", "R2"), line("c", "R3")], unreadable=[Unreadable("b", "no")])
    assert standing(batch) == {"a": "R1", "b": "R2", "c": "R3"}


def test_a_line_that_cannot_be_read_is_a_refusal_where_only_refusals_were_due(batch: Batch) -> None:
    """The others wait for the channel's later answer."""
    settle(batch, [], partial=True, unreadable=[Unreadable("b", "no")])
    assert standing(batch) == {"a": None, "b": "UnreadableAnswer", "c": None}


def test_an_object_that_failed_before_keeps_its_reason(batch: Batch) -> None:
    """It was not sent: an answer for it does not make it good."""
    batch.fail_member(Failure(next(iter(batch.of_type())), "product", "no mapping"))
    settle(batch, [line("a", "R1"), line("b", "R2"), line("c", "R3")])
    assert standing(batch) == {"a": "Failed", "b": "R2", "c": "R3"}


def test_an_empty_answer_fails_all(batch: Batch) -> None:
    odd = settle(batch, [])
    assert set(standing(batch).values()) == {"NotAnswered"}
    assert odd.counts == {"missing": 3}
    failure = batch.members[(ContentType.product, 3)].failure
    for message in (failure and failure.message, str(odd)):
        assert (
            message
            and "gave no result at all. If the channel lists failures only, its command has to answer" in message
        )


def test_objects_that_are_given_up_fail_for_one_reason_and_the_others_keep_their_results(batch: Batch) -> None:
    settle(batch, [line("a", "R1")], partial=True)
    settle(batch, [], unanswered=Unanswered("BatchForgotten", "gone"))
    assert standing(batch) == {"a": "R1", "b": "BatchForgotten", "c": "BatchForgotten"}


@pytest.mark.parametrize(
    ("result", "name"),
    [
        (line("a", "R1"), "a"),
        (BatchRequestResponseDto(OK, "R1"), "R1"),
        (BatchRequestResponseDto(OK, "R1", "a"), "a"),
        (OrderBatchRequestResponseDto(OK, "R1", "N1"), "N1"),
        (BatchRequestResponseDto(OK), ""),
    ],
)
def test_an_answer_is_named_by_sku_number_or_remote_id(result: BatchRequestResponseDto, name: str) -> None:
    assert name_of(result) == name


def test_a_report_quotes_the_first_irregular_lines_and_counts_all() -> None:
    odd = Irregularities()
    for number in range(NAMED_AT_MOST + 5):
        odd.add("unknown", f"line {number}")
    assert f"{NAMED_AT_MOST + 5} unknown" in str(odd)
    assert f"line {NAMED_AT_MOST - 1}" in str(odd)
    assert f"line {NAMED_AT_MOST};" not in str(odd) + ";"


def orders() -> Batch:
    """One order that the channel knows as R1."""
    made = Batch(None, ContentType.order)  # type: ignore[arg-type]
    reference = (ContentType.order, 1)
    made.add(Member(*reference, NOW, owner=reference, key="N1", remote_id="R1", committed=True))
    return made


def test_a_result_whose_name_and_remote_id_are_swapped_is_called_so(batch: Batch) -> None:
    """The product is not bound to its own name, and not said to be missing from the answer."""
    odd = settle(batch, [line("R1", "a"), line("b", "R2"), line("c", "R3")])
    assert standing(batch) == {"a": "SwappedResult", "b": "R2", "c": "R3"}
    failure = batch.members[(ContentType.product, 1)].failure
    assert failure and 'write `self.accepted("a", remote_id="R1")`' in failure.message
    assert (odd.counts, "`R1` stands where `a` belongs" in str(odd)) == ({"swapped": 1}, True)


def test_a_swapped_refusal_is_no_success_of_the_rest(batch: Batch) -> None:
    settle(batch, [line("R1", "a", FAIL)], rest=OK)
    assert standing(batch) == {"a": "SwappedResult", "b": "b", "c": "c"}


@pytest.mark.parametrize(
    ("result", "standing_of_it"),
    [
        (OrderBatchRequestResponseDto(OK, "N1", "R1"), "SwappedResult"),
        (OrderBatchRequestResponseDto(OK, "R1", "N1"), "R1"),
        (OrderBatchRequestResponseDto(OK, "R1", "another number"), "R1"),
        (BatchRequestResponseDto(OK, "N1"), "R1"),
    ],
)
def test_only_names_that_are_certainly_swapped_are_called_so(
    result: OrderBatchRequestResponseDto, standing_of_it: str
) -> None:
    batch = orders()
    settle(batch, [result])
    assert standing(batch) == {"N1": standing_of_it}


def test_a_remote_id_that_is_another_products_name_is_swapped_with_nothing(batch: Batch) -> None:
    settle(batch, [line("a", "b"), line("c", "R3")])
    assert standing(batch) == {"a": "b", "b": "NotAnswered", "c": "R3"}
