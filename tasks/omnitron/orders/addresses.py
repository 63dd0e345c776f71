"""Addresses of customers: their places are looked up, their texts fitted, and each is created once."""

import json
import re
from typing import Any

from clients.errors import MissingError, RefusedError
from dto.base import is_blank
from dto.enums import ErrorType
from dto.omnitron_orders import Address, Customer
from dto.orders import AddressDto
from tasks.create_once import create_once
from tasks.omnitron.command import OmnitronCommand
from tasks.omnitron.orders.field_limits import ADDRESS, fit
from tasks.omnitron.orders.places import GetPlace

_HASH = re.compile(r"hash_data:\s*(\w+)")


class RetailStoreNotFoundError(MissingError):
    """The store where the buyer collects the order is not in Omnitron."""

    code = "RetailStoreNotFound"


class AddressIncompleteError(MissingError):
    """The address lacks a field that Omnitron requires."""

    code = "AddressIncomplete"


class GetOrCreateAddress(OmnitronCommand[AddressDto, Address]):
    """Finds or creates the address of a customer in Omnitron for an address of the channel.

    Raises:
        PlaceNotFoundError: its country, city, township or district is not in Omnitron.
        RetailStoreNotFoundError: its retail store is not in Omnitron.
        AddressIncompleteError: a required field is empty.
    """

    key = "get_or_create_address"
    customer: Customer

    def validated_data(self, address: AddressDto) -> dict[str, Any]:
        """The address; the customer's e-mail address and names fill empty fields."""
        fields = address.model_dump(mode="json")
        for name in ("email", "first_name", "last_name"):
            fields[name] = getattr(self.customer, name) if is_blank(fields[name]) else fields[name]
        missing = [name for name in ("email", "first_name", "last_name", "line") if is_blank(fields[name])]
        if missing:
            raise AddressIncompleteError(
                f"The address has no {' and no '.join(missing)}, nor does its Omnitron customer. Fill it in on the "
                "channel or in the customer."
            )
        return fields

    async def transform_data(self, fields: dict[str, Any]) -> dict[str, Any]:
        fields, cuts = fit(fields, ADDRESS, "address")
        for cut in cuts:
            self.log.warning("%s", cut)
        del fields["is_active"]  # Omnitron's addresses have no such field
        store = fields.pop("retail_store")
        fields |= await self._places(fields)
        if store:
            fields |= {"retail_store": await self._retail_store(store), "address_type": "retail_store"}
        fields |= {
            "customer": self.customer.pk,
            "e_bill_taxpayer": bool(fields["e_bill_taxpayer"]),
            "extra_field": fields["extra_field"] or {},
        }
        return {name: value for name, value in fields.items() if value is not None}

    async def send(self, fields: dict[str, Any]) -> Address:
        known = (self.key, json.dumps(fields, sort_keys=True))
        return await self.integration.once(known, lambda: self._get_or_create(fields))

    async def _get_or_create(self, fields: dict[str, Any]) -> Address:
        client = self.integration.client

        async def not_found() -> Address | None:
            # Only Omnitron's refusal to create it twice reveals its hash.
            return None

        try:
            return await create_once(lambda: client.addresses.create(fields), not_found, self.integration.runtime.clock)
        except RefusedError as error:
            errors = error.body.get("non_field_errors") if isinstance(error.body, dict) else None
            match = _HASH.search(str(errors or ""))
            rows: list[Address] = await client.addresses.find(match[1]) if match else []
            own = [row for row in rows if row.customer in (None, self.customer.pk)]
            if len(own) != 1:
                raise
            return own[0]

    async def _places(self, fields: dict[str, Any]) -> dict[str, int]:
        """The keys of the address's places. A district is searched only within its township."""
        found: dict[str, int] = {}
        for kind in (ErrorType.country, ErrorType.city, ErrorType.township, ErrorType.district):
            name = fields.pop(kind)
            if kind in (ErrorType.township, ErrorType.district) and is_blank(name):
                break
            found[kind] = await self.integration.do_action(GetPlace, objects=name, kind=kind, parents=dict(found))
        for kind in (ErrorType.township, ErrorType.district):
            fields.pop(kind, None)
        return found

    async def _retail_store(self, code: str) -> int:
        rows = await self.integration.once(
            (self.key, "store", code), lambda: self.integration.client.retail_stores.find(code)
        )
        if len(rows) != 1:
            raise RetailStoreNotFoundError(
                f"{len(rows)} retail stores in Omnitron have the code `{code}`. Give it to exactly one."
            )
        return int(rows[0].pk)
