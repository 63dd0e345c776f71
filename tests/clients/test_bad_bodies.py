"""Whatever Omnitron answers, a method of its client gives a value of its type or an error that says what to do."""

import contextlib
import inspect
import json
import pickle
import types
import unicodedata
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any, NamedTuple, TypeVar, Union, get_args, get_origin, get_type_hints

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from clients.errors import ChannelAppError, ContractError
from clients.omnitron import OmnitronClient
from clients.runtime import Runtime
from dto.enums import BatchRequestStatus, ContentType, ErrorType, IntegrationActionStatus
from dto.omnitron import Keyed, Product
from dto.omnitron_setup import Attribute, AttributeRule, AttributeValue, DetailedNode, TreeNode
from tests.clients.support import TOKEN, Sleeper, answer, hub_of, settings
from tests.harness import hostile

MOMENT = "2026-01-01T10:00:00.000000Z"
ACTION = {
    "pk": 9,
    "channel": 6,
    "content_type": {"id": 12, "model": "product"},
    "object_id": 1,
    "remote_id": "R1",
    "version_date": MOMENT,
    "local_batch_id": "local-1",
    "status": "processing",
    "state": hostile.PERSON,
}
BATCH = {
    "pk": 22,
    "channel": 6,
    "local_batch_id": "local-1",
    "remote_batch_id": None,
    "content_type": "product",
    "status": "commit",
    "created_date": MOMENT,
    "modified_date": MOMENT,
    "extra": hostile.PERSON,
}
PRODUCT = {
    "pk": 1,
    "sku": "S1",
    "name": "Shirt",
    "product_type": "0",
    "attributes": {"barcode": "1", **hostile.PERSON},
    "productimage_set": [{"pk": 3, "image": "https://example.com/1.jpg", "modified_date": MOMENT}],
    "modified_date": MOMENT,
}
PRICE = {
    "pk": 2,
    "product": 1,
    "price": "62.44",
    "price_list": 4,
    "modified_date": MOMENT,
    "extra_field": hostile.PERSON,
}
STOCK = {"pk": 2, "product": 1, "stock": 5, "stock_list": 4, "modified_date": MOMENT, "extra_field": hostile.PERSON}
IMAGE = {"pk": 3, "product": 1, "image": "https://example.com/1.jpg", "status": "active", "order": 0}
CHANNEL = {
    "pk": 6,
    "name": "Bazaar",
    "catalog": 1,
    "category_tree": 24,
    "is_active": True,
    "conf": {
        "FAILED_INTEGRATION": {"DEFAULT": {"RETRY_INTERVAL": 60, "MAX_RETRY_COUNT": 3}},
        "WAREHOUSE_CODES": {"4": "TR"},
        "remote_id_attribute": "attributes__barcode",
        "contact": hostile.PERSON,
    },
    "schema": {"key": {"label": "Key"}},
}
MAPPED = {
    "pk": 1,
    "mapped_attributes": {"Colour": "red", **hostile.PERSON},
    "attribute_set_id": 7,
    "attribute_set_remote_id": 70,
    "mapped_attribute_values": {"5": {"attribute_name": "Colour", "label": "Red", "is_required": True}},
}
CONFIG = {
    "pk": 8,
    "attribute": {"pk": 5, "name": "Colour"},
    "attribute_set": {"id": 7, "name": "Shirts"},
    "attribute_remote_id": 50,
    "is_required": True,
}
REPORT = {"pk": 1, "error_code": "e", "error_desc": "d", "raw_response": json.dumps(hostile.PERSON), "is_ok": False}

CUSTOMER = {"pk": 31, "channel": 6, "channel_code": "c-1", "is_active": True, **hostile.PERSON}
ADDRESS = {"pk": 41, "customer": 31, "country": 1, "city": 2, "hash_data": "h1", **hostile.PERSON}
ORDER = {
    "pk": 51,
    "number": "N1",
    "status": "400",
    "channel": 6,
    "amount": "62.44",
    "extra_field": {"id": "O1", "buyer": hostile.PERSON},
    "modified_date": MOMENT,
}
ITEM = {
    "pk": 61,
    "order": 51,
    "product": 1,
    "status": "400",
    "price": "62.44",
    "extra_field": {"id": "I1", "buyer": hostile.PERSON},
    "modified_date": MOMENT,
}
REQUEST = {
    "id": 71,
    "order_item": 61,
    "reason": 5,
    "cancellation_type": "refund",
    "status": "approved",
    "description": "too small",
    "modified_date": MOMENT,
    "buyer": hostile.PERSON,
}
ATTRIBUTE = {"pk": 5, "name": "Colour", "channel": 6, "modified_date": MOMENT, "owner": hostile.PERSON}
RULE = {"pk": 8, "attribute": {"pk": 5}, "attribute_set": 7, "attribute_remote_id": "A5", "is_required": True}
VALUE = {"pk": 9, "attribute": 5, "label": "Red", "value": "R", "channel": 6, "modified_date": MOMENT}
NODE = {"pk": 1, "name": "Men", "path": "00010001", "numchild": 1, "children": [{"pk": 2, "name": "Shirts"}]}
INFO = {"pk": 81, "order": 51, "order_number": "N1", "shipping_company": 3, "is_send": True}


