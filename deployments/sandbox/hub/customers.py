"""Customers and their addresses in the local hub."""

import hashlib
from collections.abc import Callable
from typing import Annotated, Any, Literal

import orjson
from pydantic import Field

from deployments.sandbox.base.http import HttpError
from deployments.sandbox.hub.bodies import Body, BodyContext, key_of
from deployments.sandbox.hub.places import Places
from deployments.sandbox.hub.tables import Row, Table

_FIRST_CUSTOMER, _FIRST_ADDRESS = 701, 501

_ADDRESS_IDENTITY_WITHOUT = ("remote_id", "extra_field")
"""Fields that may differ between two equal addresses."""


class _CustomerFields(Body):
    subject = "customer"

    channel: Annotated[int, key_of("channel")] | None = None
    email: str | None = Field(None, max_length=254)
    phone_number: str | None = Field(None, max_length=128)
    last_name: str | None = Field(None, max_length=255)
    extra_field: dict[str, Any] | None = None
    is_active: bool | None = None


class _NewCustomer(_CustomerFields):
    first_name: str = Field(min_length=1, max_length=255)
    channel_code: str = Field(min_length=1)


class _CustomerChange(_CustomerFields):
    first_name: str = Field("", min_length=1, max_length=255)
    channel_code: str = Field("", min_length=1)


class _NewAddress(Body):
    subject = "address"

    customer: Annotated[int, key_of("customer")]
    email: str = Field(min_length=1, max_length=254)
    phone_number: str | None = Field(None, max_length=128)
    first_name: str = Field(min_length=1, max_length=255)
    last_name: str = Field(min_length=1, max_length=255)
    country: Annotated[int, key_of("country")]
    city: Annotated[int, key_of("city")]
    township: Annotated[int, key_of("township")] | None = None
    district: Annotated[int, key_of("district")] | None = None
    line: str = Field(min_length=1, max_length=255)
    title: str | None = Field(None, max_length=128)
    postcode: str | None = Field(None, max_length=64)
    notes: str | None = Field(None, max_length=512)
    company_name: str | None = Field(None, max_length=255)
    tax_office: str | None = Field(None, max_length=64)
    tax_no: str | None = Field(None, max_length=20)
    e_bill_taxpayer: bool | None = None
    identity_number: str | None = Field(None, max_length=64)
    extra_field: dict[str, Any] | None = None
    remote_id: str | None = None
    retail_store: Annotated[int, key_of("retail_store")] | None = None
    address_type: Literal["customer", "retail_store"] | None = None


class Customers:
    """The tables of customers and addresses.

    Args:
        channel_id: the one channel.
        places: where an address can be.
        stamp: makes modification dates.
        context: what bodies refer to.
    """

    def __init__(self, *, channel_id: int, places: Places, stamp: Callable[[], str], context: BodyContext) -> None:
        self.table = Table(indexed=["email", "phone_number", "channel_code"])
        self.addresses = Table(indexed=["hash_data"])
        self._channel_id = channel_id
        self._places = places
        self._stamp = stamp
        self._context = context

    def create(self, body: Row) -> Row:
        """A new customer.

        Raises:
            ValidationError: a field is wrong.
            HttpError: 400, the `channel_code` is taken.
        """
        fields = _NewCustomer.model_validate(body, context=self._context).given()
        self._check_channel_code(fields)
        return self.table.add(
            {
                "pk": self.table.next_key(_FIRST_CUSTOMER),
                **dict.fromkeys(("email", "phone_number", "last_name")),
                "extra_field": {},
                "is_active": True,
                **fields,
                "channel": self._channel_id,
                "modified_date": self._stamp(),
            }
        )

    def change(self, pk: int, body: Row) -> Row:
        """Change some fields of a customer; raises as `create`."""
        fields = _CustomerChange.model_validate(body, context=self._context).given()
        self._check_channel_code(fields, but=pk)
        return self.table.change(pk, **fields, modified_date=self._stamp())

    def create_address(self, body: Row) -> Row:
        """A new address.

        Raises:
            ValidationError: a field is wrong.
            HttpError: 400, two fields do not fit together, or the address exists: the message tells its hash.
        """
        fields = _NewAddress.model_validate(body, context=self._context).given()
        self._check_places(fields)
        is_store = fields.get("address_type") == "retail_store"
        if is_store != (fields.get("retail_store") is not None):
            raise HttpError(400, {"retail_store": ["A retail store needs this address_type, and the other way round."]})
        content = {name: value for name, value in fields.items() if name not in _ADDRESS_IDENTITY_WITHOUT and value}
        hash_data = hashlib.blake2b(orjson.dumps(content, option=orjson.OPT_SORT_KEYS), digest_size=16).hexdigest()
        if self.addresses.find("hash_data", hash_data):
            raise HttpError(400, {"non_field_errors": f"hash_data:{hash_data} is the hash of an address that exists."})
        return self.addresses.add(
            {
                "pk": self.addresses.next_key(_FIRST_ADDRESS),
                "address_type": "customer",
                **fields,
                "hash_data": hash_data,
                "modified_date": self._stamp(),
            }
        )

    def _check_channel_code(self, fields: Row, but: int | None = None) -> None:
        code = fields.get("channel_code")
        if code is not None and any(row["pk"] != but for row in self.table.find("channel_code", code)):
            raise HttpError(400, {"channel_code": ["customer with this channel code already exists."]})

    def _check_places(self, fields: Row) -> None:
        """A place lies in its parents."""
        for name, table, parents in (
            ("city", self._places.cities, ("country",)),
            ("township", self._places.townships, ("city",)),
            ("district", self._places.districts, ("city", "township")),
        ):
            if fields.get(name) is None:
                continue
            row = table[fields[name]]
            for parent in parents:
                if row[parent] != fields.get(parent):
                    raise HttpError(400, {name: [f"It does not lie in {parent} {fields.get(parent)}."]})
