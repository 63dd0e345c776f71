"""What Prefect's UI calls a flow run: what it does, about what, for which channel, and when."""

from datetime import UTC, datetime

from prefect.runtime import flow_run

from clients import runtime as runtimes
from clients.errors import ConfigError


def run_name() -> str:
    """The name of the run that is starting, for `flow_run_name`. Prefect asks for it before the run's first step."""
    try:
        channel_id = runtimes.current().settings.OMNITRON_CHANNEL_ID
    except ConfigError:
        channel_id = None  # the run itself says which settings are missing
    about = flow_run.parameters.get("remote_batch_id")
    return sentence(flow_run.flow_name, channel_id, flow_run.scheduled_start_time, about)


def sentence(title: str, channel_id: int | None, moment: datetime, about: str | None = None) -> str:
    """E.g. `verify batch r-17 · channel 6 · 2026-11-23 22:15:04`, the moment in UTC.

    With seconds: the first asks for one batch come several a minute.
    """
    what = title if about is None else f"{title} {about}"
    where = [] if channel_id is None else [f"channel {channel_id}"]
    return " · ".join([what, *where, f"{moment.astimezone(UTC):%Y-%m-%d %H:%M:%S}"])
