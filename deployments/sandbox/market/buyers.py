"""The local marketplace's buyers and their addresses, the same for the same seed."""

import random
from typing import Any

from deployments.sandbox.base import geography

BUYERS = 40

_FIRST_NAMES = ("Ayşe", "Mehmet", "Zeynep", "Çağrı", "İpek", "Ömer", "Şule", "Gökhan", "Iraz", "Ümit", "Deniz", "Elif")
_LAST_NAMES = ("Yılmaz", "Kaya", "Demir", "Çelik", "Şahin", "Öztürk", "Güneş", "Işık", "Aydın", "Üstün")
_STREETS = ("Atatürk Cad.", "Gül Sok.", "İnönü Bulv.", "Çınar Sok.", "Şehit Ömer Cad.")
_COMPANIES = ("Öz Işık Tekstil Ltd. Şti.", "Çağdaş Gıda A.Ş.", "Üç Kardeş İnşaat")
_OWN_BILLING, _COMPANY = 0.3, 0.25
_FILLED_IN, _THERE = 0.8, 0.9
"""Shares of buyers with another billing address and with a company; of an optional field that is filled in, and present."""
_ASCII = str.maketrans("çğıöşüÇĞİÖŞÜ", "cgiosuCGIOSU")


class Buyer:
    """One buyer, and the two addresses that their orders go to. Optional fields are filled in, None or left out.

    Args:
        rng: decides everything.
        number: the ordinal number of the buyer.
    """

    def __init__(self, rng: random.Random, number: int) -> None:
        first_name, last_name = rng.choice(_FIRST_NAMES), rng.choice(_LAST_NAMES)
        email = f"{first_name}.{last_name}.{number}@example.com".translate(_ASCII).lower()
        self.person: dict[str, Any] = {
            "id": f"B{number:05d}",
            "email": email,
            "first_name": first_name,
            "last_name": last_name,
        }
        self._rng = rng
        self._maybe(self.person, "phone", f"+90555{number:07d}")
        self.shipping_address = self._address("Ev")
        self.billing_address = self._address("Fatura") if rng.random() < _OWN_BILLING else dict(self.shipping_address)
        if rng.random() < _COMPANY:
            self.billing_address |= {
                "company_name": rng.choice(_COMPANIES),
                "tax_office": "Kadıköy",
                "tax_no": f"{number:010d}",
            }
        else:
            self._maybe(self.billing_address, "identity_number", f"{number:011d}")

    def _address(self, title: str) -> dict[str, Any]:
        rng = self._rng
        city = rng.choice(list(geography.CITIES))
        township = rng.choice(list(geography.CITIES[city]))
        address: dict[str, Any] = {
            "title": title,
            "first_name": self.person["first_name"],
            "last_name": self.person["last_name"],
            "email": self.person["email"],
            "country": geography.HOME.code,
            "city": city,
            "township": township,
            "district": rng.choice(geography.CITIES[city][township]),
            "line": f"{rng.choice(_STREETS)} No: {rng.randint(1, 180)} D: {rng.randint(1, 24)}",
        }
        if "phone" in self.person:
            address["phone"] = self.person["phone"]
        self._maybe(address, "postcode", f"{rng.randint(1, 81):02d}{rng.randint(0, 999):03d}")
        return address

    def _maybe(self, fields: dict[str, Any], name: str, value: str) -> None:
        """Usually the value, sometimes None, sometimes no field at all."""
        chance = self._rng.random()
        if chance < _FILLED_IN:
            fields[name] = value
        elif chance < _THERE:
            fields[name] = None


def buyers(rng: random.Random) -> list[Buyer]:
    """All of them."""
    return [Buyer(rng, number) for number in range(1, BUYERS + 1)]
