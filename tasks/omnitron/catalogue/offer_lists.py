"""The price and stock lists of a catalog: its own, and the extra ones for other currencies, countries and warehouses."""

from collections.abc import Mapping, Sequence

from clients.errors import ConfigError
from clients.omnitron import OmnitronClient
from clients.omnitron.listings import LISTINGS
from clients.omnitron.rows import UnreadableRow
from dto.enums import ContentType
from dto.omnitron import Catalog, ChannelConf


def extra_price_lists(catalog: Catalog, conf: ChannelConf) -> dict[int, str]:
    """The catalog's extra price lists that have a code in the channel's conf, each with its code."""
    return _with_codes(catalog.extra_price_lists, conf.CURRENCY_MAPPINGS)


def extra_stock_lists(catalog: Catalog, conf: ChannelConf) -> dict[int, str]:
    """The catalog's extra stock lists that have a code in the channel's conf, each with its code."""
    return _with_codes(catalog.extra_stock_lists, conf.WAREHOUSE_CODES)


def extra_lists(content_type: ContentType, catalog: Catalog | None, conf: ChannelConf) -> list[int]:
    """The extra lists from which objects of this type are sent."""
    if catalog is None or content_type not in (ContentType.product_price, ContentType.product_stock):
        return []
    lists = extra_price_lists if content_type is ContentType.product_price else extra_stock_lists
    return sorted(lists(catalog, conf))


def _with_codes(lists: Sequence[int], codes: Mapping[str, str]) -> dict[int, str]:
    return {number: codes[str(number)] for number in lists if codes.get(str(number))}


def unreadable_offer(client: OmnitronClient, content_type: ContentType, product: int) -> UnreadableRow | None:
    """The row of a product's price or stock, if it was left out of its list because it cannot be read."""
    return client.left_out.of_product(LISTINGS[content_type].resource, product)


def own_list(catalog: Catalog, name: str) -> int:
    """The catalog's own `price_list` or `stock_list`.

    Raises:
        ConfigError: it has no such list.
    """
    number: int | None = getattr(catalog, name)
    if number is None:
        raise ConfigError(f"Catalog {catalog.pk} has no {name}: set one in Omnitron.")
    return number
