"""The schema of the channel's configuration: the settings that the merchant fills in."""

from collections.abc import Iterable, Mapping
from typing import Any

from dto.enums import ContentType
from dto.setup import ChannelConfSchemaField
from tasks.omnitron.command import OmnitronCommand
from tasks.omnitron.setup.changes import Changes

ConfSchema = Mapping[str, Any] | Iterable[ChannelConfSchemaField]


class UpdateChannelConfSchema(OmnitronCommand[ConfSchema, Changes]):
    """Merges fields into the channel's schema: fields with the same key are replaced, others stay. Omnitron replaces the
    whole schema, so it is read immediately before, and written only if it differs."""

    key = "update_channel_conf_schema"
    content_type = ContentType.channel

    def validated_data(self, data: ConfSchema) -> dict[str, Any]:
        if isinstance(data, Mapping):
            rows = {key: self._row(field) for key, field in data.items()}
        else:
            rows = {field.key: self._row(field) for field in data}
        return rows

    async def send(self, fields: dict[str, Any]) -> Changes:
        changes = Changes()
        if not fields:
            return changes
        client = self.integration.client
        known = (await client.channel.get()).schema_
        for key, row in fields.items():
            changes.counts["created" if key not in known else "unchanged" if known[key] == row else "changed"] += 1
        merged = {**known, **fields}
        if merged != known:
            self.integration.channel_object = await client.channel.update({"schema": merged})
        return changes

    @staticmethod
    def _row(field: Any) -> Any:
        """A field as Omnitron keeps it; a field without a schema has no key `schema`."""
        if not isinstance(field, ChannelConfSchemaField):
            return field
        row = field.model_dump(mode="json")
        if row["schema"] is None:
            del row["schema"]
        return row
