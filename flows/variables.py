"""The variables of a run's own Prefect server."""

from contextlib import AsyncExitStack

from prefect.client.orchestration import get_client
from prefect.context import FlowRunContext
from prefect.settings import get_current_settings

from clients.prefect_variables import PrefectVariables
from clients.runtime import Runtime
from clients.variables import Variables


async def open_variables(runtime: Runtime, stack: AsyncExitStack) -> Variables | None:
    """Those of the runtime, or of the server that the current flow run reports to; None without one. The `stack` closes the
    connection."""
    if runtime.variables is not None or FlowRunContext.get() is None:
        return runtime.variables
    url = get_current_settings().api.url
    if not url:
        async with get_client() as client:  # an ephemeral server, whose database stays
            url = str(client.api_url)
    return await stack.enter_async_context(PrefectVariables.open(url))
