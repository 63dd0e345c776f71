"""Buyers' requests to cancel or refund: into Omnitron once each, and the merchant's decision back."""

import asyncio
import json
from collections.abc import Mapping
from typing import Any

import pytest

from deployments.sandbox.base.faults import Fault
from dto.enums import ContentType
from dto.omnitron_orders import CancellationRequest
from dto.orders import CancellationRequestDto
from dto.summary import RunOutcome
from flows.order import (
    fetch_and_create_cancellation_requests,
    fetch_and_create_order,
    update_cancellation_requests,
)
from tasks.omnitron.orders.cancellation_requests import CreateCancellationRequests, GetCancellationRequests
from tests.world.loopback import Misprint, World
from tests.world.sales import brought_in, imported, item, items_in_hub, list_products, order, place, posts, unbind
from tests.world.shop import Row, action, actions, batches, opened, requests_of, run, writes

KIND = "cancellationrequest"


@pytest.fixture
def world(world: World) -> World:
    """A shop whose products are on the channel."""
    list_products(world)
    return world


def rows(world: World) -> list[Row]:
    """Omnitron's requests."""
    return list(world.requests)


def made(world: World) -> list[int]:
    """How often each request was made, by the hub's own journal."""
    return list(world.journal.accepted("request").values())


async def complained(world: World, *kinds: Any, **fields: Any) -> list[Row]:
    """Requests about the first item of a new order."""
    (placed,) = await imported(world, 1)
    return [world.market.request(placed["items"][0]["id"], kind, **fields) for kind in kinds or ("refund",)]


async def fetch(world: World) -> Mapping[str, int]:
    """One run of the flow that brings them in."""
    return (await run(world, fetch_and_create_cancellation_requests)).counts


async def tell(world: World) -> Mapping[str, int]:
    """One run of the flow that tells the decisions."""
    return (await run(world, update_cancellation_requests)).counts


async def test_several_requests_in_one_run_each_settle_on_their_own(world: World) -> None:
    """One batch of their own type, each bound to its id on the channel."""
    told = await complained(world, "cancel", "refund") + await complained(world, "refund", reason="DAMAGED")
    assert await fetch(world) == {"created": 3}
    assert {row["remote_id"] for row in actions(world, KIND)} == {request["id"] for request in told}
    assert [row["status"] for row in actions(world, KIND)] == ["success"] * 3
    assert (batches(world)[-1]["content_type"], batches(world)[-1]["status"]) == (KIND, "done")
    assert [(row["cancellation_type"], row["reason"]) for row in rows(world)] == [
        ("cancel", 41),
        ("refund", 41),
        ("refund", 42),
    ]


async def test_a_second_run_makes_nothing(world: World) -> None:
    await complained(world)
    await fetch(world)
    before = len(batches(world))
    with requests_of(world) as seen:
        assert await fetch(world) == {"known": 1}
    assert (made(world), len(batches(world)), posts(seen, "cancellation_requests")) == ([1], before, 0)


async def test_two_runs_at_the_same_time_make_each_request_once(world: World) -> None:
    """Omnitron would take them twice: the second run meets the lock, and looks again."""
    await complained(world, "cancel", "refund")
    await complained(world)
    await asyncio.gather(fetch(world), fetch(world))
    assert made(world) == [1, 1, 1]
    assert len(actions(world, KIND)) == 3
    assert {row["status"] for row in batches(world)} <= {"done", "fail"}


async def test_a_run_that_finds_the_type_in_commit_makes_nothing(world: World) -> None:
    await complained(world)
    batch = world.batches.create({"channel": 6})
    world.batches.move(batch["pk"], {"channel": 6, "status": "commit", "content_type": KIND})
    summary = await run(world, fetch_and_create_cancellation_requests)
    assert (summary.outcome, made(world)) == (RunOutcome.skipped, [])


async def test_a_hub_that_takes_no_empty_commit_gets_each_request_once_all_the_same(world: World) -> None:
    await complained(world, "cancel", "refund")
    world.hub.faults.add(Fault("status", "PATCH", "batch_requests", status=400))
    assert await fetch(world) == {"created": 2}
    assert made(world) == [1, 1]
    assert batches(world)[-1]["status"] == "done"


async def test_requests_that_cannot_be_taken_in_make_no_batch(world: World) -> None:
    """However often they are listed."""
    await complained(world, reason="ELSE")
    before = len(batches(world))
    await fetch(world)
    assert len(batches(world)) == before


async def test_no_request_makes_no_batch(world: World) -> None:
    await imported(world, 1)
    before = len(batches(world))
    assert await fetch(world) == {}
    assert await tell(world) == {}
    assert len(batches(world)) == before


async def test_lost_response_to_a_post_makes_one_request(world: World) -> None:
    """It is found by its item and kind, and bound."""
    (told,) = await complained(world)
    world.hub.faults.add(Fault("drop_after", "POST", "cancellation_requests"))
    assert await fetch(world) == {"created": 1}
    assert made(world) == [1]
    assert [row["remote_id"] for row in actions(world, KIND)] == [told["id"]]


