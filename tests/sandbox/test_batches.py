"""Batch requests of the local hub: legal moves, the lock, and the effect of a move on objects."""

from typing import Any

import pytest

from deployments.sandbox import OmnitronSandbox
from tests.world.hub_client import HubClient, StillClock, named

LEGAL = {
    "initialized": ["commit", "fail"],
    "commit": ["commit", "sent_to_remote", "ongoing", "done", "fail"],
    "sent_to_remote": ["sent_to_remote", "ongoing", "done", "fail"],
    "ongoing": ["ongoing", "done", "fail"],
    "done": [],
    "fail": [],
}
WAY_TO = {
    "initialized": [],
    "commit": ["commit"],
    "sent_to_remote": ["commit", "sent_to_remote"],
    "ongoing": ["commit", "ongoing"],
    "done": ["commit", "done"],
    "fail": ["fail"],
}
FIELDS: dict[str, dict[str, Any]] = {
    "commit": {"content_type": "product", "objects": []},
    "sent_to_remote": {"remote_batch_id": "r1"},
}


@pytest.mark.parametrize("target", LEGAL)
@pytest.mark.parametrize("start", LEGAL)
async def test_a_batch_makes_the_legal_moves_and_no_other(api: HubClient, start: str, target: str) -> None:
    """Every pair of states; an illegal move is 406 with its code and changes nothing."""
    batch = await api.begin()
    for status in WAY_TO[start]:
        assert (await api.move(batch, status, **FIELDS.get(status, {}))).status_code == 200
    response = await api.move(batch, target, **FIELDS.get(target, {}))
    after = (await api.call("GET", f"batch_requests/{batch['pk']}/")).json()["status"]
    if target in LEGAL[start]:
        assert (response.status_code, after) == (200, target)
    else:
        assert (response.status_code, after) == (406, start)
        assert response.json()["error_code"] == "batch_request_status_100_1"


async def test_commit_locks_objects(api: HubClient) -> None:
    """A committed object has an action in processing and is offered no more."""
    row = (await api.rows("products/inserts/"))[0]
    batch = await api.committed(row)
    action = await api.action(row["pk"])
    assert action is not None
    assert (action["status"], action["local_batch_id"]) == ("processing", batch["local_batch_id"])
    assert action["version_date"] == row["modified_date"]
    assert row["pk"] not in [other["pk"] for other in await api.rows("products/inserts/")]


async def test_one_batch_of_a_type_is_in_commit(api: HubClient) -> None:
    """A second batch of the type is refused until the first has left commit; another type is not."""
    first = await api.committed()
    second = await api.begin()
    refused = await api.move(second, "commit", content_type="product", objects=[])
    assert (refused.status_code, refused.json()["error_code"]) == (406, "batch_request_status_100_2")
    await api.committed(content_type="productprice")
    await api.move(first, "sent_to_remote", remote_batch_id="r1")
    assert (await api.move(second, "commit", content_type="product", objects=[])).status_code == 200


async def test_a_batch_is_bound_to_its_first_type(api: HubClient) -> None:
    """Committing as another type is 406."""
    batch = await api.committed()
    refused = await api.move(batch, "commit", content_type="productprice", objects=[])
    assert (refused.status_code, refused.json()["error_code"]) == (406, "batch_request_content_type_100_1")


async def test_a_refused_move_changes_no_object(api: HubClient) -> None:
    """`initialized` to `done` names an object in vain."""
    row = (await api.rows("products/inserts/"))[0]
    batch = await api.begin()
    assert (await api.move(batch, "done", objects=[named(row, remote_id="x")])).status_code == 406
    assert await api.action(row["pk"]) is None


async def test_commit_with_a_reason_is_an_error_at_once(api: HubClient) -> None:
    """The object is not held, and one attempt is counted however often it is named."""
    row = (await api.rows("products/inserts/"))[0]
    batch = await api.committed(row)
    failed = [named(row, failed_reason_type="mapping")]
    await api.move(batch, "commit", objects=failed)
    action = await api.action(row["pk"])
    assert action is not None and action["status"] == "error"
    await api.move(batch, "done", objects=failed)
    assert [attempts.count for attempts in api.sandbox.shop.ledger.attempts.values()] == [1]


