"""Products on the local marketplace."""

from collections.abc import Iterable
from http import HTTPStatus
from typing import Any

from tasks.channel import (
    Accepted,
    ChannelCommand,
    CheckOutcome,
    Completed,
    ContractError,
    InProgress,
    IntegrationAction,
    ItemResult,
    ListedProductDto,
    Product,
    ProductBatchRequestResponseDto,
    ProductImage,
    ProductPrice,
    ProductStock,
    Reply,
    ResponseStatus,
    SendOutcome,
    Unknown,
    channel_key,
    images,
    prices,
    products,
    stocks,
)
from tasks.channel.sandbox.marketplace import Marketplace


def results_of(command: ChannelCommand[Any, Any, Any], rows: Any) -> tuple[ProductBatchRequestResponseDto, ...]:
    """The marketplace's rows as results: `{"sku", "status", "remote_id", "message"}`."""
    if not isinstance(rows, list):
        raise ContractError("The marketplace's answer has no list of results.")
    return tuple(command.build_each(rows, _result, lambda row: row["sku"]))


def _result(row: dict[str, Any]) -> ProductBatchRequestResponseDto:
    return ProductBatchRequestResponseDto(
        status=ResponseStatus.success if row.get("status") == "SUCCESS" else ResponseStatus.fail,
        sku=row["sku"],
        remote_id=row.get("remote_id"),
        message=row.get("message"),
    )


def outcome_of(command: ChannelCommand[Any, Any, Any], reply: Reply) -> SendOutcome:
    """The outcome of a send: 202 means that the marketplace answers later, under a batch id."""
    reports = tuple(command.create_report(reply))
    data = reply.data if isinstance(reply.data, dict) else {}
    if reply.status == HTTPStatus.ACCEPTED:
        refused = results_of(command, data.get("rejected", []))
        return Accepted(str(data.get("batch_id") or ""), all_refused(refused), reports)
    return Completed(results_of(command, data.get("results")), reports)


def all_refused(results: Iterable[ItemResult]) -> tuple[ItemResult, ...]:
    """The results of refused items, which come without a status."""
    return tuple(result.model_copy(update={"status": ResponseStatus.fail}) for result in results)


def offer_of(row: ProductPrice | ProductStock | ProductImage, *fields: str) -> dict[str, Any]:
    """A price, stock or image in the marketplace's terms, with its version."""
    data = row.model_dump(mode="json", include={*fields, "modified_date"})
    return {**{name: data[name] for name in fields}, "version": data["modified_date"]}


class SendInsertedProducts(products.SendInsertedProducts[Marketplace]):
    """Upserts: sending a product twice is the same as once."""

    also = (products.SendUpdatedProducts,)

    def transform_data(self, data: list[Product]) -> list[dict[str, Any]]:
        return [self.item(product) for product in data]

    def item(self, product: Product) -> dict[str, Any]:
        """A product in the marketplace's terms."""
        row = product.model_dump(mode="json", include={"name", "base_code", "attributes", "modified_date"})
        mapping, price, stock = product.mapped_attributes, product.productprice, product.productstock
        # Fields that are left out stay unchanged on the marketplace.
        offers = {
            **({"price": offer_of(price, "price", "currency_type")} if price else {}),
            **({"stock": offer_of(stock, "stock")} if stock else {}),
        }
        return {
            "sku": channel_key(product, self.integration.conf),
            "name": row["name"],
            "group": row["base_code"],
            "version": row["modified_date"],
            "attributes": mapping.mapped_attributes if mapping else row["attributes"],
            "category": product.category_nodes[-1].name if product.category_nodes else None,
            **offers,
            "image_urls": [image.image for image in product.productimage_set],
        }

    async def send(self, items: list[dict[str, Any]]) -> SendOutcome:
        return outcome_of(self, await self.integration.client.upsert_products(items))


class SendDeletedProducts(products.SendDeletedProducts[Marketplace]):
    """Takes products off the market by their remote ids."""

    def transform_data(self, data: list[IntegrationAction]) -> list[dict[str, Any]]:
        return [{"remote_id": action.remote_id} for action in data]

    async def send(self, items: list[dict[str, Any]]) -> SendOutcome:
        return outcome_of(self, await self.integration.client.delete_products(items))


class CheckProducts(products.CheckProducts[Marketplace]):
    """Asks for the results once. The marketplace answers in the same form for every type of goods."""

    also = (products.CheckDeletedProducts, prices.CheckPrices, stocks.CheckStocks, images.CheckImages)

    async def send(self, batch: Any) -> CheckOutcome:
        reply = await self.integration.client.batch(batch.remote_batch_id)
        if reply is None:
            return Unknown("The marketplace does not know this batch any more.")
        if not isinstance(reply.data, dict) or reply.data.get("status") != "done":
            return InProgress()
        return Completed(self.results(reply.data.get("results")), tuple(self.create_report(reply)))

    def results(self, rows: Any) -> tuple[ItemResult, ...]:
        """The marketplace's rows as results."""
        return results_of(self, rows)


class GetListing(products.GetListing[Marketplace]):
    """All products that the marketplace knows."""

    async def send(self, _: None) -> list[ListedProductDto]:
        rows = [row async for row in self.integration.client.listing()]
        return self.build_each(rows, _listed, lambda row: row["sku"])


def _listed(row: dict[str, Any]) -> ListedProductDto:
    price, stock = row.get("price") or {}, row.get("stock") or {}
    return ListedProductDto(
        sku=row["sku"],
        remote_id=row["remote_id"],
        state=row["state"],
        message=row["message"],
        title=row.get("name"),
        price=price.get("price"),
        currency=price.get("currency_type"),
        stock=stock.get("stock"),
    )
