"""The local hub's transport, lists, goods, actions and log-in."""

import hashlib
import json
from typing import Any

import httpx
import pytest

from deployments.sandbox import OmnitronSandbox
from tests.world.hub_client import HubClient, StillClock, named


async def test_pages_end_with_404(api: HubClient) -> None:
    """Ten rows by default, `next` until the last page, then 404."""
    first = (await api.call("GET", "products/", sort="id")).json()
    second = (await api.http.get(first["next"])).json()
    assert (first["count"], len(first["results"]), len(second["results"])) == (12, 10, 2)
    assert second["next"] is None
    assert second["previous"].endswith("page=1")
    assert (await api.call("GET", "products/", page=3)).status_code == 404


async def test_the_page_size_is_capped() -> None:
    """More than 100 rows are never answered."""
    api = HubClient(OmnitronSandbox(products=120, failing=0))
    await api.log_in()
    page = (await api.call("GET", "products/inserts/", limit=500)).json()
    assert (page["count"], len(page["results"])) == (120, 100)


async def test_an_unknown_or_empty_filter_filters_nothing(api: HubClient) -> None:
    """And both are violations."""
    assert len(await api.rows("products/", colour="red")) == 12
    assert len(await api.rows("products/", product_type="")) == 12
    unknown, empty = api.sandbox.violations
    assert "unknown filter `colour`" in unknown
    assert "empty filter `product_type`" in empty


async def test_filters_by_list(api: HubClient) -> None:
    """`pk__in` and `product__pk__in` take lists; more than 50 products are refused."""
    assert [row["pk"] for row in await api.rows("products/", pk__in="1003,1001,7")] == [1001, 1003]
    prices = await api.rows("product_prices/", product__pk__in="1001,1002", price_list=3)
    assert [row["product"] for row in prices] == [1001, 1002]
    many = ",".join(str(pk) for pk in range(1001, 1052))
    assert (await api.call("GET", "product_prices/", product__pk__in=many)).status_code == 400
    assert len(api.sandbox.violations) == 1


async def test_a_path_without_a_trailing_slash_is_unknown(api: HubClient) -> None:
    """404, and a violation."""
    assert (await api.call("GET", "products")).status_code == 404
    assert "trailing slash" in api.sandbox.violations[0]


async def test_a_token_expires(api: HubClient, clock: StillClock) -> None:
    """After its lifetime, or at once when told."""
    await clock.sleep(3600)
    assert (await api.call("GET", "products/")).status_code == 401
    await api.log_in()
    assert (await api.call("GET", "products/")).status_code == 200
    api.sandbox.expire_tokens()
    assert (await api.call("GET", "products/")).status_code == 401


async def test_wrong_credentials_lock_the_account(hub: OmnitronSandbox) -> None:
    """400 for the first few, then 429 even for right ones."""
    api = HubClient(hub)
    assert [(await api.log_in("wrong")).status_code for _ in range(5)] == [400] * 5
    assert (await api.log_in()).status_code == 429


async def test_the_date_header_is_the_hubs_clock(api: HubClient) -> None:
    """Also after the clock was set forward by a control request."""
    await api.http.post("/_sandbox/clock", json={"advance": 60})
    response = await api.call("GET", "products/")
    assert response.headers["date"] == "Wed, 31 Jan 2024 12:01:00 GMT"


async def test_the_same_seed_makes_the_same_shop() -> None:
    """And another seed another one."""

    def shop(seed: int) -> str:
        goods = OmnitronSandbox(products=50, seed=seed, clock=StillClock()).shop.goods
        tables = (goods.products, goods.prices, goods.stocks, goods.images, goods.product_categories)
        return hashlib.sha256(json.dumps([list(table) for table in tables]).encode()).hexdigest()

    assert shop(7) == shop(7) != shop(8)


@pytest.mark.parametrize(("products", "share", "expected"), [(1000, 0.04, 40), (100, 0.04, 4), (10, 0, 0)])
def test_the_defective_share_is_exact(products: int, share: float, expected: int) -> None:
    """Evenly spread, and all kinds in turn."""
    hub = OmnitronSandbox(products=products, failing=share)
    assert len(hub.defects) == expected
    assert len(set(hub.defects.values())) == min(expected, 6)
    assert len(hub.shop.goods.products) == products


