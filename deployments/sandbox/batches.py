"""Batch requests: the state machine, the lock per content type, and what a move does to objects."""

import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from deployments.sandbox.dates import canonical
from deployments.sandbox.ledger import CONTENT_TYPE_IDS, Key, Ledger
from deployments.sandbox.messages import HttpError
from deployments.sandbox.tables import Row, Table
from dto.enums import BatchRequestStatus, ContentType, FailedReasonType

MOVE_NOT_ALLOWED = "batch_request_status_100_1"
COMMIT_LOCKED = "batch_request_status_100_2"
OTHER_CONTENT_TYPE = "batch_request_content_type_100_1"

LEGAL_MOVES: Mapping[str, frozenset[str]] = {
    "initialized": frozenset({"commit", "fail"}),
    "commit": frozenset({"commit", "sent_to_remote", "ongoing", "done", "fail"}),
    "sent_to_remote": frozenset({"sent_to_remote", "ongoing", "done", "fail"}),
    "ongoing": frozenset({"ongoing", "done", "fail"}),
    "done": frozenset(),
    "fail": frozenset(),
}

OPEN = frozenset(status for status, moves in LEGAL_MOVES.items() if moves)


@dataclass(slots=True)
class _Holdings:
    """What a batch remembers of its objects: their actions before it, and whose attempt it has counted."""

    before: dict[Key, Row | None] = field(default_factory=dict)
    counted: set[Key] = field(default_factory=set)


@dataclass(frozen=True, slots=True)
class _Named:
    """One entry of a move's `objects`."""

    key: Key
    version: str
    remote_id: str | None
    reason: str | None


