"""One check of one hub: the observations that several lines are judged by are made once."""

from clients.errors import RefusedError
from clients.omnitron import OmnitronClient
from deployments.assumptions.hub import QUIET_TYPE, CannotTryError, TriedHub
from deployments.assumptions.product_story import ProductStory
from dto.enums import BatchRequestStatus as Status
from dto.omnitron import Channel


class Trial:
    """A hub, one of its channels, and the observations so far."""

    def __init__(self, client: OmnitronClient, channel: Channel, *, with_object: bool = False) -> None:
        self.hub = TriedHub(client)
        self.channel = channel
        self._with_object = with_object
        self._second_commit: RefusedError | None = None
        self._committed_twice: bool | None = None
        self._product_story: ProductStory | None = None

    async def second_commit(self) -> RefusedError | None:
        """The refusal of a second commit of one content type; None if the hub lets it through."""
        if self._committed_twice is None:
            async with self.hub.committed(), self.hub.batch() as second:
                try:
                    await self.hub.move(second.pk, Status.commit, content_type=QUIET_TYPE, objects=[])
                except RefusedError as refused:
                    self._second_commit = refused
                self._committed_twice = self._second_commit is None
        return self._second_commit

    async def product_story(self) -> ProductStory:
        """The effects of batches on a product; played once.

        Raises:
            CannotTryError: it was not allowed, or could not be played to its end.
            ChannelAppError: the hub could not be asked, the first time.
        """
        if not self._with_object:
            raise CannotTryError("it would cost a product one attempt; `channel-app check --with-object` tries it")
        if self._product_story is None:
            self._product_story = ProductStory()
            await self._product_story.play(self.hub)
        if self._product_story.why_not:
            raise CannotTryError(self._product_story.why_not)
        return self._product_story
