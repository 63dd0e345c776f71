"""The habits of the local marketplace, as a client meets them."""

import csv
import gzip
import io
import json
from typing import Any

import httpx
import pytest
from typer.testing import CliRunner

from clients.errors import ConfigError
from deployments.cli import app
from deployments.sandbox import MarketplaceSandbox
from deployments.sandbox.market.habits import HABITS, settings_with
from deployments.sandbox.market.settings import MarketSettings
from tests.world.hub_client import StillClock

TWO_DAYS = 2 * 24 * 3_600.0


def items(*skus: str) -> dict[str, Any]:
    return {"items": [{"sku": sku, "version": "1"} for sku in skus]}


@pytest.fixture
def client(marketplace: MarketplaceSandbox, market: httpx.AsyncClient) -> httpx.AsyncClient:
    """With a refusal of B."""
    marketplace.reset(refuse={"B": "Nein"}, polls_until_ready=0)
    return market


def having(marketplace: MarketplaceSandbox, *habits: str, **settings: Any) -> None:
    marketplace.reset(habits=habits, **settings)


# -- the table -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", HABITS)
def test_each_habit_changes_something(name: str) -> None:
    assert settings_with([name], {}) != MarketSettings()


def test_an_unknown_habit_lists_the_known_ones() -> None:
    with pytest.raises(ConfigError, match=r"no habit `slowness`.*failures-only.*csv-file"):
        settings_with(["parts", "slowness"], {})


def test_habits_that_contradict_each_other_are_refused() -> None:
    with pytest.raises(ConfigError, match="`failures-only` and `line-numbers` do not go together"):
        settings_with(["failures-only", "line-numbers"], {})


def test_settings_count_before_those_of_a_habit() -> None:
    assert settings_with(["few-items"], {"most_items": 3}).most_items == 3


def test_the_help_lists_the_habits() -> None:
    shown = CliRunner().invoke(app, ["sandbox", "--help"], env={"COLUMNS": "200"}).stdout
    assert [name for name in HABITS if f"{name}: " not in shown] == []


def test_the_command_refuses_an_unknown_habit() -> None:
    result = CliRunner().invoke(app, ["sandbox", "marketplace", "--habit", "slowness"])
    assert result.exit_code == 1
    assert "no habit `slowness`" in result.stderr


async def test_the_page_shows_the_habits(marketplace: MarketplaceSandbox, market: httpx.AsyncClient) -> None:
    having(marketplace, "parts")
    assert HABITS["parts"].sentence in (await market.get("/_sandbox/")).text
    assert (await market.get("/_sandbox/state")).json()["habits"] == ["parts"]


def test_an_unknown_habit_resets_nothing(marketplace: MarketplaceSandbox) -> None:
    having(marketplace, "parts")
    with pytest.raises(ConfigError):
        having(marketplace, "slowness")
    assert marketplace.habits == ("parts",)


# -- how results are told ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("habit", "told"),
    [
        ("failures-only", {"failures": [{"sku": "B", "status": "FAIL", "remote_id": None, "message": "Nein"}]}),
        ("line-numbers", {"failures": [{"line": 2, "message": "Nein"}]}),
    ],
)
@pytest.mark.parametrize("later", [False, True])
async def test_failures_alone_are_told(
    marketplace: MarketplaceSandbox, client: httpx.AsyncClient, habit: str, told: dict[str, Any], later: bool
) -> None:
    having(marketplace, habit)
    answer = await client.put("/products", params={"async": "true"} if later else {}, json=items("A", "B", "C"))
    if later:
        answer = await client.get(f"/batches/{answer.json()['batch_id']}")
    assert answer.json() == ({"status": "done", **told} if later else told)
    assert marketplace.items["A"]["remote_id"] == "A"


async def test_each_result_has_a_status_under_207(marketplace: MarketplaceSandbox, client: httpx.AsyncClient) -> None:
    having(marketplace, "multi-status")
    answer = await client.put("/products", json=items("A", "B"))
    assert (answer.status_code, [row["status"] for row in answer.json()["results"]]) == (207, [200, 422])


async def test_a_batch_tells_its_parts(marketplace: MarketplaceSandbox, client: httpx.AsyncClient) -> None:
    having(marketplace, "parts", polls_until_ready=2)
    batch = (await client.put("/products?async=true", json=items("A", "C", "D"))).json()["batch_id"]
    answers = [(await client.get(f"/batches/{batch}")).json() for _ in range(3)]
    assert [(answer["status"], len(answer["results"])) for answer in answers] == [
        ("processing", 1),
        ("processing", 2),
        ("done", 3),
    ]


