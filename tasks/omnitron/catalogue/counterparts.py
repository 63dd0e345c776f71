"""Attaches a price's stock or a stock's price: for the channel's information, or because one call carries both."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, ClassVar, TypeVar

from clients.errors import UnreadableRowError
from dto.enums import ContentType, FailedReasonType, IntegrationActionStatus
from dto.omnitron import Product, ProductPrice, ProductStock
from tasks.batch import Member, ObjectKey, version_of
from tasks.omnitron.catalogue.offer_lists import unreadable_offer
from tasks.omnitron.enrichment import Enrichment
from tasks.omnitron.journal.giving_back import give_back

Offer = TypeVar("Offer", ProductPrice, ProductStock)


def product_of(row: Any) -> int:
    """The key of a row's product, which may be attached as an object."""
    return row.product.pk if isinstance(row.product, Product) else row.product


class AttachCounterpart(Enrichment[Offer]):
    """Attaches to each price its product's stock, or to each stock its product's price.

    With `commits`, the attached rows become objects of the batch and have the result of the offer that they travel with.
    Otherwise they are for the channel's information.
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
        found = await self._found(offers)
        if self.commits:
            offers = await self._locked(offers, found)
            found = await self._found(offers)  # what was read before the lock may have changed, and been sent, since
        kept = []
        for offer in offers:
            row = found.get(product_of(offer))
            try:
                if row is None:
                    self._fail_without(offer)
                    continue
                if self.commits:
                    self._add(offer, row)
            except UnreadableRowError as error:
                self.fail(offer, error.reason, f"{self._name(offer)}: {error.message}", error.code)
            else:
                kept.append(offer.model_copy(update={self.attribute: row}))
        return kept

    async def _found(self, offers: Sequence[Offer]) -> dict[int, Any]:
        """Key of a product → its row in the list."""
        return {row.product: row for row in await self.rows(sorted({product_of(offer) for offer in offers}))}

    def _add(self, offer: Offer, row: Any) -> None:
        """Makes the row an object of the batch, at its version.

        Raises:
            UnreadableRowError: its version is unknown.
        """
        member = Member(self._counterpart, row.pk, version_of(row), owner=(self.content_type, offer.pk))
        known = self.batch_request.members.get(member.object_key)
        if known is None or known.version_date != member.version_date:
            self.batch_request.add(member)

    async def _locked(self, offers: list[Offer], found: Mapping[int, Any]) -> list[Offer]:
        """Locks the rows into the batch. An offer whose row another open batch holds leaves the batch: to send that row unlocked
        could overwrite a newer one that is sent meanwhile. It stays due, and waits for the end of that batch."""
        standing = {
            action.object_id: action
            for action in await self.integration.client.actions.find(
                content_type=self._counterpart, object_ids={row.pk for row in found.values()}
            )
        }
        own, kept, held = self.batch_request.local_batch_id, [], []
        for offer in offers:
            row = found.get(product_of(offer))
            action = None if row is None else standing.get(row.pk)
            if (
                action is not None
                and action.status is IntegrationActionStatus.processing
                and action.local_batch_id != own
            ):
                held.append((self.content_type, offer.pk))
                continue
            kept.append(offer)
            if row is not None and isinstance(row.modified_date, datetime):
                self.batch_request.before[self._counterpart, row.pk] = action
                self._add(offer, row)
        if held:
            await give_back(self.integration.client, self.batch_request, only=held)
            what = self.attribute.removeprefix("product")
            self.log.info(
                "%d wait for a batch that holds their %s. They stay due, at no cost of attempts.", len(held), what
            )
        await self.integration.commit(self.batch_request)
        return kept

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
