"""No name of the Celery version is missing: the tables of `docs/reference/parity.md` are complete, and their entries exist."""

import re

import pytest

from flows.registry import FLOWS
from tasks.channel.command import ChannelCommand
from tasks.omnitron.integration import OmnitronIntegration
from tests.house.sources import ROOT, classes, names_of_tests

# Names of the Celery version 0.0.161: its service methods, and the keys of its two `actions`.
METHODS = """
    ProductService.insert_products ProductService.update_products ProductService.delete_products
    ProductService.get_product_batch_requests ProductService.get_delete_product_batch_requests
    PriceService.insert_product_prices PriceService.update_product_prices
    PriceService.insert_product_prices_from_extra_price_list
    PriceService.update_product_prices_from_extra_price_list PriceService.get_price_batch_requests
    PriceService.get_currency_mappings StockService.insert_product_stocks StockService.update_product_stocks
    StockService.insert_product_stocks_from_extra_stock_list
    StockService.update_product_stocks_from_extra_stock_list StockService.get_stock_batch_requests
    StockService.get_warehouse_mappings ImageService.insert_product_images ImageService.update_product_images
    ImageService.get_image_batch_requests OrderService.fetch_and_create_order OrderService.create_order
    OrderService.fetch_and_update_order_items OrderService.update_orders OrderService.get_order_batch_requests
    OrderService.fetch_and_create_cancel OrderService.create_cancel
    OrderService.fetch_and_create_cancellation_requests OrderService.update_cancellation_requests
    OrderService.get_channel_order_item OrderService.get_channel_reason
    OrderService.get_channel_cancellation_request SetupService.create_or_update_category_tree_and_nodes
    SetupService.create_or_update_category_attributes SetupService.create_or_update_attributes
    SetupService.bulk_create_or_update_attributes SetupService.update_channel_conf_schema
""".split()  # noqa: SIM905  # one name a line would fill three screens
OMNITRON_KEYS = """
    get_inserted_products get_updated_products get_inserted_or_updated_products get_deleted_products
    get_mapped_products get_mapped_products_without_commit get_product_prices get_product_prices_without_commit
    get_product_stocks get_product_stocks_without_commit get_product_categories
    get_product_categories_with_integration_action get_batch_requests get_updated_stocks get_inserted_stocks
    get_updated_stocks_from_extra_stock_list get_prices_from_product_stocks get_stocks_from_product_prices
    get_inserted_stocks_from_extra_stock_list get_updated_prices get_inserted_prices
    get_inserted_prices_from_extra_price_list get_updated_prices_from_extra_price_list get_updated_images
    get_inserted_images process_product_batch_requests process_stock_batch_requests process_price_batch_requests
    process_image_batch_requests process_order_batch_requests process_delete_product_batch_requests
    get_or_create_customer get_or_create_address get_cargo_company create_order get_orders get_order_items
    get_order_items_with_order create_order_shipping_info create_or_update_category_tree_and_nodes
    create_or_update_category_attributes create_or_update_category_attributes_async create_address_error_report
    create_error_report get_integration_with_object_id get_integration_with_remote_id get_integrations
    get_content_objects_from_integrations create_integration update_integration get_category_ids
    create_or_update_channel_attribute_set get_or_create_channel_attribute_set_config
    create_or_update_channel_attribute get_or_create_channel_attribute_schema
    create_or_update_channel_attribute_config get_channel_attribute_set_configs get_channel_attribute_set
    create_or_update_channel_attribute_value get_or_create_channel_attribute_value_config batch_request_update
    create_order_cancel update_channel_conf_schema get_product_objects get_product_from_batch_request
    get_cancellation_requests get_cancellation_requests_update create_cancellation_requests update_order_items
    create_operational_event get_operational_events bulk_create_or_update_category_attributes
    bulk_create_or_update_attributes get_leaf_category_node_ids
""".split()  # noqa: SIM905  # one name a line would fill three screens
CHANNEL_KEYS = """
    send_inserted_products send_updated_products send_deleted_products check_products check_deleted_products
    send_updated_stocks send_inserted_stocks send_updated_prices send_inserted_prices send_updated_images
    send_inserted_images check_stocks check_prices check_images get_category_tree_and_nodes
    get_channel_conf_schema get_category_attributes get_attributes get_orders get_updated_order_items
    send_updated_orders check_orders get_cancelled_orders get_cancellation_requests update_cancellation_request
""".split()  # noqa: SIM905  # one name a line would fill three screens

Row = tuple[str, str, str]


def rows() -> list[list[Row]]:
    """The rows of each of the three tables, without their headings."""
    text = (ROOT / "docs/reference/parity.md").read_text(encoding="utf-8")
    return [
        [
            (first, second, third)
            for first, second, third in re.findall(r"^\| `(.+?)` \| (.+?) \| (.+?) \|$", part, re.MULTILINE)
        ]
        for part in text.split("\n## ")[1:]
    ]


SERVICES, OMNITRON, CHANNEL = rows()
CHANNEL_COMMANDS = {
    kind.key: kind
    for kind in classes("tasks")
    if issubclass(kind, ChannelCommand) and kind.__dict__.get("key") and "sandbox" not in kind.__module__
}


def plain(cell: str) -> str:
    return cell.strip("`")


@pytest.mark.parametrize(
    ("table", "names"),
    [(SERVICES, METHODS), (OMNITRON, OMNITRON_KEYS), (CHANNEL, CHANNEL_KEYS)],
    ids=["service methods", "Omnitron's commands", "the channel's commands"],
)
def test_each_name_of_the_celery_version_has_one_row(table: list[Row], names: list[str]) -> None:
    """In its order."""
    assert [name for name, _, _ in table] == names


@pytest.mark.parametrize("row", SERVICES, ids=lambda row: row[0])
def test_what_stands_in_for_a_service_method_exists(row: Row) -> None:
    """A flow, or a command."""
    kind, name = row[1].replace("`", "").split()
    known = {"flow": set(FLOWS), "command": set(OmnitronIntegration.actions)}[kind]
    assert name in known


@pytest.mark.parametrize("row", OMNITRON, ids=lambda row: row[0])
def test_a_command_of_omnitrons_side_stands_in_its_module(row: Row) -> None:
    command = OmnitronIntegration.actions[row[0]]
    assert command.__module__ == f"tasks.omnitron.{plain(row[1]).replace('/', '.')}"


@pytest.mark.parametrize("row", CHANNEL, ids=lambda row: row[0])
def test_a_command_of_the_channels_side_has_a_base_class_in_its_module(row: Row) -> None:
    command = CHANNEL_COMMANDS[row[0]]
    assert command.__module__ == f"tasks.channel.{plain(row[1])}"


def test_every_test_in_the_table_exists() -> None:
    known = names_of_tests()
    assert [plain(row[2]) for row in (*SERVICES, *OMNITRON, *CHANNEL) if plain(row[2]) not in known] == []
