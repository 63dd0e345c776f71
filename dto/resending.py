"""What became of the wish to send an object again."""

from enum import StrEnum

from pydantic import BaseModel, ConfigDict

from dto.enums import ContentType


class ResendOutcome(StrEnum):
    """The answer for one object."""

    offered = "offered again"
    """Omnitron lists it as due, because it was asked to."""
    due = "due already"
    held = "in a batch"
    """Nothing was asked for."""
    not_offered = "not offered"
    """Omnitron does not list it as due, whatever it is asked."""
    absent = "not in Omnitron"


class Resent(BaseModel):
    """One object that is to be sent again."""

    model_config = ConfigDict(frozen=True)

    sku: str
    """Of its product."""
    content_type: ContentType
    pk: int | None = None
    list_number: int | None = None
    """Its price or stock list, unless that is the catalog's own."""
    outcome: ResendOutcome
    flow: str | None = None
    """The flow that takes it up."""
    sentence: str
    """The outcome and the next step, for people."""

    @property
    def is_on_its_way(self) -> bool:
        """Whether a flow is going to send it."""
        return self.outcome in (ResendOutcome.offered, ResendOutcome.due)
