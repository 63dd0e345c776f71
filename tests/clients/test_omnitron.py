"""Omnitron's client: log-in, lists, and answers that are not what the contract says."""

import asyncio
import time
import traceback
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
from pydantic import BaseModel, SecretStr

from clients.errors import (
    AuthError,
    ContractError,
    MappingError,
    RateLimitedError,
    RefusedError,
    UnreadableRowError,
)
from clients.omnitron import OmnitronClient
from clients.omnitron.lists import PAGE, chunks, pages_for
from clients.runtime import Runtime
from deployments.sandbox.base.faults import Fault
from dto.enums import BatchRequestStatus, ContentType, IntegrationActionStatus
from dto.omnitron import Channel, Product
from tests.clients.support import Script, Sleeper, answer, hub_of, settings
from tests.world.loopback import World
from tests.world.shop import requests_of

LOG_IN = "/api/v1/auth/login/"


class Thing(BaseModel):
    """A row of a made-up list."""

    pk: int


def _log_ins(world: World) -> int:
    return sum(path == LOG_IN for _, path, _ in world.hub.requests)


def _hang_together(world: World) -> None:
    """Every answer takes a while, so that calls overlap."""
    world.hub.latency = 0.01


def _listing(total: int, cap: int = 100, **extra: Any) -> Script:
    """A list of so many rows by pages of at most `cap`."""

    def page(request: httpx.Request) -> httpx.Response:
        number, limit = int(request.url.params.get("page", 1)), min(int(request.url.params["limit"]), cap)
        rows = [{"pk": pk} for pk in range(1, total + 1)][(number - 1) * limit : number * limit]
        if not rows and number > 1:
            return answer({"detail": "Invalid page."}, 404)
        following = "http://hub/?page=2" if number * limit < total else None
        return answer({"count": total, "next": following, "previous": None, "results": rows, **extra})

    return Script(page)


async def _keys(client: OmnitronClient, wanted: int = 100) -> list[int]:
    return [row.pk async for page in client.resource("things", Thing).pages(wanted=wanted) for row in page]


def _action(pk: int = 1, **fields: Any) -> dict[str, Any]:
    base = {
        "pk": pk,
        "channel": 6,
        "content_type": {"id": 12, "model": "product"},
        "object_id": pk,
        "status": "success",
    }
    return {**base, **fields}


# -- log-in ------------------------------------------------------------------------------------------------------------


async def test_twenty_first_calls_log_in_once(world: World, hub_client: OmnitronClient):
    """The first logs in, the others wait for it."""
    _hang_together(world)
    await asyncio.gather(*(hub_client.channel.get() for _ in range(20)))
    assert _log_ins(world) == hub_client.traffic.log_ins == 1


async def test_twenty_calls_whose_key_expired_log_in_once(world: World, hub_client: OmnitronClient):
    """And each is repeated once."""
    await hub_client.channel.get()
    world.hub.expire_tokens()
    world.hub.restart_log()
    _hang_together(world)
    await asyncio.gather(*(hub_client.channel.get() for _ in range(20)))
    assert _log_ins(world) == 1
    assert len(world.hub.requests) <= 41


async def test_a_second_401_is_an_error(world: World, hub_client: OmnitronClient):
    """The fresh key does not help: somebody has to look."""
    world.hub.faults.add(Fault("unauthorized", path="channels/", times=None))
    with pytest.raises(AuthError, match="401"):
        await hub_client.channel.get()
    assert _log_ins(world) == 2
    assert len(world.hub.requests) == 4


async def test_after_a_second_401_the_next_call_tries_a_new_key(world: World, hub_client: OmnitronClient):
    """The client is not broken for ever."""
    world.hub.faults.add(Fault("unauthorized", path="channels/", times=2))
    with pytest.raises(AuthError):
        await hub_client.channel.get()
    assert (await hub_client.channel.get()).pk == 6


