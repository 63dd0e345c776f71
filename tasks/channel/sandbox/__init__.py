"""The `sandbox` connector: a complete connector for the local marketplace, and an example to copy."""

from tasks.channel.sandbox.integration import ChannelIntegration

__all__ = ["ChannelIntegration"]
