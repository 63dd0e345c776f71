"""Places, customers and cargo companies are found however the buyer or the channel writes them, and stored as written."""

import contextlib
from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dto.enums import ErrorType
from tasks.omnitron.orders.addresses import GetOrCreateAddress
from tasks.omnitron.orders.cargo_companies import CargoCompanyNotFoundError, GetCargoCompany
from tasks.omnitron.orders.customers import GetOrCreateCustomer
from tasks.omnitron.orders.places import CreateAddressErrorReport, GetPlace, PlaceNotFoundError
from tests.harness.hostile import some
from tests.world.loopback import World
from tests.world.sales import address, customer, customer_in_hub, key_of_place
from tests.world.shop import Row, assert_clean, opened, requests_of
from tests.world.writing import variants

ADDRESS = {"country": "Türkiye", "city": "İstanbul", "township": "Kadıköy", "district": "Moda Mah."}
CARGO = {"yurtici": "Yurtiçi Kargo", "trendyol-express": "Trendyol Express"}


def add_city(world: World, name: str) -> int:
    """A city beside Ankara."""
    cities = world.places.cities
    return int(
        cities.add({**cities[key_of_place(world, "city", "Ankara")], "pk": cities.next_key(), "name": name})["pk"]
    )


async def city(world: World, name: str) -> int:
    """Omnitron's key of a Turkish city, looked up in a run of its own."""
    async with opened(world) as hub:
        return await hub.do_action(GetPlace, objects=name, kind=ErrorType.city, parents={"country": 1})


@some
@given(st.data())
async def test_an_order_in_any_spelling_is_of_the_same_customer_to_the_same_place_by_the_same_carrier(
    data: st.DataObject,
) -> None:
    """Nothing is created but the address, whose other texts are kept as they were written."""
    world = World(products=1, failing=0)
    cargo = data.draw(st.sampled_from(sorted(CARGO)))
    places = {kind: data.draw(variants(name)) for kind, name in ADDRESS.items()}
    line, email = data.draw(variants("Gül Sokağı No: 3")), data.draw(variants("istanbul@example.com"))
    async with opened(world) as hub:
        first = await hub.do_action(GetOrCreateCustomer, objects=customer(email="istanbul@example.com"))
    async with opened(world) as hub:
        company = await hub.do_action(GetCargoCompany, objects=data.draw(variants(cargo)))
        owner = await hub.do_action(GetOrCreateCustomer, objects=customer(email=email, channel_code="B2"))
        await hub.do_action(GetOrCreateAddress, objects=address(**places, line=line), customer=owner)
    (row,) = world.addresses
    assert {kind: world.places.tables[kind][row[kind]]["name"] for kind in places} == ADDRESS
    assert row["line"] == line
    assert company.name == CARGO[cargo]
    assert owner.pk == first.pk
    assert [person["email"] for person in world.customers] == ["istanbul@example.com"]
    assert list(world.places.reports) == []
    assert_clean(world)


@some
@given(st.data())
async def test_a_name_that_the_merchant_mapped_is_found_in_the_usual_spellings(data: st.DataObject) -> None:
    """A mapping is shown in no list, so only these can be asked for."""
    world = World(products=1, failing=0)
    world.hub.map_place("city", key_of_place(world, "city", "İstanbul"), "Eski İstanbul")
    usual = ["ESKİ İSTANBUL", "Eski istanbul", "eski  istanbul ", "eski\N{NO-BREAK SPACE}İSTANBUL"]
    assert await city(world, data.draw(st.sampled_from(usual))) == key_of_place(world, "city", "İstanbul")


async def test_a_merchants_mapping_comes_before_a_name_in_another_spelling(world: World) -> None:
    world.hub.map_place("city", key_of_place(world, "city", "Bursa"), "ıstanbul")
    assert await city(world, "ıstanbul") == key_of_place(world, "city", "Bursa")


async def test_an_exact_name_costs_one_request(world: World) -> None:
    async with opened(world) as hub:
        with requests_of(world) as seen:
            await hub.do_action(GetPlace, objects="İstanbul", kind=ErrorType.city, parents={"country": 1})
    assert len(seen) == 1


async def test_the_list_of_cities_is_read_once_for_all_spellings_of_all_orders(world: World) -> None:
    spellings = ["Istanbul", "istanbul", "İstanbul ", "Izmir", "izmir", "Diyar"]
    async with opened(world) as hub:
        with requests_of(world) as seen:
            for name in spellings * 20:
                with contextlib.suppress(PlaceNotFoundError):
                    await hub.do_action(GetPlace, objects=name, kind=ErrorType.city, parents={"country": 1})
    lists = [request for request in seen if not {"name__iexact", "mapping__code__exact"} & set(request.url.params)]
    assert [request.url.params.get("country") for request in lists] == ["1"]
    assert len(seen) == len(lists) + 2 * len(spellings) + 3  # and three other spellings of the one that is missing


async def test_of_two_cities_that_differ_in_case_the_one_with_exactly_this_name_is_meant(world: World) -> None:
    other = add_city(world, "ANKARA")
    assert (await city(world, "ANKARA"), await city(world, "Ankara")) == (other, key_of_place(world, "city", "Ankara"))


