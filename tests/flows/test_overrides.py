"""Every command that a flow uses is reached through `actions`: an integrator's own one runs in its place."""

import importlib
import pkgutil
from typing import Any, ClassVar

import pytest

import flows
from flows.registry import FLOWS
from flows.verify import GRACE
from tasks.channel.checking import CheckCommand
from tasks.channel.integration import ChannelIntegration
from tasks.channel.sandbox import ChannelIntegration as Sandbox
from tasks.channel.setup import GetChannelConfSchema
from tasks.command import CommandInterface
from tasks.integration import Actions, CommandType, commands_of, is_command
from tasks.omnitron.integration import OmnitronIntegration as Hub
from tasks.omnitron.kinds import KINDS
from tests.harness.scenarios import SCENARIOS, Scenario
from tests.harness.setup_scenarios import ATTRIBUTES, CATEGORIES, CONF, TREE, small_world
from tests.world.driving import run, settle
from tests.world.loopback import World
from tests.world.sales import place
from tests.world.shop import skus

RAN: set[tuple[str, str]] = set()
"""The integrator's own commands that ran: the side, and the key."""


def _own(side: str, command: CommandType) -> CommandType:
    """An integrator's subclass of a command, which notes that it ran."""

    async def noting(self: CommandInterface[Any, Any, Any]) -> Any:
        RAN.add((side, command.key))
        return await command.run(self)

    own: CommandType = type(f"Own{command.__name__}", (command,), {"run": noting})
    return own


class OmnitronIntegration(Hub):
    actions: ClassVar[Actions] = {key: _own("hub", command) for key, command in Hub.actions.items()}


class OwnChannelIntegration(Sandbox):
    # The sandbox's form follows from its settings; another connector asks its channel.
    actions: ClassVar[Actions] = {
        key: _own("channel", command)
        for key, command in {**Sandbox.actions, **commands_of(GetChannelConfSchema)}.items()
    }


OFFERS = next(each for each in SCENARIOS if each.flow == "insert_product_prices")


def with_own_commands(world: World) -> World:
    """The same world, for an integrator who replaced every command of both sides."""
    own = {"OMNITRON_MODULE": __name__, "CHANNEL_MODULE": f"{__name__}:OwnChannelIntegration"}
    world.settings = world.settings.model_copy(update=own)
    return world


def used_by_flows() -> set[tuple[str, str]]:
    """The commands that the flows' modules name, and those of the table of kinds."""
    modules = [importlib.import_module(f"flows.{found.name}") for found in pkgutil.iter_modules(flows.__path__)]
    commands = {value for module in modules for value in vars(module).values() if is_command(value)}
    commands |= {kind.settle for kind in KINDS.values()} | {kind.check for kind in KINDS.values() if kind.check}
    sides = {"tasks.omnitron": "hub", "tasks.channel": "channel"}
    return {
        (side, command.key)
        for command in commands
        for package, side in sides.items()
        if command.__module__.startswith(package) and hasattr(command, "key")
    }


async def run_scenario(scenario: Scenario) -> None:
    """One clean run of a flow, with the integrator's commands from its preparation on."""
    world = with_own_commands(scenario.world())
    await scenario.prepare(world)
    await run(world, scenario.flow)
    await settle(world)


async def test_the_integrators_own_command_runs_wherever_a_flow_uses_one() -> None:
    RAN.clear()
    for scenario in SCENARIOS:
        await run_scenario(scenario)
    world = with_own_commands(small_world())
    for flow in (
        CONF,
        TREE,
        ATTRIBUTES,
        CATEGORIES,
        "compare_listing",
        "compare_prices",
        "compare_stocks",
        "report_health",
    ):
        await run(world, flow)
    shop = with_own_commands(World(products=2, failing=0))
    await run(shop, "insert_products")
    await run(shop, "delete_products", is_content_object=True)
    await run(shop, "update_orders", add_order_items=True)
    place(shop, city="Gotham")
    shop.market.sales.wants_acknowledgement = True
    place(shop)
    await run(shop, "fetch_and_create_order")
    await run(with_own_commands(World(products=1, failing=0)), "insert_products", add_channel_ids=True)
    offers = with_own_commands(OFFERS.world())
    await OFFERS.prepare(offers)
    await run(offers, "insert_product_prices", add_stock=True)
    await run(offers, "insert_product_stocks", add_price=True)
    never = used_by_flows() - RAN
    assert never == set()


@pytest.mark.parametrize("content_type", ["product", "integrationaction"])
@pytest.mark.parametrize("seconds", [GRACE, CheckCommand.give_up_after], ids=["forgotten", "never finished"])
async def test_a_batch_that_is_given_up_is_settled_by_the_integrators_own_command(
    content_type: str, seconds: float
) -> None:
    """Its command ends the batch when the channel will not answer, as it does when the channel answers."""
    world = with_own_commands(World(products=2, failing=0, asynchronous=True))
    await run(world, "insert_products")
    if content_type == "integrationaction":
        await settle(world)
        world.hub.delete_product(next(iter(skus(world))))
        await run(world, "delete_products")
    if seconds == GRACE:
        world.market.forget_batches()
    else:
        world.market.reset(polls_until_ready=10_000)
    world.clock.advance(seconds + 1)
    RAN.clear()
    await run(world, "verify_open_batches")
    settling = {
        "product": "process_product_batch_requests",
        "integrationaction": "process_delete_product_batch_requests",
    }
    assert ("hub", settling[content_type]) in RAN
    assert world.hub.counts()["open_batches"] == {}


def test_every_flow_stands_in_the_registry_that_the_test_above_goes_by() -> None:
    assert {scenario.flow for scenario in SCENARIOS} <= set(FLOWS)


def test_the_integrators_class_is_a_connector() -> None:
    assert issubclass(OwnChannelIntegration, ChannelIntegration)