async def test_a_403_does_not_log_in_again(clock: Sleeper):
    """Another key has the same permissions."""
    script = Script(answer({"detail": "no"}, 403))
    client = hub_of(script, clock)
    with pytest.raises(AuthError):
        await client.channel.get()
    assert (len(script.requests), client.traffic.log_ins) == (1, 1)


async def test_a_create_whose_key_expired_is_repeated_once(world: World, hub_client: OmnitronClient):
    """A 401 was certainly not applied."""
    await hub_client.channel.get()
    world.hub.expire_tokens()
    await hub_client.batches.create()
    assert len(list(world.batches.table)) == 1


async def test_a_refused_log_in_is_tried_exactly_once(world: World):
    """Twenty calls with a wrong password must not lock the account."""
    _hang_together(world)
    runtime = world.runtime()
    wrong = Runtime(
        runtime.settings.model_copy(update={"OMNITRON_PASSWORD": settings().OMNITRON_PASSWORD}),
        runtime.clock,
        runtime.connect,
    )
    async with OmnitronClient(wrong) as client:
        answers = await asyncio.gather(*(client.channel.get() for _ in range(20)), return_exceptions=True)
        assert all(isinstance(one, AuthError) for one in answers)
        with pytest.raises(AuthError, match="OMNITRON_PASSWORD"):
            await client.channel.get()
    assert [path for _, path, _ in world.hub.requests] == [LOG_IN]


def _with_block(world: World, password: str) -> tuple[Runtime, list[str]]:
    """A runtime whose password stands in a Secret block, and the names that were read."""
    asked: list[str] = []

    async def read_secret(name: str) -> SecretStr:
        asked.append(name)
        return SecretStr(password)

    update = {"OMNITRON_PASSWORD": None, "OMNITRON_PASSWORD_BLOCK": "omnitron-password"}
    runtime = world.runtime()
    return replace(runtime, settings=runtime.settings.model_copy(update=update), read_secret=read_secret), asked


async def test_a_password_in_a_block_is_read_at_the_first_log_in_and_masked_from_then_on(world: World):
    """Not again when the key expires: a run that is under way needs no Prefect."""
    world.hub.reset(password="block-canary-1")
    runtime, asked = _with_block(world, "block-canary-1")
    async with OmnitronClient(runtime) as client:
        assert asked == []
        await client.channel.get()
        world.hub.expire_tokens()
        await client.channel.get()
    assert asked == ["omnitron-password"]
    assert runtime.redactor.text("it is block-canary-1") == "it is ***"
    assert "block-canary-1" not in repr(runtime)


async def test_a_refused_log_in_names_the_block_that_holds_the_password(world: World):
    """Which is what has to be changed."""
    runtime, _ = _with_block(world, "block-canary-2")
    async with OmnitronClient(runtime) as client:
        with pytest.raises(AuthError, match="Check OMNITRON_USERNAME and the Secret block `omnitron-password`"):
            await client.channel.get()


async def test_a_credential_in_the_channels_conf_is_masked_once_it_was_read(world: World, hub_client: OmnitronClient):
    """A connector may put it anywhere: into an address, an error, a report."""
    world.hub.set_channel(conf={"bazaar": {"api_key": "conf-canary-8"}})
    await hub_client.channel.get()
    assert hub_client.redactor.text("GET /v1/conf-canary-8/products") == "GET /v1/***/products"


async def test_a_rate_limited_log_in_waits_as_it_is_told(world: World, hub_client: OmnitronClient):
    """Too many log-ins."""
    world.hub.faults.add(Fault("rate_limited", path="login", seconds=9))
    before = world.clock.monotonic()
    await hub_client.channel.get()
    assert world.clock.monotonic() - before == pytest.approx(9)


@pytest.mark.parametrize("body", [{}, {"key": ""}, {"key": 5}, [], None, {"key": None}])
async def test_a_log_in_without_a_key_breaks_the_contract(body: Any, clock: Sleeper):
    """Another system answers under this address."""
    client = OmnitronClient(Runtime(settings(), clock, lambda _: httpx.MockTransport(Script(answer(body)))))
    with pytest.raises(ContractError, match="OMNITRON_URL"):
        await client.channel.get()


