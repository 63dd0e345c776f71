"""The settings of the local marketplace."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, TypedDict

Tells = Literal["all", "failures", "lines", "statuses", "process"]
"""How results are told: each, failures alone, the lines of failures, each under a 207, or one process of one item."""
FileForm = Literal["jsonl", "csv"]
Signs = Literal["body", "time", "token"]
"""How it proves that an event is its own: the HMAC of the body in base64, time and HMAC in one header, or a token."""
MAX_ITEMS = 1_000
MAX_PAGE = 500


@dataclass(frozen=True, slots=True)
class Limit:
    """At most so many `calls` in so many `seconds`; `tells` whether nothing, the refusal alone, or each answer says more."""

    calls: int
    seconds: float
    tells: Literal["nothing", "retry_after", "bucket"] = "nothing"


@dataclass(frozen=True, slots=True)
class KeyLife:
    """For how many `calls` and `seconds` the key of a log-in is good."""

    calls: int
    seconds: float


class MarketOptions(TypedDict, total=False):
    """The keywords of `MarketSettings`."""

    polls_until_ready: int
    ready_after_seconds: float
    refuse: Mapping[str, str]
    refuse_share: float
    reject_at_once_share: float
    wants_acknowledgement: bool
    seed: int
    category_nodes: int | None
    attributes: int | None
    values: int | None
    tells: Tells
    knows_skus_alone: bool
    remarks_share: float
    gives_parts: bool
    result_file: FileForm | None
    zips_files: bool
    most_items: int
    offers_together: bool
    limit: Limit | None
    key_life: KeyLife | None
    media_type: str | None
    errors_under_200: bool
    pages_by_cursor: bool
    pages_shift: bool
    most_rows: int
    row_per_line: bool
    numbers_items: bool
    decides_after_seconds: float | None
    splits_packages: bool
    merges_packages: bool
    renews_items: bool
    tells_events: bool
    signs: Signs | None


@dataclass(frozen=True, kw_only=True, slots=True)
class MarketSettings:
    """How the local marketplace begins.

    Args:
        polls_until_ready: how many times a batch answers `processing` before `done`.
        ready_after_seconds: for how long at least it does so.
        refuse: messages by sku, number of an order or id of a request; such an item is refused in the result.
        refuse_share: the share of skus that are refused in the result, always the same ones.
        reject_at_once_share: the share of skus that are refused in the answer to an asynchronous request already.
        wants_acknowledgement: whether each order says that it waits to hear of its arrival (`acknowledged`).
        seed: decides who buys what.
        category_nodes, attributes, values: the sizes of its `assortment`; the shop's own kinds when absent.
        tells: the form of the results of goods.
        knows_skus_alone: whether it has no ids of its own.
        remarks_share: the share of skus that are taken with a remark, always the same ones.
        gives_parts: whether a batch tells the results that are ready before it is done.
        result_file: the form of a file that holds the results of a batch, at an address with a token; none by default.
        zips_files: whether that file is packed with gzip.
        most_items: how many items it takes in a call.
        offers_together: whether it takes price and stock in one call only.
        limit: how often it may be called.
        key_life: how long the key of a log-in is good; without it, no log-in is wanted.
        media_type: the media type that it wants in place of that of JSON.
        errors_under_200: whether a refusal comes under a status of 200.
        pages_by_cursor: whether its lists go on from a cursor in place of a page's number.
        pages_shift: whether a row moves to the end of its list whenever a page was read.
        most_rows: how many rows a page has, at most.
        row_per_line: whether it lists an order once for each of its lines.
        numbers_items: whether the id of an item is its number within its order.
        decides_after_seconds: when it decides a request on its own, if the shop has not; never by default.
        splits_packages: whether a package becomes two when some items of it are cancelled.
        merges_packages: whether such packages become one again when an item of them changes.
        renews_items: whether the items of a new package have new ids, too.
        tells_events: whether it has a stream of events in place of a list of orders.
        signs: how it signs the events that it posts to an address; none by default.
    """

    polls_until_ready: int = 2
    ready_after_seconds: float = 0.0
    refuse: Mapping[str, str] = field(default_factory=dict)
    refuse_share: float = 0.0
    reject_at_once_share: float = 0.0
    wants_acknowledgement: bool = False
    seed: int = 7
    category_nodes: int | None = None
    attributes: int | None = None
    values: int | None = None
    tells: Tells = "all"
    knows_skus_alone: bool = False
    remarks_share: float = 0.0
    gives_parts: bool = False
    result_file: FileForm | None = None
    zips_files: bool = False
    most_items: int = MAX_ITEMS
    offers_together: bool = False
    limit: Limit | None = None
    key_life: KeyLife | None = None
    media_type: str | None = None
    errors_under_200: bool = False
    pages_by_cursor: bool = False
    pages_shift: bool = False
    most_rows: int = MAX_PAGE
    row_per_line: bool = False
    numbers_items: bool = False
    decides_after_seconds: float | None = None
    splits_packages: bool = False
    merges_packages: bool = False
    renews_items: bool = False
    tells_events: bool = False
    signs: Signs | None = None
