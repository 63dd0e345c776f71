"""Every flow is described for Prefect, and can be deployed."""

import importlib
import inspect
import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any, get_args, get_type_hints

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from prefect import Flow, Task, __version__
from prefect.server.schemas.schedules import SCHEDULE_TYPES, IntervalSchedule
from prefect.utilities.callables import parameter_schema
from pydantic import BaseModel, Secret, SecretBytes, SecretStr, TypeAdapter

from clients.settings import DeploymentSettings, WebhookSettings
from deployments.automations import SILENCE, START, TAG
from deployments.booking import deployment_of
from deployments.serve import read_rows, schedule_of
from dto.events import EventType
from flows.naming import run_name
from flows.registry import FLOWS
from tasks.omnitron.integration import OmnitronIntegration
from tasks.prefect_tasks import Envelope, _make_task
from tests.house.sources import ROOT, modules
from tests.house.test_lock import declared

DEPLOYMENTS: list[dict[str, Any]] = yaml.safe_load((ROOT / "prefect.yaml").read_text(encoding="utf-8"))["deployments"]
CHANNEL = "{{ $OMNITRON_CHANNEL_ID }}"
SERVER_SCHEDULE: TypeAdapter[SCHEDULE_TYPES] = TypeAdapter(SCHEDULE_TYPES)


def _flow_of(deployment: dict[str, Any]) -> Any:
    path, _, name = deployment["entrypoint"].partition(":")
    module = importlib.import_module(path.removesuffix(".py").replace("/", "."))
    return getattr(module, name)


def _name(value: Any) -> str:
    return str(value["name"]) if isinstance(value, dict) else str(value)


def test_every_flow_is_in_the_registry():
    """The command line runs only flows of the registry."""
    found = {id(value) for module in modules("flows") for value in vars(module).values() if isinstance(value, Flow)}
    assert found == {id(flow) for flow in FLOWS.values()}


@pytest.mark.parametrize("name", FLOWS)
def test_a_flow_is_asynchronous_described_and_leaves_retries_and_results_alone(name: str):
    """A synchronous flow costs a second; a retry of a flow repeats its tasks."""
    flow = FLOWS[name]
    assert inspect.iscoroutinefunction(flow.fn)
    assert flow.name == name.replace("_", " ")
    assert flow.flow_run_name is run_name
    assert flow.retries == 0
    assert flow.persist_result is False
    assert flow.description
    assert flow.description.endswith(".")


@pytest.mark.parametrize("name", FLOWS)
def test_every_parameter_of_a_flow_is_described_in_the_form_that_people_fill_in(name: str):
    properties = parameter_schema(FLOWS[name].fn).properties  # as in a deployment
    assert set(properties) == set(inspect.signature(FLOWS[name].fn).parameters)
    assert [key for key, field in properties.items() if not field.get("description", "").endswith(".")] == []


SECRET_NAME = re.compile("password|passwd|secret|token|api_?key|credential|authorization|cookie", re.IGNORECASE)


def _parts(hint: Any) -> Iterator[Any]:
    """A type with all its parts: fields of a model, members of a union, elements of a list."""
    yield hint
    for part in get_args(hint):
        yield from _parts(part)
    if isinstance(hint, type) and issubclass(hint, BaseModel):
        for field in hint.model_fields.values():
            yield from _parts(field.annotation)


def secret_parameters(function: Callable[..., Any]) -> list[str]:
    """The parameters whose name or type shows a secret."""
    hints = get_type_hints(function)
    return [
        name
        for name in inspect.signature(function).parameters
        if SECRET_NAME.search(name) or {SecretStr, SecretBytes, Secret} & set(_parts(hints.get(name)))
    ]


def _takes_secrets(
    api_key: str, plain: SecretStr, either: SecretStr | None, many: list[dict[str, SecretBytes]], model: WebhookSettings
) -> None: ...


def test_a_secret_in_a_signature_would_be_found():
    assert secret_parameters(_takes_secrets) == ["api_key", "plain", "either", "many", "model"]


@pytest.mark.parametrize("name", FLOWS)
def test_a_flow_takes_no_secret(name: str):
    """Prefect stores parameters, and shows them to every user of its UI."""
    assert secret_parameters(FLOWS[name].fn) == []


def test_a_task_takes_an_envelope_alone():
    """Every command runs as such a task; Prefect does not look into the envelope."""
    made = _make_task(OmnitronIntegration.actions["get_inserted_products"])
    assert [parameter.annotation for parameter in inspect.signature(made.fn).parameters.values()] == [Envelope]
    assert [
        value for module in modules("tasks", "flows") for value in vars(module).values() if isinstance(value, Task)
    ] == []


def test_deployments_hold_no_secret_and_one_variable():
    """`prefect deploy` stores everything that it reads in Prefect's database."""
    text = (ROOT / "prefect.yaml").read_text(encoding="utf-8")
    assert set(re.findall(r"\$([A-Z_]+)", text)) == {"OMNITRON_CHANNEL_ID"}
    given = [row["work_pool"]["job_variables"] for row in DEPLOYMENTS]
    assert {(*variables, *variables["env"]) for variables in given} == {("env", "PREFECT_FLOWS_HEARTBEAT_FREQUENCY")}
    assert [name for name in DeploymentSettings.model_fields if SECRET_NAME.search(name)] == []


def _is_on_event(deployment: dict[str, Any]) -> bool:
    return str(deployment["name"]).endswith(f"-on-event-{CHANNEL}")


def test_every_flow_is_deployed_once():
    """Not counting the deployments for events."""
    entrypoints = [row["entrypoint"].partition(":")[2] for row in DEPLOYMENTS if not _is_on_event(row)]
    assert sorted(entrypoints) == sorted(FLOWS)