async def test_the_password_and_the_key_are_learnt_by_the_redactor(world: World, hub_client: OmnitronClient):
    """No text of this run may show them."""
    with requests_of(world) as seen:
        await hub_client.channel.get()
    key = seen[0].headers["Authorization"].removeprefix("Token ")
    assert hub_client.redactor.text(f"a: sandbox, {key}") == "a: ***, ***"


# -- lists -------------------------------------------------------------------------------------------------------------


async def test_a_bare_list_is_a_single_page(clock: Sleeper):
    """Some hubs answer so."""
    script = Script(answer([{"pk": 1}, {"pk": 2}]))
    assert await _keys(hub_of(script, clock)) == [1, 2]
    assert len(script.requests) == 1


@pytest.mark.parametrize("following", [{"next": None}, {}, {"next": ""}])
async def test_a_list_ends_where_next_is_empty(following: dict[str, Any], clock: Sleeper):
    """The count does not matter."""
    script = Script(answer({"count": 1_000, "results": [{"pk": 1}], **following}))
    assert await _keys(hub_of(script, clock)) == [1]
    assert len(script.requests) == 1


@pytest.mark.parametrize("wanted", [1, 100, 1_000])
@pytest.mark.parametrize(
    ("total", "cap"), [(0, 100), (1, 100), (100, 100), (101, 100), (250, 100), (95, 10), (7, 3), (5, 1)]
)
async def test_every_row_comes_once_and_in_order_whatever_the_server_caps(
    total: int, cap: int, wanted: int, clock: Sleeper
):
    """Trust `next`, never the number of rows asked for."""
    script = _listing(total, cap)
    assert await _keys(hub_of(script, clock), wanted) == list(range(1, total + 1))
    assert len(script.requests) == max(1, pages_for(total, cap))


@pytest.mark.parametrize("count", [None, -1, 0, "many", True, 3.5, 10_000])
async def test_a_count_that_lies_loses_no_row(count: Any, clock: Sleeper):
    """It is a hint, no more."""
    assert await _keys(hub_of(_listing(35, 10, count=count), clock), 1_000) == list(range(1, 36))


async def test_a_page_past_the_end_ends_a_list_that_shrank(clock: Sleeper):
    """Batches that are acted on leave the list that is being paged."""
    script = Script(
        answer({"count": 200, "next": "x", "results": [{"pk": 1}]}), answer({"detail": "Invalid page."}, 404)
    )
    assert await _keys(hub_of(script, clock)) == [1]


async def test_a_list_that_does_not_exist_is_refused(clock: Sleeper):
    """404 on the first page is no end."""
    with pytest.raises(RefusedError):
        await _keys(hub_of(Script(answer({}, 404)), clock))


@pytest.mark.parametrize("rows", [[{"pk": 1}], []])
async def test_a_list_that_never_ends_is_refused(rows: list[Any], clock: Sleeper, monkeypatch: pytest.MonkeyPatch):
    """A server that answers the same page for ever does not keep a run busy for ever."""
    monkeypatch.setattr("clients.omnitron.lists.MOST_PAGES", 20)
    script = Script(answer({"count": 10**9, "next": "more", "results": rows}))
    with pytest.raises(ContractError, match="did not end"):
        await _keys(hub_of(script, clock), 1_000)
    assert len(script.requests) == 20


@pytest.mark.parametrize("body", [{}, {"results": None}, {"results": {}}, "x", 5, None, {"detail": "hello"}])
async def test_an_answer_that_is_no_list_breaks_the_contract(body: Any, clock: Sleeper):
    """And is named."""
    with pytest.raises(ContractError, match="things/"):
        await _keys(hub_of(Script(answer(body)), clock))


@pytest.mark.parametrize("row", [None, 5, "x", [], {"name": "x"}, {"pk": None}, {"pk": "x"}])
async def test_a_list_with_a_row_that_cannot_be_named_cannot_be_used(row: Any, clock: Sleeper):
    """Left out, it would never be missed. The message says where it stands."""
    with pytest.raises(ContractError, match="list things cannot be used: row 2 of 2"):
        await _keys(hub_of(Script(answer([{"pk": 1, "name": "x"}, row])), clock))


