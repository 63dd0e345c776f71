"""The routes of the local hub: goods, batches, actions, logs, and what they refer to."""

from collections.abc import Callable, Iterable

from deployments.sandbox.access import Access
from deployments.sandbox.dates import canonical
from deployments.sandbox.hub_setup import add_setup_routes
from deployments.sandbox.hub_state import HubState
from deployments.sandbox.ledger import CONTENT_TYPE_IDS, Key
from deployments.sandbox.listing import Filter, Listing, filters
from deployments.sandbox.messages import HttpError, Request, Response, json_response
from deployments.sandbox.offers import Due
from deployments.sandbox.resources import due_listing, known_pk, retrieve
from deployments.sandbox.routing import Router, as_pk
from deployments.sandbox.sales_api import add_sales
from deployments.sandbox.tables import Row, Table
from dto.enums import ContentType, IntegrationActionStatus

API = "/api/v1/"

_MODELS_BY_ID = {pk: model for model, pk in CONTENT_TYPE_IDS.items()}

_DUE_LISTS: dict[str, tuple[Due, ...]] = {
    "inserts": ("inserts",),
    "updates": ("updates",),
    "inserts_or_updates": ("inserts", "updates"),
}

_BY_PRODUCT = {"product__pk__in": Filter("product", is_list=True, most=50)}


def build_router(state: HubState, access: Access) -> Router:
    """All routes. A further area is one more function that adds its own."""
    router = Router()
    router.add("POST", f"{API}auth/login/", access.log_in)
    router.add("GET", f"{API}active_user/", access.active_user)
    channel = f"{API}channel/{state.channel['pk']}/"
    _add_setup(router, state, channel)
    _add_goods(router, state, channel)
    _add_batches(router, state, f"{channel}batch_requests/")
    _add_actions(router, state, f"{channel}integration_actions/")
    _add_logs(router, state, channel)
    add_sales(router, state, channel)
    add_setup_routes(
        router,
        state.setup,
        state.ledger,
        channel,
        events=state.operational_events,
        violation=state.violations.append,
    )
    return router


def _add_setup(router: Router, state: HubState, channel: str) -> None:
    note = state.violations.append
    content_types = Table("id")
    for model, pk in CONTENT_TYPE_IDS.items():
        content_types.add({"id": pk, "app_label": "omnitron", "model": model, "modified_date": ""})
    router.add("GET", f"{API}content_types/", Listing(content_types, filters(model="model"), violation=note))
    for path, row in (("channels", state.channel), ("catalogs", state.catalog)):
        router.add("GET", f"{API}{path}/{row['pk']}/", lambda _request, row=row: json_response(row))

    def patch_channel(request: Request) -> Response:
        body = request.json()
        state.set_channel(**{name: body[name] for name in ("category_tree", "schema") if name in body})
        return json_response(state.channel)

    router.add("PATCH", f"{API}channels/{state.channel['pk']}/", patch_channel)
    goods = state.goods
    router.add("GET", f"{channel}category_trees/{{}}/", retrieve(goods.trees))
    router.add(
        "GET",
        f"{channel}product_categories/detailed/",
        Listing(goods.product_categories, filters(product="product"), violation=note),
    )


def _add_goods(router: Router, state: HubState, channel: str) -> None:
    goods, catalog = state.goods, state.catalog

    def in_language(request: Request, row: Row) -> Row:
        return goods.in_english(row) if request.header(b"accept-language").startswith("en") else row

    def listed_in(field: str, lists: Iterable[int]) -> Callable[[Row], bool]:
        accepted = frozenset(lists)
        return lambda row: row[field] in accepted

    price_list, stock_list = filters(price_list="price_list"), filters(stock_list="stock_list")
    product, price = ContentType.product.value, ContentType.product_price.value
    stock, image = ContentType.product_stock.value, ContentType.product_image.value
    main_price = listed_in("price_list", [catalog["price_list"]])
    main_stock = listed_in("stock_list", [catalog["stock_list"]])
    extra_price = listed_in("price_list", catalog["extra_price_lists"])
    extra_stock = listed_in("stock_list", catalog["extra_stock_lists"])
    resources: list[tuple[str, str, dict[str, Filter], Callable[[Row], bool] | None]] = [
        ("products", product, filters(product_type="product_type"), None),
        ("product_prices", price, _BY_PRODUCT | price_list, main_price),
        ("product_stocks", stock, _BY_PRODUCT | stock_list, main_stock),
        ("extra_product_prices", price, _BY_PRODUCT | price_list, extra_price),
        ("extra_product_stocks", stock, _BY_PRODUCT | stock_list, extra_stock),
        ("product_images", image, filters(id__in="pk"), None),
    ]
    for path, content_type, known, where in resources:
        table = state.offered[content_type]
        render = in_language if content_type == product else None
        base = f"{channel}{path}/"
        router.add("GET", base, Listing(table, known, where=where, render=render, violation=state.violations.append))
        for name, lists in _DUE_LISTS.items():
            router.add("GET", f"{base}{name}/", due_listing(state, content_type, lists, known, where, render))
        router.add("GET", f"{base}{{}}/", retrieve(table, where=where, render=render))

    def mapped_product(_request: Request, pk_text: str) -> Response:
        pk = as_pk(pk_text)
        if pk not in goods.products:
            raise HttpError(404, {"detail": "Not found."})
        if goods.defects.get(pk) == "mapping":
            raise HttpError(406, {"error": f"{goods.products[pk]['sku']}: no attribute set matches the product."})
        return json_response(goods.mapping(pk))

    router.add("GET", f"{channel}mapped_products/{{}}/", mapped_product)


