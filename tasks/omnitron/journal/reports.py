"""Reports to the merchant and the operator through Omnitron. A report that fails never stops the work."""

from collections.abc import Mapping, Sequence
from dataclasses import field
from typing import Any

from clients.errors import ChannelAppError
from dto.enums import ContentType
from dto.omnitron_setup import OperationalEvent
from dto.reports import ErrorReportDto, OperationalEventDto
from tasks.concurrency import for_each
from tasks.omnitron.command import OmnitronCommand
from tasks.omnitron.journal.conditions import conditions_on_events


class CreateErrorReport(OmnitronCommand[ErrorReportDto | Sequence[ErrorReportDto], int]):
    """Writes lines into the merchant's log and returns the number written. Failed writes are logged."""

    key = "create_error_report"
    content_type = ContentType.batch_request

    def validated_data(self, data: ErrorReportDto | Sequence[ErrorReportDto]) -> list[ErrorReportDto]:
        return [data] if isinstance(data, ErrorReportDto) else list(data)

    async def send(self, reports: list[ErrorReportDto]) -> int:
        return sum(await for_each(reports, self._create))

    async def _create(self, report: ErrorReportDto) -> bool:
        hub, redactor = self.integration.client, self.integration.client.redactor
        try:
            await hub.error_reports.create(
                {
                    "action_content_type": await hub.content_types.get_id(report.action_content_type),
                    "action_object_id": report.action_object_id,
                    "target_content_type": await hub.content_types.get_id(
                        report.target_content_type or ContentType.channel
                    ),
                    "target_object_id": report.target_object_id or hub.channel_id,
                    "obj_modified_date": report.model_dump(mode="json")["modified_date"],
                    "error_code": report.error_code or "custom",
                    "error_desc": redactor.text(report.error_description or "custom"),
                    "raw_request": redactor.text(report.raw_request),
                    "raw_response": redactor.text(report.raw_response),
                    "is_ok": report.is_ok,
                }
            )
        except ChannelAppError as error:
            self.log.warning("The report %s could not be written: %s", report.error_code, error.message)
            return False
        return True


class CreateOperationalEvent(OmnitronCommand[OperationalEventDto | Sequence[OperationalEventDto], int]):
    """Writes events for the hub's monitoring, if it has one, and returns the number written."""

    key = "create_operational_event"
    content_type = ContentType.batch_request

    def validated_data(self, data: OperationalEventDto | Sequence[OperationalEventDto]) -> list[OperationalEventDto]:
        return [data] if isinstance(data, OperationalEventDto) else list(data)

    async def send(self, events: list[OperationalEventDto]) -> int:
        return sum(await for_each(events, self._create))

    async def _create(self, event: OperationalEventDto) -> bool:
        hub = self.integration.client
        fields = {name: value for name, value in event.model_dump(mode="json").items() if value is not None}
        try:
            written: bool = await hub.operational_events.create(hub.redactor.value(fields))
        except ChannelAppError as error:
            self.log.warning("The event `%s` could not be written: %s", event.event_type, error.message)
            return False
        return written


class GetOperationalEvents(OmnitronCommand[Mapping[str, Any] | None, list[OperationalEvent]]):
    """Reads the events of the hub's monitoring, oldest first; an empty list if the hub does not allow that.

    A condition is a field of the events and its value. Omnitron is not known to have filters for them: they are compared
    here.
    """

    key = "get_operational_events"
    content_type = ContentType.batch_request
    objects: Mapping[str, Any] | None = field(default=None, kw_only=False)

    async def send(self, conditions: Mapping[str, Any] | None) -> list[OperationalEvent]:
        wanted = conditions_on_events(self.key, conditions or {})
        events = await self.integration.client.operational_events.all()
        return [event for event in events if all(str(getattr(event, name)) == value for name, value in wanted.items())]