def test_chunks_hold_every_key_once():
    """The last is the rest."""
    assert chunks(range(5), 2) == [[0, 1], [2, 3], [4]]
    assert chunks([], 2) == []


# -- rows --------------------------------------------------------------------------------------------------------------


async def test_a_row_that_does_not_fit_is_left_out_and_named_with_its_field(clock: Sleeper):
    """The others are read; the message quotes nothing of the row."""
    odd = {"pk": 1, "name": "ayse@example.com"}
    hub = hub_of(Script(answer([odd, {"pk": 2, "sku": "B"}])), clock)
    assert [row.pk for row in await hub.products.get_many([1, 2])] == [2]
    (row,) = hub.left_out.unreported
    assert row.message().startswith("Omnitron's row products/1 cannot be read: sku: Field required.")
    assert "ayse" not in repr(row)


async def test_what_is_looked_up_before_it_is_created_is_read_whole_or_not_at_all(clock: Sleeper):
    """Without the odd row, the order would be created a second time. The error quotes nothing, nor do its causes."""
    hub = hub_of(Script(answer([{"pk": 1, "number": "N1", "extra_field": "ayse@example.com"}])), clock)
    with pytest.raises(UnreadableRowError, match="orders/1 cannot be read: extra_field") as caught:
        await hub.orders.find("N1")
    assert "ayse" not in "".join(traceback.format_exception(caught.value)).lower()
    assert hub.left_out.unreported == []


async def test_a_page_goes_on_by_the_rows_that_came_not_by_those_that_were_read(clock: Sleeper):
    """Counted by the readable ones, a page of two would be a page of one, and pages would be asked for that do not exist."""
    pages = [
        {"count": 4, "next": "more", "results": [{"pk": 1}, {"pk": 2, "sku": "B"}]},
        {"count": 4, "next": None, "results": [{"pk": 3, "sku": "C"}, {"pk": 4}]},
    ]
    script = Script(*map(answer, pages))
    hub = hub_of(script, clock)
    assert [row.pk for row in await hub.resource("products", Product).all()] == [2, 3]
    assert len(script.requests) == 2


async def test_a_due_row_without_a_version_is_left_out(clock: Sleeper):
    """It cannot be committed, for a batch names versions; and it does not hide the others."""
    rows = [
        {"pk": 1, "sku": "A"},
        {"pk": 2, "sku": "B", "modified_date": "2026-01-01T00:00:00Z"},
        {"pk": 3, "sku": 5.5},
    ]
    hub = hub_of(Script(answer(rows)), clock)
    due = await hub.products.due("inserts", 10)
    assert ([row.pk for row in due.rows], due.unreadable) == ([2], [])
    assert {row.name for row in hub.left_out.unreported} == {"products/1", "products/3"}


async def test_a_page_of_due_rows_without_versions_is_no_fault_of_the_rows(clock: Sleeper):
    """A hub that calls the field otherwise has changed its API."""
    hub = hub_of(Script(answer([{"pk": pk, "sku": "A"} for pk in range(PAGE)])), clock)
    with pytest.raises(ContractError, match=f"none of its {PAGE} rows can be read, the first because of modified_date"):
        await hub.products.due("inserts", 10)


async def test_a_due_row_that_cannot_be_read_comes_along_and_takes_no_place_of_a_sound_one(clock: Sleeper):
    """It is to fail in the batch, and to be reported there."""
    moment = "2026-01-01T00:00:00Z"
    rows = [{"pk": 1, "modified_date": moment}, *({"pk": pk, "sku": "B", "modified_date": moment} for pk in (2, 3, 4))]
    hub = hub_of(Script(answer(rows)), clock)
    due = await hub.products.due("inserts", 3)
    assert ([row.pk for row in due.rows], due.unreadable) == ([2, 3, 4], [])
    due = await hub.products.due("inserts", 3, skip={2, 3, 4})
    assert ([row.pk for row in due.rows], [row.key for row in due.unreadable]) == ([], [1])


