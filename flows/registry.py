"""Every flow by its name: what the command line runs and prefect.yaml deploys."""

from collections.abc import Mapping
from typing import Any

from prefect import Flow

from flows.compare import compare_listing, compare_prices, compare_stocks
from flows.health import report_health
from flows.image import insert_and_update_images, insert_product_images, update_product_images
from flows.order import (
    create_order_shipping_info,
    fetch_and_create_cancel,
    fetch_and_create_cancellation_requests,
    fetch_and_create_order,
    fetch_and_update_order_items,
    update_cancellation_requests,
    update_orders,
)
from flows.price import (
    insert_and_update_prices,
    insert_product_prices,
    insert_product_prices_from_extra_price_list,
    update_product_prices,
    update_product_prices_from_extra_price_list,
)
from flows.product import delete_products, insert_and_update_products, insert_products, update_products
from flows.recover import recover
from flows.setup import (
    create_or_update_attributes,
    create_or_update_category_attributes,
    create_or_update_category_tree_and_nodes,
    update_channel_conf_schema,
)
from flows.stock import (
    insert_and_update_stocks,
    insert_product_stocks,
    insert_product_stocks_from_extra_stock_list,
    update_product_stocks,
    update_product_stocks_from_extra_stock_list,
)
from flows.verify import verify_batch, verify_open_batches

FLOWS: Mapping[str, Flow[..., Any]] = {
    flow.fn.__name__: flow
    for flow in (
        insert_products,
        update_products,
        insert_and_update_products,
        delete_products,
        insert_product_prices,
        update_product_prices,
        insert_and_update_prices,
        insert_product_prices_from_extra_price_list,
        update_product_prices_from_extra_price_list,
        insert_product_stocks,
        update_product_stocks,
        insert_and_update_stocks,
        insert_product_stocks_from_extra_stock_list,
        update_product_stocks_from_extra_stock_list,
        insert_product_images,
        update_product_images,
        insert_and_update_images,
        compare_listing,
        compare_prices,
        compare_stocks,
        fetch_and_create_order,
        update_orders,
        fetch_and_create_cancel,
        fetch_and_update_order_items,
        fetch_and_create_cancellation_requests,
        update_cancellation_requests,
        create_order_shipping_info,
        verify_batch,
        verify_open_batches,
        recover,
        report_health,
        update_channel_conf_schema,
        create_or_update_category_tree_and_nodes,
        create_or_update_category_attributes,
        create_or_update_attributes,
    )
}
