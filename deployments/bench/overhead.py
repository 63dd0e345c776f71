"""The cost of passing objects through a task, with a command that does nothing."""

import statistics
import time
from typing import Any, ClassVar

from prefect import flow
from rich.console import Console

from clients.runtime import Runtime
from clients.settings import Settings
from dto.omnitron import Product
from tasks.command import CommandInterface
from tasks.integration import BaseIntegration

CALLS = 15


class Echo(CommandInterface[list[Product], list[Product]]):
    """Returns its input."""

    key = "echo"

    async def send(self, validated_data: Any) -> Any:
        return validated_data


class EchoIntegration(BaseIntegration):
    """Speaks to no system."""

    name = "echo"
    actions: ClassVar = {Echo.key: Echo}

    def __init__(self) -> None:
        super().__init__(Runtime(Settings.load()))


async def overhead(console: Console) -> None:
    """Prints the milliseconds of a task call for one object and for a thousand."""
    objects = [Product(pk=number, sku=f"SKU{number}", attributes={"renk": "mavi"}) for number in range(1, 1_001)]

    @flow(name="overhead of a task call", persist_result=False)
    async def measure() -> dict[int, float]:
        hub = EchoIntegration()
        found = {}
        for count in (1, 1_000):
            times = []
            for _ in range(CALLS):
                started = time.perf_counter()
                await hub.do_action(Echo, objects=objects[:count])
                times.append(time.perf_counter() - started)
            found[count] = statistics.median(times) * 1_000
        return found

    found = await measure()
    console.print(
        f"one task call: {found[1]:.1f} ms with 1 object, {found[1_000]:.1f} ms with 1,000 "
        f"(difference {found[1_000] - found[1]:.1f} ms, at most 30)"
    )
