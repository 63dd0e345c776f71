"""The local hub's tree, attributes, sets and configs; its bulk routes; and the local marketplace's assortment."""

from typing import Any

import httpx
import pytest

from deployments.sandbox import MarketplaceSandbox, OmnitronSandbox
from tests.world.hub_client import HubClient, StillClock

RESOURCES: dict[str, dict[str, Any]] = {
    "attributes": {"name": "Marka", "channel": 6},
    "attribute_schemas": {"name": "6 Marka Schema", "schema": {}, "channel": 6},
    "attribute_configs": {"attribute_set": 3, "attribute": 137},
    "attribute_values": {"attribute": 123, "label": "Kısa", "value": "10", "channel": 6},
}


@pytest.fixture
async def tree(api: HubClient) -> dict[str, Any]:
    """A new tree."""
    response = await api.call("POST", "category_trees/", {"name": "Yeni"})
    assert response.status_code == 201
    row: dict[str, Any] = response.json()
    return row


async def test_a_tree_comes_with_its_root_and_nodes_stand_below(api: HubClient, tree: dict[str, Any]) -> None:
    root = tree["category_root"]
    first = (await api.call("POST", "category_nodes/", {"name": "Bot", "node": root["pk"]})).json()
    second = (await api.call("POST", "category_nodes/", {"name": "Kar", "node": first["pk"]})).json()
    assert first["path"].startswith(root["path"])
    assert second["path"].startswith(first["path"])
    detailed = (await api.call("GET", f"category_nodes/{first['pk']}/detailed/")).json()
    assert ([row["pk"] for row in detailed["children"]], detailed["numchild"]) == ([second["pk"]], 1)
    assert root["pk"] not in [row["pk"] for row in detailed["children"]]
    assert (await api.rows("category_trees/"))[-1]["name"] == "Yeni"


async def test_names_are_unique_below_one_parent(api: HubClient, tree: dict[str, Any]) -> None:
    """For new nodes and renamed ones; below another parent the same name is free."""
    root = tree["category_root"]["pk"]
    bot = (await api.call("POST", "category_nodes/", {"name": "Bot", "node": root})).json()["pk"]
    bag = (await api.call("POST", "category_nodes/", {"name": "Çanta", "node": root})).json()["pk"]
    assert (await api.call("POST", "category_nodes/", {"name": "Bot", "node": root})).status_code == 400
    assert (await api.call("PATCH", f"category_nodes/{bag}/", {"name": "Bot"})).status_code == 400
    assert (await api.call("POST", "category_nodes/", {"name": "Bot", "node": bot})).status_code == 201
    assert (await api.call("PATCH", f"category_nodes/{bot}/", {"name": "Botlar"})).status_code == 200
    assert (await api.call("PATCH", f"category_nodes/{bag}/", {"name": "Bot"})).status_code == 200


async def test_an_empty_change_of_a_node_moves_its_date(api: HubClient, tree: dict[str, Any]) -> None:
    root = tree["category_root"]
    touched = (await api.call("PATCH", f"category_nodes/{root['pk']}/", {})).json()
    assert touched["name"] == root["name"]
    assert touched["modified_date"] > root["modified_date"]


@pytest.mark.parametrize(
    "body", [{"name": "Bot"}, {"node": 255}, {"name": "x" * 256, "node": 255}, {"name": "B", "node": 7}]
)
async def test_a_node_without_name_or_parent_is_refused(api: HubClient, body: dict[str, Any]) -> None:
    assert (await api.call("POST", "category_nodes/", body)).status_code == 400


@pytest.mark.parametrize(("path", "body"), RESOURCES.items(), ids=list(RESOURCES))
async def test_a_second_row_of_the_same_is_refused(api: HubClient, path: str, body: dict[str, Any]) -> None:
    """And so is one that lacks a field."""
    assert (await api.call("POST", f"{path}/", body)).status_code == 201
    assert (await api.call("POST", f"{path}/", body)).status_code == 400
    assert (await api.call("POST", f"{path}/", {})).status_code == 400


