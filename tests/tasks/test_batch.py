"""A batch: legal moves, what a refusal means, who holds the lock, who travels with whom."""

from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from clients.errors import (
    CommitLockedError,
    ContractError,
    IllegalMoveError,
    RefusedError,
    TakenOverError,
    UnreadableRowError,
)
from deployments.sandbox.base.faults import Fault
from dto.batch_states import may_move
from dto.enums import BatchRequestStatus as Status
from dto.enums import ContentType, FailedReasonType
from dto.omnitron import Product
from tasks.batch import Batch, Member, version_of
from tasks.failure import Failure
from tasks.omnitron.catalogue.products import GetInsertedProducts
from tasks.omnitron.hub import LOCK_WAITS
from tasks.omnitron.integration import OmnitronIntegration
from tests.world.loopback import World
from tests.world.shop import action, actions, asked, batches, opened

NOW = datetime(2026, 1, 1, tzinfo=UTC)
ILLEGAL = [(now, to) for now in Status for to in Status if to is not Status.initialized and not may_move(now, to)]


def held(batch: Batch, pk: int, **fields: object) -> Member:
    reference = (ContentType.product, pk)
    return batch.add(Member(*reference, NOW, owner=reference, **fields))  # type: ignore[arg-type]


def failed(member: Member, message: str = "no") -> Failure:
    return Failure(member, member.content_type, message, FailedReasonType.remote, "Rejected")


async def move(batch: Batch, to: Status) -> None:
    await getattr(batch, str(to))()


@pytest.mark.parametrize(("now", "to"), ILLEGAL)
async def test_an_illegal_move_is_an_error_before_any_request(world: World, now: Status, to: Status) -> None:
    """The state machine is this program's own, too."""
    async with opened(world, ContentType.product) as hub:
        batch = hub.new_batch()
        await batch.create()
        batch.status = now
        before = len(asked(world))
        with pytest.raises(IllegalMoveError, match=f"`{now}` and cannot become `{to}`"):
            await move(batch, to)
        assert len(asked(world)) == before


@pytest.mark.parametrize("to", [Status.sent_to_remote, Status.ongoing, Status.done, Status.fail])
async def test_a_batch_that_does_not_exist_cannot_be_moved(world: World, to: Status) -> None:
    async with opened(world, ContentType.product) as hub:
        before = len(asked(world))
        with pytest.raises(IllegalMoveError, match="does not exist yet"):
            await move(hub.new_batch(), to)
        assert len(asked(world)) == before


async def begun(hub: OmnitronIntegration, limit: int = 2) -> Batch:
    """A batch in commit."""
    await hub.do_action(GetInsertedProducts, limit=limit)
    assert hub.batch_request
    return hub.batch_request


@pytest.mark.parametrize("kind", ["drop_after", "html", "truncated"])
@pytest.mark.parametrize("to", [Status.done, Status.fail])
async def test_406_after_a_move_that_was_applied_already_is_success(world: World, kind: str, to: Status) -> None:
    """Its answer was lost, the repetition is refused, the batch is where it should be."""
    async with opened(world, ContentType.product) as hub:
        batch = await begun(hub)
        for member in batch.members.values():
            batch.settle_member(member.owner, f"R{member.pk}")
        world.hub.faults.add(Fault(kind, method="PATCH"))  # type: ignore[arg-type]
        await move(batch, to)
        assert [status for method, _, status in world.hub.requests if method == "PATCH"][-1] == 406
        assert batch.status is to
    assert batches(world)[0]["status"] == to


@pytest.mark.parametrize("to", [Status.done, Status.sent_to_remote, Status.commit])
async def test_a_batch_that_somebody_else_ended_is_taken_over(world: World, to: Status) -> None:
    """The run learns that what it knows no longer counts."""
    async with opened(world, ContentType.product) as hub:
        batch = await begun(hub)
        for member in batch.members.values():
            batch.settle_member(member.owner, f"R{member.pk}")
        batch.remote_batch_id = "r1"
        async with opened(world) as other:
            await Batch(other.client, None, await other.client.batches.get(batch.pk or 0)).fail()
        with pytest.raises(TakenOverError, match="is already `fail`"):
            await move(batch, to)
        assert not batch.is_open
    assert actions(world) == []


