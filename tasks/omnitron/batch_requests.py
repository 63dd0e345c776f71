"""Batches: listed, moved, and settled with what the channel answered."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar

from clients.errors import ConfigError
from dto.batch_states import OPEN_REMOTELY
from dto.batches import BatchRequestResponseDto
from dto.enums import BatchRequestStatus, ContentType, FailedReasonType, IntegrationActionStatus, ResponseStatus
from dto.omnitron import BatchRequest, IntegrationAction, Product
from dto.outcomes import ItemResult
from tasks.batch import Batch, Member, Reference
from tasks.command import OmnitronCommand
from tasks.concurrency import for_each
from tasks.failure import Failure
from tasks.omnitron.matching import channel_key
from tasks.settlement import Irregularities, name_of, settle

MATCHED_BY_PRODUCT = (ContentType.product_price, ContentType.product_stock, ContentType.product_image)


class GetBatchRequests(OmnitronCommand[None, list[BatchRequest]]):
    """All batches of this channel in some statuses, oldest first; by default those that the channel has to answer."""

    key = "get_batch_requests"
    content_type = ContentType.batch_request
    statuses: Sequence[BatchRequestStatus] = OPEN_REMOTELY
    of_type: ContentType | None = None
    remote_batch_id: str | None = None

    async def send(self, _: None) -> list[BatchRequest]:
        return await self.integration.client.batches(  # type: ignore[no-any-return]
            self.statuses, content_type=self.of_type, remote_batch_id=self.remote_batch_id
        )


class BatchRequestUpdate(OmnitronCommand[None, Batch]):
    """Moves the batch to a status, naming what is new: first the reports of what failed, then the move."""

    key = "batch_request_update"
    content_type = ContentType.batch_request
    status: BatchRequestStatus = BatchRequestStatus.commit

    async def send(self, _: None) -> Batch:
        await self.integration.report_failures(self.batch_request)
        moves: dict[BatchRequestStatus, Callable[[], Any]] = {
            BatchRequestStatus.commit: self.batch_request.commit,
            BatchRequestStatus.sent_to_remote: self.batch_request.sent_to_remote,
            BatchRequestStatus.ongoing: self.batch_request.ongoing,
            BatchRequestStatus.done: self.batch_request.done,
            BatchRequestStatus.fail: self.batch_request.fail,
        }
        if self.status not in moves:
            raise ConfigError(f"A batch cannot be moved to `{self.status}`. Known: {', '.join(moves)}.")
        await moves[self.status]()
        return self.batch_request


class ProcessBatchRequests(OmnitronCommand[Sequence[ItemResult], Irregularities]):
    """Ends a batch with the channel's results: each object with its remote id or its reason.

    In the run that sent the batch, its objects and their versions are in memory. In another process they are read from
    the batch's own actions, which carry the versions that were committed: an object that changed meanwhile stays due.
    """

    content_type: ClassVar[ContentType]

    async def send(self, results: Sequence[ItemResult]) -> Irregularities:
        await self.load_members()
        odd = settle(self.batch_request, results)
        await self.integration.report_irregularities(self.batch_request, odd)
        await self.integration.report_failures(self.batch_request)
        await self.batch_request.done()
        return odd

    async def load_members(self, _: Sequence[ItemResult] = ()) -> None:
        """Fills a batch that another process made with what its actions say it holds."""
        batch = self.batch_request
        if batch.is_known:
            return
        actions: list[IntegrationAction] = await self.integration.client.actions(
            local_batch_id=batch.local_batch_id, status=IntegrationActionStatus.processing
        )
        members, gone = await self.members(actions)
        batch.take_members(members)
        for member in list(batch.members.values()):
            # What travels with a product that is gone has failed with it by now.
            if member.failure is None and member.reference in gone:
                failure = Failure(
                    member, member.content_type, _gone(member), FailedReasonType.channel_app, "ObjectGone"
                )
                batch.fail_member(failure._replace(command=self.key))

    async def members(self, actions: Sequence[IntegrationAction]) -> tuple[list[Member], set[Reference]]:
        """What the actions speak of, each with the name under which the channel answers; and what is gone from Omnitron.

        This one is for products and what belongs to them.
        """
        client = self.integration.client
        rows: dict[Reference, Any] = {}
        for content_type in (ContentType.product, *MATCHED_BY_PRODUCT):
            keys = [action.object_id for action in actions if action.content_type.model == content_type]
            if keys:
                rows.update(((content_type, row.pk), row) for row in await client.objects(content_type, keys))
        products = await self._products(rows)
        here = {reference for reference, row in rows.items() if self._product(row) in products}
        members = [self._member(action, rows.get(reference_of(action)), products) for action in actions]
        return members, {member.reference for member in members} - here

    async def _products(self, rows: Mapping[Reference, Any]) -> dict[int, Product]:
        """The products by whose names the channel's answers are matched."""
        here = {row.pk: row for row in rows.values() if isinstance(row, Product)}
        elsewhere = {self._product(row) for row in rows.values()} - set(here) - {None}
        found = await self.integration.client.objects(ContentType.product, elsewhere)
        return here | {product.pk: product for product in found}

    def _product(self, row: Any) -> int | None:
        """The product by whose name a row is matched."""
        return row.pk if isinstance(row, Product) else row.product

    def _member(self, action: IntegrationAction, row: Any, products: Mapping[int, Product]) -> Member:
        reference = reference_of(action)
        version = action.version_date or self.integration.runtime.clock.now()
        if reference[0] != self.content_type:
            # It travels with its product, and ends as that does.
            owner = reference if row is None else (ContentType.product, row.product)
            return Member(*reference, version, owner=owner, committed=True)
        product = None if row is None else products.get(self._product(row) or 0)
        key = None if product is None else channel_key(product, self.integration.channel.conf)
        remote_id = None if self.content_type is ContentType.product else action.remote_id
        member = Member(*reference, version, owner=reference, key=key, remote_id=remote_id, committed=True)
        member.name = None if product is None else product.sku
        return member


