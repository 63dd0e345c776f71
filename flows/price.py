"""Prices: of the catalog's own list, and of the lists for other currencies and countries."""

from typing import Annotated

from prefect import flow

from dto.summary import RunSummary
from flows.naming import run_name
from flows.offers import Offering
from flows.parameters import AddProductObjects, BatchSize, IsSuccessLog, IsSync, MaxBatches, parameter
from flows.sending import Limits, send_all, send_lists
from tasks.channel.prices import CheckPrices, SendInsertedPrices, SendUpdatedPrices
from tasks.omnitron.batch_requests import ProcessPriceBatchRequests
from tasks.omnitron.offers import extra_price_lists, extra_stock_lists
from tasks.omnitron.prices import (
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

INSERTS = Offering(
    "insert product prices",
    GetInsertedPrices,
    SendInsertedPrices,
    CheckPrices,
    ProcessPriceBatchRequests,
    GetStocksFromProductPrices,
)
UPDATES = Offering(
    "update product prices",
    GetUpdatedPrices,
    SendUpdatedPrices,
    CheckPrices,
    ProcessPriceBatchRequests,
    GetStocksFromProductPrices,
)
EXTRA_INSERTS = Offering(
    "insert product prices from extra price list",
    GetInsertedPricesFromExtraPriceList,
    SendInsertedPrices,
    CheckPrices,
    ProcessPriceBatchRequests,
    GetStocksFromProductPrices,
)
EXTRA_UPDATES = Offering(
    "update product prices from extra price list",
    GetUpdatedPricesFromExtraPriceList,
    SendUpdatedPrices,
    CheckPrices,
    ProcessPriceBatchRequests,
    GetStocksFromProductPrices,
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
    """Puts prices on the channel that it never had, of products that are there."""
    sending = INSERTS.sending(add_product_objects=add_product_objects, attached=add_stock)
    limits = Limits(batch_size, max_batches, is_sync, is_success_log)
    return await send_all(sending, title=INSERTS.title, limits=limits)


@flow(name="update product prices", flow_run_name=run_name, persist_result=False)
async def update_product_prices(
    is_sync: IsSync = None,
    is_success_log: IsSuccessLog = True,
    add_product_objects: AddProductObjects = False,
    add_stock: AddStock = False,
    batch_size: BatchSize = 1_000,
    max_batches: MaxBatches = None,
) -> RunSummary:
    """Brings prices that changed in Omnitron up to date on the channel."""
    sending = UPDATES.sending(add_product_objects=add_product_objects, attached=add_stock)
    limits = Limits(batch_size, max_batches, is_sync, is_success_log)
    return await send_all(sending, title=UPDATES.title, limits=limits)


@flow(name="insert and update prices", flow_run_name=run_name, persist_result=False)
async def insert_and_update_prices(
    is_sync: IsSync = None,
    is_success_log: IsSuccessLog = True,
    add_product_objects: AddProductObjects = False,
    add_stock: AddStock = False,
    batch_size: BatchSize = 1_000,
    max_batches: MaxBatches = None,
) -> RunSummary:
    """Puts new prices on the channel, then brings changed ones up to date."""
    new = INSERTS.sending(add_product_objects=add_product_objects, attached=add_stock)
    changed = UPDATES.sending(add_product_objects=add_product_objects, attached=add_stock)
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
    """Puts prices on the channel that it never had, for each further currency or country.

    One pass for each extra price list of the catalog that has a code in the channel's `CURRENCY_MAPPINGS`.
    """
    passes = EXTRA_INSERTS.passes(
        extra_price_lists, extra_stock_lists, add_product_objects=add_product_objects, attached=add_stock
    )
    limits = Limits(batch_size, max_batches, is_sync, is_success_log)
    return await send_lists(passes, title=EXTRA_INSERTS.title, limits=limits, none=NO_LIST)


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
    """Brings changed prices up to date on the channel, for each further currency or country.

    One pass for each extra price list of the catalog that has a code in the channel's `CURRENCY_MAPPINGS`.
    """
    passes = EXTRA_UPDATES.passes(
        extra_price_lists, extra_stock_lists, add_product_objects=add_product_objects, attached=add_stock
    )
    limits = Limits(batch_size, max_batches, is_sync, is_success_log)
    return await send_lists(passes, title=EXTRA_UPDATES.title, limits=limits, none=NO_LIST)
