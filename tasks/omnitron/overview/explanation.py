"""Reads what Omnitron knows about one product, to explain why it is on sale or not. Changes nothing."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, ClassVar

from clients.errors import UnreadableRowError
from clients.omnitron.listings import is_listed
from dto.batch_states import OPEN_LOCALLY, OPEN_REMOTELY
from dto.enums import ContentType, IntegrationActionStatus
from dto.explanation import BatchStanding, Explanation, ListedStanding, ObjectStanding, Reason
from dto.listing import ListedPriceDto, ListedProductDto, ListedStockDto
from dto.omnitron import IntegrationAction, Product
from tasks.ages import age_of, standing_since
from tasks.channel_key import channel_key
from tasks.concurrency import for_each
from tasks.omnitron.catalogue.goods import Good, read_offers
from tasks.omnitron.catalogue.product_search import find_products, unreadable_product
from tasks.omnitron.command import OmnitronCommand
from tasks.omnitron.overview.health import BATCH_PAGES, retry_interval
from tasks.omnitron.overview.reading import read_channel
from tasks.omnitron.overview.verdicts import Facts, judge

BATCHES_READ = 200
"""Newest batches that are searched for the product's last one."""
REASONS_KEPT = 5
"""Lines of the merchant's log that are shown for one object."""

Listed = Sequence[ListedProductDto | ListedPriceDto | ListedStockDto]