def page(*rows: Any, more: bool = False) -> dict[str, Any]:
    """A page of a list."""
    return {"count": len(rows), "next": "https://hub/?page=2" if more else None, "previous": None, "results": [*rows]}


class Case(NamedTuple):
    """One use of a method, and what a good hub would answer."""

    method: str
    use: Callable[[OmnitronClient], Awaitable[Any] | AsyncIterator[Any]]
    good: Any
    title: str = ""


CASES = [
    Case("call", lambda hub: hub.call("GET", "anything/"), page(PRODUCT)),
    Case("call", lambda hub: hub.call("POST", "anything/", body={"a": 1}, repeatable=False), BATCH, "a create"),
    Case("pages", lambda hub: hub.pages("products/", Product, wanted=5), page(PRODUCT, PRODUCT, more=True)),
    Case("every", lambda hub: hub.every("products/", Product), page(PRODUCT, PRODUCT, more=True)),
    Case("channel", lambda hub: hub.channel(), CHANNEL),
    Case("catalog", lambda hub: hub.catalog(1), {"pk": 1, "stock_list": 4, "price_list": 4, "extra_stock_lists": [5]}),
    Case("content_type_id", lambda hub: hub.content_type_id("product"), page({"id": 12, "model": "product"})),
    Case(
        "category_tree",
        lambda hub: hub.category_tree(24),
        {"pk": 24, "category_root": {"pk": 1, "name": "", "path": "1"}},
    ),
    Case("due_products", lambda hub: hub.due_products("inserts", 5, "tr-tr"), page(PRODUCT)),
    *(
        Case("objects", lambda hub, kind=kind: hub.objects(kind, [1, 2, 3]), page(row), kind)  # type: ignore[misc]
        for kind, row in (
            (ContentType.product, PRODUCT),
            (ContentType.product_price, PRICE),
            (ContentType.product_stock, STOCK),
            (ContentType.product_image, IMAGE),
        )
    ),
    Case("mapped_product", lambda hub: hub.mapped_product(1), MAPPED),
    Case("mapped_product", lambda hub: hub.mapped_product(1), {"error": "no set", **hostile.PERSON}, "refused"),
    Case("prices_of", lambda hub: hub.prices_of([1], 4), page(PRICE)),
    Case("stocks_of", lambda hub: hub.stocks_of([1], 4), page(STOCK)),
    *(
        Case("due_offers", lambda hub, kind=kind: hub.due_offers(kind, "inserts", 5, 4), page(row), kind)  # type: ignore[misc]
        for kind, row in ((ContentType.product_price, PRICE), (ContentType.product_stock, STOCK))
    ),
    Case("due_offers", lambda hub: hub.due_offers(ContentType.product_image, "updates", 5), page(IMAGE), "images"),
    Case("products_on_channel", lambda hub: hub.products_on_channel(), page(ACTION)),
    Case("row_pages", lambda hub: hub.row_pages("attributes", Attribute, name__exact="Colour"), page(ATTRIBUTE)),
    Case("rows", lambda hub: hub.rows("attribute_configs", AttributeRule), page(RULE)),
    Case("row", lambda hub: hub.row("category_nodes", DetailedNode, 1, "detailed"), NODE),
    Case("create_row", lambda hub: hub.create_row("attribute_values", AttributeValue, {"label": "Red"}), VALUE),
    Case("change_row", lambda hub: hub.change_row("category_nodes", TreeNode, 1, {}), NODE),
    Case("action_pages", lambda hub: hub.action_pages(ContentType.product), page(ACTION)),
    Case("update_channel", lambda hub: hub.update_channel({"schema": {}}), CHANNEL),
    Case("create_in_bulk", lambda hub: hub.create_in_bulk("bulk_attributes", {"attributes": []}), {"detail": "none"}),
    Case("operational_events", lambda hub: hub.operational_events(), page({"pk": 1, "event_type": "x"})),
    Case("categories_of", lambda hub: hub.categories_of(1), page({"category": {"pk": 1, "name": "Men", "path": "11"}})),
    Case("attribute_configs", lambda hub: hub.attribute_configs(7), page(CONFIG)),
    Case("create_batch", lambda hub: hub.create_batch(), BATCH),
    Case("batch", lambda hub: hub.batch(22), BATCH),
    Case("move_batch", lambda hub: hub.move_batch(22, BatchRequestStatus.done, objects=[]), {"error_code": "x_1"}),
    Case("batches", lambda hub: hub.batches([BatchRequestStatus.commit]), page(BATCH)),
    Case(
        "actions",
        lambda hub: hub.actions(remote_ids=["R1", "a,b"], status=IntegrationActionStatus.success),
        page(ACTION),
    ),
    Case(
        "actions", lambda hub: hub.actions(object_ids=[1], content_type=ContentType.product), page(ACTION), "by objects"
    ),
    Case("deleted_actions", lambda hub: hub.deleted_actions(5), page(ACTION)),
    Case("create_action", lambda hub: hub.create_action({"object_id": 1}), ACTION),
    Case("update_action", lambda hub: hub.update_action(9, {"state": {}}), ACTION),
    Case("delete_action", lambda hub: hub.delete_action(9), {"detail": "Not found."}),
    Case("create_error_report", lambda hub: hub.create_error_report({"is_ok": False}), REPORT),
    Case("error_reports", lambda hub: hub.error_reports("product", 1), page({"id": 12, "model": "product", **REPORT})),
    Case("customers", lambda hub: hub.customers("email", hostile.PERSON["email"]), page(CUSTOMER)),
    Case("create_customer", lambda hub: hub.create_customer(hostile.PERSON), CUSTOMER),
    Case("update_customer", lambda hub: hub.update_customer(31, hostile.PERSON), CUSTOMER),
    Case("places", lambda hub: hub.places(ErrorType.city, {"country": 1}), page({"pk": 2, "name": "Ankara"})),
    Case("create_place_report", lambda hub: hub.create_place_report(ErrorType.city, {"name": "x"}), {"detail": "none"}),
    Case("create_address", lambda hub: hub.create_address(hostile.PERSON), ADDRESS),
    Case("addresses", lambda hub: hub.addresses("h1"), page(ADDRESS)),
    Case("retail_stores", lambda hub: hub.retail_stores("S1"), page({"pk": 1, "erp_code": "S1"})),
    Case("cargo_companies", lambda hub: hub.cargo_companies(), page({"pk": 1, "name": "UPS", "erp_code": "ups"})),
    Case("orders_numbered", lambda hub: hub.orders_numbered("N1"), page(ORDER)),
    Case("orders", lambda hub: hub.orders([51, 52]), page(ORDER)),
    Case("due_orders", lambda hub: hub.due_orders(5), page(ORDER)),
    Case("create_order", lambda hub: hub.create_order({"number": "N1"}, [{"price": "1.00"}]), ORDER),
    Case("order_items", lambda hub: hub.order_items(51), page(ITEM)),
    Case("order_item", lambda hub: hub.order_item(61), ITEM),
    Case("update_order_item", lambda hub: hub.update_order_item(61, {"status": "500"}), ITEM),
    Case("cancel_order", lambda hub: hub.cancel_order(51, [61], {61: 5}, None), ORDER),
    Case("shipping_infos", lambda hub: hub.shipping_infos(51), page(INFO)),
    Case("create_shipping_info", lambda hub: hub.create_shipping_info({"order": 51}), INFO),
    Case("cancellation_requests", lambda hub: hub.cancellation_requests({"order_item": 61}), page(REQUEST)),
    Case("due_cancellation_requests", lambda hub: hub.due_cancellation_requests(5), page(REQUEST)),
    Case("create_cancellation_request", lambda hub: hub.create_cancellation_request({"reason": 5}), REQUEST),
    Case("count", lambda hub: hub.count("things/", Keyed), page(PRODUCT, more=True)),
    Case("last_rows", lambda hub: hub.last_rows("things/", Keyed, {}, 5), page(PRODUCT, more=True)),
    Case("holds", lambda hub: hub.holds("things/", Keyed, {}, 5), page(PRODUCT, more=True)),
    Case("count_due", lambda hub: hub.count_due(ContentType.product_price, "inserts", 4), page(PRICE)),
    Case("is_due", lambda hub: hub.is_due(ContentType.product, "updates", 1), page(PRODUCT)),
    Case("first_due", lambda hub: hub.first_due(ContentType.product, "inserts", 2), page(PRODUCT, more=True)),
    Case("count_actions", lambda hub: hub.count_actions(ContentType.product), page(ACTION)),
    Case("newest_failed_actions", lambda hub: hub.newest_failed_actions(5), page(ACTION)),
    Case("newest_batches", lambda hub: hub.newest_batches(5), page(BATCH, more=True)),
    Case("oldest_batches", lambda hub: hub.oldest_batches((BatchRequestStatus.commit,), 2), page(BATCH, more=True)),
    Case("count_products", lambda hub: hub.count_products(simple=True), page(PRODUCT)),
    Case("all_products", lambda hub: hub.all_products(), page(PRODUCT, more=True)),
    Case("create_operational_event", lambda hub: hub.create_operational_event({"level": "info"}), {"detail": "none"}),
]