async def test_done_records_the_version_that_was_named(api: HubClient) -> None:
    """An edit between commit and done leaves the object due for update."""
    row = (await api.rows("products/inserts/"))[0]
    batch = await api.committed(row)
    api.sandbox.edit_product(row["pk"])
    await api.move(batch, "done", objects=[named(row, remote_id="MP-1")])
    action = await api.action(row["pk"])
    assert action is not None
    assert (action["status"], action["remote_id"]) == ("success", "MP-1")
    assert action["version_date"] == row["modified_date"]
    assert [other["pk"] for other in await api.rows("products/updates/")] == [row["pk"]]


async def test_done_leaves_what_it_does_not_name_in_processing(api: HubClient) -> None:
    """Such an object is offered no more, for ever."""
    row, other = (await api.rows("products/inserts/"))[:2]
    batch = await api.committed(row, other)
    await api.move(batch, "done", objects=[named(row, remote_id="MP-1")])
    action = await api.action(other["pk"])
    assert action is not None and action["status"] == "processing"
    assert other["pk"] not in [due["pk"] for due in await api.rows("products/inserts/")]


async def test_done_accepts_what_was_never_committed(api: HubClient) -> None:
    """A bare result makes the action."""
    row, other = (await api.rows("products/inserts/"))[:2]
    batch = await api.committed(row)
    await api.move(batch, "done", objects=[named(row, remote_id="MP-1"), named(other, remote_id="MP-2")])
    action = await api.action(other["pk"])
    assert action is not None and action["status"] == "success"


async def test_an_empty_remote_id_never_erases_a_known_one(api: HubClient) -> None:
    """A commit or an error without one does not."""
    row = (await api.rows("products/inserts/"))[0]
    await api.integrated(row, "MP-1")
    row = api.sandbox.edit_product(row["pk"])
    batch = await api.committed(row)
    await api.move(batch, "done", objects=[named(row, remote_id="", failed_reason_type="remote")])
    action = await api.action(row["pk"])
    assert action is not None
    assert (action["status"], action["remote_id"]) == ("error", "MP-1")


async def test_fail_takes_the_action_of_what_was_never_sent(api: HubClient) -> None:
    """The object has no action, and one attempt."""
    row = (await api.rows("products/inserts/"))[0]
    batch = await api.committed(row)
    assert (await api.move(batch, "fail", objects=None)).status_code == 200
    assert await api.action(row["pk"]) is None
    assert [attempts.count for attempts in api.sandbox.shop.ledger.attempts.values()] == [1]


async def test_fail_restores_what_was_before(api: HubClient) -> None:
    """A product that had been sent is a success at its old version again."""
    row = (await api.rows("products/inserts/"))[0]
    await api.integrated(row, "MP-1")
    before = await api.action(row["pk"])
    newer = dict(api.sandbox.edit_product(row["pk"]))
    batch = await api.committed(newer)
    await api.move(batch, "fail")
    after = await api.action(row["pk"])
    assert before is not None and after is not None
    changed = {"modified_date"}
    assert {k: v for k, v in after.items() if k not in changed} == {k: v for k, v in before.items() if k not in changed}


async def test_fail_with_a_reason_is_an_error(api: HubClient) -> None:
    """Objects with a reason end as errors, the others are released."""
    row, other = (await api.rows("products/inserts/"))[:2]
    batch = await api.committed(row, other)
    await api.move(batch, "fail", objects=[named(row, failed_reason_type="channel_app")])
    action = await api.action(row["pk"])
    assert action is not None and action["status"] == "error"
    assert await api.action(other["pk"]) is None


async def test_a_newer_batch_takes_over(api: HubClient) -> None:
    """The older batch's end does not touch it; the newer one's restores what was before both."""
    row = (await api.rows("product_prices/inserts/"))[0]
    old = await api.committed(row, content_type="productprice")
    await api.move(old, "sent_to_remote", remote_batch_id="r1")
    new = await api.committed(row, content_type="productprice")
    await api.move(old, "fail")
    action = await api.action(row["pk"], "productprice")
    assert action is not None
    assert (action["status"], action["local_batch_id"]) == ("processing", new["local_batch_id"])
    await api.move(new, "fail")
    assert await api.action(row["pk"], "productprice") is None


