"""The client's calls about orders: rows are checked against what was asked, and creates are not repeated."""

from collections.abc import Callable, Coroutine
from typing import Any

import httpx
import pytest

from clients.errors import ContractError, LostAnswerError, RateLimitedError, RefusedError
from clients.omnitron import OmnitronClient
from dto.enums import ErrorType
from tests.clients.support import Script, Sleeper, answer, hub_of

CHANNEL = "/api/v1/channel/6/"

CREATES: dict[str, tuple[str, Callable[[OmnitronClient], Coroutine[Any, Any, Any]]]] = {
    "customer": ("customers/", lambda hub: hub.customers.create({"first_name": "Şule"})),
    "address": ("addresses/", lambda hub: hub.addresses.create({"line": "Gül Sok."})),
    "order": ("create_orders/", lambda hub: hub.orders.create({"number": "SP1"}, [{"product": 1}])),
    "cancellation": ("orders/7/cancel/", lambda hub: hub.orders.cancel(7, {1: 41}, {})),
    "shipping info": ("order_shipping_infos/", lambda hub: hub.shipping_infos.create({"order": 7})),
    "request": ("cancellation_requests/", lambda hub: hub.cancellation_requests.create({"order_item": 1})),
}


def listing(*rows: dict[str, Any]) -> httpx.Response:
    """A list that ends on its first page."""
    return answer({"count": len(rows), "next": None, "previous": None, "results": list(rows)})


@pytest.mark.parametrize("name", CREATES)
@pytest.mark.parametrize(
    "lost",
    [httpx.ReadTimeout("late"), httpx.ReadError("reset"), answer({}, 503), httpx.Response(200, html="<p>Welcome")],
    ids=["time-out", "reset", "503", "a page"],
)
async def test_a_create_whose_answer_is_lost_is_sent_once(name: str, lost: Any, clock: Sleeper) -> None:
    """The caller has to look first."""
    path, create = CREATES[name]
    script = Script(lost)
    async with hub_of(script, clock) as hub:
        with pytest.raises(LostAnswerError):
            await create(hub)
    assert [(request.method, request.url.path) for request in script.requests] == [("POST", CHANNEL + path)]


@pytest.mark.parametrize("name", CREATES)
async def test_a_create_that_was_certainly_not_applied_is_sent_again(name: str, clock: Sleeper) -> None:
    """Too many requests: the hub says when, and is not asked sooner."""
    script = Script(answer({}, 429, **{"Retry-After": "2"}))
    async with hub_of(script, clock) as hub:
        with pytest.raises(RateLimitedError):
            await CREATES[name][1](hub)
    assert len(script.requests) > 1
    assert clock.sleeps[:3] == [2.0] * 3
    assert min(clock.sleeps) == 2.0


@pytest.mark.parametrize("field", ["email", "phone_number", "channel_code"])
async def test_customers_are_those_that_were_asked_for(field: str, clock: Sleeper) -> None:
    """A hub that does not know the filter answers everybody: those rows are dropped, another channel's too."""
    script = Script(
        listing(
            {"pk": 1, field: "SULE", "channel": 6},
            {"pk": 2, field: "sule2", "channel": 6},
            {"pk": 3, field: None},
            {"pk": 4, field: "sule", "channel": {"pk": 7}},
            {"pk": 5, field: "sule"},
        )
    )
    async with hub_of(script, clock) as hub:
        assert [row.pk for row in await hub.customers.find(field, "sule")] == [1, 5]
    assert dict(script.requests[0].url.params) == {"limit": "100", field: "sule", "channel": "6"}


async def test_orders_with_a_number_are_those_that_were_asked_for(clock: Sleeper) -> None:
    """A number that only begins alike is another order's."""
    script = Script(listing({"pk": 1, "number": "SP1"}, {"pk": 2, "number": "SP12"}, {"pk": 3, "number": "sp1"}))
    async with hub_of(script, clock) as hub:
        assert [row.pk for row in await hub.orders.find("SP1")] == [1]


