"""Flows: what Prefect is told of them, and that each can be deployed."""

import importlib
import inspect
from typing import Any

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from prefect import Flow, __version__
from prefect.client.schemas.schedules import CronSchedule
from prefect.utilities.callables import parameter_schema

from deployments.automations import SILENCE, START, TAG
from deployments.booking import EventType, deployment_of
from flows.naming import run_name
from flows.registry import FLOWS
from tests.house.sources import ROOT, modules
from tests.house.test_lock import declared

DEPLOYMENTS: list[dict[str, Any]] = yaml.safe_load((ROOT / "prefect.yaml").read_text(encoding="utf-8"))["deployments"]
CHANNEL = "{{ $OMNITRON_CHANNEL_ID }}"


def _flow_of(deployment: dict[str, Any]) -> Any:
    path, _, name = deployment["entrypoint"].partition(":")
    module = importlib.import_module(path.removesuffix(".py").replace("/", "."))
    return getattr(module, name)


def _name(value: Any) -> str:
    return str(value["name"]) if isinstance(value, dict) else str(value)


def test_every_flow_is_in_the_registry():
    """The command line runs what stands there."""
    found = {id(value) for module in modules("flows") for value in vars(module).values() if isinstance(value, Flow)}
    assert found == {id(flow) for flow in FLOWS.values()}


@pytest.mark.parametrize("name", FLOWS)
def test_a_flow_is_asynchronous_described_and_leaves_retries_and_results_alone(name: str):
    """A synchronous flow costs a second; a flow that is retried repeats what its tasks did."""
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
    properties = parameter_schema(FLOWS[name].fn).properties  # what a deployment is given
    assert set(properties) == set(inspect.signature(FLOWS[name].fn).parameters)
    assert [key for key, field in properties.items() if not field.get("description", "").endswith(".")] == []


def _is_on_event(deployment: dict[str, Any]) -> bool:
    return str(deployment["name"]).endswith(f"-on-event-{CHANNEL}")


def test_every_flow_is_deployed_once():
    """Beside those for events."""
    entrypoints = [row["entrypoint"].partition(":")[2] for row in DEPLOYMENTS if not _is_on_event(row)]
    assert sorted(entrypoints) == sorted(FLOWS)


def test_what_the_webhook_books_is_deployed_without_a_limit():
    """An event that is cancelled because a run is at work would be lost."""
    unlimited = {
        f"{_flow_of(row).name}/{row['name'].replace(CHANNEL, '6')}"
        for row in DEPLOYMENTS
        if "concurrency_limit" not in row
    }
    assert unlimited == {deployment_of(event_type, 6) for event_type in EventType}


@pytest.mark.parametrize("deployment", DEPLOYMENTS, ids=_name)
def test_a_deployment_finds_its_flow_and_names_its_channel(deployment: dict[str, Any]):
    """Two channels on one server must not overwrite each other's."""
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
    """A run that was booked for one batch or event must not be cancelled for another one's sake."""
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
    "compare_prices",
    "compare_stocks",
}
"""Parts of another flow, runs for one batch, and what a person asks for."""


def test_flows_that_no_other_one_covers_have_a_schedule():
    scheduled = {_flow_of(row).fn.__name__ for row in DEPLOYMENTS if "schedules" in row}
    assert scheduled == FLOWS.keys() - COVERED


@pytest.mark.parametrize("deployment", [row for row in DEPLOYMENTS if "schedules" in row], ids=_name)
def test_a_schedule_is_known_by_its_slug_and_runs_as_the_operator_chose(deployment: dict[str, Any]):
    """And never beside a run of its own deployment."""
    (schedule,) = deployment["schedules"]
    assert schedule["slug"]
    assert schedule["timezone"] == "{{ operator.timezone }}"
    assert schedule["active"] == "{{ operator.schedules }}"
    assert CronSchedule(cron=schedule["cron"]).cron == schedule["cron"]
    assert deployment["concurrency_limit"]["limit"] == 1


def test_deployments_want_the_version_of_prefect_that_the_project_depends_on():
    said = yaml.safe_load((ROOT / "prefect.yaml").read_text(encoding="utf-8"))["prefect-version"]
    (prefect,) = (wanted for wanted in map(Requirement, declared()) if wanted.name == "prefect")
    assert SpecifierSet(said) == prefect.specifier
    assert __version__ in prefect.specifier
