"""A line's amount among its pieces."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.channel import split_amount

AMOUNTS = st.decimals(allow_nan=False, allow_infinity=False, places=2, min_value=-(10**15), max_value=10**15)


@given(AMOUNTS, st.integers(1, 500))
def test_the_parts_sum_up_exactly_and_differ_by_a_cent_at_most(amount: Decimal, pieces: int) -> None:
    parts = split_amount(amount, pieces)
    assert (len(parts), sum(parts)) == (pieces, amount)
    assert max(parts) - min(parts) in (Decimal(0), Decimal("0.01"))


@pytest.mark.parametrize(
    ("amount", "pieces", "places", "parts"),
    [
        ("10.00", 3, 2, ["3.34", "3.33", "3.33"]),
        ("1000", 3, 0, ["334", "333", "333"]),
        ("0.01", 2, 2, ["0.01", "0.00"]),
        ("1.005", 2, 2, ["0.503", "0.502"]),
        (7, 1, 2, ["7.00"]),
        ("123456789012345678901234567890.01", 1, 2, ["123456789012345678901234567890.01"]),
    ],
)
def test_places(amount: str | int, pieces: int, places: int, parts: list[str]) -> None:
    assert [str(part) for part in split_amount(amount, pieces, places)] == parts


@pytest.mark.parametrize(("amount", "pieces"), [("1.00", 0), ("1.00", -1), ("NaN", 2), ("Infinity", 2)])
def test_what_cannot_be_divided(amount: str, pieces: int) -> None:
    with pytest.raises(ValueError, match="cannot be divided among"):
        split_amount(amount, pieces)
