"""Places, cargo companies and retail stores of the local hub, and reports of places that clients did not find."""

from collections.abc import Callable
from typing import Annotated, Literal

from pydantic import Field

from deployments.sandbox.base import geography
from deployments.sandbox.base.http import HttpError
from deployments.sandbox.hub.bodies import Body, BodyContext, key_of
from deployments.sandbox.hub.tables import Row, Table

PlaceKind = Literal["country", "city", "township", "district"]

INTEGRATION_TYPE = "sales_channel"

_FIRST_CITY, _FIRST_TOWNSHIP, _FIRST_DISTRICT, _FIRST_CARGO, _FIRST_STORE = 30, 40, 50, 3, 30


class _Report(Body):
    remote_code: str = Field(min_length=1)
    name: str | None = Field(None, min_length=1, max_length=255)
    country_code: str | None = None
    country_id: Annotated[int, key_of("country")] | None = None
    city_id: Annotated[int, key_of("city")] | None = None
    township_id: Annotated[int, key_of("township")] | None = None
    integration_type: Literal["sales_channel"]
    err_code: str = Field(min_length=1)
    err_desc: str = Field(min_length=1)


class _CountryReport(_Report):
    subject = "report of a country"

    type: Literal["country"]
    country_code: str = Field(min_length=1)


class _CityReport(_Report):
    subject = "report of a city"

    type: Literal["city"]
    country_id: Annotated[int, key_of("country")]


class _TownshipReport(_Report):
    subject = "report of a township"

    type: Literal["township"]
    city_id: Annotated[int, key_of("city")]


class _DistrictReport(_Report):
    subject = "report of a district"

    type: Literal["district"]
    township_id: Annotated[int, key_of("township")]


_REPORTS: dict[PlaceKind, type[_Report]] = {
    "country": _CountryReport,
    "city": _CityReport,
    "township": _TownshipReport,
    "district": _DistrictReport,
}


class Places:
    """The tables of places, and the merchant's mapping of the channel's names to them.

    Args:
        channel_id: whose codes the mappings hold.
        stamp: makes modification dates.
        context: what bodies refer to.

    Attributes:
        reports: the places that clients did not find, as they reported them.
    """

    def __init__(self, *, channel_id: int, stamp: Callable[[], str], context: BodyContext) -> None:
        self.countries = Table()
        self.cities = Table()
        self.townships = Table()
        self.districts = Table()
        self.cargos = Table()
        self.retail_stores = Table()
        self.reports = Table()
        self.tables: dict[str, Table] = {
            "country": self.countries,
            "city": self.cities,
            "township": self.townships,
            "district": self.districts,
        }
        self._channel_id = channel_id
        self._stamp = stamp
        self._context = context
        self._build()

    def map_place(self, kind: PlaceKind, pk: int, code: str) -> Row:
        """Map a code of the channel to a place, as a report names it or without the channel; the place with all mappings."""
        table = self.tables[kind]
        mapping = {"code": self.code_of(code), "integration_type": INTEGRATION_TYPE}
        return table.change(pk, mapping=[*table[pk]["mapping"], mapping])

    def code_of(self, code: str) -> str:
        """A code of the channel as mappings and reports write it: `6_34`; one that is written so already stays."""
        prefix = f"{self._channel_id}_"
        return code if code.startswith(prefix) else prefix + code

    def report(self, kind: PlaceKind, body: Row) -> Row:
        """Keep a client's report of a missing place.

        Raises:
            ValidationError: a field is missing or wrong.
            HttpError: 400, the code is another channel's.
        """
        report = _REPORTS[kind].model_validate(body, context=self._context).given()
        if not report["remote_code"].startswith(self.code_of("")):
            raise HttpError(400, {"remote_code": [f'"{report["remote_code"]}" is not of this channel.']})
        return self.reports.add({**report, "pk": self.reports.next_key(), "modified_date": self._stamp()})

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
