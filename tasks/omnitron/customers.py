"""Customers: found by e-mail address or phone number, brought up to date, or made."""

import asyncio
from typing import Any, ClassVar

from clients.errors import MissingError, RefusedError
from dto.enums import CustomerIdentifierField
from dto.omnitron_orders import Customer
from dto.orders import CustomerDto
from tasks.command import OmnitronCommand
from tasks.create_once import create_once
from tasks.omnitron.field_limits import PERSON, fit


class CustomerIncompleteError(MissingError):
    """The channel names no customer that could be told from others."""

    code = "CustomerIncomplete"


class GetOrCreateCustomer(OmnitronCommand[CustomerDto, Customer]):
    """Omnitron's customer for one of the channel's. What changed on the channel is changed in Omnitron.

    The channel's conf says whether the e-mail address or the phone number tells customers apart. One customer of several
    orders is looked up once per run.

    Raises:
        ItemError: it cannot be told who it is, or a key is too long.
    """

    key = "get_or_create_customer"
    FIELDS: ClassVar = ("email", "phone_number", "first_name", "last_name")

    def validated_data(self, customer: CustomerDto) -> CustomerDto:
        """Refuses a customer without the field that tells customers apart, without a first name or a channel code."""
        missing = [field for field in (self._identifier, "first_name", "channel_code") if not getattr(customer, field)]
        if missing:
            raise CustomerIncompleteError(
                f"The order's customer has no {' and no '.join(missing)}, without which Omnitron takes no customer. Fill "
                "it in on the channel."
            )
        return customer

    async def send(self, customer: CustomerDto) -> Customer:
        lock = await self.integration.once((self.key, getattr(customer, self._identifier)), _new_lock)
        async with lock:
            # Frozen with its fields: the same person with another name is looked at again.
            known = (self.key, customer.model_dump_json())
            return await self.integration.once(known, lambda: self._get_or_create(customer))  # type: ignore[no-any-return]

    @property
    def _identifier(self) -> str:
        return self.integration.channel.conf.CUSTOMER_IDENTIFIER_FIELD or CustomerIdentifierField.email

    async def _get_or_create(self, customer: CustomerDto) -> Customer:
        fields, cuts = fit(customer.model_dump(mode="json"), PERSON, "customer", keys=[self._identifier])
        for cut in cuts:
            self.log.warning("%s", cut)
        found = await self._find(fields)
        if found is None:
            try:
                return await create_once(
                    lambda: self._create(fields), lambda: self._find(fields), self.integration.runtime.clock
                )
            except RefusedError:
                # The channel code may be taken: the customer has another address or number by now.
                rows = await self.integration.client.customers("channel_code", fields["channel_code"])
                if not rows:
                    raise
                found = rows[0]
        return await self._bring_up_to_date(found, fields)

    async def _find(self, fields: dict[str, Any]) -> Customer | None:
        rows = await self.integration.client.customers(self._identifier, fields[self._identifier])
        return min(rows, key=lambda row: row.pk, default=None)

    async def _create(self, fields: dict[str, Any]) -> Customer:
        wanted = {name: fields[name] for name in (*self.FIELDS, "channel_code")}
        return await self.integration.client.create_customer(  # type: ignore[no-any-return]
            {
                **wanted,
                "channel": self.integration.channel_id,
                "extra_field": fields["extra_field"] or {},
                "is_active": fields["is_active"] is not False,
            }
        )

    async def _bring_up_to_date(self, found: Customer, fields: dict[str, Any]) -> Customer:
        """What the channel does not say is left as it is."""
        changed = {name: fields[name] for name in self.FIELDS if fields[name] and fields[name] != getattr(found, name)}
        return await self.integration.client.update_customer(found.pk, changed) if changed else found


async def _new_lock() -> asyncio.Lock:
    return asyncio.Lock()
