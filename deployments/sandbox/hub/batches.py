"""Batch requests: the state machine, the lock per content type, and the effect of a move on objects."""

import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, PlainValidator, ValidationError

from deployments.sandbox.base.http import HttpError
from deployments.sandbox.hub.bodies import Moment, WireKey, problems_of
from deployments.sandbox.hub.ledger import CONTENT_TYPE_IDS, Key, Ledger
from deployments.sandbox.hub.tables import Row, Table
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


@dataclass(slots=True)
class _Holdings:
    """A batch's memory of its objects: their earlier actions, and the attempts that it has counted."""

    before: dict[Key, Row | None] = field(default_factory=dict)
    counted: set[Key] = field(default_factory=set)


class _NewBatch(BaseModel):
    channel: Any


class _Move(_NewBatch):
    status: BatchRequestStatus
    content_type: Any = None
    remote_batch_id: Any = None
    objects: list[Any] | None = None


def _text_or_none(value: Any) -> str | None:
    return str(value) if value else None


class Named(BaseModel):
    """One entry of a move's `objects`."""

    model_config = ConfigDict(use_enum_values=True)

    pk: WireKey
    content_type: ContentType
    version_date: Moment
    remote_id: Annotated[str | None, PlainValidator(_text_or_none)] = None
    failed_reason_type: Annotated[FailedReasonType | None, BeforeValidator(lambda value: value or None)] = None

    @property
    def key(self) -> Key:
        return Key(self.content_type, self.pk)