def test_deployments_for_the_webhook_have_no_limit():
    """An event would be lost if its run were cancelled in favour of another one."""
    unlimited = {
        f"{_flow_of(row).name}/{row['name'].replace(CHANNEL, '6')}"
        for row in DEPLOYMENTS
        if "concurrency_limit" not in row
    }
    assert unlimited == {deployment_of(event_type, 6) for event_type in EventType}


@pytest.mark.parametrize("deployment", DEPLOYMENTS, ids=_name)
def test_a_deployment_finds_its_flow_and_names_its_channel(deployment: dict[str, Any]):
    """Two channels on one server must not overwrite each other's deployments."""
    flow = _flow_of(deployment)
    assert flow is FLOWS[flow.fn.__name__]
    on_event = "-on-event" if _is_on_event(deployment) else ""
    assert deployment["name"] == f"{flow.fn.__name__.replace('_', '-')}{on_event}-{CHANNEL}"
    assert {TAG, f"channel:{CHANNEL}"} <= set(deployment["tags"])
    assert deployment["description"]
    assert deployment["work_pool"]["name"] == f"channel-app-{CHANNEL}"


@pytest.mark.parametrize("deployment", DEPLOYMENTS, ids=_name)
def test_a_run_shows_that_it_is_alive_often_enough_for_the_automation_that_ends_silent_ones(deployment: dict[str, Any]):
    heartbeat = float(deployment["work_pool"]["job_variables"]["env"]["PREFECT_FLOWS_HEARTBEAT_FREQUENCY"])
    assert SILENCE.total_seconds() >= 3 * heartbeat


@pytest.mark.parametrize("deployment", DEPLOYMENTS, ids=_name)
def test_runs_of_a_deployment_wait_for_nobody_unless_each_is_for_something_of_its_own(deployment: dict[str, Any]):
    """A run for one batch or event must not be cancelled in favour of another one."""
    grace_period = START.total_seconds()
    expected = {"limit": 1, "collision_strategy": "CANCEL_NEW", "grace_period_seconds": grace_period}
    alone = deployment["entrypoint"].endswith(":verify_batch") or _is_on_event(deployment)
    assert deployment.get("concurrency_limit") == (None if alone else expected)


COVERED = {
    "insert_products",
    "update_products",
    "insert_product_prices",
    "update_product_prices",
    "insert_product_stocks",
    "update_product_stocks",
    "insert_product_images",
    "update_product_images",
    "verify_batch",
    "compare_listing",
    "compare_prices",
    "compare_stocks",
}
"""Parts of another flow, runs for one batch, and flows that a person starts."""


def test_flows_that_no_other_one_covers_have_a_schedule():
    scheduled = {_flow_of(row).fn.__name__ for row in DEPLOYMENTS if "schedules" in row}
    assert scheduled == FLOWS.keys() - COVERED


@pytest.mark.parametrize("deployment", [row for row in DEPLOYMENTS if "schedules" in row], ids=_name)
def test_a_schedule_is_known_by_its_slug_and_runs_as_the_operator_chose(deployment: dict[str, Any]):
    """And never at the same time as another run of its deployment."""
    (schedule,) = deployment["schedules"]
    assert schedule["slug"]
    assert schedule["active"] == "{{ operator.schedules }}"
    assert schedule.get("timezone") == ("{{ operator.timezone }}" if "cron" in schedule else None)
    assert deployment["concurrency_limit"]["limit"] == 1


CLOCKS = {
    "Africa/Cairo": (datetime(2026, 4, 23, 16, tzinfo=UTC), datetime(2026, 10, 29, 16, tzinfo=UTC)),
    "America/New_York": (datetime(2026, 3, 8, 1, tzinfo=UTC), datetime(2026, 11, 1, 1, tzinfo=UTC)),
    "Europe/Berlin": (datetime(2026, 3, 28, 20, tzinfo=UTC), datetime(2026, 10, 24, 20, tzinfo=UTC)),
    "UTC": (datetime(2026, 10, 24, 20, tzinfo=UTC),),
}
"""A few hours before the clocks of a zone are set forward, and before they are set back."""


@pytest.mark.parametrize("zone", CLOCKS)
async def test_no_interval_stretches_when_clocks_are_set_back_or_forward(zone: str):
    """As Prefect's scheduler asks: once before, and again while the clocks are being set."""
    settings = DeploymentSettings(OMNITRON_CHANNEL_ID=6, CHANNEL_APP_SCHEDULES=True, CHANNEL_APP_TIMEZONE=zone)
    rows = [row for row in read_rows(ROOT / "prefect.yaml", settings) if row.schedules]
    given = [SERVER_SCHEDULE.validate_python(schedule_of(row.schedules[0]).schedule.model_dump()) for row in rows]
    intervals = [schedule for schedule in given if isinstance(schedule, IntervalSchedule)]
    assert len(intervals) > 10
    for schedule in intervals:
        for start in CLOCKS[zone]:
            dates = await schedule.get_dates(n=1000, start=start, end=start + timedelta(hours=12))
            again = await schedule.get_dates(n=3, start=start + timedelta(hours=5, minutes=20))
            moments = sorted({date.timestamp() for date in (*dates, *again)})
            gaps = {later - earlier for earlier, later in pairwise(moments)}
            assert gaps == {schedule.interval.total_seconds()}


def test_deployments_require_the_version_of_prefect_that_the_project_depends_on():
    said = yaml.safe_load((ROOT / "prefect.yaml").read_text(encoding="utf-8"))["prefect-version"]
    (prefect,) = (wanted for wanted in map(Requirement, declared()) if wanted.name == "prefect")
    assert SpecifierSet(said) == prefect.specifier
    assert __version__ in prefect.specifier
