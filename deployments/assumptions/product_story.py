"""The story of one product and its batches: given back twice, then commit, take-over by another batch, release."""

from collections.abc import Awaitable

from clients.errors import ChannelAppError, RefusedError
from clients.omnitron import OmnitronClient
from clients.omnitron.lists import PAGE
from deployments.assumptions.hub import CannotTryError, TriedHub
from dto.batches import BatchRequest, BatchRequestObjectsDto
from dto.enums import BatchRequestStatus as Status
from dto.enums import ContentType, IntegrationActionStatus
from dto.omnitron import IntegrationAction, Product


class ProductStory:
    """The observations on one due product. It costs the product one attempt, and two more on a hub that does not let an object
    be given back."""

    def __init__(self) -> None:
        self.why_not = ""
        """Why the story could not be played to its end; empty if it was."""
        self.product = 0
        self.not_deleted = ""
        """How its action stood, or what was said, when it had been deleted inside an open batch; empty if it was gone."""
        self.is_due_at_once = False
        """Whether it was offered after that batch had failed."""
        self.not_put_back = ""
        """How its action stood when it had been changed inside an open batch, and that had failed; empty if as it was put."""
        self.committed: IntegrationAction | None = None
        """The product's action after the first commit."""
        self.echoed: list[object] = []
        """Objects in the answer to a commit that named no object."""
        self.taken_by_second = False
        self.second_refused = ""
        self.kept_by_second = False
        self.left_over: IntegrationAction | None = None
        """The product's action after both batches have failed."""
        self.offered_again = False
        self._batches: set[str] = set()

    async def play(self, hub: TriedHub) -> None:
        """Plays it on a hub, and leaves nothing behind but one attempt, or three.

        Raises:
            ChannelAppError: the hub could not be asked; `why_not` holds the reason too.
        """
        try:
            await self._play(hub)
        except ChannelAppError as error:
            self.why_not = f"the trial with product {self.product} broke off: {error.message}"
            raise

    async def _play(self, hub: TriedHub) -> None:
        product = await self._choose(hub.client)
        if product is None or product.modified_date is None:
            self.why_not = "no product is due that was never tried; add one in Omnitron, and try again"
            return
        self.product = product.pk
        entry = BatchRequestObjectsDto(product.pk, product.modified_date, ContentType.product)
        try:
            await self._delete_inside(hub, entry)
            await self._change_inside(hub, entry)
            async with hub.committed(ContentType.product, [entry]) as first:
                self._batches.add(first.local_batch_id)
                self.committed = await self._action(hub.client)
                again = await hub.commit(first, ContentType.product)
                self.echoed = list(again.get("objects") or []) if isinstance(again, dict) else []
                await hub.move(first.pk, Status.ongoing)
                async with hub.batch() as second:
                    self._batches.add(second.local_batch_id)
                    await self._take_over(hub, first, second, entry)
            self.offered_again = await self._is_offered(hub)
        except CannotTryError as reason:
            self.why_not = reason.message
        finally:
            await self._clean_up(hub.client)

    async def _delete_inside(self, hub: TriedHub, entry: BatchRequestObjectsDto) -> None:
        """As `give_back` does with an object that had never been sent: its action is deleted, and the batch fails."""
        async with hub.committed(ContentType.product, [entry]) as batch:
            self._batches.add(batch.local_batch_id)
            self.not_deleted = await self._said(self._delete(hub.client))
        action = await self._action(hub.client)
        if action is not None:
            self.not_deleted = self.not_deleted or f"it was there as `{action.status}` after the batch had failed"
            await hub.client.actions.delete(action.pk)
        self.is_due_at_once = await self._is_offered(hub)

    async def _change_inside(self, hub: TriedHub, entry: BatchRequestObjectsDto) -> None:
        """As `give_back` does with another object: its action is put back to an earlier state, and the batch fails."""
        earlier = IntegrationActionStatus.error
        async with hub.committed(ContentType.product, [entry]) as batch:
            self._batches.add(batch.local_batch_id)
            self.not_put_back = await self._said(self._change(hub.client, earlier))
        action = await self._action(hub.client)
        if action is None or action.status is not earlier:
            status = f"was there as `{action.status}`" if action else "was gone"
            self.not_put_back = self.not_put_back or f"it {status} after the batch had failed, and not as `{earlier}`"
        if action is not None:
            await hub.client.actions.delete(action.pk)

    async def _said(self, request: Awaitable[None]) -> str:
        """What the hub says when it refuses a request; empty if it does not."""
        try:
            await request
        except RefusedError as refused:
            return refused.message
        return ""

    async def _delete(self, client: OmnitronClient) -> None:
        action = await self._action(client)
        if action is not None:
            await client.actions.delete(action.pk)

    async def _change(self, client: OmnitronClient, status: IntegrationActionStatus) -> None:
        action = await self._action(client)
        if action is not None:
            await client.actions.update(action.pk, {"status": status})

    async def _is_offered(self, hub: TriedHub) -> bool:
        offered = await hub.rows("products/inserts", product_type=0, pk__in=self.product)
        return any(row.get("pk") == self.product for row in offered)

    async def _take_over(
        self, hub: TriedHub, first: BatchRequest, second: BatchRequest, entry: BatchRequestObjectsDto
    ) -> None:
        try:
            await hub.commit(second, ContentType.product, [entry])
        except RefusedError as refused:
            self.second_refused = refused.message
            return
        action = await self._action(hub.client)
        self.taken_by_second = action is not None and action.local_batch_id == second.local_batch_id
        await hub.client.batches.move(first.pk, Status.fail)
        action = await self._action(hub.client)
        self.kept_by_second = action is not None and action.status is IntegrationActionStatus.processing

    async def _choose(self, client: OmnitronClient) -> Product | None:
        """A due product without an action: any action found afterwards is then one of ours."""
        async for page in client.products.due_pages("inserts", PAGE):
            known = await client.actions.find(content_type=ContentType.product, object_ids=[row.pk for row in page])
            tried = {action.object_id for action in known}
            return next((row for row in page if row.pk not in tried), None)
        return None

    async def _action(self, client: OmnitronClient) -> IntegrationAction | None:
        found = await client.actions.find(content_type=ContentType.product, object_ids=[self.product])
        return found[0] if found else None

    async def _clean_up(self, client: OmnitronClient) -> None:
        """Deletes the action that a hub without release leaves behind: the product had no action before."""
        action = await self._action(client)
        if action is not None and action.local_batch_id in self._batches:
            self.left_over = action
            await client.actions.delete(action.pk)
