"""The page of values names each value of the door, and says of each field what it means."""

from dataclasses import is_dataclass
from enum import StrEnum
from typing import Any

import pytest
from pydantic import BaseModel

import tasks.channel
from docs.values import VALUES, meanings, values_of
from dto.omnitron import Product
from dto.orders import OrderItemDto
from dto.outcomes import Accepted, Completed

SHOWN = [kind for kinds in VALUES.values() for kind in kinds]
FIELDS = [kind for kind in SHOWN if not issubclass(kind, StrEnum)]


def _is_value(kind: Any) -> bool:
    is_one = isinstance(kind, type) and (issubclass(kind, BaseModel | StrEnum) or is_dataclass(kind))
    return is_one and kind.__module__.startswith("dto.")


def test_every_value_of_the_door_is_on_the_page() -> None:
    there = {kind for name in tasks.channel.__all__ if _is_value(kind := getattr(tasks.channel, name))}
    assert there - set(SHOWN) == set()


@pytest.mark.parametrize("kind", FIELDS, ids=lambda kind: kind.__name__)
def test_every_field_has_a_meaning(kind: type[Any]) -> None:
    assert [value.name for value in values_of(kind) if not value.meaning] == []


@pytest.mark.parametrize("kind", SHOWN, ids=lambda kind: kind.__name__)
def test_no_meaning_is_left_of_a_field_that_is_gone(kind: type[Any]) -> None:
    names = {word.name for word in kind} if issubclass(kind, StrEnum) else {value.name for value in values_of(kind)}
    assert set(meanings(kind)) - names == set()


def test_a_type_is_shown_without_its_rules_and_a_default_as_it_is_written() -> None:
    rows = {value.name: (value.type, value.default) for kind in (OrderItemDto, Product) for value in values_of(kind)}
    assert rows["price"] == ("Decimal", "**needed**")
    assert rows["discount_amount"] == ("Decimal", "`0`")
    assert rows["carrier_shipping_code"] == ("str", "empty")
    assert rows["extra_field"] == ("str → any", "**needed**")
    assert rows["invoice_date"] == ("datetime", "")
    assert rows["category_nodes"] == ("list of CategoryNode", "")


def test_outcomes_are_values_too() -> None:
    assert [(value.type, value.default) for value in values_of(Completed)][:2] == [
        ("tuple of result", "**needed**"),
        ("tuple of ErrorReportDto", ""),
    ]
    assert values_of(Accepted)[-1].default == ""