async def test_sets_are_keyed_by_id_and_found_by_their_remote_id(api: HubClient) -> None:
    """Nothing keeps a client from making the same twice: it has to look."""
    body = {"name": "Bot", "remote_id": "7", "channel": 6}
    rows = [(await api.call("POST", "attribute_sets/", body)).json() for _ in range(2)]
    assert all("pk" not in row for row in rows)
    found = await api.rows("attribute_sets/", remote_id__exact="7")
    assert [row["id"] for row in found] == [row["id"] for row in rows]
    assert api.sandbox.violations == []


async def test_a_row_that_names_nothing_is_refused(api: HubClient) -> None:
    for path, body in {
        "attribute_configs": {"attribute_set": 99, "attribute": 123},
        "attribute_value_configs": {"attribute_set": 1, "attribute_value": 99},
    }.items():
        assert (await api.call("POST", f"{path}/", body)).status_code == 400


async def test_an_unknown_filter_is_a_violation(api: HubClient) -> None:
    await api.rows("attribute_values/", colour="red")
    assert "unknown filter `colour`" in api.sandbox.violations[0]


async def test_configs_in_detail_name_their_attribute_and_set(api: HubClient) -> None:
    """Those that a client has made as well."""
    await api.call("POST", "attribute_configs/", RESOURCES["attribute_configs"])
    row = (await api.rows("attribute_configs/detailed/", attribute_set=3))[-1]
    assert row["attribute"]["pk"] == 137
    assert row["attribute_set"] == {"id": 3, "name": "Aksesuar"}


@pytest.mark.parametrize("path", ["bulk_category_attributes/", "bulk_attributes/"])
async def test_an_older_hub_has_no_bulk_routes(api: HubClient, path: str) -> None:
    assert (await api.call("POST", path, {"attributes": []})).status_code == 404


@pytest.mark.parametrize(
    "attributes",
    [
        [{"name": f"A{n}", "remote_id": str(n)} for n in range(201)],
        [{"name": "A", "remote_id": "1", "values": [{"label": "x", "value": "x", "remote_id": "x"}] * 501}],
        [{"name": "A"}],
        None,
    ],
    ids=["attributes", "values", "nameless", "missing"],
)
async def test_a_bulk_request_has_bounds(attributes: Any) -> None:
    """Nothing of one that is refused is written."""
    sandbox = OmnitronSandbox(products=0, bulk_attributes=True, clock=StillClock())
    api = HubClient(sandbox)
    await api.log_in()
    before = len(sandbox.shop.setup.attributes.table)
    assert (await api.call("POST", "bulk_attributes/", {"attributes": attributes})).status_code == 400
    assert len(sandbox.shop.setup.attributes.table) == before


async def test_the_marketplace_tells_its_assortment(market: httpx.AsyncClient) -> None:
    """Parents first; a category's own sizes; ids of values repeat."""
    categories = (await market.get("/categories")).json()["categories"]
    seen: set[str | None] = {None}
    for row in categories:
        assert row["parent_id"] in seen
        seen.add(row["id"])
    boot = next(row for row in categories if row["name"] == "Bot")
    asked = (await market.get(f"/categories/{boot['id']}/attributes")).json()["attributes"]
    assert {value["name"] for value in asked[0]["values"]} == {"40", "41", "42", "43"}
    everything = (await market.get("/attributes")).json()["attributes"]
    assert [row["values"][0]["id"] for row in everything[:2]] == ["1", "1"]
    assert (await market.get("/categories/nope/attributes")).status_code == 404


async def test_an_assortment_of_any_size() -> None:
    sandbox = MarketplaceSandbox(category_nodes=111, attributes=7, values=3)
    assert len(sandbox.assortment.categories) == 111
    assert [len(feature.values) for feature in sandbox.assortment.features.values()] == [3] * 7
    assert len(sandbox.assortment.leaves()) == 100
