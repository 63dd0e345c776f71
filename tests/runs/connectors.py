"""Connectors over the local marketplace, for what only a run in Prefect shows."""

import logging
from base64 import b64encode
from dataclasses import replace
from typing import Any, ClassVar, NoReturn, Self

import httpx
from prefect.context import TaskRunContext
from prefect.logging import get_run_logger

from clients.calls import Call
from clients.errors import AuthError, ChannelInactive, ChannelUnavailableError, ConfigError, RejectedError
from dto.enums import ContentType
from dto.omnitron import Product
from dto.outcomes import SendOutcome
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
        self.inside.append(await self.integration.do_action(_LookUp, objects=None))
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


CARELESS = ("none", "refused", "retryable", "fatal", "skip", "item", "unforeseen", "group", "life", "close")
"""The troubles of a careless connector, each under `trouble` in the channel's conf."""


class _Careless(SendInsertedProducts):
    """Quotes what is secret in logs, in a failed object, in a report and in an error, and in what led to the error."""

    integration: "Careless"
    retries = 1

    def transform_data(self, data: list[Product]) -> list[dict[str, Any]]:
        first, *rest = data
        self.failed_object_list.append((first, ContentType.product.value, f"refused: {self.integration.said}"))
        return super().transform_data(rest)

    async def send(self, items: list[dict[str, Any]]) -> SendOutcome:
        said = self.integration.said
        self.log.warning("Sending with %s", said)
        get_run_logger().info("Sending with %s", {"credentials": said})
        logging.getLogger("bazaar").error("Sending with %s", said)
        try:
            raise_quoting(said)
        except httpx.InvalidURL:
            logging.getLogger("bazaar").exception("Sending failed")
        if self.integration.trouble not in ("none", "life", "close"):
            await self.integration.break_down()
        return await super().send(items)

    def normalize_response(self, *answers: Any) -> SendOutcome:
        outcome: SendOutcome = super().normalize_response(*answers)
        said, key = self.integration.said, self.integration.key
        request = httpx.Request("PUT", f"https://bazaar.example.com/{key}/products?sig={key}", json={"said": said})
        response = httpx.Response(400, html=f"<pre>{said}</pre>", request=request)
        return replace(outcome, reports=(*outcome.reports, *self.create_report(response, is_ok=False)))


def raise_quoting(said: str) -> NoReturn:
    """As a library does that does not like an address."""
    raise httpx.InvalidURL(f"https://shop:{said}@bazaar.example.com/?sig={said}")


class Careless(Sandbox):
    """Its API key stands in the channel's conf, and it never told anybody to mask it."""

    name = "careless"
    actions: ClassVar = {**Sandbox.actions, _Careless.key: _Careless}

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self.key = str(self.conf.get("api_key"))
        self.trouble = str(self.conf.get("trouble"))
        self.said = ""
        """All that is secret, plain and as basic authentication has it."""

    async def __aenter__(self) -> Self:
        password, block = self.runtime.settings.OMNITRON_PASSWORD, self.conf.get("block")
        secrets = [
            secret.get_secret_value() for secret in (password, block and await self.runtime.secret(block)) if secret
        ]
        known = [self.key, *secrets]
        self.said = f"{known} and {[b64encode(f'shop:{secret}'.encode()).decode() for secret in known]}"
        return self

    async def break_down(self) -> None:
        """Raises an error that quotes all secrets, from another one that does."""
        if self.trouble == "refused":
            await self.client.transport.send(Call("GET", f"/no-such/{self.key}", headers={"X-Signature": self.key}))
        kinds = {
            "retryable": ChannelUnavailableError,
            "fatal": AuthError,
            "skip": ChannelInactive,
            "item": RejectedError,
            "life": ChannelUnavailableError,
            "close": AuthError,
        }
        try:
            raise_quoting(self.said)
        except httpx.InvalidURL as cause:
            if self.trouble == "group":
                raise ExceptionGroup(self.said, [RuntimeError(self.said)]) from cause
            raise kinds.get(self.trouble, RuntimeError)(f"cannot log in with {self.said}") from cause

    async def sign_of_life(self) -> None:
        if self.trouble == "life":
            await self.break_down()

    async def __aexit__(self, *error: Any) -> None:
        await super().__aexit__(*error)
        if self.trouble == "close":
            await self.break_down()


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
