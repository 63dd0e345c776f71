"""What the offers of a product have in common: its prices, stocks and images, read as they are due and sent by its name."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any, ClassVar, TypeVar

from clients.errors import ConfigError
from dto.enums import ContentType, FailedReasonType, IntegrationActionStatus
from dto.omnitron import Catalog, ChannelConf, Product, ProductImage, ProductPrice, ProductStock
from tasks.batch import Member, Reference, version_of
from tasks.command import OmnitronCommand
from tasks.concurrency import side_by_side
from tasks.omnitron.matching import channel_key
from tasks.omnitron.products import unseen

Offer = TypeVar("Offer", ProductPrice, ProductStock, ProductImage)


def product_of(row: Any) -> int:
    """The key of the product that a row belongs to, whether the product itself is attached or not."""
    return row.product.pk if isinstance(row.product, Product) else row.product


def extra_price_lists(catalog: Catalog, conf: ChannelConf) -> dict[int, str]:
    """The catalog's extra price lists that the channel's conf has a code for, each with its code."""
    return _with_codes(catalog.extra_price_lists, conf.CURRENCY_MAPPINGS)


def extra_stock_lists(catalog: Catalog, conf: ChannelConf) -> dict[int, str]:
    """The catalog's extra stock lists that the channel's conf has a code for, each with its code."""
    return _with_codes(catalog.extra_stock_lists, conf.WAREHOUSE_CODES)


def _with_codes(lists: Sequence[int], codes: Mapping[str, str]) -> dict[int, str]:
    return {number: codes[str(number)] for number in lists if codes.get(str(number))}


def own_list(catalog: Catalog, name: str) -> int:
    """The catalog's own `price_list` or `stock_list`.

    Raises:
        ConfigError: it has none.
    """
    number: int | None = getattr(catalog, name)
    if number is None:
        raise ConfigError(f"Catalog {catalog.pk} has no {name}: set one in Omnitron.")
    return number


class GetOffers(OmnitronCommand[Any, list[Offer]]):
    """Offers that are due, each with its product's name on the channel. They are committed to the run's batch at once,
    before any slow work.

    One whose product is gone, or is not on the channel, fails. Without a batch (`create_batch=False`) they are only read.
    """

    content_type: ClassVar[ContentType]
    which: ClassVar[str]
    limit: int = 1_000
    """Offers in one batch: several pages of the list."""
    skip: Collection[int] = ()
    """Keys that this run has tried already."""
    add_product_objects: bool = False
    """Attach the whole product, as `row.product`."""

    @property
    def extra_list(self) -> int | None:
        """The extra list that is read; none: the catalog's own."""
        return None

    @property
    def code(self) -> str | None:
        """The extra list's code on the channel."""
        return None

    async def get_data(self) -> list[Offer]:
        pages = self.integration.client.due_offers(self.content_type, self.which, self.limit, self.extra_list)
        return await unseen(pages, self.skip, self.limit)

    async def send(self, rows: list[Offer]) -> list[Offer]:
        if not rows or not self.integration.create_batch:
            return rows
        await self.integration.ready()
        for row in rows:
            reference = (self.content_type, row.pk)
            self.batch_request.hold(Member(*reference, version_of(row), owner=reference))
        await self.integration.commit()
        found, remote_ids = await side_by_side(
            self.integration.client.objects(ContentType.product, {row.product for row in rows if row.product}),
            self.remote_ids(rows),
        )
        products: dict[int, Product] = {product.pk: product for product in found}
        named = {product.pk: channel_key(product, self.integration.channel.conf) for product in found}
        holders: dict[str, int] = {}
        kept = []
        for row in rows:
            product, remote_id = products.get(row.product or 0), remote_ids.get(row.pk)
            if product is None:
                self._fail_without_product(row)
                continue
            member = self.batch_request.members[self.content_type, row.pk]
            member.key, member.name = named[product.pk], product.sku
            if remote_id is None:
                self._fail_unsent(row, product)
            elif member.key and holders.setdefault(member.key, product.pk) != product.pk:
                self._fail_ambiguous(row, product, holders[member.key])
            else:
                self.bind(member, remote_id)
                attached = {"product": product} if self.add_product_objects else {}
                kept.append(row.model_copy(update={"remote_id": remote_id, "code": self.code, **attached}))
        return kept

    async def remote_ids(self, rows: list[Offer]) -> dict[int, str]:
        """Key of an offer → its product's name on the channel."""
        raise NotImplementedError

    def bind(self, member: Member, remote_id: str) -> None:
        """Whatever the channel answers, the offer goes by its product's name there."""
        member.remote_id = remote_id

    def _fail_without_product(self, row: Offer) -> None:
        message = f"{self.content_type} {row.pk} belongs to product {row.product}, which is not in Omnitron any more. Delete it."
        self.fail(row, FailedReasonType.channel_app, message, "ProductGone")

    def _fail_unsent(self, row: Offer, product: Product) -> None:
        message = (
            f"Product has not been sent: {product.sku} is not on the channel. Send the product first, or see why it "
            "failed; this is tried again afterwards."
        )
        self.fail(row, FailedReasonType.channel_app, message, "ProductNotSent")

    def _fail_ambiguous(self, row: Offer, product: Product, other: int) -> None:
        key = channel_key(product, self.integration.channel.conf)
        message = f"Products {other} and {product.pk} are both called `{key}` on the channel. Change one."
        self.fail(row, FailedReasonType.channel_app, message, "DuplicatedKey")


