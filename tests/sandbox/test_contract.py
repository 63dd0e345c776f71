"""What clients of any age may send to the local hub, and what no client should."""

from typing import Any

import httpx
import pytest

from deployments.sandbox import OmnitronSandbox
from tests.world.hub_client import HubClient, StillClock, named

ACTION = {"content_type": "product", "object_id": 1001, "channel_id": 6, "remote_id": "MP-1"}
CITY = {"type": "city", "remote_code": "6_34", "country_id": "1", "integration_type": "sales_channel"}
NODE_ACTION = {"content_type": "categorynode", "channel_id": "6"}


# -- what older clients send -------------------------------------------------------------------------------------------


async def test_keys_may_come_as_text(api: HubClient) -> None:
    """They are kept as numbers."""
    batch = (await api.call("POST", "batch_requests/", {"channel": "6"})).json()
    entry = {"pk": "1001", "content_type": "product", "version_date": "2024-01-01T00:00:00Z"}
    body = {"channel": "6", "status": "commit", "content_type": "product", "objects": [entry]}
    assert (await api.call("PATCH", f"batch_requests/{batch['pk']}/", body)).status_code == 200
    action = (await api.call("POST", "integration_actions/", {**ACTION, "channel_id": "6", "object_id": "1002"})).json()
    assert action["object_id"] == 1002
    report = {"action_content_type": "12", "action_object_id": "1001", "error_code": "x"}
    kept = (await api.call("POST", "error_reports/", report)).json()
    assert (kept["action_content_type"], kept["action_object_id"]) == (12, 1001)
    rule = (await api.call("POST", "attribute_configs/", {"attribute_set": "3", "attribute": "137"})).json()
    assert (rule["attribute_set"], rule["attribute"]) == (3, 137)
    assert [row["pk"] for row in await api.rows("attribute_configs/", attribute_set=3, attribute=137)] == [rule["pk"]]
    assert (await api.call("POST", "category_nodes/", {"name": "Bot", "node": "255"})).status_code == 201
    assert len(await api.rows("product_prices/", product__pk__in="1001", price_list="3")) == 1
    assert api.sandbox.violations == []


@pytest.mark.parametrize("key", ["x", "", "1.0", "-1", "٣", True, 1.5, None, []])
async def test_what_is_no_key_is_refused(api: HubClient, key: Any) -> None:
    assert (await api.call("POST", "integration_actions/", {**ACTION, "object_id": key})).status_code == 400
    assert (await api.call("POST", "addresses/", {"customer": key})).json()["customer"]


@pytest.mark.parametrize("flag", ["true", "True", "1"])
async def test_a_flag_may_come_in_three_spellings(api: HubClient, flag: str) -> None:
    assert await api.rows("countries/", code__exact="CY", is_active=flag) == []
    assert len(await api.rows("countries/", code__exact="TR", is_active=flag)) == 1


@pytest.mark.parametrize("flag", ["false", "False", "0"])
async def test_so_may_its_opposite(api: HubClient, flag: str) -> None:
    assert len(await api.rows("countries/", code__exact="CY", is_active=flag)) == 1


async def test_a_new_batch_answers_that_it_holds_nothing(api: HubClient) -> None:
    """Read again, it does not say what it holds."""
    batch = await api.begin()
    assert batch["objects"] == []
    assert "objects" not in (await api.call("GET", f"batch_requests/{batch['pk']}/")).json()


async def test_a_city_may_be_reported_without_its_name(api: HubClient) -> None:
    body = {**CITY, "err_code": "city_not_found", "err_desc": "code: 6_34"}
    assert (await api.call("POST", "error_reports/city/", body)).status_code == 201
    assert [row["country_id"] for row in api.sandbox.shop.places.reports] == [1]


async def test_actions_of_leaves_are_asked_for_by_their_children(api: HubClient) -> None:
    """A node that gets a child is a leaf no longer."""
    parent, child = (await api.call("POST", "category_nodes/", {"name": "Bot", "node": 255})).json()["pk"], 0
    await api.call("POST", "integration_actions/", {**NODE_ACTION, "object_id": parent, "remote_id": "C1"})

    async def leaves() -> list[int]:
        rows = await api.rows("integration_actions/", content_type_name="categorynode", numchild=0)
        return [row["object_id"] for row in rows]

    assert await leaves() == [parent]
    child = (await api.call("POST", "category_nodes/", {"name": "Kar", "node": parent})).json()["pk"]
    assert await leaves() == []
    await api.call("POST", "integration_actions/", {**NODE_ACTION, "object_id": child, "remote_id": "C2"})
    assert await leaves() == [child]
    assert api.sandbox.violations == []


@pytest.mark.parametrize("route", ["bulk_attributes", "bulk_category_attributes"])
async def test_each_bulk_route_has_a_switch(route: str) -> None:
    """Without it the route does not exist."""
    sandbox = OmnitronSandbox(products=0, clock=StillClock())
    for switches, expected in (({}, {404}), ({route: True}, {400, 404})):
        sandbox.reset(**switches)
        api = HubClient(sandbox)
        await api.log_in()
        paths = ("bulk_attributes/", "bulk_category_attributes/")
        answers = {path: (await api.call("POST", path, {})).status_code for path in paths}
        assert set(answers.values()) == expected
        assert answers[f"{route}/"] == (400 if switches else 404)


