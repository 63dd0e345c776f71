"""Opens the marketplace's client from the channel's conf, and lists what this channel can do."""

from types import TracebackType
from typing import ClassVar

from clients.errors import ConfigError
from clients.marketplace import MarketplaceClient
from clients.runtime import Runtime
from dto.omnitron import Channel
from tasks.channel import integration
from tasks.channel.sandbox.images import CheckImages, SendInsertedImages, SendUpdatedImages
from tasks.channel.sandbox.orders import (
    CheckOrders,
    GetCancellationRequests,
    GetCancelledOrders,
    GetOrders,
    GetUpdatedOrderItems,
    SendUpdatedOrders,
    UpdateCancellationRequest,
)
from tasks.channel.sandbox.prices import CheckPrices, GetListedPrices, SendInsertedPrices, SendUpdatedPrices
from tasks.channel.sandbox.products import (
    CheckDeletedProducts,
    CheckProducts,
    SendDeletedProducts,
    SendInsertedProducts,
    SendUpdatedProducts,
)
from tasks.channel.sandbox.setup import (
    GetAttributes,
    GetCategoryAttributes,
    GetCategoryTreeAndNodes,
    GetChannelConfSchema,
)
from tasks.channel.sandbox.stocks import CheckStocks, GetListedStocks, SendInsertedStocks, SendUpdatedStocks


class ChannelIntegration(integration.ChannelIntegration):
    """Reads `base_url` and `asynchronous` from the channel's conf."""

    name = "sandbox"
    max_batch_size = 1_000
    actions: ClassVar = {
        command.key: command
        for command in (
            SendInsertedProducts,
            SendUpdatedProducts,
            SendDeletedProducts,
            CheckProducts,
            CheckDeletedProducts,
            SendInsertedPrices,
            SendUpdatedPrices,
            CheckPrices,
            GetListedPrices,
            SendInsertedStocks,
            SendUpdatedStocks,
            CheckStocks,
            GetListedStocks,
            SendInsertedImages,
            SendUpdatedImages,
            CheckImages,
            GetOrders,
            SendUpdatedOrders,
            CheckOrders,
            GetCancelledOrders,
            GetUpdatedOrderItems,
            GetCancellationRequests,
            UpdateCancellationRequest,
            GetCategoryTreeAndNodes,
            GetCategoryAttributes,
            GetAttributes,
            GetChannelConfSchema,
        )
    }

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
            self.client = MarketplaceClient(str(base_url), self.runtime, asynchronous=asynchronous)
        except ValueError as error:
            raise ConfigError(
                f"The conf of channel {channel.pk} has a `base_url` that cannot be used: {error}."
            ) from error
        self.traffic = self.client.traffic

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.client.aclose()

    async def sign_of_life(self) -> None:
        await self.client.health()
