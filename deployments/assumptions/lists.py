"""Assumptions about lists."""

from clients.omnitron.lists import PAGE
from deployments.assumptions.findings import HONOURED, Assumption, Assumptions, Finding, broken, differs, not_tried
from deployments.assumptions.hub import rows_of
from deployments.assumptions.trial import Trial

LONG_LISTS = ("products", "product_prices", "product_stocks", "integration_actions", "batch_requests")
"""As a rule, at least one of them is longer than a page."""


async def page_is_capped(trial: Trial) -> Finding:
    """Asks the first list that is long enough for twice a page."""
    wanted = 2 * PAGE
    for resource in LONG_LISTS:
        data = await trial.hub.get(resource, limit=wanted)
        rows = rows_of(data, resource)
        count = data.get("count") if isinstance(data, dict) else None
        has_next = isinstance(data, dict) and bool(data.get("next"))
        if isinstance(count, int) and count > len(rows) and not has_next:
            return broken(
                f"{resource}/?limit={wanted} answered {len(rows)} of {count} rows, and no `next`",
                "every flow loses rows: report it to Omnitron's support",
            )
        if len(rows) > PAGE:
            return differs(
                f"{resource}/?limit={wanted} answered {len(rows)} rows; PAGE in clients/omnitron_connection.py may be raised"
            )
        if has_next:
            return HONOURED
    return not_tried(f"no list has more than {PAGE} rows")


ASSUMPTIONS: Assumptions = {
    "page-cap": Assumption(
        f"a page has at most {PAGE} rows, for any `limit`",
        "lists are read to their end",
        page_is_capped,
    ),
}
