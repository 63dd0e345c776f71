"""Slots of a Prefect server: its global concurrency limits with slot decay. Its UI shows them."""

from http import HTTPStatus

import httpx
from prefect.client.schemas.actions import GlobalConcurrencyLimitCreate, GlobalConcurrencyLimitUpdate
from prefect.exceptions import ObjectAlreadyExists, ObjectNotFound

from clients.prefect_api import PrefectApi
from clients.slots import Slots

_REFUSALS = frozenset({HTTPStatus.LOCKED, HTTPStatus.UNPROCESSABLE_ENTITY})
"""The second: somebody has made the limit too small for so many. Who reads it sees that."""


class PrefectSlots(PrefectApi):
    """The global concurrency limits of one server.

    They are read before slots are taken: Prefect counts the decay from the latest change of a limit, and a refusal is one. Who
    asks in vain again and again keeps all slots from becoming free.
    """

    async def read(self, name: str) -> Slots | None:
        async with self.in_time(f"show its limit `{name}`"):
            try:
                found = await self.patiently(self.client.read_global_concurrency_limit_by_name, name)
            except ObjectNotFound:
                return None
        return Slots(found.limit, found.slot_decay_per_second, found.active_slots)

    async def keep(self, name: str, slots: Slots) -> None:
        client, most, per_second = self.client, slots.most, slots.per_second
        async with self.in_time(f"keep its limit `{name}`"):
            try:
                new = GlobalConcurrencyLimitCreate(name=name, limit=most, slot_decay_per_second=per_second)
                await self.patiently(client.create_global_concurrency_limit, new)
            except ObjectAlreadyExists:
                change = GlobalConcurrencyLimitUpdate(limit=most, slot_decay_per_second=per_second)
                await self.patiently(client.update_global_concurrency_limit, name, change)

    async def take(self, name: str, count: int) -> bool:
        async with self.in_time(f"give a place in its limit `{name}`"):
            try:
                await self.patiently(self.client.increment_concurrency_slots, [name], count, "rate_limit")
            except httpx.HTTPStatusError as error:
                if error.response.status_code not in _REFUSALS:
                    raise
                return False
        return True
