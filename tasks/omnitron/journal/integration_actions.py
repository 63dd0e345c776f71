"""Integration actions, Omnitron's records of objects on the channel: read, created and updated."""

from collections.abc import Mapping, Sequence
from dataclasses import field
from typing import Any, ClassVar

from clients.errors import LostAnswerError, MissingError, RefusedError
from dto.base import HALF_A_CHARACTER, is_writable, wire_date
from dto.enums import ContentType
from dto.omnitron import IntegrationAction
from tasks.batch import version_of
from tasks.concurrency import for_each
from tasks.omnitron.command import OmnitronCommand
from tasks.omnitron.journal.conditions import conditions_on_actions


class GetIntegrations(OmnitronCommand[Mapping[str, Any] | None, list[IntegrationAction]]):
    """Reads actions by a mapping of conditions: `content_type`, `object_ids`, `remote_ids`, `local_batch_id`, `status`; or
    by those of the Celery version: `content_type_name`, `object_id`, `object_id__in`, `remote_id__exact`, `remote_id__in`."""

    key = "get_integrations"
    content_type = ContentType.integration_action
    objects: Mapping[str, Any] | None = field(default=None, kw_only=False)

    async def send(self, conditions: Mapping[str, Any] | None) -> list[IntegrationAction]:
        return await self.integration.client.actions.find(**conditions_on_actions(self.key, conditions or {}))


class GetIntegrationWithObjectId(OmnitronCommand[Sequence[Any], list[Any]]):
    """Attaches to each object its action, as `object.integration_action`, or None if it has no action.

    Each object has a `content_type`, a `pk` and a `remote_id`.
    """

    key = "get_integration_with_object_id"
    content_type = ContentType.integration_action

    def identity(self, item: Any) -> Any:
        """The value by which an object is looked up."""
        return item.pk

    def identity_of_action(self, action: IntegrationAction) -> Any:
        """The same value of an action."""
        return action.object_id

    async def find(self, content_type: ContentType, identities: list[Any]) -> list[IntegrationAction]:
        """The actions with these identities."""
        return await self.integration.client.actions.find(content_type=content_type, object_ids=identities)

    async def send(self, objects: Sequence[Any]) -> list[Any]:
        found: dict[tuple[str, Any], IntegrationAction] = {}
        for content_type in {ContentType(item.content_type) for item in objects}:
            keys = [self.identity(item) for item in objects if item.content_type == content_type]
            actions = await self.find(content_type, keys)
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

    def identity(self, item: Any) -> Any:
        return str(item.remote_id)

    def identity_of_action(self, action: IntegrationAction) -> Any:
        return action.remote_id

    async def find(self, content_type: ContentType, identities: list[Any]) -> list[IntegrationAction]:
        return await self.integration.client.actions.find(content_type=content_type, remote_ids=identities)


class CreateIntegration(OmnitronCommand[Sequence[Any], list[IntegrationAction]]):
    """Binds objects to their remote ids: each has a `content_type`, `pk`, `remote_id` and `modified_date`.

    An object has one action. If it exists already, because an answer was lost or another run was faster, it is returned,
    and updated if it differs.

    Raises:
        MissingError: a remote id cannot be written as UTF-8.
    """

    key = "create_integration"
    content_type = ContentType.integration_action

    async def send(self, objects: Sequence[Any]) -> list[IntegrationAction]:
        return await for_each(objects, self._create)

    async def _create(self, item: Any) -> IntegrationAction:
        client = self.integration.client
        if not is_writable(item.remote_id):
            raise MissingError(
                f"{item.content_type} {item.pk} has an id of the channel that cannot be stored: {HALF_A_CHARACTER}."
            )
        fields = {"remote_id": item.remote_id, "version_date": wire_date(version_of(item)), "state": {}}
        try:
            return await client.actions.create(
                {"content_type": item.content_type, "channel_id": client.channel_id, "object_id": item.pk, **fields}
            )
        except (LostAnswerError, RefusedError) as error:
            found = await client.actions.find(content_type=ContentType(item.content_type), object_ids=[item.pk])
            if not found:
                raise
            action: IntegrationAction = found[0]
            self.log.info("%s %s already has an action (%s)", item.content_type, item.pk, error.message)
        is_same = action.remote_id == str(item.remote_id)
        if is_same and action.version_date is not None and action.version_date >= version_of(item):
            return action
        return await client.actions.update(action.pk, fields)


class UpdateIntegration(OmnitronCommand[Sequence[IntegrationAction], list[IntegrationAction]]):
    """Saves actions whose fields were changed with `model_copy`."""

    key = "update_integration"
    content_type = ContentType.integration_action
    FIELDS: ClassVar = ("remote_id", "version_date", "state", "status")

    async def send(self, actions: Sequence[IntegrationAction]) -> list[IntegrationAction]:
        async def update(action: IntegrationAction) -> IntegrationAction:
            row = action.model_dump(mode="json", exclude_unset=False)
            fields = {name: row[name] for name in self.FIELDS if name in row}
            return await self.integration.client.actions.update(action.pk, fields)

        return await for_each(actions, update)
