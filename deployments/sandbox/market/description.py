"""The description of the local marketplace's API: for its page, and for the reference."""

from dataclasses import dataclass
from typing import Any

LISTS = "`page` and `limit` page through it; `since` and `until` are moments of the last change, both included."


@dataclass(frozen=True, slots=True)
class Described:
    """One call.

    Attributes:
        body: a body that is taken, if the call has one.
        answer: an answer, cut to what matters.
    """

    method: str
    path: str
    sentence: str
    answer: dict[str, Any]
    body: dict[str, Any] | None = None


def _taken(method: str, path: str, sentence: str, item: dict[str, Any], name: str = "sku") -> Described:
    result = {name: item.get(name, "1KBATC00000001"), "status": "SUCCESS", "remote_id": "M-1", "message": ""}
    return Described(method, path, sentence, {"results": [result]}, {"items": [item]})


PRICE = {"price": "219.90", "currency_type": "try"}
STOCK = {"stock": 5}
_CALLS = (
    Described("GET", "/health", "Whether the marketplace is up.", {"status": "ok"}),
    _taken(
        "PUT",
        "/products",
        "Creates products, or overwrites them by `sku`. Fields that are left out stay as they are; a `version` older than the "
        "known one is a violation.",
        {
            "sku": "1KBATC00000001",
            "name": "Shoes 39",
            "group": "1KBATC00000",
            "category": "Shoes",
            "attributes": {"Size": "39"},
            "price": PRICE,
            "stock": STOCK,
            "image_urls": ["https://cdn.example.com/1.jpg"],
            "version": "2026-01-01T00:00:00.000000Z",
        },
    ),
    _taken("POST", "/products/delete", "Takes products off; an unknown one counts as deleted.", {"remote_id": "M-1"}),
    _taken("PUT", "/prices", "Sets prices of listed products.", {"remote_id": "M-1", **PRICE}),
    _taken("PUT", "/stocks", "Sets stocks of listed products.", {"remote_id": "M-1", **STOCK}),
    _taken("PUT", "/offers", "Sets both in one call.", {"remote_id": "M-1", "price": PRICE, "stock": STOCK}),
    _taken(
        "PUT",
        "/images",
        "Adds or replaces images of listed products; `pk` tells them apart.",
        {"remote_id": "M-1", "pk": 1501, "image": "https://cdn.example.com/1.jpg", "order": 0},
    ),
    Described(
        "GET", "/batches/{id}", "The results of a batch; `processing` until they are ready.", {"status": "processing"}
    ),
    Described("GET", "/files/{id}", "The result file that a batch names, at an address with a token.", {}),
    Described(
        "GET", "/listing", "All products, or those of `sku`, by commas.", {"count": 1, "next": None, "results": []}
    ),
    Described("GET", "/listing/{sku}", "One product.", {"sku": "1KBATC00000001", "remote_id": "M-1", "state": "live"}),
    Described("GET", "/orders", f"Orders. {LISTS}", {"count": 1, "next": None, "results": []}),
    Described("GET", "/cancellations", f"Buyers' cancellations. {LISTS}", {"count": 1, "next": None, "results": []}),
    Described(
        "GET", "/order-items", f"Items that the market changed. {LISTS}", {"count": 1, "next": None, "results": []}
    ),
    Described(
        "GET", "/requests", f"Buyers' requests to cancel or refund. {LISTS}", {"count": 1, "next": None, "results": []}
    ),
    _taken(
        "PUT",
        "/orders",
        "Status, tracking and invoice numbers of orders. A field that is `null` stays as it is.",
        {
            "remote_id": "R1",
            "number": "SP1",
            "status": "SHIPPED",
            "tracking_number": "TN1",
            "version": "2026-01-01T00:00:00.000000Z",
            "items": [{"remote_id": "1", "status": "SHIPPED", "invoice_number": "FT1", "tracking_number": "TN1"}],
        },
        "number",
    ),
    _taken("POST", "/orders/acknowledge", "The order has arrived.", {"remote_id": "R1", "number": "SP1"}, "number"),
    _taken(
        "PUT",
        "/requests",
        "Decisions about requests.",
        {"remote_id": "Q1", "order_item": "1", "type": "cancel", "status": "approved", "description": ""},
        "remote_id",
    ),
    Described(
        "GET",
        "/categories",
        "All categories, parents first.",
        {"categories": [{"id": "C1", "name": "Shoes", "parent_id": None}]},
    ),
    Described(
        "GET",
        "/categories/{id}/attributes",
        "The attributes of a category.",
        {"id": "C1", "name": "Shoes", "attributes": []},
    ),
    Described("GET", "/attributes", "All attributes with their values.", {"attributes": []}),
)
_OF_HABITS = (
    Described("POST", "/token", "Logs in, with the habit `form-log-in`.", {"access_token": "...", "expires_in": 600.0}),
    Described(
        "GET", "/events", "The stream of events, with the habit `event-stream`.", {"events": [], "has_more": False}
    ),
    Described("GET", "/orders/{id}", "One order, with the same habit.", {"id": "R1", "number": "SP1"}),
)
CALLS = (*_CALLS, *_OF_HABITS)
ASYNC = (
    "With `async=true`, a call that takes items answers 202 with `batch_id`, and with `rejected`, the items that it refuses at "
    "once; requests and acknowledgements are always answered at once. Habits change the forms of answers."
)
