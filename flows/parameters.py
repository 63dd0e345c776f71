"""The parameters of flows, as the form in Prefect's UI shows them."""

from typing import Any

from pydantic import Field


def parameter(*, description: str, **limits: Any) -> Any:
    """Meaning and limits of a flow parameter, to stand in its `Annotated` type.

    Prefect writes a description of its own, none, over the one of a pydantic Field: in the schema itself it survives.
    """
    return Field(json_schema_extra={"description": description}, **limits)
