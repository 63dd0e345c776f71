"""Ends batches with the channel's results."""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from clients.errors import UnreadableRowError
from clients.omnitron.listings import LISTINGS
from clients.omnitron.rows import UnreadableRow
from dto.base import is_blank
from dto.batches import BatchRequestResponseDto
from dto.enums import GOODS, OFFERS, ContentType, FailedReasonType, IntegrationActionStatus, ResponseStatus
from dto.omnitron import IntegrationAction, Product
from dto.outcomes import ItemResult, Unreadable
from tasks.batch import Member, ObjectKey
from tasks.channel_key import channel_key
from tasks.concurrency import for_each
from tasks.failure import Failure
from tasks.omnitron.command import OmnitronCommand
from tasks.omnitron.journal.giving_back import give_back
from tasks.omnitron.journal.recording import record_settled
from tasks.settlement import Irregularities, Unanswered, name_of, settle, strangers


class SettleCommand(OmnitronCommand[Sequence[ItemResult], Irregularities]):
    """Ends a batch with the channel's results, in the run that sent it or in another process."""

    unanswered: Unanswered | None = None
    """The reason of objects without a result, if the channel is not asked again."""
    unreadable: Sequence[Unreadable] = ()
    """Lines of the channel's answer that could not be understood."""
    rest: ResponseStatus | None = None
    """The result of objects that the channel does not name."""
    is_partial: bool = False
    """Record only what the channel has taken so far: the batch goes on."""
    reads_only: bool = False
    """Fill the batch with its objects, and do nothing else."""

    async def load_members(self, results: Sequence[ItemResult]) -> None:
        """Fills a batch of another process with the objects of its actions."""
        raise NotImplementedError

    async def held(self) -> tuple[list[IntegrationAction], dict[ObjectKey, UnreadableRow]]:
        """The actions that the batch holds, and those that cannot be read, by the keys of their objects.

        An action that does not even say whose it is becomes an error here: the end of the batch cannot name its object, which
        would be in work for ever.
        """
        actions, odd = await self.integration.client.actions.held_by(self.batch_request.local_batch_id or "")
        unreadable: dict[ObjectKey, UnreadableRow] = {}
        for row in odd:
            object_key = _object_key_in(row)
            if object_key is None:
                await self.integration.client.actions.fail(row.key)
            else:
                unreadable[object_key] = row
        return actions, unreadable

    def take_members(self, members: Sequence[Member], unreadable: Mapping[ObjectKey, UnreadableRow]) -> None:
        """Fills the batch. It ends with all objects that it holds: those whose actions cannot be read fail."""
        now = self.integration.runtime.clock.now()
        odd = [Member(*key, now, owner=key, committed=True) for key in unreadable]
        self.batch_request.take_members([*members, *odd])
        for member in odd:
            self.fail_member(member, unreadable[member.object_key].message(), UnreadableRowError.code)

    def fail_member(self, member: Member, message: str, code: str) -> None:
        """Fails an object of the batch for a reason on this side."""
        reason = FailedReasonType.channel_app
        self.batch_request.fail_member(Failure(member, member.content_type, message, reason, code, self.key))


