"""What a connector answers about prices. It subclasses what its channel can do and lists it in its `actions`."""

from dto.enums import ContentType
from dto.omnitron import ProductPrice
from tasks.channel.command import CheckCommand, SendCommand


class SendInsertedPrices(SendCommand[list[ProductPrice]]):
    """Prices that the channel does not have yet; `remote_id` is the name of their product on the channel."""

    key = "send_inserted_prices"
    content_type = ContentType.product_price


class SendUpdatedPrices(SendCommand[list[ProductPrice]]):
    """Prices that changed; `remote_id` is the name of their product on the channel."""

    key = "send_updated_prices"
    content_type = ContentType.product_price


class CheckPrices(CheckCommand):
    """Results of prices that were sent."""

    key = "check_prices"
    content_type = ContentType.product_price
