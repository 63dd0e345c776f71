"""The merchant's lines ("Marketplace Logs"): reports about a call, a failed object or a batch."""

import hashlib
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from clients.answers import texts_of
from clients.redaction import Redactor, visible, visible_line
from dto.enums import ContentType
from dto.reports import ErrorReportDto
from tasks.batch import Batch, Member

NAMED_AT_MOST = 20
"""Objects that one line names."""


def of_failure(batch: Batch, member: Member) -> ErrorReportDto:
    """A report about a failed object: its version, the reason, and the command that found it."""
    failure = member.failure
    assert failure is not None  # noqa: S101  # only failed objects are reported
    command = failure.command or "settle"
    version = f"{member.version_date:%Y%m%dT%H%M%S%f}"
    return ErrorReportDto(
        action_content_type=member.content_type,
        action_object_id=member.pk,
        modified_date=member.version_date,
        raw_response=f"{failure.reason}-{failure.code}: {failure.message}",
        # A repeated report has the same code, so that a merchant recognises the duplicate.
        error_code=f"{batch.local_batch_id}-{command}-{member.content_type}-{member.pk}-{version}",
        error_description=f"{failure.code}: {failure.message}",
    )


def of_failures(batch: Batch, members: Iterable[Member]) -> list[ErrorReportDto]:
    """One report for each failed object."""
    return [of_failure(batch, member) for member in members]


def of_batch(batch: Batch, title: str, text: str, now: datetime) -> ErrorReportDto:
    """A report about a batch as a whole."""
    return ErrorReportDto(
        action_content_type=ContentType.batch_request,
        action_object_id=batch.pk or 0,
        modified_date=now,
        raw_response=text,
        error_code=f"{batch.local_batch_id}-{title}",
        error_description=text,
    )


def of_warning(batch: Batch, words: str, names: Sequence[str], now: datetime) -> ErrorReportDto:
    """A report about objects that the channel took with a remark, such as a title that it cut."""
    shown = ", ".join(f"`{name}`" for name in names[:NAMED_AT_MOST])
    more = f" and {len(names) - NAMED_AT_MOST} more" if len(names) > NAMED_AT_MOST else ""
    text = visible(f"The channel took {shown}{more}, and says: {words}")
    # The same words have the same code, so that a merchant recognises the duplicate.
    code = f"{batch.local_batch_id}-warning-{hashlib.sha256(words.encode('utf-8', 'replace')).hexdigest()[:12]}"
    return ErrorReportDto(
        action_content_type=ContentType.batch_request,
        action_object_id=batch.pk or 0,
        modified_date=now,
        raw_response=text,
        error_code=code,
        error_description=text,
        is_ok=True,
    )


def of_call(
    batch: Batch | None,
    channel: int,
    command: str,
    response: Any,
    *,
    is_ok: bool,
    now: datetime,
    redactor: Redactor,
) -> ErrorReportDto:
    """A report about one call to the channel: request and response, as text without secrets.

    It belongs to the batch of the call, or to the channel if the call had no batch.
    """
    request_text, response_text = texts_of(response, redactor)
    if batch is not None and batch.local_batch_id:
        kind, pk, prefix = ContentType.batch_request, batch.pk or 0, batch.local_batch_id
    else:
        kind, pk, prefix = ContentType.channel, channel, f"channel-{channel}"
    return ErrorReportDto(
        action_content_type=kind,
        action_object_id=pk,
        modified_date=now,
        raw_request=request_text,
        raw_response=response_text,
        error_code=f"{prefix}-Channel-{command}-{now:%Y%m%dT%H%M%S%f}",
        error_description=command,
        is_ok=is_ok,
    )


def of_arrival(channel: int, kind: str, name: str, code: str, text: str, now: datetime) -> ErrorReportDto:
    """A report about an order, a cancellation or another object of the channel that could not be brought into Omnitron.
    It belongs to the channel, because Omnitron has no object yet. A repeated report has the same code. A stranger chose the
    name: half of a character in it, or a control character, is escaped."""
    text = visible(text)
    return ErrorReportDto(
        action_content_type=ContentType.channel,
        action_object_id=channel,
        modified_date=now,
        raw_response=text,
        error_code=visible_line(f"{kind}-{name}-{code}"),
        error_description=text,
    )
