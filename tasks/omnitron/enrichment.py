"""Enrichments: commands that attach further data to objects, for the channel."""

from typing import ClassVar, TypeVar

from tasks.omnitron.command import OmnitronCommand

Row = TypeVar("Row")


class Enrichment(OmnitronCommand[list[Row], list[Row]]):
    """Returns the objects that it could enrich, each as a copy with the attached fields. The others have failed.

    Several enrichments may work on the same objects side by side; `attaches` keeps their fields apart.

    Attributes:
        attaches: the names of the fields that it sets.
    """

    attaches: ClassVar[tuple[str, ...]]
