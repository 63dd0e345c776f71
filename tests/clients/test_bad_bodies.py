"""For any answer of Omnitron, a method of its client returns a value of its type or raises an error of ours."""

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

from clients.errors import ChannelAppError, ContractError, UnreadableRowError
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
    Case("OmnitronConnection.call", lambda hub: hub.connection.call("GET", "anything/"), page(PRODUCT)),
    Case(
        "OmnitronConnection.call",
        lambda hub: hub.connection.call("POST", "anything/", body={"a": 1}, repeatable=False),
        BATCH,
        "a create",
    ),
    Case(
        "RowList.pages",
        lambda hub: hub.resource("products", Product).pages(wanted=5),
        page(PRODUCT, PRODUCT, more=True),
    ),
    Case("RowList.all", lambda hub: hub.resource("products", Product).all(), page(PRODUCT, PRODUCT, more=True)),
    Case("OwnChannel.get", lambda hub: hub.channel.get(), CHANNEL),
    Case(
        "Catalogs.get",
        lambda hub: hub.catalogs.get(1),
        {"pk": 1, "stock_list": 4, "price_list": 4, "extra_stock_lists": [5]},
    ),
    Case("ContentTypes.get_id", lambda hub: hub.content_types.get_id("product"), page({"id": 12, "model": "product"})),
    Case(
        "SetupRows.get",
        lambda hub: hub.category_trees.get(24),
        {"pk": 24, "category_root": {"pk": 1, "name": "", "path": "1"}},
    ),
    Case("Products.due", lambda hub: hub.products.due("inserts", 5, (), "tr-tr"), page(PRODUCT)),
    Case("Products.due_pages", lambda hub: hub.products.due_pages("updates", 5), page(PRODUCT)),
    *(
        Case("Objects.get_many", lambda hub, kind=kind: hub.objects(kind).get_many([1, 2, 3]), page(row), kind)  # type: ignore[misc]
        for kind, row in (
            (ContentType.product, PRODUCT),
            (ContentType.product_price, PRICE),
            (ContentType.product_stock, STOCK),
            (ContentType.product_image, IMAGE),
        )
    ),
    Case("Products.get_mapped", lambda hub: hub.products.get_mapped(1), MAPPED),
    Case(
        "Products.get_mapped", lambda hub: hub.products.get_mapped(1), {"error": "no set", **hostile.PERSON}, "refused"
    ),
    Case("ListedOffers.find", lambda hub: hub.prices.find([1], 4), page(PRICE)),
    Case("ListedOffers.find", lambda hub: hub.stocks.find([1], 4), page(STOCK)),
    *(
        Case("Offers.due", lambda hub, kind=kind: hub.offers(kind).due("inserts", 5, (), 4), page(row), kind)  # type: ignore[misc]
        for kind, row in ((ContentType.product_price, PRICE), (ContentType.product_stock, STOCK))
    ),
    Case("Offers.due", lambda hub: hub.images.due("updates", 5), page(IMAGE), "images"),
    Case("DueList.head", lambda hub: hub.due_list(ContentType.product_price, "inserts", 4).head(), page(PRICE)),
    Case(
        "SetupRows.pages",
        lambda hub: hub.setup_rows("attributes", Attribute).pages(name__exact="Colour"),
        page(ATTRIBUTE),
    ),
    Case("SetupRows.all", lambda hub: hub.setup_rows("attribute_configs", AttributeRule).all(), page(RULE)),
    Case("SetupRows.find", lambda hub: hub.setup_rows("attribute_configs", AttributeRule).find(), page(RULE)),
    Case("SetupRows.get", lambda hub: hub.setup_rows("category_nodes", DetailedNode).get(1, "detailed"), NODE),
    Case(
        "SetupRows.create",
        lambda hub: hub.setup_rows("attribute_values", AttributeValue).create({"label": "Red"}),
        VALUE,
    ),
    Case("SetupRows.update", lambda hub: hub.setup_rows("category_nodes", TreeNode).update(1, {}), NODE),
    Case("Objects.touch", lambda hub: hub.products.touch(1), PRODUCT),
    Case("Actions.pages", lambda hub: hub.actions.pages(ContentType.product), page(ACTION)),
    Case("OwnChannel.update", lambda hub: hub.channel.update({"schema": {}}), CHANNEL),
    Case(
        "BulkRequests.create",
        lambda hub: hub.bulk_requests.create("bulk_attributes", {"attributes": []}),
        {"detail": "none"},
    ),
    Case("OperationalEvents.all", lambda hub: hub.operational_events.all(), page({"pk": 1, "event_type": "x"})),
    Case(
        "ProductCategories.find",
        lambda hub: hub.product_categories.find(1),
        page({"category": {"pk": 1, "name": "Men", "path": "11"}}),
    ),
    Case("AttributeConfigs.find", lambda hub: hub.attribute_configs.find(7), page(CONFIG)),
    Case("Batches.create", lambda hub: hub.batches.create(), BATCH),
    Case("Batches.get", lambda hub: hub.batches.get(22), BATCH),
    Case("Batches.move", lambda hub: hub.batches.move(22, BatchRequestStatus.done, objects=[]), {"error_code": "x_1"}),
    Case("Batches.find", lambda hub: hub.batches.find([BatchRequestStatus.commit]), page(BATCH)),
    Case(
        "Actions.find",
        lambda hub: hub.actions.find(remote_ids=["R1", "a,b"], status=IntegrationActionStatus.success),
        page(ACTION),
    ),
    Case(
        "Actions.find",
        lambda hub: hub.actions.find(object_ids=[1], content_type=ContentType.product),
        page(ACTION),
        "by objects",
    ),
    Case("Actions.look_up", lambda hub: hub.actions.look_up(ContentType.product, [1]), page(ACTION)),
    Case("Actions.held_by", lambda hub: hub.actions.held_by("local-1"), page(ACTION)),
    Case("Actions.due", lambda hub: hub.actions.due(5), page(ACTION)),
    Case("Actions.create", lambda hub: hub.actions.create({"object_id": 1}), ACTION),
    Case("Actions.update", lambda hub: hub.actions.update(9, {"state": {}}), ACTION),
    Case("Actions.fail", lambda hub: hub.actions.fail(9), ACTION),
    Case("Actions.delete", lambda hub: hub.actions.delete(9), {"detail": "Not found."}),
    Case("ErrorReports.create", lambda hub: hub.error_reports.create({"is_ok": False}), REPORT),
    Case(
        "ErrorReports.find",
        lambda hub: hub.error_reports.find("product", 1),
        page({"id": 12, "model": "product", **REPORT}),
    ),
    Case(
        "ErrorReports.newest_failures",
        lambda hub: hub.error_reports.newest_failures("product", [1], 2),
        page({"id": 12, "model": "product", "action_object_id": 1, **REPORT}),
    ),
    Case("Customers.find", lambda hub: hub.customers.find("email", hostile.PERSON["email"]), page(CUSTOMER)),
    Case("Customers.create", lambda hub: hub.customers.create(hostile.PERSON), CUSTOMER),
    Case("Customers.update", lambda hub: hub.customers.update(31, hostile.PERSON), CUSTOMER),
    Case("Places.find", lambda hub: hub.places.find(ErrorType.city, {"country": 1}), page({"pk": 2, "name": "Ankara"})),
    Case("Places.report", lambda hub: hub.places.report(ErrorType.city, {"name": "x"}), {"detail": "none"}),
    Case("Addresses.create", lambda hub: hub.addresses.create(hostile.PERSON), ADDRESS),
    Case("Addresses.find", lambda hub: hub.addresses.find("h1"), page(ADDRESS)),
    Case("RetailStores.find", lambda hub: hub.retail_stores.find("S1"), page({"pk": 1, "erp_code": "S1"})),
    Case(
        "CargoCompanies.all", lambda hub: hub.cargo_companies.all(), page({"pk": 1, "name": "UPS", "erp_code": "ups"})
    ),
    Case("Orders.find", lambda hub: hub.orders.find("N1"), page(ORDER)),
    Case("Orders.get_many", lambda hub: hub.orders.get_many([51, 52]), page(ORDER)),
    Case("Orders.due", lambda hub: hub.orders.due(5), page(ORDER)),
    Case("Orders.create", lambda hub: hub.orders.create({"number": "N1"}, [{"price": "1.00"}]), ORDER),
    Case("OrderItems.find", lambda hub: hub.order_items.find(51), page(ITEM)),
    Case("OrderItems.get", lambda hub: hub.order_items.get(61), ITEM),
    Case("OrderItems.update", lambda hub: hub.order_items.update(61, {"status": "500"}), ITEM),
    Case("Orders.update", lambda hub: hub.orders.update(51, {"extra_field": {}}), ORDER),
    Case("Orders.cancel", lambda hub: hub.orders.cancel(51, {61: 5}, {}), ORDER),
    Case("ShippingInfos.find", lambda hub: hub.shipping_infos.find(51), page(INFO)),
    Case("ShippingInfos.create", lambda hub: hub.shipping_infos.create({"order": 51}), INFO),
    Case("CancellationRequests.find", lambda hub: hub.cancellation_requests.find({"order_item": 61}), page(REQUEST)),
    Case("CancellationRequests.of_item", lambda hub: hub.cancellation_requests.of_item(61), page(REQUEST)),
    Case("CancellationRequests.get", lambda hub: hub.cancellation_requests.get(71), REQUEST),
    Case(
        "CancellationRequests.update",
        lambda hub: hub.cancellation_requests.update(71, {"status": "approved"}),
        REQUEST,
    ),
    Case("CancellationRequests.due", lambda hub: hub.cancellation_requests.due(5), page(REQUEST)),
    Case("CancellationRequests.create", lambda hub: hub.cancellation_requests.create({"reason": 5}), REQUEST),
    Case("RowList.look_up", lambda hub: hub.resource("products", Product).look_up({}), page(PRODUCT, more=True)),
    Case("RowList.count", lambda hub: hub.resource("things", Keyed).count(), page(PRODUCT, more=True)),
    Case("RowList.last", lambda hub: hub.resource("things", Keyed).last({}, 5), page(PRODUCT, more=True)),
    Case("RowList.holds", lambda hub: hub.resource("things", Keyed).holds({}, 5), page(PRODUCT, more=True)),
    Case("RowList.first", lambda hub: hub.resource("things", Keyed).first({}, 2), page(PRODUCT, more=True)),
    Case("RowList.page", lambda hub: hub.resource("things", Keyed).page(2), page(PRODUCT, more=True)),
    Case("RowList.counted_pages", lambda hub: hub.resource("things", Keyed).counted_pages(), page(PRODUCT)),
    Case("RowList.with_keys", lambda hub: hub.resource("things", Keyed).with_keys("pk__in", [1, 2], 1), page(PRODUCT)),
    Case("Resource.get", lambda hub: hub.resource("things", Keyed).get(1), PRODUCT),
    Case("Resource.create", lambda hub: hub.resource("things", Keyed).create({"pk": 1}), PRODUCT),
    Case("Resource.update", lambda hub: hub.resource("things", Keyed).update(1, {}), PRODUCT),
    Case("OmnitronConnection.row", lambda hub: hub.connection.row(Keyed, "GET", "thing/"), PRODUCT),
    Case("DueList.read", lambda hub: hub.due_list(ContentType.order, "updates").read(5, {1}), page(PRODUCT, ORDER)),
    Case("DueList.pages", lambda hub: hub.due_list(ContentType.order, "updates").pages(5), page(PRODUCT)),
    Case("DueList.count", lambda hub: hub.due_list(ContentType.product_price, "inserts", 4).count(), page(PRICE)),
    Case("DueList.holds", lambda hub: hub.due_list(ContentType.product, "updates").holds(1), page(PRODUCT)),
    Case(
        "DueList.first_keys",
        lambda hub: hub.due_list(ContentType.product, "inserts").first_keys(2),
        page(PRODUCT, more=True),
    ),
    Case("Actions.first_in_work", lambda hub: hub.actions.first_in_work(ContentType.product), page(ACTION)),
    Case("Actions.count", lambda hub: hub.actions.count(ContentType.product), page(ACTION)),
    Case("Actions.newest_failed", lambda hub: hub.actions.newest_failed(5), page(ACTION)),
    Case("Batches.newest", lambda hub: hub.batches.newest(5), page(BATCH, more=True)),
    Case("Batches.oldest", lambda hub: hub.batches.oldest((BatchRequestStatus.commit,), 2), page(BATCH, more=True)),
    Case("Products.count", lambda hub: hub.products.count(simple=True), page(PRODUCT)),
    Case("Products.pages", lambda hub: hub.products.pages(), page(PRODUCT, more=True)),
    Case("OperationalEvents.create", lambda hub: hub.operational_events.create({"level": "info"}), {"detail": "none"}),
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


