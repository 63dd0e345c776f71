"""All routes of the local hub, and those of batches, actions and logs."""

from collections.abc import Callable
from typing import Annotated, Any, get_args

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Mount, Route

from deployments.sandbox.base.http import HttpError, JsonResponse, json_object
from deployments.sandbox.hub.access import Access
from deployments.sandbox.hub.bodies import Body, Filled, Moment, WireKey, number_of
from deployments.sandbox.hub.catalogue_api import catalogue_routes
from deployments.sandbox.hub.ledger import CONTENT_TYPE_IDS, Key
from deployments.sandbox.hub.listing import Filter, Listing, filters
from deployments.sandbox.hub.places import PlaceKind
from deployments.sandbox.hub.resources import Resources, change, create, readable, row_of
from deployments.sandbox.hub.sales_api import sales_routes
from deployments.sandbox.hub.setup_api import setup_routes
from deployments.sandbox.hub.shop import Shop
from deployments.sandbox.hub.tables import Row, Table
from dto.enums import ContentType, IntegrationActionStatus

_API = "/api/v1/"
LOGIN = f"{_API}auth/login/"
_MODELS_BY_ID = {pk: model for model, pk in CONTENT_TYPE_IDS.items()}


def hub_routes(shop: Shop, access: Access) -> list[BaseRoute]:
    """The whole API."""
    channel = [
        _batches(shop),
        *catalogue_routes(shop),
        _actions(shop),
        *_logs(shop),
        *sales_routes(shop),
        *setup_routes(shop),
    ]
    return [
        Mount(f"{_API}channel/{shop.channel['pk']}", app=Resources(channel)),
        Route(LOGIN, access.log_in, methods=["POST"]),
        Route(f"{_API}active_user/", access.active_user),
        *_shop(shop),
    ]


_MOST_REMOTE_IDS = 50


class _ChannelChange(Body):
    subject = "change of the channel"

    category_tree: WireKey | None = None
    schema_: Any = Field(None, alias="schema")


def _shop(shop: Shop) -> list[Route]:
    content_types = Table("id")
    for model, pk in CONTENT_TYPE_IDS.items():
        content_types.add({"id": pk, "app_label": "omnitron", "model": model, "modified_date": ""})

    async def get_channel(_request: Request) -> Response:
        return JsonResponse(shop.channel)

    async def patch_channel(request: Request) -> Response:
        changed = _ChannelChange.model_validate(await json_object(request), context=shop.context)
        shop.set_channel(**changed.given())
        return JsonResponse(shop.channel)

    async def get_catalog(_request: Request) -> Response:
        return JsonResponse(shop.catalog)

    listing = Listing(content_types, filters(model="model"), violation=shop.violations.append)
    return [
        Route(f"{_API}channels/{shop.channel['pk']}/", get_channel),
        Route(f"{_API}channels/{shop.channel['pk']}/", patch_channel, methods=["PATCH"]),
        Route(f"{_API}catalogs/{shop.catalog['pk']}/", get_catalog),
        Route(f"{_API}content_types/", listing.respond),
    ]


def _batches(shop: Shop) -> Mount:
    batches = shop.batches
    known = filters(channel="channel", content_type="content_type", remote_batch_id="remote_batch_id") | {
        "status": Filter("status", is_repeatable=True)
    }
    return Mount(
        "/batch_requests",
        routes=[
            change(batches.table, batches.move),
            *readable(batches.table, known, violation=shop.violations.append),
            create(batches.create),
        ],
    )


def _text_of_key(value: Any) -> str | None:
    return None if value is None else str(value)


class _ActionFields(BaseModel):
    """The fields of an action that a client may write."""

    model_config = ConfigDict(use_enum_values=True)

    remote_id: Annotated[str | None, BeforeValidator(_text_of_key)] = None
    state: Any = None
    status: IntegrationActionStatus = IntegrationActionStatus.success
    local_batch_id: Any = None
    version_date: Annotated[Moment | None, BeforeValidator(lambda value: value or None)] = None

    def given(self) -> Row:
        """The fields of the request; an empty date is no date."""
        fields = {name: getattr(self, name) for name in _ActionFields.model_fields if name in self.model_fields_set}
        return {name: value for name, value in fields.items() if value is not None or name != "version_date"}


class _NewAction(_ActionFields):
    content_type: Any = None
    content_type_id: WireKey | None = None
    object_id: WireKey
    channel_id: Filled
    remote_id: Annotated[str, BeforeValidator(_text_of_key)] = Field(min_length=1)