async def test_each_defect_shows() -> None:
    """As the contract says that such a product fails; repaired, it does not."""
    hub = OmnitronSandbox(products=6, failing=1)
    api = HubClient(hub)
    await api.log_in()
    pks = {defect: pk for pk, defect in hub.defects.items()}

    async def problems() -> set[str]:
        found = set()
        for defect, pk in pks.items():
            mapping = await api.call("GET", f"mapped_products/{pk}/")
            configs = {row["attribute"]["name"]: row for row in await all_configs(api, pk)}
            if mapping.status_code == 406:
                found.add(defect)
                continue
            body = mapping.json()
            for name, config in configs.items():
                value = body["mapped_attributes"].get(name)
                entry = body["mapped_attribute_values"].get(str(config["attribute"]["pk"]))
                if (config["is_required"] and not value) or (value and not config["is_custom"] and entry is None):
                    found.add(defect)
            if not await api.rows("product_prices/", product__pk__in=pk) or not await api.rows(
                "product_stocks/", product__pk__in=pk
            ):
                found.add(defect)
            nodes = [row["category"] for row in await api.rows("product_categories/detailed/", product=pk)]
            if not any(node["path"].startswith("0001") for node in nodes):
                found.add(defect)
        return found

    assert await problems() == {"mapping", "required", "undefined", "price", "stock", "category"}
    for pk in pks.values():
        hub.repair(pk)
    assert await problems() == set()
    assert hub.defects == {}


async def all_configs(api: HubClient, product: int) -> list[dict[str, Any]]:
    attribute_set = api.sandbox.shop.goods.products[product]["attribute_set"]
    return await api.rows("attribute_configs/detailed/", attribute_set=attribute_set)


async def test_attribute_configs_need_more_than_one_page(api: HubClient) -> None:
    """With the default page size."""
    for attribute_set in (1, 2, 3):
        page = (await api.call("GET", "attribute_configs/detailed/", attribute_set=attribute_set)).json()
        assert page["count"] > len(page["results"]) == 10


async def test_an_edited_product_is_due_for_update(api: HubClient) -> None:
    """Once it has been sent; `inserts_or_updates` holds both kinds."""
    row = (await api.rows("products/inserts/"))[0]
    await api.integrated(row, "MP-1")
    assert await api.rows("products/updates/") == []
    api.sandbox.edit_product(row["pk"])
    assert [due["pk"] for due in await api.rows("products/updates/")] == [row["pk"]]
    assert len(await api.rows("products/inserts/")) == 11
    assert len(await api.rows("products/inserts_or_updates/")) == 12


async def test_an_inactive_product_is_not_offered(api: HubClient) -> None:
    """Its price still is."""
    api.sandbox.edit_product(1001, is_active=False)
    assert 1001 not in [row["pk"] for row in await api.rows("products/inserts/")]
    assert 1001 in [row["product"] for row in await api.rows("product_prices/inserts/")]


async def test_edits_of_price_and_stock_move_them(api: HubClient) -> None:
    """Each is offered as an update with its new value."""
    price = (await api.rows("product_prices/inserts/"))[0]
    stock = (await api.rows("product_stocks/inserts/"))[0]
    await api.integrated(price, "MP-1", "productprice")
    await api.integrated(stock, "MP-1", "productstock")
    api.sandbox.edit_price(price["product"], "62.44")
    api.sandbox.edit_stock(stock["product"], 46)
    assert [row["price"] for row in await api.rows("product_prices/updates/")] == ["62.44"]
    assert [row["stock"] for row in await api.rows("product_stocks/updates/")] == [46]


async def test_extra_lists_are_kept_apart() -> None:
    """The main lists hold the catalog's own rows only; the first extra stock list is empty."""
    hub = OmnitronSandbox(products=12, failing=0, extra_lists=True)
    api = HubClient(hub)
    await api.log_in()
    assert {row["price_list"] for row in await api.rows("product_prices/inserts/")} == {3}
    assert [row["product"] for row in await api.rows("extra_product_prices/inserts/", price_list=23)] == [
        1001,
        1005,
        1009,
    ]
    assert await api.rows("extra_product_stocks/inserts/", stock_list=12) == []
    assert len(await api.rows("extra_product_stocks/inserts/", stock_list=13)) == 3
    assert hub.violations == []


