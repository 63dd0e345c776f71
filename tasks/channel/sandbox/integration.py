"""Everything that the `sandbox` connector can do."""

from typing import ClassVar

from tasks.channel import Actions, commands_of
from tasks.channel.sandbox import offers, orders, products, setup
from tasks.channel.sandbox.marketplace import Marketplace


class ChannelIntegration(Marketplace):
    """The local marketplace, with its commands."""

    actions: ClassVar[Actions] = commands_of(products, offers, orders, setup)