def fields_of(kind: Any) -> list[Any]:
    """The types of a named tuple's fields, with its own argument in the place of its type variable."""
    (argument,) = get_args(kind)
    hints = get_type_hints(get_origin(kind)).values()
    return [hint[argument] if getattr(hint, "__parameters__", ()) else hint for hint in hints]


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
    if isinstance(origin, type) and issubclass(origin, tuple):
        parts = fields_of(kind) if hasattr(origin, "_fields") else get_args(kind)
        return isinstance(value, origin) and all(map(is_a, value, parts))
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


def public_methods() -> dict[str, Callable[..., Any]]:
    """The methods of the client's resources that ask the hub, by their qualified names."""
    client = hub_that_answers([])
    given = [method for name, method in inspect.getmembers(OmnitronClient, inspect.isfunction) if name[0] != "_"]
    kinds = {
        *(type(resource) for name, resource in vars(client).items() if name[0] != "_"),
        *(get_origin(get_type_hints(method)["return"]) for method in given if not inspect.iscoroutinefunction(method)),
    }
    silent = {"aclose", "path", "url", "parse", "row_path"}
    return {
        method.__qualname__: method
        for kind in kinds
        for name, method in inspect.getmembers(kind, inspect.isfunction)
        if name[0] != "_" and name not in silent
    }


