"""How long Omnitron lets a text be. A text is cut, and that is said; a key is never cut, for another one may begin alike."""

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
    """A key is longer than Omnitron takes."""

    code = "KeyTooLong"


def fit(
    fields: Mapping[str, Any], limits: Mapping[str, int], what: str, keys: Collection[str] = ()
) -> tuple[dict[str, Any], list[str]]:
    """The fields with over-long texts cut, and a line for each cut.

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
                f"The {what}'s {name} has {len(text)} characters; Omnitron takes {limit}. A key is not cut: another one "
                "may begin alike. It has to be shorter on the channel."
            )
        fitted[name] = text[:limit]
        cuts.append(f"{what} {name}: {len(text)} characters cut to {limit}")
    return fitted, cuts
