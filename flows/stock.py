"""Stocks: of the catalog's own list, and of the lists for other warehouses and countries."""

from typing import Annotated

from prefect import flow

from dto.enums import ContentType
from dto.summary import RunSummary
from flows.naming import run_name
from flows.offers import Direction, OfferSendings
from flows.parameters import AddProductObjects, BatchSize, IsSuccessLog, IsSync, MaxBatches, parameter
from flows.plan import Limits
from flows.sending import send_all, send_lists
from tasks.channel.stocks import SendInsertedStocks, SendUpdatedStocks
from tasks.omnitron.catalogue.offer_identity import IdentifyNewOffers, IdentifyUpdatedOffers
from tasks.omnitron.catalogue.offer_lists import extra_price_lists, extra_stock_lists
from tasks.omnitron.catalogue.stocks import (
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

STOCKS = OfferSendings(
    ContentType.product_stock,
    inserts=Direction(
        "insert product stocks",
        GetInsertedStocks,
        IdentifyNewOffers,
        SendInsertedStocks,
        GetInsertedStocksFromExtraStockList,
    ),
    updates=Direction(
        "update product stocks",
        GetUpdatedStocks,
        IdentifyUpdatedOffers,
        SendUpdatedStocks,
        GetUpdatedStocksFromExtraStockList,
    ),
    counterpart=GetPricesFromProductStocks,
    extra_lists=extra_stock_lists,
    counterpart_lists=extra_price_lists,
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
    """Sends new stocks of products that are on the channel."""
    sending = STOCKS.of_own_list(STOCKS.inserts, add_product_objects=add_product_objects, add_counterpart=add_price)
    limits = Limits(batch_size, max_batches, is_sync, is_success_log)
    return await send_all(sending, title=sending.title, limits=limits)


@flow(name="update product stocks", flow_run_name=run_name, persist_result=False)
async def update_product_stocks(
    is_sync: IsSync = None,
    is_success_log: IsSuccessLog = True,
    add_product_objects: AddProductObjects = False,
    add_price: AddPrice = False,
    batch_size: BatchSize = 1_000,
    max_batches: MaxBatches = None,
) -> RunSummary:
    """Sends changed stocks to the channel."""
    sending = STOCKS.of_own_list(STOCKS.updates, add_product_objects=add_product_objects, add_counterpart=add_price)
    limits = Limits(batch_size, max_batches, is_sync, is_success_log)
    return await send_all(sending, title=sending.title, limits=limits)


@flow(name="insert and update stocks", flow_run_name=run_name, persist_result=False)
async def insert_and_update_stocks(
    is_sync: IsSync = None,
    is_success_log: IsSuccessLog = True,
    add_product_objects: AddProductObjects = False,
    add_price: AddPrice = False,
    batch_size: BatchSize = 1_000,
    max_batches: MaxBatches = None,
) -> RunSummary:
    """Sends new stocks to the channel, then changed ones."""
    new = STOCKS.of_own_list(STOCKS.inserts, add_product_objects=add_product_objects, add_counterpart=add_price)
    changed = STOCKS.of_own_list(STOCKS.updates, add_product_objects=add_product_objects, add_counterpart=add_price)
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
    """Sends new stocks for each further warehouse or country.

    One pass for each extra stock list of the catalog that has a code in the channel's `WAREHOUSE_CODES`.
    """
    passes = STOCKS.of_extra_lists(STOCKS.inserts, add_product_objects=add_product_objects, add_counterpart=add_price)
    limits = Limits(batch_size, max_batches, is_sync, is_success_log)
    return await send_lists(passes, title="insert product stocks from extra stock list", limits=limits, no_list=NO_LIST)


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
    """Sends changed stocks for each further warehouse or country.

    One pass for each extra stock list of the catalog that has a code in the channel's `WAREHOUSE_CODES`.
    """
    passes = STOCKS.of_extra_lists(STOCKS.updates, add_product_objects=add_product_objects, add_counterpart=add_price)
    limits = Limits(batch_size, max_batches, is_sync, is_success_log)
    return await send_lists(passes, title="update product stocks from extra stock list", limits=limits, no_list=NO_LIST)
