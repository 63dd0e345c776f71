"""Channels that tell little, in parts, or after days: failures only, by line number, item by item, with a remark."""

from collections.abc import Callable
from datetime import timedelta
from typing import ClassVar

import pytest

from deployments.sandbox.base.faults import Fault
from dto.batches import ProductBatchRequestResponseDto
from dto.enums import FailedReasonType, ResponseStatus
from dto.omnitron import Product
from dto.outcomes import Accepted, CheckOutcome, Completed, InProgress, SendOutcome
from flows.price import update_product_prices
from flows.product import delete_products, insert_products
from flows.run import RunFailedError
from flows.verify import verify_batch, verify_open_batches
from tasks.batch import Batch
from tasks.channel import products
from tasks.channel.sandbox import ChannelIntegration as Sandbox
from tasks.channel.sandbox.products import CheckProducts
from tests.flows.test_booking import Diary
from tests.world.loopback import World
from tests.world.shop import (
    Row,
    action,
    actions,
    batches,
    product_reports,
    reports,
    run,
    use_connector,
)

SUCCESS, FAIL = ResponseStatus.success, ResponseStatus.fail
HOUR, DAY = 3_600.0, 86_400.0
Step = Callable[["ScriptedCheck"], CheckOutcome]


def took(sku: str, message: str = "") -> ProductBatchRequestResponseDto:
    return ProductBatchRequestResponseDto(status=SUCCESS, sku=sku, remote_id=f"M-{sku}", message=message)


def refused(sku: str, message: str = "The title is too long.") -> ProductBatchRequestResponseDto:
    return ProductBatchRequestResponseDto(status=FAIL, sku=sku, remote_id="", message=message)


class ScriptedCheck(CheckProducts):
    """Answers by the script's steps, one after the other; the last one for ever."""

    needs_sent = True
    steps: ClassVar[list[Step]] = []
    asked: ClassVar[int] = 0

    async def send(self, batch: Batch) -> CheckOutcome:
        type(self).asked += 1
        return self.steps[min(self.asked, len(self.steps)) - 1](self)


class Scripted(Sandbox):
    """The sandbox, but for the results of new products."""

    name = "scripted"
    actions: ClassVar = {**Sandbox.actions, ScriptedCheck.key: ScriptedCheck}


class PartsCheck(ScriptedCheck):
    """Has its parts recorded as they come."""

    needs_sent = False


class InParts(Scripted):
    name = "in parts"
    actions: ClassVar = {**Scripted.actions, PartsCheck.key: PartsCheck}


class PatientCheck(PartsCheck):
    """Of a channel that looks at each product, which takes a person some days."""

    ask_every = 4 * HOUR
    give_up_after = 7 * DAY


class Moderated(Scripted):
    name = "moderated"
    actions: ClassVar = {**Scripted.actions, PatientCheck.key: PatientCheck}


class ThoughtlessCheck(ScriptedCheck):
    """Reads `sent` and forgot to say so."""

    needs_sent = False


class Thoughtless(Scripted):
    actions: ClassVar = {**Scripted.actions, ThoughtlessCheck.key: ThoughtlessCheck}


class SilentSend(products.SendInsertedProducts[Sandbox]):
    """Of a channel that answers at once, and tells failures only."""

    async def send(self, sent: list[Product]) -> SendOutcome:
        return Completed((refused(sent[1].sku),), rest=SUCCESS)


class Silent(Sandbox):
    name = "silent"
    actions: ClassVar = {**Sandbox.actions, SilentSend.key: SilentSend}


class LateSend(products.SendInsertedProducts[Sandbox]):
    """Of a channel that says when it is worth asking."""

    async def send(self, _: list[Product]) -> SendOutcome:
        return Accepted("late-1", ask_after=2 * HOUR)


class Late(Scripted):
    name = "late"
    actions: ClassVar = {**Scripted.actions, LateSend.key: LateSend}


