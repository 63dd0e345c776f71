"""Every error of this project, named by the next step.

ChannelAppError                  never raised itself
├── RetryableError               the outside world was not ready: try again
│   ├── RateLimitedError         ... after `retry_after` seconds
│   ├── HubUnavailableError      Omnitron did not answer, or answered 5xx
│   ├── ChannelUnavailableError  the channel did not answer, or answered 5xx
│   ├── LostAnswerError          a create was sent and its answer never came: look before creating again
│   └── DeadlineError            the time for a safe send is over
│       └── NoTurnError          ... before the channel's limits let the call start: nothing was sent
├── FatalError                   the run stops; a person has to change something
│   ├── ConfigError              a setting, a flow parameter or the connector
│   │   └── CapabilityError      the connector lacks a command that the flow is for
│   ├── AuthError                user name, password or permissions
│   ├── ContractError            an answer breaks the contract
│   ├── RefusedError             the request was understood and refused (4xx)
│   ├── IllegalMoveError         this program asked for a batch move that the state machine forbids
│   └── UnforeseenError          a mistake in the program or in a connector
├── SkipError                    the run ends, having changed nothing
│   ├── ChannelInactive          the merchant switched the channel off
│   ├── HeldBackError            a system that the run needs is down, and it is not time to try again
│   ├── NotSentError             a dry run would have changed something
│   ├── NotOfferedError          a schedule started a flow that this channel cannot serve
│   └── CommitLockedError        another run holds this content type
├── TakenOverError               somebody else ended or took this batch: drop it and read again
└── ItemError                    one object fails with its reason, the others go on
    ├── MappingError
    ├── MissingError
    ├── RejectedError
    └── UnreadableRowError       Omnitron's row about it does not fit the contract
"""

from typing import Any

from dto.enums import FailedReasonType


class ChannelAppError(Exception):
    """The root. Carries a sentence for people and a context (method, path, status, batch, object) for machines."""

    def __init__(self, message: str, **context: Any) -> None:
        super().__init__(message)
        self.message = message
        self.context = context

    def __reduce__(self) -> tuple[Any, ...]:
        # An answer's body may hold customers' data: it does not travel into Prefect's storage.
        context = {name: value for name, value in self.context.items() if name != "body"}
        return _rebuild, (type(self), self.message, context)


def _rebuild(kind: type[ChannelAppError], message: str, context: dict[str, Any]) -> ChannelAppError:
    return kind(message, **context)


class RetryableError(ChannelAppError):
    """The same thing may be tried again.

    `spent` is true once a transport has used up its own tries on it: a caller that catches it waits for the next
    run, because tries are never multiplied.
    """

    @property
    def spent(self) -> bool:
        return bool(self.context.get("spent"))


class RateLimitedError(RetryableError):
    """Too many requests (429)."""

    @property
    def retry_after(self) -> float | None:
        """Seconds to wait, if the server said so."""
        seconds = self.context.get("retry_after")
        return None if seconds is None else float(seconds)


class HubUnavailableError(RetryableError):
    """Omnitron did not answer, or answered that it could not (408, 5xx)."""


class ChannelUnavailableError(RetryableError):
    """The channel did not answer, or answered that it could not (408, 5xx)."""


class LostAnswerError(RetryableError):
    """A request that must not be repeated blindly may or may not have been applied: look first."""


class DeadlineError(RetryableError):
    """Sending would no longer be safe: by now another run may own the batch."""


class NoTurnError(DeadlineError):
    """The channel's limits let the call start only after its deadline: nothing was sent."""


class FatalError(ChannelAppError):
    """The run stops: a person has to change something."""


class ConfigError(FatalError):
    """A setting, a flow parameter or the connector is wrong."""


class CapabilityError(ConfigError):
    """The connector lacks a command that the flow is for."""


class AuthError(FatalError):
    """The credentials are refused, or do not suffice."""


class ContractError(FatalError):
    """An answer breaks the contract."""


class RefusedError(FatalError):
    """The request was understood and refused."""

    @property
    def status(self) -> int:
        """The HTTP status."""
        return int(self.context.get("status", 0))

    @property
    def body(self) -> Any:
        """The answer's body, parsed if it was JSON. It is dropped when the error is pickled."""
        return self.context.get("body")


class IllegalMoveError(FatalError):
    """This program asked for a batch move that the state machine forbids; nothing was sent."""


class UnforeseenError(FatalError):
    """A mistake in the program or in a connector: the message names the exception and its place."""


class SkipError(ChannelAppError):
    """There is a good reason to do nothing now."""


class ChannelInactive(SkipError):  # noqa: N818  # a state of the shop, not an error
    """The merchant switched the channel off."""


class HeldBackError(SkipError):
    """A system that the run needs was found to be down, and it is not time to try again."""


class NotSentError(SkipError):
    """The run is a dry run, and the request may have changed something."""


class NotOfferedError(SkipError):
    """A schedule started a flow that this channel cannot serve."""


class CommitLockedError(SkipError):
    """Another run's batch of this content type is in commit."""


class TakenOverError(ChannelAppError):
    """Somebody else, usually recovery, ended the batch: this run's knowledge of it no longer counts."""


class ItemError(ChannelAppError):
    """One object fails; the others of its batch go on."""

    reason: FailedReasonType = FailedReasonType.channel_app
    code = "Failed"


class MappingError(ItemError):
    """Omnitron cannot map this product to the channel's attributes."""

    reason = FailedReasonType.mapping
    code = "MappingFailed"


class MissingError(ItemError):
    """Something that the object needs is missing."""

    code = "Missing"


class RejectedError(ItemError):
    """The channel refused the object."""

    reason = FailedReasonType.remote
    code = "Rejected"


class UnreadableRowError(ItemError):
    """A row of Omnitron's about the object does not fit the contract: a field is missing or has another type."""

    code = "UnreadableRow"


def error_code(error: ChannelAppError) -> str:
    """The short name of an error, by which failures are counted and looked up."""
    return error.code if isinstance(error, ItemError) else type(error).__name__.removesuffix("Error")
