"""The parameters of flows, as the form in Prefect's UI shows them."""

from typing import Annotated, Any

from pydantic import Field


def parameter(*, description: str, **limits: Any) -> Any:
    """Meaning and limits of a flow parameter, to stand in its `Annotated` type.

    Prefect writes a description of its own, none, over the one of a pydantic Field: in the schema itself it survives.
    """
    return Field(json_schema_extra={"description": description}, **limits)


IsSync = Annotated[
    bool | None,
    parameter(description="Whether the channel is expected to answer at once. Left out: as the channel answers."),
]
IsSuccessLog = Annotated[bool, parameter(description="Write successful calls into the merchant's log too.")]
AddProductObjects = Annotated[bool, parameter(description="Attach the whole product, for a channel that needs it.")]
BatchSize = Annotated[int, parameter(ge=1, le=5_000, description="Objects in one batch; a channel may take fewer.")]
MaxBatches = Annotated[
    int | None, parameter(ge=1, description="Stop after so many batches. Left out: until nothing is due.")
]