async def test_a_place_is_mapped_by_the_code_that_its_report_names(api: HubClient) -> None:
    """The look-up with that code finds it from then on."""
    async with httpx.AsyncClient(transport=httpx.ASGITransport(api.sandbox), base_url="http://hub/") as http:
        mapped = await http.post("/_sandbox/places/city/31/map", json={"code": CITY["remote_code"]})
    assert [mapping["code"] for mapping in mapped.json()["mapping"]] == ["6_34"]
    found = await api.rows("cities/", mapping__code__exact="6_34", mapping__integration_type="sales_channel")
    assert [row["pk"] for row in found] == [31]


# -- what no client should send ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("channel", [{}, {"channel": None}, {"channel": 7}, {"channel": ""}])
async def test_a_move_names_the_channel(api: HubClient, channel: dict[str, Any]) -> None:
    """Otherwise nothing moves."""
    batch = await api.begin()
    refused = await api.call("PATCH", f"batch_requests/{batch['pk']}/", {"status": "fail", **channel})
    assert (refused.status_code, set(refused.json())) == (400, {"channel"})
    assert api.sandbox.shop.batches.table[batch["pk"]]["status"] == "initialized"


@pytest.mark.parametrize(
    "kind", ["product", "productprice", "productstock", "productimage", "order", "orderitem", "integrationaction"]
)
async def test_a_commit_of_what_has_never_existed_is_a_violation(api: HubClient, kind: str) -> None:
    batch = await api.begin()
    await api.move(batch, "commit", content_type=kind, objects=[named({"pk": 9, "modified_date": "2024-01-01"}, kind)])
    assert api.sandbox.violations == [f"batch {batch['pk']}: commit names {kind} 9, which does not exist"]


async def test_a_commit_of_what_was_deleted_since_it_was_read_is_none(api: HubClient) -> None:
    """No client can know."""
    row = (await api.rows("products/"))[0]
    api.sandbox.delete_product(row["pk"])
    await api.committed(row)
    assert api.sandbox.violations == []


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"channel_id": 7}, "channel_id"),
        ({"channel_id": None}, "channel_id"),
        ({"remote_id": None}, "remote_id"),
        ({"remote_id": ""}, "remote_id"),
        ({"object_id": None}, "object_id"),
        ({"content_type": "planet"}, "content_type"),
    ],
)
async def test_an_action_names_its_channel_its_object_and_its_remote_id(
    api: HubClient, change: dict[str, Any], field: str
) -> None:
    body = {name: value for name, value in {**ACTION, **change}.items() if value is not None}
    refused = await api.call("POST", "integration_actions/", body)
    assert (refused.status_code, set(refused.json())) == (400, {field})
    assert len(api.sandbox.shop.ledger.actions) == 0


async def test_an_action_does_not_move_to_another_channel(api: HubClient) -> None:
    pk = (await api.call("POST", "integration_actions/", ACTION)).json()["pk"]
    assert (await api.call("PATCH", f"integration_actions/{pk}/", {"channel_id": 7})).status_code == 400
    assert (await api.call("PATCH", f"integration_actions/{pk}/", {"channel_id": "6"})).status_code == 200


@pytest.mark.parametrize("name", ["object_id", "object_id__in", "remote_id__exact"])
async def test_a_look_up_that_needs_a_type_is_a_violation_without_one(api: HubClient, name: str) -> None:
    """Keys and remote ids repeat across types."""
    await api.rows("integration_actions/", content_type_name="product", **{name: "1"})
    assert api.sandbox.violations == []
    await api.rows("integration_actions/", **{name: "1"})
    assert [f"`{name}` without `content_type_name`" in line for line in api.sandbox.violations] == [True]


async def test_fifty_remote_ids_are_the_most_of_one_request(api: HubClient) -> None:
    """One more is refused."""
    ids = [f"MP-{number}" for number in range(51)]
    query: dict[str, Any] = {"content_type_name": "product"}
    assert await api.rows("integration_actions/", remote_id__in=",".join(ids[:50]), **query) == []
    assert api.sandbox.violations == []
    refused = await api.call("GET", "integration_actions/", remote_id__in=",".join(ids), **query)
    assert (refused.status_code, len(api.sandbox.violations)) == (400, 1)


async def test_an_unknown_field_of_the_channel_is_a_violation(api: HubClient) -> None:
    """What it knows is changed, the rest is dropped."""
    body = {"category_tree": "24", "schema": {"a": 1}, "conf": {"base_url": "x"}, "is_active": False}
    channel = (await api.http.patch("/api/v1/channels/6/", json=body)).json()
    assert (channel["category_tree"], channel["schema"], channel["is_active"]) == (24, {"a": 1}, True)
    assert "base_url" not in channel["conf"]
    assert [line.split("`")[1] for line in api.sandbox.violations] == ["conf", "is_active"]