METHODS = public_methods()


def test_every_method_of_the_client_has_a_case() -> None:
    """One that is added tomorrow is missed here."""
    assert set(METHODS) == {case.method for case in CASES}


@pytest.mark.parametrize("case", CASES, ids=IDS)
async def test_a_good_answer_is_read(case: Case) -> None:
    """The cases are what they say: nothing of what follows is refused for another reason."""
    refused = contextlib.suppress(ChannelAppError) if case.title == "refused" else contextlib.nullcontext()
    with refused:
        await used(case, hub_that_answers([(200, {}, hostile.written(case.good).encode())] * 2))


async def used(case: Case, hub: OmnitronClient) -> None:
    """Uses the method; what it gives has to be what its signature says."""
    promised = get_type_hints(METHODS[case.method])["return"]
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
            await hub.connection.call("GET", "anything/")
        except ChannelAppError as error:
            assert_fit_for_people(error)


@pytest.mark.parametrize("number", ["1e999999999", "-1e999999999", "1e-999999999", "1E401"])
async def test_a_number_of_an_absurd_size_is_no_json(number: str) -> None:
    """As a whole number it would fill the memory."""
    body = hostile.written({**PRODUCT, "pk": "@nan@"}).replace("NaN", number).encode()
    with pytest.raises(ContractError, match="where JSON was due"):
        await hub_that_answers([(200, {}, body)] * 2).connection.call("GET", "anything/")


