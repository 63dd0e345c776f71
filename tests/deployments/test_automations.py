"""`channel-app automations`. test_dying_machines.py proves their effect."""

import asyncio

import pytest
from prefect.automations import AutomationCore
from prefect.client.orchestration import PrefectClient
from prefect.events.schemas.automations import Automation

from deployments.automations import AUTOMATIONS
from tests.world.live import Command

pytestmark = [pytest.mark.flow, pytest.mark.process]


async def known(url: str) -> dict[str, Automation]:
    """The automations of a server, by name."""
    async with PrefectClient(url) as client:
        return {row.name: row for row in await client.read_automations()}


async def change(url: str, automation: Automation, **values: object) -> None:
    """Changes one, as a person does in the UI."""
    core = AutomationCore.model_validate(
        automation.model_dump(include=set(AutomationCore.model_fields) - {"owner_resource"}) | values
    )
    async with PrefectClient(url) as client:
        await client.update_automation(automation.id, core)


def test_automations_are_made_once_and_put_right(channel_app: Command, prefect_server: dict[str, str]) -> None:
    """An automation that is up to date stays untouched, even if switched off: it knows the runs that it watches."""
    url = prefect_server["PREFECT_API_URL"]
    assert channel_app("automations", settings=prefect_server).returncode == 0
    first = asyncio.run(known(url))
    names = {automation.name for automation in AUTOMATIONS}
    assert first.keys() >= names

    off, changed = (first[automation.name] for automation in AUTOMATIONS)
    asyncio.run(change(url, off, enabled=False))
    asyncio.run(change(url, changed, description="Something else."))
    done = channel_app("automations", settings=prefect_server)
    assert [line.removeprefix("In force: ") in names for line in done.stdout.splitlines()] == [True, True]
    second = asyncio.run(known(url))
    assert (second[off.name].id, second[off.name].enabled) == (off.id, False)
    assert second[changed.name].id != changed.id
    assert second[changed.name].description == AUTOMATIONS[1].description
    assert len(second) == len(first)


@pytest.mark.parametrize(
    ("settings", "said"),
    [({}, "PREFECT_API_URL is not set"), ({"PREFECT_API_URL": "http://127.0.0.1:9/api"}, "does not answer")],
)
def test_a_server_that_is_not_there_is_named_with_what_to_do(
    channel_app: Command, settings: dict[str, str], said: str
) -> None:
    done = channel_app("automations", settings=settings)
    assert done.returncode == 1
    assert said in done.stderr
