"""All that the local hub knows: goods, orders, the channel, actions and batches, and the violations of clients."""

from collections import Counter
from collections.abc import Container
from typing import Any

from clients.clock import Clock
from deployments.sandbox.base.amounts import money
from deployments.sandbox.base.dates import Stamps
from deployments.sandbox.hub import catalogue
from deployments.sandbox.hub.batches import Batches
from deployments.sandbox.hub.bodies import BodyContext
from deployments.sandbox.hub.cancellations import Cancellations
from deployments.sandbox.hub.catalogue import Catalogue
from deployments.sandbox.hub.customers import Customers
from deployments.sandbox.hub.due_lists import DueLists, RetryPolicy
from deployments.sandbox.hub.journal import Journal
from deployments.sandbox.hub.ledger import Key, Ledger, SuccessListener
from deployments.sandbox.hub.orders import CANCELLED, REASON_MAPPING, REASONS, Orders
from deployments.sandbox.hub.places import Places
from deployments.sandbox.hub.settings import HubSettings
from deployments.sandbox.hub.setup import Setup
from deployments.sandbox.hub.tables import Row, Table
from dto.enums import ContentType

_EDITION = " · "


class Shop:
    """All tables of the hub, and the merchant's deeds: edits, additions, deletions, decisions.

    Args:
        settings: how the hub begins.
        clock: the hub's time.
        listeners: called when an action becomes `success`.
    """

    def __init__(self, settings: HubSettings, *, clock: Clock, listeners: list[SuccessListener]) -> None:
        self.settings = settings
        self.violations: list[str] = []
        self.stamps = Stamps(clock)
        stamp = self.stamps.next
        note = self.violations.append
        channel_id, extra_lists = settings.channel_id, settings.extra_lists
        self.goods = Catalogue(
            products=settings.products,
            seed=settings.seed,
            failing=settings.failing,
            extra_lists=extra_lists,
            stamp=stamp,
        )
        self.catalog: Row = _catalog(settings.catalog_id, stamp(), extra_lists=extra_lists)
        price_lists = [self.catalog["price_list"], *self.catalog["extra_price_lists"]]
        stock_lists = [self.catalog["stock_list"], *self.catalog["extra_stock_lists"]]
        tables = {"product": self.goods.products}
        keys: dict[str, Container[int]] = {
            "channel": (channel_id,),
            "price_list": price_lists,
            "stock_list": stock_lists,
            "reason": REASONS,
        }
        context = self.context = BodyContext(tables, keys, note)
        self.places = Places(channel_id=channel_id, stamp=stamp, context=context)
        self.customers = Customers(channel_id=channel_id, places=self.places, stamp=stamp, context=context)
        self.journal = Journal()
        self.orders = Orders(
            channel_id=channel_id,
            price_list=price_lists[0],
            stock_list=stock_lists[0],
            journal=self.journal,
            stamp=stamp,
            edit=self.edit,
            added=self._offer,
            context=context,
        )
        self.cancellations = Cancellations(
            journal=self.journal, stamp=stamp, edit=self.edit, added=self._offer, context=context
        )
        # Orders name customers and customers name places: bodies are read when all of these are there.
        tables |= {
            **self.places.tables,
            "cargo_company": self.places.cargos,
            "retail_store": self.places.retail_stores,
            "customer": self.customers.table,
            "address": self.customers.addresses,
            "order": self.orders.table,
            "order_item": self.orders.items,
        }
        self._of_products: dict[str, Table] = {
            ContentType.product_price.value: self.goods.prices,
            ContentType.product_stock.value: self.goods.stocks,
            ContentType.product_image.value: self.goods.images,
        }
        self.offered: dict[str, Table] = {
            ContentType.product.value: self.goods.products,
            **self._of_products,
            ContentType.order.value: self.orders.table,
            ContentType.order_item.value: self.orders.items,
            ContentType.cancellation_request.value: self.cancellations.table,
        }
        self.channel: Row = _channel(channel_id, settings.catalog_id, stamp())
        self.channel["conf"] |= {
            "FAILED_INTEGRATION": {
                "DEFAULT": {
                    "EXPIRATION_DATE": None,
                    "RETRY_INTERVAL": settings.retry_interval,
                    "MAX_RETRY_COUNT": settings.max_retry_count,
                }
            }
        }
        if extra_lists:
            self.channel["conf"] |= {
                "WAREHOUSE_CODES": {str(catalogue.EMPTY_STOCK_LIST): "IST", str(catalogue.EXTRA_STOCK_LIST): "BER"},
                "CURRENCY_MAPPINGS": {str(catalogue.EXTRA_PRICE_LIST): "EUR"},
            }
        self.channel["conf"] |= settings.channel_conf or {}
        self.setup = Setup(goods=self.goods, channel_id=channel_id, stamp=stamp)
        self.error_reports = Table()
        self.operational_events = Table()

        def now() -> float:
            return clock.now().timestamp()

        self.due_lists = DueLists(self.offered, lambda: self.ledger, self._retry_policy, now)
        self.ledger = Ledger(
            channel_id=channel_id, stamp=stamp, now=now, changed=self.due_lists.refresh, listeners=listeners
        )
        self.batches = Batches(
            channel_id=channel_id,
            ledger=self.ledger,
            tables=self.offered,
            stamp=stamp,
            violation=note,
        )
        self.due_lists.refresh_all()

    def edit(self, content_type: str, pk: int, **fields: Any) -> Row:
        """Change fields of a row; its `modified_date` moves, and it is due at once."""
        row = self.offered[content_type].change(pk, **{**fields, "modified_date": self.stamps.next()})
        self.ledger.attempts.pop(Key(content_type, pk), None)
        self.due_lists.refresh(Key(content_type, pk))
        return row

    def edit_product(self, pk: int, **fields: Any) -> Row:
        """Change a product; without fields its name gets the number of the edition."""
        if not fields:
            name, _, edition = self.goods.products[pk]["name"].partition(_EDITION)
            fields = {"name": f"{name}{_EDITION}{int(edition or 1) + 1}"}
        return self.edit(ContentType.product, pk, **fields)

    def edit_price(self, product: int, price: str | None = None, **fields: Any) -> Row:
        """Change a product's price in the catalog's list; by default a lira more."""
        row = self._main_row(self.goods.prices, product, "price_list")
        if price is None and not fields:
            price = money(int(row["price"].replace(".", "")) + 100)
        return self.edit(ContentType.product_price, row["pk"], **({"price": price} if price else {}), **fields)

    def edit_stock(self, product: int, stock: int | None = None, **fields: Any) -> Row:
        """Change a product's stock in the catalog's list; by default a piece more."""
        row = self._main_row(self.goods.stocks, product, "stock_list")
        if stock is None and not fields:
            stock = row["stock"] + 1
        return self.edit(
            ContentType.product_stock, row["pk"], **({"stock": stock} if stock is not None else {}), **fields
        )

    def add_product(self) -> int:
        pk = self.goods.add_product()
        self.due_lists.refresh(Key(ContentType.product, pk))
        for content_type, table in self._of_products.items():
            for row in table.find("product", pk):
                self.due_lists.refresh(Key(content_type, row["pk"]))
        return pk

    def delete_product(self, pk: int) -> None:
        """Drop a product with its prices, stocks and images; their actions stay until a client deletes them."""
        for content_type, row_pk in self.goods.remove_product(pk):
            self.due_lists.refresh(Key(content_type, row_pk))

    def repair(self, pk: int) -> None:
        """Take a product's defect away. Its attempts stay: the product is tried again when its turn comes."""
        added = self.goods.repair(pk)
        if added is not None:
            self.due_lists.refresh(Key(*added))

    def edit_order(self, pk: int, **fields: Any) -> Row:
        """Change an order; without fields it gets a tracking number."""
        return self.edit(ContentType.order, pk, **(fields or {"tracking_number": f"TN{self.stamps.next()}"}))

    def edit_order_item(self, pk: int, **fields: Any) -> Row:
        """Change an item; without fields it gets an invoice number. Its order counts as changed too."""
        return self.orders.edit_item(pk, **(fields or {"invoice_number": f"FT{pk:08d}"}))

    def split_item(self, pk: int, *, is_bound: bool = False) -> Row:
        """A second item that the channel knows under the same id; with an action of its own if `is_bound`.

        Raises:
            KeyError: it should be bound, and the first one is not.
        """
        twin = self.orders.split_item(pk)
        if is_bound:
            action = self.ledger.action_of(Key(ContentType.order_item, pk))
            if action is None:
                raise KeyError(f"order item {pk} has no action")
            self.ledger.put(
                Key(ContentType.order_item, twin["pk"]),
                status="success",
                version_date=twin["modified_date"],
                remote_id=action["remote_id"],
            )
        return twin

    def children_below(self, action: Row) -> int | None:
        """The number of nodes below an action's node; None where its object is no node."""
        is_node = action["content_type"]["model"] == ContentType.category_node
        node = self.goods.nodes.get(action["object_id"]) if is_node else None
        return None if node is None else node["numchild"]

    def set_channel(self, *, is_active: bool | None = None, conf: dict[str, Any] | None = None, **fields: Any) -> None:
        """Change the channel; `conf` is merged into the one it has."""
        if is_active is not None:
            self.channel["is_active"] = is_active
        if conf:
            self.channel["conf"] = {**self.channel["conf"], **conf}
        self.channel |= fields
        self.channel["modified_date"] = self.stamps.next()
        # The retry policy is part of the conf.
        self.due_lists.refresh_all()

    def counts(self) -> dict[str, dict[str, int]]:
        """Per content type: `integrated`, `failed`, `processing` (actions), `due_inserts`, `due_updates`."""
        names = {"success": "integrated", "error": "failed", "processing": "processing"}
        counts: dict[str, dict[str, int]] = {
            content_type: {
                "integrated": 0,
                "failed": 0,
                "processing": 0,
                "due_inserts": len(self.due_lists.due(content_type, "inserts")),
                "due_updates": len(self.due_lists.due(content_type, "updates")),
            }
            for content_type in self.offered
        }
        for action in self.ledger.actions:
            content_type = action["content_type"]["model"]
            known = counts.setdefault(content_type, {"integrated": 0, "failed": 0, "processing": 0})
            known[names[action["status"]]] += 1
        return counts

    def sales_counts(self) -> dict[str, Any]:
        """`{"customers", "addresses", "orders", "order_items", "cancelled_items", "place_reports"}`, the number of each,
        and `{"cancellation_requests": {status: n}}`."""
        return {
            "customers": len(self.customers.table),
            "addresses": len(self.customers.addresses),
            "orders": len(self.orders.table),
            "order_items": len(self.orders.items),
            "cancelled_items": sum(item["status"] == CANCELLED for item in self.orders.items),
            "place_reports": len(self.places.reports),
            "cancellation_requests": dict(Counter(row["status"] for row in self.cancellations.table)),
        }

    def _offer(self, key: Key) -> None:
        self.due_lists.refresh(key)

    def _retry_policy(self) -> RetryPolicy:
        limits = self.channel["conf"]["FAILED_INTEGRATION"]["DEFAULT"]
        return RetryPolicy(float(limits["RETRY_INTERVAL"]), int(limits["MAX_RETRY_COUNT"]))

    def _main_row(self, table: Table, product: int, list_field: str) -> Row:
        main = self.catalog[list_field]
        for row in table.find("product", product):
            if row[list_field] == main:
                return row
        raise KeyError(f"product {product} has no row in {list_field} {main}")


def _channel(pk: int, catalog: int, moment: str) -> Row:
    return {
        "pk": pk,
        "name": "Sandbox",
        "channel_type": "sales_channel",
        "catalog": catalog,
        "category_tree": catalogue.CHANNEL_TREE,
        "is_active": True,
        "modified_date": moment,
        "created_date": moment,
        "conf": {
            "ATTRIBUTE_SET_STRATEGY": "CategoryNode",
            "remote_id_attribute": "sku",
            "reason_mapping": dict(REASON_MAPPING),
        },
        "schema": {},
    }


def _catalog(pk: int, moment: str, *, extra_lists: bool) -> Row:
    return {
        "pk": pk,
        "name": "Sandbox",
        "stock_list": catalogue.STOCK_LIST,
        "price_list": catalogue.PRICE_LIST,
        "category_tree": catalogue.CATALOG_TREE,
        "priority_list": 1,
        "extra_stock_lists": [catalogue.EMPTY_STOCK_LIST, catalogue.EXTRA_STOCK_LIST] if extra_lists else [],
        "extra_price_lists": [catalogue.EXTRA_PRICE_LIST] if extra_lists else [],
        "modified_date": moment,
    }
