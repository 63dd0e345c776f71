"""The documented DTOs: built by position or by keyword, frozen, exact, and written as JSON without loss."""

import copy
import json
import pickle
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from pydantic import ValidationError

from dto.base import Dto
from dto.batches import (
    BatchRequest,
    BatchRequestDto,
    BatchRequestObjectsDto,
    BatchRequestResponseDto,
    OrderBatchRequestResponseDto,
    ProductBatchRequestResponseDto,
)
from dto.enums import CancellationType, ChannelConfSchemaDataTypes, ContentType, FailedReasonType, ResponseStatus
from dto.omnitron import IntegrationAction
from dto.orders import (
    AddressDto,
    CancellationRequestDto,
    CancellationStatus,
    CancelOrderDto,
    ChannelCancellationRequestDto,
    ChannelCreateOrderDto,
    ChannelOrderDto,
    ChannelUpdateOrderItemDto,
    CustomerDto,
    OmnitronCreateOrderDto,
    OmnitronOrderDto,
    OrderItemDto,
)
from dto.reports import ErrorReportDto, OperationalEventDto
from dto.setup import (
    AttributeDto,
    AttributeValueDto,
    CategoryAttributeDto,
    CategoryAttributeValueDto,
    CategoryDto,
    CategoryNodeDto,
    CategoryTreeDto,
    ChannelConfSchemaField,
)

MOMENT = datetime(2021, 1, 1, 10, 0, tzinfo=UTC)
CUSTOMER = CustomerDto("john.doe@akinon.com", "John", "Doe", "c-1", {"vip": True}, "05556667788")
ADDRESS = AddressDto(
    "john.doe@akinon.com", "05556667788", "John", "Doe", "1", "80", "Hemen sahil kenarı", title="COMM-876"
)
ITEM = OrderItemDto("i-1", "123a1", "try", Decimal("62.44"), Decimal("8.00"), {"id": "i-1"}, invoice_date=MOMENT)
OBJECT = BatchRequestObjectsDto(12227, MOMENT, "product", FailedReasonType.remote, "123a1")


def _order_values(customer: Any, address: Any, cargo_company: Any) -> dict[str, Any]:
    return {
        "remote_id": "o-1",
        "number": "1001",
        "channel": 6,
        "customer": customer,
        "shipping_address": address,
        "billing_address": address,
        "currency": "try",
        "amount": Decimal("62.44"),
        "shipping_amount": Decimal("9.90"),
        "shipping_tax_rate": Decimal("18.00"),
        "extra_field": {"id": "o-1"},
        "cargo_company": cargo_company,
        "created_at": MOMENT,
        "delivery_type": "home",
        "discount_amount": Decimal("1.10"),
        "net_shipping_amount": None,
        "tracking_number": "T1",
        "carrier_shipping_code": None,
        "remote_addr": "127.0.0.1",
        "has_gift_box": None,
        "gift_box_note": None,
        "client_type": "default",
        "language_code": None,
        "notes": None,
        "delivery_range": None,
        "shipping_option_slug": None,
        "status": "400",
    }


OMNITRON_ORDER_VALUES = _order_values(1, 2, 3)
CHANNEL_ORDER_VALUES = _order_values(CUSTOMER, ADDRESS, "ups")

