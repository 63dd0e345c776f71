"""The names of offers on the channel: each offer has its product's name there."""

from collections.abc import Iterable, Mapping
from typing import Any

from clients.errors import UnreadableRowError
from clients.omnitron import OmnitronClient
from dto.enums import ContentType, FailedReasonType, IntegrationActionStatus
from dto.omnitron import Product
from tasks.batch import Member
from tasks.channel_key import channel_key
from tasks.concurrency import side_by_side
from tasks.failure import Failure
from tasks.omnitron.enrichment import Enrichment


class IdentifyOffers(Enrichment[Any]):
    """Gives each offer of the batch its product's name on the channel, as `remote_id`. An offer fails if its product is
    gone, is not on the channel, or has another product's name: `ProductGone`, `ProductNotSent`, `DuplicatedKey`."""

    attaches = ("remote_id", "code", "product")
    code: str | None = None
    """The code of an extra list on the channel, attached as `row.code`."""
    add_product_objects: bool = False
    """Attach the whole product, as `row.product`."""

    async def send(self, rows: list[Any]) -> list[Any]:
        found, remote_ids = await side_by_side(
            self.integration.client.products.get_many({row.product for row in rows if row.product}),
            self.remote_ids(rows),
        )
        products: dict[int, Product] = {product.pk: product for product in found}
        named = {product.pk: channel_key(product, self.integration.channel.conf) for product in found}
        holders: dict[str, int] = {}
        content_type, kept = self._offer_type, []
        for row in rows:
            product, remote_id = products.get(row.product or 0), remote_ids.get(row.pk)
            unreadable = self.integration.client.left_out.find("products", row.product or 0)
            if product is None and unreadable is not None:
                self._fail(row, UnreadableRowError.code, unreadable.message())
                continue
            if product is None:
                self._fail(
                    row,
                    "ProductGone",
                    f"{content_type} {row.pk} belongs to product {row.product}, which is no longer in Omnitron. Delete it.",
                )
                continue
            member = self.batch_request.members[content_type, row.pk]
            member.key, member.name = named[product.pk], product.sku
            if remote_id is None:
                self._fail(
                    row,
                    "ProductNotSent",
                    f"Product has not been sent: Omnitron knows of no send of {product.sku} that succeeded. Send the product "
                    f"first, or see why it failed; the {content_type.removeprefix('product')} is tried again afterwards.",
                )
            elif member.key and holders.setdefault(member.key, product.pk) != product.pk:
                other = holders[member.key]
                self._fail(
                    row,
                    "DuplicatedKey",
                    f"Products {other} and {product.pk} are both called `{member.key}` on the channel. Change one.",
                )
            else:
                self.bind(member, remote_id)
                attached = {"product": product} if self.add_product_objects else {}
                kept.append(row.model_copy(update={"remote_id": remote_id, "code": self.code, **attached}))
        return kept

    async def remote_ids(self, rows: list[Any]) -> Mapping[int, str]:
        """Key of an offer → its product's name on the channel."""
        raise NotImplementedError

    def bind(self, member: Member, remote_id: str) -> None:
        """Sets the offer's remote id to its product's name, whatever the channel will answer."""
        member.remote_id = remote_id

    @property
    def _offer_type(self) -> ContentType:
        """The type of the batch: a price, a stock or an image."""
        assert self.batch_request.content_type is not None  # noqa: S101  # the batch holds objects already
        return self.batch_request.content_type

    def _fail(self, row: Any, code: str, message: str) -> None:
        reason = FailedReasonType.channel_app
        self.failed_object_list.append(Failure(row, self._offer_type, message, reason, code))


class IdentifyNewOffers(IdentifyOffers):
    """For offers that the channel never had: their name is the one under which their product was sent."""

    key = "identify_new_offers"

    async def remote_ids(self, rows: list[Any]) -> Mapping[int, str]:
        known = {row.pk: row.remote_id for row in rows if row.remote_id}
        unknown = [row for row in rows if row.pk not in known]
        names = await names_of_products(self.integration.client, unknown)
        return known | {row.pk: names[row.product] for row in unknown if row.product in names}

    def bind(self, member: Member, remote_id: str) -> None:
        """Also has the next commit write it to the action, where the process that settles the batch finds it."""
        super().bind(member, remote_id)
        member.committed = False


class IdentifyUpdatedOffers(IdentifyOffers):
    """For offers that the channel has in an older version: Omnitron knows their names there."""

    key = "identify_updated_offers"

    async def remote_ids(self, rows: list[Any]) -> Mapping[int, str]:
        batch, find = self.batch_request, self.integration.client.actions.find
        if batch.local_batch_id is None:  # its objects are committed later, call by call
            actions = await find(content_type=self._offer_type, object_ids=[row.pk for row in rows])
        else:
            actions = await find(
                local_batch_id=batch.local_batch_id,
                status=IntegrationActionStatus.processing,
                content_type=self._offer_type,
            )
        return {action.object_id: action.remote_id for action in actions if action.remote_id}


async def names_of_products(client: OmnitronClient, offers: Iterable[Any]) -> dict[int, str]:
    """Key of a product → its name on the channel, for the products of offers that are known to be there."""
    actions = await client.actions.find(
        content_type=ContentType.product,
        object_ids={offer.product for offer in offers if offer.product},
        status=IntegrationActionStatus.success,
    )
    return {action.object_id: action.remote_id for action in actions if action.remote_id}
