"""The flows of products: insert, update, delete."""

from typing import Annotated

from prefect import flow

from dto.enums import ContentType
from dto.summary import RunSummary
from flows.naming import run_name
from flows.parameters import BatchSize, IsSuccessLog, IsSync, MaxBatches, parameter
from flows.plan import Limits, Sending, Stage, Step, reading, step
from flows.sending import send_all
from tasks.channel.products import SendDeletedProducts, SendInsertedProducts, SendUpdatedProducts
from tasks.omnitron.catalogue.categories import GetProductCategories
from tasks.omnitron.catalogue.channel_ids import GetChannelIds
from tasks.omnitron.catalogue.mapping import GetMappedProducts
from tasks.omnitron.catalogue.product_offers import GetProductPrices, GetProductStocks
from tasks.omnitron.catalogue.products import (
    GetContentObjectsFromIntegrations,
    GetDeletedProducts,
    GetInsertedProducts,
    GetUpdatedProducts,
    IdentifyDeletedProducts,
    IdentifyProducts,
    IdentifyUpdatedProducts,
)

AddMapped = Annotated[bool, parameter(description="Attach each product's mapping, and check it.")]
AddStock = Annotated[bool, parameter(description="Attach each product's stock; it is integrated with the product.")]
AddPrice = Annotated[bool, parameter(description="Attach each product's price; it is integrated with the product.")]
AddCategories = Annotated[bool, parameter(description="Attach each product's categories in the channel's tree.")]
AddChannelIds = Annotated[
    bool, parameter(description="Attach the channel's ids of the mapped attributes, their values and the categories.")
]
OutOfStock = Annotated[bool, parameter(description="Leave out products that are out of stock.")]
Language = Annotated[str | None, parameter(description="Language of names and mappings, as in Accept-Language.")]


def _enrichments(
    identify: Step,
    *,
    add_mapped: bool,
    add_stock: bool,
    add_price: bool,
    add_categories: bool,
    add_channel_ids: bool,
    in_stock_only: bool,
    language: str | None,
) -> list[Stage]:
    """The stages of a product. Categories come late, because they cost a request for each product: none is spent on a product
    without a mapping, a price or a stock. The channel's ids are those of what is attached by then."""
    side_by_side = [
        *([step(GetProductStocks, filter_out_of_stock_products=in_stock_only)] if add_stock else []),
        *([step(GetProductPrices)] if add_price else []),
        *([step(GetMappedProducts, language=language)] if add_mapped else []),
    ]
    stages: list[Stage] = [
        [identify],
        side_by_side,
        [step(GetProductCategories)] if add_categories else [],
        [step(GetChannelIds)] if add_channel_ids else [],
    ]
    return [stage for stage in stages if stage]


def _inserts(*, in_stock_only: bool, language: str | None, **switches: bool) -> Sending:
    return Sending(
        title="insert products",
        content_type=ContentType.product,
        read=reading(GetInsertedProducts, language=language),
        enrich=_enrichments(step(IdentifyProducts), in_stock_only=in_stock_only, language=language, **switches),
        send=SendInsertedProducts,
    )


def _updates(*, language: str | None, **switches: bool) -> Sending:
    return Sending(
        title="update products",
        content_type=ContentType.product,
        read=reading(GetUpdatedProducts, language=language),
        enrich=_enrichments(step(IdentifyUpdatedProducts), in_stock_only=False, language=language, **switches),
        send=SendUpdatedProducts,
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
    add_channel_ids: AddChannelIds = False,
) -> RunSummary:
    """Sends new products to the channel, with their mapping, stock, price and categories."""
    sending = _inserts(
        add_mapped=add_mapped,
        add_stock=add_stock,
        add_price=add_price,
        add_categories=add_categories,
        add_channel_ids=add_channel_ids,
        in_stock_only=filter_out_of_stock_products,
        language=language,
    )
    limits = Limits(batch_size, max_batches, is_sync, is_success_log)
    return await send_all(sending, title=sending.title, limits=limits)


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
    add_channel_ids: AddChannelIds = False,
) -> RunSummary:
    """Sends changed products to the channel."""
    sending = _updates(
        add_mapped=add_mapped,
        add_stock=add_stock,
        add_price=add_price,
        add_categories=add_categories,
        add_channel_ids=add_channel_ids,
        language=language,
    )
    limits = Limits(batch_size, max_batches, is_sync, is_success_log)
    return await send_all(sending, title=sending.title, limits=limits)


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
    add_channel_ids: AddChannelIds = False,
) -> RunSummary:
    """Sends new products to the channel, then changed ones."""
    switches = {
        "add_mapped": add_mapped,
        "add_stock": add_stock,
        "add_price": add_price,
        "add_categories": add_categories,
        "add_channel_ids": add_channel_ids,
    }
    new = _inserts(in_stock_only=filter_out_of_stock_products, language=language, **switches)
    changed = _updates(language=language, **switches)
    limits = Limits(batch_size, max_batches, is_sync, is_success_log)
    return await send_all(new, changed, title="insert and update products", limits=limits)


@flow(name="delete products", flow_run_name=run_name, persist_result=False)
async def delete_products(
    is_sync: IsSync = None,
    is_content_object: Annotated[bool, parameter(description="Attach the product itself, while it exists.")] = True,
    is_success_log: IsSuccessLog = True,
    batch_size: BatchSize = 1_000,
    max_batches: MaxBatches = None,
) -> RunSummary:
    """Removes products that no longer belong on the channel."""
    sending = Sending(
        title="delete products",
        content_type=ContentType.integration_action,
        read=reading(GetDeletedProducts),
        enrich=[
            [step(IdentifyDeletedProducts)],
            *([[step(GetContentObjectsFromIntegrations)]] if is_content_object else []),
        ],
        send=SendDeletedProducts,
    )
    limits = Limits(batch_size, max_batches, is_sync, is_success_log)
    return await send_all(sending, title=sending.title, limits=limits)
