"""Lines for the merchant and the operator about calls to the channel and about failed objects."""

from typing import Literal, Self

from pydantic import Field

from dto.base import Dto, JsonObject, OmnitronObject, UtcDatetime, Whole
from dto.enums import ContentType
from dto.omnitron import Key, OptionalForeignKey

_EVENT_TYPES: dict[str, str] = {
    ContentType.product: "product_error",
    ContentType.product_price: "product_price_error",
    ContentType.product_stock: "product_stock_error",
    ContentType.product_image: "product_image_error",
    ContentType.order: "order_error",
    ContentType.order_item: "order_error",
    ContentType.cancellation_request: "cancellation_request_error",
    ContentType.category_tree: "category_error",
    ContentType.category_node: "category_error",
    ContentType.batch_request: "batch_request_error",
}


class ErrorReportDto(Dto):
    """One line of the merchant's log: a call to the channel, or an object that failed.

    Content types are model names (`product`). The default target is the channel.
    """

    action_content_type: str
    action_object_id: Whole
    modified_date: UtcDatetime
    raw_request: str = ""
    raw_response: str = ""
    error_code: str = "custom"
    error_description: str = "custom"
    is_ok: bool = False
    target_content_type: str | None = ""
    target_object_id: str | None = ""


class OperationalEventDto(Dto):
    """One event of the operator's log, on hubs that keep one. `action_content_type` is a model name."""

    event_type: str
    level: Literal["info", "error"]
    source: str
    message: str
    context: JsonObject = Field(default_factory=dict)
    tags: JsonObject = Field(default_factory=dict)
    action_content_type: str | None = None
    action_object_id: Whole | None = None
    trace_id: str | None = None
    span_id: str | None = None
    parent_span_id: str | None = None
    raw_data: JsonObject | None = None

    @classmethod
    def from_error_report(cls, report: ErrorReportDto, source: str = "channel_app") -> Self:
        """The event with the content of a report. Only a failure carries its request and response."""
        context = report.model_dump(mode="json", include={"error_code", "error_description", "modified_date"})
        raw_data = None if report.is_ok else report.model_dump(include={"raw_request", "raw_response"})
        return cls(
            event_type=_EVENT_TYPES.get(report.action_content_type, "unknown_error"),
            level="info" if report.is_ok else "error",
            source=source,
            message=report.error_description,
            context=context,
            tags={"action_content_type": report.action_content_type},
            action_content_type=report.action_content_type,
            action_object_id=report.action_object_id,
            raw_data=raw_data,
        )


class ErrorReportRow(OmnitronObject):
    """A line of the merchant's log, on hubs that allow it to be read."""

    pk: Key
    action_content_type: OptionalForeignKey = None
    """The id of the object's type, if the hub shows it."""
    action_object_id: Whole | None = None
    error_code: str = ""
    error_desc: str = ""
    raw_response: str | None = None
    is_ok: bool = False
    created_date: UtcDatetime | None = None
    modified_date: UtcDatetime | None = None