async def test_a_refusal_that_the_state_does_not_explain_is_raised(world: World) -> None:
    """A 406 while the batch stands where this run thinks it does is the hub's own reason."""
    async with opened(world, ContentType.product) as hub:
        batch = await begun(hub)
        batch.remote_batch_id = "r1"
        world.hub.faults.add(Fault("status", method="PATCH", status=406))
        with pytest.raises(RefusedError, match="406"):
            await batch.sent_to_remote()
        assert batch.status is Status.commit


async def test_a_refused_second_commit_is_not_taken_for_an_applied_one(world: World) -> None:
    """The batch is in commit before and after: that says nothing about the objects that the refused commit named."""
    async with opened(world, ContentType.product) as hub:
        batch = await begun(hub)
        late = held(batch, 1012)
        world.hub.faults.add(Fault("status", method="PATCH", status=406))
        with pytest.raises(RefusedError):
            await batch.commit()
        assert late.committed is False
        assert action(world, 1012) is None


async def test_another_content_type_than_at_the_first_commit_is_a_contract_error(world: World) -> None:
    async with opened(world, ContentType.product) as hub:
        batch = await begun(hub)
        batch.content_type = ContentType.product_price
        with pytest.raises(ContractError, match="another content type"):
            await batch.commit()


async def test_the_lock_is_waited_for_then_named_and_the_own_batch_failed(world: World) -> None:
    """Nothing is changed; the message names the batch that holds the lock."""
    async with opened(world, ContentType.product) as holder, opened(world, ContentType.product) as late:
        first = await begun(holder)
        started = world.clock.monotonic()
        with pytest.raises(CommitLockedError) as caught:
            await begun(late)
        assert world.clock.monotonic() - started == sum(LOCK_WAITS)
        assert first.local_batch_id and first.local_batch_id in caught.value.message
        assert "recover" in caught.value.message
    assert [row["status"] for row in batches(world)] == ["commit", "fail"]
    assert {row["local_batch_id"] for row in actions(world)} == {first.local_batch_id}
    assert world.attempts == {}


async def test_a_lock_that_is_freed_meanwhile_is_taken(world: World) -> None:
    """The second try succeeds, with the same batch."""
    async with opened(world, ContentType.product) as holder, opened(world, ContentType.product) as late:
        first = await begun(holder, limit=2)
        seen: list[int] = []

        def free(number: int, request: object, moment: str) -> None:
            refused = [path for _, path, status in world.hub.requests if status == 406]
            if refused and not seen:
                seen.append(1)
                world.batches.move(first.pk or 0, {"channel": 6, "status": "fail"})

        world.hook = free
        products = await late.do_action(GetInsertedProducts, limit=2)
        assert [product.pk for product in products] == [1003, 1004]
    assert [row["status"] for row in batches(world)] == ["fail", "commit"]


async def test_done_refuses_an_undecided_member_before_any_request(world: World) -> None:
    """One without a result would stay locked for ever, or count as a success without an id."""
    async with opened(world, ContentType.product) as hub:
        batch = await begun(hub)
        one, other = batch.members.values()
        batch.settle_member(one.owner, "R1")
        before = len(asked(world))
        with pytest.raises(IllegalMoveError, match="1 objects have neither a remote id nor a reason"):
            await batch.done()
        assert len(asked(world)) == before
        batch.settle_member(other.owner, "")
        with pytest.raises(IllegalMoveError):
            await batch.done()


async def test_done_names_every_object_with_the_version_that_was_read(world: World) -> None:
    """Edited meanwhile: the older version is recorded, the new one stays due."""
    async with opened(world, ContentType.product) as hub:
        batch = await begun(hub)
        read = [member.version_date for member in batch.members.values()]
        world.hub.edit_product(1001)
        one, other = batch.members.values()
        batch.settle_member(one.owner, "R1")
        batch.fail_member(failed(other, "refused"))
        await batch.done()
    assert [row["status"] for row in actions(world)] == ["success", "error"]
    assert [row["version_date"] for row in actions(world)] == [f"{v:%Y-%m-%dT%H:%M:%S.%fZ}" for v in read]
    assert [row["remote_id"] for row in actions(world)] == ["R1", None]
    assert world.hub.counts()["objects"]["product"]["due_updates"] == 1


