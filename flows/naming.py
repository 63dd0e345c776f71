"""The names of flow runs in Prefect's UI: title, batch, channel and time."""

from datetime import UTC, datetime

from prefect.runtime import flow_run

from clients import runtime as runtimes
from clients.errors import ConfigError
from tasks.batch import short


def run_name() -> str:
    """The name of the run that is starting, for `flow_run_name`. Prefect asks for it before the run's first step."""
    try:
        channel_id = runtimes.current().settings.OMNITRON_CHANNEL_ID
    except ConfigError:
        channel_id = None  # the run itself says which settings are missing
    remote, local = (flow_run.parameters.get(name) for name in ("remote_batch_id", "local_batch_id"))
    return sentence(flow_run.flow_name, channel_id, flow_run.scheduled_start_time, remote, local)


def sentence(
    title: str, channel_id: int | None, moment: datetime, remote: str | None = None, local: str | None = None
) -> str:
    """E.g. `verify batch r-17 · batch 3f2a91c0 · channel 6 · 2026-11-23 22:15:04`: the channel's id of the batch, the first
    digits of Omnitron's id, and the time in UTC.

    With seconds, because one batch is first checked several times a minute.
    """
    what = title if remote is None else f"{title} {remote}"
    which = [] if local is None else [f"batch {short(local)}"]
    where = [] if channel_id is None else [f"channel {channel_id}"]
    return " · ".join([what, *which, *where, f"{moment.astimezone(UTC):%Y-%m-%d %H:%M:%S}"])
