"""Connectors over the local marketplace, for what only a run in Prefect shows."""

from typing import Any, ClassVar

from prefect.context import TaskRunContext

from clients.errors import ChannelUnavailableError, ConfigError
from tasks.channel.sandbox import ChannelIntegration as Sandbox
from tasks.channel.sandbox.products import SendInsertedProducts
from tasks.command import CommandInterface


class _Troubled(SendInsertedProducts):
    """Fails with each of its troubles in turn, then works."""

    retries = 2
    troubles: ClassVar[list[Exception]] = []
    calls: ClassVar[list[int]] = []

    async def send(self, items: list[dict[str, Any]]) -> Any:
        self.calls.append(len(items))
        if self.troubles:
            raise self.troubles.pop(0)
        return await super().send(items)


class Troubled(Sandbox):
    """Its send fails as often as a test says."""

    actions: ClassVar = {**Sandbox.actions, _Troubled.key: _Troubled}

    @classmethod
    def expect(cls, *troubles: Exception) -> list[int]:
        """Prepares the next sends; answers the list in which each call notes how many items it was given."""
        _Troubled.troubles[:] = troubles
        _Troubled.calls.clear()
        return _Troubled.calls


class _LookUp(CommandInterface[Any, str]):
    """Says in which task run it runs."""

    key = "look_up"

    async def send(self, validated_data: Any) -> str:
        context = TaskRunContext.get()
        assert context is not None
        return str(context.task_run.id)


class _Nested(SendInsertedProducts):
    """Runs another command inside its own."""

    inside: ClassVar[list[str]] = []

    async def send(self, items: list[dict[str, Any]]) -> Any:
        self.inside.append(await self.integration.do_action(_LookUp))
        return await super().send(items)


class Nested(Sandbox):
    """Its send looks something up first."""

    actions: ClassVar = {**Sandbox.actions, _Nested.key: _Nested, _LookUp.key: _LookUp}

    @classmethod
    def task_runs(cls) -> list[str]:
        """The task runs in which the inner command ran; forgotten with this."""
        seen = list(_Nested.inside)
        _Nested.inside.clear()
        return seen


class _Observed(SendInsertedProducts):
    """Keeps what its task was given."""

    parameters: ClassVar[list[dict[str, Any]]] = []

    async def send(self, items: list[dict[str, Any]]) -> Any:
        context = TaskRunContext.get()
        assert context is not None
        self.parameters.append(context.parameters)
        return await super().send(items)


class Observed(Sandbox):
    """Shows what crosses a task's boundary."""

    actions: ClassVar = {**Sandbox.actions, _Observed.key: _Observed}

    @classmethod
    def parameters(cls) -> list[dict[str, Any]]:
        """What each task call was given; forgotten with this."""
        seen = list(_Observed.parameters)
        _Observed.parameters.clear()
        return seen


def trouble(kind: str) -> Exception:
    """An error that a send may meet, by what is to be done about it."""
    match kind:
        case "retryable":
            return ChannelUnavailableError("The channel is being restarted.")
        case "spent":
            return ChannelUnavailableError("The channel did not answer in four tries.", spent=True)
        case "fatal":
            return ConfigError("The category tree has no root: set `root` in the channel's conf.")
        case _:
            return KeyError(kind)
