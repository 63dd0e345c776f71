"""The batch state machine as a table: which status may follow which."""

from collections.abc import Mapping
from types import MappingProxyType

from dto.enums import BatchRequestStatus as Status

LEGAL_MOVES: Mapping[Status, frozenset[Status]] = MappingProxyType(
    {
        Status.initialized: frozenset({Status.commit, Status.fail}),
        Status.commit: frozenset({Status.commit, Status.sent_to_remote, Status.ongoing, Status.done, Status.fail}),
        Status.sent_to_remote: frozenset({Status.sent_to_remote, Status.ongoing, Status.done, Status.fail}),
        Status.ongoing: frozenset({Status.ongoing, Status.done, Status.fail}),
        Status.done: frozenset(),
        Status.fail: frozenset(),
    }
)

OPEN_LOCALLY = (Status.initialized, Status.commit)
"""One of our runs owns the batch; if the run has died, `recover` ends the batch."""

OPEN_REMOTELY = (Status.sent_to_remote, Status.ongoing)
"""The channel owns the batch; the verify flows ask about it."""


def may_move(now: Status, to: Status) -> bool:
    """Whether Omnitron accepts a batch's move from status `now` to status `to`."""
    return to in LEGAL_MOVES[now]
