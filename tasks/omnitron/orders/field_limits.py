"""Omnitron's length limits. Long texts are cut and reported; keys are never cut, as another may have the same beginning."""

from collections.abc import Collection, Mapping
from typing import Any

from clients.errors import ItemError

PERSON = {"email": 254, "phone_number": 128, "first_name": 255, "last_name": 255}
ADDRESS = {
    **PERSON,
    "title": 128,
    "line": 255,
    "postcode": 64,
    "notes": 512,
    "company_name": 255,
    "tax_office": 64,
    "tax_no": 20,
    "identity_number": 64,
}
ORDER = {
    "number": 128,
    "tracking_number": 256,
    "carrier_shipping_code": 256,
    "notes": 320,
    "gift_box_note": 160,
    "shipping_option_slug": 128,
}
ORDER_ITEM = {"tracking_number": 256, "carrier_shipping_code": 256}


class KeyTooLongError(ItemError):
    """A key is longer than Omnitron allows."""

    code = "KeyTooLong"


def fit(
    fields: Mapping[str, Any], limits: Mapping[str, int], what: str, keys: Collection[str] = ()
) -> tuple[dict[str, Any], list[str]]:
    """The fields with long texts cut to their limits, and a line for each cut.

    Raises:
        KeyTooLongError: one of `keys` is too long.
    """
    fitted, cuts = dict(fields), []
    for name, limit in limits.items():
        text = fitted.get(name)
        if not isinstance(text, str) or len(text) <= limit:
            continue
        if name in keys:
            raise KeyTooLongError(
                f"The {what}'s {name} has {len(text)} characters; Omnitron takes {limit}. Shorten it on the channel: a key "
                "is never cut, because another may have the same beginning."
            )
        fitted[name] = text[:limit]
        cuts.append(f"{what} {name}: {len(text)} characters cut to {limit}")
    return fitted, cuts
