"""Amounts of an order's lines, divided among their pieces."""

from decimal import Decimal, localcontext

CENTS = 2
"""Decimal places of most currencies."""


def split_amount(amount: Decimal | str | int, pieces: int, places: int = CENTS) -> list[Decimal]:
    """The amount of a line in so many parts, which differ by one unit of the last place at most and sum up to it exactly; the
    larger ones come first. `places` are the currency's decimal places: 0 for the yen. An amount with more places keeps them.

    Raises:
        ValueError: there is no piece, or the amount is no number.
    """
    total = Decimal(amount)
    if pieces < 1 or not total.is_finite():
        raise ValueError(
            f"{amount} cannot be divided among {pieces} pieces: it takes a number, and at least one piece."
        )
    exponent = total.as_tuple().exponent
    assert isinstance(exponent, int)  # noqa: S101  # that of a finite number is one
    shift = max(places, -exponent)
    with localcontext(prec=max(28, len(total.as_tuple().digits) + shift + 1)):
        whole, rest = divmod(int(total.scaleb(shift)), pieces)
        return [Decimal(whole + (number < rest)).scaleb(-shift) for number in range(pieces)]
