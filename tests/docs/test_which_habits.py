"""The page of habits is true: whatever it tells an author to say exists, and every habit has its answer."""

import ast
import inspect
import re
from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from types import ModuleType
from typing import Any

import pytest
from pydantic import BaseModel

from deployments.sandbox.market.habits import HABITS
from flows.registry import FLOWS
from tasks import channel as door
from tests.house.sources import ROOT

TEXT = (ROOT / "docs/how-to/which-habits.md").read_text(encoding="utf-8")
SAID = sorted(set(re.findall(r"`([^`]+)`", TEXT)))
DOOR = {name: vars(door)[name] for name in door.__all__}
BASES = [
    base
    for module in DOOR.values()
    if isinstance(module, ModuleType)
    for base in vars(module).values()
    if inspect.isclass(base)
]
CLASSES = [*BASES, *filter(inspect.isclass, DOOR.values())]
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")


def _fields(kind: type[Any]) -> set[str]:
    declared = set(kind.model_fields) if issubclass(kind, BaseModel) else set()
    return declared | ({field.name for field in fields(kind)} if is_dataclass(kind) else set())


ATTRIBUTES = {name for kind in CLASSES for name in {*dir(kind), *_fields(kind)} if not name.startswith("_")}
ARGUMENTS = {
    name: set(inspect.signature(each).parameters)
    for name, each in DOOR.items()
    if inspect.isclass(each) or inspect.isfunction(each)
}
PARAMETERS = {name for flow in FLOWS.values() for name in flow.parameters.properties}
ANY_ARGUMENT = set().union(*ARGUMENTS.values())


def unknown(said: str) -> Iterator[str]:
    """The names in a piece of code that nothing has."""
    for node in ast.walk(ast.parse(said)):
        match node:
            case ast.BinOp(
                op=ast.Sub()
            ):  # nothing to be said is a difference: it is the name of a habit that does not exist
                yield said
            case ast.Assign(targets=[ast.Name(id=name)]) if name not in ATTRIBUTES | ANY_ARGUMENT:
                yield name
            case ast.Name(id=name) if name not in {*DOOR, "self"} | ATTRIBUTES | ANY_ARGUMENT | PARAMETERS:
                yield name
            case ast.Attribute(value=ast.Name(id=module), attr=name) if isinstance(DOOR.get(module), ModuleType):
                if not hasattr(DOOR[module], name):
                    yield f"{module}.{name}"
            case ast.Attribute(attr=name) if name not in ATTRIBUTES:
                yield name
            case ast.Call(func=called, keywords=keywords):
                taken = _arguments_of(called)
                yield from (str(keyword.arg) for keyword in keywords if keyword.arg not in taken)


def _arguments_of(called: ast.expr) -> set[str]:
    match called:
        case ast.Name(id=name):
            return ARGUMENTS.get(name, set())
        case ast.Attribute(value=ast.Name(id=module), attr=name) if isinstance(DOOR.get(module), ModuleType):
            return set(inspect.signature(getattr(DOOR[module], name)).parameters)
        case ast.Attribute(attr=name):
            found = (getattr(kind, name) for kind in CLASSES if callable(getattr(kind, name, None)))
            return {parameter for each in found for parameter in inspect.signature(each).parameters}
    return set()


@pytest.mark.parametrize("said", [each for each in SAID if each not in HABITS and each not in METHODS])
def test_what_an_author_is_told_to_say_exists(said: str) -> None:
    """Attributes, bases, arguments and values; a habit that is misspelled is no such name either."""
    assert list(unknown(said)) == []


def test_every_habit_answers_a_question() -> None:
    assert set(HABITS) - set(SAID) == set()


@pytest.mark.parametrize(
    ("said", "wrong"),
    [
        ("max_item_per_call = 25", "max_item_per_call"),
        ("orders.AcknowledgeOrder", "orders.AcknowledgeOrder"),
        ("Completed(..., others=ResponseStatus.success)", "others"),
        ("ResponseStatus.succeeded", "succeeded"),
        ("webhooks.BodySignature('X', coding='hex')", "coding"),
        ("line-number", "line-number"),
    ],
)
def test_a_name_that_nothing_has_is_noticed(said: str, wrong: str) -> None:
    assert wrong in unknown(said)