statuses = st.sampled_from([200] * 12 + [201, 204, 302, 400, 401, 403, 404, 406, 429, 500, 503])
headers = st.fixed_dictionaries(
    {},
    optional={
        name: st.sampled_from(
            ["nan", "inf", "-1", "1e400", "Wed, 99 Foo 2026", "", "3", "Thu, 01 Jan 1970 00:00:00 -9999"]
        )
        for name in ("Date", "Retry-After")
    }
    | {"Content-Encoding": st.sampled_from(["gzip", "identity", "nonsense"])},
)


def answers(good: Any) -> st.SearchStrategy[list[tuple[int, dict[str, str], bytes]]]:
    """Up to two bad answers, as status, headers and body."""
    bodies = hostile.texts(good)
    plain: st.SearchStrategy[tuple[int, dict[str, str], bytes]] = st.tuples(statuses, st.just({}), bodies)
    return st.lists(plain | plain | st.tuples(statuses, headers, bodies), min_size=1, max_size=2)


IDS = [f"{case.method} {case.title}".strip() for case in CASES]
BAD = {case: answers(good) for case, good in zip(IDS, (case.good for case in CASES), strict=True)}
"""Built once: hypothesis checks a strategy anew whenever it is built."""


def hub_that_answers(given_answers: list[tuple[int, dict[str, str], bytes]]) -> OmnitronClient:
    """A client of a hub that gives these answers in turn, and then knows nothing more."""
    left = iter(given_answers)

    def handler(request: httpx.Request) -> httpx.Response:
        status, fields, content = next(left, (404, {}, b'{"detail": "Not found."}'))
        return httpx.Response(status, headers=fields, stream=Raw(content))

    return hub_of(handler, Sleeper(), CHANNEL_APP_TRIES=2)


