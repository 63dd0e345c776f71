"""A connector's commands for stocks. It subclasses those that its channel supports and lists them in its `actions`."""

from typing import ClassVar

from dto.enums import ContentType
from dto.listing import ListedStockDto
from dto.omnitron import ProductStock
from tasks.channel.command import CheckCommand, Connector, SendCommand
from tasks.channel.fetching import FetchAll


class SendStocks(SendCommand[list[ProductStock], Connector]):
    """Sends stocks.

    Attributes:
        needs_price: whether one call carries both: then each stock comes with its product's price, as `stock.productprice`, which
            is locked in the same batch and has the stock's result. So no older price overwrites a newer one.
    """

    needs_price: ClassVar[bool] = False

    @classmethod
    def needs_counterpart(cls) -> bool:
        return cls.needs_price


class SendInsertedStocks(SendStocks[Connector]):
    """Sends stocks that the channel does not have yet; `remote_id` is the name of their product there, `code` names
    their extra list."""

    key = "send_inserted_stocks"
    content_type = ContentType.product_stock


class SendUpdatedStocks(SendStocks[Connector]):
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
