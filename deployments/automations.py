"""The automations that a Prefect server of one's own needs: they end runs whose process is gone with its machine.

A worker that lives ends the run of a process that died. When both die at once nobody does: the run would be shown as
running for ever, and keep the next ones of its deployment away.
"""

from collections.abc import Sequence
from datetime import timedelta

import httpx
from prefect.automations import AutomationCore, EventTrigger, Posture
from prefect.client.orchestration import get_client
from prefect.client.schemas.objects import StateType
from prefect.events.actions import ChangeFlowRunState
from prefect.events.schemas.events import ResourceSpecification
from prefect.settings import PREFECT_API_URL

from clients.errors import ConfigError
from clients.flow_runs import PrefectUnavailableError

TAG = "channel-app"
"""The tag of every deployment in prefect.yaml: flows of others on the same server are left alone."""
SILENCE = timedelta(seconds=90)
"""Without any sign of a run that is at work: three heartbeats, which prefect.yaml sets to 30 s."""
START = timedelta(seconds=120)
"""From the moment when a worker takes a run until it begins: by then its process imported everything, or is gone."""


def _crashing(name: str, after: set[str], within: timedelta, message: str) -> AutomationCore:
    """Marks a run as crashed when nothing has been heard of it for so long after one of these events."""
    return AutomationCore(
        name=name,
        description=message,
        trigger=EventTrigger(
            after=after,
            expect={"prefect.flow-run.*"},
            match=ResourceSpecification({"prefect.resource.id": ["prefect.flow-run.*"]}),
            match_related=ResourceSpecification(
                {"prefect.resource.role": "tag", "prefect.resource.id": f"prefect.tag.{TAG}"}
            ),
            for_each={"prefect.resource.id"},
            posture=Posture.Proactive,
            threshold=1,
            within=within,
        ),
        actions=[ChangeFlowRunState(state=StateType.CRASHED, name="Crashed", message=message, force=False)],
    )


AUTOMATIONS: Sequence[AutomationCore] = (
    _crashing(
        "channel-app: end runs that fell silent",
        {"prefect.flow-run.heartbeat"},
        SILENCE,
        f"Nothing was heard of this run for {SILENCE.total_seconds():.0f} s: its process is gone, and its worker with it.",
    ),
    _crashing(
        "channel-app: end runs that never began",
        {"prefect.flow-run.Pending", "prefect.flow-run.Submitting", "prefect.flow-run.InfrastructurePending"},
        START,
        f"A worker took this run and did not begin it within {START.total_seconds():.0f} s: the worker is gone.",
    ),
)


async def keep_automations() -> list[str]:
    """Creates the automations that are not there, or not as they should be; answers the names of all.

    One that is there stays untouched: made anew it would not know of the runs that it waits for.

    Raises:
        ConfigError: no address of Prefect's API is set.
        PrefectUnavailableError: it does not answer as it should.
    """
    if not PREFECT_API_URL.value():
        raise ConfigError("PREFECT_API_URL is not set: name the server, e.g. http://127.0.0.1:4200/api.")
    try:
        async with get_client() as client:
            for automation in AUTOMATIONS:
                known = await client.read_automations_by_name(automation.name)
                if any(_is_same(row, automation) for row in known):
                    continue
                for row in known:
                    await client.delete_automation(row.id)
                await client.create_automation(automation)
    except httpx.HTTPStatusError as error:
        raise PrefectUnavailableError(
            f"Prefect's API at {PREFECT_API_URL.value()} answered {error.response.status_code} to the automations: see its "
            "log, and try again."
        ) from error
    except httpx.HTTPError as error:
        raise PrefectUnavailableError(
            f"Prefect's API at {PREFECT_API_URL.value()} does not answer ({type(error).__name__}): start the server, and "
            "try again."
        ) from error
    return [automation.name for automation in AUTOMATIONS]


def _is_same(known: AutomationCore, automation: AutomationCore) -> bool:
    """Whether it does the same; whether it is switched on is the operator's choice."""
    return (known.trigger, known.actions, known.description) == (
        automation.trigger,
        automation.actions,
        automation.description,
    )