# Every class of the documentation with a value for each of its fields, in the documented order.
EXAMPLES: list[tuple[type[Dto], dict[str, Any]]] = [
    (
        CategoryNodeDto,
        {"name": "Shop", "children": [CategoryNodeDto("Shirts", [], "11")], "remote_id": "1", "parent": None},
    ),
    (CategoryTreeDto, {"root": CategoryNodeDto("Shop", [])}),
    (CategoryAttributeValueDto, {"remote_id": "7", "name": "Red"}),
    (
        CategoryAttributeDto,
        {
            "remote_id": "3",
            "name": "Colour",
            "required": True,
            "variant": False,
            "allow_custom_value": False,
            "values": [CategoryAttributeValueDto("7", "Red")],
        },
    ),
    (AttributeValueDto, {"remote_id": "7", "name": "Red"}),
    (AttributeDto, {"remote_id": "3", "name": "Colour", "values": [AttributeValueDto("7", "Red")]}),
    (
        CategoryDto,
        {"remote_id": "1", "name": "Shop", "attributes": [CategoryAttributeDto("3", "Colour", True, False, True, [])]},
    ),
    (
        ChannelConfSchemaField,
        {
            "required": True,
            "data_type": ChannelConfSchemaDataTypes.json,
            "key": "reason_mapping",
            "label": "Reasons",
            "schema": {"type": "object"},
        },
    ),
    (
        ErrorReportDto,
        {
            "action_content_type": "product",
            "action_object_id": 12227,
            "modified_date": MOMENT,
            "raw_request": "PUT /listings",
            "raw_response": "400",
            "error_code": "custom",
            "error_description": "The colour is missing.",
            "is_ok": False,
            "target_content_type": "channel",
            "target_object_id": "6",
        },
    ),
    (
        OperationalEventDto,
        {
            "event_type": "product_error",
            "level": "error",
            "source": "channel_app",
            "message": "The colour is missing.",
            "context": {"error_code": "custom"},
            "tags": {"action_content_type": "product"},
            "action_content_type": "product",
            "action_object_id": 12227,
            "trace_id": "t",
            "span_id": "s",
            "parent_span_id": "p",
            "raw_data": {"raw_request": "", "raw_response": "400"},
        },
    ),
    (
        BatchRequestObjectsDto,
        {
            "pk": 12227,
            "version_date": MOMENT,
            "content_type": "product",
            "failed_reason_type": FailedReasonType.mapping,
            "remote_id": "123a1",
        },
    ),
    (
        BatchRequestDto,
        {
            "channel": 6,
            "local_batch_id": "2f0b",
            "content_type": "product",
            "pk": 22,
            "remote_batch_id": "b-1",
            "status": "commit",
            "objects": [OBJECT],
        },
    ),
    (
        ProductBatchRequestResponseDto,
        {"status": ResponseStatus.success, "sku": "1KBATC0231001", "remote_id": "123a1", "message": None},
    ),
    (
        BatchRequestResponseDto,
        {
            "status": ResponseStatus.fail,
            "remote_id": "123a1",
            "sku": None,
            "message": "No such colour.",
            "order": "o-1",
        },
    ),
    (
        OrderBatchRequestResponseDto,
        {"status": ResponseStatus.success, "remote_id": "o-1", "number": "1001", "message": None},
    ),
    (OmnitronOrderDto, OMNITRON_ORDER_VALUES),
    (
        OrderItemDto,
        {
            "remote_id": "i-1",
            "product": "123a1",
            "price_currency": "try",
            "price": Decimal("62.44"),
            "tax_rate": Decimal("8.00"),
            "extra_field": {"id": "i-1"},
            "status": "400",
            "price_list": 1,
            "stock_list": 1,
            "tracking_number": "T1",
            "invoice_number": "F1",
            "invoice_date": MOMENT,
            "carrier_shipping_code": "C1",
            "discount_amount": None,
            "retail_price": Decimal("249.75"),
            "attributes": {"colour": "red"},
            "attributes_kwargs": {},
            "parent": None,
            "delivered_date": None,
            "estimated_delivery_date": MOMENT,
        },
    ),
    (OmnitronCreateOrderDto, {"order": OmnitronOrderDto(**OMNITRON_ORDER_VALUES), "order_item": [ITEM]}),
    (
        CancelOrderDto,
        {
            "order": "1001",
            "cancel_items": ["i-1"],
            "reasons": {"i-1": "late"},
            "is_cargo_refund": True,
            "forced_refund_amount": Decimal("10.00"),
            "refund_invoice_number": "R1",
        },
    ),
    (
        CustomerDto,
        {
            "email": "john.doe@akinon.com",
            "first_name": "John",
            "last_name": "Doe",
            "channel_code": "c-1",
            "extra_field": None,
            "phone_number": None,
            "is_active": None,
        },
    ),
    (
        AddressDto,
        {
            "email": "john.doe@akinon.com",
            "phone_number": None,
            "first_name": "John",
            "last_name": "Doe",
            "country": "1",
            "city": "80",
            "line": "Hemen sahil kenarı",
            "title": "COMM-876",
            "township": "933",
            "district": "71387",
            "postcode": "",
            "notes": None,
            "company_name": "",
            "tax_office": "",
            "tax_no": "",
            "e_bill_taxpayer": None,
            "remote_id": None,
            "identity_number": None,
            "extra_field": {},
            "is_active": True,
            "retail_store": None,
        },
    ),
    (ChannelOrderDto, CHANNEL_ORDER_VALUES),
    (
        ChannelCreateOrderDto,
        {
            "order": ChannelOrderDto(**CHANNEL_ORDER_VALUES),
            "order_item": [ITEM],
            "is_acknowledged": False,
            "replaces": "p-1",
        },
    ),
    (
        ChannelUpdateOrderItemDto,
        {
            "remote_id": "i-1",
            "order_remote_id": "o-1",
            "order_number": "1001",
            "status": "500",
            "invoice_number": "F1",
            "invoice_date": MOMENT,
            "tracking_number": "T1",
            "extra_field": {"box": 2},
            "modified_date": MOMENT,
            "replaces": "i-0",
        },
    ),
    (
        CancellationRequestDto,
        {
            "order_item": "i-1",
            "reason": "late",
            "remote_id": "r-1",
            "description": "",
            "cancellation_type": CancellationType.refund,
            "order_remote_id": "o-1",
            "order_number": "1001",
            "status": CancellationStatus.approved,
        },
    ),
    (
        ChannelCancellationRequestDto,
        {
            "cancellation_type": CancellationType.cancel,
            "status": CancellationStatus.approved,
            "order_item": "i-1",
            "reason": "late",
            "description": None,
            "remote_id": "r-1",
            "order_remote_id": "o-1",
            "order_number": "1001",
        },
    ),
]

