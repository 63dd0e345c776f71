"""Products: new ones, changed ones, and those that leave the channel."""

from typing import Annotated

from prefect import flow

from dto.enums import ContentType
from dto.summary import RunSummary
from flows.naming import run_name
from flows.parameters import BatchSize, IsSuccessLog, IsSync, MaxBatches, parameter
from flows.sending import Limits, Sending, Stage, Step, send_all
from tasks.channel.products import (
    CheckDeletedProducts,
    CheckProducts,
    SendDeletedProducts,
    SendInsertedProducts,
    SendUpdatedProducts,
)
from tasks.omnitron.batch_requests import ProcessDeleteProductBatchRequests, ProcessProductBatchRequests
from tasks.omnitron.categories import GetProductCategories
from tasks.omnitron.mapping import GetMappedProducts
from tasks.omnitron.product_offers import GetProductPrices, GetProductStocks
from tasks.omnitron.products import (
    GetContentObjectsFromIntegrations,
    GetDeletedProducts,
    GetInsertedProducts,
    GetUpdatedProducts,
)

AddMapped = Annotated[bool, parameter(description="Attach each product's mapping, and check it.")]
AddStock = Annotated[bool, parameter(description="Attach each product's stock; it is integrated with the product.")]
AddPrice = Annotated[bool, parameter(description="Attach each product's price; it is integrated with the product.")]
AddCategories = Annotated[bool, parameter(description="Attach each product's categories in the channel's tree.")]
OutOfStock = Annotated[bool, parameter(description="Leave out products without a piece in stock.")]
Language = Annotated[str | None, parameter(description="Language of names and mappings, as in Accept-Language.")]


def _enrichment(
    *,
    add_mapped: bool,
    add_stock: bool,
    add_price: bool,
    add_categories: bool,
    in_stock_only: bool,
    language: str | None,
) -> list[Stage]:
    """What the channel needs to know of each product. Categories come last: they cost a request a product, which those
    that cannot be mapped, priced or stocked do not need."""
    stages: list[list[tuple[bool, Step]]] = [
        [
            (add_stock, (GetProductStocks, {"filter_out_of_stock_products": in_stock_only})),
            (add_price, (GetProductPrices, {})),
            (add_mapped, (GetMappedProducts, {"language": language})),
        ],
        [(add_categories, (GetProductCategories, {}))],
    ]
    wanted = ([step for is_wanted, step in stage if is_wanted] for stage in stages)
    return [stage for stage in wanted if stage]


def _inserts(enrich: list[Stage], language: str | None) -> Sending:
    return _sending("insert products", GetInsertedProducts, SendInsertedProducts, enrich, language)


def _updates(enrich: list[Stage], language: str | None) -> Sending:
    return _sending("update products", GetUpdatedProducts, SendUpdatedProducts, enrich, language)


def _sending(
    title: str,
    read: type[GetInsertedProducts],
    send: type[SendInsertedProducts | SendUpdatedProducts],
    enrich: list[Stage],
    language: str | None,
) -> Sending:
    return Sending(
        title=title,
        content_type=ContentType.product,
        read=read,
        read_options={"language": language},
        enrich=enrich,
        send=send,
        check=CheckProducts,
        settle=ProcessProductBatchRequests,
    )


@flow(name="insert products", flow_run_name=run_name, persist_result=False)
async def insert_products(
    add_mapped: AddMapped = True,
    add_stock: AddStock = True,
    add_price: AddPrice = True,
    add_categories: AddCategories = True,
    is_sync: IsSync = None,
    is_success_log: IsSuccessLog = True,
    filter_out_of_stock_products: OutOfStock = False,
    batch_size: BatchSize = 1_000,
    max_batches: MaxBatches = None,
    language: Language = None,
) -> RunSummary:
    """Puts products on the channel that it never had, with their mapping, stock, price and categories."""
    enrich = _enrichment(
        add_mapped=add_mapped,
        add_stock=add_stock,
        add_price=add_price,
        add_categories=add_categories,
        in_stock_only=filter_out_of_stock_products,
        language=language,
    )
    limits = Limits(batch_size, max_batches, is_sync, is_success_log)
    return await send_all(_inserts(enrich, language), title="insert products", limits=limits)


@flow(name="update products", flow_run_name=run_name, persist_result=False)
async def update_products(
    add_mapped: AddMapped = True,
    add_stock: AddStock = True,
    add_price: AddPrice = True,
    add_categories: AddCategories = True,
    is_sync: IsSync = None,
    is_success_log: IsSuccessLog = True,
    batch_size: BatchSize = 1_000,
    max_batches: MaxBatches = None,
    language: Language = None,
) -> RunSummary:
    """Brings products that changed in Omnitron up to date on the channel."""
    enrich = _enrichment(
        add_mapped=add_mapped,
        add_stock=add_stock,
        add_price=add_price,
        add_categories=add_categories,
        in_stock_only=False,
        language=language,
    )
    limits = Limits(batch_size, max_batches, is_sync, is_success_log)
    return await send_all(_updates(enrich, language), title="update products", limits=limits)


@flow(name="insert and update products", flow_run_name=run_name, persist_result=False)
async def insert_and_update_products(
    add_mapped: AddMapped = True,
    add_stock: AddStock = True,
    add_price: AddPrice = True,
    add_categories: AddCategories = True,
    is_sync: IsSync = None,
    is_success_log: IsSuccessLog = True,
    filter_out_of_stock_products: OutOfStock = False,
    batch_size: BatchSize = 1_000,
    max_batches: MaxBatches = None,
    language: Language = None,
) -> RunSummary:
    """Puts new products on the channel, then brings changed ones up to date."""
    switches = {
        "add_mapped": add_mapped,
        "add_stock": add_stock,
        "add_price": add_price,
        "add_categories": add_categories,
    }
    new = _enrichment(**switches, in_stock_only=filter_out_of_stock_products, language=language)
    changed = _enrichment(**switches, in_stock_only=False, language=language)
    limits = Limits(batch_size, max_batches, is_sync, is_success_log)
    return await send_all(
        _inserts(new, language), _updates(changed, language), title="insert and update products", limits=limits
    )


@flow(name="delete products", flow_run_name=run_name, persist_result=False)
async def delete_products(
    is_sync: IsSync = None,
    is_content_object: Annotated[bool, parameter(description="Attach the product itself, while it exists.")] = True,
    is_success_log: IsSuccessLog = True,
    batch_size: BatchSize = 1_000,
    max_batches: MaxBatches = None,
) -> RunSummary:
    """Takes products off the channel that no longer belong there."""
    sending = Sending(
        title="delete products",
        content_type=ContentType.integration_action,
        read=GetDeletedProducts,
        enrich=[[(GetContentObjectsFromIntegrations, {})]] if is_content_object else [],
        send=SendDeletedProducts,
        check=CheckDeletedProducts,
        settle=ProcessDeleteProductBatchRequests,
        well="deleted",
    )
    return await send_all(
        sending, title="delete products", limits=Limits(batch_size, max_batches, is_sync, is_success_log)
    )