class ProcessProductBatchRequests(ProcessBatchRequests):
    """Ends a product batch: its prices and stocks end as their product does."""

    key = "process_product_batch_requests"
    content_type = ContentType.product


class ProcessPriceBatchRequests(ProcessBatchRequests):
    """Ends a batch of prices; each goes by its product's name on the channel."""

    key = "process_price_batch_requests"
    content_type = ContentType.product_price


class ProcessStockBatchRequests(ProcessBatchRequests):
    """Ends a batch of stocks; each goes by its product's name on the channel."""

    key = "process_stock_batch_requests"
    content_type = ContentType.product_stock


class ProcessImageBatchRequests(ProcessBatchRequests):
    """Ends a batch of images; each goes by its product's name on the channel, which may answer for all of them at once."""

    key = "process_image_batch_requests"
    content_type = ContentType.product_image


def _gone(member: Member) -> str:
    what = f"{member.content_type} {member.pk}"
    if member.content_type in MATCHED_BY_PRODUCT:
        what += ", or its product,"
    return (
        f"{what} was deleted in Omnitron while the channel worked on it. Without "
        "its name it cannot be matched with the channel's answer: if it is on sale there, take it off by hand."
    )


def reference_of(action: IntegrationAction) -> Reference:
    """The object that an action speaks of."""
    return ContentType(action.content_type.model), action.object_id


class ProcessDeleteProductBatchRequests(OmnitronCommand[Sequence[ItemResult], Irregularities]):
    """Ends a deletion: what the channel deleted loses its actions, dependants first and the product's own last, so that
    a second pass still finds it; what it did not stays, with its reason."""

    key = "process_delete_product_batch_requests"
    content_type = ContentType.integration_action
    DEPENDANTS: ClassVar = MATCHED_BY_PRODUCT

    def transform_data(self, results: Sequence[ItemResult]) -> list[ItemResult]:
        """Deletions are told apart by remote id: the product itself, and with it the sku, may be gone."""
        return [
            BatchRequestResponseDto(result.status, result.remote_id or name_of(result), "", result.message)
            for result in results
        ]

    async def send(self, results: Sequence[ItemResult]) -> Irregularities:
        await self.load_members(results)
        deleted = [result for result in results if result.status is ResponseStatus.success and result.remote_id]
        actions = await self.integration.client.actions(remote_ids={str(result.remote_id) for result in deleted})
        odd = settle(self.batch_request, results)
        settled = {member.pk: member for member in self.batch_request.of_type() if member.settled}
        products = [a for a in actions if a.pk in settled and a.content_type.model == ContentType.product]
        remote_ids = {action.remote_id for action in products}
        dependants = [a for a in actions if a.remote_id in remote_ids and a.content_type.model in self.DEPENDANTS]
        for group in (dependants, products):
            await for_each([action.pk for action in group], self.integration.client.delete_action)
        for pk in settled:
            # A deleted action ended with its DELETE: `done` names only the others.
            del self.batch_request.members[(ContentType.integration_action, pk)]
        self.batch_request.ended += len(settled)
        await self.integration.report_irregularities(self.batch_request, odd)
        await self.integration.report_failures(self.batch_request)
        await self.batch_request.done()
        return odd

    async def load_members(self, results: Sequence[ItemResult] = ()) -> None:
        """Fills a batch that another process made; the results' remote ids lead to the product actions."""
        client, batch = self.integration.client, self.batch_request
        if batch.is_known:
            return
        held: list[IntegrationAction] = await client.actions(
            local_batch_id=batch.local_batch_id, status=IntegrationActionStatus.processing
        )
        named = {str(result.remote_id) for result in results if result.remote_id}
        products = await client.actions(content_type=ContentType.product, remote_ids=named)
        remote_ids = {action.pk: action.remote_id for action in products}
        members = []
        for action in held:
            reference = (ContentType.integration_action, action.object_id)
            key = remote_ids.get(action.object_id) or action.remote_id
            version = action.version_date or self.integration.runtime.clock.now()
            members.append(Member(*reference, version, owner=reference, key=key, committed=True))
        batch.take_members(members)
