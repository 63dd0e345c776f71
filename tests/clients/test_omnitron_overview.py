"""How things stand, without reading all of it: counts, ends of lists, and one key in a long list."""

from typing import Any

import httpx
import pytest
from pydantic import BaseModel

from clients.errors import ContractError
from clients.omnitron import OmnitronClient
from dto.enums import BatchRequestStatus, ContentType, IntegrationActionStatus
from tests.clients.support import Script, Sleeper, answer, hub_of
from tests.world.loopback import World


class Thing(BaseModel):
    """A row of a made-up list."""

    pk: int


def _listing(total: int, cap: int, *, gap: int = 1) -> Script:
    """A list of rows `gap` keys apart, by pages of at most `cap`."""

    def page(request: httpx.Request) -> httpx.Response:
        number, limit = int(request.url.params.get("page", 1)), min(int(request.url.params["limit"]), cap)
        rows = [{"pk": gap * index} for index in range(1, total + 1)][(number - 1) * limit : number * limit]
        if not rows and number > 1:
            return answer({"detail": "Invalid page."}, 404)
        following = "http://hub/?page=2" if number * limit < total else None
        return answer({"count": total, "next": following, "previous": None, "results": rows})

    return Script(page)


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({"count": 4711, "next": "x", "results": [{"pk": 1}]}, 4711),
        ({"count": 1, "next": None, "results": [{"pk": 1}]}, 1),
        ({"count": 0, "next": None, "results": []}, 0),
        ([{"pk": 1}, {"pk": 2}, {"pk": 3}], 3),
        ([], 0),
    ],
)
async def test_a_list_is_counted_by_one_request(body: Any, expected: int) -> None:
    """A bare list has no count: its rows are counted."""
    script = Script(answer(body))
    async with hub_of(script, Sleeper()) as client:
        assert await client.resource("things", Thing).count() == expected
    assert [request.url.params["limit"] for request in script.requests] == ["1"]


async def test_a_list_that_goes_on_without_a_count_is_no_count() -> None:
    script = Script(answer({"next": "x", "results": [{"pk": 1}]}))
    async with hub_of(script, Sleeper()) as client:
        with pytest.raises(ContractError, match="does not say how many"):
            await client.resource("things", Thing).count()


async def test_rows_that_were_not_asked_for_are_not_counted() -> None:
    """A filter that the hub does not know answers every row."""
    row = {"pk": 1, "content_type": {"model": "order"}, "object_id": 5, "status": "success"}
    script = Script(answer({"count": 90, "next": "x", "results": [row]}))
    async with hub_of(script, Sleeper()) as client:
        with pytest.raises(ContractError, match="not asked for"):
            await client.actions.count(ContentType.product)


@pytest.mark.parametrize(
    ("total", "cap", "wanted", "expected", "requests"),
    [
        (0, 100, 5, [], 1),
        (3, 100, 5, [3, 2, 1], 1),
        (3, 100, 2, [3, 2], 1),
        (250, 100, 120, list(range(250, 130, -1)), 3),
        (30, 10, 25, list(range(30, 5, -1)), 3),
        (1_000, 100, 500, list(range(1_000, 500, -1)), 7),
        (1_000, 10, 500, list(range(1_000, 940, -1)), 7),
    ],
)
async def test_the_end_of_a_list_is_read_newest_first(
    total: int, cap: int, wanted: int, expected: list[int], requests: int
) -> None:
    """However many rows the server puts on a page, and no more than a few pages."""
    script = _listing(total, cap)
    async with hub_of(script, Sleeper()) as client:
        rows, count = await client.resource("things", Thing).last({}, wanted)
    assert ([row.pk for row in rows], count) == (expected, total)
    assert len(script.requests) <= requests


@pytest.mark.parametrize(("total", "cap"), [(0, 10), (1, 10), (10, 10), (11, 10), (95, 10), (100, 7)])
async def test_one_key_is_found_in_a_list_of_any_length(total: int, cap: int) -> None:
    """Each listed key, and no key between, before or after them."""
    script = _listing(total, cap, gap=2)
    async with hub_of(script, Sleeper()) as client:
        found = [key for key in range(2 * total + 4) if await client.resource("things", Thing).holds({}, key)]
    assert found == list(range(2, 2 * total + 1, 2))


async def test_a_long_list_is_halved_and_not_read() -> None:
    script = _listing(100_000, 100)
    async with hub_of(script, Sleeper()) as client:
        assert await client.resource("things", Thing).holds({}, 77_777)
    assert len(script.requests) <= 11


async def test_what_is_due_is_counted_and_found_on_its_own_list() -> None:
    """Prices of an extra list are no prices of the catalog's own."""
    world = World(products=8, failing=0, extra_lists=True)
    async with OmnitronClient(world.runtime()) as client:
        assert await client.due_list(ContentType.product, "inserts").count() == 8
        assert await client.due_list(ContentType.product, "updates").count() == 0
        assert await client.due_list(ContentType.product_price, "inserts").count() == 8
        assert await client.due_list(ContentType.product_price, "inserts", 23).count() == 2
        assert await client.due_list(ContentType.integration_action, "deleted").count() == 0
        own, extra = [row["pk"] for row in world.prices.find("product", 1001)]
        assert await client.due_list(ContentType.product_price, "inserts").holds(own)
        assert not await client.due_list(ContentType.product_price, "inserts").holds(extra)
        assert await client.due_list(ContentType.product_price, "inserts", 23).holds(extra)
        assert not await client.due_list(ContentType.product_price, "updates").holds(own)
    assert world.hub.violations == []