async def test_a_moderation_takes_its_days(
    marketplace: MarketplaceSandbox, client: httpx.AsyncClient, clock: StillClock
) -> None:
    having(marketplace, "moderation")
    batch = (await client.put("/products?async=true", json=items("A", "C"))).json()["batch_id"]
    sizes = []
    for _ in range(3):
        answer = (await client.get(f"/batches/{batch}")).json()
        sizes.append((answer["status"], len(answer.get("results", ()))))
        await clock.sleep(TWO_DAYS / 2)
    assert sizes == [("processing", 0), ("processing", 1), ("done", 2)]


async def test_half_of_the_goods_have_a_remark(marketplace: MarketplaceSandbox, client: httpx.AsyncClient) -> None:
    having(marketplace, "warnings")
    rows = (await client.put("/products", json=items(*(f"S{n}" for n in range(100))))).json()["results"]
    assert 30 < sum("warnings" in row for row in rows) < 70


@pytest.mark.parametrize("habit", ["jsonl-file", "csv-file"])
async def test_results_stand_in_a_file_at_an_address_with_a_token(
    marketplace: MarketplaceSandbox, client: httpx.AsyncClient, habit: str
) -> None:
    having(marketplace, habit)
    batch = (await client.put("/products?async=true", json=items("A", "B"))).json()["batch_id"]
    address = (await client.get(f"/batches/{batch}")).json()["file"]
    content = (await client.get(address)).content
    if habit == "csv-file":
        rows = list(csv.DictReader(io.StringIO(gzip.decompress(content).decode())))
    else:
        rows = [json.loads(line) for line in content.splitlines()]
    assert [(row["sku"], row["status"]) for row in rows] == [("A", "SUCCESS"), ("B", "FAIL")]
    assert (await client.get(address.partition("?")[0])).status_code == 403


async def test_a_process_has_the_result_of_one_item(marketplace: MarketplaceSandbox, client: httpx.AsyncClient) -> None:
    having(marketplace, "one-item")
    assert (await client.put("/products", json=items("A", "C"))).status_code == 413
    batch = (await client.put("/products?async=true", json=items("A"))).json()["batch_id"]
    assert (await client.get(f"/batches/{batch}")).json()["result"]["sku"] == "A"


async def test_price_and_stock_go_together(marketplace: MarketplaceSandbox, client: httpx.AsyncClient) -> None:
    having(marketplace, "price-and-stock")
    assert (await client.put("/stocks", json=items("A"))).status_code == 404
    assert (await client.put("/offers", json=items("A"))).status_code == 200


# -- who may call, how often, and how ------------------------------------------------------------------------------------


@pytest.mark.parametrize(("habit", "waits"), [("rates", "1"), ("silent-rates", None)])
async def test_a_third_call_in_a_second_is_refused(
    marketplace: MarketplaceSandbox, client: httpx.AsyncClient, clock: StillClock, habit: str, waits: str | None
) -> None:
    having(marketplace, habit)
    answers = [await client.get("/health") for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert answers[2].headers.get("Retry-After") == waits
    await clock.sleep(1)
    assert (await client.get("/health")).status_code == 200


async def test_a_bucket_fills_up_again_bit_by_bit(
    marketplace: MarketplaceSandbox, client: httpx.AsyncClient, clock: StillClock
) -> None:
    having(marketplace, "bucket")
    answers = [await client.get("/health") for _ in range(5)]
    assert [answer.status_code for answer in answers] == [200] * 4 + [429]
    assert [answer.headers["RateLimit"] for answer in answers] == ["3", "2", "1", "0", "0"]
    assert answers[0].headers["RateLimit-Policy"] == "4;w=2"
    await clock.sleep(0.5)
    assert [(await client.get("/health")).status_code for _ in range(2)] == [200, 429]


async def test_a_key_is_good_for_some_calls_and_some_time(
    marketplace: MarketplaceSandbox, client: httpx.AsyncClient, clock: StillClock
) -> None:
    having(marketplace, "form-log-in")

    async def log_in() -> None:
        answer = await client.post("/token", data={"grant_type": "client_credentials"})
        client.headers["Authorization"] = f"Bearer {answer.json()['access_token']}"

    assert (await client.get("/health")).status_code == 401
    assert (await client.post("/token", json={})).status_code == 400
    await log_in()
    assert [(await client.get("/health")).status_code for _ in range(9)] == [200] * 8 + [401]
    await log_in()
    assert (await client.get("/health")).status_code == 200
    await clock.sleep(600)
    assert (await client.get("/health")).status_code == 401


async def test_the_control_routes_need_no_key(marketplace: MarketplaceSandbox, client: httpx.AsyncClient) -> None:
    having(marketplace, "form-log-in")
    assert (await client.get("/_sandbox/state")).status_code == 200


async def test_another_media_type_is_refused(marketplace: MarketplaceSandbox, client: httpx.AsyncClient) -> None:
    having(marketplace, "vendor-media-type")
    own = {"Accept": "application/vnd.sandbox.v1+json", "Content-Type": "application/vnd.sandbox.v1+json"}
    assert (await client.put("/products", json=items("A"))).status_code == 415
    assert (await client.get("/health")).status_code == 406
    answer = await client.put("/products", content=json.dumps(items("A")), headers=own)
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, own["Accept"])