class DeletingCheck(products.CheckDeletedProducts[Sandbox]):
    """Keeps the second product, and names no other."""

    needs_sent = False

    async def send(self, _: Batch) -> CheckOutcome:
        kept = "M-1KBATC00000002"
        return Completed(
            (ProductBatchRequestResponseDto(status=FAIL, sku="", remote_id=kept, message="It is sold."),), rest=SUCCESS
        )


class AllDeletedCheck(DeletingCheck):
    async def send(self, _: Batch) -> CheckOutcome:
        return Completed((), rest=SUCCESS)


class Deleting(InParts):
    name = "deleting"
    actions: ClassVar = {**InParts.actions, DeletingCheck.key: DeletingCheck}


class DeletingAll(InParts):
    name = "deleting all"
    actions: ClassVar = {**InParts.actions, AllDeletedCheck.key: AllDeletedCheck}


def price_of(world: World, product: int) -> int:
    """The key of a product's price in the catalog's list."""
    return next(int(row["pk"]) for row in world.prices if row["product"] == product and row["price_list"] == 3)


@pytest.fixture
def world(make_world: Callable[..., World]) -> World:
    """Six good products, and a channel that answers later."""
    return make_world(failing=0, products=6, asynchronous=True)


async def sent_to(world: World, connector: type[Sandbox], *steps: Step) -> str:
    """All products are in the channel's hands; the id of their batch there."""
    use_connector(world, f"{__name__}:{connector.__name__}")
    ScriptedCheck.steps = list(steps)
    for check in (ScriptedCheck, PartsCheck, PatientCheck, ThoughtlessCheck):
        check.asked = 0
    (remote,) = (await run(world, insert_products)).remote_batches
    return remote


def of(world: World, pk: int) -> Row:
    """The standing of a product."""
    found = action(world, pk)
    assert found
    return found


async def test_of_a_channel_that_names_failures_alone_the_others_are_taken(world: World) -> None:
    """They go by the name under which they were sent."""
    remote = await sent_to(world, Scripted, lambda check: Completed((refused(check.sent[2].key or ""),), rest=SUCCESS))
    summary = await run(world, verify_batch, remote_batch_id=remote)
    assert (summary.counts, summary.failures) == ({"integrated": 5, "failed": 1}, {"Rejected": 1})
    assert {of(world, pk)["remote_id"] for pk in (1001, 1002, 1004, 1005, 1006)} == {
        world.products[pk]["sku"] for pk in (1001, 1002, 1004, 1005, 1006)
    }
    assert [row["action_object_id"] for row in product_reports(world)] == [1003]
    assert [row for row in reports(world) if "irregular" in row["error_code"]] == []


async def test_of_a_channel_that_names_what_it_took_the_others_are_refused(world: World) -> None:
    remote = await sent_to(world, Scripted, lambda check: Completed((took(check.sent[0].key or ""),), rest=FAIL))
    summary = await run(world, verify_batch, remote_batch_id=remote)
    assert (summary.counts, summary.failures) == ({"integrated": 1, "failed": 5}, {"Rejected": 5})


async def test_a_channel_that_answers_at_once_may_name_failures_alone(make_world: Callable[..., World]) -> None:
    world = make_world(failing=0, products=4)
    use_connector(world, f"{__name__}:Silent")
    summary = await run(world, insert_products)
    assert (summary.counts, summary.failures) == ({"integrated": 3, "failed": 1}, {"Rejected": 1})


async def test_a_line_number_names_the_product_that_was_sent_there(world: World) -> None:
    """Also when one that was sent before it has been deleted meanwhile, and in another process."""

    def by_line(check: ScriptedCheck) -> CheckOutcome:
        return Completed((refused(check.sent[4 - 1].key or ""),), rest=SUCCESS)

    remote = await sent_to(world, Scripted, by_line)
    world.hub.delete_product(1002)
    summary = await run(world, verify_batch, remote_batch_id=remote)
    assert (summary.counts, summary.failures) == ({"integrated": 4, "failed": 2}, {"Rejected": 1, "ObjectGone": 1})
    assert of(world, 1004)["status"] == "error"
    assert {of(world, pk)["status"] for pk in (1001, 1003, 1005, 1006)} == {"success"}


