"""Stocks: of the catalog's own list, and of the lists for other warehouses and countries."""

from typing import Annotated

from prefect import flow

from dto.summary import RunSummary
from flows.naming import run_name
from flows.offers import Offering
from flows.parameters import AddProductObjects, BatchSize, IsSuccessLog, IsSync, MaxBatches, parameter
from flows.sending import Limits, send_all, send_lists
from tasks.channel.stocks import CheckStocks, SendInsertedStocks, SendUpdatedStocks
from tasks.omnitron.batch_requests import ProcessStockBatchRequests
from tasks.omnitron.offers import extra_price_lists, extra_stock_lists
from tasks.omnitron.stocks import (
    GetInsertedStocks,
    GetInsertedStocksFromExtraStockList,
    GetPricesFromProductStocks,
    GetUpdatedStocks,
    GetUpdatedStocksFromExtraStockList,
)

AddPrice = Annotated[bool, parameter(description="Attach each product's price, for a channel that needs it.")]

NO_LIST = (
    "There is no extra stock list to send: none of the catalog's `extra_stock_lists` has a code in the channel's "
    "WAREHOUSE_CODES."
)

INSERTS = Offering(
    "insert product stocks",
    GetInsertedStocks,
    SendInsertedStocks,
    CheckStocks,
    ProcessStockBatchRequests,
    GetPricesFromProductStocks,
)
UPDATES = Offering(
    "update product stocks",
    GetUpdatedStocks,
    SendUpdatedStocks,
    CheckStocks,
    ProcessStockBatchRequests,
    GetPricesFromProductStocks,
)
EXTRA_INSERTS = Offering(
    "insert product stocks from extra stock list",
    GetInsertedStocksFromExtraStockList,
    SendInsertedStocks,
    CheckStocks,
    ProcessStockBatchRequests,
    GetPricesFromProductStocks,
)
EXTRA_UPDATES = Offering(
    "update product stocks from extra stock list",
    GetUpdatedStocksFromExtraStockList,
    SendUpdatedStocks,
    CheckStocks,
    ProcessStockBatchRequests,
    GetPricesFromProductStocks,
)


@flow(name="insert product stocks", flow_run_name=run_name, persist_result=False)
async def insert_product_stocks(
    is_sync: IsSync = None,
    is_success_log: IsSuccessLog = True,
    add_product_objects: AddProductObjects = False,
    add_price: AddPrice = False,
    batch_size: BatchSize = 1_000,
    max_batches: MaxBatches = None,
) -> RunSummary:
    """Puts stocks on the channel that it never had, of products that are there."""
    sending = INSERTS.sending(add_product_objects=add_product_objects, attached=add_price)
    limits = Limits(batch_size, max_batches, is_sync, is_success_log)
    return await send_all(sending, title=INSERTS.title, limits=limits)


@flow(name="update product stocks", flow_run_name=run_name, persist_result=False)
async def update_product_stocks(
    is_sync: IsSync = None,
    is_success_log: IsSuccessLog = True,
    add_product_objects: AddProductObjects = False,
    add_price: AddPrice = False,
    batch_size: BatchSize = 1_000,
    max_batches: MaxBatches = None,
) -> RunSummary:
    """Brings stocks that changed in Omnitron up to date on the channel."""
    sending = UPDATES.sending(add_product_objects=add_product_objects, attached=add_price)
    limits = Limits(batch_size, max_batches, is_sync, is_success_log)
    return await send_all(sending, title=UPDATES.title, limits=limits)


@flow(name="insert and update stocks", flow_run_name=run_name, persist_result=False)
async def insert_and_update_stocks(
    is_sync: IsSync = None,
    is_success_log: IsSuccessLog = True,
    add_product_objects: AddProductObjects = False,
    add_price: AddPrice = False,
    batch_size: BatchSize = 1_000,
    max_batches: MaxBatches = None,
) -> RunSummary:
    """Puts new stocks on the channel, then brings changed ones up to date."""
    new = INSERTS.sending(add_product_objects=add_product_objects, attached=add_price)
    changed = UPDATES.sending(add_product_objects=add_product_objects, attached=add_price)
    limits = Limits(batch_size, max_batches, is_sync, is_success_log)
    return await send_all(new, changed, title="insert and update stocks", limits=limits)


@flow(
    name="insert product stocks from extra stock list",
    flow_run_name=run_name,
    persist_result=False,
)
async def insert_product_stocks_from_extra_stock_list(
    is_sync: IsSync = None,
    is_success_log: IsSuccessLog = True,
    add_product_objects: AddProductObjects = False,
    add_price: AddPrice = False,
    batch_size: BatchSize = 1_000,
    max_batches: MaxBatches = None,
) -> RunSummary:
    """Puts stocks on the channel that it never had, for each further warehouse or country.

    One pass for each extra stock list of the catalog that has a code in the channel's `WAREHOUSE_CODES`.
    """
    passes = EXTRA_INSERTS.passes(
        extra_stock_lists, extra_price_lists, add_product_objects=add_product_objects, attached=add_price
    )
    limits = Limits(batch_size, max_batches, is_sync, is_success_log)
    return await send_lists(passes, title=EXTRA_INSERTS.title, limits=limits, none=NO_LIST)


@flow(
    name="update product stocks from extra stock list",
    flow_run_name=run_name,
    persist_result=False,
)
async def update_product_stocks_from_extra_stock_list(
    is_sync: IsSync = None,
    is_success_log: IsSuccessLog = True,
    add_product_objects: AddProductObjects = False,
    add_price: AddPrice = False,
    batch_size: BatchSize = 1_000,
    max_batches: MaxBatches = None,
) -> RunSummary:
    """Brings changed stocks up to date on the channel, for each further warehouse or country.

    One pass for each extra stock list of the catalog that has a code in the channel's `WAREHOUSE_CODES`.
    """
    passes = EXTRA_UPDATES.passes(
        extra_stock_lists, extra_price_lists, add_product_objects=add_product_objects, attached=add_price
    )
    limits = Limits(batch_size, max_batches, is_sync, is_success_log)
    return await send_lists(passes, title=EXTRA_UPDATES.title, limits=limits, none=NO_LIST)
