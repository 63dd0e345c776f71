"""Every flow by its name: what the command line runs and prefect.yaml deploys."""

from collections.abc import Mapping
from typing import Any

from prefect import Flow

from flows.product import delete_products, insert_and_update_products, insert_products, update_products
from flows.recover import recover
from flows.setup import (
    create_or_update_attributes,
    create_or_update_category_attributes,
    create_or_update_category_tree_and_nodes,
    update_channel_conf_schema,
)
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
        update_channel_conf_schema,
        create_or_update_category_tree_and_nodes,
        create_or_update_category_attributes,
        create_or_update_attributes,
    )
}
