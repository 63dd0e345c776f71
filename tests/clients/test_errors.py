"""Errors travel: between processes, into logs, up to people."""

import copy
import pickle
from decimal import Decimal

import pytest

from clients import errors
from clients.errors import ChannelAppError, RateLimitedError, RefusedError, RetryableError


def _all_kinds(kind: type[ChannelAppError] = ChannelAppError) -> list[type[ChannelAppError]]:
    return [kind, *(found for child in kind.__subclasses__() for found in _all_kinds(child))]


@pytest.mark.parametrize("kind", _all_kinds(), ids=lambda kind: kind.__name__)
def test_every_error_survives_pickling_and_copying(kind: type[ChannelAppError]):
    """Prefect moves them between processes. An answer's body stays behind: it may hold customers' data."""
    error = kind("It failed.", method="GET", path="products/", status=503, body={"price": Decimal("1.10")}, spent=True)
    for twin in (pickle.loads(pickle.dumps(error)), copy.copy(error), copy.deepcopy(error)):  # noqa: S301  # made here
        assert type(twin) is kind
        assert twin.message == str(twin) == "It failed."
        assert twin.context == {"method": "GET", "path": "products/", "status": 503, "spent": True}


def test_the_tree_in_the_docstring_names_every_error():
    """It is what people read."""
    told = errors.__doc__ or ""
    assert [
        kind.__name__ for kind in _all_kinds() if kind.__module__ == errors.__name__ and kind.__name__ not in told
    ] == []


def test_an_error_is_spent_only_once_somebody_says_so():
    """Otherwise it may be tried again."""
    assert not RetryableError("x").spent
    assert RetryableError("x", spent=True).spent


def test_a_rate_limit_without_a_time_has_none():
    """Nought would mean: at once."""
    assert RateLimitedError("x").retry_after is None
    assert RateLimitedError("x", retry_after=3).retry_after == 3.0


def test_a_refusal_knows_its_status_and_body():
    """Callers decide by them."""
    error = RefusedError("x", status=406, body={"error_code": "y"})
    assert (error.status, error.body) == (406, {"error_code": "y"})


def test_the_context_is_not_in_the_text_of_an_error():
    """It may hold an answer's body, and texts end in logs."""
    error = RefusedError("It was refused.", body={"email": "ayse@example.com"})
    assert "ayse" not in f"{error!r} {error}"