class _Objects(BaseModel):
    objects: list[Named]


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
        """`POST {"channel"}` → a batch in `initialized`; the answer names no objects.

        Raises:
            ValidationError: there is no channel.
            HttpError: 400, it is another one.
        """
        self._check_channel(_NewBatch.model_validate(body).channel)
        pk = self.table.next_key()
        moment = self._stamp()
        # With the moment: Prefect remembers what was booked for a batch of an earlier sandbox.
        local_batch_id = str(uuid.uuid5(uuid.NAMESPACE_OID, f"batch {pk} of {moment}"))
        self._pk_of_local_id[local_batch_id] = pk
        self._holdings[pk] = _Holdings()
        batch = self.table.add(
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
        return {**batch, "objects": []}

    def move(self, pk: int, body: Row) -> Row:
        """`PATCH {"channel", "status", ...}` → the batch, with the objects that the request named.

        Raises:
            ValidationError: a field is wrong.
            HttpError: 400 for a body that makes no sense, 406 for a move that is not allowed; nothing has changed then.
        """
        batch = self.table[pk]
        asked = _Move.model_validate(body)
        self._check_channel(asked.channel)
        if asked.status not in LEGAL_MOVES[batch["status"]]:
            raise _illegal(MOVE_NOT_ALLOWED, f"{batch['status']} -> {asked.status} is not allowed.")
        objects = _named(asked.objects or [])
        changes: Row = {"status": asked.status.value}
        if asked.status == "commit":
            changes["content_type"] = self._bound_content_type(batch, asked.content_type)
        elif asked.content_type not in (None, batch["content_type"]):
            raise _illegal(OTHER_CONTENT_TYPE, f"The batch is bound to {batch['content_type']}.")
        if asked.status == "sent_to_remote":
            changes["remote_batch_id"] = self._remote_batch_id(batch, asked.remote_batch_id)
        self.table.change(pk, **changes, modified_date=self._stamp())
        self._apply(batch, objects)
        return {**batch, "objects": asked.objects or []}

    def _check_channel(self, named: Any) -> None:
        if str(named) != str(self._channel_id):
            raise HttpError(400, {"channel": [f'Invalid pk "{named}" - object does not exist.']})

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

    def _remote_batch_id(self, batch: Row, asked: Any) -> str:
        remote_batch_id = asked or batch["remote_batch_id"]
        if not remote_batch_id:
            raise HttpError(400, {"remote_batch_id": ["This field is required."]})
        return str(remote_batch_id)

    def _apply(self, batch: Row, objects: list[Named]) -> None:
        status = batch["status"]
        if status in ("commit", "done"):
            self._check_versions(batch, objects)
        if status == "commit":
            self._check_existence(batch, objects)
        if status == "commit":
            for named in objects:
                if named.failed_reason_type:
                    self._end_in_error(batch, named)
                else:
                    self._hold(batch, named)
        elif status == "done":
            for named in objects:
                self._settle(batch, named)
        elif status == "fail":
            for named in objects:
                if named.failed_reason_type:
                    self._end_in_error(batch, named)
            self._release(batch)
        elif objects:
            self._violation(f"batch {batch['pk']}: objects named in {status} have no effect")

    def _check_versions(self, batch: Row, objects: list[Named]) -> None:
        for named in objects:
            key = named.key
            row = self._row_of(key)
            if row is not None and named.version_date > row["modified_date"]:
                self._violation(
                    f"batch {batch['pk']}: {batch['status']} of {key.content_type} {key.pk} at "
                    f"{named.version_date}, which is newer than the object's {row['modified_date']}"
                )

    def _check_existence(self, batch: Row, objects: list[Named]) -> None:
        """An object that was deleted since the client read it is no mistake of the client."""
        for key in (named.key for named in objects):
            table = self._table_of(key)
            if table is not None and not table.has_known(key.pk):
                self._violation(f"batch {batch['pk']}: commit names {key.content_type} {key.pk}, which does not exist")

    def _row_of(self, key: Key) -> Row | None:
        table = self._table_of(key)
        return None if table is None else table.get(key.pk)

    def _table_of(self, key: Key) -> Table | None:
        if key.content_type == ContentType.integration_action:
            return self._ledger.actions
        return self._tables.get(key.content_type)

    def _hold(self, batch: Row, named: Named) -> None:
        key = named.key
        self._remember(batch, key)
        self._ledger.put(
            key,
            status="processing",
            version_date=named.version_date,
            remote_id=named.remote_id,
            local_batch_id=batch["local_batch_id"],
        )

    def _settle(self, batch: Row, named: Named) -> None:
        if named.failed_reason_type:
            self._end_in_error(batch, named)
            return
        key = named.key
        is_deletion = key.content_type == ContentType.integration_action
        if not named.remote_id and not is_deletion:
            self._violation(
                f"batch {batch['pk']}: done names {key.content_type} {key.pk} with neither a remote_id nor a reason"
            )
        if is_deletion:
            # Deleting an action ends its deletion as well; a deletion whose action is gone ends here.
            action = self._ledger.action_of(key)
            if action is not None:
                self._ledger.delete(action["pk"])
            return
        self._ledger.put(
            key,
            status="success",
            version_date=named.version_date,
            remote_id=named.remote_id,
            local_batch_id=batch["local_batch_id"],
            state={},
        )

    def _end_in_error(self, batch: Row, named: Named) -> None:
        key = named.key
        self._remember(batch, key)
        self._ledger.put(
            key,
            status="error",
            version_date=named.version_date,
            remote_id=named.remote_id,
            local_batch_id=batch["local_batch_id"],
            state={"failed_reason_type": named.failed_reason_type},
        )
        self._count_attempt(batch, key, named.version_date)

    def _release(self, batch: Row) -> None:
        """Restore everything that the batch still holds to its state before the batch."""
        before = self._holdings[batch["pk"]].before
        for action in self._ledger.actions.find("local_batch_id", batch["local_batch_id"]):
            if action["status"] != "processing":
                continue
            key = Key(action["content_type"]["model"], action["object_id"])
            version = action["version_date"]
            self._ledger.restore(key, before.get(key))
            self._count_attempt(batch, key, version)

    def _remember(self, batch: Row, key: Key) -> None:
        """Keep the object's action from before the batch; of an object taken over, from before the batch that held it."""
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


def _named(entries: list[Any]) -> list[Named]:
    """The entries of a move.

    Raises:
        HttpError: 400 with the messages about the first entry that is wrong.
    """
    try:
        return _Objects(objects=entries).objects
    except ValidationError as error:
        problems = problems_of(error)["objects"]
        raise HttpError(400, {"objects": [next(filter(None, problems))]}) from None