class Raw(httpx.AsyncByteStream):
    """A body as it comes over the wire, packed or not: a Response that is given its content unpacks it at once."""

    def __init__(self, content: bytes) -> None:
        self.content = content

    async def __aiter__(self) -> AsyncIterator[bytes]:
        yield self.content


def is_a(value: Any, kind: Any) -> bool:
    """Whether a value is what a signature promises."""
    origin = get_origin(kind)
    if kind is Any:
        return True
    if isinstance(kind, TypeVar):
        return isinstance(value, kind.__bound__ or object)
    if origin in (Union, types.UnionType):
        return any(is_a(value, part) for part in get_args(kind))
    if origin in (list, set):
        return isinstance(value, origin) and all(is_a(entry, get_args(kind)[0]) for entry in value)
    if origin is tuple:
        return isinstance(value, tuple) and all(map(is_a, value, get_args(kind)))
    return isinstance(value, type(None) if kind is None else kind)


def assert_fit_for_people(error: ChannelAppError) -> None:
    """One paragraph, printable, of a readable length, without a customer in it; and it travels to other processes."""
    assert error.message
    assert len(error.message) < 6_000
    assert [char for char in error.message if unicodedata.category(char) in ("Cc", "Cs", "Zl", "Zp")] == []
    kept = pickle.loads(pickle.dumps(error))  # noqa: S301  # our own
    assert kept.message == error.message
    for shown in (error.message, str({**kept.context})):
        assert [secret for secret in (*hostile.PERSON.values(), TOKEN) if secret in shown] == []


def public_methods() -> set[str]:
    """What a caller may ask the hub with."""
    asking = {name for name, _ in inspect.getmembers(OmnitronClient, inspect.isfunction) if not name.startswith("_")}
    return asking - {"aclose", "batch_url"}