class GetInsertedOffers(GetOffers[Offer]):
    """Those that the channel never had: their name there is the one under which their product was sent."""

    which = "inserts"

    async def remote_ids(self, rows: list[Offer]) -> dict[int, str]:
        actions = await self.integration.client.actions(
            content_type=ContentType.product,
            object_ids={row.product for row in rows if row.product},
            status=IntegrationActionStatus.success,
        )
        by_product = {action.object_id: action.remote_id for action in actions if action.remote_id}
        return {row.pk: by_product[row.product] for row in rows if row.product in by_product}

    def bind(self, member: Member, remote_id: str) -> None:
        """Omnitron is told before the send: the process that settles the batch finds it on the action."""
        super().bind(member, remote_id)
        member.committed = False


class GetUpdatedOffers(GetOffers[Offer]):
    """Those that the channel has in an older version: Omnitron knows their name there."""

    which = "updates"

    async def remote_ids(self, _: list[Offer]) -> dict[int, str]:
        actions = await self.integration.client.actions(
            local_batch_id=self.batch_request.local_batch_id,
            status=IntegrationActionStatus.processing,
            content_type=self.content_type,
        )
        return {action.object_id: action.remote_id for action in actions if action.remote_id}


class OfExtraList(GetOffers[Offer]):
    """Those of one extra list, with its code on the channel. The command's input is the key of the list."""

    codes: ClassVar[str]
    """The key of the channel's conf that holds the codes."""

    @property
    def extra_list(self) -> int:
        return int(self.objects)

    @property
    def code(self) -> str | None:
        codes: Mapping[str, str] = self.integration.channel.conf.get(self.codes)
        return codes.get(str(self.extra_list))


class AttachCounterpart(OmnitronCommand[list[Offer], list[Offer]]):
    """Attaches to each price its product's stock, or to each stock its product's price: for the channel's information, and
    no part of the batch."""

    content_type: ClassVar[ContentType]
    attribute: ClassVar[str]
    missing: ClassVar[str]
    list_name: ClassVar[str]
    """The parameter that says in which list to look, the catalog's own or an extra one; by default its own."""

    async def rows(self, products: list[int]) -> list[Any]:
        """What there is for these products."""
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
        what = self.attribute.removeprefix("product")
        message = f"Product {self._name(offer)} has no {what} in the {what} list that was asked for. Add it there."
        self.fail(offer, FailedReasonType.channel_app, message, self.missing)

    def _name(self, offer: Offer) -> str:
        """Its sku, as the command that read the offer has learnt it."""
        members: dict[Reference, Member] = getattr(self.batch_request, "members", {})
        member = members.get((self.content_type, offer.pk))
        return (member.key if member else None) or str(product_of(offer))
