"""Amounts of money as both systems write them."""


def money(cents: int) -> str:
    """An amount as the wire writes it: `62.44`."""
    return f"{cents // 100}.{cents % 100:02d}"
