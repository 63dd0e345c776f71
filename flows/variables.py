"""The variables of a run's own Prefect server."""

from contextlib import AsyncExitStack

from clients.prefect_variables import PrefectVariables
from clients.run_server import server_of_run
from clients.runtime import Runtime
from clients.variables import Variables


async def open_variables(runtime: Runtime, stack: AsyncExitStack) -> Variables | None:
    """Those of the runtime, or of the server that the current flow run reports to; None without one. The `stack` closes the
    connection."""
    if runtime.variables is not None:
        return runtime.variables
    url = await server_of_run()
    return None if url is None else await stack.enter_async_context(PrefectVariables.open(url))