every_class = pytest.mark.parametrize(("kind", "values"), EXAMPLES, ids=[kind.__name__ for kind, _ in EXAMPLES])


@every_class
def test_position_and_keyword_build_equal_values(kind: type[Dto], values: dict[str, Any]) -> None:
    """The fields are in the documented order, so both ways of the documentation's examples work."""
    assert kind(*values.values()) == kind(**values)


@every_class
def test_every_field_holds_what_was_given(kind: type[Dto], values: dict[str, Any]) -> None:
    """A field returns its value, with the documented name and order."""
    built = kind(*values.values())
    assert {name: getattr(built, name) for name in kind.model_fields} == values
    assert list(kind.model_fields) == list(values)


@every_class
def test_no_field_can_be_set_afterwards(kind: type[Dto], values: dict[str, Any]) -> None:
    """No other command can change a value."""
    name, value = next(iter(values.items()))
    with pytest.raises(ValidationError, match="frozen"):
        setattr(kind(**values), name, value)


@every_class
def test_an_unknown_field_is_refused(kind: type[Dto], values: dict[str, Any]) -> None:
    """A misspelt optional field must not vanish."""
    with pytest.raises(ValidationError, match="Extra inputs"):
        kind(**values, remoteid="1")


@every_class
def test_json_gives_the_same_value_back(kind: type[Dto], values: dict[str, Any]) -> None:
    """A value can cross a process border."""
    built = kind(**values)
    assert kind.model_validate_json(built.model_dump_json()) == built
    assert kind.model_validate(built.model_dump()) == built


@every_class
def test_a_value_can_be_pickled_and_copied(kind: type[Dto], values: dict[str, Any]) -> None:
    """Prefect pickles the input and output of tasks."""
    built = kind(**values)
    assert pickle.loads(pickle.dumps(built)) == built  # noqa: S301  (our own bytes)
    assert copy.deepcopy(built) == built


@every_class
def test_every_optional_field_takes_none(kind: type[Dto], values: dict[str, Any]) -> None:
    """A field with a default may also be None, if the documentation calls it optional."""
    not_optional_on_the_page = {
        ErrorReportDto: {"raw_request", "raw_response", "error_code", "error_description", "is_ok"},
        OperationalEventDto: {"context", "tags"},
        CancellationRequestDto: {"cancellation_type"},
    }
    for name, field in kind.model_fields.items():
        if not field.is_required() and name not in not_optional_on_the_page.get(kind, set()):
            assert getattr(kind(**{**values, name: None}), name) is None