async def test_a_refusal_comes_under_200(marketplace: MarketplaceSandbox, client: httpx.AsyncClient) -> None:
    """Those of the routes, of the addresses, and of the gates."""
    having(marketplace, "errors-under-200", "silent-rates")
    answers = [await client.get(path) for path in ("/batches/none", "/nowhere", "/health")]
    assert [answer.status_code for answer in answers] == [200] * 3
    assert [answer.json()["errors"][0]["code"] for answer in answers] == [404, 404, 429]


# -- how sales are listed ------------------------------------------------------------------------------------------------


async def test_a_cursor_passes_nothing_over(marketplace: MarketplaceSandbox, client: httpx.AsyncClient) -> None:
    having(marketplace, "cursor", most_rows=2)
    orders = [marketplace.place_order(items=[("A", 1)]) for _ in range(4)]
    first = (await client.get("/orders")).json()
    marketplace.sales.touch(orders[0])
    second = (await client.get("/orders", params={"cursor": first["cursor"]})).json()
    third = (await client.get("/orders", params={"cursor": second["cursor"]})).json()
    seen = [row["id"] for page in (first, second, third) for row in page["results"]]
    assert seen == [orders[n]["id"] for n in (0, 1, 2, 3, 0)]
    assert third["cursor"] is None
    assert (await client.get("/orders", params={"cursor": "mine"})).status_code == 400


async def test_a_page_passes_one_over(marketplace: MarketplaceSandbox, client: httpx.AsyncClient) -> None:
    having(marketplace, "shifting-pages")
    orders = [marketplace.place_order(items=[("A", 1)]) for _ in range(4)]
    pages = [(await client.get("/orders", params={"page": number})).json()["results"] for number in (1, 2)]
    assert [row["id"] for page in pages for row in page] == [orders[n]["id"] for n in (0, 1, 3, 0)]


async def test_an_order_has_a_row_for_each_line(marketplace: MarketplaceSandbox, client: httpx.AsyncClient) -> None:
    having(marketplace, "row-per-line")
    order = marketplace.place_order(items=[("A", 2)])
    rows = (await client.get("/orders")).json()["results"]
    assert [(row["id"], [line["id"] for line in row["items"]]) for row in rows] == [
        (order["id"], [line["id"]]) for line in order["items"]
    ]


async def test_items_are_numbered_within_their_order(
    marketplace: MarketplaceSandbox, client: httpx.AsyncClient
) -> None:
    having(marketplace, "numbered-items")
    orders = [marketplace.place_order(items=[("A", 2)]) for _ in range(2)]
    rows = (await client.get("/orders")).json()["results"]
    assert [[line["id"] for line in row["items"]] for row in rows] == [["1", "2"], ["1", "2"]]
    update = {"remote_id": orders[1]["id"], "number": orders[1]["number"], "version": "1"}
    lines = [{"remote_id": "2", "tracking_number": "T"}]
    await client.put("/orders", json={"items": [{**update, "items": lines}]})
    assert [line["tracking_number"] for order in orders for line in order["items"]] == [None, None, None, "T"]


async def test_an_open_request_is_decided_by_the_marketplace(
    marketplace: MarketplaceSandbox, client: httpx.AsyncClient, clock: StillClock
) -> None:
    having(marketplace, "decided-returns")
    order = marketplace.place_order(items=[("A", 1)])
    marketplace.request(order["items"][0]["id"], "refund")
    assert [row["status"] for row in (await client.get("/requests")).json()["results"]] == ["WAITING"]
    await clock.sleep(TWO_DAYS + 1)
    (row,) = (await client.get("/requests")).json()["results"]
    assert (row["status"], row["is_decided_here"]) == ("approved", True)


def split(marketplace: MarketplaceSandbox, *habits: str) -> tuple[Any, list[str], list[Any]]:
    """An order of three lines as it was placed, the ids of its lines then, and the packages after the first was cancelled."""
    having(marketplace, *habits)
    order = marketplace.place_order(items=[("A", 3)])
    lines = [line["id"] for line in order["items"]]
    marketplace.cancel_order(order["id"], items=lines[:1])
    return order, lines, list(marketplace.sales.orders.values())


