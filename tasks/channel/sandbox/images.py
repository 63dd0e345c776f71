"""Images on the local marketplace."""

from typing import Any

from tasks.channel import ProductImage, SendOutcome, images
from tasks.channel.sandbox.marketplace import Marketplace
from tasks.channel.sandbox.products import offer_of, outcome_of


class SendInsertedImages(images.SendInsertedImages[Marketplace]):
    """Upserts: sending an image twice is the same as once. The answer names all images of a product by its sku."""

    also = (images.SendUpdatedImages,)

    def transform_data(self, data: list[ProductImage]) -> list[dict[str, Any]]:
        return [{"remote_id": row.remote_id, "pk": row.pk, **offer_of(row, "image", "order")} for row in data]

    async def send(self, items: list[dict[str, Any]]) -> SendOutcome:
        return outcome_of(self, await self.integration.client.upsert_images(items))