@every_class
def test_defaults_are_not_shared(kind: type[Dto], values: dict[str, Any]) -> None:
    """Two values with defaults share no list or dict."""
    required = {name: value for name, value in values.items() if kind.model_fields[name].is_required()}
    first, second = kind(**required), kind(**required)
    for name in kind.model_fields.keys() - required.keys():
        if isinstance(getattr(first, name), list | dict):
            assert getattr(first, name) is not getattr(second, name)


@pytest.mark.parametrize("status", ["PENDING", "success", "", None, True])
@pytest.mark.parametrize(
    ("kind", "rest"),
    [
        (ProductBatchRequestResponseDto, {"sku": "s"}),
        (BatchRequestResponseDto, {}),
        (OrderBatchRequestResponseDto, {"remote_id": "o-1", "number": "1001"}),
    ],
)
def test_a_result_is_success_or_failure_and_nothing_else(kind: type[Dto], rest: dict[str, Any], status: object) -> None:
    """An undecided item has no result, so it cannot be settled by mistake."""
    with pytest.raises(ValidationError):
        kind(status=status, **rest)


def test_a_result_may_be_written_as_the_channel_says_it() -> None:
    """The two words of the vocabulary become members of it."""
    assert ProductBatchRequestResponseDto("SUCCESS", "s").status is ResponseStatus.success  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("given", "written"),
    [
        ("0.1000000000000000000000000001", "0.1000000000000000000000000001"),
        ("62.40", "62.40"),
        (62, "62"),
        (Decimal("0.30"), "0.30"),
        (0.1, "0.1"),
        (Decimal("1E+3"), "1000"),
        (Decimal("0.00000001"), "0.00000001"),
    ],
)
def test_money_stays_exact_and_is_written_as_a_decimal_string(given: Any, written: str) -> None:
    """No amount goes through binary fractions, or is written with an exponent."""
    item = OrderItemDto("i-1", "123a1", "try", given, Decimal(8), {})
    assert item.price == Decimal(written)
    assert item.model_dump(mode="json")["price"] == written


@pytest.mark.parametrize("amount", ["NaN", "Infinity", "12,50", "", None, True])
def test_what_is_no_amount_is_refused(amount: Any) -> None:
    """A price that cannot be read must not become zero."""
    with pytest.raises(ValidationError):
        OrderItemDto("i-1", "123a1", "try", amount, Decimal(8), {})


def test_amounts_that_are_not_given_are_exact_zeros() -> None:
    """The documented defaults are binary and textual zeros."""
    item = OrderItemDto("i-1", "123a1", "try", Decimal(1), Decimal(8), {})
    order = OmnitronOrderDto("o", "1", 6, 1, 2, 3, "try", Decimal(1), Decimal(0), Decimal(0), {}, 3, MOMENT)
    for amount in (item.discount_amount, item.retail_price, order.discount_amount, order.net_shipping_amount):
        assert isinstance(amount, Decimal)
        assert amount == 0


def test_a_refund_is_forced_only_by_an_amount() -> None:
    """The documentation calls the amount a boolean: False forces no amount, and True names no amount."""
    assert CancelOrderDto("1001", [], {}, forced_refund_amount=Decimal("9.90")).forced_refund_amount == Decimal("9.90")
    assert CancelOrderDto("1001", [], {}, forced_refund_amount=False).forced_refund_amount is None  # type: ignore[arg-type]
    with pytest.raises(ValidationError):
        CancelOrderDto("1001", [], {}, forced_refund_amount=True)  # type: ignore[arg-type]


def test_reasons_are_keyed_and_given_as_text() -> None:
    """Channels number their lines and reasons; `reason_mapping` has text."""
    order = CancelOrderDto.model_validate({"order": 1001, "cancel_items": [5], "reasons": {5: 7}})
    assert order.reasons == {"5": "7"}
    assert order.cancel_items == ["5"]


@pytest.mark.parametrize("written", ["2021-01-01 10:00:00", "2021-01-01T10:00:00Z", "2021-01-01T13:00:00+03:00"])
def test_dates_are_read_as_moments_in_utc(written: str) -> None:
    """A date without a zone is UTC, and all dates are written alike."""
    report = ErrorReportDto("product", 1, written)  # type: ignore[arg-type]
    assert report.modified_date == MOMENT
    assert report.model_dump(mode="json")["modified_date"] == "2021-01-01T10:00:00.000000Z"


