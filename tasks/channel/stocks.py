"""What a connector answers about stocks. It subclasses what its channel can do and lists it in its `actions`."""

from dto.enums import ContentType
from dto.omnitron import ProductStock
from tasks.channel.command import CheckCommand, SendCommand


class SendInsertedStocks(SendCommand[list[ProductStock]]):
    """Stocks that the channel does not have yet; `remote_id` is the name of their product on the channel."""

    key = "send_inserted_stocks"
    content_type = ContentType.product_stock


class SendUpdatedStocks(SendCommand[list[ProductStock]]):
    """Stocks that changed; `remote_id` is the name of their product on the channel."""

    key = "send_updated_stocks"
    content_type = ContentType.product_stock


class CheckStocks(CheckCommand):
    """Results of stocks that were sent."""

    key = "check_stocks"
    content_type = ContentType.product_stock