async def test_parts_are_integrated_as_they_come(world: World) -> None:
    """A slow one holds up no other, with its price and stock; at the end nothing is odd about those that are known."""

    skus = [row["sku"] for row in world.products]

    def first_two(_: ScriptedCheck) -> CheckOutcome:
        return InProgress(results=(took(skus[0]), took(skus[1])))

    def all_but_one(_: ScriptedCheck) -> CheckOutcome:
        return Completed((*(took(sku) for sku in skus[:5]), refused(skus[5])))

    remote = await sent_to(world, InParts, first_two, first_two, all_but_one)
    assert (await run(world, verify_batch, remote_batch_id=remote)).counts == {"integrated": 2, "ongoing": 1}
    for kind in ("product", "productprice", "productstock"):
        assert sorted(row["status"] for row in actions(world, kind)) == ["processing"] * 4 + ["success"] * 2
    assert of(world, 1001)["remote_id"] == f"M-{world.products[1001]['sku']}"
    await run(world, verify_batch, remote_batch_id=remote)
    summary = await run(world, verify_batch, remote_batch_id=remote)
    assert (summary.counts, summary.failures) == ({"integrated": 3, "failed": 1}, {"Rejected": 1})
    assert summary.irregularities == {}
    assert batches(world)[0]["status"] == "done"
    assert {of(world, pk)["status"] for pk in range(1001, 1006)} == {"success"}


@pytest.mark.parametrize("connector", [Scripted, InParts])
async def test_what_is_known_counts_when_a_batch_is_given_up(world: World, connector: type[Sandbox]) -> None:
    """Successes and refusals; the rest never finished."""

    def parts(check: ScriptedCheck) -> CheckOutcome:
        skus = [row["sku"] for row in world.products]
        return InProgress(results=(took(skus[0]), refused(skus[1])))

    await sent_to(world, connector, parts)
    world.clock.advance(DAY + 1)
    summary = await run(world, verify_open_batches)
    assert summary.counts == {"integrated": 1, "failed": 5}
    assert summary.failures == {"Rejected": 1, "NeverFinished": 4}


async def test_a_moderation_of_five_days_is_waited_for(world: World) -> None:
    """Every product is sent once; those that were approved early are on sale early."""

    def approved(days: float) -> Step:
        def step(check: ScriptedCheck) -> CheckOutcome:
            skus = [row["sku"] for row in world.products]
            done = tuple(took(sku) for sku in skus[: 1 + int(days)])
            return Completed(done) if len(done) == len(skus) else InProgress(results=done)

        return step

    await sent_to(world, Moderated, *(approved(number / 6) for number in range(31)))
    on_sale = []
    for _ in range(int(5 * DAY / HOUR) + 5):
        world.clock.advance(HOUR)
        await run(world, verify_open_batches)
        await run(world, insert_products)
        on_sale.append(sum(row["status"] == "success" for row in actions(world)))
    assert {row["status"] for row in actions(world)} == {"success"}
    assert [on_sale[int(day * DAY / HOUR)] for day in range(5)] == [0, 1, 2, 3, 4]
    assert len(batches(world)) == 1
    assert PatientCheck.asked <= 32


async def test_the_sweep_keeps_to_the_pace_of_the_connector(world: World) -> None:
    """A person who asks is not held back."""
    remote = await sent_to(world, Moderated, lambda _: InProgress())
    for _ in range(int(12 * HOUR / 600)):
        world.clock.advance(600)
        assert (await run(world, verify_open_batches)).counts == {"ongoing": 1}
    assert PatientCheck.asked == 3
    await run(world, verify_batch, remote_batch_id=remote)
    assert PatientCheck.asked == 4


