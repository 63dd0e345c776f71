"""Makes Omnitron offer objects again that it knows as sent, or that have failed."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import timedelta
from http import HTTPStatus
from typing import ClassVar

from clients.errors import ChannelAppError, RefusedError
from dto.base import wire_date
from dto.enums import GOODS, ContentType, IntegrationActionStatus
from dto.omnitron import IntegrationAction, Product
from dto.resending import ResendOutcome, Resent
from tasks.concurrency import for_each
from tasks.omnitron.catalogue.goods import SIMPLE, Good, read_offers
from tasks.omnitron.catalogue.product_search import find_products, unreadable_product
from tasks.omnitron.command import OmnitronCommand
from tasks.sanitizing import sanitized

A_LITTLE = timedelta(seconds=1)
"""A version that is this much older than the object was never the object's: some hubs cut dates to seconds."""
NOT_TOUCHABLE = (HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND, HTTPStatus.METHOD_NOT_ALLOWED)


class OfferAgain(OmnitronCommand[Sequence[str], list[Resent]]):
    """Makes Omnitron offer the products with these skus again, or their prices, stocks and images.

    The version of a sent object is recorded as an older one; a failed object gets a new `modified_date` (assumed: an empty
    PATCH moves it), because that clears its attempts. Both err towards sending once too often: no change is recorded as sent.
    An object that a batch holds is left alone. One that is due already stays so, and repeating the command changes nothing.
    """

    key = "offer_again"
    content_type: ClassVar = ContentType.product
    kinds: Collection[ContentType] | None = None
    """The types to offer; None: the product with all that it has."""

    async def send(self, skus: Sequence[str]) -> list[Resent]:
        skus = list(dict.fromkeys(skus))
        hub = self.integration
        products = await find_products(hub, skus)
        kinds = GOODS if self.kinds is None else self.kinds
        goods = [Good(product, ContentType.product, product) for product in products.values()]
        offers = await read_offers(hub.client, list(products.values()), hub.catalog, hub.channel.conf, kinds)
        wanted = [good for good in (*goods, *offers) if good.content_type in kinds]
        found = await for_each(wanted, self._offer)
        rows: dict[str, list[Resent]] = defaultdict(list)
        for row in found:
            rows[row.sku].append(row)
        return [answer for sku in skus for answer in self._answers(sku, products, rows[sku])]

    def _answers(self, sku: str, products: Mapping[str, Product], rows: list[Resent]) -> list[Resent]:
        """The answers about one product, with one for each type that was named and of which it has no object."""
        if sku not in products:
            odd = unreadable_product(self.integration.client, sku=sku)
            why = odd.message(sku) if odd else f"Omnitron has no product {sku}: check its spelling."
            return [Resent(sku=sku, content_type=ContentType.product, outcome=ResendOutcome.absent, sentence=why)]
        missing = [kind for kind in self.kinds or () if kind not in {row.content_type for row in rows}]
        order = list(GOODS)
        return sorted(rows, key=lambda row: order.index(row.content_type)) + [
            Resent(
                sku=sku,
                content_type=kind,
                outcome=ResendOutcome.absent,
                sentence=f"{sku} has no {_noun(kind)} in the lists that this channel sells from.",
            )
            for kind in missing
        ]

    async def _offer(self, good: Good) -> Resent:
        try:
            return await self._offered(good)
        except ChannelAppError as error:  # the others go on
            message = sanitized(error, self.integration.runtime.redactor).message
            return _answer(good, ResendOutcome.not_offered, f"{_name(good)} could not be offered again: {message}")

    async def _offered(self, good: Good) -> Resent:
        client, version = self.integration.client, good.row.modified_date
        action = await self._action(good)
        if action is not None and action.status is IntegrationActionStatus.processing:
            return _held(good, action, "Nothing was changed")
        if which := await self._due(good):
            return _answer(good, ResendOutcome.due, f"{_name(good)} is due already", which)
        if why := _never_sent_because(good.product):
            return _answer(good, ResendOutcome.not_offered, f"{_name(good)} is not sent, because {why}.")
        if action is not None and _is_current(good, action):
            await client.actions.update(action.pk, {"version_date": wire_date(version - A_LITTLE)})
        else:
            try:
                await client.objects(good.content_type).touch(good.row.pk, extra=good.list_number is not None)
            except RefusedError as error:
                if error.status not in NOT_TOUCHABLE:
                    raise
                return _answer(
                    good,
                    ResendOutcome.not_offered,
                    f"{_name(good)} failed, and this Omnitron does not let a program give it new attempts ({error.status}): "
                    "change it there, which does the same.",
                )
        return await self._looked_after(good)

    async def _looked_after(self, good: Good) -> Resent:
        """The answer, by the state in Omnitron after the writing: a run may have taken the object up in between."""
        action = await self._action(good)
        if action is not None and action.status is IntegrationActionStatus.processing:
            return _held(good, action, "That batch took it up just now")
        if which := await self._due(good):
            return _answer(good, ResendOutcome.offered, f"{_name(good)} is due again", which)
        return _answer(
            good,
            ResendOutcome.not_offered,
            f"{_name(good)} is still not due: `channel-app explain {good.product.sku}` says why.",
        )

    async def _action(self, good: Good) -> IntegrationAction | None:
        found = await self.integration.client.actions.look_up(good.content_type, [good.row.pk])
        return found[0] if found else None

    async def _due(self, good: Good) -> str | None:
        """The due list that holds the object now."""
        for which in ("inserts", "updates"):
            if await self.integration.client.due_list(good.content_type, which, good.list_number).holds(good.row.pk):
                return which
        return None


