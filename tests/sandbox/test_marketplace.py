"""The local marketplace: both modes, refusals, batches, listing."""

import httpx

from deployments.sandbox import MarketplaceSandbox
from deployments.sandbox.market.intake import remote_id_of
from tests.world.hub_client import StillClock


def items(*skus: str, version: str = "1") -> dict[str, list[dict[str, str]]]:
    return {"items": [{"sku": sku, "name": f"Ürün {sku}", "version": version} for sku in skus]}


async def test_a_product_is_listed_at_once(marketplace: MarketplaceSandbox, market: httpx.AsyncClient) -> None:
    """The answer holds its remote id, which is the same for the same sku."""
    (result,) = (await market.put("/products", json=items("A"))).json()["results"]
    assert result == {"sku": "A", "status": "SUCCESS", "remote_id": remote_id_of("A"), "message": ""}
    assert marketplace.items["A"]["version"] == "1"
    assert marketplace.acknowledged == [("product", "A", "1")]


async def test_a_batch_is_ready_after_its_polls(market: httpx.AsyncClient) -> None:
    """Two answers say processing, then the results come, as often as asked."""
    accepted = await market.put("/products?async=true", json=items("A", "B"))
    assert (accepted.status_code, accepted.json()["rejected"]) == (202, [])
    path = f"/batches/{accepted.json()['batch_id']}"
    answers = [(await market.get(path)).json() for _ in range(4)]
    assert [answer["status"] for answer in answers] == ["processing", "processing", "done", "done"]
    assert [result["sku"] for result in answers[2]["results"]] == ["A", "B"]


async def test_a_batch_takes_its_time(clock: StillClock) -> None:
    """With a wait, polls alone do not make it ready."""
    marketplace = MarketplaceSandbox(polls_until_ready=0, ready_after_seconds=30, clock=clock)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(marketplace), base_url="http://market/") as market:
        batch = (await market.put("/products?async=true", json=items("A"))).json()["batch_id"]
        assert (await market.get(f"/batches/{batch}")).json() == {"status": "processing"}
        await clock.sleep(30)
        assert (await market.get(f"/batches/{batch}")).json()["status"] == "done"


async def test_a_refused_sku_is_not_listed(marketplace: MarketplaceSandbox, market: httpx.AsyncClient) -> None:
    """By rule, changed while it runs."""
    marketplace.refuse["A"] = "Barkod hatalı"
    first, second = (await market.put("/products", json=items("A", "B"))).json()["results"]
    assert (first["status"], first["message"], first["remote_id"]) == ("FAIL", "Barkod hatalı", None)
    assert second["status"] == "SUCCESS"
    await market.post("/_sandbox/refuse", json={})
    assert (await market.put("/products", json=items("A"))).json()["results"][0]["status"] == "SUCCESS"


async def test_a_listed_product_is_rejected_later_and_is_live_again_when_it_is_sent(
    marketplace: MarketplaceSandbox, market: httpx.AsyncClient
) -> None:
    await market.put("/products", json=items("A"))
    change = {"state": "rejected", "message": "Yasaklı kelime", "name": "Kupa", "price": "1.50", "stock": 3}
    changed = (await market.post("/_sandbox/listing/A", json=change)).json()
    assert (changed["state"], changed["message"], changed["name"]) == ("rejected", "Yasaklı kelime", "Kupa")
    assert (changed["price"], changed["stock"]) == ({"price": "1.50"}, {"stock": 3})
    await market.put("/products", json=items("A"))
    again = (await market.get("/listing/A")).json()
    assert (again["state"], again["message"], again["name"]) == ("live", "", "Ürün A")
    assert (await market.post("/_sandbox/listing/B", json={})).status_code == 404


async def test_a_share_is_refused(market: httpx.AsyncClient, marketplace: MarketplaceSandbox) -> None:
    """The same skus each time."""
    marketplace.reset(refuse_share=0.2)
    skus = [f"S{n}" for n in range(500)]
    answers = [(await market.put("/products", json=items(*skus))).json()["results"] for _ in range(2)]
    refused = [result["sku"] for result in answers[0] if result["status"] == "FAIL"]
    assert 60 < len(refused) < 140
    assert answers[0] == answers[1]
    assert all(result["message"] for result in answers[0] if result["status"] == "FAIL")


