"""deployments/compose.yaml and Containerfile: the settings of each service. test_dying_machines.py proves that they work."""

import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml
from prefect.settings import Settings as PrefectSettings

from clients.settings import DeploymentSettings, Settings, WebhookSettings
from deployments.startup import PREFECT_DEFAULTS
from tests.deployments.large import COMPOSE
from tests.world.live import PROJECT

DOCUMENT: dict[str, Any] = yaml.safe_load(COMPOSE.read_text(encoding="utf-8"))
SERVICES: dict[str, Any] = DOCUMENT["services"]
OURS = {name: service for name, service in SERVICES.items() if service["image"] == "channel-app"}
FOREIGN = SERVICES.keys() - OURS.keys()
CONTAINERFILE = (PROJECT / "deployments/Containerfile").read_text(encoding="utf-8")
ENDING = {name for name, service in SERVICES.items() if service["restart"] == "no"}
"""Services that do their work and end."""
WORKERS = ("worker-1", "worker-2")
HOME = "CHANNEL_APP_HOME"
"""The folder of the image, where the deploy service runs."""


@pytest.mark.parametrize("worker", WORKERS)
def test_a_worker_gets_every_setting(worker: str) -> None:
    assert Settings.model_fields.keys() - {"MAIN_APP_URL"} <= SERVICES[worker]["environment"].keys()


def test_the_deploying_and_the_receiver_get_theirs() -> None:
    assert DeploymentSettings.model_fields.keys() - {HOME} <= SERVICES["deploy"]["environment"].keys()
    assert WebhookSettings.model_fields.keys() <= SERVICES["webhook"]["environment"].keys()


@pytest.mark.parametrize("name", OURS)
def test_a_secret_reaches_those_alone_who_need_it(name: str) -> None:
    """As a variable with its value in .env, never in the file."""
    environment = {variable: str(value) for variable, value in OURS[name]["environment"].items()}
    secret = {
        variable
        for variable, value in environment.items()
        if re.search("PASSWORD|SECRET|ENCRYPTION|AUTH", variable + value)
    }
    of_the_server = {
        "PREFECT_SERVER_DATABASE_CONNECTION_URL",
        "PREFECT_SERVER_ENCRYPTION_KEY",
        "PREFECT_SERVER_API_AUTH_STRING",
        "PREFECT_REDIS_MESSAGING_URL",
        "PREFECT_SERVER_DOCKET_URL",
    }
    of_clients = {"PREFECT_API_AUTH_STRING"}
    allowed = {
        "worker": {"OMNITRON_PASSWORD", "OMNITRON_PASSWORD_BLOCK", *of_clients},
        "webhook": {"CHANNEL_APP_WEBHOOK_SECRET", "CHANNEL_APP_WEBHOOK_SECRET_OLD", *of_clients},
        "deploy": of_clients,
    }.get(name.partition("-")[0], of_the_server)
    assert secret <= allowed
    assert [environment[variable] for variable in secret if "${" not in environment[variable]] == []


def test_only_this_machine_reaches_what_is_published() -> None:
    """Other hosts come through a proxy with TLS and a log-in."""
    published = [port for service in SERVICES.values() for port in service.get("ports", [])]
    assert published
    assert [port for port in published if not port.startswith("127.0.0.1:")] == []


def test_one_server_registers_blocks_and_no_server_migrates() -> None:
    """Two servers at once collide on a new database."""
    servers = [service["environment"] for service in OURS.values() if "--no-services" in service["command"]]
    assert sorted(each["PREFECT_SERVER_REGISTER_BLOCKS_ON_START"] for each in servers) == ["false", "true"]
    assert {each["PREFECT_SERVER_DATABASE_MIGRATE_ON_START"] for each in servers} == {"false"}


@pytest.mark.parametrize("name", SERVICES)
def test_a_container_can_do_no_more_than_its_work(name: str) -> None:
    """No writes outside its volumes and its memory, no privilege, no root, nothing of the machine."""
    service = SERVICES[name]
    assert service["read_only"] is True
    assert "/tmp" in service["tmpfs"]  # noqa: S108  # of the container
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert service["user"].partition(":")[0] not in ("", "0", "root")
    assert service.keys().isdisjoint({"privileged", "cap_add", "network_mode", "pid", "devices", "userns_mode"})
    volumes = [volume.partition(":")[0] for volume in service.get("volumes", [])]
    assert set(volumes) <= DOCUMENT["volumes"].keys()


def test_the_image_runs_as_the_user_that_it_creates_and_writes_where_it_may() -> None:
    """Everything that a server or a flow run writes is at home or in /tmp."""
    (user,) = re.findall(r"^RUN useradd --uid (\d+) --create-home channel-app$", CONTAINERFILE, re.MULTILINE)
    assert re.findall(r"^USER (.+)$", CONTAINERFILE, re.MULTILINE) == [f"{user}:{user}"]
    (ui,) = re.findall(r"^ENV PREFECT_SERVER_UI_STATIC_DIRECTORY=(.+)$", CONTAINERFILE, re.MULTILINE)
    for service in OURS.values():
        assert service["user"] == f"{user}:{user}"
        assert str(Path(ui).parent) in service["tmpfs"]


