"""deployments/compose.yaml and Containerfile: who gets what. That it works is shown by test_dying_machines.py."""

import re
from datetime import timedelta
from typing import Any

import pytest
import yaml
from prefect.settings import Settings as PrefectSettings

from clients.settings import DeploymentSettings, Settings, WebhookSettings
from deployments.cli import PREFECT_DEFAULTS
from tests.deployments.conftest import PROJECT
from tests.deployments.large import COMPOSE

SERVICES: dict[str, Any] = yaml.safe_load(COMPOSE.read_text(encoding="utf-8"))["services"]
OURS = {name: service for name, service in SERVICES.items() if service["image"] == "channel-app"}
WORKERS = ("worker-1", "worker-2")
HOME = "CHANNEL_APP_HOME"
"""The folder of the image, where the deploying is done."""


@pytest.mark.parametrize("worker", WORKERS)
def test_a_worker_gets_every_setting(worker: str) -> None:
    assert Settings.model_fields.keys() - {"MAIN_APP_URL"} <= SERVICES[worker]["environment"].keys()


def test_the_deploying_and_the_receiver_get_theirs() -> None:
    assert DeploymentSettings.model_fields.keys() - {HOME} <= SERVICES["deploy"]["environment"].keys()
    assert WebhookSettings.model_fields.keys() <= SERVICES["webhook"]["environment"].keys()


@pytest.mark.parametrize("name", OURS)
def test_a_secret_reaches_those_alone_who_need_it(name: str) -> None:
    """As a variable whose value stands in .env, never in the file."""
    environment = {variable: str(value) for variable, value in OURS[name]["environment"].items()}
    secret = {
        variable for variable, value in environment.items() if re.search("PASSWORD|SECRET|ENCRYPTION", variable + value)
    }
    of_the_server = {"PREFECT_SERVER_DATABASE_CONNECTION_URL", "PREFECT_SERVER_ENCRYPTION_KEY"}
    allowed = {
        "worker": {"OMNITRON_PASSWORD", "OMNITRON_PASSWORD_BLOCK"},
        "webhook": {"CHANNEL_APP_WEBHOOK_SECRET", "CHANNEL_APP_WEBHOOK_SECRET_OLD"},
        "deploy": set(),
    }.get(name.partition("-")[0], of_the_server)
    assert secret <= allowed
    assert [environment[variable] for variable in secret if "${" not in environment[variable]] == []


def test_only_this_machine_reaches_what_is_published() -> None:
    """A proxy with TLS and a log-in stands in front of the rest of the world."""
    published = [port for service in SERVICES.values() for port in service.get("ports", [])]
    assert published
    assert [port for port in published if not port.startswith("127.0.0.1:")] == []


def test_one_server_registers_blocks_and_no_server_migrates() -> None:
    """Two at once collide on a new database."""
    servers = [service["environment"] for service in OURS.values() if "--no-services" in service["command"]]
    assert sorted(each["PREFECT_SERVER_REGISTER_BLOCKS_ON_START"] for each in servers) == ["false", "true"]
    assert {each["PREFECT_SERVER_DATABASE_MIGRATE_ON_START"] for each in servers} == {"false"}


LARGE = {name: str(value) for name, value in SERVICES["services"]["environment"].items() if "${" not in str(value)}


@pytest.mark.parametrize("environment", [LARGE, PREFECT_DEFAULTS], ids=["large", "small"])
def test_runs_and_events_do_not_pile_up(environment: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    """In both forms, as Prefect understands it."""
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    server = PrefectSettings().server
    assert server.services.db_vacuum.enabled_vacuum_types == {"events", "flow_runs", "orphans"}
    assert server.services.db_vacuum.retention_period == timedelta(days=30)
    assert server.events.retention_period == timedelta(days=3)


def test_the_image_holds_what_runs_and_no_settings_of_anybody() -> None:
    """What the Containerfile copies exists, and .dockerignore lets it through; .env, .git and tests stay outside."""
    containerfile = (PROJECT / "deployments/Containerfile").read_text(encoding="utf-8")
    copied = {
        word.rstrip("/")
        for line in re.findall(r"^COPY (.+) \S+$", containerfile, re.MULTILINE)
        for word in line.split()
    }
    assert [path for path in copied if not (PROJECT / path).exists()] == []
    ignored = (PROJECT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    let_through = {line.removeprefix("!") for line in ignored if line.startswith("!")}
    assert "*" in ignored
    assert {path.partition("/")[0] for path in copied} == let_through
