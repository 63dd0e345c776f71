"""The settings of the local marketplace."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypedDict


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