def _add_batches(router: Router, state: HubState, base: str) -> None:
    batches = state.batches
    known = filters(channel="channel", content_type="content_type", remote_batch_id="remote_batch_id") | {
        "status": Filter("status", is_repeatable=True)
    }

    def move(request: Request, pk_text: str) -> Response:
        pk = known_pk(batches.table, pk_text)
        return json_response(batches.move(pk, request.json()))

    router.add("GET", base, Listing(batches.table, known, violation=state.violations.append))
    router.add("POST", base, lambda request: json_response(batches.create(request.json()), 201))
    router.add("GET", f"{base}{{}}/", retrieve(batches.table))
    router.add("PATCH", f"{base}{{}}/", move)


def _add_actions(router: Router, state: HubState, base: str) -> None:
    ledger = state.ledger
    note = state.violations.append
    known = filters(
        channel_id="channel",
        content_type_name="content_type.model",
        object_id="object_id",
        object_id__in="object_id",
        remote_id__exact="remote_id",
        remote_id__in="remote_id",
        local_batch_id="local_batch_id",
    ) | {"status": Filter("status", is_repeatable=True)}

    def create(request: Request) -> Response:
        body = request.json()
        model = body.get("content_type") or _MODELS_BY_ID.get(body.get("content_type_id", 0))
        object_id = body.get("object_id")
        if model not in CONTENT_TYPE_IDS or not isinstance(object_id, int):
            raise HttpError(400, {"non_field_errors": "content_type and object_id are required."})
        key = Key(str(model), object_id)
        if ledger.action_of(key) is not None:
            raise HttpError(400, {"non_field_errors": "The fields content_type, object_id must make a unique set."})
        return json_response(ledger.put(key, **{"status": "success", **_action_fields(body)}), 201)

    def change(request: Request, pk_text: str) -> Response:
        action = ledger.actions[known_pk(ledger.actions, pk_text)]
        key = Key(action["content_type"]["model"], action["object_id"])
        return json_response(ledger.put(key, **_action_fields(request.json())))

    def delete(_request: Request, pk_text: str) -> Response:
        ledger.delete(known_pk(ledger.actions, pk_text))
        return Response(204, b"")

    def is_deleted(request: Request) -> Response:
        model = request.parameter("model")
        if model != ContentType.product:
            raise HttpError(400, {"model": [f'"{model}" is not a valid choice.']})
        return deleted(request)

    deleted = Listing(
        ledger.actions,
        filters(model="content_type.model", channel_id="channel"),
        violation=note,
        members=lambda: state.offers.due(ContentType.product, "deleted"),
        revision=state.offers.revision,
    )
    router.add("GET", base, Listing(ledger.actions, known, violation=note))
    router.add("POST", base, create)
    router.add("GET", f"{base}deleted/", is_deleted)
    router.add("GET", f"{base}{{}}/", retrieve(ledger.actions))
    router.add("PATCH", f"{base}{{}}/", change)
    router.add("DELETE", f"{base}{{}}/", delete)


def _action_fields(body: Row) -> Row:
    """What a client may write of an action."""
    fields: Row = {name: body[name] for name in ("remote_id", "state", "status", "local_batch_id") if name in body}
    if fields.get("status", "success") not in IntegrationActionStatus.__members__:
        raise HttpError(400, {"status": [f'"{fields["status"]}" is not a valid choice.']})
    if "remote_id" in fields and fields["remote_id"] is not None:
        fields["remote_id"] = str(fields["remote_id"])
    if body.get("version_date"):
        try:
            fields["version_date"] = canonical(body["version_date"])
        except (TypeError, ValueError):
            raise HttpError(400, {"version_date": ["Datetime has wrong format."]}) from None
    return fields


def _add_logs(router: Router, state: HubState, channel: str) -> None:
    def report(request: Request) -> Response:
        body = request.json()
        _require(body, "action_content_type", "action_object_id", "error_code")
        if body["action_content_type"] not in _MODELS_BY_ID:
            raise HttpError(400, {"action_content_type": ["Invalid pk - object does not exist."]})
        return json_response(_append(state, state.error_reports, body), 201)

    def event(request: Request) -> Response:
        body = request.json()
        _require(body, "event_type", "level")
        return json_response(_append(state, state.operational_events, body), 201)

    reports = Listing(
        state.error_reports,
        filters(action_content_type="action_content_type", action_object_id="action_object_id"),
        violation=state.violations.append,
        sorts=("id", "-id"),
    )
    router.add("GET", f"{channel}error_reports/", reports)
    router.add("POST", f"{channel}error_reports/", report)
    router.add("POST", f"{channel}operational_events/", event)


def _append(state: HubState, table: Table, body: Row) -> Row:
    return table.add({**body, "pk": table.next_key(), "modified_date": state.stamps.next()})


def _require(body: Row, *fields: str) -> None:
    missing = {field: ["This field is required."] for field in fields if body.get(field) in (None, "")}
    if missing:
        raise HttpError(400, missing)
