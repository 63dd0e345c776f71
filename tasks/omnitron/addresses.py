"""Addresses of customers: places found, texts fitted, made once."""

import json
import re
from typing import Any

from clients.errors import MissingError, RefusedError
from dto.enums import ErrorType
from dto.omnitron_orders import Address, Customer
from dto.orders import AddressDto
from tasks.command import OmnitronCommand
from tasks.create_once import create_once
from tasks.omnitron.field_limits import ADDRESS, fit
from tasks.omnitron.places import GetPlace

_HASH = re.compile(r"hash_data:\s*(\w+)")


class RetailStoreNotFoundError(MissingError):
    """The shop that the buyer collects from is not in Omnitron."""

    code = "RetailStoreNotFound"


class AddressIncompleteError(MissingError):
    """The address lacks something that Omnitron requires."""

    code = "AddressIncomplete"


class GetOrCreateAddress(OmnitronCommand[AddressDto, Address]):
    """Omnitron's address for one of the channel's, of a customer. The same address is made once.

    Raises:
        PlaceNotFoundError: its country, city, township or district is not in Omnitron.
        RetailStoreNotFoundError, AddressIncompleteError: what is missing.
    """

    key = "get_or_create_address"
    customer: Customer

    def validated_data(self, address: AddressDto) -> dict[str, Any]:
        """The address with the customer's e-mail address and names where it has none."""
        fields = address.model_dump(mode="json")
        for name in ("email", "first_name", "last_name"):
            fields[name] = fields[name] or getattr(self.customer, name)
        missing = [name for name in ("email", "first_name", "last_name", "line") if not fields[name]]
        if missing:
            raise AddressIncompleteError(
                f"The address has no {' and no '.join(missing)}, and its customer in Omnitron neither. Fill it in on the "
                "channel, or at the customer."
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
        return await self.integration.once(known, lambda: self._get_or_create(fields))  # type: ignore[no-any-return]

    async def _get_or_create(self, fields: dict[str, Any]) -> Address:
        client = self.integration.client

        async def not_found() -> Address | None:
            # Its hash is not known before Omnitron refuses to make it twice.
            return None

        try:
            return await create_once(lambda: client.create_address(fields), not_found, self.integration.runtime.clock)
        except RefusedError as error:
            said = error.body.get("non_field_errors") if isinstance(error.body, dict) else None
            match = _HASH.search(str(said or ""))
            rows: list[Address] = await client.addresses(match[1]) if match else []
            own = [row for row in rows if row.customer in (None, self.customer.pk)]
            if len(own) != 1:
                raise
            return own[0]

    async def _places(self, fields: dict[str, Any]) -> dict[str, int]:
        """The keys of the address's places. A district is looked for within its township only."""
        found: dict[str, int] = {}
        for kind in (ErrorType.country, ErrorType.city, ErrorType.township, ErrorType.district):
            name = fields.pop(kind)
            if kind in (ErrorType.township, ErrorType.district) and not name:
                break
            found[kind] = await self.integration.do_action(GetPlace, objects=name, kind=kind, parents=dict(found))
        for kind in (ErrorType.township, ErrorType.district):
            fields.pop(kind, None)
        return found

    async def _retail_store(self, code: str) -> int:
        rows = await self.integration.once(
            (self.key, "store", code), lambda: self.integration.client.retail_stores(code)
        )
        if len(rows) != 1:
            raise RetailStoreNotFoundError(
                f"{len(rows)} retail stores in Omnitron have the code `{code}`. Give it to the one that is meant."
            )
        return int(rows[0].pk)
