"""Integrations: commands by key and class, from sync code too; channel and catalog read once; the batch made late."""

import sys
from types import ModuleType
from typing import Any, ClassVar

import pytest

from clients.errors import ChannelInactive, ConfigError
from dto.enums import ContentType
from dto.orders import ChannelCreateOrderDto
from tasks.batch import Batch
from tasks.channel import orders, products
from tasks.channel.fetching import FetchCommand
from tasks.channel.integration import ChannelIntegration, load_channel
from tasks.channel.sandbox import ChannelIntegration as Sandbox
from tasks.command import CommandInterface
from tasks.integration import BaseIntegration, commands_of, load
from tasks.omnitron.catalogue.products import GetInsertedProducts
from tasks.omnitron.command import OmnitronCommand
from tasks.omnitron.integration import OmnitronIntegration
from tasks.omnitron.journal.batch_requests import GetBatchRequests
from tests.world.loopback import World
from tests.world.shop import BATCHES, asked, batches, opened, use_connector, writes


class Double(CommandInterface[int, int]):
    key = "double"

    def send(self, number: int) -> int:
        return number * 2


class Triple(Double):
    """In place of Double."""

    def send(self, number: int) -> int:
        return number * 3


class Numbers(BaseIntegration):
    actions: ClassVar = {"double": Double}


class OtherNumbers(Numbers):
    actions: ClassVar = {**Numbers.actions, "double": Triple}


async def test_do_action_takes_a_key_or_a_class(world: World) -> None:
    """Both lead to the same command."""
    numbers = Numbers(world.runtime())
    assert await numbers.do_action("double", objects=4) == 8
    assert await numbers.do_action(Double, objects=4) == 8


async def test_a_subclass_that_replaces_an_entry_is_used_when_the_base_class_is_asked_for(world: World) -> None:
    """A flow names the base class; the shop's own command runs."""
    assert await OtherNumbers(world.runtime()).do_action(Double, objects=4) == 12


async def test_an_unknown_key_lists_the_known_ones(world: World) -> None:
    with pytest.raises(ConfigError, match=r"Numbers has no command `trebble`. It has: double\."):
        await Numbers(world.runtime()).do_action("trebble")


async def test_an_unknown_parameter_is_an_error_of_the_call(world: World) -> None:
    with pytest.raises(ConfigError, match="no parameter `number`"):
        await Numbers(world.runtime()).do_action("double", number=4)


@pytest.mark.parametrize(
    ("entries", "words"),
    [
        ({"double": "Double"}, "not a command class"),
        ({"double": Double(Numbers.__new__(Numbers), 1, batch_request=Batch.__new__(Batch))}, "not a command class"),
        ({"double": dict}, "not a command class"),
        ({"dubble": Double}, "its own key is `double`"),
        ({"keyless": CommandInterface}, "its own key is `None`"),
    ],
    ids=["text", "an instance", "another class", "another key", "no key"],
)
def test_wrong_entries_are_refused_when_the_class_is_made(entries: dict[str, Any], words: str) -> None:
    """Not in the middle of a run."""
    with pytest.raises(ConfigError, match=words):
        type("Wrong", (BaseIntegration,), {"actions": entries})


def test_do_action_async_run_works_from_sync_code(world: World) -> None:
    """It opens the hub, runs the command and closes it again."""
    hub = OmnitronIntegration(content_type="product", runtime=world.runtime())
    products = hub.do_action_async_run("get_inserted_products", limit=5)
    assert [product.pk for product in products] == [1001, 1002, 1003, 1004, 1005]
    assert hub.do_action_async_run(GetBatchRequests, statuses=["commit"])[0].content_type == "product"


async def test_do_action_async_run_inside_a_loop_says_what_to_write_instead(world: World) -> None:
    """And sends nothing."""
    hub = OmnitronIntegration(runtime=world.runtime())
    with pytest.raises(ConfigError, match=r"await integration\.do_action"):
        hub.do_action_async_run("get_batch_requests")
    assert world.sent == 0


