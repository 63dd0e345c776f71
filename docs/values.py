"""The values that a connector builds or reads, with the meaning of each field, as their classes describe them."""

import ast
import itertools
from collections.abc import Iterator
from dataclasses import MISSING, fields, is_dataclass
from enum import StrEnum
from functools import cache
from pathlib import Path
from types import NoneType, UnionType
from typing import Annotated, Any, ForwardRef, NamedTuple, TypeVar, Union, get_args, get_origin, get_type_hints

from pydantic import BaseModel
from pydantic_core import PydanticUndefined

from dto.enums import ChannelConfSchemaDataTypes
from dto.orders import CancellationStatus
from dto.outcomes import ItemResult
from tasks import channel as door

ROOT = Path(__file__).parents[1]

VALUES: dict[str, tuple[type[Any], ...]] = {
    "Results": (
        door.ProductBatchRequestResponseDto,
        door.ImageBatchRequestResponseDto,
        door.BatchRequestResponseDto,
        door.OrderBatchRequestResponseDto,
    ),
    "Outcomes": (door.Completed, door.Accepted, door.InProgress, door.Unknown, door.Fetched, door.Unreadable),
    "Orders": (
        door.ChannelCreateOrderDto,
        door.ChannelOrderDto,
        door.OrderItemDto,
        door.CustomerDto,
        door.AddressDto,
        door.ChannelUpdateOrderItemDto,
        door.CancelOrderDto,
        door.CancellationRequestDto,
        door.ChannelCancellationRequestDto,
    ),
    "Listings": (door.ListedProductDto, door.ListedPriceDto, door.ListedStockDto),
    "Events": (door.ChannelEvent,),
    "Setup": (
        door.CategoryTreeDto,
        door.CategoryNodeDto,
        door.CategoryDto,
        door.CategoryAttributeDto,
        door.CategoryAttributeValueDto,
        door.AttributeDto,
        door.AttributeValueDto,
        door.ChannelConfSchemaField,
    ),
    "Omnitron's objects": (
        door.Product,
        door.AttributeIds,
        door.ProductPrice,
        door.ProductStock,
        door.ProductImage,
        door.IntegrationAction,
        door.Order,
        door.OrderItem,
        door.Channel,
        door.ChannelConf,
    ),
    "Words": (
        door.ResponseStatus,
        door.ListingState,
        door.EventType,
        door.OrderStatus,
        CancellationStatus,
        door.CancellationType,
        door.FailedReasonType,
        door.ContentType,
        ChannelConfSchemaDataTypes,
    ),
}


class Value(NamedTuple):
    """A field of a value, or a word of an enumeration."""

    name: str
    type: str
    meaning: str
    default: str


def values_of(kind: type[Any]) -> list[Value]:
    """The fields of a class, or the words of an enumeration."""
    told = meanings(kind)
    if issubclass(kind, StrEnum):
        return [Value(word.value, f"`{kind.__name__}.{word.name}`", told.get(word.name, ""), "") for word in kind]
    return [Value(name, _type_of(hint), told.get(name, ""), default) for name, hint, default in _declared(kind)]


def meanings(kind: type[Any]) -> dict[str, str]:
    """The docstrings of a class's fields, those that it inherits included."""
    told: dict[str, str] = {}
    for each in reversed(kind.__mro__):
        for line, following in itertools.pairwise(_body_of(each)):
            match line, following:
                case (
                    ast.AnnAssign(target=ast.Name(id=name)) | ast.Assign(targets=[ast.Name(id=name)]),
                    ast.Expr(value=ast.Constant(value=str(text))),
                ):
                    told[name] = " ".join(text.split())
    return told


def _body_of(kind: type[Any]) -> list[ast.stmt]:
    return _bodies(kind.__module__).get(kind.__name__, []) if kind.__module__.startswith("dto.") else []


@cache
def _bodies(module: str) -> dict[str, list[ast.stmt]]:
    source = (ROOT / module.replace(".", "/")).with_suffix(".py").read_text(encoding="utf-8")
    return {node.name: node.body for node in ast.walk(ast.parse(source)) if isinstance(node, ast.ClassDef)}


def _declared(kind: type[Any]) -> Iterator[tuple[str, Any, str]]:
    """The fields of a class: name, type and default."""
    if is_dataclass(kind):
        hints = get_type_hints(kind)
        for each in fields(kind):
            default = None if each.default_factory is not MISSING else each.default
            yield each.name, hints[each.name], _default_of(default, is_needed=default is MISSING)
    else:
        for name, info in kind.model_fields.items():
            yield name, info.annotation, _default_of(info.default, is_needed=info.is_required())


def _default_of(value: Any, *, is_needed: bool) -> str:
    if is_needed:
        return "**needed**"
    if value is None or value is PydanticUndefined or isinstance(value, BaseModel | list | dict | tuple):
        return ""
    return f"`{value}`" if str(value) else "empty"


def _type_of(hint: Any) -> str:
    """A type as an author thinks of it: without the rules that are checked when it is built, and without None."""
    origin, inner = get_origin(hint), get_args(hint)
    if hint == ItemResult:
        text = "result"
    elif origin is Annotated:
        text = _type_of(inner[0])
    elif origin in (Union, UnionType):
        text = " or ".join(_type_of(each) for each in inner if each is not NoneType)
    elif origin is dict:
        text = f"{_type_of(inner[0])} → {_type_of(inner[1])}"
    elif origin is not None:
        text = f"{origin.__name__} of {_type_of(inner[0])}"
    elif isinstance(hint, ForwardRef):
        text = hint.__forward_arg__.removesuffix(" | None")
    else:
        text = "any" if hint is Any or isinstance(hint, TypeVar) else hint.__name__
    return text
