"""Where the hub can deliver to and with whom: places, cargo companies, retail stores, and what clients did not find."""

from collections.abc import Callable
from typing import Literal, get_args

from deployments.sandbox import geography
from deployments.sandbox.forms import Form, choice, reference, text
from deployments.sandbox.messages import HttpError
from deployments.sandbox.tables import Row, Table

PlaceKind = Literal["country", "city", "township", "district"]

INTEGRATION_TYPE = "sales_channel"

_FIRST_CITY, _FIRST_TOWNSHIP, _FIRST_DISTRICT, _FIRST_CARGO, _FIRST_STORE = 30, 40, 50, 3, 30


class Places:
    """The tables of places, and the merchant's mapping of the channel's names to them.

    Args:
        channel_id: whose codes the mappings hold.
        stamp: makes modification dates.
        violation: takes a sentence about a client's mistake that the hub does not refuse.

    Attributes:
        reports: what clients did not find, as they reported it.
    """

    def __init__(self, *, channel_id: int, stamp: Callable[[], str], violation: Callable[[str], None]) -> None:
        self.countries = Table()
        self.cities = Table()
        self.townships = Table()
        self.districts = Table()
        self.cargos = Table()
        self.retail_stores = Table()
        self.reports = Table()
        self.tables: dict[PlaceKind, Table] = {
            "country": self.countries,
            "city": self.cities,
            "township": self.townships,
            "district": self.districts,
        }
        self._channel_id = channel_id
        self._stamp = stamp
        self._forms = {kind: self._report_form(kind, violation) for kind in get_args(PlaceKind)}
        self._build()

    def map_place(self, kind: PlaceKind, pk: int, code: str) -> Row:
        """The merchant says which place the channel means by `code`; the place, with all its mappings."""
        table = self.tables[kind]
        mapping = {"code": self.code_of(code), "integration_type": INTEGRATION_TYPE}
        return table.change(pk, mapping=[*table[pk]["mapping"], mapping])

    def code_of(self, code: str) -> str:
        """A code of the channel as mappings and reports write it: `6_34`."""
        return f"{self._channel_id}_{code}"

    def report(self, kind: PlaceKind, body: Row) -> Row:
        """Keep what a client did not find.

        Raises:
            HttpError: 400, a field is missing or wrong.
        """
        report = self._forms[kind].read(body)
        if not report["remote_code"].startswith(self.code_of("")):
            raise HttpError(400, {"remote_code": [f'"{report["remote_code"]}" is not of this channel.']})
        return self.reports.add({**report, "pk": self.reports.next_key(), "modified_date": self._stamp()})

    def _report_form(self, kind: PlaceKind, violation: Callable[[str], None]) -> Form:
        parent = {"country": "country_code", "city": "country_id", "township": "city_id", "district": "township_id"}
        required = ("type", "remote_code", "name", parent[kind], "integration_type", "err_code", "err_desc")
        return Form(
            f"report of a {kind}",
            {
                "type": choice(kind),
                "remote_code": text(),
                "name": text(255),
                "country_code": text(),
                "country_id": reference(self.countries),
                "city_id": reference(self.cities),
                "township_id": reference(self.townships),
                "integration_type": choice(INTEGRATION_TYPE),
                "err_code": text(),
                "err_desc": text(),
            },
            required=required,
            violation=violation,
        )

    def _build(self) -> None:
        for pk, country in enumerate(geography.COUNTRIES, start=1):
            fields = {"name": country.name, "code": country.code, "is_active": country.is_active}
            self.countries.add({"pk": pk, **fields, "mapping": []})
            for name in geography.ABROAD.get(country.code, ()):
                self._add(self.cities, _FIRST_CITY, name, country=pk)
            if country == geography.HOME:
                self._build_home(pk)
        for erp_code, name in geography.CARGO_COMPANIES.items():
            pk = self.cargos.next_key(_FIRST_CARGO)
            self.cargos.add({"pk": pk, "name": name, "erp_code": erp_code, "shipping_company": erp_code.split("-")[0]})
        for erp_code, name in geography.RETAIL_STORES.items():
            pk = self.retail_stores.next_key(_FIRST_STORE)
            self.retail_stores.add({"pk": pk, "name": name, "erp_code": erp_code})

    def _build_home(self, country: int) -> None:
        for city_name, townships in geography.CITIES.items():
            city = self._add(self.cities, _FIRST_CITY, city_name, country=country)
            for township_name, districts in townships.items():
                township = self._add(self.townships, _FIRST_TOWNSHIP, township_name, country=country, city=city)
                for name in districts:
                    self._add(self.districts, _FIRST_DISTRICT, name, country=country, city=city, township=township)

    @staticmethod
    def _add(table: Table, first: int, name: str, **parents: int) -> int:
        row = table.add({"pk": table.next_key(first), "name": name, **parents, "is_active": True, "mapping": []})
        return int(row["pk"])
