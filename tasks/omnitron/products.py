"""Which products are due, and which still belong to a batch or to another object."""

from collections.abc import AsyncIterator, Collection, Sequence
from typing import Any, ClassVar

from dto.enums import ContentType, FailedReasonType, IntegrationActionStatus
from dto.omnitron import IntegrationAction, Product
from tasks.batch import Batch, Member, version_of
from tasks.command import OmnitronCommand
from tasks.omnitron.matching import channel_key


async def unseen(pages: AsyncIterator[list[Any]], seen: Collection[int], limit: int) -> list[Any]:
    """The first `limit` rows whose keys were not seen; a row that moved to another page meanwhile counts once."""
    found: dict[int, Any] = {}
    async for page in pages:
        found.update((row.pk, row) for row in page if row.pk not in seen)
        if len(found) >= limit:
            break
    return list(found.values())[:limit]


class GetInsertedProducts(OmnitronCommand[None, list[Product]]):
    """Products that the channel never had. They are committed to the run's batch at once, before any slow work.

    Without a batch (`create_batch=False`) they are only read.
    """

    key = "get_inserted_products"
    content_type = ContentType.product
    which: ClassVar[str] = "inserts"
    limit: int = 1_000
    """Products in one batch: several pages of the list."""
    skip: Collection[int] = ()
    """Keys that this run has tried already."""
    language: str | None = None

    async def get_data(self) -> list[Product]:
        pages = self.integration.client.due_products(self.which, self.limit, self.language)
        return await unseen(pages, self.skip, self.limit)

    async def send(self, products: list[Product]) -> list[Product]:
        if not products or not self.integration.create_batch:
            return products
        await self.integration.ready()
        conf = self.integration.channel.conf
        taken: dict[str, Product] = {}
        for product in products:
            key = channel_key(product, conf)
            reference = (ContentType.product, product.pk)
            member = Member(*reference, version_of(product), owner=reference, key=key, name=product.sku)
            self.batch_request.hold(member)
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
        await self.integration.commit()
        failed = {failure.object.pk for failure in self.failures}
        return [product for product in products if product.pk not in failed]


class GetUpdatedProducts(GetInsertedProducts):
    """Products that the channel has in an older version, each with its own integration action."""

    key = "get_updated_products"
    which = "updates"

    async def send(self, products: list[Product]) -> list[Product]:
        kept = await super().send(products)
        if not kept:
            return []
        actions = await self.integration.client.actions(
            content_type=ContentType.product, object_ids=[product.pk for product in kept]
        )
        by_product = {action.object_id: action for action in actions}
        return [product.model_copy(update={"integration_action": by_product.get(product.pk)}) for product in kept]


class GetInsertedOrUpdatedProducts(GetInsertedProducts):
    """Both at once, in one list."""

    key = "get_inserted_or_updated_products"
    which = "inserts_or_updates"


class GetDeletedProducts(OmnitronCommand[None, list[IntegrationAction]]):
    """The actions of products that no longer belong on the channel, committed to the run's batch."""

    key = "get_deleted_products"
    content_type = ContentType.integration_action
    limit: int = 1_000
    skip: Collection[int] = ()

    async def get_data(self) -> list[IntegrationAction]:
        return await unseen(self.integration.client.deleted_actions(self.limit), self.skip, self.limit)

    async def send(self, actions: list[IntegrationAction]) -> list[IntegrationAction]:
        if not actions or not self.integration.create_batch:
            return actions
        await self.integration.ready()
        for action in actions:
            reference = (ContentType.integration_action, action.pk)
            self.batch_request.hold(Member(*reference, version_of(action), owner=reference, key=action.remote_id))
        await self.integration.commit()
        return actions


class GetContentObjectsFromIntegrations(OmnitronCommand[list[IntegrationAction], list[IntegrationAction]]):
    """Attaches to each action the object that it speaks of, under its type's name (`action.product`); none where the
    object is gone."""

    key = "get_content_objects_from_integrations"
    content_type = ContentType.integration_action
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
                found = await self.integration.client.objects(content_type, keys)
                rows.update(((content_type, row.pk), row) for row in found)
        return [
            action.model_copy(
                update={action.content_type.model: rows.get((action.content_type.model, action.object_id))}
            )
            for action in actions
        ]


class GetProductObjects(OmnitronCommand[Sequence[Any], list[Any]]):
    """Attaches to each price, stock or image its whole product, as `row.product`; none where the product is gone."""

    key = "get_product_objects"
    content_type = ContentType.product

    async def send(self, rows: Sequence[Any]) -> list[Any]:
        products = await self.integration.client.objects(ContentType.product, {row.product for row in rows})
        by_key = {product.pk: product for product in products}
        return [row.model_copy(update={"product": by_key.get(row.product)}) for row in rows]


class GetProductFromBatchRequest(OmnitronCommand[Batch, list[Product]]):
    """The products that a batch still processes, each with its integration action."""

    key = "get_product_from_batch_request"
    content_type = ContentType.product

    async def send(self, batch: Batch) -> list[Product]:
        actions = await self.integration.client.actions(
            local_batch_id=batch.local_batch_id,
            status=IntegrationActionStatus.processing,
            content_type=ContentType.product,
        )
        by_product = {action.object_id: action for action in actions}
        products = await self.integration.client.objects(ContentType.product, by_product)
        return [product.model_copy(update={"integration_action": by_product[product.pk]}) for product in products]