@pytest.mark.parametrize("name", ["channel", "catalog"])
async def test_a_deleted_object_is_read_again_by_refresh_and_only_then(world: World, name: str) -> None:
    """`del hub.catalog_object`, as documented."""
    async with opened(world) as hub:
        first = getattr(hub, name)
        await hub.refresh()
        assert getattr(hub, name) is first
        (world.channel if name == "channel" else world.catalog)["name"] = "changed"
        delattr(hub, f"{name}_object")
        with pytest.raises(ConfigError, match="refresh"):
            getattr(hub, name)
        before = len(asked(world))
        await hub.refresh()
        assert getattr(hub, name).name == "changed"
        assert len(asked(world)) - before == 1


async def test_the_catalog_is_the_channels_own_where_the_settings_name_none(world: World) -> None:
    world.settings = world.settings.model_copy(update={"OMNITRON_CATALOG_ID": None})
    async with opened(world) as hub:
        assert hub.catalog.pk == hub.channel.catalog == 1


async def test_no_batch_exists_before_the_first_commit(world: World) -> None:
    """Opening, reading and finding nothing make none."""
    async with opened(world, ContentType.product) as hub:
        assert hub.batch_request is not None
        assert writes(world) == []
        await hub.do_action("get_updated_products")
        assert writes(world) == []
        await hub.do_action("get_inserted_products")
        assert writes(world) == [("POST", BATCHES), ("PATCH", f"{BATCHES}1/")]


async def test_create_batch_false_never_creates_one(world: World) -> None:
    """Everything is read, nothing is changed."""
    async with opened(world, ContentType.product, create_batch=False) as hub:
        products = await hub.do_action(GetInsertedProducts)
        products = await hub.do_action("get_mapped_products", objects=products)
        products = await hub.do_action("get_product_stocks", objects=products)
        products = await hub.do_action("get_product_prices", objects=products)
        products = await hub.do_action("get_product_categories", objects=products)
        assert len(products) == 12
        await hub.do_action("get_updated_products")
        await hub.do_action("get_deleted_products")
        assert hub.batch_request is None
    assert writes(world) == []
    assert batches(world) == []


class Scaled(CommandInterface[int, int]):
    key = "scaled"
    factor: int = 2


class Unscaled(CommandInterface[int, int]):
    """Another class under the same key, without the parameter."""

    key = "scaled"


def test_an_override_without_a_parameter_of_the_command_that_it_replaces_is_refused_when_the_class_is_made() -> None:
    """Flows give it: it would fail in the middle of a run."""

    class Scales(BaseIntegration):
        actions: ClassVar = {"scaled": Scaled}

    with pytest.raises(
        ConfigError, match=r"replaces `scaled` by Unscaled, which has no parameter `factor`: derive it from"
    ):
        type("Wrong", (Scales,), {"actions": {"scaled": Unscaled}})


def test_a_connectors_command_without_a_parameter_that_flows_give_is_refused_at_start() -> None:
    class GetOrders(FetchCommand[None, ChannelCreateOrderDto]):
        key = "get_orders"
        item = ChannelCreateOrderDto

    class Timeless(ChannelIntegration):
        name = "timeless"
        actions: ClassVar = {"get_orders": GetOrders}

    with pytest.raises(ConfigError, match="GetOrders, which has no parameter `since`"):
        Timeless.require(orders.GetOrders)


def test_commands_of_modules_may_not_share_a_key() -> None:
    """One of them would silently disappear."""
    module = ModuleType("bazaar")
    for command in (Scaled, Unscaled):
        own = type(command.__name__, (command,), {"__module__": "bazaar"})
        setattr(module, command.__name__, own)
    with pytest.raises(ConfigError, match="Scaled and Unscaled have the same key, `scaled`"):
        commands_of(module)


async def test_an_inactive_channel_is_not_opened(world: World) -> None:
    world.hub.set_channel(is_active=False)
    with pytest.raises(ChannelInactive, match="switched off"):
        async with opened(world):
            pass
    assert writes(world) == []


