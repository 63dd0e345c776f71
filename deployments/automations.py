"""Automations of a Prefect server: they end runs whose process is gone together with its machine.

A living worker ends the run of a dead process. If both die at once, nothing does: Prefect would show the run as running for
ever, and it would keep later runs of its deployment from starting.
"""

from collections.abc import Sequence
from datetime import timedelta

from prefect.automations import AutomationCore, EventTrigger, Posture
from prefect.client.orchestration import get_client
from prefect.client.schemas.objects import StateType
from prefect.events.actions import ChangeFlowRunState
from prefect.events.schemas.events import ResourceSpecification
from prefect.settings import PREFECT_API_URL

from clients.errors import ConfigError
from deployments.reach_prefect import in_one_sentence, reach_prefect

TAG = "channel-app"
"""The tag of every deployment in prefect.yaml. The automations ignore other flows on the same server."""
SILENCE = timedelta(seconds=90)
"""The time without a heartbeat after which a run counts as dead: three intervals of 30 s, set in prefect.yaml."""
START = timedelta(seconds=120)
"""The time in which a run must begin after a worker takes it. Its process needs it for imports."""


def _crashing(name: str, after: set[str], within: timedelta, message: str) -> AutomationCore:
    """Marks a run as crashed if Prefect receives no event of it within this time after one of these events."""
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
        f"This run sent no heartbeat for {SILENCE.total_seconds():.0f} s: its process and its worker are gone.",
    ),
    _crashing(
        "channel-app: end runs that never began",
        {"prefect.flow-run.Pending", "prefect.flow-run.Submitting", "prefect.flow-run.InfrastructurePending"},
        START,
        f"A worker took this run and did not begin it within {START.total_seconds():.0f} s: the worker is gone.",
    ),
)


async def keep_automations() -> list[str]:
    """Creates missing automations, and replaces different ones. Returns the names of all.

    An automation that is up to date stays untouched: a new one would not know the runs that the old one watches.

    Raises:
        ConfigError: the address of Prefect's API is not set.
        PrefectUnavailableError: the API does not answer, or answers with an error.
    """
    if not PREFECT_API_URL.value():
        raise ConfigError("PREFECT_API_URL is not set: name the server, e.g. http://127.0.0.1:4200/api.")
    await reach_prefect()
    with in_one_sentence():
        async with get_client() as client:
            for automation in AUTOMATIONS:
                known = await client.read_automations_by_name(automation.name)
                if any(_is_same(row, automation) for row in known):
                    continue
                for row in known:
                    await client.delete_automation(row.id)
                await client.create_automation(automation)
    return [automation.name for automation in AUTOMATIONS]


def _is_same(known: AutomationCore, automation: AutomationCore) -> bool:
    """Whether both do the same. The operator decides whether it is switched on."""
    return (known.trigger, known.actions, known.description) == (
        automation.trigger,
        automation.actions,
        automation.description,
    )
