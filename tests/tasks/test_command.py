"""The command interface: steps, parameters, failures."""

import asyncio
import threading
from dataclasses import field
from decimal import Decimal
from typing import Any

import pytest

from clients.errors import ConfigError, MissingError
from dto.enums import ContentType, FailedReasonType
from dto.omnitron import Product, ProductPrice
from tasks.batch import Batch, Member
from tasks.command import CommandInterface
from tasks.integration import BaseIntegration
from tasks.omnitron.catalogue.products import GetInsertedProducts
from tasks.omnitron.command import OmnitronCommand
from tasks.omnitron.integration import OmnitronIntegration
from tests.world.loopback import World

STEPS = ["get_data", "validated_data", "transform_data", "send", "normalize_response"]


class Plain(CommandInterface[Any, Any]):
    """Notes its steps, as plain functions."""

    key = "plain"
    objects: Any = field(default=None, kw_only=False)
    limit: int = 5
    steps: list[Any] = field(init=False, default_factory=list)
    thread: int = field(init=False, default=0)

    def get_data(self) -> Any:
        self.steps.append("get_data")
        return [self.objects, "got"]

    def validated_data(self, data: Any) -> Any:
        self.steps.append("validated_data")
        return [*data, "valid"]

    def transform_data(self, data: Any) -> Any:
        self.steps.append("transform_data")
        return [*data, "transformed"]

    def send(self, validated_data: Any) -> Any:
        self.steps.append("send")
        self.thread = threading.get_ident()
        return [*validated_data, "sent"]

    def normalize_response(self, data: Any, validated_data: Any, transformed_data: Any, response: Any) -> Any:
        self.steps.append("normalize_response")
        return data, validated_data, transformed_data, response


class Waiting(Plain):
    """The same steps as coroutines."""

    key = "waiting"

    async def get_data(self) -> Any:
        await asyncio.sleep(0)
        return super().get_data()

    async def validated_data(self, data: Any) -> Any:
        await asyncio.sleep(0)
        return super().validated_data(data)

    async def transform_data(self, data: Any) -> Any:
        await asyncio.sleep(0)
        return super().transform_data(data)

    async def send(self, validated_data: Any) -> Any:
        await asyncio.sleep(0)
        return super().send(validated_data)

    async def normalize_response(self, data: Any, validated_data: Any, transformed_data: Any, response: Any) -> Any:
        await asyncio.sleep(0)
        return super().normalize_response(data, validated_data, transformed_data, response)


@pytest.mark.parametrize("kind", [Plain, Waiting])
async def test_the_steps_run_in_order_each_with_the_result_of_the_one_before(world: World, kind: type[Plain]) -> None:
    """Plain or awaited, the order and the values are the same."""
    command = kind(BaseIntegration(world.runtime()), objects="in")
    assert await command.run() == (
        ["in", "got"],
        ["in", "got", "valid"],
        ["in", "got", "valid", "transformed"],
        ["in", "got", "valid", "transformed", "sent"],
    )
    assert command.steps == STEPS


async def test_a_plain_send_runs_in_a_thread_and_an_awaited_one_in_the_loop(world: World) -> None:
    """An SDK that blocks must not stop the loop."""
    integration = BaseIntegration(world.runtime())
    plain, waiting = Plain(integration), Waiting(integration)
    await plain.run()
    await waiting.run()
    assert plain.thread != threading.get_ident()
    assert waiting.thread == threading.get_ident()


async def test_a_blocking_send_leaves_the_loop_running(world: World) -> None:
    """The loop sets what the blocked send waits for."""

    class Blocking(CommandInterface[Any, Any]):
        key = "blocking"

        def send(self, validated_data: Any) -> Any:
            return validated_data.wait(5)

    event = threading.Event()
    running = asyncio.create_task(Blocking(BaseIntegration(world.runtime()), objects=event).run())
    await asyncio.sleep(0)
    event.set()
    assert await running is True


async def test_a_command_that_overrides_nothing_answers_its_objects(world: World) -> None:
    """Each step has a default."""

    class Nothing(CommandInterface[Any, Any]):
        key = "nothing"

    assert await Nothing(BaseIntegration(world.runtime()), objects=[1, 2]).run() == [1, 2]


def test_declared_parameters_are_set_and_have_defaults(world: World) -> None:
    """An annotated attribute is a parameter."""
    integration = BaseIntegration(world.runtime())
    assert Plain(integration).limit == 5
    assert Plain(integration, limit=9).limit == 9


def test_an_unknown_parameter_is_refused_naming_the_known_ones(world: World) -> None:
    """A typing mistake is found before anything runs."""
    with pytest.raises(ConfigError) as caught:
        Plain(BaseIntegration(world.runtime()), limt=9)  # type: ignore[call-arg]  # what is tested
    assert "`plain` has no parameter `limt`" in caught.value.message
    assert "limit" in caught.value.message


def test_an_unknown_parameter_of_a_hub_command_names_each_known_one_once(world: World) -> None:
    """`batch_request` is said once, not twice."""
    with pytest.raises(ConfigError) as caught:
        GetInsertedProducts(OmnitronIntegration(runtime=world.runtime()), limt=9)  # type: ignore[call-arg]  # what is tested
    known = caught.value.message.partition("It takes: ")[2].rstrip(".").split(", ")
    assert sorted(known) == ["batch_request", "language", "limit", "objects", "skip", "waiting"]


def test_a_missing_parameter_is_named(world: World) -> None:
    """Before anything runs, and whether the input was given by position or by name."""

    class Dyed(Plain):
        key = "dyed"
        colour: str

    integration = BaseIntegration(world.runtime())
    with pytest.raises(ConfigError, match="`dyed` requires `colour`"):
        Dyed(integration, "cloth")  # type: ignore[call-arg]  # what is tested
    assert Dyed(integration, "cloth", colour="red").colour == "red"