async def test_the_older_batch_settles_what_was_taken_over(api: HubClient) -> None:
    """Its result stands: the newer batch's failure neither takes nor reverts it."""
    row = (await api.rows("product_prices/inserts/"))[0]
    old = await api.committed(row, content_type="productprice")
    await api.move(old, "sent_to_remote", remote_batch_id="r1")
    new = await api.committed(row, content_type="productprice")
    await api.move(old, "done", objects=[named(row, "productprice", remote_id="MP-1")])
    await api.move(new, "commit", objects=[named(row, "productprice")])
    await api.move(new, "fail")
    action = await api.action(row["pk"], "productprice")
    assert action is not None
    assert (action["status"], action["remote_id"], action["version_date"]) == ("success", "MP-1", row["modified_date"])


async def test_a_failed_object_is_offered_again_after_the_interval(api: HubClient, clock: StillClock) -> None:
    """Not before."""
    row = (await api.rows("products/inserts/"))[0]
    await api.move(await api.committed(row), "fail")
    assert row["pk"] not in [due["pk"] for due in await api.rows("products/inserts/")]
    await clock.sleep(3599)
    assert row["pk"] not in [due["pk"] for due in await api.rows("products/inserts/")]
    await clock.sleep(1)
    await api.log_in()
    assert row["pk"] in [due["pk"] for due in await api.rows("products/inserts/")]


async def test_attempts_are_used_up(api: HubClient, clock: StillClock) -> None:
    """With MAX_RETRY_COUNT 5 an object is tried six times; an edit begins anew."""
    row = (await api.rows("products/inserts/"))[0]
    tries = 0
    while row["pk"] in [due["pk"] for due in await api.rows("products/inserts/")]:
        await api.move(await api.committed(row), "fail")
        tries += 1
        await clock.sleep(3600)
        await api.log_in()
    assert tries == 6
    api.sandbox.edit_product(row["pk"])
    assert row["pk"] in [due["pk"] for due in await api.rows("products/inserts/")]


async def test_success_clears_the_attempts(api: HubClient) -> None:
    """So the next failure is the first again."""
    row = (await api.rows("products/inserts/"))[0]
    await api.move(await api.committed(row), "fail")
    await api.integrated(row, "MP-1")
    assert api.sandbox.shop.ledger.attempts == {}


async def test_open_batches_are_listed_by_several_statuses(api: HubClient) -> None:
    """`status` may be given more than once, and the type filters."""
    sent = await api.committed()
    await api.move(sent, "sent_to_remote", remote_batch_id="r1")
    await api.committed()
    await api.begin()
    rows = await api.rows("batch_requests/", channel=6, status=["sent_to_remote", "ongoing"], content_type="product")
    assert [(row["pk"], row["remote_batch_id"]) for row in rows] == [(sent["pk"], "r1")]
    assert len(await api.rows("batch_requests/", status=["initialized", "commit"])) == 2


async def test_every_move_changes_the_modified_date(api: HubClient) -> None:
    """A commit into commit included, though the clock stands still."""
    batch = await api.committed()
    first = (await api.call("GET", f"batch_requests/{batch['pk']}/")).json()["modified_date"]
    second = (await api.move(batch, "commit", objects=[])).json()["modified_date"]
    assert second > first > batch["modified_date"]


async def test_a_version_that_does_not_exist_is_a_violation(api: HubClient) -> None:
    """A commit newer than the object itself."""
    row = (await api.rows("products/inserts/"))[0]
    await api.committed({**row, "modified_date": "2030-01-01T00:00:00.000000Z"})
    assert "newer than the object's" in api.sandbox.violations[0]


async def test_a_result_without_id_and_reason_is_a_violation(api: HubClient) -> None:
    """It counts as a success without an id."""
    row = (await api.rows("products/inserts/"))[0]
    batch = await api.committed(row)
    await api.move(batch, "done", objects=[named(row)])
    assert "neither a remote_id nor a reason" in api.sandbox.violations[0]


async def test_success_is_told_to_the_listeners(hub: OmnitronSandbox, api: HubClient) -> None:
    """Type, key, remote id and version of every action that becomes success."""
    heard: list[tuple[str, int, str, str]] = []
    hub.success_listeners.append(lambda *success: heard.append(success))
    row = (await api.rows("products/inserts/"))[0]
    await api.integrated(row, "MP-1")
    assert heard == [("product", row["pk"], "MP-1", row["modified_date"])]


async def test_an_unreadable_move_is_refused_with_the_field(api: HubClient) -> None:
    """400 names the mistakes."""
    batch = await api.begin()
    response = await api.move(batch, "commit", content_type="product", objects=[{"pk": 1001}])
    assert response.status_code == 400
    assert set(response.json()["objects"][0]) == {"content_type", "version_date"}