async def test_a_deleted_product_is_listed_until_its_action_goes(api: HubClient) -> None:
    """While a batch holds the action it is left out; DELETE ends the deletion's own action too."""
    row = (await api.rows("products/inserts/"))[0]
    await api.integrated(row, "MP-1")
    assert await deleted(api) == []
    api.sandbox.delete_product(row["pk"])
    (action,) = await deleted(api)
    assert (action["object_id"], action["remote_id"]) == (row["pk"], "MP-1")
    batch = await api.committed(action, content_type="integrationaction")
    assert await deleted(api) == []
    assert (await api.call("DELETE", f"integration_actions/{action['pk']}/")).status_code == 204
    assert await api.rows("integration_actions/", local_batch_id=batch["local_batch_id"]) == []
    assert (await api.move(batch, "done", objects=[])).status_code == 200
    assert await deleted(api) == []
    assert (await api.call("DELETE", f"integration_actions/{action['pk']}/")).status_code == 404


async def test_a_failed_deletion_is_offered_again(api: HubClient, clock: StillClock) -> None:
    """After the interval."""
    row = (await api.rows("products/inserts/"))[0]
    await api.integrated(row, "MP-1")
    api.sandbox.edit_product(row["pk"], is_active=False)
    (action,) = await deleted(api)
    batch = await api.committed(action, content_type="integrationaction")
    await api.move(batch, "done", objects=[named(action, "integrationaction", failed_reason_type="remote")])
    assert await deleted(api) == []
    await clock.sleep(3600)
    await api.log_in()
    assert [again["pk"] for again in await deleted(api)] == [action["pk"]]


async def test_a_released_deletion_loses_its_action(api: HubClient) -> None:
    """It had never been sent."""
    row = (await api.rows("products/inserts/"))[0]
    await api.integrated(row, "MP-1")
    api.sandbox.delete_product(row["pk"])
    (action,) = await deleted(api)
    batch = await api.committed(action, content_type="integrationaction")
    await api.move(batch, "fail")
    assert await api.rows("integration_actions/", local_batch_id=batch["local_batch_id"]) == []


async def deleted(api: HubClient) -> list[dict[str, object]]:
    return await api.rows("integration_actions/deleted/", model="product", channel_id=6)


async def test_an_action_is_created_once(api: HubClient) -> None:
    """By name or id of its type, `success` at once; a second one is 400; its version can be changed."""
    body = {"content_type": "categorynode", "channel_id": 6, "object_id": 255, "remote_id": 17}
    created = await api.call("POST", "integration_actions/", body)
    assert (created.status_code, created.json()["status"], created.json()["remote_id"]) == (201, "success", "17")
    assert (await api.call("POST", "integration_actions/", body)).status_code == 400
    path = f"integration_actions/{created.json()['pk']}/"
    changed = await api.call("PATCH", path, {"version_date": "2024-02-01T00:00:00Z"})
    assert changed.json()["version_date"] == "2024-02-01T00:00:00.000000Z"


async def test_actions_are_found_by_remote_ids(api: HubClient) -> None:
    """Of all types at once."""
    product = (await api.rows("products/inserts/"))[0]
    price = (await api.rows("product_prices/inserts/"))[0]
    await api.integrated(product, "MP-1")
    await api.integrated(price, "MP-1", "productprice")
    rows = await api.rows("integration_actions/", remote_id__in="MP-1,MP-2")
    assert [row["content_type"]["model"] for row in rows] == ["product", "productprice"]


async def test_reports_are_kept_and_listed(api: HubClient) -> None:
    """By type and object; events need their two fields."""
    types = (await api.http.get("/api/v1/content_types/", params={"model": "product"})).json()["results"]
    report = {"action_content_type": types[0]["id"], "action_object_id": 1001, "error_code": "b-Channel-x-1"}
    assert (await api.call("POST", "error_reports/", report)).status_code == 201
    found = await api.rows("error_reports/", action_content_type=types[0]["id"], action_object_id=1001, sort="-id")
    assert [row["error_code"] for row in found] == ["b-Channel-x-1"]
    refused = await api.call("POST", "operational_events/", {"level": "info"})
    assert (refused.status_code, set(refused.json())) == (400, {"event_type"})


