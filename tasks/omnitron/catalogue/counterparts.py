"""Attaches a price's stock or a stock's price: for the channel's information, or because one call carries both."""

from collections.abc import Iterable
from typing import Any, ClassVar, TypeVar

from clients.errors import UnreadableRowError
from dto.enums import ContentType, FailedReasonType, IntegrationActionStatus
from dto.omnitron import Product, ProductPrice, ProductStock
from tasks.batch import Member, ObjectKey, version_of
from tasks.omnitron.catalogue.offer_lists import unreadable_offer
from tasks.omnitron.enrichment import Enrichment

Offer = TypeVar("Offer", ProductPrice, ProductStock)


def product_of(row: Any) -> int:
    """The key of a row's product, which may be attached as an object."""
    return row.product.pk if isinstance(row.product, Product) else row.product


class AttachCounterpart(Enrichment[Offer]):
    """Attaches to each price its product's stock, or to each stock its product's price.

    With `commits`, the attached rows become objects of the batch and have the result of the offer that they travel with; a row in
    another open batch is only attached. Otherwise they are for the channel's information.
    """

    content_type: ClassVar[ContentType]
    attribute: ClassVar[str]
    missing: ClassVar[str]
    list_name: ClassVar[str]
    """The parameter that names the list to read; by default the catalog's own."""
    commits: bool = False
    """Make the attached rows objects of the batch."""

    async def rows(self, products: list[int]) -> list[Any]:
        """The rows of the list for these products."""
        raise NotImplementedError

    async def send(self, offers: list[Offer]) -> list[Offer]:
        found = {row.product: row for row in await self.rows(sorted({product_of(offer) for offer in offers}))}
        elsewhere = await self._held_elsewhere(found.values()) if self.commits else set()
        kept = []
        for offer in offers:
            row = found.get(product_of(offer))
            if row is None:
                self._fail_without(offer)
                continue
            if self.commits and row.pk not in elsewhere:
                owner = (self.content_type, offer.pk)
                self.batch_request.add(Member(self._counterpart, row.pk, version_of(row), owner=owner))
            kept.append(offer.model_copy(update={self.attribute: row}))
        return kept

    async def _held_elsewhere(self, rows: Iterable[Any]) -> set[int]:
        """The keys of the rows that other open batches hold."""
        held = await self.integration.client.actions.find(
            content_type=self._counterpart,
            object_ids={row.pk for row in rows},
            status=IntegrationActionStatus.processing,
        )
        return {action.object_id for action in held if action.local_batch_id != self.batch_request.local_batch_id}

    @property
    def _counterpart(self) -> ContentType:
        """The type of the attached rows."""
        return ContentType(self.attribute)

    def _fail_without(self, offer: Offer) -> None:
        row = unreadable_offer(self.integration.client, self._counterpart, product_of(offer))
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
