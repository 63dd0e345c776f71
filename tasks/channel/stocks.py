"""A connector's commands for stocks. It subclasses those that its channel supports and lists them in its `actions`."""

from dto.enums import ContentType
from dto.listing import ListedStockDto
from dto.omnitron import ProductStock
from tasks.channel.checking import CheckCommand
from tasks.channel.command import Connector
from tasks.channel.fetching import FetchAll
from tasks.channel.sending import SendCommand


class SendInsertedStocks(SendCommand[list[ProductStock], Connector]):
    """Sends stocks that the channel does not have yet; `remote_id` is the name of their product there, `code` names
    their extra list."""

    key = "send_inserted_stocks"
    content_type = ContentType.product_stock


class SendUpdatedStocks(SendCommand[list[ProductStock], Connector]):
    """Sends stocks that changed; `remote_id` is the name of their product on the channel, `code` names their extra
    list."""

    key = "send_updated_stocks"
    content_type = ContentType.product_stock


class CheckStocks(CheckCommand[Connector]):
    """Asks for the results of stocks that were sent."""

    key = "check_stocks"
    content_type = ContentType.product_stock


class GetListedStocks(FetchAll[ListedStockDto, Connector]):
    """Reads the stocks of all products that the channel lists now."""

    key = "get_listed_stocks"
    content_type = ContentType.product_stock
    item = ListedStockDto
