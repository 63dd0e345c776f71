"""Places, cargo companies and stores of the local hub, and what clients report as not found."""

import httpx
import pytest

from tests.world.hub_client import HubClient

REPORT = {
    "type": "city",
    "remote_code": "6_34",
    "name": "Stambul",
    "country_id": 1,
    "integration_type": "sales_channel",
    "err_code": "city_not_found",
    "err_desc": "There is no city Stambul.",
}
MAPPED = {"mapping__code__exact": "6_34", "mapping__integration_type": "sales_channel"}


async def test_a_place_is_found_from_the_country_down(api: HubClient) -> None:
    """Each by its name within its parents; rows carry no modification date, and no mapping."""
    (country,) = await api.rows("countries/", code__exact="TR", is_active="true")
    (city,) = await api.rows("cities/", name__iexact="ANKARA", country=country["pk"], is_active="true")
    (township,) = await api.rows("townships/", name__iexact="çankaya", city=city["pk"], is_active="true")
    (district,) = await api.rows(
        "districts/", name__exact="Kızılay Mah.", city=city["pk"], township=township["pk"], is_active="true"
    )
    assert set(district) == {"pk", "name", "country", "city", "township", "is_active"}
    assert api.sandbox.violations == []


async def test_names_repeat_across_parents(api: HubClient) -> None:
    """A township or district that is asked for without its parents is not told apart."""
    assert len(await api.rows("townships/", name__iexact="Merkez")) == 3
    assert len(await api.rows("districts/", name__exact="Göztepe Mah.")) == 2


async def test_case_is_ignored_as_a_database_does_it(api: HubClient) -> None:
    """The Turkish capital dotted i is not the capital of i there; `exact` minds the case."""
    assert len(await api.rows("cities/", name__iexact="iZMiR")) == 0
    assert len(await api.rows("cities/", name__iexact="İzMIR")) == 1
    assert await api.rows("countries/", name__exact="türkiye") == []


async def test_an_inactive_country_is_not_found(api: HubClient) -> None:
    """Unless one asks for it."""
    assert await api.rows("countries/", code__exact="CY", is_active="true") == []
    assert len(await api.rows("countries/", code__exact="CY")) == 1


async def test_what_the_merchant_mapped_is_found_by_the_channels_code(api: HubClient) -> None:
    """Several codes may mean one place; another channel's code, or another kind of integration, means nothing."""
    assert await api.rows("cities/", **MAPPED) == []
    api.sandbox.map_place("city", 31, "06")
    async with httpx.AsyncClient(transport=httpx.ASGITransport(api.sandbox), base_url="http://hub/") as http:
        assert (await http.post("/_sandbox/places/city/31/map", json={"code": "34"})).status_code == 200
        assert (await http.post("/_sandbox/places/planet/31/map", json={"code": "34"})).status_code == 404
    for code in ("6_34", "6_06"):
        assert [row["pk"] for row in await api.rows("cities/", **{**MAPPED, "mapping__code__exact": code})] == [31]
    assert await api.rows("cities/", **{**MAPPED, "mapping__code__exact": "7_34"}) == []
    assert await api.rows("cities/", **{**MAPPED, "mapping__integration_type": "cargo"}) == []


@pytest.mark.parametrize("path", ["cities/?name__exact=Ankara", "townships/?code__exact=1", "cargos/?erp_code=aras"])
async def test_a_filter_of_another_list_is_unknown(api: HubClient, path: str) -> None:
    """All rows come, and the violation says so."""
    every = (await api.call("GET", path.split("?", maxsplit=1)[0])).json()["count"]
    assert (await api.http.get(f"/api/v1/channel/6/{path}")).json()["count"] == every
    assert "unknown filter" in api.sandbox.violations[0]


async def test_cargo_companies_need_more_than_one_page(api: HubClient) -> None:
    """With the default page size; stores are found by their code."""
    page = (await api.call("GET", "cargos/")).json()
    assert page["count"] > len(page["results"]) == 10
    assert set(page["results"][0]) == {"pk", "name", "erp_code", "shipping_company"}
    assert len(await api.rows("retail_stores/", erp_code="MAG-ANK-01")) == 1


async def test_what_is_not_found_is_reported(api: HubClient) -> None:
    """And kept for tests to read."""
    assert (await api.call("POST", "error_reports/city/", REPORT)).status_code == 201
    (kept,) = api.sandbox.shop.places.reports
    assert REPORT.items() <= kept.items()
    assert api.sandbox.counts()["sales"]["place_reports"] == 1
    assert api.sandbox.violations == []


@pytest.mark.parametrize(
    ("kind", "change", "field"),
    [
        ("city", {"type": "country"}, "type"),
        ("city", {"remote_code": "34"}, "remote_code"),
        ("city", {"country_id": 99}, "country_id"),
        ("city", {"name": ""}, "name"),
        ("country", {"type": "country"}, "country_code"),
        ("township", {"type": "township"}, "city_id"),
        ("district", {"type": "district"}, "township_id"),
    ],
)
async def test_a_report_needs_its_fields(api: HubClient, kind: str, change: dict[str, object], field: str) -> None:
    """Of its own kind, with its parent and a code of this channel."""
    refused = await api.call("POST", f"error_reports/{kind}/", {**REPORT, **change})
    assert (refused.status_code, set(refused.json())) == (400, {field})
    assert len(api.sandbox.shop.places.reports) == 0