async def test_a_request_that_lost_its_binding_is_bound_again_and_not_made_again(world: World) -> None:
    (told,) = await complained(world)
    await fetch(world)
    unbind(world, KIND)
    assert await fetch(world) == {"repaired": 1}
    assert made(world) == [1]
    assert [row["remote_id"] for row in actions(world, KIND)] == [told["id"]]


async def test_a_decision_that_was_taken_before_the_binding_was_mended_is_told(world: World) -> None:
    """Bound at its present version, it would count as told."""
    (told,) = await complained(world)
    await fetch(world)
    unbind(world, KIND)
    world.hub.decide_request(rows(world)[0]["id"], "approved")
    await fetch(world)
    assert await tell(world) == {"updated": 1}
    assert world.market.sales.requests[told["id"]]["status"] == "approved"


async def test_a_request_of_another_kind_is_not_taken_for_this_one(world: World) -> None:
    """One lost its binding, and the channel lists it no more; the other, new, is made."""
    (lost,) = await complained(world, "cancel")
    await fetch(world)
    unbind(world, KIND)
    del world.market.sales.requests[lost["id"]]
    told = world.market.request(lost["order_item"], "refund")
    told["id"] = "9999"
    assert await fetch(world) == {"created": 1}
    assert [row["cancellation_type"] for row in rows(world)] == ["cancel", "refund"]
    assert [row["object_id"] for row in actions(world, KIND)] == [rows(world)[1]["id"]]


async def test_two_requests_of_one_kind_for_one_item_are_two(world: World) -> None:
    """The first was rejected, and the buyer asks again; neither takes the other's place."""
    told = await complained(world, "refund", "refund")
    assert await fetch(world) == {"created": 2}
    assert {row["remote_id"] for row in actions(world, KIND)} == {request["id"] for request in told}


async def test_requests_for_one_item_whose_answers_are_lost_are_not_taken_for_one_another(world: World) -> None:
    """Side by side, each would find the first one that is bound to nothing, which may be the other's."""
    told = await complained(world, "refund", "refund", "refund")
    world.hub.faults.add(Fault("drop_after", "POST", "cancellation_requests", times=3))
    assert await fetch(world) == {"created": 3}
    assert made(world) == [1, 1, 1]
    assert {row["remote_id"] for row in actions(world, KIND)} == {request["id"] for request in told}
    assert sorted(row["object_id"] for row in actions(world, KIND)) == [row["id"] for row in rows(world)]


async def test_a_buyer_who_asks_again_later_makes_a_second_request(world: World) -> None:
    """The first is bound, so it is not this one."""
    (first,) = await complained(world)
    await fetch(world)
    second = world.market.request(first["order_item"], "refund")
    assert await fetch(world) == {"known": 1, "created": 1}
    assert [row["remote_id"] for row in actions(world, KIND)] == [first["id"], second["id"]]


async def test_an_item_that_is_two_in_omnitron_is_ambiguous_and_stops_no_other(world: World) -> None:
    (told,) = await complained(world)
    (placed,) = world.market.sales.orders.values()
    world.hub.split_item(items_in_hub(world, placed)[0]["pk"], is_bound=True)
    await complained(world)
    summary = await run(world, fetch_and_create_cancellation_requests)
    assert (summary.counts, summary.failures) == ({"created": 1, "failed": 1}, {"OrderItemAmbiguous": 1})
    texts = [row["error_desc"] for row in world.reports if not row["is_ok"]]
    assert any(told["order_item"] in text and "2 items" in text for text in texts)


async def test_a_request_for_an_item_of_several_orders_is_refused_with_these_orders(world: World) -> None:
    """The channel numbers the items of each order from 1, and a request names no order."""
    await brought_in(
        world,
        *(order(world, item(world, remote_id="1"), remote_id=name, number=name) for name in "AB"),
        order(world, item(world, remote_id="2"), remote_id="C", number="C"),
    )
    told = [
        CancellationRequestDto(order_item=line, reason="DAMAGED", remote_id=f"Q{line}", description="")
        for line in ("1", "2")
    ]
    async with opened(world, ContentType.cancellation_request, create_batch=False) as hub:
        hub.new_batch()
        arrivals = await hub.do_action(CreateCancellationRequests, objects=told)
    refused, fine = arrivals
    assert (refused.code, fine.outcome) == ("OrderItemAmbiguous", "created")
    assert refused.problem
    keys = sorted(str(row["pk"]) for row in world.orders if row["number"] in "AB")
    assert f"2 orders in Omnitron ({', '.join(keys)})" in refused.problem.message


async def test_a_request_for_an_unknown_item_waits_for_its_order(world: World) -> None:
    placed = place(world)
    world.market.request(placed["items"][0]["id"])
    summary = await run(world, fetch_and_create_cancellation_requests)
    assert summary.failures == {"OrderItemNotFound": 1}
    await run(world, fetch_and_create_order)
    assert await fetch(world) == {"created": 1}