async def test_channel_catalog_and_tree(api: HubClient) -> None:
    """The channel's tree is not the catalog's; conf carries the retry policy; a channel can be switched off."""
    channel = (await api.http.get("/api/v1/channels/6/")).json()
    catalog = (await api.http.get("/api/v1/catalogs/1/")).json()
    tree = (await api.call("GET", f"category_trees/{channel['category_tree']}/")).json()
    assert tree["category_root"]["path"] == "0001"
    assert channel["category_tree"] != catalog["category_tree"]
    assert channel["conf"]["FAILED_INTEGRATION"]["DEFAULT"]["MAX_RETRY_COUNT"] == 5
    api.sandbox.set_channel(is_active=False, conf={"base_url": "http://127.0.0.1:1"})
    channel = (await api.http.get("/api/v1/channels/6/")).json()
    assert channel["is_active"] is False
    assert channel["conf"]["base_url"] == "http://127.0.0.1:1"
    assert channel["conf"]["remote_id_attribute"] == "sku"


async def test_products_come_in_english(api: HubClient) -> None:
    """When the client asks for that language."""
    response = await api.http.get("/api/v1/channel/6/products/1001/", headers={"Accept-Language": "en-us"})
    assert response.json()["name"] == "White Suede Sneaker 38"


async def test_an_unknown_method_or_path_says_so(api: HubClient) -> None:
    """405 and 404."""
    assert (await api.call("DELETE", "products/")).status_code == 405
    assert (await api.call("GET", "nothing/")).status_code == 404
    assert (await api.call("GET", "mapped_products/7/")).status_code == 404


async def test_reset_begins_anew(api: HubClient) -> None:
    """Another shop, no action, no token, an empty log; an unknown argument is refused."""
    row = (await api.rows("products/inserts/"))[0]
    await api.integrated(row, "MP-1")
    assert (await api.http.post("/_sandbox/reset", json={"produkts": 1})).status_code == 400
    state = (await api.http.post("/_sandbox/reset", json={"products": 30, "failing": 0.1})).json()
    assert state["defects"] == 3
    assert state["counts"]["objects"]["product"]["due_inserts"] == 30
    assert state["counts"]["requests"] == {}
    assert (await api.call("GET", "products/")).status_code == 401


async def test_control_routes_change_the_shop(api: HubClient) -> None:
    """Without a token, and outside the log."""
    http = httpx.AsyncClient(transport=httpx.ASGITransport(api.sandbox), base_url="http://hub/")
    api.sandbox.restart_log()
    async with http:
        assert (await http.patch("/_sandbox/products/1001", json={"name": "Yeni"})).json()["name"] == "Yeni"
        assert (await http.patch("/_sandbox/prices/1001", json={"price": "1.00"})).json()["price"] == "1.00"
        assert (await http.patch("/_sandbox/stocks/1001", json={"stock": 0})).json()["stock"] == 0
        assert (await http.patch("/_sandbox/channel", json={"is_active": False})).json()["is_active"] is False
        assert (await http.post("/_sandbox/products/1001/repair")).status_code == 200
        assert (await http.delete("/_sandbox/products/1001")).status_code == 204
        assert (await http.delete("/_sandbox/products/1001")).status_code == 404
        assert "<h1>Omnitron sandbox</h1>" in (await http.get("/_sandbox/")).text
    assert list(api.sandbox.requests) == []


async def test_a_product_is_added_with_all_that_belongs_to_it(api: HubClient) -> None:
    """Product, price, stock and image are offered."""
    pk = api.sandbox.add_product()
    assert pk in [row["pk"] for row in await api.rows("products/inserts/")]
    for path in ("product_prices", "product_stocks", "product_images"):
        assert pk in [row["product"] for row in await api.rows(f"{path}/inserts/")]


async def test_counts_and_requests(api: HubClient) -> None:
    """Numbers of integrated and due objects, and of calls by route."""
    row = (await api.rows("products/inserts/"))[0]
    await api.integrated(row, "MP-1")
    counts = api.sandbox.counts()
    assert counts["objects"]["product"] == {
        "integrated": 1,
        "failed": 0,
        "processing": 0,
        "due_inserts": 11,
        "due_updates": 0,
    }
    assert counts["requests"]["PATCH /api/v1/channel/{}/batch_requests/{}/"] == 2
    newest = (await api.http.get("/_sandbox/requests", params={"limit": 1})).json()
    assert newest[0]["method"] == "PATCH"
