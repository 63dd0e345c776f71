"""The connection to the local marketplace."""

from types import TracebackType
from typing import Any, ClassVar

from tasks.channel import Channel, ChannelIntegration, ConfigError, Runtime
from tasks.channel.sandbox.client import SandboxMarketplaceClient


class Marketplace(ChannelIntegration):
    """Reads `base_url` and `asynchronous` from the channel's conf."""

    name = "sandbox"
    max_batch_size = 1_000
    client_type: ClassVar[type[SandboxMarketplaceClient]] = SandboxMarketplaceClient

    def __init__(self, channel: Channel, runtime: Runtime | None = None) -> None:
        super().__init__(channel, runtime)
        base_url = self.conf.get("base_url")
        if not base_url:
            raise ConfigError(
                f"The conf of channel {channel.pk} has no `base_url`: fill in the address of the local marketplace "
                "(`channel-app sandbox marketplace` prints it)."
            )
        asynchronous = bool(self.conf.get("asynchronous", False))
        self.is_sync = not asynchronous
        try:
            self.client = self.client_type(str(base_url), self.runtime, asynchronous=asynchronous, **self.wants())
        except ValueError as error:
            raise ConfigError(
                f"The conf of channel {channel.pk} has a `base_url` that cannot be used: {error}."
            ) from error
        self.traffic = self.client.traffic

    def wants(self) -> dict[str, Any]:
        """What a marketplace with habits wants of the transport, such as a log-in or a rate."""
        return {}

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.client.aclose()

    async def sign_of_life(self) -> None:
        await self.client.health()
