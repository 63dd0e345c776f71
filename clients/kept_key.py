"""The key of a log-in in the state of its channel, for all its runs."""

import hashlib
import json
from contextlib import AbstractAsyncContextManager
from datetime import datetime

from pydantic import BaseModel, ConfigDict, SecretStr, ValidationError

from clients.redaction import Redactor
from clients.state import State
from dto.base import UtcDatetime


class _Kept(BaseModel):
    """A key as it stands in the block."""

    model_config = ConfigDict(frozen=True)

    key: SecretStr
    until: UtcDatetime | None
    account: str


class KeptKey:
    """One key, where the processes and runs of a channel share it.

    Args:
        state: the connector's own.
        account: whose key it is, such as the address and the client's id: after the merchant has entered another, a key of the
            former account counts no more. A digest of it is kept.
        name: of the key, if the connector has several.
    """

    def __init__(self, state: State, account: str, name: str = "log-in") -> None:
        self._state = state
        self._account = hashlib.sha256(account.encode()).hexdigest()
        self._name = name

    async def read(self, now: datetime, redactor: Redactor) -> tuple[str, float | None] | None:
        """The key, and for how many seconds it is good, if that is known. None if there is none that is good for this account."""
        try:
            kept = _Kept.model_validate_json(await self._state.get_secret(self._name) or "")
        except ValidationError:
            return None
        redactor.learn(kept.key.get_secret_value())
        left = None if kept.until is None else (kept.until - now).total_seconds()
        if kept.account != self._account or (left is not None and left <= 0):
            return None
        return kept.key.get_secret_value(), left

    async def write(self, key: str, until: datetime | None) -> None:
        """Keeps another key."""
        kept = {"key": key, "until": until and until.isoformat(), "account": self._account}
        await self._state.put_secret(self._name, json.dumps(kept))

    def turn(self) -> AbstractAsyncContextManager[None]:
        """Surrounds a log-in: that of another process may be under way."""
        return self._state.log_in_turn(self._name)