class ExplainProduct(OmnitronCommand[Listed | None, Explanation]):
    """The state of one product, in one sentence and in detail. The input is the channel's listing, if known."""

    key = "explain_product"
    content_type: ClassVar = ContentType.product
    objects: Listed | None = None
    sku: str | None = None
    pk: int | None = None
    """Omnitron's own key of the product, in place of its sku."""
    older_than: float = 900.0
    """Seconds after which an untouched batch counts as abandoned."""
    channel_note: str | None = None
    """The reason why the channel's listing is unknown."""

    async def send(self, listed: Listed | None) -> Explanation:
        client = self.integration.client
        self._channel, self._catalog = await read_channel(self.integration)
        self._can_read_reports: bool | None = None
        product = await self._product(listed or ())
        if product is None:
            self._refuse_unreadable()
        action = await self._own_action(product, listed or ())
        own = await self._own(product, action)
        removal = await self._removal(action) if action is not None else None
        on_channel = self._listed(product, own, listed)
        facts = Facts(
            name=(product.sku if product else self.sku) or f"Product {self.pk}",
            moment=client.server_time,
            channel=self._channel,
            product=product,
            own=own,
            offers=[_waiting(offer, own) for offer in await self._offers(product)],
            removal=removal,
            batch=await self._batch(action),
            has_category=await self._has_category(product, own),
            listed=on_channel,
            older_than=self.older_than,
        )
        verdict, sentence = judge(facts)
        standings = [standing for standing in (own, removal, *facts.offers) if standing is not None]
        return Explanation(
            sku=product.sku if product else self.sku,
            pk=product.pk if product else own.pk if own else self.pk,
            verdict=verdict,
            sentence=sentence,
            moment=facts.moment,
            objects=tuple(standings),
            batch=facts.batch,
            are_reports_readable=self._can_read_reports,
            listed=on_channel,
            channel_note=self.channel_note,
        )

    # -- finding the product ---------------------------------------------------------------------------------------

    async def _product(self, listed: Listed) -> Product | None:
        """The product; None if Omnitron does not have it."""
        client = self.integration.client
        if self.pk is not None:
            found: list[Product] = await client.products.get_many([self.pk])
            return found[0] if found else None
        if self.sku is None:
            return None
        remote_ids = [item.remote_id for item in listed if item.sku == self.sku and item.remote_id]
        return (await find_products(self.integration, [self.sku], remote_ids)).get(self.sku)

    def _refuse_unreadable(self) -> None:
        """Makes sure that the product is not just unreadable: it would be called gone.

        Raises:
            UnreadableRowError: it is.
        """
        if row := unreadable_product(self.integration.client, sku=self.sku, pk=self.pk):
            raise UnreadableRowError(row.message(self.sku))

    async def _actions_named(self, listed: Listed) -> list[IntegrationAction]:
        """The product actions with the remote ids under which the channel lists the sku."""
        remote_ids = {item.remote_id for item in listed if item.sku == self.sku and item.remote_id}
        if not remote_ids:
            return []
        return await self.integration.client.actions.find(content_type=ContentType.product, remote_ids=remote_ids)

    async def _own_action(self, product: Product | None, listed: Listed) -> IntegrationAction | None:
        """The product's action, which may exist without the product."""
        if product is None and self.pk is None:
            found = await self._actions_named(listed)
            # The action of an existing product with another sku does not belong to this one.
            existing = {row.pk for row in await self._rows(ContentType.product, [action.object_id for action in found])}
            found = [action for action in found if action.object_id not in existing]
        else:
            found = await self._actions(ContentType.product, [product.pk if product else self.pk or 0])
        return found[0] if found else None

    # -- states of objects -------------------------------------------------------------------------------------------

    async def _actions(self, content_type: ContentType, keys: Sequence[int]) -> list[IntegrationAction]:
        return await self.integration.client.actions.find(content_type=content_type, object_ids=keys)

    async def _rows(self, content_type: ContentType, keys: Sequence[int]) -> list[Any]:
        return await self.integration.client.objects(content_type).get_many(keys)

    async def _own(self, product: Product | None, action: IntegrationAction | None) -> ObjectStanding | None:
        if product is None and action is None:
            return None
        pk = product.pk if product else action.object_id if action else 0
        modified = product.modified_date if product else None
        standing = await self._standing(ContentType.product, pk, modified, action)
        if action is None or (product is not None and product.is_active is not False):
            return standing
        is_due = await self.integration.client.due_list(ContentType.integration_action, "deleted").holds(action.pk)
        return standing.model_copy(update={"due": "deleted" if is_due else standing.due})

    async def _removal(self, action: IntegrationAction) -> ObjectStanding | None:
        """The state of the product's removal from the channel, which has its own action."""
        found = await self._actions(ContentType.integration_action, [action.pk])
        if not found:
            return None
        return await self._standing(ContentType.integration_action, action.pk, action.modified_date, found[0])

    async def _offers(self, product: Product | None) -> list[ObjectStanding]:
        """The states of the product's images, and of its prices and stocks in the lists that are sent."""
        client, catalog = self.integration.client, self._catalog
        if product is None:
            return []
        goods = await read_offers(client, [product], catalog, self._channel.conf)
        actions: dict[tuple[str, int], IntegrationAction] = {}
        for content_type in {good.content_type for good in goods}:
            found = await self._actions(
                content_type, [good.row.pk for good in goods if good.content_type is content_type]
            )
            actions.update(((content_type, action.object_id), action) for action in found)

        async def stand(good: Good) -> ObjectStanding:
            pk, action = good.row.pk, actions.get((good.content_type, good.row.pk))
            return await self._standing(good.content_type, pk, good.row.modified_date, action, good.list_number)

        return await for_each(goods, stand)

    async def _standing(
        self,
        content_type: ContentType,
        pk: int,
        modified: datetime | None,
        action: IntegrationAction | None,
        number: int | None = None,
    ) -> ObjectStanding:
        status = action.status if action else None
        version = action.version_date if action else None
        is_there = status is IntegrationActionStatus.success
        is_current = bool(is_there and version and modified and version >= modified)
        is_failed = status is IntegrationActionStatus.error
        due = None
        if modified is not None and not is_current and status is not IntegrationActionStatus.processing:
            due = await self._due(content_type, pk, number)
        interval, last_try = retry_interval(self._channel.conf), action.modified_date if action and is_failed else None
        is_edited = bool(version and modified and modified > version)
        return ObjectStanding(
            content_type=content_type,
            pk=pk,
            list_number=number,
            status=status,
            remote_id=action.remote_id if action else None,
            version_date=version,
            local_batch_id=action.local_batch_id if action and status is IntegrationActionStatus.processing else None,
            modified_date=modified,
            is_current=is_current,
            due=due,
            last_try=last_try,
            next_try=last_try + interval if last_try and interval is not None and not is_edited else None,
            failed_reason_type=action.failed_reason_type if action and is_failed else None,
            reasons=await self._reasons(content_type, pk) if is_failed or (status is None and not due) else (),
        )

    async def _due(self, content_type: ContentType, pk: int, number: int | None) -> str | None:
        """The due list that holds an object now."""
        for which in ("inserts", "updates"):
            if not is_listed(content_type, which):
                continue
            if await self.integration.client.due_list(content_type, which, number).holds(pk):
                return which
        return None

    async def _reasons(self, content_type: ContentType, pk: int) -> tuple[Reason, ...]:
        """The merchant's log about a failed object, newest first."""
        client = self.integration.client
        rows = await client.error_reports.find(content_type, pk)
        self._can_read_reports = rows is not None
        return tuple(
            Reason(text=client.redactor.line(row.error_desc, limit=500), moment=row.created_date or row.modified_date)
            for row in [row for row in rows or () if not row.is_ok][:REASONS_KEPT]
        )

    async def _batch(self, action: IntegrationAction | None) -> BatchStanding | None:
        """The product's last batch. Omnitron has no filter by its local id."""
        if action is None or not action.local_batch_id:
            return None
        client = self.integration.client
        rows = await client.batches.newest(BATCHES_READ)
        if action.status is IntegrationActionStatus.processing:
            # A batch that is open for long may not be among the newest.
            oldest, _ = await client.batches.oldest((*OPEN_LOCALLY, *OPEN_REMOTELY), BATCH_PAGES)
            rows = [*oldest, *rows]
        row = next((row for row in rows if row.local_batch_id == action.local_batch_id), None)
        if row is None:
            return BatchStanding(local_batch_id=action.local_batch_id, status=None)
        age = round(age_of(row, client.server_time), 1)
        return BatchStanding(
            local_batch_id=row.local_batch_id,
            status=row.status,
            remote_batch_id=row.remote_batch_id,
            since=standing_since(row),
            age=age,
        )

    async def _has_category(self, product: Product | None, own: ObjectStanding | None) -> bool | None:
        """Whether the product is in a category of the channel's tree. Read only if that may be the reason: the product is
        not due and has no record on the channel."""
        tree = self._channel.category_tree
        if product is None or own is None or own.status is not None or own.due is not None or tree is None:
            return None
        client = self.integration.client
        root = (await client.category_trees.get(tree)).category_root.path
        return any(row.category.path.startswith(root) for row in await client.product_categories.find(product.pk))

    def _listed(
        self, product: Product | None, own: ObjectStanding | None, listed: Listed | None
    ) -> ListedStanding | None:
        """The channel's listing of the product, by its remote id or its name there."""
        key = channel_key(product, self._channel.conf) if product else self.sku
        remote_id = own.remote_id if own else None
        found = [
            item for item in listed or () if (remote_id and item.remote_id == remote_id) or (key and item.sku == key)
        ]
        if not found:
            return None
        values: Mapping[str, Any] = {
            name: value
            for item in found
            for name, value in item.model_dump(exclude={"sku"}).items()
            if value is not None
        }
        return ListedStanding(**values)


def _waiting(offer: ObjectStanding, product: ObjectStanding | None) -> ObjectStanding:
    """The state of a price, stock or image; a new one waits for a product that a batch holds."""
    if product is None or product.local_batch_id is None or offer.due != "inserts":
        return offer
    return offer.model_copy(update={"waits_for": product.local_batch_id})