class ProcessBatchRequests(SettleCommand):
    """Ends a batch with the channel's results: each object with its remote id or its reason.

    The run that sent the batch has its objects and versions in memory. Another process reads them from the batch's
    actions, which have the committed versions: an object that changed meanwhile stays due.
    """

    content_type: ClassVar[ContentType]

    async def send(self, results: Sequence[ItemResult]) -> Irregularities:
        await self.load_members(results)
        if self.reads_only:
            return Irregularities()
        if self.is_partial:
            return await self._record(results)
        if not self.batch_request.is_ours:
            results = await self._without_recorded(results)
        odd = settle(
            self.batch_request, results, rest=self.rest, unanswered=self.unanswered, unreadable=self.unreadable
        )
        await self.integration.report_irregularities(self.batch_request, odd)
        await self.integration.report_failures(self.batch_request)
        await self._give_back_halves()
        await self.batch_request.done()
        return odd

    async def _give_back_halves(self) -> None:
        """Puts back the other halves of refused offers, as far as their state before the batch is known: they may have calls of
        their own, and be due by themselves."""
        batch = self.batch_request
        halves = [
            member.object_key
            for member in batch.members.values()
            if member.failure is not None
            and member.content_type != member.owner[0]
            and member.owner[0] in OFFERS
            and member.object_key in batch.before
        ]
        if halves:
            await give_back(self.integration.client, batch, only=halves)

    async def _record(self, results: Sequence[ItemResult]) -> Irregularities:
        """Records what the channel has taken. A refusal waits for the end of the batch, which counts the attempt."""
        taken = [result for result in results if result.status is ResponseStatus.success]
        odd = settle(self.batch_request, taken, partial=True)
        odd.counts.clear()  # the channel tells of recorded objects again, and nobody wants to read of them each time
        await self.integration.report_irregularities(self.batch_request, odd)
        odd.recorded = await record_settled(self.integration.client, self.batch_request)
        return odd

    async def _without_recorded(self, results: Sequence[ItemResult]) -> list[ItemResult]:
        """The results without those of objects that were recorded before, and have left the batch."""
        strange = [
            result for result in strangers(self.batch_request, results) if result.status is ResponseStatus.success
        ]
        if not strange:
            return list(results)
        recorded = await self.integration.client.actions.find(
            content_type=self.content_type,
            local_batch_id=self.batch_request.local_batch_id,
            status=IntegrationActionStatus.success,
        )
        members, _ = await self.members(recorded)
        names = {name for member in members for name in (member.key, member.remote_id)}
        names |= {action.remote_id for action in recorded}
        return [result for result in results if not (result in strange and {result.remote_id, name_of(result)} & names)]

    async def load_members(self, _: Sequence[ItemResult]) -> None:
        """Fills a batch of another process with the objects of its actions."""
        batch = self.batch_request
        if batch.is_known:
            return
        actions, unreadable = await self.held()
        members, gone = await self.members(actions)
        self.take_members(members, unreadable)
        for member in list(batch.members.values()):
            if member.owner not in batch.members:
                message = f"{member.content_type} {member.pk} travelled with {member.owner[0]} {member.owner[1]}, which has left"
                self.fail_member(member, f"{message} the batch. It is sent again.", "NotAnswered")
                continue
            # Objects that travel with a deleted product have failed with it already.
            if member.failure is not None or member.object_key not in gone:
                continue
            row = self.integration.client.left_out.find(LISTINGS[member.content_type].resource, member.pk)
            if row is not None:
                self.fail_member(member, row.message(), UnreadableRowError.code)
            else:
                self.fail_member(member, _gone(member), "ObjectGone")

    async def members(self, actions: Sequence[IntegrationAction]) -> tuple[list[Member], set[ObjectKey]]:
        """The objects of the actions, each with its name in the channel's answers; and the keys of deleted ones."""
        raise NotImplementedError


class ProcessGoodsBatchRequests(ProcessBatchRequests):
    """Ends a batch of products or their offers: the channel's answers name the product."""

    async def members(self, actions: Sequence[IntegrationAction]) -> tuple[list[Member], set[ObjectKey]]:
        client = self.integration.client
        rows: dict[ObjectKey, Any] = {}
        for content_type in GOODS:
            keys = [action.object_id for action in actions if action.content_type.model == content_type]
            if keys:
                rows.update(((content_type, row.pk), row) for row in await client.objects(content_type).get_many(keys))
        products = await self._products(rows)
        here = {object_key for object_key, row in rows.items() if self._product(row) in products}
        own = (row for (content_type, _), row in rows.items() if content_type == self.content_type)
        owners = {self._product(row): (self.content_type, row.pk) for row in own}
        members = [self._member(action, rows.get(action.object_key), products, owners) for action in actions]
        return members, {member.object_key for member in members} - here

    async def _products(self, rows: Mapping[ObjectKey, Any]) -> dict[int, Product]:
        """The products whose names match the channel's answers to rows."""
        here = {row.pk: row for row in rows.values() if isinstance(row, Product)}
        elsewhere = {pk for row in rows.values() if (pk := self._product(row)) is not None and pk not in here}
        found = await self.integration.client.products.get_many(elsewhere)
        return here | {product.pk: product for product in found}

    def _product(self, row: Any) -> int | None:
        """The key of the product whose name matches an answer to a row."""
        return row.pk if isinstance(row, Product) else row.product

    def _member(
        self,
        action: IntegrationAction,
        row: Any,
        products: Mapping[int, Product],
        owners: Mapping[int | None, ObjectKey],
    ) -> Member:
        object_key = action.object_key
        version = action.version_date or self.integration.runtime.clock.now()
        if object_key[0] != self.content_type:
            # It travels with its product, or with its other half, and has the same result.
            elsewhere: ObjectKey = (ContentType.product, 0 if row is None else row.product)
            owner = object_key if row is None else owners.get(row.product, elsewhere)
            return Member(*object_key, version, owner=owner, committed=True)
        product = None if row is None else products.get(self._product(row) or 0)
        key = None if product is None else channel_key(product, self.integration.channel.conf)
        remote_id = None if self.content_type is ContentType.product else action.remote_id
        member = Member(*object_key, version, owner=object_key, key=key, remote_id=remote_id, committed=True)
        member.name = None if product is None else product.sku
        return member


class ProcessProductBatchRequests(ProcessGoodsBatchRequests):
    """Ends a batch of products; their prices and stocks in the batch have the same results."""

    key = "process_product_batch_requests"
    content_type = ContentType.product


