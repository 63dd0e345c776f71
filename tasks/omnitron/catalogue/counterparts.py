"""Attaches a price's stock or a stock's price, for the channel's information."""

from typing import Any, ClassVar, TypeVar

from clients.errors import UnreadableRowError
from dto.enums import ContentType, FailedReasonType
from dto.omnitron import Product, ProductPrice, ProductStock
from tasks.batch import Member, ObjectKey
from tasks.omnitron.catalogue.offer_lists import unreadable_offer
from tasks.omnitron.enrichment import Enrichment

Offer = TypeVar("Offer", ProductPrice, ProductStock)


def product_of(row: Any) -> int:
    """The key of a row's product, which may be attached as an object."""
    return row.product.pk if isinstance(row.product, Product) else row.product


class AttachCounterpart(Enrichment[Offer]):
    """Attaches to each price its product's stock, or to each stock its product's price, for the channel's information.
    The attached rows are not part of the batch."""

    content_type: ClassVar[ContentType]
    attribute: ClassVar[str]
    missing: ClassVar[str]
    list_name: ClassVar[str]
    """The parameter that names the list to read; by default the catalog's own."""

    async def rows(self, products: list[int]) -> list[Any]:
        """The rows of the list for these products."""
        raise NotImplementedError

    async def send(self, offers: list[Offer]) -> list[Offer]:
        found = {row.product: row for row in await self.rows(sorted({product_of(offer) for offer in offers}))}
        kept = []
        for offer in offers:
            row = found.get(product_of(offer))
            if row is None:
                self._fail_without(offer)
            else:
                kept.append(offer.model_copy(update={self.attribute: row}))
        return kept

    def _fail_without(self, offer: Offer) -> None:
        row = unreadable_offer(self.integration.client, ContentType(self.attribute), product_of(offer))
        if row is not None:
            self.fail(offer, FailedReasonType.channel_app, row.message(self._name(offer)), UnreadableRowError.code)
            return
        what = self.attribute.removeprefix("product")
        message = f"Product {self._name(offer)} has no {what} in the requested {what} list. Add it there."
        self.fail(offer, FailedReasonType.channel_app, message, self.missing)

    def _name(self, offer: Offer) -> str:
        """The product's name on the channel, or else its key in Omnitron."""
        members: dict[ObjectKey, Member] = getattr(self.batch_request, "members", {})
        member = members.get((self.content_type, offer.pk))
        return (member.key if member else None) or str(product_of(offer))
