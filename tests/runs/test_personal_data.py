"""Nothing of a buyer gets into Prefect's database: no log, parameter, result or artifact names them (P12)."""

from collections.abc import Callable
from typing import Any

import pytest

from deployments.sandbox.base.faults import Fault
from flows.order import fetch_and_create_order
from tests.harness.canaries import find
from tests.runs.records import artifact_of, everything, run
from tests.world.loopback import World
from tests.world.sales import list_products, place

pytestmark = pytest.mark.flow

CANARIES = ("kanarya.birey", "5321234567", "Kanaryaad", "Kanaryasoy", "9988776655")


async def test_runs_that_bring_orders_in_or_fail_leave_no_buyer_in_the_database(
    make_world: Callable[..., World],
) -> None:
    world = make_world(products=2, failing=0)
    list_products(world)
    names = {"first_name": CANARIES[2], "last_name": CANARIES[3]}
    person: dict[str, Any] = {
        "email": f"{CANARIES[0]}@example.com",
        "phone": f"+90{CANARIES[1]}",
        "buyer": {"id": "B-canary", **names},
        "shipping_address": names,
        "billing_address": {**names, "tax_no": CANARIES[4]},
    }
    troubles: list[dict[str, Any]] = [
        {},
        {"cargo": "nobody"},
        {"city": "Gotham"},
        {"number": "9" * 129},
        {"amount": CANARIES[2]},
    ]
    for trouble in troubles:
        place(world, **person, **trouble)
    first = await run(world, fetch_and_create_order)
    assert first.state.is_completed()
    text = await artifact_of(first, "fetch-and-create-order-channel-6")
    assert "CargoCompanyNotFound" in text
    world.hub.faults.add(Fault("status", "POST", "customers|addresses", times=None))
    place(world, **{**person, "email": f"{CANARIES[0]}.2@example.com"})
    last = await run(world, fetch_and_create_order)
    assert find(["CargoCompanyNotFound"], *await everything(last, 1))
    assert find(CANARIES, text, *await everything(last, 1)) == []