async def test_several_integrations_live_side_by_side(world: World) -> None:
    """No global batch, no global channel."""
    async with opened(world, ContentType.product) as one, opened(world, ContentType.product) as two:
        await one.do_action("get_inserted_products", limit=3)
        assert one.batch_request and one.batch_request.pk == 1
        assert two.batch_request and two.batch_request.pk is None


def test_every_hub_command_is_reachable_by_its_key() -> None:
    """The table's keys are the commands' own."""
    assert OmnitronIntegration.actions
    for key, command in OmnitronIntegration.actions.items():
        assert command.key == key
        assert issubclass(command, OmnitronCommand)


def test_a_missing_module_is_named_with_what_to_do(world: World) -> None:
    use_connector(world, "no.such.module")
    with pytest.raises(ConfigError, match=r"CHANNEL_MODULE is `no.such.module`.*cannot be imported"):
        load_channel(world.runtime())


@pytest.mark.parametrize("name", ["tasks.batch", "tasks.batch:Batch", "tasks.channel.sandbox:Nothing"])
def test_a_module_without_the_class_is_refused(world: World, name: str) -> None:
    use_connector(world, name)
    with pytest.raises(ConfigError, match="that derives from"):
        load_channel(world.runtime())


def module_with(monkeypatch: pytest.MonkeyPatch, *names: str) -> str:
    """A module that imports the base class, as authors do, and derives classes from it."""
    module = ModuleType("some_connector")
    vars(module)["ChannelIntegration"] = ChannelIntegration
    for name in names:
        vars(module)[name] = type(name, (ChannelIntegration,), {"__module__": module.__name__})
    monkeypatch.setitem(sys.modules, module.__name__, module)
    return module.__name__


def test_the_only_connector_of_a_module_need_not_be_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """The base class that its author imported is none."""
    assert load("CHANNEL_MODULE", module_with(monkeypatch, "Bazaar"), ChannelIntegration).__name__ == "Bazaar"


def test_a_connector_that_derives_from_another_is_meant_and_not_the_other(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its module imports the other under the name of the base."""
    name = module_with(monkeypatch)
    vars(sys.modules[name])["ChannelIntegration"] = Sandbox
    vars(sys.modules[name])["Bazaar"] = type("Bazaar", (Sandbox,), {"__module__": name})
    assert load("CHANNEL_MODULE", name, ChannelIntegration).__name__ == "Bazaar"


@pytest.mark.parametrize(("names", "complaint"), [(("One", "Other"), "`some_connector:One`"), ((), "holds no Channel")])
def test_of_several_connectors_one_has_to_be_named(
    monkeypatch: pytest.MonkeyPatch, names: tuple[str, ...], complaint: str
) -> None:
    with pytest.raises(ConfigError, match=complaint):
        load("CHANNEL_MODULE", module_with(monkeypatch, *names), ChannelIntegration)


class Goods(products.SendInsertedProducts):
    """Makes no difference between new products and changed ones."""

    also = (products.SendUpdatedProducts,)


class OtherGoods(Goods, products.SendDeletedProducts):
    key = products.SendDeletedProducts.key


def test_a_command_that_does_the_same_as_another_has_both_keys() -> None:
    """It is one of either kind, with the other's content type; one that derives from it under a key of its own is not."""
    table = commands_of(Goods, OtherGoods)
    assert set(table) == {"send_inserted_products", "send_updated_products", "send_deleted_products"}
    assert issubclass(table["send_updated_products"], Goods)
    assert issubclass(table["send_updated_products"], products.SendUpdatedProducts)


def test_a_class_can_be_named_after_a_colon() -> None:
    name = "tasks.channel.sandbox.integration:ChannelIntegration"
    assert load("CHANNEL_MODULE", name, ChannelIntegration).name == "sandbox"


async def test_require_says_what_the_connector_lacks_and_has(world: World) -> None:
    """A capability that is absent is said, not mocked."""
    async with opened(world) as hub:
        channel = ChannelIntegration(hub.channel, hub.runtime)
        with pytest.raises(ConfigError, match=r"`channel` has no double\. It has: no commands"):
            channel.require(Double)
