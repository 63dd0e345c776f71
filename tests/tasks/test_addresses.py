"""Addresses and their places: by code, by name, by the merchant's mapping; the same address is made once."""

import asyncio
from collections.abc import Mapping
from typing import Any

import pytest

from clients.errors import RefusedError
from deployments.sandbox.base.faults import Fault
from dto.omnitron_orders import Address
from tasks.omnitron.orders.addresses import AddressIncompleteError, GetOrCreateAddress, RetailStoreNotFoundError
from tasks.omnitron.orders.customers import GetOrCreateCustomer
from tasks.omnitron.orders.places import CreateAddressErrorReport, PlaceNotFoundError
from tests.world.loopback import World
from tests.world.sales import address, customer, key_of_place, posts
from tests.world.shop import Row, opened, requests_of


async def taken_in(world: World, person: Mapping[str, Any] = {}, /, **fields: Any) -> Address:
    """Omnitron's address for Şule's, in a run of its own."""
    async with opened(world) as hub:
        owner = await hub.do_action(GetOrCreateCustomer, objects=customer(**person))
        found: Address = await hub.do_action(GetOrCreateAddress, objects=address(**fields), customer=owner)
    return found


def rows(world: World) -> list[Row]:
    """Omnitron's addresses."""
    return list(world.addresses)


def names(world: World, row: Row) -> list[str | None]:
    """Where an address is, from the country down."""
    tables = world.places.tables
    return [tables[kind][row[kind]]["name"] if row.get(kind) else None for kind in tables]


async def test_an_address_is_made_with_its_places(world: World) -> None:
    made = await taken_in(world)
    (row,) = rows(world)
    assert row["pk"] == made.pk
    assert names(world, row) == ["Türkiye", "İstanbul", "Kadıköy", "Moda Mah."]


@pytest.mark.parametrize("country", ["TR", "Türkiye"])
async def test_a_country_is_found_by_its_code_or_its_name(world: World, country: str) -> None:
    await taken_in(world, country=country)
    assert names(world, rows(world)[0])[0] == "Türkiye"


@pytest.mark.parametrize(("field", "value"), [("city", "ankara"), ("township", "çankaya")])
async def test_cities_and_townships_are_found_whatever_their_letters(world: World, field: str, value: str) -> None:
    known = {"city": "Ankara", "township": "Çankaya", "district": None}
    await taken_in(world, **{**known, field: value})
    assert names(world, rows(world)[0]) == ["Türkiye", "Ankara", "Çankaya", None]


@pytest.mark.parametrize(
    ("kind", "pk_name", "code"),
    [
        ("country", "Türkiye", "TUR"),
        ("city", "İstanbul", "Stambul"),
        ("township", "Kadıköy", "Chalcedon"),
        ("district", "Moda Mah.", "Moda"),
    ],
)
async def test_a_place_that_the_merchant_mapped_is_found_by_the_channels_name(
    world: World, kind: Any, pk_name: str, code: str
) -> None:
    """And before that it is unknown."""
    with pytest.raises(PlaceNotFoundError):
        await taken_in(world, **{kind: code})
    world.hub.map_place(kind, key_of_place(world, kind, pk_name), code)
    await taken_in(world, **{kind: code})
    assert names(world, rows(world)[0]) == ["Türkiye", "İstanbul", "Kadıköy", "Moda Mah."]


async def test_a_mapped_township_is_looked_for_in_its_own_city_too(world: World) -> None:
    """The channel calls two of them the same."""
    for name in ("Kadıköy", "Çankaya"):
        world.hub.map_place("township", key_of_place(world, "township", name), "Centre")
    await taken_in(world, city="Ankara", township="Centre", district=None)
    assert names(world, rows(world)[0]) == ["Türkiye", "Ankara", "Çankaya", None]


async def test_a_township_is_looked_for_in_its_own_city(world: World) -> None:
    """`Merkez` lies in three of them."""
    await taken_in(world, city="Iğdır", township="Merkez", district="Bağlar Mah.")
    assert names(world, rows(world)[0]) == ["Türkiye", "Iğdır", "Merkez", "Bağlar Mah."]
    with pytest.raises(PlaceNotFoundError, match="district"):
        await taken_in(world, city="Muğla", township="Merkez", district="Bağlar Mah.")


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"country": "XX"}, "CountryNotFound"),
        ({"country": "CY"}, "CountryNotFound"),
        ({"city": "Gotham"}, "CityNotFound"),
        ({"city": "Berlin"}, "CityNotFound"),
        ({"township": "Çankaya"}, "TownshipNotFound"),
        ({"district": "Levent Mah."}, "DistrictNotFound"),
    ],
    ids=["unknown", "inactive", "no city", "of another country", "of another city", "of another township"],
)
async def test_unknown_city_or_other_place_is_said_by_kind_and_makes_no_address(
    world: World, fields: dict[str, str], code: str
) -> None:
    with pytest.raises(PlaceNotFoundError) as raised:
        await taken_in(world, **fields)
    assert raised.value.code == code
    assert f"6_{next(iter(fields.values()))}" in raised.value.message
    assert rows(world) == []


async def test_a_place_that_is_there_twice_is_not_guessed(world: World) -> None:
    cities = world.places.cities
    cities.add({**cities[key_of_place(world, "city", "Ankara")], "pk": cities.next_key()})
    with pytest.raises(PlaceNotFoundError, match=r"is 2 places in Omnitron: `Ankara` \(\d+\), `Ankara` \(\d+\)"):
        await taken_in(world, city="Ankara", township=None)


