"""Prices, stocks and images that are due."""

from collections.abc import Mapping, Sequence
from dataclasses import field
from typing import ClassVar, TypeVar

from clients.omnitron.due import DueRows
from clients.omnitron.rows import UnreadableRow
from dto.omnitron import ProductImage, ProductPrice, ProductStock
from tasks.omnitron.catalogue.offer_identity import (
    IdentifyNewOffers,
    IdentifyOffers,
    IdentifyUpdatedOffers,
    names_of_products,
)
from tasks.omnitron.journal.due import GetDue

Offer = TypeVar("Offer", ProductPrice, ProductStock, ProductImage)


class GetOffers(GetDue[int | None, Offer]):
    """Reads due offers of the catalog's own list. Run alone, it attaches the name of each on the channel."""

    objects: int | None = None
    """The key of an extra list; None for the catalog's own."""
    add_product_objects: bool = False
    """Attach the whole product, as `row.product`."""
    identified_by: ClassVar[type[IdentifyOffers]]

    @property
    def code(self) -> str | None:
        """The extra list's code on the channel."""
        return None

    async def get_data(self) -> DueRows[Offer]:
        offers = self.integration.client.offers(self.content_type)
        return await offers.due(self.which, self.limit, self.skip, self.objects)

    async def names(self, rows: Sequence[UnreadableRow]) -> Mapping[int, str]:
        product_of = {row.key: product for row in rows if (product := row.number("product")) is not None}
        products = await self.integration.client.products.get_many(product_of.values())
        skus = {product.pk: product.sku for product in products}
        return {key: skus[product] for key, product in product_of.items() if product in skus}

    async def identify(self, rows: list[Offer]) -> list[Offer]:
        return await self.integration.do_action(
            self.identified_by, objects=rows, code=self.code, add_product_objects=self.add_product_objects
        )


class GetInsertedOffers(GetOffers[Offer]):
    """Reads offers that the channel never had. For a flow, one whose product is not on the channel waits; run alone, the command
    fails it."""

    which = "inserts"
    identified_by = IdentifyNewOffers

    async def get_data(self) -> DueRows[Offer]:
        ready = None if self.integration.create_batch else self._of_listed_products
        offers = self.integration.client.offers(self.content_type)
        return await offers.due(self.which, self.limit, self.skip, self.objects, ready, self.waiting)

    async def _of_listed_products(self, rows: Sequence[Offer]) -> list[Offer]:
        """The offers whose products are on the channel, each with its product's name there."""
        names = await names_of_products(self.integration.client, rows)
        return [row.model_copy(update={"remote_id": names[row.product]}) for row in rows if row.product in names]


class GetUpdatedOffers(GetOffers[Offer]):
    """Reads offers that the channel has in an older version."""

    which = "updates"
    identified_by = IdentifyUpdatedOffers


class GetOffersOfExtraList(GetOffers[Offer]):
    """Reads offers of one extra list, with its code on the channel. The input is the list's key."""

    objects: int = field(kw_only=False)
    codes: ClassVar[str]
    """The key of the channel's conf that holds the codes."""

    @property
    def code(self) -> str | None:
        codes: Mapping[str, str] = self.integration.channel.conf.get(self.codes)
        return codes.get(str(self.objects))