async def test_a_booked_question_keeps_to_the_pace_of_the_connector(world: World) -> None:
    """After a sweep has asked, it is booked for the rest of the pause."""
    world.flow_runs = diary = Diary()
    remote = await sent_to(world, Moderated, lambda _: InProgress())
    (first,) = diary.booked.values()
    assert first.moment == world.clock.now() + timedelta(hours=4)
    world.clock.advance(4 * HOUR)
    await run(world, verify_open_batches)
    world.clock.advance(HOUR)
    assert (await run(world, verify_batch, **first.parameters)).counts == {"ongoing": 1}
    assert PatientCheck.asked == 1
    _, second = diary.booked.values()
    assert second.parameters["remote_batch_id"] == remote
    assert second.moment
    assert 2.9 * HOUR < (second.moment - world.clock.now()).total_seconds() <= 3 * HOUR + 2


async def test_a_booked_question_waits_as_long_as_the_channel_says(world: World) -> None:
    """After the send, and after an answer that something is not finished."""
    world.flow_runs = diary = Diary()
    remote = await sent_to(world, Late, lambda _: InProgress(ask_after=3 * HOUR))
    began = world.clock.now()
    await run(world, verify_batch, remote_batch_id=remote)
    first, second = (booked.moment for booked in diary.booked.values())
    assert first and second
    assert ((first - began).total_seconds(), (second - began).total_seconds()) == (2 * HOUR, 3 * HOUR)


async def test_a_remark_about_what_was_taken_reaches_the_merchant(world: World) -> None:
    """The same words about several products are one line; they are no failure."""

    def with_remarks(check: ScriptedCheck) -> CheckOutcome:
        words = ["The title was cut.", "The title was cut.", "", "No brand.", "", ""]
        return Completed(tuple(took(one.key or "", words[place]) for place, one in enumerate(check.sent)))

    remote = await sent_to(world, Scripted, with_remarks)
    assert (await run(world, verify_batch, remote_batch_id=remote)).counts == {"integrated": 6}
    lines = [row for row in reports(world) if "-warning-" in row["error_code"]]
    skus = [row["sku"] for row in world.products]
    assert [row["is_ok"] for row in lines] == [True, True]
    assert f"`{skus[0]}`, `{skus[1]}`, and says: The title was cut." in lines[0]["error_desc"]
    assert f"`{skus[3]}`, and says: No brand." in lines[1]["error_desc"]


async def test_a_line_about_a_stranger_is_counted(world: World) -> None:
    remote = await sent_to(world, InParts, lambda _: Completed((took("NOBODY"),), rest=SUCCESS))
    summary = await run(world, verify_batch, remote_batch_id=remote)
    assert (summary.counts, summary.irregularities) == ({"integrated": 6}, {"unknown": 1})


@pytest.mark.parametrize("name", ["1kbatc00000002 ", "NOBODY"])
async def test_a_refusal_of_a_stranger_makes_successes_of_nobody(world: World, name: str) -> None:
    """It may mean one of those that are not named."""
    remote = await sent_to(world, InParts, lambda _: Completed((refused(name),), rest=SUCCESS))
    summary = await run(world, verify_batch, remote_batch_id=remote)
    assert (summary.counts, summary.failures) == ({"failed": 6}, {"NotAnswered": 6})


async def test_a_record_of_a_part_that_breaks_off_is_completed_by_the_next_question(world: World) -> None:
    """The price and the stock of a product come before the product: nothing else would settle them."""
    skus = [row["sku"] for row in world.products]
    remote = await sent_to(
        world, InParts, lambda _: InProgress(results=(took(skus[0]),)), lambda _: Completed(tuple(map(took, skus)))
    )
    price = next(row for row in actions(world, "productprice") if row["object_id"] == price_of(world, 1001))
    world.hub.faults.add(Fault("status", "PATCH", f"integration_actions/{price['pk']}/", status=400))
    with pytest.raises(RunFailedError):
        await run(world, verify_batch, remote_batch_id=remote)
    assert (await run(world, verify_batch, remote_batch_id=remote)).counts == {"integrated": 6}
    for kind in ("product", "productprice", "productstock"):
        assert {row["status"] for row in actions(world, kind)} == {"success"}


