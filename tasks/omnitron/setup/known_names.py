"""Attributes and values that Omnitron has, recognised in every spelling of their names."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol, TypeVar

from clients.errors import ItemError
from dto.text import ByText, are_alike


class HasKey(Protocol):
    """Anything with a key in Omnitron."""

    @property
    def pk(self) -> int: ...


Found = TypeVar("Found", bound=HasKey)


class NameAmbiguousError(ItemError):
    """Several attributes or values in Omnitron have this name, in other spellings."""

    code = "NameAmbiguous"


@dataclass(slots=True)
class Entry:
    """An attribute or a value in Omnitron."""

    pk: int
    name: str
    """The attribute's name, the value's label."""
    version: datetime | None
    remote_id: str | None = None
    """The channel's id to which its action binds it."""
    value: str = ""
    """The channel's id of a value, as Omnitron keeps it."""
    is_settled: bool = False
    """This run has set its name: another category with another name for it does not change it back."""

    def is_misnamed(self, name: str, remote_id: str) -> bool:
        """Whether its name has to be changed to the channel's. The object of another id that only spells it differently
        shares it, and does not rename it."""
        if self.is_settled or self.name == name.strip():
            return False
        return self.remote_id in (None, remote_id) or not are_alike(self.name, name)


def the_only(kind: str, name: str, found: Sequence[Found], name_of: Callable[[Found], str]) -> Found | None:
    """The one that was found by a name, if any. `kind` is the word for several.

    Raises:
        NameAmbiguousError: there are several.
    """
    if len(found) > 1:
        rows = ", ".join(f"`{name_of(one)}` ({one.pk})" for one in found)
        raise NameAmbiguousError(
            f"`{name}` may be any of {len(found)} {kind} in Omnitron: {rows}. Give exactly one of them this name."
        )
    return found[0] if found else None


class Values:
    """The values of one attribute by the channel's ids.

    On some channels, the id of a value is its own name: a text, of which another spelling is no other value. All other ids
    are compared exactly.
    """

    def __init__(self) -> None:
        self._by_id: dict[str, Entry] = {}
        self._texts: ByText[Entry] = ByText()
        """Those whose ids are their names."""

    def add(self, entry: Entry) -> None:
        """Adds a value; of two with one id, the first counts."""
        if self._by_id.setdefault(entry.value, entry) is entry and are_alike(entry.value, entry.name):
            self._texts.add(entry.value, entry)

    def get(self, remote_id: str) -> Entry | None:
        """The value that is meant by an id.

        Raises:
            NameAmbiguousError: the id is a name that several values have, in other spellings.
        """
        return self._by_id.get(remote_id) or the_only(
            "values", remote_id, self._texts.find(remote_id), lambda entry: entry.name
        )

    def __len__(self) -> int:
        return len(self._by_id)

    def __iter__(self) -> Iterator[Entry]:
        return iter(self._by_id.values())
