"""Which objects are due: the lists `inserts`, `updates` and `deleted`, kept up to date object by object."""

import heapq
from collections import defaultdict
from collections.abc import Callable, Mapping
from typing import Literal, NamedTuple

from deployments.sandbox.hub.ledger import Key, Ledger
from deployments.sandbox.hub.tables import Row, Table
from dto.enums import ContentType

Due = Literal["inserts", "updates", "deleted"]


class RetryPolicy(NamedTuple):
    """How often the hub offers a failed object again, and after how many seconds."""

    interval: float
    max_count: int


class DueLists:
    """The due lists.

    Args:
        tables: the rows by content type.
        ledger: the actions and attempts.
        policy: the retry policy of the moment.
        now: seconds since the epoch.
    """

    def __init__(
        self,
        tables: Mapping[str, Table],
        ledger: Callable[[], Ledger],
        policy: Callable[[], RetryPolicy],
        now: Callable[[], float],
    ) -> None:
        self._tables = tables
        self._ledger = ledger
        self._policy = policy
        self._now = now
        self._members: dict[tuple[str, Due], set[int]] = defaultdict(set)
        self._places: dict[Key, tuple[Due, int]] = {}
        self._waiting: list[tuple[float, Key]] = []
        self._revision = 0

    def due(self, content_type: str, *lists: Due) -> set[int]:
        """The keys that are due now: of objects, for `deleted` of the products' actions."""
        self._ripen()
        members: set[int] = set()
        for name in lists:
            members |= self._members[content_type, name]
        return members

    def revision(self) -> int:
        """A number that changes with the lists, which the passing of time changes too."""
        self._ripen()
        return self._revision

    def _ripen(self) -> None:
        """Offer the objects again that have waited long enough."""
        now = self._now()
        while self._waiting and self._waiting[0][0] <= now:
            _, key = heapq.heappop(self._waiting)
            self.refresh(key)

    def refresh_all(self) -> None:
        for content_type, table in self._tables.items():
            for pk in table.rows:
                self.refresh(Key(content_type, pk))
        for action in self._ledger().actions:
            self.refresh(Key(action["content_type"]["model"], action["object_id"]))

    def refresh(self, key: Key) -> None:
        """Put an object on the right list after a change of it or its action."""
        if key.content_type == ContentType.integration_action:
            action = self._ledger().actions.get(key.pk)
            if action is not None and action["content_type"]["model"] == ContentType.product:
                self.refresh(Key(ContentType.product, action["object_id"]))
            return
        place = self._place(key)
        old = self._places.get(key)
        if place == old:
            return
        self._revision += 1
        if old is not None:
            self._members[key.content_type, old[0]].discard(old[1])
            del self._places[key]
        if place is not None:
            self._members[key.content_type, place[0]].add(place[1])
            self._places[key] = place

    def _place(self, key: Key) -> tuple[Due, int] | None:
        """The object's list, and its key there; None when it is not due."""
        table = self._tables.get(key.content_type)
        if table is None:
            return None
        ledger = self._ledger()
        row = table.get(key.pk)
        action = ledger.action_of(key)
        if action is not None and action["status"] == "processing":
            return None
        version = ledger.sent.get(key)
        if row is None or not _is_offered(key.content_type, row):
            is_known = key.content_type == ContentType.product and version is not None
            return self._deletion(key, action) if is_known and action is not None else None
        if version is not None and row["modified_date"] <= version:
            return None
        if not self._may_try(key, row["modified_date"], waiting=key):
            return None
        return ("inserts" if version is None else "updates", key.pk)

    def _deletion(self, key: Key, action: Row) -> tuple[Due, int] | None:
        deletion = Key(ContentType.integration_action, action["pk"])
        held = self._ledger().action_of(deletion)
        if held is not None and held["status"] == "processing":
            return None
        if not self._may_try(deletion, action["modified_date"], waiting=key):
            return None
        return ("deleted", action["pk"])

    def _may_try(self, key: Key, modified_date: str, *, waiting: Key) -> bool:
        attempts = self._ledger().attempts.get(key)
        # A newer version has not been tried yet.
        if attempts is None or attempts.version < modified_date:
            return True
        policy = self._policy()
        if attempts.count > policy.max_count:
            return False
        ready = attempts.last + policy.interval
        if self._now() >= ready:
            return True
        heapq.heappush(self._waiting, (ready, waiting))
        return False


def _is_offered(content_type: str, row: Row) -> bool:
    if content_type == ContentType.product:
        return row["is_active"] is True
    return content_type != ContentType.product_image or row["status"] == "active"
