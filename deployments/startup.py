"""The preparations of the console script, before it imports Prefect or a connector."""

import importlib
import os
import sys
from pathlib import Path

from dotenv import dotenv_values

PREFECT_DEFAULTS = {
    "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    # A slow machine creates its database for minutes. Prefect waits as long for a server that has died.
    "PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS": "180",
    # A page of another site cannot change anything: it does not get the token that each change needs.
    "PREFECT_SERVER_API_CSRF_PROTECTION_ENABLED": "true",
    "PREFECT_LOGGING_EXTRA_LOGGERS": "channel_app",
    # Or else a line outside a run, as of a dry run, comes with a warning about itself.
    "PREFECT_LOGGING_TO_API_WHEN_MISSING_FLOW": "ignore",
    "DO_NOT_TRACK": "1",
    "PREFECT_SERVER_UI_SHOW_PROMOTIONAL_CONTENT": "false",
    # As in deployments/compose.yaml for a large server: events are kept for three days, runs for thirty.
    "PREFECT_SERVER_EVENTS_RETENTION_PERIOD": "P3D",
    "PREFECT_SERVER_SERVICES_DB_VACUUM_ENABLED": "events,flow_runs",
    "PREFECT_SERVER_SERVICES_DB_VACUUM_RETENTION_PERIOD": "2592000",
    # In memory, a slot that was taken when the machine died would stay taken.
    "PREFECT_SERVER_CONCURRENCY_LEASE_STORAGE": "prefect.server.concurrency.lease_storage.filesystem",
    # The automations of `channel-app automations` wait for three heartbeats before they call a run dead.
    "PREFECT_FLOWS_HEARTBEAT_FREQUENCY": "30",
}


def set_prefect_defaults() -> None:
    """Sets Prefect's variables that neither the environment nor `.env` sets. Prefect reads them when it is imported."""
    written = dotenv_values(".env")  # Prefect reads it, too, but the environment comes first
    port = os.environ.get("PREFECT_SERVER_API_PORT") or written.get("PREFECT_SERVER_API_PORT") or "4200"
    # By default, Prefect lets the pages of every site read its API, Secret blocks included.
    pages = {"PREFECT_SERVER_CORS_ALLOWED_ORIGINS": f"http://127.0.0.1:{port},http://localhost:{port}"}
    for name, value in {**PREFECT_DEFAULTS, **pages}.items():
        if name not in written:
            os.environ.setdefault(name, value)


def import_from_current_folder() -> None:
    """Lets a connector be one file beside `.env`: a console script does not import from the current folder by itself."""
    # Imported first, so that a folder of the same name there cannot take their place. The others are imported already.
    for ours in ("dto", "tasks", "flows"):
        importlib.import_module(ours)
    sys.path.append(str(Path.cwd()))
