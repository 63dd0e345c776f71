"""Values that outlive a run, kept outside of this program, which has no database of its own."""

from collections.abc import Mapping
from typing import Any, Protocol

from pydantic import SecretStr

LONGEST_VALUE = 4_900
"""Characters of one value as JSON: Prefect takes 5,000."""


class Variables(Protocol):
    """JSON values by their names, where an operator can see and delete them.

    Raises (from every method):
        PrefectUnavailableError: Prefect's API does not answer as it should.
    """

    async def read(self, prefix: str) -> Mapping[str, Any]:
        """The variables whose names begin with `prefix`, the first created first."""
        ...

    async def create(self, name: str, value: Any) -> bool:
        """Keeps a new value. False if there is one of this name: of several runs, one is the first."""
        ...

    async def update(self, name: str, value: Any) -> bool:
        """Replaces a value. False if there is none of this name: one that an operator has deleted stays deleted."""
        ...

    async def delete(self, name: str) -> None:
        """Deletes a variable; one that is gone counts as deleted."""
        ...

    async def delete_value(self, name: str, value: Any) -> None:
        """Deletes a variable if it still has this value: one that another run has written meanwhile stays."""
        ...


class Secrets(Protocol):
    """Secret texts by their names.

    Raises (from every method):
        PrefectUnavailableError: Prefect's API does not answer as it should.
    """

    async def read(self, name: str) -> SecretStr | None:
        """The text of this name; None if there is none."""
        ...

    async def write(self, name: str, secret: SecretStr) -> None:
        """Keeps a text, in the place of one of the same name."""
        ...


class MemoryVariables:
    """Keeps values in this process, where there is no Prefect server."""

    def __init__(self) -> None:
        self.kept: dict[str, Any] = {}

    async def read(self, prefix: str) -> Mapping[str, Any]:
        return {name: value for name, value in self.kept.items() if name.startswith(prefix)}

    async def create(self, name: str, value: Any) -> bool:
        if name in self.kept:
            return False
        self.kept[name] = value
        return True

    async def update(self, name: str, value: Any) -> bool:
        if name not in self.kept:
            return False
        self.kept[name] = value
        return True

    async def delete(self, name: str) -> None:
        self.kept.pop(name, None)

    async def delete_value(self, name: str, value: Any) -> None:
        if self.kept.get(name) == value:
            del self.kept[name]


class MemorySecrets:
    """Keeps secrets in this process, where there is no Prefect server."""

    def __init__(self) -> None:
        self._kept: dict[str, SecretStr] = {}

    async def read(self, name: str) -> SecretStr | None:
        return self._kept.get(name)

    async def write(self, name: str, secret: SecretStr) -> None:
        self._kept[name] = secret
