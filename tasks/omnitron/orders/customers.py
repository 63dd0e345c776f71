"""Customers: found by e-mail address or phone number, then updated, or created."""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from clients.errors import MissingError, RefusedError
from dto.base import is_blank
from dto.enums import CustomerIdentifierField
from dto.omnitron_orders import Customer
from dto.orders import CustomerDto
from dto.text import are_alike, comparable, tidy
from tasks.create_once import create_once
from tasks.omnitron.command import OmnitronCommand
from tasks.omnitron.orders.field_limits import PERSON, fit


class CustomerIncompleteError(MissingError):
    """The channel's customer lacks a field that identifies it."""

    code = "CustomerIncomplete"


class GetOrCreateCustomer(OmnitronCommand[CustomerDto, Customer]):
    """Finds or creates Omnitron's customer for a customer of the channel, and updates changed fields.

    The channel's conf says whether the e-mail address or the phone number identifies a customer. Another spelling of it, in
    letter case or blanks, is no other customer, and changes nothing. A customer of several orders is looked up once per run.
    Two buyers who share that address or number, and whom the channel tells apart by their codes, are one customer in
    Omnitron: it keeps the name of the first, and each order's addresses have their buyer's.

    Raises:
        CustomerIncompleteError: a required field is empty.
        KeyTooLongError: the identifying field is too long.
    """

    key = "get_or_create_customer"
    NAMES: ClassVar = ("first_name", "last_name")
    FIELDS: ClassVar = ("email", "phone_number", *NAMES)

    def validated_data(self, customer: CustomerDto) -> CustomerDto:
        """Refuses a customer without the identifying field, a first name or a channel code."""
        required = (self._identifier, "first_name", "channel_code")
        missing = [field for field in required if is_blank(getattr(customer, field))]
        if missing:
            raise CustomerIncompleteError(
                f"The order's customer has no {' and no '.join(missing)}, which Omnitron requires. Fill it in on the "
                "channel."
            )
        return customer

    async def send(self, customer: CustomerDto) -> Customer:
        async with self.integration.locks.hold((self.key, comparable(getattr(customer, self._identifier)))):
            # The key has all fields: the same person with another name is looked up again.
            known = (self.key, customer.model_dump_json())
            return await self.integration.once(known, lambda: self._get_or_create(customer))

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
                # The channel code may be taken: the customer's address or number has changed.
                rows = await self.integration.client.customers.find("channel_code", fields["channel_code"])
                if not rows:
                    raise
                found = _best(rows, fields, self._identifier)
        return await self._updated(found, fields)

    async def _find(self, fields: dict[str, Any]) -> Customer | None:
        written: str = fields[self._identifier]

        async def first() -> str:
            return written

        # Omnitron's filter compares exactly. It may hold the spelling of this run's first order, or a tidy or small one.
        of_this_run = await self.integration.once((self.key, "spelling", comparable(written)), first)
        for spelling in dict.fromkeys((written, of_this_run, tidy(written), comparable(written))):
            rows = await self.integration.client.customers.find(self._identifier, spelling)
            if rows:
                return _best(rows, fields, self._identifier)
        return None

    async def _create(self, fields: dict[str, Any]) -> Customer:
        wanted = {name: fields[name] for name in (*self.FIELDS, "channel_code")}
        return await self.integration.client.customers.create(
            {
                **wanted,
                "channel": self.integration.channel_id,
                "extra_field": fields["extra_field"] or {},
                "is_active": fields["is_active"] is not False,
            }
        )

    async def _updated(self, found: Customer, fields: dict[str, Any]) -> Customer:
        """The customer with the channel's fields. Empty fields, and other spellings of the same, change nothing."""
        changed = {
            name: fields[name]
            for name in self.FIELDS
            if not (is_blank(fields[name]) or are_alike(fields[name], getattr(found, name)))
        }
        if found.channel_code not in (None, fields["channel_code"]):
            changed = {
                name: value for name, value in changed.items() if name not in self.NAMES or not getattr(found, name)
            }
        return await self.integration.client.customers.update(found.pk, changed) if changed else found


def _best(rows: Sequence[Customer], fields: Mapping[str, Any], identifier: str) -> Customer:
    """The customer with the channel's code, or else with the address or number as it was written; the oldest of several."""
    return min(
        rows,
        key=lambda row: (
            row.channel_code != fields["channel_code"],
            getattr(row, identifier) != fields[identifier],
            row.pk,
        ),
    )
