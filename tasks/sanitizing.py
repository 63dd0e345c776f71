"""Errors as Prefect may store them: the project's own types, without secrets."""

import sysconfig
import traceback
from pathlib import Path

import clients
import dto
from clients.errors import ChannelAppError, ConfigError, UnforeseenError
from clients.redaction import Redactor

LONGEST = 100_000
"""Characters of a trace."""
MOST_CAUSES = 10

_TASKS = Path(__file__).parent
_OURS = (
    _TASKS,
    *(Path(package.__path__[0]) for package in (clients, dto)),
    *(_TASKS.parent / name for name in ("flows", "deployments")),
)
_EXAMPLE = _TASKS / "channel" / "sandbox"
"""A connector like any other."""
_LIBRARIES = tuple(Path(sysconfig.get_path(name)) for name in ("stdlib", "purelib", "platlib", "scripts"))


def sanitized(error: Exception, redactor: Redactor) -> ChannelAppError:
    """The error as one of the project's types and without secrets: a connector's error and its causes may quote anything.

    Its causes are removed, because a traceback in Prefect's log prints all of them.
    """
    if not isinstance(error, ChannelAppError):
        return unforeseen(error, redactor)
    error.message = redactor.text(error.message)
    error.args = (error.message,)
    error.__dict__.pop("__notes__", None)
    error.__cause__, error.__suppress_context__ = None, True
    return error


def unforeseen(error: Exception, redactor: Redactor) -> UnforeseenError:
    """An error that no code foresaw: a mistake in the program or in a connector."""
    place = _place(error)
    text = redactor.text(f"{type(error).__name__}: {error}", limit=500)
    return UnforeseenError(
        f"An unforeseen error stopped the run: {text} "
        f"({Path(place.filename).name}, line {place.lineno}, in {place.name}). "
        "It is a mistake in the connector or in this program."
    )


def unforeseen_about_one(error: Exception) -> UnforeseenError:
    """An error that no code foresaw, met while one of several things was handled: it is that thing's failure.

    The error's own text is left out, because Python quotes in it what it could not handle, which may be personal data.
    """
    return UnforeseenError(
        f"An unforeseen error: {place_of(error)}. It is a mistake in the connector or in this program; the others were "
        "handled, and this one is tried again."
    )


def place_of(error: Exception) -> str:
    """The name of an error, and the line of code that brought it about."""
    return f"{type(error).__name__} in {line_of(error)}: {_place(error).line}"


def line_of(error: Exception) -> str:
    """The file and the number of the line that brought an error about."""
    place = _place(error)
    return f"{Path(place.filename).name}, line {place.lineno}"


def trace_of(error: BaseException, redactor: Redactor, limit: int = LONGEST) -> str:
    """The calls that led to an error and to those behind it, without their words, which may be personal data."""
    found: list[str] = []
    behind: BaseException | None = error
    while behind is not None and len(found) < MOST_CAUSES:
        calls = "".join(traceback.format_tb(behind.__traceback__))
        found.append(f"{calls}{type(behind).__name__}")
        behind = behind.__cause__ or behind.__context__
    return redactor.text("\nwhich was raised because of:\n".join(found), limit)


def mistake(message: str) -> ConfigError:
    """The error for a mistake in the code of a connector, with the line that is being run there, if there is one."""
    calls = ((Path(frame.f_code.co_filename), line) for frame, line in traceback.walk_stack(None))
    place = next((f"{file.name}, line {line}: " for file, line in calls if is_an_authors(file)), "")
    return ConfigError(f"{place}{message}")


def is_an_authors(file: Path) -> bool:
    """Whether neither this program nor a library holds a file of code."""
    if _EXAMPLE in file.parents:
        return True
    return not any(folder in file.parents for folder in (*_OURS, *_LIBRARIES)) and not file.name.startswith("<")


def _place(error: Exception) -> traceback.FrameSummary:
    """The last line that neither this program nor a library wrote: the author of a connector looks for the mistake there. The
    line that raised the error, if there is no such line."""
    frames = traceback.extract_tb(error.__traceback__)
    return next((frame for frame in reversed(frames) if is_an_authors(Path(frame.filename))), frames[-1])