def _is_current(good: Good, action: IntegrationAction) -> bool:
    """Whether Omnitron knows this version as sent."""
    version, is_sent = good.row.modified_date, action.status is IntegrationActionStatus.success
    return bool(is_sent and version and action.version_date and action.version_date >= version)


def _never_sent_because(product: Product) -> str | None:
    if product.is_active is False:
        return "its product is switched off in Omnitron: switch it on there"
    if product.product_type not in SIMPLE:
        return (
            f"its product is of type {product.product_type}, and only simple products (0) are sent: name its variants"
        )
    return None


def _held(good: Good, action: IntegrationAction, what: str) -> Resent:
    sentence = (
        f"{_name(good)} is in batch {action.local_batch_id}, which sends it. {what}; repeat the command when that batch has "
        "ended, if it is still needed."
    )
    return _answer(good, ResendOutcome.held, sentence)


def _answer(good: Good, outcome: ResendOutcome, sentence: str, which: str | None = None) -> Resent:
    flow = flow_of(good.content_type, which, good.list_number) if which else None
    travels = good.list_number is None and good.content_type in (ContentType.product_price, ContentType.product_stock)
    later = f"{sentence}: the next run of {flow} sends it{', or its product takes it along' if travels else ''}."
    return Resent(
        sku=good.product.sku,
        content_type=good.content_type,
        pk=good.row.pk,
        list_number=good.list_number,
        outcome=outcome,
        flow=flow,
        sentence=later if flow else sentence,
    )


def flow_of(content_type: ContentType, which: str, list_number: int | None = None) -> str:
    """The flow that takes up an object on a due list, `inserts` or `updates`."""
    verb = which.removesuffix("s")
    if content_type is ContentType.product:
        return f"{verb}_products"
    noun = _noun(content_type)
    return f"{verb}_product_{noun}s" + (f"_from_extra_{noun}_list" if list_number is not None else "")


def _noun(content_type: ContentType) -> str:
    return content_type.removeprefix("product") or "product"


def _name(good: Good) -> str:
    if good.content_type is ContentType.product:
        return good.product.sku
    which = {ContentType.product_image: f" {good.row.pk}"}.get(good.content_type, "")
    of_list = f" of list {good.list_number}" if good.list_number is not None else ""
    return f"{good.product.sku}: its {_noun(good.content_type)}{which}{of_list}"
