"""Assumptions about the merchant's log, operational events, and orders."""

from http import HTTPStatus

from clients.errors import RefusedError
from deployments.assumptions.findings import (
    HONOURED,
    Assumption,
    Assumptions,
    Finding,
    broken,
    differs,
    not_tried,
    untried,
)
from deployments.assumptions.trial import Trial

_UNREADABLE = (HTTPStatus.NOT_FOUND, HTTPStatus.METHOD_NOT_ALLOWED)
_REAL_ORDER = "it needs a real order"


async def error_reports_are_readable(trial: Trial) -> Finding:
    """Reads one line of the merchant's log."""
    try:
        await trial.hub.rows("error_reports", sort="-id", limit=1)
    except RefusedError as refused:
        if refused.status in _UNREADABLE:
            return differs(
                f"GET error_reports/ answered {refused.status}: reports are written here, and cannot be read"
            )
        raise
    return HONOURED


async def operational_events_exist(trial: Trial) -> Finding:
    """Asks whether the path exists; writes nothing."""
    try:
        await trial.hub.get("operational_events", limit=1)
    except RefusedError as refused:
        if refused.status == HTTPStatus.NOT_FOUND:
            return differs("GET operational_events/ answered 404, as older Omnitrons do: no events are written")
        if refused.status != HTTPStatus.METHOD_NOT_ALLOWED:
            raise
    return HONOURED


async def shipping_infos_by_order(trial: Trial) -> Finding:
    """Lists the shipping infos of one order."""
    try:
        orders = await trial.hub.rows("orders", limit=1, sort="id")
    except RefusedError as refused:
        if refused.status in _UNREADABLE:
            return not_tried(f"GET orders/ answered {refused.status}: there is no order to ask for")
        raise
    if not orders:
        return not_tried("the channel has no order yet")
    pk = orders[0].get("pk")
    try:
        rows = await trial.hub.rows("order_shipping_infos", order=pk)
    except RefusedError as refused:
        return broken(f"GET order_shipping_infos/?order={pk} answered {refused.status}")
    if others := [row for row in rows if str(row.get("order")) != str(pk)]:
        return broken(f"?order={pk} answered {len(others)} rows of other orders")
    return HONOURED


ASSUMPTIONS: Assumptions = {
    "error-reports": Assumption(
        "error reports can be read (newer hubs)",
        "explainable: the reason for a failure can be looked up later",
        error_reports_are_readable,
    ),
    "events": Assumption(
        "there are operational events (newer hubs)",
        "explainable: the hub's own monitoring hears of failures",
        operational_events_exist,
    ),
    "order-number": Assumption(
        "an order number is unique per channel (400)", "orders: each is created once", untried(_REAL_ORDER)
    ),
    "second-cancel": Assumption(
        "a second cancellation is refused (406)", "effectively once: nothing is cancelled twice", untried(_REAL_ORDER)
    ),
    "shipping-infos": Assumption(
        "shipping infos are listed by order",
        "effectively once: a shipping info whose answer was lost is not created twice",
        shipping_infos_by_order,
    ),
}
