"""Every flow by its name: what the command line runs and prefect.yaml deploys."""

from collections.abc import Mapping
from typing import Any

from prefect import Flow

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
        verify_batch,
        verify_open_batches,
        recover,
    )
}
