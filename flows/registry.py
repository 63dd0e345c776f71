"""Every flow by its name: what the command line runs and prefect.yaml deploys."""

from collections.abc import Mapping
from typing import Any

from prefect import Flow

from flows.order import (
    create_order_shipping_info,
    fetch_and_create_cancel,
    fetch_and_create_cancellation_requests,
    fetch_and_create_order,
    fetch_and_update_order_items,
    update_cancellation_requests,
    update_orders,
)
from flows.product import delete_products, insert_and_update_products, insert_products, update_products
from flows.recover import recover
from flows.verify import verify_batch, verify_open_batches

FLOWS: Mapping[str, Flow[..., Any]] = {
    flow.fn.__name__: flow
    for flow in (
        insert_products,
        update_products,
        insert_and_update_products,
        delete_products,
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
    )
}