async def test_a_refusal_that_the_channel_takes_back_is_none(world: World) -> None:
    """Its last answer counts."""
    skus = [row["sku"] for row in world.products]
    remote = await sent_to(
        world, InParts, lambda _: InProgress(results=(refused(skus[0]),)), lambda _: Completed(tuple(map(took, skus)))
    )
    assert (await run(world, verify_batch, remote_batch_id=remote, wait=5)).counts == {"integrated": 6}


async def test_a_check_may_fail_one_object_again_and_again(world: World) -> None:
    """Its price and stock fail with it."""

    def fails_the_first(check: ScriptedCheck) -> CheckOutcome:
        check.fail(check.sent[0], FailedReasonType.remote, "It is forbidden here.")
        return InProgress() if check.asked < 3 else Completed((), rest=SUCCESS)

    remote = await sent_to(world, Scripted, fails_the_first)
    summary = await run(world, verify_batch, remote_batch_id=remote, wait=60)
    assert summary.counts == {"integrated": 5, "failed": 1}
    for kind in ("product", "productprice", "productstock"):
        assert sorted(row["status"] for row in actions(world, kind)) == ["error", *["success"] * 5]


@pytest.mark.parametrize("needs_sent", [False, True])
async def test_deletions_that_are_not_named_are_done(
    world: World, needs_sent: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By a channel that names failures alone, whether or not it names lines."""
    skus = [row["sku"] for row in world.products]
    remote = await sent_to(world, InParts, lambda _: Completed(tuple(map(took, skus))))
    await run(world, verify_batch, remote_batch_id=remote)
    for pk in (1001, 1002, 1003):
        world.hub.delete_product(pk)
    use_connector(world, f"{__name__}:Deleting")
    monkeypatch.setattr(DeletingCheck, "needs_sent", needs_sent)
    (remote,) = (await run(world, delete_products)).remote_batches
    summary = await run(world, verify_batch, remote_batch_id=remote)
    assert (summary.counts, summary.failures) == ({"deleted": 2, "failed": 1}, {"Rejected": 1})
    assert {row["object_id"] for row in actions(world)} == {1002, 1004, 1005, 1006}


async def test_a_deletion_waits_for_a_batch_that_holds_a_record_of_its_product(world: World) -> None:
    """Or that batch would not know any more what it sent, and on which line."""
    skus = [row["sku"] for row in world.products]
    remote = await sent_to(world, InParts, lambda _: Completed(tuple(map(took, skus))))
    await run(world, verify_batch, remote_batch_id=remote)
    use_connector(world, f"{__name__}:DeletingAll")
    world.hub.edit_price(1001)
    (prices,) = (await run(world, update_product_prices)).remote_batches
    world.hub.delete_product(1001)
    (remote,) = (await run(world, delete_products)).remote_batches
    summary = await run(world, verify_batch, remote_batch_id=remote)
    assert summary.failures == {"InWork": 1}
    assert prices in {row["remote_batch_id"] for row in batches(world) if row["status"] == "sent_to_remote"}
    assert action(world, 1001)


async def test_a_check_that_reads_what_was_sent_has_to_say_so(world: World) -> None:
    """The batch stays open, and the message names the line to add."""
    remote = await sent_to(
        world, Thoughtless, lambda check: Completed((), rest=SUCCESS) if check.sent else InProgress()
    )
    with pytest.raises(Exception, match="needs_sent = True"):
        await run(world, verify_batch, remote_batch_id=remote)
    assert batches(world)[0]["status"] == "sent_to_remote"