async def test_a_reason_without_a_counterpart_falls_back_or_is_named(world: World) -> None:
    await complained(world, reason="ELSE")
    assert (await run(world, fetch_and_create_cancellation_requests)).failures == {"ReasonNotMapped": 1}
    world.hub.set_channel(conf={"cancellation_reason_id": 44})
    assert await fetch(world) == {"created": 1}
    assert rows(world)[0]["reason"] == 44


@pytest.mark.parametrize("decision", ["approved", "rejected", "completed", "confirmed"])
async def test_a_decision_is_told_back_once_in_the_channels_words(world: World, decision: str) -> None:
    """With the channel's ids and reason."""
    (told,) = await complained(world, reason="DAMAGED")
    await fetch(world)
    assert await tell(world) == {}
    world.hub.decide_request(rows(world)[0]["id"], decision)
    with requests_of(world) as seen:
        assert await tell(world) == {"updated": 1}
        assert await tell(world) == {}
    (sent,) = [json.loads(request.content)["items"] for request in seen if request.url.path == "/requests"]
    (line,) = sent
    assert (line["remote_id"], line["order_item"], line["reason"]) == (told["id"], told["order_item"], "DAMAGED")
    assert (line["status"], line["type"]) == (decision, "refund")
    assert world.market.sales.decisions == {(told["id"], decision): 1}


async def test_a_second_decision_is_told_too(world: World) -> None:
    (told,) = await complained(world)
    await fetch(world)
    for decision in ("approved", "completed"):
        world.hub.decide_request(rows(world)[0]["id"], decision)
        await tell(world)
    assert world.market.sales.requests[told["id"]]["status"] == "completed"


async def test_a_decision_during_the_run_is_told_by_the_next(world: World) -> None:
    (told,) = await complained(world)
    await fetch(world)
    pk = rows(world)[0]["id"]
    world.hub.decide_request(pk, "approved")

    def decide(number: int, request: Any, moment: str) -> None:
        if request.url.path == "/requests" and moment == "before" and rows(world)[0]["status"] == "approved":
            world.hub.decide_request(pk, "completed")

    world.hook = decide
    await tell(world)
    bound = action(world, pk, KIND)
    assert bound
    assert bound["version_date"] < rows(world)[0]["modified_date"]
    assert await tell(world) == {"updated": 1}
    assert world.market.sales.requests[told["id"]]["status"] == "completed"


async def test_a_decision_that_the_channel_refuses_fails_that_request_alone(world: World) -> None:
    refused, fine = await complained(world, "cancel", "refund")
    await fetch(world)
    world.market.refuse[refused["id"]] = "Talep kapandı"
    for row in rows(world):
        world.hub.decide_request(row["id"], "approved")
    summary = await run(world, update_cancellation_requests)
    assert (summary.counts, summary.failures) == ({"updated": 1, "failed": 1}, {"Rejected": 1})
    assert world.market.sales.requests[fine["id"]]["status"] == "approved"


async def test_a_decision_about_an_item_without_an_id_on_the_channel_is_named(world: World) -> None:
    await complained(world)
    await fetch(world)
    world.hub.decide_request(rows(world)[0]["id"], "approved")
    unbind(world, "orderitem")
    summary = await run(world, update_cancellation_requests)
    assert summary.failures == {"NotBound": 1}
    assert batches(world)[-1]["status"] == "done"


async def test_a_reason_without_a_word_of_the_channels_is_left_empty(world: World) -> None:
    """The decision counts."""
    (told,) = await complained(world)
    await fetch(world)
    world.hub.set_channel(conf={"reason_mapping": {}})
    world.hub.decide_request(rows(world)[0]["id"], "rejected")
    assert await tell(world) == {"updated": 1}
    assert world.market.sales.requests[told["id"]]["status"] == "rejected"


async def test_requests_can_be_read_by_conditions(world: World) -> None:
    """Read, not committed."""
    await complained(world, "cancel", "refund")
    await fetch(world)
    written = len(writes(world))
    async with opened(world, ContentType.cancellation_request, create_batch=False) as hub:
        found: list[CancellationRequest] = await hub.do_action(
            GetCancellationRequests, objects={"order_item": rows(world)[0]["order_item"]}
        )
    assert [row.cancellation_type for row in found] == ["cancel", "refund"]
    assert len(writes(world)) == written


@pytest.mark.parametrize("path", ["/integration_actions/", "/cancellation_requests/"])
async def test_a_request_is_not_made_or_bound_while_an_earlier_one_cannot_be_read(world: World, path: str) -> None:
    """It may be this one, or be bound to another: a second refund would be worse than a day's delay."""
    (first,) = await complained(world)
    await fetch(world)
    world.market.request(first["order_item"], "refund")
    is_it = {
        "/integration_actions/": lambda row: row.get("pk") == actions(world, KIND)[0]["pk"],
        "/cancellation_requests/": lambda row: row.get("id") == rows(world)[0]["id"],
    }[path]
    misprint = Misprint(path, is_it, lambda row: row.update({"modified_date": "yesterday"}))
    world.misprints.append(misprint)
    assert "created" not in await fetch(world)
    assert len(rows(world)) == 1
    world.misprints.remove(misprint)
    assert await fetch(world) == {"known": 1, "created": 1}