class Batches:
    """All batches of the channel.

    Args:
        channel_id: whose batches these are.
        ledger: the actions that they change.
        tables: the rows by content type.
        stamp: makes modification dates.
        violation: takes a sentence about a client's mistake that the hub does not refuse.
    """

    def __init__(
        self,
        *,
        channel_id: int,
        ledger: Ledger,
        tables: Mapping[str, Table],
        stamp: Callable[[], str],
        violation: Callable[[str], None],
    ) -> None:
        self.table = Table()
        self._holdings: dict[int, _Holdings] = {}
        self._pk_of_local_id: dict[str, int] = {}
        self._channel_id = channel_id
        self._ledger = ledger
        self._tables = tables
        self._stamp = stamp
        self._violation = violation

    def create(self, body: Row) -> Row:
        """`POST {"channel"}` → a batch in `initialized`."""
        if "channel" not in body:
            raise HttpError(400, {"channel": ["This field is required."]})
        self._check_channel(body)
        pk = self.table.next_key()
        moment = self._stamp()
        # With the moment: Prefect remembers what was booked for a batch of an earlier sandbox.
        local_batch_id = str(uuid.uuid5(uuid.NAMESPACE_OID, f"batch {pk} of {moment}"))
        self._pk_of_local_id[local_batch_id] = pk
        self._holdings[pk] = _Holdings()
        return self.table.add(
            {
                "pk": pk,
                "channel": self._channel_id,
                "local_batch_id": local_batch_id,
                "remote_batch_id": None,
                "content_type": None,
                "status": BatchRequestStatus.initialized.value,
                "created_date": moment,
                "modified_date": moment,
            }
        )

    def move(self, pk: int, body: Row) -> Row:
        """`PATCH {"channel", "status", ...}` → the batch, with the objects that the request named.

        Raises:
            HttpError: 400 for a body that makes no sense, 406 for a move that is not allowed; nothing has changed then.
        """
        batch = self.table[pk]
        self._check_channel(body)
        status = body.get("status")
        if status not in LEGAL_MOVES:
            raise HttpError(400, {"status": [f'"{status}" is not a valid choice.']})
        if status not in LEGAL_MOVES[batch["status"]]:
            raise _illegal(MOVE_NOT_ALLOWED, f"{batch['status']} -> {status} is not allowed.")
        objects = [_named(entry) for entry in body.get("objects") or []]
        changes: Row = {"status": status}
        if status == "commit":
            changes["content_type"] = self._bound_content_type(batch, body.get("content_type"))
        elif body.get("content_type") not in (None, batch["content_type"]):
            raise _illegal(OTHER_CONTENT_TYPE, f"The batch is bound to {batch['content_type']}.")
        if status == "sent_to_remote":
            changes["remote_batch_id"] = self._remote_batch_id(batch, body)
        self.table.change(pk, **changes, modified_date=self._stamp())
        self._apply(batch, objects)
        return {**batch, "objects": body.get("objects") or []}

    def _check_channel(self, body: Row) -> None:
        if str(body.get("channel", self._channel_id)) != str(self._channel_id):
            raise HttpError(400, {"channel": [f'Invalid pk "{body["channel"]}" - object does not exist.']})

    def _bound_content_type(self, batch: Row, asked: Any) -> str:
        bound: str | None = batch["content_type"]
        if bound is None and asked not in CONTENT_TYPE_IDS:
            raise HttpError(400, {"content_type": [f'"{asked}" is not a valid choice.']})
        if bound is not None and asked not in (None, bound):
            raise _illegal(OTHER_CONTENT_TYPE, f"The batch is bound to {bound}.")
        content_type = bound or str(asked)
        for other in self.table:
            if other["status"] == "commit" and other["content_type"] == content_type and other is not batch:
                raise _illegal(COMMIT_LOCKED, f"Batch {other['pk']} of {content_type} is in commit.")
        return content_type

    def _remote_batch_id(self, batch: Row, body: Row) -> str:
        remote_batch_id = body.get("remote_batch_id") or batch["remote_batch_id"]
        if not remote_batch_id:
            raise HttpError(400, {"remote_batch_id": ["This field is required."]})
        return str(remote_batch_id)

    def _apply(self, batch: Row, objects: list[_Named]) -> None:
        status = batch["status"]
        if status in ("commit", "done"):
            self._check_versions(batch, objects)
        if status == "commit":
            for named in objects:
                if named.reason:
                    self._end_in_error(batch, named)
                else:
                    self._hold(batch, named)
        elif status == "done":
            for named in objects:
                self._settle(batch, named)
        elif status == "fail":
            for named in objects:
                if named.reason:
                    self._end_in_error(batch, named)
            self._release(batch)
        elif objects:
            self._violation(f"batch {batch['pk']}: objects named in {status} have no effect")

    def _check_versions(self, batch: Row, objects: list[_Named]) -> None:
        for named in objects:
            row = self._row_of(named.key)
            if row is not None and named.version > row["modified_date"]:
                self._violation(
                    f"batch {batch['pk']}: {batch['status']} of {named.key.content_type} {named.key.pk} at "
                    f"{named.version}, which is newer than the object's {row['modified_date']}"
                )

    def _row_of(self, key: Key) -> Row | None:
        if key.content_type == ContentType.integration_action:
            return self._ledger.actions.get(key.pk)
        table = self._tables.get(key.content_type)
        return None if table is None else table.get(key.pk)

    def _hold(self, batch: Row, named: _Named) -> None:
        self._remember(batch, named.key)
        self._ledger.put(
            named.key,
            status="processing",
            version_date=named.version,
            remote_id=named.remote_id,
            local_batch_id=batch["local_batch_id"],
        )

    def _settle(self, batch: Row, named: _Named) -> None:
        if named.reason:
            self._end_in_error(batch, named)
            return
        is_deletion = named.key.content_type == ContentType.integration_action
        if not named.remote_id and not is_deletion:
            self._violation(
                f"batch {batch['pk']}: done names {named.key.content_type} {named.key.pk} "
                "with neither a remote_id nor a reason"
            )
        if is_deletion:
            # The action that was to be deleted takes its own deletion along; what is left over ends here.
            action = self._ledger.action_of(named.key)
            if action is not None:
                self._ledger.delete(action["pk"])
            return
        self._ledger.put(
            named.key,
            status="success",
            version_date=named.version,
            remote_id=named.remote_id,
            local_batch_id=batch["local_batch_id"],
            state={},
        )

    def _end_in_error(self, batch: Row, named: _Named) -> None:
        self._remember(batch, named.key)
        self._ledger.put(
            named.key,
            status="error",
            version_date=named.version,
            remote_id=named.remote_id,
            local_batch_id=batch["local_batch_id"],
            state={"failed_reason_type": named.reason},
        )
        self._count_attempt(batch, named.key, named.version)

    def _release(self, batch: Row) -> None:
        """Everything that the batch still holds goes back to what it was before it."""
        before = self._holdings[batch["pk"]].before
        for action in self._ledger.actions.find("local_batch_id", batch["local_batch_id"]):
            if action["status"] != "processing":
                continue
            key = Key(action["content_type"]["model"], action["object_id"])
            version = action["version_date"]
            self._ledger.restore(key, before.get(key))
            self._count_attempt(batch, key, version)

    def _remember(self, batch: Row, key: Key) -> None:
        """Keep the object's action as it was before the batch; of a taken over one, before the batch that held it."""
        before = self._holdings[batch["pk"]].before
        action = self._ledger.action_of(key)
        if action is None:
            before[key] = None
            return
        holder = self._pk_of_local_id.get(action["local_batch_id"])
        if holder == batch["pk"]:
            return
        if holder is not None and action["status"] == "processing":
            before[key] = self._holdings[holder].before.get(key)
        else:
            before[key] = dict(action)

    def _count_attempt(self, batch: Row, key: Key, version: str) -> None:
        counted = self._holdings[batch["pk"]].counted
        if key not in counted:
            counted.add(key)
            self._ledger.note_attempt(key, version)


def _illegal(code: str, text: str) -> HttpError:
    return HttpError(406, {"error_code": code, "non_field_errors": text})


def _named(entry: Any) -> _Named:
    """`{"pk", "content_type", "version_date", "remote_id", "failed_reason_type"}` read strictly."""
    problems: dict[str, list[str]] = {}
    if not isinstance(entry, dict):
        raise HttpError(400, {"objects": ["Expected a dictionary."]})
    if not isinstance(entry.get("pk"), int):
        problems["pk"] = ["A valid integer is required."]
    if entry.get("content_type") not in CONTENT_TYPE_IDS:
        problems["content_type"] = [f'"{entry.get("content_type")}" is not a valid choice.']
    reason = entry.get("failed_reason_type") or None
    if reason is not None and reason not in FailedReasonType.__members__.values():
        problems["failed_reason_type"] = [f'"{reason}" is not a valid choice.']
    version = ""
    try:
        version = canonical(entry["version_date"])
    except (KeyError, TypeError, ValueError):
        problems["version_date"] = ["Datetime has wrong format."]
    if problems:
        raise HttpError(400, {"objects": [problems]})
    remote_id = entry.get("remote_id")
    return _Named(Key(str(entry["content_type"]), entry["pk"]), version, str(remote_id) if remote_id else None, reason)