async def test_an_address_without_a_city_says_so_and_is_no_place_to_map(world: World) -> None:
    with pytest.raises(PlaceNotFoundError, match="has no city") as raised:
        await taken_in(world, city="")
    async with opened(world) as hub:
        assert await hub.do_action(CreateAddressErrorReport, objects=raised.value) == 0


@pytest.mark.parametrize("missing", [None, ""])
async def test_optional_phone_or_notes_missing_is_no_error(world: World, missing: str | None) -> None:
    """Nor township, district, postcode, company or tax number."""
    fields = ("phone_number", "notes", "township", "district", "postcode", "company_name", "tax_no", "identity_number")
    await taken_in(world, **dict.fromkeys(fields, missing))
    assert names(world, rows(world)[0]) == ["Türkiye", "İstanbul", None, None]


async def test_an_address_without_an_email_gets_its_customers(world: World) -> None:
    await taken_in(world, email="", first_name="", last_name="")
    (row,) = rows(world)
    assert (row["email"], row["first_name"], row["last_name"]) == ("sule@example.com", "Şule", "Işık")


async def test_an_address_whose_customer_has_no_email_either_says_what_is_missing(world: World) -> None:
    world.hub.set_channel(conf={"CUSTOMER_IDENTIFIER_FIELD": "phone_number"})
    with pytest.raises(AddressIncompleteError, match="no email"):
        await taken_in(world, {"email": ""}, email="")


async def test_the_same_address_is_found_by_its_hash(world: World) -> None:
    """Omnitron refuses it with a hash, which leads to it."""
    first = await taken_in(world)
    assert (await taken_in(world)).pk == first.pk
    assert len(rows(world)) == 1


async def test_the_address_of_another_customer_is_not_taken_for_this_one(world: World) -> None:
    """Though its hash is the same: the order would be delivered under a stranger's name."""
    await taken_in(world)
    (row,) = rows(world)
    row["customer"] += 1
    with pytest.raises(RefusedError, match=row["hash_data"]):
        await taken_in(world)


async def test_the_same_address_of_several_orders_is_made_once_per_run(world: World) -> None:
    async with opened(world) as hub:
        owner = await hub.do_action(GetOrCreateCustomer, objects=customer())
        with requests_of(world) as seen:
            made = await asyncio.gather(
                *(hub.do_action(GetOrCreateAddress, objects=address(), customer=owner) for _ in range(5))
            )
    assert len({row.pk for row in made}) == 1
    assert posts(seen, "addresses") == 1


async def test_lost_response_to_a_post_makes_one_address(world: World) -> None:
    world.hub.faults.add(Fault("drop_after", "POST", "addresses/"))
    made = await taken_in(world)
    assert [row["pk"] for row in rows(world)] == [made.pk]


async def test_a_refusal_without_a_hash_stays_one(world: World) -> None:
    world.hub.faults.add(Fault("status", "POST", "addresses/", status=400))
    with pytest.raises(RefusedError):
        await taken_in(world)


async def test_a_shop_to_collect_from_is_found_by_its_code(world: World) -> None:
    await taken_in(world, retail_store="MAG-ANK-01")
    (row,) = rows(world)
    stores = world.places.retail_stores
    assert stores[row["retail_store"]]["erp_code"] == "MAG-ANK-01"
    assert row["address_type"] == "retail_store"


async def test_an_unknown_shop_is_named(world: World) -> None:
    with pytest.raises(RetailStoreNotFoundError, match="MAG-X"):
        await taken_in(world, retail_store="MAG-X")
    assert rows(world) == []


async def test_texts_that_are_too_long_are_cut(world: World) -> None:
    await taken_in(world, line="ş" * 256, tax_no="1" * 21, notes="n" * 513)
    (row,) = rows(world)
    assert (len(row["line"]), len(row["tax_no"]), len(row["notes"])) == (255, 20, 512)


async def test_a_place_is_reported_by_its_own_route_once_per_run_and_parent(world: World) -> None:
    """Townships of one name in two cities have to be mapped one by one."""
    async with opened(world) as hub:
        owner = await hub.do_action(GetOrCreateCustomer, objects=customer())
        problems = []
        for city in ("Ankara", "Bursa"):
            for line in ("a", "b"):
                try:
                    told = address(city=city, township="Gölbaşı", line=line)
                    await hub.do_action(GetOrCreateAddress, objects=told, customer=owner)
                except PlaceNotFoundError as problem:
                    problems.append(problem)
        told_now = [await hub.do_action(CreateAddressErrorReport, objects=problems[:3])]
        told_now += [await hub.do_action(CreateAddressErrorReport, objects=problems)]
    assert (len(problems), told_now) == (4, [2, 0])
    cities = {key_of_place(world, "city", name) for name in ("Ankara", "Bursa")}
    reports = list(world.places.reports)
    assert {row["city_id"] for row in reports} == cities
    assert {(row["type"], row["remote_code"], row["name"]) for row in reports} == {("township", "6_Gölbaşı", "Gölbaşı")}


async def test_a_report_that_cannot_be_written_breaks_nothing(world: World) -> None:
    world.hub.faults.add(Fault("status", "POST", "error_reports/city", status=400, times=None))
    with pytest.raises(PlaceNotFoundError) as raised:
        await taken_in(world, city="Gotham")
    async with opened(world) as hub:
        assert await hub.do_action(CreateAddressErrorReport, objects=[raised.value]) == 0
