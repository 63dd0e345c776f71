"""Variables of a Prefect server: its UI shows them, and deletes them."""

import contextlib
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any
from uuid import UUID

import httpx
from prefect.client.schemas.actions import VariableCreate, VariableUpdate
from prefect.client.schemas.objects import Variable
from prefect.exceptions import ObjectAlreadyExists, ObjectNotFound
from pydantic import TypeAdapter

from clients.prefect_api import PrefectApi

_ROWS = TypeAdapter(list[Variable])


class PrefectVariables(PrefectApi):
    """The variables of one server."""

    async def read(self, prefix: str) -> Mapping[str, Any]:
        asked = {"variables": {"name": {"like_": f"{prefix}%"}}}
        async with self.in_time(f"show its variables `{prefix}...`"):
            answer = await self.patiently(self.client.request, "POST", "/variables/filter", json=asked)
            rows = sorted(_ROWS.validate_python(answer.json()), key=lambda row: (str(row.created), str(row.id)))
            return {row.name: row.value for row in rows}

    async def create(self, name: str, value: Any) -> bool:
        try:
            async with self.in_time(f"keep its variable `{name}`"):
                await self.patiently(self.client.create_variable, VariableCreate(name=name, value=value))
        except ObjectAlreadyExists:
            return False
        return True

    async def update(self, name: str, value: Any) -> bool:
        async with self.in_time(f"keep its variable `{name}`"):
            try:
                await self.patiently(self.client.update_variable, VariableUpdate(name=name, value=value))
            except httpx.HTTPStatusError as error:
                if error.response.status_code != HTTPStatus.NOT_FOUND:
                    raise
                return False
        return True

    async def delete(self, name: str) -> None:
        async with self.in_time(f"delete its variable `{name}`"):
            with contextlib.suppress(ObjectNotFound):
                await self.patiently(self.client.delete_variable_by_name, name)

    async def delete_value(self, name: str, value: Any) -> None:
        asked = {"variables": {"name": {"any_": [name]}}}
        async with self.in_time(f"delete its variable `{name}`"):
            answer = await self.patiently(self.client.request, "POST", "/variables/filter", json=asked)
            for variable in _ROWS.validate_python(answer.json()):
                if variable.value == value:
                    # By its id: another one of this name may take its place at any moment.
                    await self._delete_by_id(variable.id)

    async def _delete_by_id(self, variable_id: UUID) -> None:
        try:
            await self.patiently(self.client.request, "DELETE", "/variables/{id}", path_params={"id": variable_id})
        except httpx.HTTPStatusError as error:
            if error.response.status_code != HTTPStatus.NOT_FOUND:
                raise
