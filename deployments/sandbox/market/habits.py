"""The habits of real marketplaces that the local one can take on: each is a name, a sentence, and the settings behind it."""

from collections.abc import Iterable
from dataclasses import dataclass

from clients.errors import ConfigError
from deployments.sandbox.market.event_posts import SIGNATURE, TOKEN
from deployments.sandbox.market.settings import KeyLife, Limit, MarketOptions, MarketSettings

DAY = 24 * 3_600.0
MEDIA_TYPE = "application/vnd.sandbox.v1+json"


@dataclass(frozen=True, slots=True)
class Habit:
    """One habit. `sentence` is for people; `settings` are what it switches on."""

    name: str
    sentence: str
    settings: MarketOptions


_TABLE = (
    Habit(
        "failures-only",
        "Results name refused goods alone, by their sku; the marketplace has no ids of its own.",
        {"tells": "failures", "knows_skus_alone": True},
    ),
    Habit(
        "line-numbers",
        "Results name refused goods alone, by the number of their line in the call; there are no ids of its own.",
        {"tells": "lines", "knows_skus_alone": True},
    ),
    Habit("parts", "A batch tells the results that are ready, from one question to the next.", {"gives_parts": True}),
    Habit(
        "moderation",
        "A person looks at each item of a batch, which takes two days for all.",
        {"gives_parts": True, "ready_after_seconds": 2 * DAY},
    ),
    Habit("warnings", "Half of the goods are taken with a remark, in `warnings`.", {"remarks_share": 0.5}),
    Habit(
        "multi-status", "Results come under a status of 207, and each has a status of its own.", {"tells": "statuses"}
    ),
    Habit(
        "errors-under-200",
        "A refused call is answered with 200, and with the reason in `errors`.",
        {"errors_under_200": True},
    ),
    Habit(
        "price-and-stock",
        "One call, `PUT /offers`, takes price and stock together; those for one of them are gone.",
        {"offers_together": True},
    ),
    Habit(
        "acknowledgement",
        "An order waits until the shop says that it has arrived, at `POST /orders/acknowledge`.",
        {"wants_acknowledgement": True},
    ),
    Habit(
        "rates",
        "Two calls a second; a refusal (429) says in `Retry-After` when to come again.",
        {"limit": Limit(2, 1.0, "retry_after")},
    ),
    Habit("silent-rates", "Two calls a second; a refusal (429) says nothing more.", {"limit": Limit(2, 1.0)}),
    Habit(
        "bucket",
        "A bucket of four calls that fills up in two seconds; `RateLimit-Policy` and `RateLimit` of each answer tell of it.",
        {"limit": Limit(4, 2.0, "bucket")},
    ),
    Habit(
        "form-log-in",
        "Each call needs the key of `POST /token`, a form; it is good for eight calls or ten minutes.",
        {"key_life": KeyLife(8, 600.0)},
    ),
    Habit(
        "vendor-media-type",
        f"Requests and answers are `{MEDIA_TYPE}`; another type is refused (415, 406).",
        {"media_type": MEDIA_TYPE},
    ),
    Habit(
        "numbered-items",
        "The id of an item is its number within its order, so those of two orders are alike.",
        {"numbers_items": True},
    ),
    Habit("row-per-line", "An order is listed once for each of its lines.", {"row_per_line": True}),
    Habit("few-items", "A call takes 25 items at most.", {"most_items": 25}),
    Habit(
        "one-item",
        "A call takes one item, and a batch is one process with the result of that item.",
        {"most_items": 1, "tells": "process"},
    ),
    Habit("cursor", "Lists go on from the `cursor` of the page before.", {"pages_by_cursor": True}),
    Habit(
        "shifting-pages",
        "An order moves to the end of the list whenever a page of two was read, so the next page passes one over.",
        {"pages_shift": True, "most_rows": 2},
    ),
    Habit(
        "decided-returns",
        "A request that the shop leaves open for two days is approved by the marketplace itself.",
        {"decides_after_seconds": 2 * DAY},
    ),
    Habit(
        "split-packages",
        "If some items of a package are cancelled, two new ones take its place, and name it in `replaces`.",
        {"splits_packages": True},
    ),
    Habit(
        "merged-packages",
        "Packages that were split are one again, under a new id, when an item changes; it `replaces` the one with what was left.",
        {"splits_packages": True, "merges_packages": True},
    ),
    Habit(
        "renewed-items",
        "If a package is split, its items have new ids too; `GET /order-items` names the former ones in `replaces`.",
        {"splits_packages": True, "renews_items": True},
    ),
    Habit(
        "event-stream",
        "There is no list of orders: `GET /events?after=ID` tells which of them changed, and `GET /orders/ID` the rest.",
        {"tells_events": True},
    ),
    Habit(
        "signed-body",
        f"Events are posted to the address of `POST /_sandbox/webhook`; `{SIGNATURE}` is the HMAC of the body in base64.",
        {"signs": "body"},
    ),
    Habit(
        "signed-time",
        f"Events are posted to the address of `POST /_sandbox/webhook`; `{SIGNATURE}` is `t=...,v1=...`: time and HMAC.",
        {"signs": "time"},
    ),
    Habit(
        "shared-token",
        f"Events are posted to the address of `POST /_sandbox/webhook`; `{TOKEN}` is the key itself.",
        {"signs": "token"},
    ),
    Habit(
        "jsonl-file",
        "A batch that is done names the address of a file: a line of JSON for each result.",
        {"result_file": "jsonl"},
    ),
    Habit(
        "csv-file",
        "A batch that is done names the address of a file: CSV, packed with gzip.",
        {"result_file": "csv", "zips_files": True},
    ),
)
HABITS = {habit.name: habit for habit in _TABLE}
"""All of them, by name."""


def settings_with(names: Iterable[str], given: MarketOptions) -> MarketSettings:
    """The settings of a marketplace with some habits; the `given` ones count first.

    Raises:
        ConfigError: a name is unknown, or two of the habits cannot go together.
    """
    settings: MarketOptions = {}
    owners: dict[str, str] = {}
    for name in dict.fromkeys(names):
        if name not in HABITS:
            raise ConfigError(f"The marketplace has no habit `{name}`. It has: {', '.join(HABITS)}.")
        own = HABITS[name].settings
        for key, value in own.items():
            if key in owners and settings.get(key) != value:
                raise ConfigError(
                    f"The habits `{owners[key]}` and `{name}` do not go together: both set `{key}`. Leave one of them out."
                )
            owners[key] = name
        settings |= own
    return MarketSettings(**(settings | given))