async def test_a_due_list_of_which_no_row_can_be_read_breaks_the_contract(clock: Sleeper):
    """Omnitron's API has changed: to fail every object of the shop would use up its attempts."""
    rows = [{"pk": pk, "modified_date": "2026-01-01T00:00:00Z"} for pk in range(1, 101)]
    with pytest.raises(ContractError, match="none of its 100 rows can be read, the first because of sku"):
        await hub_of(Script(answer(rows)), clock).products.due("inserts", 1_000)
    (*some, _) = rows
    assert len((await hub_of(Script(answer(some)), clock).products.due("inserts", 1_000)).unreadable) == 99


async def test_unknown_fields_of_a_product_and_a_channel_survive(clock: Sleeper):
    """A connector may need them."""
    product = {"pk": 1, "sku": "A", "shop_field": {"a": [1]}}
    (read,) = await hub_of(Script(answer([product])), clock).products.get_many([1])
    assert isinstance(read, Product)
    assert read.model_dump()["shop_field"] == {"a": [1]}
    channel = await hub_of(Script(answer({"pk": 6, "channel_type": "sales_channel", "conf": {}})), clock).channel.get()
    assert channel.model_dump()["channel_type"] == "sales_channel"


async def test_a_connector_reads_its_own_keys_of_the_conf(clock: Sleeper):
    """Those that the project knows, those that it does not, and those that are not there."""
    body = {"pk": 6, "conf": {"base_url": "https://c.example.com", "remote_id_attribute": "", "limits": {"a": 1}}}
    conf = (await hub_of(Script(answer(body)), clock).channel.get()).conf
    assert conf.get("base_url") == "https://c.example.com"
    assert conf.get("limits") == {"a": 1}
    assert conf.get("remote_id_attribute") is None
    assert conf.get("missing") is None
    assert conf.get("missing", 5) == 5


@pytest.mark.parametrize("key", ["copy", "json", "dict", "get", "schema", "model_fields", "model_config"])
def test_a_conf_key_that_happens_to_be_a_method_is_a_key_all_the_same(key: str):
    """`conf.get("schema")` must not answer a bound method."""
    assert Channel.model_validate({"pk": 6, "conf": {key: "mine"}}).conf.get(key) == "mine"
    assert Channel.model_validate({"pk": 6, "conf": {}}).conf.get(key, "default") == "default"


# -- filters -----------------------------------------------------------------------------------------------------------


async def test_no_filter_without_a_value_is_ever_sent(world: World, hub_client: OmnitronClient):
    """It would be no filter at all. (The fixture looks at the hub's violations.)"""
    for keys in ([], [1]):
        await hub_client.products.get_many(keys)
        await hub_client.images.get_many(keys)
        await hub_client.prices.find(keys, 1)
        await hub_client.stocks.find(keys, 1)
        await hub_client.actions.find(content_type=ContentType.product, object_ids=keys)
    for remotes in ([], [""], ["", "x", "a,b", ","]):
        await hub_client.actions.find(content_type=ContentType.product, remote_ids=remotes)
    await hub_client.product_categories.find(1)
    await hub_client.attribute_configs.find(1)
    await hub_client.batches.find(list(BatchRequestStatus), content_type=ContentType.product, remote_batch_id="x")


async def test_an_empty_batch_id_is_not_sent_as_a_filter(hub_client: OmnitronClient):
    """An exact filter with an empty value answers every row."""
    assert await hub_client.actions.find(local_batch_id="") == []
    assert await hub_client.batches.find([BatchRequestStatus.commit], remote_batch_id="") == []


async def test_asking_for_nothing_sends_nothing(world: World, hub_client: OmnitronClient):
    """No keys, no request: without its filter the list would be everything."""
    await hub_client.channel.get()
    world.hub.restart_log()
    assert await hub_client.products.get_many([]) == []
    assert await hub_client.actions.find(remote_ids=[]) == []
    assert await hub_client.actions.find(object_ids=[]) == []
    assert await hub_client.prices.find([], 1) == []
    assert await hub_client.batches.find([]) == []
    assert list(world.hub.requests) == []