async def test_rows_of_other_keys_orders_hashes_and_codes_are_dropped(clock: Sleeper) -> None:
    """No answer of the hub changes that."""
    script = Script(
        listing({"pk": 1, "number": "A"}, {"pk": 9, "number": "B"}),
        listing({"pk": 1, "order": 7}, {"pk": 2, "order": 8}),
        listing({"pk": 1, "hash_data": "ab"}, {"pk": 2, "hash_data": "cd"}),
        listing({"pk": 1, "erp_code": "M1"}, {"pk": 2, "erp_code": "M2"}),
        listing({"pk": 1, "order": 7}, {"pk": 2, "order": 8}),
    )
    async with hub_of(script, clock) as hub:
        found: list[Any] = [
            await hub.orders.get_many([1, 2]),
            await hub.order_items.find(7),
            await hub.addresses.find("ab"),
            await hub.retail_stores.find("M1"),
            await hub.shipping_infos.find(7),
        ]
    assert [[row.pk for row in rows] for rows in found] == [[1]] * 5


async def test_an_empty_value_is_no_filter_and_is_never_sent(clock: Sleeper) -> None:
    """It would answer every row."""
    script = Script(listing({"pk": 1, "number": ""}))
    async with hub_of(script, clock) as hub:
        assert await hub.customers.find("email", "") == []
        assert await hub.orders.find("") == []
        assert await hub.addresses.find("") == []
        assert await hub.retail_stores.find("") == []
        assert await hub.orders.get_many([]) == []
    assert script.requests == []


async def test_orders_are_read_fifty_keys_at_a_time(clock: Sleeper) -> None:
    script = Script(listing())
    async with hub_of(script, clock) as hub:
        await hub.orders.get_many(range(1, 121))
    assert [len(request.url.params["pk__in"].split(",")) for request in script.requests] == [50, 50, 20]


@pytest.mark.parametrize(("kind", "path"), [("country", "countries"), ("city", "cities"), ("district", "districts")])
async def test_places_are_asked_for_and_reported_by_their_kind(kind: str, path: str, clock: Sleeper) -> None:
    script = Script(listing({"pk": 1, "name": "Bodrum"}), answer({}, 201))
    async with hub_of(script, clock) as hub:
        (found,) = await hub.places.find(ErrorType(kind), {"name__exact": "Bodrum"})
        await hub.places.report(ErrorType(kind), {"name": "Bodrum"})
    assert found.name == "Bodrum"
    assert [request.url.path for request in script.requests] == [f"{CHANNEL}{path}/", f"{CHANNEL}error_reports/{kind}/"]


async def test_a_cancellation_names_the_reason_of_each_item(clock: Sleeper) -> None:
    """Keys are texts, as JSON has them."""
    script = Script(answer({"pk": 7}))
    async with hub_of(script, clock) as hub:
        await hub.orders.cancel(7, {1: 41, 2: 42}, {"forced_refund_amount": "12.50"})
    assert script.requests[0].content.decode() == (
        '{"order": 7, "cancel_items": [1, 2], "reasons": {"1": 41, "2": 42}, "forced_refund_amount": "12.50"}'
    )


async def test_a_refused_create_says_which_field_of_which_part(clock: Sleeper) -> None:
    """Bodies are nested; what they say about a person's fields stays out of sight."""
    script = Script(answer({"order": {"number": ["taken"], "remote_addr": "10.0.0.1"}}, 400))
    async with hub_of(script, clock) as hub:
        with pytest.raises(RefusedError, match=r"order\.number: taken") as raised:
            await hub.orders.create({"number": "SP1"}, [])
    assert "10.0.0.1" not in raised.value.message


async def test_a_row_that_is_none_is_the_contracts_breach_and_quotes_no_person(clock: Sleeper) -> None:
    script = Script(listing({"pk": "none", "email": "sule@example.com", "first_name": "Şule"}))
    async with hub_of(script, clock) as hub:
        with pytest.raises(ContractError, match="row 1 of 1 does not fit") as raised:
            await hub.customers.find("email", "sule@example.com")
    assert "ule" not in raised.value.message


async def test_a_request_is_keyed_id_and_its_references_may_be_whole_rows(clock: Sleeper) -> None:
    script = Script(listing({"id": 5, "order_item": {"pk": 8}, "reason": {"id": 41}, "cancellation_type": "refund"}))
    async with hub_of(script, clock) as hub:
        (row,) = await hub.cancellation_requests.find({"order_item": 8})
    assert (row.pk, row.order_item, row.reason, row.cancellation_type) == (5, 8, 41, "refund")
