"""The parameters of flows, as the form in Prefect's UI shows them."""

from typing import Annotated, Any

from pydantic import Field


def parameter(*, description: str, **limits: Any) -> Any:
    """Meaning and limits of a flow parameter, for its `Annotated` type.

    Prefect overwrites the Field description with None; in the schema itself it survives.
    """
    return Field(json_schema_extra={"description": description}, **limits)


IsSync = Annotated[
    bool | None,
    parameter(description="Whether the channel is expected to answer at once. Left out: its answer decides."),
]
IsSuccessLog = Annotated[bool, parameter(description="Also write successful calls to “Marketplace Logs”.")]
AddProductObjects = Annotated[bool, parameter(description="Attach the whole product, for a channel that needs it.")]
BatchSize = Annotated[int, parameter(ge=1, le=5_000, description="Objects in one batch; a channel may take fewer.")]
MaxBatches = Annotated[
    int | None,
    parameter(ge=1, description="The number of batches after which the run stops. Left out: when nothing is due."),
]