async def test_no_more_than_fifty_products_are_named_in_a_filter():
    """More are refused."""
    world = World(products=120)
    async with OmnitronClient(world.runtime()) as client:
        products = [row["pk"] for row in world.products]
        price_list = world.catalog["price_list"]
        prices = await client.prices.find(products, price_list)
        assert {price.product for price in prices} <= set(products)
        assert len(await client.products.get_many(products)) == 120
    assert world.hub.violations == []


async def test_objects_that_were_not_asked_for_are_dropped(clock: Sleeper):
    """A filter that the server does not know filters nothing."""
    script = Script(answer([{"pk": 1, "sku": "A"}, {"pk": 2, "sku": "B"}]))
    rows = await hub_of(script, clock).products.get_many([2, 3])
    assert [row.pk for row in rows] == [2]


async def test_prices_and_stocks_of_other_products_and_lists_are_dropped(clock: Sleeper):
    """Another list's price would be sold at."""
    rows = [
        {"pk": n, "product": p, "price_list": s, "stock_list": s, "price": "1", "stock": 1}
        for n, (p, s) in enumerate([(1, 5), (1, 6), (2, 5), (1, None)])
    ]
    client = hub_of(Script(answer(rows)), clock)
    assert [row.pk for row in await client.prices.find([1], 5)] == [0, 3]
    assert [row.pk for row in await client.stocks.find([1], 5)] == [0, 3]


async def test_actions_that_do_not_match_are_dropped(clock: Sleeper):
    """By type, object, remote id, batch and status."""
    rows = [
        _action(1, remote_id="r1", local_batch_id="b", status="processing"),
        _action(2, remote_id="r2", local_batch_id="c"),
        _action(3, content_type={"id": 13, "model": "productprice"}, remote_id="r1", object_id=1),
    ]
    client = hub_of(Script(answer(rows)), clock)

    async def found(**asked: Any) -> list[int]:
        return [row.pk for row in await client.actions.find(**asked)]

    assert await found(content_type=ContentType.product) == [1, 2]
    assert await found(object_ids=[1]) == [1, 3]
    assert await found(remote_ids=["r1"]) == [1, 3]
    assert await found(remote_ids=["r1"], content_type=ContentType.product) == [1]
    assert await found(local_batch_id="b") == [1]
    assert await found(status=IntegrationActionStatus.processing) == [1]


async def test_actions_of_another_channel_are_dropped(clock: Sleeper):
    """Two channels of a shop know the same product under different ids."""
    rows = [_action(1), _action(2, channel=7)]
    assert [row.pk for row in await hub_of(Script(answer(rows)), clock).actions.find()] == [1]


async def test_batches_that_do_not_match_are_dropped(clock: Sleeper):
    """By status, channel, type and remote id."""
    base = {"local_batch_id": "x", "status": "commit", "channel": 6, "content_type": "product", "remote_batch_id": "r"}
    changes: list[dict[str, Any]] = [
        {},
        {"status": "done"},
        {"channel": 7},
        {"content_type": "order"},
        {"remote_batch_id": "s"},
        {"remote_batch_id": None},
    ]
    script = Script(answer([{"pk": pk, **base, **change} for pk, change in enumerate(changes)]))
    rows = await hub_of(script, clock).batches.find(
        [BatchRequestStatus.commit], content_type=ContentType.product, remote_batch_id="r"
    )
    assert [row.pk for row in rows] == [0]


# -- ids ---------------------------------------------------------------------------------------------------------------


REMOTE_IDS = [
    "plain",
    "a,b",
    "a/b",
    "a b",
    "a&b=c",
    "a#b",
    "a?b",
    "a+b",
    "a%2Cb",
    "ğüş",
    "日本",
    "'\"",
    "..",
    "a;b",
    "🛍",
]


