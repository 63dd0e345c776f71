"""Whether Prefect's services are at work: `python -m deployments.services_health`, exit status 0 or 1.

`prefect server services start` listens on no port. It announces itself in Redis every few seconds, so this looks there.
"""

import asyncio
import sys
from datetime import timedelta

from docket import Docket
from prefect.settings import get_current_settings

DOCKET = "prefect"
"""The name that `prefect server services start` gives to its own; API servers use another."""
SCHEDULER = "schedule_deployments"
"""The task without which no schedule starts a flow."""


async def are_at_work() -> bool:
    """Whether a process that schedules runs has announced itself within the last seconds."""
    async with Docket(name=DOCKET, url=get_current_settings().server.docket.url, execution_ttl=timedelta(0)) as docket:
        return any(SCHEDULER in worker.tasks for worker in await docket.workers())


if __name__ == "__main__":
    sys.exit(not asyncio.run(are_at_work()))