async def test_a_package_is_split_by_a_cancellation(marketplace: MarketplaceSandbox, client: httpx.AsyncClient) -> None:
    order, lines, _ = split(marketplace, "split-packages")
    left, gone = (await client.get("/orders")).json()["results"]
    assert {left["replaces"], gone["replaces"]} == {order["id"]}
    assert {left["number"], gone["number"]} == {order["number"]}
    assert len({order["id"], left["id"], gone["id"]}) == 3
    assert [[line["id"] for line in package["items"]] for package in (left, gone)] == [lines[1:], lines[:1]]
    assert (left["status"], gone["status"]) == ("NEW", "CANCELLED")


async def test_an_order_that_is_cancelled_as_a_whole_is_not_split(marketplace: MarketplaceSandbox) -> None:
    having(marketplace, "split-packages")
    order = marketplace.place_order(items=[("A", 2)])
    marketplace.cancel_order(order["id"])
    assert list(marketplace.sales.orders) == [order["id"]]


async def test_a_package_takes_an_update_of_all_items_of_its_order(
    marketplace: MarketplaceSandbox, client: httpx.AsyncClient
) -> None:
    order, lines, (left, gone) = split(marketplace, "split-packages")
    news = [{"remote_id": name, "tracking_number": name} for name in lines]
    for remote_id, status in ((order["id"], "FAIL"), (left["id"], "SUCCESS")):
        update = {"remote_id": remote_id, "number": order["number"], "version": "1", "items": news}
        (result,) = (await client.put("/orders", json={"items": [update]})).json()["results"]
        assert result["status"] == status
    assert [line["tracking_number"] for package in (gone, left) for line in package["items"]] == lines


async def test_packages_are_merged_by_a_change(marketplace: MarketplaceSandbox, client: httpx.AsyncClient) -> None:
    _, lines, (left, _) = split(marketplace, "merged-packages")
    marketplace.change_item(lines[1], status="SHIPPED")
    (merged,) = (await client.get("/orders")).json()["results"]
    assert merged["replaces"] == left["id"]
    assert sorted(line["id"] for line in merged["items"]) == lines


async def test_the_items_of_a_new_package_have_new_ids(
    marketplace: MarketplaceSandbox, client: httpx.AsyncClient
) -> None:
    having(marketplace, "renewed-items")
    order = marketplace.place_order(items=[("A", 2)])
    former = [line["id"] for line in order["items"]]
    request = marketplace.request(former[1], "refund")
    cancellation = marketplace.cancel_order(order["id"], items=former[:1])
    rows = {row["replaces"]: row["id"] for row in (await client.get("/order-items")).json()["results"]}
    assert rows.keys() == set(former)
    assert not rows.keys() & set(rows.values())
    assert [item["id"] for item in cancellation["items"]] == [rows[former[0]]]
    assert request["order_item"] == rows[former[1]]
    assert marketplace.sales.items.keys() == set(rows.values())


async def test_events_are_read_from_an_id(marketplace: MarketplaceSandbox, client: httpx.AsyncClient) -> None:
    having(marketplace, "event-stream")
    first, second = (marketplace.place_order(items=[("A", 1)]) for _ in range(2))
    marketplace.cancel_order(first["id"])
    page = (await client.get("/events", params={"limit": 2})).json()
    assert [(row["id"], row["type"], row["order_id"]) for row in page["events"]] == [
        (1, "order.created", first["id"]),
        (2, "order.created", second["id"]),
    ]
    assert page["has_more"]
    rest = (await client.get("/events", params={"after": 2})).json()
    assert ([row["type"] for row in rest["events"]], rest["has_more"]) == (["order.cancelled"], False)
    assert (await client.get(f"/orders/{second['id']}")).json()["number"] == second["number"]
    assert ((await client.get("/orders")).status_code, (await client.get("/orders/1")).status_code) == (405, 404)


async def test_events_are_posted_by_a_marketplace_that_can_sign_alone(client: httpx.AsyncClient) -> None:
    answer = await client.post("/_sandbox/webhook", json={"url": "http://127.0.0.1:9/events", "key": "k"})
    assert (answer.status_code, "signed-body" in answer.text) == (400, True)


async def test_events_are_posted_to_this_machine_or_by_https(
    marketplace: MarketplaceSandbox, client: httpx.AsyncClient
) -> None:
    having(marketplace, "shared-token")
    answer = await client.post("/_sandbox/webhook", json={"url": "http://example.com/events", "key": "k"})
    assert (answer.status_code, "this machine only" in answer.text) == (400, True)