@pytest.mark.parametrize("remote_id", REMOTE_IDS)
async def test_an_action_is_found_by_any_remote_id(remote_id: str, world: World, hub_client: OmnitronClient):
    """Encoded in the query, a comma included."""
    fields = {"content_type": "product", "channel_id": 6, "object_id": 1, "remote_id": remote_id}
    created = await hub_client.actions.create({**fields, "version_date": "2026-01-01T00:00:00.000000Z", "state": {}})
    found = await hub_client.actions.find(content_type=ContentType.product, remote_ids=[remote_id, "other", "x,y"])
    assert [row.pk for row in found] == [created.pk]
    assert found[0].remote_id == remote_id


# -- single calls ------------------------------------------------------------------------------------------------------


async def test_a_content_type_id_is_looked_up_once(world: World, hub_client: OmnitronClient):
    """And kept."""
    first = await hub_client.content_types.get_id("product")
    sent = world.sent
    assert await hub_client.content_types.get_id("product") == first
    assert world.sent == sent


async def test_a_content_type_id_is_looked_up_once_by_many_at_once(world: World, hub_client: OmnitronClient):
    """A batch of failures asks for it side by side."""
    _hang_together(world)
    await hub_client.channel.get()
    world.hub.restart_log()
    await asyncio.gather(*(hub_client.content_types.get_id("product") for _ in range(20)))
    assert len(world.hub.requests) == 1


@pytest.mark.parametrize(
    "rows", [[], [{"id": 1, "model": "order"}], [{"id": 1, "model": "product"}, {"id": 2, "model": "product"}]]
)
async def test_a_content_type_that_is_not_there_exactly_once_breaks_the_contract(rows: list[Any], clock: Sleeper):
    """Nobody guesses an id."""
    with pytest.raises(ContractError, match="product"):
        await hub_of(Script(answer(rows)), clock).content_types.get_id("product")


async def test_a_hub_without_operational_events_is_asked_once(clock: Sleeper):
    """Older ones answer 404."""
    script = Script(answer({}, 404))
    client = hub_of(script, clock)
    assert [await client.operational_events.create({"level": "info"}) for _ in range(3)] == [False] * 3
    assert len(script.requests) == 1


async def test_a_hub_with_operational_events_gets_them_all(world: World, hub_client: OmnitronClient):
    """And says so."""
    event = {"event_type": "product_error", "level": "error"}
    assert [await hub_client.operational_events.create(event) for _ in range(2)] == [True, True]
    assert len(list(world.events)) == 2


@pytest.mark.parametrize("status", [404, 405])
async def test_no_log_is_returned_if_it_cannot_be_read(status: int, clock: Sleeper):
    """Some hubs do not let it be read; an empty one is an empty list."""

    def handle(request: httpx.Request) -> httpx.Response:
        is_types = request.url.path.endswith("content_types/")
        return answer([{"id": 12, "model": "product"}]) if is_types else answer({}, status)

    assert await hub_of(handle, clock).error_reports.find("product", 1) is None


@pytest.mark.parametrize("status", [404, 406])
async def test_a_product_without_a_mapping_is_that_products_failure(status: int, clock: Sleeper):
    """With the hub's own words."""
    with pytest.raises(MappingError, match="no attribute set"):
        await hub_of(Script(answer({"error": "no attribute set"}, status)), clock).products.get_mapped(1)


async def test_a_mapping_error_repeats_no_secret(clock: Sleeper):
    """The hub's words are text from outside."""
    script = Script(answer({"error": "ayse@example.com"}, 406))
    with pytest.raises(MappingError) as caught:
        await hub_of(script, clock).products.get_mapped(1)
    assert "ayse" not in "".join(traceback.format_exception(caught.value))


async def test_deleting_an_action_that_is_gone_is_fine(world: World, hub_client: OmnitronClient):
    """It is what was wanted."""
    await hub_client.actions.delete(12345)


async def test_the_language_is_asked_for(clock: Sleeper):
    """Products and mappings honour it."""
    script = Script(answer({"pk": 1}))
    await hub_of(script, clock).products.get_mapped(1, "en")
    assert script.requests[0].headers["Accept-Language"] == "en"