async def test_some_are_rejected_at_once(market: httpx.AsyncClient, marketplace: MarketplaceSandbox) -> None:
    """The acceptance names them, the batch's results do not."""
    marketplace.reset(reject_at_once_share=0.5, polls_until_ready=0)
    skus = {f"S{n}" for n in range(100)}
    accepted = (await market.put("/products?async=true", json=items(*sorted(skus)))).json()
    rejected = {item["sku"] for item in accepted["rejected"]}
    results = (await market.get(f"/batches/{accepted['batch_id']}")).json()["results"]
    assert rejected
    assert {result["sku"] for result in results} == skus - rejected


async def test_a_forgotten_batch_is_unknown(market: httpx.AsyncClient, marketplace: MarketplaceSandbox) -> None:
    """The items that it listed stay."""
    batch = (await market.put("/products?async=true", json=items("A"))).json()["batch_id"]
    marketplace.forget_batches()
    response = await market.get(f"/batches/{batch}")
    assert response.status_code == 404
    assert "detail" in response.json()
    assert "A" in marketplace.items


async def test_deleting_what_is_unknown_succeeds(market: httpx.AsyncClient, marketplace: MarketplaceSandbox) -> None:
    """As does deleting by remote id alone."""
    await market.put("/products", json=items("A"))
    body = {"items": [{"remote_id": remote_id_of("A")}, {"remote_id": "MP-none"}]}
    results = (await market.post("/products/delete", json=body)).json()["results"]
    assert [result["status"] for result in results] == ["SUCCESS", "SUCCESS"]
    assert marketplace.items == {}


async def test_details_need_their_product(market: httpx.AsyncClient, marketplace: MarketplaceSandbox) -> None:
    """Prices, stocks and images are stored inside the item; of an unknown remote id they are refused."""
    await market.put("/products", json=items("A"))
    for path, field in (("prices", "price"), ("stocks", "stock"), ("images", "images")):
        body = {
            "items": [
                {"sku": "A", "remote_id": remote_id_of("A"), "version": "1"},
                {"sku": "B", "remote_id": remote_id_of("B"), "version": "1"},
            ]
        }
        known, unknown = (await market.put(f"/{path}", json=body)).json()["results"]
        assert (known["status"], unknown["status"]) == ("SUCCESS", "FAIL")
        assert field in marketplace.items["A"]
    await market.put("/products", json=items("A", version="2"))
    assert {"price", "stock", "images"} <= set(marketplace.items["A"])


async def test_an_older_version_over_a_newer_one_is_a_violation(
    market: httpx.AsyncClient, marketplace: MarketplaceSandbox
) -> None:
    """It is taken all the same: the marketplace applies what arrives."""
    await market.put("/products", json=items("A", version="2"))
    await market.put("/products", json=items("A", version="1"))
    assert marketplace.items["A"]["version"] == "1"
    assert len(marketplace.violations) == 1


async def test_listing_is_paged(market: httpx.AsyncClient) -> None:
    """And can be asked for one sku."""
    await market.put("/products", json=items("A", "B", "C"))
    page = (await market.get("/listing?limit=2")).json()
    assert (page["count"], len(page["results"])) == (3, 2)
    assert [item["sku"] for item in (await market.get(page["next"])).json()["results"]] == ["C"]
    assert (await market.get("/listing?sku=B")).json()["count"] == 1
    assert (await market.get("/listing/B")).json()["sku"] == "B"
    assert (await market.get("/listing/Z")).status_code == 404


async def test_bad_requests_are_refused(market: httpx.AsyncClient) -> None:
    """Too many items, no items, no JSON."""
    assert (await market.put("/products", json=items(*(str(n) for n in range(1001))))).status_code == 413
    assert (await market.put("/products", json={"items": [{}]})).status_code == 400
    assert (await market.put("/products", content=b"{")).status_code == 400


async def test_the_marketplace_is_reset_and_watched(market: httpx.AsyncClient, marketplace: MarketplaceSandbox) -> None:
    """Nothing is listed afterwards."""
    await market.put("/products", json=items("A"))
    assert (await market.get("/_sandbox/state")).json()["counts"]["items"] == 1
    assert "Marketplace sandbox" in (await market.get("/_sandbox/")).text
    assert (await market.post("/_sandbox/reset")).json()["counts"]["items"] == 0
    assert (await market.get("/health")).json() == {"status": "ok"}
