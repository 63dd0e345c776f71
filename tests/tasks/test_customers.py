"""Customers of orders: looked up, brought up to date, made once."""

import asyncio
import json

import pytest

from clients.errors import RefusedError
from deployments.sandbox.base.faults import Fault
from tasks.omnitron.orders.customers import CustomerIncompleteError, GetOrCreateCustomer
from tasks.omnitron.orders.field_limits import KeyTooLongError
from tests.world.loopback import World
from tests.world.sales import customer, customer_in_hub, posts
from tests.world.shop import CHANNEL, Row, opened, requests_of

CUSTOMERS = f"{CHANNEL}customers/"
BY_PHONE = {"CUSTOMER_IDENTIFIER_FIELD": "phone_number"}


def rows(world: World) -> list[Row]:
    """Omnitron's customers."""
    return list(world.customers)


async def test_a_new_customer_is_made_with_what_the_channel_says(world: World) -> None:
    made = await customer_in_hub(world, extra_field={"vip": True})
    (row,) = rows(world)
    assert (row["pk"], row["email"], row["phone_number"]) == (made.pk, "sule@example.com", "+905550000001")
    assert (row["first_name"], row["last_name"], row["channel_code"]) == ("Şule", "Işık", "B1")
    assert (row["extra_field"], row["is_active"]) == ({"vip": True}, True)


async def test_a_known_customer_of_whom_nothing_changed_costs_one_look_and_no_write(world: World) -> None:
    made = await customer_in_hub(world)
    with requests_of(world) as seen:
        assert (await customer_in_hub(world)).pk == made.pk
    assert [request.method for request in seen if "customers" in request.url.path] == ["GET"]


@pytest.mark.parametrize(
    ("fields", "changed"),
    [
        ({"first_name": "Ayşe"}, {"first_name": "Ayşe"}),
        (
            {"last_name": "Kaya", "phone_number": "+905550000002"},
            {"last_name": "Kaya", "phone_number": "+905550000002"},
        ),
    ],
)
async def test_what_changed_on_the_channel_is_patched_and_nothing_else(
    world: World, fields: dict[str, str], changed: dict[str, str]
) -> None:
    await customer_in_hub(world)
    with requests_of(world) as seen:
        await customer_in_hub(world, **fields)
    (patch,) = [request for request in seen if request.method == "PATCH"]
    assert json.loads(patch.content) == changed
    assert {name: rows(world)[0][name] for name in changed} == changed


@pytest.mark.parametrize("phone", [None, ""])
async def test_what_the_channel_does_not_say_is_left_as_it_is(world: World, phone: str | None) -> None:
    """A phone that was left out of the next order does not erase the known one."""
    await customer_in_hub(world)
    await customer_in_hub(world, phone_number=phone)
    assert rows(world)[0]["phone_number"] == "+905550000001"


async def test_an_email_in_other_letters_is_the_same_customers_and_not_patched(world: World) -> None:
    await customer_in_hub(world, email="Sule@Example.com")
    world.customers.change(rows(world)[0]["pk"], email="sule@example.com")
    with requests_of(world) as seen:
        async with opened(world) as hub:
            await hub.do_action(GetOrCreateCustomer, objects=customer(email="sule@example.com"))
    assert [request.method for request in seen if "customers" in request.url.path] == ["GET"]


async def test_the_conf_can_tell_customers_apart_by_phone(world: World) -> None:
    """Another e-mail address is a change of the same customer then."""
    world.hub.set_channel(conf=BY_PHONE)
    first = await customer_in_hub(world)
    second = await customer_in_hub(world, email="isik@example.com", channel_code="B2")
    assert first.pk == second.pk
    assert [row["email"] for row in rows(world)] == ["isik@example.com"]


async def test_a_customer_known_by_phone_needs_no_email(world: World) -> None:
    world.hub.set_channel(conf=BY_PHONE)
    first = await customer_in_hub(world, email="")
    assert (await customer_in_hub(world, email="")).pk == first.pk


async def test_by_default_another_email_is_another_customer(world: World) -> None:
    assert (await customer_in_hub(world)).pk != (
        await customer_in_hub(world, email="isik@example.com", channel_code="B2")
    ).pk


async def test_a_channel_code_that_is_taken_leads_to_its_customer(world: World) -> None:
    """The buyer has changed the e-mail address: it is the same person, with a new one."""
    first = await customer_in_hub(world)
    second = await customer_in_hub(world, email="isik@example.com")
    assert second.pk == first.pk
    assert [row["email"] for row in rows(world)] == ["isik@example.com"]


async def test_of_two_buyers_who_share_an_email_address_the_first_keeps_the_name(world: World) -> None:
    """The channel tells them apart by their codes, Omnitron does not: they are one customer."""
    first = await customer_in_hub(world)
    second = await customer_in_hub(world, channel_code="B2", first_name="Can", last_name="Kaya")
    assert second.pk == first.pk
    (row,) = rows(world)
    assert (row["first_name"], row["last_name"], row["channel_code"]) == ("Şule", "Işık", "B1")


async def test_of_customers_with_one_email_address_the_one_with_the_code_is_meant(world: World) -> None:
    first = await customer_in_hub(world, channel_code="B1", email="other@example.com")
    second = await customer_in_hub(world, channel_code="B2")
    world.customers.change(first.pk, email="sule@example.com")
    assert (await customer_in_hub(world, channel_code="B2")).pk == second.pk


async def test_a_refusal_for_another_reason_stays_one(world: World) -> None:
    world.hub.faults.add(Fault("status", "POST", "customers/", status=400))
    with pytest.raises(RefusedError):
        await customer_in_hub(world)


@pytest.mark.parametrize("field", ["email", "first_name", "channel_code"])
async def test_a_customer_who_cannot_be_told_from_others_is_refused_by_name_of_the_field(
    world: World, field: str
) -> None:
    with pytest.raises(CustomerIncompleteError, match=field):
        await customer_in_hub(world, **{field: ""})
    assert rows(world) == []


async def test_a_name_that_is_too_long_is_cut(world: World) -> None:
    await customer_in_hub(world, last_name="ı" * 256)
    assert rows(world)[0]["last_name"] == "ı" * 255


@pytest.mark.parametrize(
    ("conf", "field", "value"),
    [({}, "email", "x" * 250 + "@a.io"), (BY_PHONE, "phone_number", "5" * 129)],
)
async def test_the_field_that_tells_customers_apart_is_never_cut(
    world: World, conf: dict[str, str], field: str, value: str
) -> None:
    world.hub.set_channel(conf=conf)
    with pytest.raises(KeyTooLongError, match=field):
        await customer_in_hub(world, **{field: value})


async def test_lost_response_to_a_post_makes_one_customer(world: World) -> None:
    world.hub.faults.add(Fault("drop_after", "POST", "customers/"))
    with requests_of(world) as seen:
        made = await customer_in_hub(world)
    assert [row["pk"] for row in rows(world)] == [made.pk]
    assert posts(seen, "customers") == 1


async def test_orders_of_one_new_customer_at_the_same_time_make_one(world: World) -> None:
    """Even where the channel gives a buyer another code with every order."""
    async with opened(world) as hub:
        made = await asyncio.gather(
            *(hub.do_action(GetOrCreateCustomer, objects=customer(channel_code=f"B{n % 2}")) for n in range(6))
        )
    assert len({found.pk for found in made}) == len(rows(world)) == 1
