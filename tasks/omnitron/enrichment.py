"""Enrichments: commands that attach further data to objects, for the channel."""

from typing import ClassVar, TypeVar

from dto.enums import ContentType
from tasks.omnitron.command import OmnitronCommand

Row = TypeVar("Row")


class Enrichment(OmnitronCommand[list[Row], list[Row]]):
    """Returns the objects that it could enrich, each as a copy with the attached fields. The others have failed.

    Several enrichments may work on the same objects side by side; `attaches` keeps their fields apart.

    Attributes:
        attaches: the names of the fields that it sets.
        adds: the type of the objects that it adds to the batch, to be sent with the others. It has a parameter `commits` then,
            without which it only attaches them.
    """

    attaches: ClassVar[tuple[str, ...]]
    adds: ClassVar[ContentType | None] = None
