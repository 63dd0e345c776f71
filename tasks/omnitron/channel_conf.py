"""The schema of the channel's configuration: what Omnitron asks the merchant to fill in."""

from collections.abc import Iterable, Mapping
from typing import Any

from dto.enums import ContentType
from dto.setup import ChannelConfSchemaField
from tasks.command import OmnitronCommand
from tasks.omnitron.changes import Changes

ConfSchema = Mapping[str, Any] | Iterable[ChannelConfSchemaField]


class UpdateChannelConfSchema(OmnitronCommand[ConfSchema, Changes]):
    """Merges fields into the channel's schema: those that it has already are replaced, others stay. Omnitron replaces the
    schema as a whole, so it is read right before, and written only when something differs."""

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
        known = (await client.channel()).schema_
        for key, row in fields.items():
            changes.counts["created" if key not in known else "unchanged" if known[key] == row else "changed"] += 1
        merged = {**known, **fields}
        if merged != known:
            self.integration.channel_object = await client.update_channel({"schema": merged})
        return changes

    @staticmethod
    def _row(field: Any) -> Any:
        """A field as Omnitron keeps it; without a `schema` where it has none."""
        if not isinstance(field, ChannelConfSchemaField):
            return field
        row = field.model_dump(mode="json")
        if row["schema"] is None:
            del row["schema"]
        return row
