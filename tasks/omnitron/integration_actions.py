"""What Omnitron believes about objects on the channel: read, written, changed."""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from clients.errors import LostAnswerError, RefusedError
from dto.enums import ContentType
from dto.omnitron import IntegrationAction
from tasks.batch import version_of
from tasks.command import OmnitronCommand
from tasks.concurrency import for_each


class GetIntegrations(OmnitronCommand[Mapping[str, Any], list[IntegrationAction]]):
    """Actions by any of the client's conditions (`content_type`, `object_ids`, `remote_ids`, `local_batch_id`,
    `status`), given as a mapping."""

    key = "get_integrations"
    content_type = ContentType.integration_action

    async def send(self, conditions: Mapping[str, Any] | None) -> list[IntegrationAction]:
        return await self.integration.client.actions(**(conditions or {}))  # type: ignore[no-any-return]


class GetIntegrationWithObjectId(OmnitronCommand[Sequence[Any], list[Any]]):
    """Attaches to each object its action, as `object.integration_action`; none where it has none.

    Each object has a `content_type`, a `pk` and a `remote_id`.
    """

    key = "get_integration_with_object_id"
    content_type = ContentType.integration_action
    condition: ClassVar[str] = "object_ids"

    def identity(self, item: Any) -> Any:
        """What the object is looked up by."""
        return item.pk

    def identity_of_action(self, action: IntegrationAction) -> Any:
        """The same, as an action says it."""
        return action.object_id

    async def send(self, objects: Sequence[Any]) -> list[Any]:
        found: dict[tuple[str, Any], IntegrationAction] = {}
        for content_type in {ContentType(item.content_type) for item in objects}:
            keys = [self.identity(item) for item in objects if item.content_type == content_type]
            actions = await self.integration.client.actions(content_type=content_type, **{self.condition: keys})
            found.update(((content_type, self.identity_of_action(action)), action) for action in actions)
        return [
            item.model_copy(
                update={"integration_action": found.get((ContentType(item.content_type), self.identity(item)))}
            )
            for item in objects
        ]


class GetIntegrationWithRemoteId(GetIntegrationWithObjectId):
    """The same, looked up by the channel's id."""

    key = "get_integration_with_remote_id"
    condition = "remote_ids"

    def identity(self, item: Any) -> Any:
        return str(item.remote_id)

    def identity_of_action(self, action: IntegrationAction) -> Any:
        return action.remote_id


class CreateIntegration(OmnitronCommand[Sequence[Any], list[IntegrationAction]]):
    """Binds objects to their remote ids: each has a `content_type`, `pk`, `remote_id` and `modified_date`.

    An object has one action: where it has one already, because an answer was lost or somebody was faster, that one is
    answered, and changed if it says something else.
    """

    key = "create_integration"
    content_type = ContentType.integration_action

    async def send(self, objects: Sequence[Any]) -> list[IntegrationAction]:
        return await for_each(objects, self._create)

    async def _create(self, item: Any) -> IntegrationAction:
        client = self.integration.client
        version = version_of(item).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        fields = {"remote_id": item.remote_id, "version_date": version, "state": {}}
        try:
            return await client.create_action(  # type: ignore[no-any-return]
                {"content_type": item.content_type, "channel_id": client.channel_id, "object_id": item.pk, **fields}
            )
        except (LostAnswerError, RefusedError) as error:
            found = await client.actions(content_type=ContentType(item.content_type), object_ids=[item.pk])
            if not found:
                raise
            action: IntegrationAction = found[0]
            self.log.info("%s %s has an action already (%s)", item.content_type, item.pk, error.message)
        is_same = action.remote_id == str(item.remote_id)
        if is_same and action.version_date is not None and action.version_date >= version_of(item):
            return action
        return await client.update_action(action.pk, fields)  # type: ignore[no-any-return]


class UpdateIntegration(OmnitronCommand[Sequence[IntegrationAction], list[IntegrationAction]]):
    """Writes back actions whose fields were changed with `model_copy`."""

    key = "update_integration"
    content_type = ContentType.integration_action
    FIELDS: ClassVar = ("remote_id", "version_date", "state", "status")

    async def send(self, actions: Sequence[IntegrationAction]) -> list[IntegrationAction]:
        async def update(action: IntegrationAction) -> IntegrationAction:
            row = action.model_dump(mode="json", exclude_unset=False)
            fields = {name: row[name] for name in self.FIELDS if name in row}
            return await self.integration.client.update_action(action.pk, fields)  # type: ignore[no-any-return]

        return await for_each(actions, update)
