"""The habits of the local marketplace, each with a connector that an author would write for it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from deployments.sandbox.market.settings import KeyLife, MarketOptions
from tests.habits import announcing, calling, reading, selling
from tests.world.loopback import World
from tests.world.shop import use_connector

EXAMPLE = "tasks.channel.sandbox"
"""The example connector, as it is."""


@dataclass(frozen=True)
class Case:
    """Habits that stand together, and the connector for them.

    Attributes:
        market: settings of the marketplace that differ from those of the habits: a shop of a test is small.
        pause: the seconds between two runs, where the channel takes its time or counts calls.
        later: whether the channel answers later: None is both.
        products, offers, sells: whether it is about products; about prices, stocks and images; about orders.
        splits: whether packages are split.
    """

    habits: tuple[str, ...]
    connector: str
    market: MarketOptions = field(default_factory=MarketOptions)
    pause: float = 0.0
    later: bool | None = None
    products: bool = True
    offers: bool = False
    sells: bool = False
    splits: bool = False
    flows: tuple[str, ...] = ()
    """The flows that meet the habit; by default all."""

    def __str__(self) -> str:
        return "+".join(self.habits)

    def world(self, **arguments: Any) -> World:
        """A world whose marketplace has the habits."""
        world = World(habits=self.habits, market=self.market, pause=self.pause, **arguments)
        use_connector(world, self.connector)
        return world


def _named(connector: type) -> str:
    return f"{connector.__module__}:{connector.__name__}"


PLAIN = Case((), EXAMPLE)
"""No habits: each result at once, or in a batch."""
FEW: MarketOptions = {"most_items": 2}

CASES = [
    Case(("failures-only",), _named(reading.FailuresOnly), offers=True),
    Case(("line-numbers",), _named(reading.LineNumbers), offers=True),
    Case(("parts",), _named(reading.Parts), later=True),
    Case(("moderation",), _named(reading.Moderation), later=True, pause=24 * 3_600.0),
    Case(("warnings",), _named(reading.Warnings)),
    Case(("multi-status",), _named(reading.MultiStatus)),
    Case(("few-items",), _named(reading.FewItems), FEW, offers=True),
    Case(("one-item",), _named(reading.OneItem), offers=True),
    Case(("jsonl-file",), _named(reading.JsonlFile), later=True),
    Case(("csv-file",), _named(reading.CsvFile), later=True),
    Case(("rates",), _named(calling.Rates), pause=60.0),
    Case(("silent-rates",), _named(calling.Unaware), pause=60.0),
    Case(("bucket",), _named(calling.Bucket), pause=60.0),
    Case(("form-log-in",), _named(calling.FormLogIn), {"key_life": KeyLife(3, 600.0)}),
    Case(("vendor-media-type",), _named(calling.VendorMediaType)),
    Case(("errors-under-200", "silent-rates"), _named(calling.ErrorsUnder200), pause=60.0),
    Case(("acknowledgement",), EXAMPLE, products=False, sells=True),
    Case(("numbered-items",), _named(selling.NumberedItems), products=False, sells=True),
    Case(("row-per-line",), EXAMPLE, products=False, sells=True),
    Case(("cursor",), _named(selling.ByCursor), {"most_rows": 2}, products=False, sells=True),
    Case(("shifting-pages",), EXAMPLE, products=False, sells=True, flows=("fetch_and_create_order",)),
    Case(("split-packages",), _named(selling.Packages), products=False, sells=True, splits=True),
    Case(("merged-packages",), _named(selling.Packages), products=False, sells=True, splits=True),
    Case(("renewed-items",), _named(selling.Packages), products=False, sells=True, splits=True),
    Case(("event-stream",), _named(selling.EventStream), products=False, sells=True),
    Case(("decided-returns",), EXAMPLE, {"decides_after_seconds": 1_800.0}, products=False, sells=True),
    Case(("price-and-stock",), "tests.flows.test_price_and_stock:Together", products=False, offers=True),
]
BY_HABIT: Mapping[str, Case] = {case.habits[0]: case for case in CASES}
SIGNING: Mapping[str, str] = {
    "signed-body": _named(announcing.SignedBody),
    "signed-time": _named(announcing.SignedTime),
    "shared-token": _named(announcing.SharedToken),
}
"""Habits of the events that the marketplace posts, which no flow meets."""
