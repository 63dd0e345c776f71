"""Runs a command as one Prefect task, or directly if there is no flow run."""

import logging
from typing import Any

from prefect import Task
from prefect.cache_policies import NO_CACHE
from prefect.client.schemas.objects import State
from prefect.client.schemas.objects import TaskRun as TaskRunRow
from prefect.context import FlowRunContext, TaskRunContext
from prefect.runtime import task_run
from prefect.tasks import exponential_backoff

from clients.errors import RetryableError
from dto.omnitron import IntegrationAction
from tasks.command import CommandInterface, IntegrationInterface
from tasks.sanitizing import sanitized


class Envelope:
    """Carries objects across a task boundary.

    Prefect walks every list, dict, dataclass and pydantic model that a task takes or returns, field by field, which
    takes a second for a thousand products. It does not look into an envelope.
    """

    __slots__ = ("__weakref__", "content", "title")

    def __init__(self, content: Any, title: str = "") -> None:
        self.content = content
        self.title = title


async def run_command(
    command: type[CommandInterface[Any, Any, Any]], integration: IntegrationInterface, arguments: dict[str, Any]
) -> Any:
    """Runs a command and returns its result: in a flow run as its own task, inside another command's task or without a
    flow run directly."""
    if FlowRunContext.get() is None or TaskRunContext.get() is not None:
        return await command(integration, **arguments).run()
    title = _title(command, integration, arguments)
    answer: Envelope = await _task_of(command)(Envelope((command, integration, arguments), title))
    return answer.content


async def _run(envelope: Envelope) -> Envelope:
    command, integration, arguments = envelope.content
    try:
        # A new command for every try: a half-filled failed_object_list must not survive into the next.
        made = command(integration, **arguments)
        try:
            return Envelope(await made.run())
        except Exception as error:
            made.trace(error)
            raise
    except Exception as error:
        raise sanitized(error, integration.runtime.redactor) from None


async def _may_retry(task: Any, row: TaskRunRow, state: State[Any]) -> bool:  # noqa: ARG001  # Prefect's signature
    error = await state.result(raise_on_failure=False)  # type: ignore[misc]  # awaitable in async code
    return isinstance(error, RetryableError) and not error.spent


# No tags: Prefect asks its server for a concurrency slot for every tag of every task run, which takes up to two seconds
# on a busy SQLite. The flow's deployment carries the tags.
def _task_of(command: type[CommandInterface[Any, Any, Any]]) -> Task[[Envelope], Any]:
    if command not in _TASKS:
        _TASKS[command] = _make_task(command)
    return _TASKS[command]


_TASKS: dict[type[CommandInterface[Any, Any, Any]], Task[[Envelope], Any]] = {}


class _WithoutCompletions(logging.Filter):
    """Drops Prefect's line about each task run that completed. The UI shows that too; in the log there would be eight
    such lines to each line about a batch."""

    def filter(self, record: logging.LogRecord) -> bool:
        return record.levelno > logging.INFO or not str(record.msg).startswith("Finished in state")


logging.getLogger("prefect.task_runs").addFilter(_WithoutCompletions())


def _make_task(command: type[CommandInterface[Any, Any, Any]]) -> Task[[Envelope], Any]:
    return Task(
        fn=_run,
        name=command.key,
        description=(command.__doc__ or "").strip() or None,
        task_run_name=_run_name,
        retries=command.retries,
        retry_delay_seconds=exponential_backoff(backoff_factor=2),
        retry_jitter_factor=1,
        retry_condition_fn=_may_retry,
        persist_result=False,
        cache_policy=NO_CACHE,
        log_prints=False,
    )


def _run_name() -> str:
    title: str = task_run.parameters["envelope"].title
    return title


def _title(
    command: type[CommandInterface[Any, Any, Any]], integration: IntegrationInterface, arguments: dict[str, Any]
) -> str:
    """The name of this task run in the UI, e.g. `get mapped products · 500 objects · batch 3f2a91c0`."""
    words = [command.key.replace("_", " ")]
    objects = arguments.get("objects")
    if status := arguments.get("status"):
        words.append(f"to {status}")
    if isinstance(objects, IntegrationAction):
        words.append(f"{objects.content_type.model} {objects.remote_id or objects.object_id}")
    if isinstance(objects, list | tuple):
        words.append(f"{len(objects)} object{'' if len(objects) == 1 else 's'}")
    batch = arguments.get("batch_request") or integration.batch_request
    if batch is not None and batch.local_batch_id:
        words.append(f"batch {batch.name}")
    return " · ".join(words)
