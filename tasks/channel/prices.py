"""What a connector answers about prices. It subclasses what its channel can do and lists it in its `actions`."""

from dto.enums import ContentType
from dto.listing import ListedPriceDto
from dto.omnitron import ProductPrice
from tasks.channel.command import CheckCommand, FetchCommand, SendCommand


class SendInsertedPrices(SendCommand[list[ProductPrice]]):
    """Prices that the channel does not have yet; `remote_id` is the name of their product on the channel, `code` says
    which extra list they are of."""

    key = "send_inserted_prices"
    content_type = ContentType.product_price


class SendUpdatedPrices(SendCommand[list[ProductPrice]]):
    """Prices that changed; `remote_id` is the name of their product on the channel, `code` says which extra list they are
    of."""

    key = "send_updated_prices"
    content_type = ContentType.product_price


class CheckPrices(CheckCommand):
    """Results of prices that were sent."""

    key = "check_prices"
    content_type = ContentType.product_price


class GetListedPrices(FetchCommand[None, ListedPriceDto]):
    """The prices of everything that the channel lists now."""

    key = "get_listed_prices"
    content_type = ContentType.product_price
    item = ListedPriceDto
