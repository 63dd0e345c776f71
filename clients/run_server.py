"""The Prefect server that the present run reports to."""

from prefect.client.orchestration import get_client
from prefect.context import FlowRunContext
from prefect.settings import get_current_settings


async def server_of_run() -> str | None:
    """The address of its API; None outside of a flow run."""
    if FlowRunContext.get() is None:
        return None
    url = get_current_settings().api.url
    if not url:
        async with get_client() as client:  # an ephemeral server, whose database stays
            url = str(client.api_url)
    return url
