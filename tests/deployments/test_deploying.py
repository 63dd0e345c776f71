"""`prefect deploy --all`, as in docs/how-to/deploy-large.md: two channels on one server, repeatedly."""

import asyncio
import subprocess
import sys
from collections import Counter

import pytest
import yaml
from prefect.client.orchestration import PrefectClient
from prefect.client.schemas.filters import DeploymentFilter, DeploymentFilterTags
from prefect.client.schemas.responses import DeploymentResponse

from tests.world.live import PROJECT

pytestmark = [pytest.mark.flow, pytest.mark.process]

DEPLOY_SECONDS = 300.0
CHANNELS = ("71", "72")


@pytest.fixture
def prefect(environment: dict[str, str], prefect_server: dict[str, str]) -> dict[str, str]:
    """The environment of `prefect`, with a pool for each channel."""
    everything = {**environment, **prefect_server}
    for channel in CHANNELS:
        name = f"channel-app-{channel}"
        assert name in run(everything, "--no-prompt", "work-pool", "create", name, "--type", "process", "--overwrite")
    return everything


def run(environment: dict[str, str], *arguments: str) -> str:
    command = [sys.executable, "-m", "prefect", *arguments]
    done = subprocess.run(
        command, env=environment, cwd=PROJECT, capture_output=True, text=True, timeout=DEPLOY_SECONDS, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


async def deployed(environment: dict[str, str], channel: str) -> list[DeploymentResponse]:
    tag = DeploymentFilter(tags=DeploymentFilterTags(all_=[f"channel:{channel}"]))
    async with PrefectClient(environment["PREFECT_API_URL"]) as client:
        return await client.read_deployments(deployment_filter=tag)


def test_channels_stand_side_by_side_and_keep_what_the_operator_chose(prefect: dict[str, str]) -> None:
    """Each is deployed with its schedules off, and with its schedules on, while the other has the opposite."""
    rows = yaml.safe_load((PROJECT / "prefect.yaml").read_text(encoding="utf-8"))["deployments"]
    ids: dict[str, set[object]] = {}
    for choices in (("", "on"), ("on", "off")):
        for channel, choice in zip(CHANNELS, choices, strict=True):
            own = {"OMNITRON_CHANNEL_ID": channel} | ({"CHANNEL_APP_SCHEDULES": choice} if choice else {})
            run({**prefect, **own}, "--no-prompt", "deploy", "--all")
        for channel, choice in zip(CHANNELS, choices, strict=True):
            found = asyncio.run(deployed(prefect, channel))
            names = sorted(row["name"].replace("{{ $OMNITRON_CHANNEL_ID }}", channel) for row in rows)
            assert sorted(deployment.name for deployment in found) == names
            assert {deployment.work_pool_name for deployment in found} == {f"channel-app-{channel}"}
            assert ids.setdefault(channel, {each.id for each in found}) == {each.id for each in found}
            schedules = [schedule for deployment in found for schedule in deployment.schedules]
            active = Counter(schedule.active for schedule in schedules)
            assert active == Counter({choice == "on": sum("schedules" in row for row in rows)})
    assert not ids[CHANNELS[0]] & ids[CHANNELS[1]]


def test_without_a_channel_nothing_is_deployed(prefect: dict[str, str]) -> None:
    """Prefect names the variable in the name of a missing pool, without a traceback."""
    command = [sys.executable, "-m", "prefect", "--no-prompt", "deploy", "--all"]
    done = subprocess.run(command, env=prefect, cwd=PROJECT, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 1
    assert "'channel-app-{{ $OMNITRON_CHANNEL_ID }}' which does not exist" in " ".join(done.stdout.split())
    assert "Traceback" not in done.stdout + done.stderr
