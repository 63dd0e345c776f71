"""A dry run: whatever would change something is written down, and not sent."""

from dataclasses import dataclass, field

from clients.calls import Call
from clients.errors import NotSentError
from clients.redaction import Redactor

READS = frozenset({"GET", "HEAD", "OPTIONS"})


@dataclass(slots=True)
class Failing:
    """An object that would fail, and the reason."""

    name: str
    code: str
    message: str


@dataclass(slots=True)
class Rehearsed:
    """What one sending would send now.

    Attributes:
        title: the sending.
        due: the number of objects that are due, as far as Omnitron counts them.
        ready: the number of objects in the next batch that lack nothing.
        failing: those that lack something.
        waiting: the number of objects that are due, and wait for their product or for another batch.
        shown: the number of objects in `lines`.
        lines: the first request to the channel that changes something, or the objects in the form in which the connector sends
            them.
    """

    title: str
    due: int
    ready: int = 0
    failing: list[Failing] = field(default_factory=list)
    waiting: int = 0
    shown: int = 0
    lines: list[str] = field(default_factory=list)


class Rehearsal:
    """Collects what a dry run would send."""

    def __init__(self) -> None:
        self.sendings: list[Rehearsed] = []
        self.transports = 0
        """Transports that keep to the dry run."""
        self.request = ""
        """The request that was kept back last, with its body, without secrets."""

    def keep_back(self, system: str, call: Call, url: str, media_type: str, redactor: Redactor) -> NotSentError:
        """Writes a request down instead of sending it."""
        content, headers = call.encoded(media_type)
        lines = [f"{call.method} {url}", *(f"{name}: {value}" for name, value in headers.items())]
        body = (content or b"").decode("utf-8", "replace")
        self.request = redactor.text("\n".join(lines) + f"\n\n{body}")
        return NotSentError(f"This is a dry run: {call} was not sent to {system}.")