async def test_the_first_pages_of_a_due_list_say_how_far_they_reach() -> None:
    world = World(products=250, failing=0)
    async with OmnitronClient(world.runtime()) as client:
        keys, end = await client.due_list(ContentType.product, "inserts").first_keys(2)
        assert (keys, end) == (set(range(1001, 1201)), 1200)
        keys, end = await client.due_list(ContentType.product, "inserts").first_keys(3)
        assert (keys, end) == (set(range(1001, 1251)), None)


async def test_reports_of_other_objects_are_left_out() -> None:
    """A hub that does not know the filter answers the whole log. One that names no object is taken at its word."""
    rows = [{"pk": 3, "action_object_id": 8}, {"pk": 2, "action_object_id": 7}, {"pk": 1}]
    script = Script(answer([{"id": 12, "model": "product"}]), answer({"count": 3, "next": None, "results": rows}))
    async with hub_of(script, Sleeper()) as client:
        found = await client.error_reports.find("product", 7)
    assert [row.pk for row in found or ()] == [2, 1]


def _log(*pages: list[dict[str, Any]]) -> Script:
    """The ids of content types, then the pages of the merchant's log."""
    bodies = [
        {"count": 1_000, "next": "x" if number < len(pages) else None, "results": rows}
        for number, rows in enumerate(pages, start=1)
    ]
    return Script(answer([{"id": 12, "model": "product"}]), *map(answer, bodies))


async def test_the_newest_failure_of_each_object_is_found_in_one_reading_of_the_log() -> None:
    """Lines of another type or object, and of successes, are no reasons."""
    rows: list[dict[str, Any]] = [
        {"pk": 9, "action_content_type": 13, "action_object_id": 7, "error_desc": "of a price"},
        {"pk": 8, "action_content_type": 12, "action_object_id": 7, "is_ok": True},
        {"pk": 7, "action_content_type": {"id": 12, "model": "product"}, "action_object_id": 7, "error_desc": "new"},
        {"pk": 6, "action_content_type": 12, "action_object_id": 7, "error_desc": "old"},
        {"pk": 5, "action_content_type": "12", "action_object_id": 9},
        {"pk": 4, "action_object_id": 8, "error_desc": "as asked"},
    ]
    script = _log(rows)
    async with hub_of(script, Sleeper()) as client:
        found = await client.error_reports.newest_failures("product", [7, 8], 3)
    assert [(row.action_object_id, row.error_desc) for row in found or ()] == [(7, "new"), (8, "as asked")]
    (asked,) = [request for request in script.requests if "error_reports" in request.url.path]
    assert (asked.url.params["action_content_type"], asked.url.params["sort"]) == ("12", "-id")


async def test_the_log_is_read_no_further_than_it_was_said() -> None:
    script = _log(*([{"pk": page, "action_object_id": 1}] for page in range(1, 9)))
    async with hub_of(script, Sleeper()) as client:
        assert await client.error_reports.newest_failures("product", [7], 3) == []
    assert sum("error_reports" in request.url.path for request in script.requests) == 3


async def test_an_object_is_marked_as_changed_on_its_own_list() -> None:
    """Nothing of it is written."""
    world = World(products=8, failing=0, extra_lists=True)
    async with OmnitronClient(world.runtime()) as client:
        own, extra = [row["pk"] for row in world.prices.find("product", 1001)]
        before = {pk: dict(world.prices[pk]) for pk in (own, extra)}
        await client.prices.touch(own)
        await client.prices.touch(extra, extra=True)
        for pk in (own, extra):
            assert world.prices[pk].pop("modified_date") > before[pk].pop("modified_date")
            assert world.prices[pk] == before[pk]
    assert [path for method, path, _ in world.hub.requests if method == "PATCH"] == [
        f"/api/v1/channel/6/product_prices/{own}/",
        f"/api/v1/channel/6/extra_product_prices/{extra}/",
    ]


async def test_batches_are_read_from_either_end() -> None:
    world = World(products=1)
    async with OmnitronClient(world.runtime()) as client:
        for _ in range(130):
            await client.batches.create()
        await client.batches.move(1, BatchRequestStatus.fail)
        oldest, all_of_them = await client.batches.oldest((BatchRequestStatus.initialized,), 1)
        assert ([row.pk for row in oldest][:2], len(oldest), all_of_them) == ([2, 3], 100, False)
        assert [row.pk for row in await client.batches.newest(2)] == [130, 129]
        assert await client.actions.count(status=IntegrationActionStatus.error) == 0
    assert world.hub.violations == []
