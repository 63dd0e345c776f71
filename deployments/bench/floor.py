"""The shortest possible time for a number of requests, and the tools of every measurement."""

import asyncio
import os
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import httpx

from clients.connections import Connections
from deployments.sandbox.server import SandboxProcess
from dto.summary import RunSummary

BARE_REQUESTS = 600
CELERY_LATENCY = 0.025
"""Seconds; the figures of the Celery version were measured with it."""


@dataclass(frozen=True)
class Floor:
    """The shortest possible time for requests: the time of waiting or of computing, whichever is longer."""

    latency: float
    in_flight: int
    cpu_per_request: float

    def seconds(self, requests: int) -> float:
        """The floor of a number of requests."""
        return max(requests * self.latency / self.in_flight, requests * self.cpu_per_request)

    def compared(self, summary: RunSummary) -> str:
        """Seconds, floor and ratio of a run."""
        return self.line(summary.requests, summary.wire_seconds)

    def line(self, requests: int, seconds: float) -> str:
        """The same for figures of several runs."""
        least = self.seconds(requests)
        return (
            f"{seconds:.2f} s, floor {least:.2f} s (latency {requests * self.latency / self.in_flight:.2f}, CPU "
            f"{requests * self.cpu_per_request:.2f}), ratio {seconds / least:.2f}"
        )


@dataclass(frozen=True)
class CeleryVersion:
    """The figures of the Celery version for the same work, measured at a latency of `CELERY_LATENCY`."""

    requests: float
    seconds: float

    def compared(self, seconds: float, latency: float) -> str:
        """Its figures, and the ratio of its time to ours where both are of one latency (in seconds)."""
        figures = f"Celery version {self.requests:.0f} requests"
        if latency != CELERY_LATENCY:
            return f"{figures} (its time is known for {CELERY_LATENCY * 1000:g} ms latency only)"
        return f"{figures}, {self.seconds:g} s: {self.seconds / seconds:.0f} times as fast"


def outcome(summary: RunSummary) -> str:
    """The results of the objects, in words."""
    reasons = ", ".join(f"{number} {code}" for code, number in summary.failures.items())
    return ", ".join(f"{number} {name}" for name, number in summary.counts.items()) + (
        f" ({reasons})" if reasons else ""
    )


async def reset(sandbox: SandboxProcess, latency: float, options: Mapping[str, Mapping[str, Any]] = {}) -> None:
    """Resets both systems, with `options` by their names, and sets the delay of their answers in seconds."""
    async with httpx.AsyncClient(trust_env=False, timeout=60) as client:
        for name, url in sandbox.urls.items():
            (await client.post(f"{url}/_sandbox/reset", json=options.get(name, {}))).raise_for_status()
    await delay(sandbox, latency)


async def delay(sandbox: SandboxProcess, seconds: float) -> None:
    """Sets the delay of both systems' answers."""
    async with httpx.AsyncClient(trust_env=False, timeout=60) as client:
        for url in sandbox.urls.values():
            (await client.post(f"{url}/_sandbox/latency", json={"seconds": seconds})).raise_for_status()


async def measured_cpu_per_request(sandbox: SandboxProcess, in_flight: int) -> float:
    """CPU seconds of one bare request on the same connections, without our parsing and without Prefect."""
    hub = sandbox.urls["omnitron"]
    async with httpx.AsyncClient(base_url=hub, transport=Connections(in_flight), trust_env=False) as client:
        credentials = {"username": os.environ["OMNITRON_USERNAME"], "password": os.environ["OMNITRON_PASSWORD"]}
        key = (await client.post("/api/v1/auth/login/", json=credentials)).json()["key"]
        client.headers["Authorization"] = f"Token {key}"
        channel = f"/api/v1/channel/{os.environ['OMNITRON_CHANNEL_ID']}"
        first = (await client.get(f"{channel}/products/", params={"limit": 1})).json()["results"][0]
        path = f"{channel}/mapped_products/{first['pk']}/"
        places = asyncio.Semaphore(in_flight)

        async def one() -> None:
            async with places:
                (await client.get(path)).json()

        started = time.process_time()
        await asyncio.gather(*(one() for _ in range(BARE_REQUESTS)))
        return (time.process_time() - started) / BARE_REQUESTS
