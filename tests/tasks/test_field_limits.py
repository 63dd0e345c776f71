"""Limits of fields: texts are cut and that is said, keys are refused."""

import pytest

from tasks.omnitron.orders import field_limits
from tasks.omnitron.orders.field_limits import ADDRESS, ORDER, PERSON, KeyTooLongError, fit


@pytest.mark.parametrize(("length", "kept"), [(127, 127), (128, 128), (129, 128)])
def test_a_text_is_cut_at_its_limit_and_not_before(length: int, kept: int) -> None:
    fields, cuts = fit({"title": "ı" * length}, ADDRESS, "address")
    assert fields == {"title": "ı" * kept}
    assert cuts == ([f"address title: {length} characters cut to 128"] if length > kept else [])


@pytest.mark.parametrize("value", [None, 12, {"a": 1}, ""])
def test_what_is_no_text_or_absent_is_left_alone(value: object) -> None:
    assert fit({"title": value}, ADDRESS, "address") == ({"title": value}, [])
    assert fit({}, ADDRESS, "address") == ({}, [])


def test_fields_without_a_limit_are_kept_whole() -> None:
    assert fit({"remote_id": "r" * 1_000}, ADDRESS, "address") == ({"remote_id": "r" * 1_000}, [])


@pytest.mark.parametrize(("key", "limits"), [("number", ORDER), ("email", PERSON), ("phone_number", PERSON)])
def test_a_key_that_is_too_long_is_refused_and_never_cut(key: str, limits: dict[str, int]) -> None:
    """The message names the field and both lengths, and not the value: it may be a customer's."""
    value = "k" * (limits[key] + 1)
    with pytest.raises(
        KeyTooLongError, match=f"{key} has {len(value)} characters; Omnitron takes {limits[key]}"
    ) as raised:
        fit({key: value}, limits, "order", keys=[key])
    assert value not in raised.value.message
    assert fit({key: value[:-1]}, limits, "order", keys=[key])[1] == []


def test_the_limits_are_those_of_the_contract() -> None:
    assert field_limits.PERSON == {"email": 254, "phone_number": 128, "first_name": 255, "last_name": 255}
    expected = {"title": 128, "line": 255, "postcode": 64, "notes": 512, "company_name": 255, "tax_office": 64}
    assert {**PERSON, **expected, "tax_no": 20, "identity_number": 64} == ADDRESS
    assert (ORDER["number"], ORDER["notes"], ORDER["gift_box_note"]) == (128, 320, 160)
    assert (ORDER["tracking_number"], ORDER["carrier_shipping_code"], ORDER["shipping_option_slug"]) == (256, 256, 128)
