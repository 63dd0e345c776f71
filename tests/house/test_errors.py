"""The class of an error decides on the next step."""

import pickle
import re
from typing import Any

import pytest

from clients import errors
from clients.errors import ChannelAppError, FatalError, ItemError, RetryableError, SkipError, TakenOverError
from tests.house.sources import LAYERS, classes

RECOVERIES = (RetryableError, FatalError, SkipError, ItemError, TakenOverError)
TOLD = re.compile(r"^(?P<indent>[ │├└─]*)(?P<name>[A-Z]\w+)(?=  |$)")


def _of_the_module() -> dict[str, type[Any]]:
    return {name: kind for name, kind in vars(errors).items() if isinstance(kind, type) and issubclass(kind, Exception)}


def _drawn() -> dict[str, str | None]:
    """The tree in the docstring: each class with the class above it."""
    above: dict[int, str] = {}
    drawn: dict[str, str | None] = {}
    for line in (errors.__doc__ or "").splitlines()[1:]:
        if found := TOLD.match(line):
            depth = len(found["indent"])
            above[depth] = found["name"]
            drawn[found["name"]] = above.get(depth - 4)
    return drawn


def test_the_tree_in_the_docstring_is_the_tree_of_the_classes():
    """People read the docstring."""
    real = {name: kind.__bases__[0].__name__ for name, kind in _of_the_module().items()}
    assert _drawn() == {**real, "ChannelAppError": None}


@pytest.mark.parametrize("name", sorted(set(_of_the_module()) - {"ChannelAppError"}))
def test_every_error_says_what_to_do_next(name: str):
    """Exactly one thing."""
    assert sum(issubclass(_of_the_module()[name], recovery) for recovery in RECOVERIES) == 1


@pytest.mark.parametrize(
    "kind", [kind for kind in classes(*LAYERS) if issubclass(kind, ChannelAppError)], ids=lambda kind: kind.__name__
)
def test_every_error_survives_pickling(kind: type[ChannelAppError]):
    """Also an error of another module: it crosses processes with the state of the run."""
    error = kind("It failed.", status=503, batch="3f2a91c0")
    twin = pickle.loads(pickle.dumps(error))  # noqa: S301  # made here
    assert (type(twin), str(twin), twin.context) == (kind, "It failed.", {"status": 503, "batch": "3f2a91c0"})


def test_an_error_of_another_module_says_what_to_do_next_or_ends_a_run():
    """A narrower kind may stand where it is raised; a private one does not leave its module."""
    raised = [kind for kind in classes(*LAYERS) if issubclass(kind, Exception) and not kind.__name__.startswith("_")]
    ours = [kind for kind in raised if kind is not ChannelAppError]
    assert {kind.__name__ for kind in ours if not issubclass(kind, RECOVERIES)} == {"RunFailedError"}