def test_each_image_of_others_has_an_exact_version_and_can_be_named_by_its_digest() -> None:
    """A tag such as `17` is another image next month."""
    (base,) = re.findall(r"^ARG PYTHON_IMAGE=(.+)$", CONTAINERFILE, re.MULTILINE)
    assert "FROM ${PYTHON_IMAGE}\n" in CONTAINERFILE
    images = [SERVICES[name]["image"] for name in FOREIGN]
    built = {service["build"]["args"]["PYTHON_IMAGE"] for service in OURS.values()}
    assert built == {f"${{PYTHON_IMAGE:-{base}}}"}
    defaults = [re.fullmatch(r"\$\{\w+_IMAGE:-(.+)\}", image) for image in [*images, *built]]
    for default in defaults:
        assert default and re.fullmatch(r"\w+:\d+\.\d+(\.\d+)?[-\w]*", default[1])


REACHABLE = {
    "postgres": {"migrate", "api-1", "api-2", "services"},
    "redis": {"migrate", "api-1", "api-2", "services"},
    "webhook": {"api-2"},
}
"""Whoever shares a network with these, apart from the databases."""


@pytest.mark.parametrize("name", REACHABLE)
def test_strangers_and_workers_do_not_reach_the_databases(name: str) -> None:
    """The receiver, which strangers reach, has a network of its own."""
    own = set(SERVICES[name]["networks"])
    beside = {other for other, service in SERVICES.items() if own & set(service["networks"])} - {name, *FOREIGN}
    assert beside == REACHABLE[name]
    assert [network for network in DOCUMENT["networks"] if (DOCUMENT["networks"][network] or {}).get("internal")] == [
        "data"
    ]
    assert SERVICES["postgres"]["networks"] == SERVICES["redis"]["networks"] == ["data"]


def test_redis_asks_for_a_password_that_no_list_of_processes_shows() -> None:
    shell, option, script = SERVICES["redis"]["command"]
    assert (shell, option) == ("sh", "-ec")
    assert script.splitlines()[1:] == ["requirepass $$REDISCLI_AUTH", "END"]
    assert SERVICES["redis"]["environment"] == {"REDISCLI_AUTH": "${REDIS_PASSWORD:?}"}
    urls = {value for service in OURS.values() for value in service["environment"].values() if "redis://" in str(value)}
    assert urls == {f"redis://:${{REDIS_PASSWORD:?}}@redis:6379/{database}" for database in (0, 1)}


@pytest.mark.parametrize("name", OURS)
def test_prefects_api_asks_everybody_for_a_password(name: str) -> None:
    """Without one, nothing starts: a port is published. A change needs a token, too."""
    environment = OURS[name]["environment"]
    server = "PREFECT_SERVER_DATABASE_CONNECTION_URL" in environment
    variable = "PREFECT_SERVER_API_AUTH_STRING" if server else "PREFECT_API_AUTH_STRING"
    assert environment[variable] == "${PREFECT_API_AUTH_STRING:?}"
    assert environment.get("PREFECT_SERVER_API_CSRF_PROTECTION_ENABLED") == ("true" if server else None)


@pytest.mark.parametrize("name", [name for name in SERVICES if name not in ENDING])
def test_whatever_stays_has_a_health_check(name: str) -> None:
    """test_dying_machines.py runs those of our image."""
    kind, *command = SERVICES[name]["healthcheck"]["test"]
    assert kind in ("CMD", "CMD-SHELL")
    assert command
    assert name.startswith("worker") == ("--with-healthcheck" in SERVICES[name].get("command", []))


@pytest.mark.parametrize("name", SERVICES)
def test_nothing_starts_before_what_it_needs_is_healthy(name: str) -> None:
    needed = SERVICES[name].get("depends_on", {})
    assert {other: how["condition"] for other, how in needed.items()} == {
        other: "service_completed_successfully" if other in ENDING else "service_healthy" for other in needed
    }
    address = SERVICES[name].get("environment", {}).get("PREFECT_API_URL", "")
    server = address.removeprefix("http://").partition(":")[0]
    assert not server or server in needed


LARGE = {name: str(value) for name, value in SERVICES["services"]["environment"].items() if "${" not in str(value)}


@pytest.mark.parametrize("environment", [LARGE, PREFECT_DEFAULTS], ids=["large", "small"])
def test_runs_and_events_do_not_pile_up(environment: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    """In both forms, as Prefect reads it."""
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    server = PrefectSettings().server
    assert server.services.db_vacuum.enabled_vacuum_types == {"events", "flow_runs", "orphans"}
    assert server.services.db_vacuum.retention_period == timedelta(days=30)
    assert server.events.retention_period == timedelta(days=3)


@pytest.mark.parametrize("environment", [LARGE, PREFECT_DEFAULTS], ids=["large", "small"])
def test_a_change_needs_a_token(environment: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    """In both forms, as Prefect reads it."""
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert PrefectSettings().server.api.csrf_protection_enabled


def test_the_image_holds_what_runs_and_no_settings_of_anybody() -> None:
    """Everything that the Containerfile copies exists, and .dockerignore allows it; .env, .git and tests stay outside."""
    copied = {
        word.rstrip("/")
        for line in re.findall(r"^COPY (.+) \S+$", CONTAINERFILE, re.MULTILINE)
        for word in line.split()
    }
    assert [path for path in copied if not (PROJECT / path).exists()] == []
    ignored = (PROJECT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    let_through = {line.removeprefix("!") for line in ignored if line.startswith("!")}
    assert "*" in ignored
    assert {path.partition("/")[0] for path in copied} == let_through
