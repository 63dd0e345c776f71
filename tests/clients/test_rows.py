"""Rows of Omnitron's that do not fit: the words that say why."""

import pytest
from pydantic import BaseModel, ValidationError

from clients.omnitron.rows import LeftOut, UnreadableRow, fitted, problem_of
from clients.redaction import MASK, Redactor

CANARY = "hunter22-canary"


class _Row(BaseModel):
    numbers: dict[str, int]


def test_a_key_inside_a_row_that_is_a_secret_is_masked_in_the_reason():
    fields = {"numbers": {CANARY: "many"}}
    with pytest.raises(ValidationError) as caught:
        fitted(_Row, fields)
    reason = problem_of(caught.value, fields, Redactor([CANARY]))
    assert CANARY not in reason
    assert reason.startswith(f"numbers.{MASK}: ")


@pytest.mark.parametrize("resource", ["product_prices", "extra_product_prices"])
def test_a_row_is_found_whichever_list_left_it_out(resource: str) -> None:
    left_out = LeftOut()
    row = UnreadableRow(resource, 7, "price: a lot", {"product": 3})
    left_out.add([row])
    assert (left_out.find("product_prices", 7), left_out.of_product("product_prices", 3)) == (row, row)
    assert left_out.find("product_stocks", 7) is None
