"""A clock that only moves when somebody waits, and systems that answer from a script."""

import asyncio
import json
from collections.abc import Callable, Mapping
from typing import Any

import httpx

from clients.errors import HubUnavailableError
from clients.omnitron import OmnitronClient
from clients.runtime import Runtime
from clients.settings import Settings
from clients.transport import Transport
from tests.world.loopback import VirtualClock

PASSWORD = "canary-Passw0rd"
TOKEN = "canaryt0ken1234567890abcdef"
ADDRESS = "http://127.0.0.1:9"

Handler = Callable[[httpx.Request], httpx.Response]


class Sleeper(VirtualClock):
    """Remembers how long it was waited for."""

    def __init__(self) -> None:
        super().__init__()
        self.sleeps: list[float] = []

    async def sleep(self, seconds: float) -> None:
        self.sleeps.append(seconds)
        await super().sleep(seconds)


class Script:
    """A system that gives the scripted answers in turn, the last one for ever; it keeps every request."""

    def __init__(self, *answers: httpx.Response | Exception | Handler) -> None:
        self.answers = list(answers)
        self.requests: list[httpx.Request] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        answer = self.answers[min(len(self.requests), len(self.answers)) - 1]
        match answer:
            case Exception():
                raise answer
            case httpx.Response():
                # A response is used up by the first who reads it.
                return httpx.Response(answer.status_code, headers=answer.headers, content=answer.content)
            case _:
                return answer(request)


def settings(**changes: Any) -> Settings:
    """Settings of a made-up shop."""
    fields: dict[str, Any] = {
        "OMNITRON_URL": ADDRESS,
        "OMNITRON_USERNAME": "shop",
        "OMNITRON_PASSWORD": PASSWORD,
        "OMNITRON_CHANNEL_ID": 6,
        "CHANNEL_MODULE": "tasks.channel.sandbox",
    }
    return Settings(_env_file=None, **{**fields, **changes})  # type: ignore[call-arg]  # a keyword of pydantic-settings


def answer(body: Any, status: int = 200, **headers: str) -> httpx.Response:
    """A JSON answer."""
    return httpx.Response(status, headers=headers, content=json.dumps(body).encode())


def transport_to(
    handler: Any, clock: VirtualClock, *, headers: Mapping[str, str] | None = None, **changes: Any
) -> Transport:
    """A transport whose requests all reach the handler."""
    runtime = Runtime(settings(**changes), clock, lambda in_flight: httpx.MockTransport(handler))
    runtime.redactor.learn(PASSWORD)
    runtime.redactor.learn(TOKEN)
    return Transport("The hub", ADDRESS, runtime, unavailable=HubUnavailableError, headers=headers)


def hub_of(handler: Handler, clock: VirtualClock, **changes: Any) -> OmnitronClient:
    """A client of a hub that lets everybody in and answers the rest by the handler."""

    def with_log_in(request: httpx.Request) -> httpx.Response:
        return answer({"key": TOKEN}) if request.url.path.endswith("/auth/login/") else handler(request)

    return OmnitronClient(Runtime(settings(**changes), clock, lambda in_flight: httpx.MockTransport(with_log_in)))


async def yield_to_others(times: int = 10) -> None:
    """Lets every other task come to its next wait."""
    for _ in range(times):
        await asyncio.sleep(0)
