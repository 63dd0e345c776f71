"""The `sandbox` connector: a whole connector over the local marketplace, and the example to copy for another one."""

from tasks.channel.sandbox.integration import ChannelIntegration

__all__ = ["ChannelIntegration"]