def _actions(shop: Shop) -> Mount:
    ledger, note, type_named = shop.ledger, shop.violations.append, "content_type_name"
    known = filters(
        channel_id="channel",
        content_type_name="content_type.model",
        local_batch_id="local_batch_id",
    ) | {
        "object_id": Filter("object_id", needs=type_named),
        "object_id__in": Filter("object_id", is_list=True, needs=type_named),
        "remote_id__exact": Filter("remote_id", needs=type_named),
        # Without a type: the actions of a product, its price, stock and images have one remote id.
        "remote_id__in": Filter("remote_id", is_list=True, most=_MOST_REMOTE_IDS),
        "status": Filter("status", is_repeatable=True),
        "numchild": Filter("numchild", read=shop.children_below),
    }
    deletions = Listing(
        ledger.actions,
        filters(model="content_type.model", channel_id="channel"),
        violation=note,
        members=lambda: shop.due_lists.due(ContentType.product, "deleted"),
        revision=shop.due_lists.revision,
    )

    def _check_channel(named: Any) -> None:
        if number_of(named) != shop.channel["pk"]:
            raise HttpError(400, {"channel_id": [f'Invalid pk "{named}" - object does not exist.']})

    def make(body: Row) -> Row:
        new = _NewAction.model_validate(body)
        _check_channel(new.channel_id)
        model = new.content_type or _MODELS_BY_ID.get(new.content_type_id or 0)
        if model not in CONTENT_TYPE_IDS:
            raise HttpError(400, {"content_type": [f'"{model}" is not a valid choice.']})
        key = Key(str(model), new.object_id)
        if ledger.action_of(key) is not None:
            raise HttpError(400, {"non_field_errors": "The fields content_type, object_id must make a unique set."})
        return ledger.put(key, **{"status": "success", **new.given()})

    def write(pk: int, body: Row) -> Row:
        _check_channel(body.get("channel_id", shop.channel["pk"]))
        action = ledger.actions[pk]
        key = Key(action["content_type"]["model"], action["object_id"])
        return ledger.put(key, **_ActionFields.model_validate(body).given())

    async def delete(request: Request) -> Response:
        ledger.delete(row_of(ledger.actions, request)["pk"])
        return Response(status_code=204)

    async def deleted(request: Request) -> Response:
        model = request.query_params.get("model")
        if model != ContentType.product:
            raise HttpError(400, {"model": [f'"{model}" is not a valid choice.']})
        return await deletions.respond(request)

    return Mount(
        "/integration_actions",
        routes=[
            *readable(ledger.actions, known, violation=note, revision=lambda: shop.goods.nodes.revision),
            create(make),
            change(ledger.actions, write),
            Route("/{pk:int}/", delete, methods=["DELETE"]),
            Route("/deleted/", deleted),
        ],
    )


class _Report(BaseModel):
    action_content_type: WireKey
    action_object_id: WireKey
    error_code: Filled


class _Event(BaseModel):
    event_type: Filled
    level: Filled


def _logs(shop: Shop) -> list[Mount]:
    def append(table: Table, fields: Row) -> Row:
        return table.add({**fields, "pk": table.next_key(), "modified_date": shop.stamps.next()})

    def report(body: Row) -> Row:
        known = _Report.model_validate(body)
        if known.action_content_type not in _MODELS_BY_ID:
            raise HttpError(400, {"action_content_type": ["Invalid pk - object does not exist."]})
        return append(shop.error_reports, {**body, **known.model_dump()})

    def report_place(kind: PlaceKind) -> Callable[[Row], Row]:
        return lambda body: shop.places.report(kind, body)

    def event(body: Row) -> Row:
        _Event.model_validate(body)
        return append(shop.operational_events, body)

    note = shop.violations.append
    reports = Listing(
        shop.error_reports,
        filters(action_content_type="action_content_type", action_object_id="action_object_id"),
        violation=note,
        sorts=("id", "-id"),
    )
    events = Listing(shop.operational_events, {}, violation=note)
    places = [create(report_place(kind), f"/{kind}/") for kind in get_args(PlaceKind)]
    return [
        Mount("/error_reports", routes=[create(report), Route("/", reports.respond), *places]),
        Mount("/operational_events", routes=[create(event), Route("/", events.respond)]),
    ]