def test_a_missing_input_is_named(world: World) -> None:
    """A command that works on objects cannot do without."""

    class Counting(CommandInterface[list[int], int]):
        key = "counting"

    with pytest.raises(ConfigError, match="`counting` requires `objects`"):
        Counting(BaseIntegration(world.runtime()))  # type: ignore[call-arg]  # what is tested


def test_a_subclass_may_narrow_the_type_of_its_integration(world: World) -> None:
    """The integration stays the first argument."""

    class Narrow(BaseIntegration):
        colour = "red"

    class Painting(Plain):
        key = "painting"
        integration: Narrow

    make: Any = Painting
    assert make(Narrow(world.runtime()), "wall").integration.colour == "red"


@pytest.mark.parametrize("name", ["key", "retries", "content_type"])
def test_class_variables_are_no_parameters(world: World, name: str) -> None:
    """What a command is cannot be changed by its caller."""
    with pytest.raises(ConfigError, match=f"no parameter `{name}`"):
        Plain(BaseIntegration(world.runtime()), **{name: 1})  # type: ignore[arg-type]  # what is tested


def member(pk: int) -> Member:
    reference = (ContentType.product, pk)
    return Member(*reference, Product(pk=pk, sku=str(pk), modified_date="2026-01-01").modified_date, owner=reference)  # type: ignore[arg-type]


async def test_failed_object_list_takes_the_documented_triples(world: World) -> None:
    """`(object, content type, message)` fails the object in the batch; the others stay."""

    class Mission(OmnitronCommand[Any, Any]):
        key = "mission"

        def send(self, products: list[Product]) -> list[Product]:
            self.failed_object_list.append((products[0], ContentType.product.value, "Product has not been sent"))
            return products[1:]

    async with OmnitronIntegration(content_type=ContentType.product, runtime=world.runtime()) as hub:
        batch = hub.new_batch()
        products = [Product(pk=pk, sku=str(pk)) for pk in (1, 2)]
        for product in products:
            batch.add(member(product.pk))
        assert [p.pk for p in await Mission(hub, objects=products).run()] == [2]
        failed, kept = batch.members.values()
        assert failed.failure and failed.failure.message == "Product has not been sent"
        assert failed.failure.reason is FailedReasonType.channel_app
        assert failed.failure.command == "mission"
        assert kept.failure is None


async def test_a_failed_price_fails_its_product_and_stock(world: World) -> None:
    """What travels together fails together; a price is named by its own type."""
    async with OmnitronIntegration(content_type=ContentType.product, runtime=world.runtime()) as hub:
        batch = hub.new_batch()
        owner = batch.add(member(1))
        for kind, pk in ((ContentType.product_price, 50), (ContentType.product_stock, 60)):
            batch.add(Member(kind, pk, owner.version_date, owner=owner.object_key, committed=True))

        class Mission(OmnitronCommand[Any, Any]):
            key = "mission"

            def send(self, price: ProductPrice) -> None:
                self.failed_object_list.append((price, ContentType.product_price.value, "too dear"))

        await Mission(hub, objects=ProductPrice(pk=50, product=1, price=Decimal(1))).run()
        assert {m.content_type: m.failure and m.failure.message for m in batch.members.values()} == {
            ContentType.product: "too dear",
            ContentType.product_price: "too dear",
            ContentType.product_stock: "too dear",
        }
        assert [m.content_type for m in batch.failures_to_report()] == [ContentType.product]
        assert batch.failures_to_report() == []


async def test_fail_names_reason_message_and_code(world: World) -> None:
    """`self.fail` is the same with a reason and a code."""

    class Failing(CommandInterface[Any, Any]):
        key = "failing"
        content_type = ContentType.product

        def send(self, item: Any) -> None:
            self.fail(item, FailedReasonType.mapping, "no", "NoMapping")

    command = Failing(BaseIntegration(world.runtime()), objects="thing")
    await command.run()
    assert [tuple(failure) for failure in command.failures] == [
        ("thing", "product", "no", FailedReasonType.mapping, "NoMapping", "failing")
    ]


async def test_for_each_fails_the_object_of_an_item_error_alone(world: World) -> None:
    """Its class says the reason and the code; the others' results come back."""
    command: CommandInterface[Any, Any] = Plain(BaseIntegration(world.runtime()))

    async def work(number: int) -> int:
        if number == 2:
            raise MissingError("two is missing")
        return number * 10

    assert await command.for_each([1, 2, 3], work, "counting") == [10, 30]
    assert [(f.object, f.code, f.reason) for f in command.failures] == [(2, "Missing", FailedReasonType.channel_app)]


async def test_for_each_raises_another_error_as_it_is(world: World) -> None:
    """Not as a group of exceptions."""
    command: CommandInterface[Any, Any] = Plain(BaseIntegration(world.runtime()))

    async def work(number: int) -> int:
        raise ConfigError(f"wrong {number}")

    with pytest.raises(ConfigError, match="wrong 1"):
        await command.for_each([1], work, "counting")


def test_a_command_works_on_the_batch_that_it_is_given_or_on_the_integrations_own(world: World) -> None:
    """`batch_request` overrides."""
    hub = OmnitronIntegration(runtime=world.runtime())
    own, other = Batch(None, ContentType.product), Batch(None, ContentType.product)  # type: ignore[arg-type]
    hub.batch_request = own
    assert Plain(hub).batch_request is own
    assert Plain(hub, batch_request=other).batch_request is other
