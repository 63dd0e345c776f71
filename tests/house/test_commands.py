"""Every command has a key and a description."""

import itertools
from typing import Any

import pytest

from tasks.channel import images, orders, prices, products, stocks
from tasks.channel.command import ChannelCommand
from tasks.channel.sandbox import ChannelIntegration
from tasks.command import CommandInterface
from tasks.integration import BaseIntegration
from tasks.omnitron.integration import OmnitronIntegration
from tests.house.sources import classes

COMMANDS: list[type[Any]] = [
    kind for kind in classes("tasks") if issubclass(kind, CommandInterface) and getattr(kind, "key", None)
]
INTEGRATIONS = [kind for kind in classes("tasks") if issubclass(kind, BaseIntegration)]


def test_commands_share_a_key_only_where_one_answers_for_the_other():
    """A connector's command has the key of its base class. The two sides may share a key: `get_orders` asks the channel for
    new orders, and Omnitron for changed ones."""
    pairs = itertools.combinations(COMMANDS, 2)
    clashes = [
        f"{one.__qualname__} and {other.__qualname__}: {one.key}"
        for one, other in pairs
        if one.key == other.key
        and issubclass(one, ChannelCommand) == issubclass(other, ChannelCommand)
        and not issubclass(one, other)
        and not issubclass(other, one)
    ]
    assert clashes == []


@pytest.mark.parametrize("integration", INTEGRATIONS, ids=lambda kind: f"{kind.__module__}.{kind.__name__}")
def test_an_integration_finds_each_command_under_its_own_key(integration: type[BaseIntegration]):
    assert [key for key, command in integration.actions.items() if command.key != key] == []


def test_every_command_of_omnitron_can_be_run():
    """A command without an integration cannot be reached by its key."""
    listed = set(OmnitronIntegration.actions.values())
    unlisted = [kind.__name__ for kind in COMMANDS if not issubclass(kind, ChannelCommand) and kind not in listed]
    assert unlisted == []


def test_the_example_connector_answers_everything_that_a_channel_can_be_asked():
    modules = {module.__name__ for module in (products, prices, stocks, images, orders)}
    asked = [kind for kind in COMMANDS if kind.__module__ in modules]
    assert asked
    answered = tuple(ChannelIntegration.actions.values())
    assert [kind.__name__ for kind in asked if not any(issubclass(command, kind) for command in answered)] == []


@pytest.mark.parametrize("command", COMMANDS, ids=lambda kind: f"{kind.__module__}.{kind.__name__}")
def test_a_command_says_what_it_does(command: type[Any]):
    """In its own docstring; otherwise the one of its base class would be shown."""
    assert vars(command).get("__doc__")
