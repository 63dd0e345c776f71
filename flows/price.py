"""Prices: of the catalog's own list, and of the lists for other currencies and countries."""

from typing import Annotated

from prefect import flow

from dto.enums import ContentType
from dto.summary import RunSummary
from flows.naming import run_name
from flows.offers import Direction, OfferSendings
from flows.parameters import AddProductObjects, BatchSize, IsSuccessLog, IsSync, MaxBatches, parameter
from flows.plan import Limits
from flows.sending import send_all, send_lists
from tasks.channel.prices import SendInsertedPrices, SendUpdatedPrices
from tasks.omnitron.catalogue.offer_identity import IdentifyNewOffers, IdentifyUpdatedOffers
from tasks.omnitron.catalogue.offer_lists import extra_price_lists, extra_stock_lists
from tasks.omnitron.catalogue.prices import (
    GetInsertedPrices,
    GetInsertedPricesFromExtraPriceList,
    GetStocksFromProductPrices,
    GetUpdatedPrices,
    GetUpdatedPricesFromExtraPriceList,
)

AddStock = Annotated[bool, parameter(description="Attach each product's stock, for a channel that needs it.")]

NO_LIST = (
    "There is no extra price list to send: none of the catalog's `extra_price_lists` has a code in the channel's "
    "CURRENCY_MAPPINGS."
)

PRICES = OfferSendings(
    ContentType.product_price,
    inserts=Direction(
        "insert product prices",
        GetInsertedPrices,
        IdentifyNewOffers,
        SendInsertedPrices,
        GetInsertedPricesFromExtraPriceList,
    ),
    updates=Direction(
        "update product prices",
        GetUpdatedPrices,
        IdentifyUpdatedOffers,
        SendUpdatedPrices,
        GetUpdatedPricesFromExtraPriceList,
    ),
    counterpart=GetStocksFromProductPrices,
    extra_lists=extra_price_lists,
    counterpart_lists=extra_stock_lists,
)


@flow(name="insert product prices", flow_run_name=run_name, persist_result=False)
async def insert_product_prices(
    is_sync: IsSync = None,
    is_success_log: IsSuccessLog = True,
    add_product_objects: AddProductObjects = False,
    add_stock: AddStock = False,
    batch_size: BatchSize = 1_000,
    max_batches: MaxBatches = None,
) -> RunSummary:
    """Sends new prices of products that are on the channel."""
    sending = PRICES.of_own_list(PRICES.inserts, add_product_objects=add_product_objects, add_counterpart=add_stock)
    limits = Limits(batch_size, max_batches, is_sync, is_success_log)
    return await send_all(sending, title=sending.title, limits=limits)


@flow(name="update product prices", flow_run_name=run_name, persist_result=False)
async def update_product_prices(
    is_sync: IsSync = None,
    is_success_log: IsSuccessLog = True,
    add_product_objects: AddProductObjects = False,
    add_stock: AddStock = False,
    batch_size: BatchSize = 1_000,
    max_batches: MaxBatches = None,
) -> RunSummary:
    """Sends changed prices to the channel."""
    sending = PRICES.of_own_list(PRICES.updates, add_product_objects=add_product_objects, add_counterpart=add_stock)
    limits = Limits(batch_size, max_batches, is_sync, is_success_log)
    return await send_all(sending, title=sending.title, limits=limits)


@flow(name="insert and update prices", flow_run_name=run_name, persist_result=False)
async def insert_and_update_prices(
    is_sync: IsSync = None,
    is_success_log: IsSuccessLog = True,
    add_product_objects: AddProductObjects = False,
    add_stock: AddStock = False,
    batch_size: BatchSize = 1_000,
    max_batches: MaxBatches = None,
) -> RunSummary:
    """Sends new prices to the channel, then changed ones."""
    new = PRICES.of_own_list(PRICES.inserts, add_product_objects=add_product_objects, add_counterpart=add_stock)
    changed = PRICES.of_own_list(PRICES.updates, add_product_objects=add_product_objects, add_counterpart=add_stock)
    limits = Limits(batch_size, max_batches, is_sync, is_success_log)
    return await send_all(new, changed, title="insert and update prices", limits=limits)


@flow(
    name="insert product prices from extra price list",
    flow_run_name=run_name,
    persist_result=False,
)
async def insert_product_prices_from_extra_price_list(
    is_sync: IsSync = None,
    is_success_log: IsSuccessLog = True,
    add_product_objects: AddProductObjects = False,
    add_stock: AddStock = False,
    batch_size: BatchSize = 1_000,
    max_batches: MaxBatches = None,
) -> RunSummary:
    """Sends new prices for each further currency or country.

    One pass for each extra price list of the catalog that has a code in the channel's `CURRENCY_MAPPINGS`.
    """
    passes = PRICES.of_extra_lists(PRICES.inserts, add_product_objects=add_product_objects, add_counterpart=add_stock)
    limits = Limits(batch_size, max_batches, is_sync, is_success_log)
    return await send_lists(passes, title="insert product prices from extra price list", limits=limits, no_list=NO_LIST)


@flow(
    name="update product prices from extra price list",
    flow_run_name=run_name,
    persist_result=False,
)
async def update_product_prices_from_extra_price_list(
    is_sync: IsSync = None,
    is_success_log: IsSuccessLog = True,
    add_product_objects: AddProductObjects = False,
    add_stock: AddStock = False,
    batch_size: BatchSize = 1_000,
    max_batches: MaxBatches = None,
) -> RunSummary:
    """Sends changed prices for each further currency or country.

    One pass for each extra price list of the catalog that has a code in the channel's `CURRENCY_MAPPINGS`.
    """
    passes = PRICES.of_extra_lists(PRICES.updates, add_product_objects=add_product_objects, add_counterpart=add_stock)
    limits = Limits(batch_size, max_batches, is_sync, is_success_log)
    return await send_lists(passes, title="update product prices from extra price list", limits=limits, no_list=NO_LIST)
