"""A connector's commands for prices. It subclasses those that its channel supports and lists them in its `actions`."""

from dto.enums import ContentType
from dto.listing import ListedPriceDto
from dto.omnitron import ProductPrice
from tasks.channel.checking import CheckCommand
from tasks.channel.command import Connector
from tasks.channel.fetching import FetchAll
from tasks.channel.sending import SendCommand


class SendInsertedPrices(SendCommand[list[ProductPrice], Connector]):
    """Sends prices that the channel does not have yet; `remote_id` is the name of their product there, `code` names
    their extra list."""

    key = "send_inserted_prices"
    content_type = ContentType.product_price


class SendUpdatedPrices(SendCommand[list[ProductPrice], Connector]):
    """Sends prices that changed; `remote_id` is the name of their product on the channel, `code` names their extra
    list."""

    key = "send_updated_prices"
    content_type = ContentType.product_price


class CheckPrices(CheckCommand[Connector]):
    """Asks for the results of prices that were sent."""

    key = "check_prices"
    content_type = ContentType.product_price


class GetListedPrices(FetchAll[ListedPriceDto, Connector]):
    """Reads the prices of all products that the channel lists now."""

    key = "get_listed_prices"
    content_type = ContentType.product_price
    item = ListedPriceDto
