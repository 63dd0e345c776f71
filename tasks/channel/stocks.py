"""What a connector answers about stocks. It subclasses what its channel can do and lists it in its `actions`."""

from dto.enums import ContentType
from dto.listing import ListedStockDto
from dto.omnitron import ProductStock
from tasks.channel.command import CheckCommand, FetchCommand, SendCommand


class SendInsertedStocks(SendCommand[list[ProductStock]]):
    """Stocks that the channel does not have yet; `remote_id` is the name of their product on the channel, `code` says
    which extra list they are of."""

    key = "send_inserted_stocks"
    content_type = ContentType.product_stock


class SendUpdatedStocks(SendCommand[list[ProductStock]]):
    """Stocks that changed; `remote_id` is the name of their product on the channel, `code` says which extra list they are
    of."""

    key = "send_updated_stocks"
    content_type = ContentType.product_stock


class CheckStocks(CheckCommand):
    """Results of stocks that were sent."""

    key = "check_stocks"
    content_type = ContentType.product_stock


class GetListedStocks(FetchCommand[None, ListedStockDto]):
    """The stocks of everything that the channel lists now."""

    key = "get_listed_stocks"
    content_type = ContentType.product_stock
    item = ListedStockDto