async def test_a_second_commit_names_only_what_is_new(world: World) -> None:
    """The first lock is not repeated; the date of the batch moves all the same."""
    async with opened(world, ContentType.product) as hub:
        batch = await begun(hub)
        touched = batches(world)[0]["modified_date"]
        one, _ = batch.members.values()
        batch.fail_member(failed(one))
        await batch.commit()
        assert [row["status"] for row in actions(world)] == ["error", "processing"]
        after = batches(world)[0]["modified_date"]
        assert after > touched
        await batch.commit()
        assert batches(world)[0]["modified_date"] > after
        world.batches.move(batch.pk or 0, {"channel": 6, "status": "fail"})


async def test_fail_releases_everything_and_ends_what_is_named_with_its_reason(world: World) -> None:
    """The named one is an error, the other is as before."""
    async with opened(world, ContentType.product) as hub:
        batch = await begun(hub)
        one, _ = batch.members.values()
        batch.fail_member(failed(one))
        await batch.fail([one])
    assert [(row["object_id"], row["status"]) for row in actions(world)] == [(1001, "error")]


def test_a_dependant_that_was_never_announced_leaves_with_its_product() -> None:
    """There is nothing to release; one that was announced fails along."""
    batch = Batch(None, ContentType.product)  # type: ignore[arg-type]
    owner = held(batch, 1, committed=True)
    batch.add(Member(ContentType.product_price, 5, NOW, owner=owner.object_key, committed=True))
    batch.add(Member(ContentType.product_stock, 6, NOW, owner=owner.object_key))
    batch.fail_member(failed(owner))
    assert [(m.content_type, bool(m.failure), m.committed) for m in batch.members.values()] == [
        (ContentType.product, True, False),
        (ContentType.product_price, True, False),
    ]


def test_the_first_failure_of_an_object_is_the_one_that_counts() -> None:
    batch = Batch(None, ContentType.product)  # type: ignore[arg-type]
    owner = held(batch, 1)
    batch.fail_member(failed(owner, "first"))
    batch.fail_member(failed(owner, "second"))
    assert owner.failure and owner.failure.message == "first"


def test_a_failed_member_is_not_settled_later() -> None:
    """A result that comes after the failure changes nothing."""
    batch = Batch(None, ContentType.product)  # type: ignore[arg-type]
    owner = held(batch, 1)
    batch.fail_member(failed(owner))
    batch.settle_member(owner.owner, "R1")
    assert (owner.settled, owner.remote_id) == (False, None)


def test_a_row_without_a_date_has_no_version() -> None:
    """Guessing one would lose an edit."""
    with pytest.raises(UnreadableRowError, match="Product 7 without a modified_date"):
        version_of(Product(pk=7, sku="7"))


async def test_a_lost_answer_to_the_creation_leaves_an_empty_batch_and_no_object_in_it(
    make_world: Callable[..., World],
) -> None:
    """It cannot be looked up: recovery ends it. The objects are in another one."""
    world = make_world(failing=0)
    world.hub.faults.add(Fault("drop_after", method="POST", path="batch_requests"))
    async with opened(world, ContentType.product) as hub:
        batch = await begun(hub)
        assert [row["status"] for row in batches(world)] == ["initialized", "commit"]
        assert {row["local_batch_id"] for row in actions(world)} == {batch.local_batch_id}


async def test_a_first_commit_refused_with_another_code_is_taken_for_the_lock(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The code is assumed; that the batch did not move is not."""
    monkeypatch.setattr("tasks.batch.LOCKED", "batch_request_status_100_9")
    async with opened(world, ContentType.product) as hub:
        await begun(hub)
        batch = hub.new_batch()
        held(batch, 1002)
        with pytest.raises(CommitLockedError, match="does not let a batch of product into commit"):
            await batch.commit()
        await batch.fail()


async def test_a_first_commit_that_a_gateway_refuses_is_not_taken_for_the_lock(world: World) -> None:
    """A page instead of JSON is not Omnitron's word."""
    async with opened(world, ContentType.product) as hub:
        batch = hub.new_batch()
        held(batch, 1002)
        world.hub.faults.add(Fault("status", method="PATCH", status=406))
        with pytest.raises(RefusedError, match="406"):
            await batch.commit()
        await batch.fail()


async def test_a_failure_of_an_object_outside_the_batch_is_kept(world: World) -> None:
    """It is named in the next move, and reported."""
    async with opened(world) as hub:
        batch = hub.new_batch()
        product = Product.model_validate(world.products[1001])
        batch.fail_member(Failure(product, ContentType.product, "It cannot be sold."))
        assert [member.pk for member in batch.failures_to_report()] == [1001]