def test_an_empty_optional_date_is_no_date() -> None:
    """Channels write a missing date as an empty string."""
    item = ChannelUpdateOrderItemDto("i-1", invoice_date="")  # type: ignore[arg-type]
    assert item.invoice_date is None


def test_remote_ids_are_text_whatever_they_were_sent_as() -> None:
    """Documented as a number, but Omnitron and channels have `123a1`."""
    assert BatchRequestObjectsDto(1, MOMENT, "product", remote_id="123a1").remote_id == "123a1"
    assert BatchRequestObjectsDto(1, MOMENT, "product", remote_id=5).remote_id == "5"  # type: ignore[arg-type]


@pytest.mark.parametrize("blank", ["", " ", "\t\u00a0"])
def test_a_blank_remote_id_is_no_id_whoever_sends_it(blank: str) -> None:
    """Two objects that are bound to it would be one."""
    assert BatchRequestObjectsDto(1, MOMENT, "product", remote_id=blank).remote_id is None
    row = {"pk": 9, "content_type": {"model": "product"}, "object_id": 1, "status": "success", "remote_id": blank}
    assert IntegrationAction.model_validate(row).remote_id is None
    batch = {"pk": 22, "local_batch_id": "b", "status": "commit", "remote_batch_id": blank}
    assert BatchRequest.model_validate(batch).remote_batch_id is None


def test_an_object_of_a_batch_says_nothing_that_it_was_not_told() -> None:
    """Neither an empty reason nor an empty remote id may look like a result."""
    nothing = BatchRequestObjectsDto(1, MOMENT, "product")
    empty = BatchRequestObjectsDto(1, MOMENT, "product", "", "")  # type: ignore[arg-type]
    assert nothing == empty
    assert nothing.model_dump(mode="json") == {
        "pk": 1,
        "version_date": "2021-01-01T10:00:00.000000Z",
        "content_type": "product",
        "failed_reason_type": None,
        "remote_id": None,
    }


def test_an_order_of_the_channel_holds_its_customer_and_addresses() -> None:
    """They are fields of the order, not nested classes, and are read from JSON as such."""
    order = ChannelOrderDto.model_validate_json(ChannelOrderDto(**CHANNEL_ORDER_VALUES).model_dump_json())
    assert order.customer == CUSTOMER
    assert order.shipping_address == order.billing_address == ADDRESS
    assert order.cargo_company == "ups"
    with pytest.raises(ValidationError):
        ChannelOrderDto(**{**CHANNEL_ORDER_VALUES, "customer": 1})


def test_both_kinds_of_order_have_the_same_fields_in_the_same_order() -> None:
    """Only the types of customer, addresses and cargo company differ."""
    assert list(ChannelOrderDto.model_fields) == list(OmnitronOrderDto.model_fields)


def test_an_address_may_lack_its_phone() -> None:
    """Some marketplaces hide the phone number; that must not cost the order."""
    written = ADDRESS.model_dump(mode="json", exclude={"phone_number"})
    assert AddressDto.model_validate(written).phone_number is None


EVENT_TYPES = {
    "product": "product_error",
    "productprice": "product_price_error",
    "productstock": "product_stock_error",
    "productimage": "product_image_error",
    "order": "order_error",
    "orderitem": "order_error",
    "cancellationrequest": "cancellation_request_error",
    "categorytree": "category_error",
    "categorynode": "category_error",
    "batchrequest": "batch_request_error",
}


@pytest.mark.parametrize("content_type", [*ContentType, "somethingnew"])
def test_an_event_is_named_after_what_the_report_is_about(content_type: str) -> None:
    """A content type without a name in the operator's log is an unknown error."""
    event = OperationalEventDto.from_error_report(ErrorReportDto(content_type, 1, MOMENT))
    assert event.event_type == EVENT_TYPES.get(content_type, "unknown_error")