async def test_the_hubs_own_clock_is_kept_from_its_last_answer(clock: Sleeper):
    """Ages of its batches are measured against it."""
    client = hub_of(Script(answer({"pk": 6}, Date="Fri, 02 Jan 2026 03:04:05 GMT")), clock)
    assert client.server_time == clock.now()
    await client.channel.get()
    assert client.server_time == datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


@pytest.mark.parametrize(
    "date", ["yesterday", "-", "Fri, 99 Foo 2026 00:00:00 GMT", "Fri, 02 Jan 2026 03:04:05 +99999999999999999999"]
)
async def test_a_date_that_says_nothing_is_replaced_by_the_own_clock(date: str, clock: Sleeper):
    """A proxy may write anything."""
    client = hub_of(Script(answer({"pk": 6}, Date=date)), clock)
    await client.channel.get()
    assert client.server_time == clock.now()


async def test_a_date_without_a_zone_is_utc(clock: Sleeper, monkeypatch: pytest.MonkeyPatch):
    """`-0000` means UTC of unknown origin, not the zone of this machine."""
    client = hub_of(Script(answer({"pk": 6}, Date="Fri, 02 Jan 2026 03:04:05 -0000")), clock)
    await client.channel.get()
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    time.tzset()
    try:
        assert client.server_time == datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
    finally:
        monkeypatch.undo()
        time.tzset()


# -- faults ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "fault",
    [
        Fault("status", path="channels/", status=503, times=3),
        Fault("rate_limited", path="channels/", seconds=5, times=3),
        Fault("rate_limited_date", path="channels/", seconds=5, times=3),
        Fault("unauthorized", path="channels/"),
        Fault("drop_before", path="channels/", times=3),
        Fault("drop_after", path="channels/", times=3),
        Fault("slow", path="channels/", seconds=20),
        Fault("html", path="channels/", times=3),
        Fault("truncated", path="channels/", times=3),
        Fault("html", path="login"),
        Fault("drop_after", path="login"),
        Fault("status", path="login", status=502, times=2),
    ],
    ids=lambda fault: f"{fault.kind} {fault.path}",
)
async def test_a_read_survives_every_fault_that_passes(fault: Fault, world: World, hub_client: OmnitronClient):
    """Within the settings' tries."""
    world.hub.faults.add(fault)
    assert (await hub_client.channel.get()).pk == 6
    assert world.hub.faults.fired


async def test_json_that_no_route_answers_breaks_the_contract(world: World, hub_client: OmnitronClient):
    """`200 {"unexpected": true}`."""
    world.hub.faults.add(Fault("nonsense", path="channels/"))
    with pytest.raises(ContractError, match="pk"):
        await hub_client.channel.get()


@pytest.mark.parametrize("kind", ["drop_before", "drop_after", "html", "truncated", "status"])
async def test_a_lost_answer_to_the_creation_of_a_batch_is_repaired_by_another_one(
    kind: Any, world: World, hub_client: OmnitronClient
):
    """The caller gets the last one, and no other. What the lost answer was about holds no object."""
    world.hub.faults.add(Fault(kind, "POST", "batch_requests"))
    created = await hub_client.batches.create()
    newest, *left = sorted(world.batches.table, key=lambda row: -row["pk"])
    assert (created.pk, created.local_batch_id) == (newest["pk"], newest["local_batch_id"])
    assert [row["status"] for row in left] == ["initialized"] * (kind in ("drop_after", "html", "truncated"))
    assert not list(world.actions)


async def test_too_long_a_rate_limit_ends_the_call_at_once(world: World, hub_client: OmnitronClient):
    """The next run is the better place to wait."""
    await hub_client.channel.get()
    world.hub.faults.add(Fault("rate_limited", path="channels/", seconds=3600, times=None))
    before = world.clock.now()
    with pytest.raises(RateLimitedError):
        await hub_client.channel.get()
    assert world.clock.now() == before