def test_every_method_of_the_client_has_a_case() -> None:
    """One that is added tomorrow is missed here."""
    assert public_methods() == {case.method for case in CASES}


@pytest.mark.parametrize("case", CASES, ids=IDS)
async def test_a_good_answer_is_read(case: Case) -> None:
    """The cases are what they say: nothing of what follows is refused for another reason."""
    refused = contextlib.suppress(ChannelAppError) if case.title == "refused" else contextlib.nullcontext()
    with refused:
        await used(case, hub_that_answers([(200, {}, hostile.written(case.good).encode())] * 2))


async def used(case: Case, hub: OmnitronClient) -> None:
    """Uses the method; what it gives has to be what its signature says."""
    promised = get_type_hints(getattr(OmnitronClient, case.method))["return"]
    async with hub:
        result = case.use(hub)
        if isinstance(result, AsyncIterator):
            async for rows in result:
                assert is_a(rows, get_args(promised)[0])
        else:
            assert is_a(await result, promised)


@pytest.mark.parametrize("case", CASES, ids=IDS)
@hostile.many
@given(data=st.data())
async def test_a_bad_answer_is_a_value_of_the_type_or_an_error_of_ours(case: Case, data: st.DataObject) -> None:
    """Never another exception, and never a customer's data."""
    try:
        await used(case, hub_that_answers(data.draw(BAD[f"{case.method} {case.title}".strip()])))
    except ChannelAppError as error:
        assert_fit_for_people(error)


@hostile.many
@given(status=statuses, fields=headers, content=hostile.texts({"key": "abcdef", "user": hostile.PERSON}))
async def test_a_bad_answer_to_the_log_in_is_an_error_of_ours(
    status: int, fields: dict[str, str], content: bytes
) -> None:
    """The key goes into a header of every request: not every text can."""

    def handler(request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith("/auth/login/"):
            return httpx.Response(status, headers=fields, stream=Raw(content))
        return httpx.Response(200, content=b"{}")

    runtime = Runtime(settings(CHANNEL_APP_TRIES=2), Sleeper(), lambda in_flight: httpx.MockTransport(handler))
    async with OmnitronClient(runtime) as hub:
        try:
            await hub.call("GET", "anything/")
        except ChannelAppError as error:
            assert_fit_for_people(error)


@pytest.mark.parametrize("number", ["1e999999999", "-1e999999999", "1e-999999999", "1E401"])
async def test_a_number_of_an_absurd_size_is_no_json(number: str) -> None:
    """As a whole number it would fill the memory."""
    body = hostile.written({**PRODUCT, "pk": "@nan@"}).replace("NaN", number).encode()
    with pytest.raises(ContractError, match="where JSON was due"):
        await hub_that_answers([(200, {}, body)] * 2).call("GET", "anything/")


@pytest.mark.parametrize("key", ["", "a b", "a\nb: c", "ğ", "\ud83d", "\x00"])
async def test_a_key_that_no_header_can_carry_is_none(key: str) -> None:
    """It is said at the log-in, and no later."""
    runtime = Runtime(
        settings(), Sleeper(), lambda in_flight: httpx.MockTransport(lambda request: answer({"key": key}))
    )
    async with OmnitronClient(runtime) as hub:
        with pytest.raises(ContractError, match="without a `key`"):
            await hub.call("GET", "anything/")


async def test_an_error_about_a_row_names_no_customer_who_is_the_key_of_a_mapping() -> None:
    """In one paragraph all the same."""
    values: dict[str, Any] = {f"{hostile.PERSON['email']}\nsecond line \ud83d": {"is_required": []}}
    body = hostile.written({**MAPPED, "mapped_attribute_values": values}).encode()
    with pytest.raises(ContractError, match="is not a MappedProduct") as caught:
        await hub_that_answers([(200, {}, body)]).mapped_product(1)
    assert_fit_for_people(caught.value)


@hostile.many
@given(date=hostile.scalars.map(str).filter(lambda text: "\n" not in text and "\r" not in text))
async def test_a_bad_date_header_leaves_the_clock_of_this_machine(date: str) -> None:
    """Ages of batches are measured against it."""

    def handler(request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, headers={b"Date": date.encode("utf-8", "replace")}, content=b"{}")

    async with hub_of(handler, Sleeper()) as hub:
        await hub.call("GET", "anything/")
        assert hub.server_time.tzinfo is not None