def test_a_failure_report_becomes_an_error_event_with_its_evidence() -> None:
    """The event can be written as JSON, and holds everything in the report."""
    report = ErrorReportDto("product", 12227, MOMENT, "PUT /listings", "400", "22-Channel-x", "No colour.")
    assert OperationalEventDto.from_error_report(report).model_dump(mode="json", exclude_none=True) == {
        "event_type": "product_error",
        "level": "error",
        "source": "channel_app",
        "message": "No colour.",
        "context": {
            "error_code": "22-Channel-x",
            "error_description": "No colour.",
            "modified_date": "2021-01-01T10:00:00.000000Z",
        },
        "tags": {"action_content_type": "product"},
        "action_content_type": "product",
        "action_object_id": 12227,
        "raw_data": {"raw_request": "PUT /listings", "raw_response": "400"},
    }


def test_a_success_report_becomes_an_info_event_without_raw_data() -> None:
    """A success needs no evidence."""
    report = ErrorReportDto("order", 1, MOMENT, "PUT /orders", "200", is_ok=True)
    event = OperationalEventDto.from_error_report(report, source="bazaar")
    assert (event.level, event.source, event.raw_data) == ("info", "bazaar", None)


def _chain(levels: int) -> CategoryNodeDto:
    """One node under the other, each knowing its parent."""
    root = lowest = CategoryNodeDto("0", [], "0")
    for level in range(1, levels):
        node = CategoryNodeDto(str(level), [], str(level), lowest)
        lowest.children.append(node)
        lowest = node
    return root


def _wide(count: int) -> CategoryTreeDto:
    root = CategoryNodeDto("Shop", [])
    root.children.extend(CategoryNodeDto(f"Category {number}", [], str(number), root) for number in range(count))
    return CategoryTreeDto(root)


def test_a_wide_tree_is_written_without_its_parents_and_read_again() -> None:
    """5,000 categories that all point to their parent make one line of JSON each."""
    tree = _wide(5_000)
    text = tree.model_dump_json()
    assert len(text) < 5_000 * 80
    assert "parent" not in text
    assert CategoryTreeDto.model_validate_json(text) == tree
    assert CategoryTreeDto.model_validate(tree.model_dump()) == tree


def test_a_tree_is_written_and_read_as_deep_as_shops_have_them() -> None:
    """Omnitron keeps a path of four characters a level, in 255 characters."""
    chain = _chain(63)
    assert CategoryNodeDto.model_validate_json(chain.model_dump_json()) == chain
    assert json.loads(chain.model_dump_json())["children"][0]["name"] == "1"


def test_a_very_deep_tree_is_built_compared_and_printed_without_recursion() -> None:
    """A chain of 5,000 nodes is walked level by level, not call by call."""
    chain = _chain(5_000)
    assert CategoryTreeDto(chain) == CategoryTreeDto(_chain(5_000))
    assert chain != _chain(4_999)
    assert repr(chain) == "CategoryNodeDto(name='0', remote_id='0', children=1)"


def test_a_tree_can_be_built_upwards() -> None:
    """Children that are built already are taken as they are, at any depth."""
    node = CategoryNodeDto("lowest", [])
    for level in range(500):
        node = CategoryNodeDto(str(level), [node])
    assert node.children[0].name == "498"


def test_trees_differ_by_names_ids_and_order_but_not_by_parents() -> None:
    """The parent is not part of a node's value, nor of its hash."""
    parent = CategoryNodeDto("Shop", [])
    assert CategoryNodeDto("a", [], "1", parent) == CategoryNodeDto("a", [], "1")
    assert len({CategoryNodeDto("a", [], "1", parent), CategoryNodeDto("a", [], "1")}) == 1
    assert CategoryNodeDto("a", [], "1") != CategoryNodeDto("b", [], "1")
    assert CategoryNodeDto("a", [], "1") != CategoryNodeDto("a", [], "2")
    left, right = CategoryNodeDto("l", []), CategoryNodeDto("r", [])
    assert CategoryNodeDto("a", [left, right]) != CategoryNodeDto("a", [right, left])
    assert CategoryNodeDto("a", []) != "a"


def test_a_setting_of_the_channel_keeps_its_schema_under_that_name() -> None:
    """The name hides a deprecated method of pydantic, and nothing else."""
    field = ChannelConfSchemaField(True, ChannelConfSchemaDataTypes.json, "k", "Label", {"type": "object"})
    assert field.schema == {"type": "object"}
    assert ChannelConfSchemaField(True, ChannelConfSchemaDataTypes.text, "k", "Label").schema is None
