"""The settings of the local hub."""

from dataclasses import dataclass
from typing import Any, TypedDict


class HubOptions(TypedDict, total=False):
    """The keywords of `HubSettings`."""

    products: int
    seed: int
    failing: float
    channel_id: int
    catalog_id: int
    username: str
    password: str
    channel_conf: dict[str, Any] | None
    retry_interval: float
    max_retry_count: int
    token_lifetime_seconds: float
    extra_lists: bool
    bulk_attributes: bool
    bulk_category_attributes: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class HubSettings:
    """How the local hub begins.

    Args:
        products: the number of products.
        seed: decides every value of the shop.
        failing: the share of products that are defective; `defects` names them.
        channel_id, catalog_id: the keys of the one channel and its catalog.
        username, password: the one account.
        channel_conf: laid over the channel's default `conf`.
        retry_interval: seconds until the hub offers a failed object again (a part of `conf` as well).
        max_retry_count: how often it does so (a part of `conf` as well).
        token_lifetime_seconds: the validity of a log-in.
        extra_lists: whether the catalog has extra price and stock lists, and `conf` maps them.
        bulk_attributes, bulk_category_attributes: whether the hub has the bulk route of this name.
    """

    products: int = 100
    seed: int = 7
    failing: float = 0.04
    channel_id: int = 6
    catalog_id: int = 1
    username: str = "sandbox"
    password: str = "sandbox"  # noqa: S105 - it opens nothing but this sandbox
    channel_conf: dict[str, Any] | None = None
    retry_interval: float = 3600
    max_retry_count: int = 5
    token_lifetime_seconds: float = 3600
    extra_lists: bool = False
    bulk_attributes: bool = False
    bulk_category_attributes: bool = False