@pytest.mark.parametrize("key", ["", "a b", "a\nb: c", "ğ", "\ud83d", "\x00"])
async def test_a_key_that_no_header_can_carry_is_refused(key: str) -> None:
    """It is said at the log-in, and no later."""
    runtime = Runtime(
        settings(), Sleeper(), lambda in_flight: httpx.MockTransport(lambda request: answer({"key": key}))
    )
    async with OmnitronClient(runtime) as hub:
        with pytest.raises(ContractError, match="without a `key`"):
            await hub.connection.call("GET", "anything/")


async def test_an_error_about_a_row_names_no_customer_who_is_the_key_of_a_mapping() -> None:
    """In one paragraph all the same."""
    values: dict[str, Any] = {f"{hostile.PERSON['email']}\nsecond line \ud83d": {"is_required": []}}
    body = hostile.written({**MAPPED, "mapped_attribute_values": values}).encode()
    with pytest.raises(UnreadableRowError, match="mapping of product 1 cannot be read") as caught:
        await hub_that_answers([(200, {}, body)]).products.get_mapped(1)
    assert_fit_for_people(caught.value)


@hostile.many
@given(date=hostile.scalars.map(str).filter(lambda text: "\n" not in text and "\r" not in text))
async def test_a_bad_date_header_leaves_the_clock_of_this_machine(date: str) -> None:
    """Ages of batches are measured against it."""

    def handler(request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, headers={b"Date": date.encode("utf-8", "replace")}, content=b"{}")

    async with hub_of(handler, Sleeper()) as hub:
        await hub.connection.call("GET", "anything/")
        assert hub.server_time.tzinfo is not None