class ProcessPriceBatchRequests(ProcessGoodsBatchRequests):
    """Ends a batch of prices; each goes by its product's name on the channel."""

    key = "process_price_batch_requests"
    content_type = ContentType.product_price


class ProcessStockBatchRequests(ProcessGoodsBatchRequests):
    """Ends a batch of stocks; each goes by its product's name on the channel."""

    key = "process_stock_batch_requests"
    content_type = ContentType.product_stock


class ProcessImageBatchRequests(ProcessGoodsBatchRequests):
    """Ends a batch of images; each goes by its product's name on the channel, which may give all of them one result."""

    key = "process_image_batch_requests"
    content_type = ContentType.product_image


def _gone(member: Member) -> str:
    what = f"{member.content_type} {member.pk}"
    if member.content_type in OFFERS:
        what += ", or its product,"
    return (
        f"{what} was deleted in Omnitron while the channel worked on it. Without "
        "its name, the channel's answer cannot be matched: if it is on sale there, take it off by hand."
    )


def _object_key_in(row: UnreadableRow) -> ObjectKey | None:
    """The key of the object of an action that cannot be read; None if not even that can be."""
    content_type, pk = row.fields.get("content_type"), row.number("object_id")
    model = content_type.get("model") if isinstance(content_type, dict) else None
    return (ContentType(model), pk) if model in tuple(ContentType) and pk is not None else None


class ProcessDeleteProductBatchRequests(SettleCommand):
    """Ends a batch of deletions: the actions of deleted products are deleted, those of their offers first, so that a
    second pass still finds the product's; products that the channel kept remain, with their reasons."""

    key = "process_delete_product_batch_requests"
    content_type = ContentType.integration_action
    DEPENDANTS: ClassVar = OFFERS

    def transform_data(self, results: Sequence[ItemResult]) -> list[ItemResult]:
        """Matches deletions by remote id: the product, and with it the sku, may be gone."""
        return [
            BatchRequestResponseDto(
                result.status, name_of(result) if is_blank(result.remote_id) else result.remote_id, "", result.message
            )
            for result in results
        ]

    async def send(self, results: Sequence[ItemResult]) -> Irregularities:
        await self.load_members(results)
        if self.reads_only or self.is_partial:  # the end of the batch alone deletes
            return Irregularities()
        odd = settle(
            self.batch_request, results, rest=self.rest, unanswered=self.unanswered, unreadable=self.unreadable
        )
        taken_off = [member for member in self.batch_request.of_type() if member.settled]
        actions = await self.integration.client.actions.find(
            remote_ids={member.remote_id for member in taken_off if member.remote_id}
        )
        self._wait_for_other_batches(taken_off, actions)
        settled = {member.pk: member for member in taken_off if member.failure is None}
        products = [a for a in actions if a.pk in settled and a.content_type.model == ContentType.product]
        remote_ids = {action.remote_id for action in products}
        dependants = [a for a in actions if a.remote_id in remote_ids and a.content_type.model in self.DEPENDANTS]
        for group in (dependants, products):
            await for_each([action.pk for action in group], self.integration.client.actions.delete)
        for pk in settled:
            # A deleted action cannot be named: `done` names only the others.
            self.batch_request.drop((ContentType.integration_action, pk))
        self.batch_request.ended += len(settled)
        await self.integration.report_irregularities(self.batch_request, odd)
        await self.integration.report_failures(self.batch_request)
        await self.batch_request.done()
        return odd

    def _wait_for_other_batches(self, taken_off: Sequence[Member], actions: Sequence[IntegrationAction]) -> None:
        """Fails deletions of products of which another batch holds something: it still needs those actions."""
        own = self.batch_request.local_batch_id
        held = {
            action.remote_id: action.local_batch_id
            for action in actions
            if action.status is IntegrationActionStatus.processing
            and action.local_batch_id != own
            and action.content_type.model in GOODS
        }
        for member in taken_off:
            if member.remote_id in held:
                message = (
                    f"The channel has taken off {member.remote_id}, but batch {held[member.remote_id]} still holds something of "
                    "it. Its records are deleted when the deletion is offered again."
                )
                self.fail_member(member, message, "InWork")

    async def load_members(self, results: Sequence[ItemResult]) -> None:
        """Fills a batch of another process; the remote ids in the results lead to the product actions."""
        client, batch = self.integration.client, self.batch_request
        if batch.is_known:
            return
        held, unreadable = await self.held()
        named = {str(result.remote_id) for result in results if not is_blank(result.remote_id)}
        products = await client.actions.find(content_type=ContentType.product, remote_ids=named)
        remote_ids = {action.pk: action.remote_id for action in products}
        members = []
        for action in held:
            object_key = (ContentType.integration_action, action.object_id)
            key = remote_ids.get(action.object_id) or action.remote_id
            version = action.version_date or self.integration.runtime.clock.now()
            members.append(Member(*object_key, version, owner=object_key, key=key, committed=True))
        self.take_members(members, unreadable)
