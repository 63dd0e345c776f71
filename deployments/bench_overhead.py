"""A command that does nothing, to see what carrying objects through a task costs."""

from typing import Any, ClassVar

from clients.runtime import Runtime
from clients.settings import Settings
from dto.omnitron import Product
from tasks.command import CommandInterface
from tasks.integration import BaseIntegration


class Echo(CommandInterface[list[Product], list[Product]]):
    """Answers what it was given."""

    key = "echo"

    async def send(self, validated_data: Any) -> Any:
        return validated_data


class EchoIntegration(BaseIntegration):
    """Speaks to nobody."""

    name = "echo"
    actions: ClassVar = {Echo.key: Echo}

    def __init__(self) -> None:
        super().__init__(Runtime(Settings.load()))
