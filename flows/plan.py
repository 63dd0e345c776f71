"""The plan of a sending flow: what it reads, attaches and sends, and within which limits."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Concatenate, ParamSpec, TypeVar

from dto.enums import ContentType
from tasks.channel.sending import SendCommand
from tasks.command import check_parameters
from tasks.omnitron.enrichment import Enrichment
from tasks.omnitron.hub import Hub
from tasks.omnitron.journal.due import GetDue
from tasks.omnitron.kinds import KINDS, Kind

Row = TypeVar("Row")
Parameters = ParamSpec("Parameters")


@dataclass(frozen=True, slots=True)
class Reading:
    """The command that reads what is due, with its parameters."""

    command: type[GetDue[Any, Any]]
    parameters: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        check_parameters(self.command, self.parameters)


@dataclass(frozen=True, slots=True)
class Step:
    """An enrichment command with its parameters; `step` makes one with their types checked."""

    command: type[Enrichment[Any]]
    parameters: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        check_parameters(self.command, self.parameters)

    def for_reference(self) -> "Step":
        """The same, without adding to the batch what it attaches."""
        return replace(self, parameters={**self.parameters, "commits": False})


Stage = Sequence[Step]
"""Enrichments that do not need one another: they run side by side."""


def reading(
    command: Callable[Concatenate[Hub, Parameters], GetDue[Any, Any]],
    *_: Parameters.args,
    **parameters: Parameters.kwargs,
) -> Reading:
    """`reading(GetInsertedProducts, language="tr")`."""
    assert isinstance(command, type)  # noqa: S101  # the type checker knows a class by its constructor here
    return Reading(command, parameters)


def step(
    command: Callable[Concatenate[Hub, list[Row], Parameters], Enrichment[Row]],
    *_: Parameters.args,
    **parameters: Parameters.kwargs,
) -> Step:
    """`step(GetProductStocks, filter_out_of_stock_products=True)`."""
    assert isinstance(command, type)  # noqa: S101  # as in `reading`
    return Step(command, parameters)


@dataclass(frozen=True, slots=True)
class Sending:
    """The differences between one sending flow and another.

    `read` reads what is due; the stages of `enrich` attach what the channel needs, one after the other; `send` hands it over.
    How its batches are checked and settled follows from the content type (`tasks/omnitron/kinds.py`).
    """

    title: str
    content_type: ContentType
    read: Reading
    send: type[SendCommand[Any]]
    enrich: Sequence[Stage] = ()
    counterpart: Step | None = None
    """Attaches each price's stock, or each stock's price, to be sent with it, for a connector whose one call carries both."""

    @property
    def kind(self) -> Kind:
        return KINDS[self.content_type]


@dataclass(frozen=True, slots=True)
class Limits:
    """How a run is bounded, and what its caller expects.

    `is_sync` is the caller's hope; the channel's answer decides, and a mismatch is an error that says so.
    """

    batch_size: int = 1_000
    max_batches: int | None = None
    is_sync: bool | None = None
    is_success_log: bool = True