async def test_a_spelling_that_fits_two_cities_is_not_guessed(world: World) -> None:
    """Both are named, so that the merchant can map the name to one."""
    other = add_city(world, "ANKARA")
    with pytest.raises(PlaceNotFoundError) as raised:
        await city(world, "ankara")
    assert f"`Ankara` ({key_of_place(world, 'city', 'Ankara')}), `ANKARA` ({other})" in raised.value.message
    world.hub.map_place("city", other, "ankara")
    assert await city(world, "ankara") == other


async def test_a_city_of_another_country_is_not_found_in_any_spelling(world: World) -> None:
    with pytest.raises(PlaceNotFoundError, match="is not in Omnitron"):
        await city(world, "BERLİN")


async def test_a_missing_place_in_several_spellings_is_one_to_map(world: World) -> None:
    """Its code is tidy, because Omnitron stores no outer blanks; its name is reported as it was written."""
    problems = []
    async with opened(world) as hub:
        for name in ("Gotham  City ", "GOTHAM CITY"):
            with pytest.raises(PlaceNotFoundError) as raised:
                await hub.do_action(GetPlace, objects=name, kind=ErrorType.city, parents={"country": 1})
            problems.append(raised.value)
        assert await hub.do_action(CreateAddressErrorReport, objects=problems[:1]) == 1
        assert await hub.do_action(CreateAddressErrorReport, objects=problems[1:]) == 0
    (report,) = world.places.reports
    assert (report["remote_code"], report["name"]) == ("6_Gotham City", "Gotham  City ")


@pytest.mark.parametrize("blank", [" ", "\N{NO-BREAK SPACE}"])
async def test_a_township_of_blanks_is_left_out(world: World, blank: str) -> None:
    async with opened(world) as hub:
        owner = await hub.do_action(GetOrCreateCustomer, objects=customer())
        await hub.do_action(GetOrCreateAddress, objects=address(township=blank, district=blank), customer=owner)
    (row,) = world.addresses
    assert (row.get("township"), row.get("district")) == (None, None)


@pytest.mark.parametrize("codes", [("Aras", "aras "), ("aras", "aras")], ids=["alike", "equal"])
async def test_a_code_that_fits_two_cargo_companies_is_not_guessed(world: World, codes: tuple[str, str]) -> None:
    cargos = world.places.cargos
    for row in cargos:
        if row["erp_code"] == "aras":
            row["erp_code"] = codes[0]
    cargos.add({"pk": 99, "name": "Aras Yurtdışı", "erp_code": codes[1], "shipping_company": "aras"})
    wanted = "ARAS" if codes[0] != codes[1] else "aras"
    async with opened(world) as hub:
        with pytest.raises(CargoCompanyNotFoundError, match=r"`Aras Kargo` \(4\).*`Aras Yurtdışı` \(99\)"):
            await hub.do_action(GetCargoCompany, objects=wanted)


def people(world: World) -> list[Row]:
    """Omnitron's customers."""
    return list(world.customers)


@pytest.mark.parametrize(
    "fields",
    [{"email": "SULE@EXAMPLE.COM "}, {"email": " Sule@Example.com", "first_name": "ŞULE", "last_name": "IŞIK  "}],
)
async def test_another_spelling_of_a_customer_changes_nothing(world: World, fields: Mapping[str, str]) -> None:
    first = await customer_in_hub(world)
    known = dict(people(world)[0])
    assert (await customer_in_hub(world, **fields)).pk == first.pk
    assert people(world) == [known]


async def test_a_new_customer_is_stored_as_written(world: World) -> None:
    written = {"email": " Sule@Example.com", "first_name": "şule  nur ", "last_name": "IŞIK"}
    await customer_in_hub(world, **written)
    assert {name: people(world)[0][name] for name in written} == written


async def test_a_customer_stored_in_capitals_is_known_by_the_channels_code(world: World) -> None:
    """Omnitron's filter does not find the e-mail address in small letters, and refuses a second customer of this code."""
    first = await customer_in_hub(world, email="SULE@EXAMPLE.COM")
    assert (await customer_in_hub(world)).pk == first.pk
    assert [row["email"] for row in people(world)] == ["SULE@EXAMPLE.COM"]


async def test_two_orders_of_one_run_that_spell_a_guest_differently_are_one_customers(world: World) -> None:
    """The channel gives a guest another code with every order."""
    async with opened(world) as hub:
        found = [
            await hub.do_action(GetOrCreateCustomer, objects=customer(email=email, channel_code=f"B{number}"))
            for number, email in enumerate(["SULE@example.com", "sule@EXAMPLE.com", "sule@example.com"])
        ]
    assert len({row.pk for row in found}) == len(people(world)) == 1


@pytest.mark.parametrize("known", [True, False])
async def test_an_email_address_in_small_letters_costs_one_look(world: World, known: bool) -> None:
    if known:
        await customer_in_hub(world)
    async with opened(world) as hub:
        with requests_of(world) as seen:
            await hub.do_action(GetOrCreateCustomer, objects=customer())
    assert [request.method for request in seen] == (["GET"] if known else ["GET", "POST"])
