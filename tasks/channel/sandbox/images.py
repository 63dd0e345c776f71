"""Images on the local marketplace."""

from typing import Any

from clients.answers import Reply
from dto.omnitron import ProductImage
from dto.outcomes import SendOutcome
from tasks.channel import images
from tasks.channel.sandbox.marketplace import Marketplace
from tasks.channel.sandbox.products import CheckProducts, offer_of, outcome_of


class SendInsertedImages(images.SendInsertedImages[Marketplace]):
    """Upserts: sending an image twice is the same as once. The answer names all images of a product by its sku."""

    def transform_data(self, data: list[ProductImage]) -> list[dict[str, Any]]:
        return [{"remote_id": row.remote_id, "pk": row.pk, **offer_of(row, "image", "order")} for row in data]

    async def send(self, items: list[dict[str, Any]]) -> Reply:
        return await self.integration.client.upsert_images(items)

    def normalize_response(self, data: Any, validated_data: Any, transformed_data: Any, response: Reply) -> SendOutcome:  # noqa: ARG002
        return outcome_of(self, response)


class SendUpdatedImages(SendInsertedImages, images.SendUpdatedImages[Marketplace]):
    """The marketplace makes no difference between new and known images."""

    key = images.SendUpdatedImages.key


class CheckImages(CheckProducts, images.CheckImages[Marketplace]):
    """The marketplace answers in the same form for every type."""

    key = images.CheckImages.key
    content_type = images.CheckImages.content_type
