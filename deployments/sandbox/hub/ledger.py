"""Integration actions: the hub's record of each object on the channel, and of failed attempts."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

from deployments.sandbox.hub.tables import Row, Table
from dto.enums import ContentType

SuccessListener = Callable[[str, int, str, str], None]
"""`listener(content_type, pk, remote_id, version_date)`, called whenever an action becomes `success`."""

CONTENT_TYPE_IDS: dict[str, int] = {model.value: pk for pk, model in enumerate(ContentType, start=12)}


class Key(NamedTuple):
    """One object."""

    content_type: str
    pk: int


@dataclass(slots=True)
class Attempts:
    """The number of failed attempts at `version`, and the time of the last one (seconds since the epoch)."""

    version: str
    count: int
    last: float


class Ledger:
    """The actions, the version of each object's last success, and its attempts.

    Args:
        channel_id: whose actions these are.
        stamp: makes modification dates.
        now: seconds since the epoch.
        changed: called with each object whose standing has changed.
        listeners: called when an action becomes `success`.
    """

    def __init__(
        self,
        *,
        channel_id: int,
        stamp: Callable[[], str],
        now: Callable[[], float],
        changed: Callable[[Key], None],
        listeners: list[SuccessListener],
    ) -> None:
        self.actions = Table(indexed=["object_id", "remote_id", "local_batch_id"])
        self.sent: dict[Key, str] = {}
        self.attempts: dict[Key, Attempts] = {}
        self._by_object: dict[Key, int] = {}
        self._channel_id = channel_id
        self._stamp = stamp
        self._now = now
        self._changed = changed
        self._listeners = listeners

    def action_of(self, key: Key) -> Row | None:
        pk = self._by_object.get(key)
        return None if pk is None else self.actions[pk]

    def put(self, key: Key, **fields: Any) -> Row:
        """Write an object's action, or create it. An empty `remote_id` never erases a known one."""
        if not fields.get("remote_id"):
            fields.pop("remote_id", None)
        action = self.action_of(key)
        if action is None:
            action = self._create(key, fields)
        else:
            self.actions.change(action["pk"], **fields, modified_date=self._stamp())
        if action["status"] == "success" and ("status" in fields or "version_date" in fields):
            self._note_success(key, action)
        self._changed(key)
        return action

    def restore(self, key: Key, before: Row | None) -> None:
        """Restore an earlier action; `before` is None when there was no action."""
        action = self.action_of(key)
        if action is None:
            return
        # An action that was deleted in the meantime is not revived by its successor's restoration.
        if before is None or before["pk"] != action["pk"]:
            self._forget(key, action["pk"])
        else:
            self.actions.change(action["pk"], **{**before, "modified_date": self._stamp()})
        self._changed(key)

    def delete(self, pk: int) -> None:
        """Drop an action: the object counts as never sent. A deletion in progress that points at it ends with it."""
        action = self.actions[pk]
        key = Key(action["content_type"]["model"], action["object_id"])
        self._forget(key, pk)
        self.sent.pop(key, None)
        self.attempts.pop(key, None)
        deletion_key = Key(ContentType.integration_action, pk)
        deletion = self.action_of(deletion_key)
        if deletion is not None:
            self.delete(deletion["pk"])
        self.attempts.pop(deletion_key, None)
        self._changed(key)

    def note_attempt(self, key: Key, version: str) -> None:
        """Count a failed attempt at `version`."""
        known = self.attempts.get(key)
        if known is None or known.version < version:
            self.attempts[key] = Attempts(version, 1, self._now())
        elif known.version == version:
            known.count += 1
            known.last = self._now()
        self._changed(key)

    def _note_success(self, key: Key, action: Row) -> None:
        self.sent[key] = action["version_date"]
        self.attempts.pop(key, None)
        for listener in self._listeners:
            listener(key.content_type, key.pk, action["remote_id"] or "", action["version_date"])

    def _create(self, key: Key, fields: Row) -> Row:
        moment = self._stamp()
        pk = self.actions.next_key()
        self._by_object[key] = pk
        return self.actions.add(
            {
                "pk": pk,
                "channel": self._channel_id,
                "content_type": {"id": CONTENT_TYPE_IDS[key.content_type], "model": key.content_type},
                "object_id": key.pk,
                "remote_id": None,
                "version_date": moment,
                "local_batch_id": None,
                "status": "success",
                "state": {},
                "created_date": moment,
                "modified_date": moment,
                **fields,
            }
        )

    def _forget(self, key: Key, pk: int) -> None:
        self.actions.remove(pk)
        del self._by_object[key]
