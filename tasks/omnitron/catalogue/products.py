"""Due products, their names on the channel, and the products of other objects."""

from collections.abc import Sequence
from typing import Any, ClassVar

from clients.omnitron.due import DueRows
from dto.enums import ContentType, FailedReasonType, IntegrationActionStatus
from dto.omnitron import IntegrationAction, Product
from tasks.batch import Batch, Member
from tasks.channel_key import channel_key
from tasks.omnitron.command import OmnitronCommand
from tasks.omnitron.enrichment import Enrichment
from tasks.omnitron.journal.due import GetDue


class GetInsertedProducts(GetDue[None, Product]):
    """Reads products that the channel never had."""

    key = "get_inserted_products"
    content_type = ContentType.product
    which: ClassVar[str] = "inserts"
    named_in: ClassVar[str] = "sku"
    objects: None = None
    language: str | None = None

    async def get_data(self) -> DueRows[Product]:
        return await self.integration.client.products.due(self.which, self.limit, self.skip, self.language)

    def member(self, row: Product) -> Member:
        member = super().member(row)
        member.name = row.sku
        return member

    async def identify(self, rows: list[Product]) -> list[Product]:
        return await self.integration.do_action(IdentifyProducts, objects=rows)


class GetUpdatedProducts(GetInsertedProducts):
    """Reads products that the channel has in an older version. Run alone, it attaches the integration action of each."""

    key = "get_updated_products"
    which = "updates"

    async def identify(self, rows: list[Product]) -> list[Product]:
        return await self.integration.do_action(IdentifyUpdatedProducts, objects=rows)


class GetInsertedOrUpdatedProducts(GetInsertedProducts):
    """Reads both from one list."""

    key = "get_inserted_or_updated_products"
    which = "inserts_or_updates"


class IdentifyProducts(Enrichment[Product]):
    """Gives each product of the batch its name on the channel. A product fails if it has no name, or another product's:
    `NoRemoteIdAttribute`, `DuplicatedKey`."""

    key = "identify_products"
    content_type = ContentType.product
    attaches: ClassVar[tuple[str, ...]] = ()

    async def send(self, products: list[Product]) -> list[Product]:
        conf = self.integration.channel.conf
        taken: dict[str, Product] = {}
        for product in products:
            key = channel_key(product, conf)
            self.batch_request.members[ContentType.product, product.pk].key = key
            if key is None:
                path = conf.remote_id_attribute or "sku"
                message = f"Product {product.sku} has no {path}, which is its name on the channel. Fill it in."
                self.fail(product, FailedReasonType.channel_app, message, "NoRemoteIdAttribute")
            elif key in taken:
                message = (
                    f"Products {taken[key].pk} and {product.pk} are both called `{key}` on the channel. Change one."
                )
                self.fail(product, FailedReasonType.channel_app, message, "DuplicatedKey")
            else:
                taken[key] = product
        return list(taken.values())


class IdentifyUpdatedProducts(IdentifyProducts):
    """The same, with each product's integration action, as `product.integration_action`."""

    key = "identify_updated_products"
    attaches = ("integration_action",)

    async def send(self, products: list[Product]) -> list[Product]:
        kept = await super().send(products)
        if not kept:
            return []
        actions = await self.integration.client.actions.find(
            content_type=ContentType.product, object_ids=[product.pk for product in kept]
        )
        by_product = {action.object_id: action for action in actions}
        return [product.model_copy(update={"integration_action": by_product.get(product.pk)}) for product in kept]


class GetDeletedProducts(GetDue[None, IntegrationAction]):
    """Reads the actions of products that no longer belong on the channel."""

    key = "get_deleted_products"
    content_type = ContentType.integration_action
    which = "deleted"
    named_in = "remote_id"
    objects: None = None

    async def get_data(self) -> DueRows[IntegrationAction]:
        return await self.integration.client.actions.due(self.limit, self.skip)

    def member(self, row: IntegrationAction) -> Member:
        member = super().member(row)
        member.key = member.remote_id = row.remote_id  # kept with the batch, for whoever reads its results
        return member

    async def identify(self, rows: list[IntegrationAction]) -> list[IntegrationAction]:
        return await self.integration.do_action(IdentifyDeletedProducts, objects=rows)


class IdentifyDeletedProducts(Enrichment[IntegrationAction]):
    """Keeps the actions that have an id of the channel, by which the product is taken off. One without fails: `NotBound`."""

    key = "identify_deleted_products"
    content_type = ContentType.integration_action
    attaches = ()

    async def send(self, actions: list[IntegrationAction]) -> list[IntegrationAction]:
        for action in actions:
            if action.remote_id is None:
                message = (
                    f"Action {action.pk} of product {action.object_id} has no id of the channel, so the product cannot be taken "
                    "off there. If it is on sale, take it off by hand; then delete the action in Omnitron."
                )
                self.fail(action, FailedReasonType.channel_app, message, "NotBound")
        return [action for action in actions if action.remote_id is not None]


class GetContentObjectsFromIntegrations(Enrichment[IntegrationAction]):
    """Attaches to each action its object, under the name of its type (`action.product`), or None if the object is gone."""

    key = "get_content_objects_from_integrations"
    content_type = ContentType.integration_action
    attaches = ("product",)
    TYPES: ClassVar = (
        ContentType.product,
        ContentType.product_price,
        ContentType.product_stock,
        ContentType.product_image,
    )

    async def send(self, actions: list[IntegrationAction]) -> list[IntegrationAction]:
        rows: dict[tuple[str, int], Any] = {}
        for content_type in self.TYPES:
            keys = [action.object_id for action in actions if action.content_type.model == content_type]
            if keys:
                found = await self.integration.client.objects(content_type).get_many(keys)
                rows.update(((content_type, row.pk), row) for row in found)
        return [
            action.model_copy(
                update={action.content_type.model: rows.get((action.content_type.model, action.object_id))}
            )
            for action in actions
        ]


class GetProductObjects(OmnitronCommand[Sequence[Any], list[Any]]):
    """Attaches to each price, stock or image its whole product, as `row.product`, or None if the product is gone."""

    key = "get_product_objects"
    content_type = ContentType.product

    async def send(self, rows: Sequence[Any]) -> list[Any]:
        products = await self.integration.client.products.get_many({row.product for row in rows})
        by_key = {product.pk: product for product in products}
        return [row.model_copy(update={"product": by_key.get(row.product)}) for row in rows]


class GetProductFromBatchRequest(OmnitronCommand[Batch, list[Product]]):
    """Reads the products that a batch still holds, each with its integration action."""

    key = "get_product_from_batch_request"
    content_type = ContentType.product

    async def send(self, batch: Batch) -> list[Product]:
        actions = await self.integration.client.actions.find(
            local_batch_id=batch.local_batch_id,
            status=IntegrationActionStatus.processing,
            content_type=ContentType.product,
        )
        by_product = {action.object_id: action for action in actions}
        products = await self.integration.client.products.get_many(by_product)
        return [product.model_copy(update={"integration_action": by_product[product.pk]}) for product in products]
