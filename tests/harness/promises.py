"""The promises of docs/explanation/reliability.md as checkers over a world of the harness."""

from typing import Any

from deployments.sandbox.hub.ledger import CONTENT_TYPE_IDS, Key
from tests.harness.sales_promises import broken_sales, lie_about_a_sale
from tests.world.loopback import World

OFFERS = ("productprice", "productstock", "productimage")
MODELS = ("product", *OFFERS)
MAX_RETRY_COUNT = 5

Row = dict[str, Any]


class Watch:
    """P2, at every instant: success at version v in Omnitron means that the channel acknowledged a version ≥ v."""

    def __init__(self, world: World) -> None:
        self.lies: list[str] = []
        self.integrated: set[str] = set()
        """Skus of products that Omnitron has ever recorded as a success."""
        self._world = world
        self._acknowledged: dict[tuple[str, int], str] = {}
        world.hub.success_listeners.append(self._success)

    def _success(self, content_type: str, pk: int, remote_id: str, version: str) -> None:
        if lie := lie_about_a_sale(self._world, content_type, pk, remote_id, version):
            self.lies.append(lie)
        if content_type not in MODELS:
            return
        row = self._world.offered[content_type].get(pk)
        if row is None:
            return
        product = row if content_type == "product" else self._world.products[row["product"]]
        self.integrated.add(product["sku"])
        item = self._world.market.items.get(product["sku"])
        if item is None:
            self.lies.append(f"{content_type} {pk} is a success, but the channel has no {product['sku']}")
            return
        held = on_channel(self._world, content_type, row, item)
        if held is None or held["version"] < version:
            self.lies.append(f"{content_type} {pk} is a success at {version}; the channel has {held}")
        if item["remote_id"] != remote_id:
            self.lies.append(f"{content_type} {pk} is bound to {remote_id}; the channel says {item['remote_id']}")


def on_channel(world: World, content_type: str, row: Row, item: Row) -> Row | None:
    """What the channel holds for a row: in the product's item, under the code of an extra list, among the images."""
    if content_type == "product":
        return item
    if content_type == "productimage":
        return next((image for image in item.get("images", ()) if image["pk"] == row["pk"]), None)
    kind, hub = content_type.removeprefix("product"), world.shop
    number = row[f"{kind}_list"]
    if number == hub.catalog[f"{kind}_list"]:
        held: Row | None = item.get(kind)
        return held
    codes = hub.channel["conf"]["CURRENCY_MAPPINGS" if kind == "price" else "WAREHOUSE_CODES"]
    extra: dict[str, Row] = item.get(f"{kind}s", {})
    return extra.get(codes[str(number)])


def broken_promises(world: World, watch: Watch) -> list[str]:
    """What does not hold now that the world is quiet: P1 convergence, P2 no lie, P3 bounded batches, P4 and P5 for what is
    sold, the contract."""
    hub = world.shop
    found = list(watch.lies)
    found += [f"violation: {line}" for line in world.hub.violations + world.market.violations]
    found += [
        f"batch {row['pk']} of {row['content_type']} is still {row['status']}"
        for row in hub.batches.table
        if row["status"] not in ("done", "fail")
    ]
    found += [
        f"{row['content_type']['model']} {row['object_id']} is still processing"
        for row in hub.ledger.actions
        if row["status"] == "processing"
    ]
    reported = {(row["action_content_type"], row["action_object_id"]) for row in hub.error_reports if not row["is_ok"]}
    for product in hub.goods.products:
        found += _product_problems(world, product, reported)
    for content_type in OFFERS if world.sends_offers else ():
        for row in hub.offered[content_type]:
            found += _offer_problems(world, content_type, row, reported)
    listed = {product["sku"] for product in hub.goods.products}
    # What was sent by a run that died, or is being worked on, and is deleted before Omnitron learns of it, cannot be known.
    found += [
        f"{sku} was deleted, and is still on the channel"
        for sku in world.market.items
        if sku not in listed and sku in watch.integrated
    ]
    rows = {(model, row["pk"]) for model in MODELS for row in hub.offered[model]}
    found += [
        f"action {row['pk']} of deleted {row['content_type']['model']} {row['object_id']} is left"
        for row in hub.ledger.actions
        for key in [Key(row["content_type"]["model"], row["object_id"])]
        if key.content_type in MODELS and key not in rows and key in hub.ledger.sent
    ]
    return found + broken_sales(world)


def _offer_problems(world: World, content_type: str, row: Row, reported: set[tuple[int, int]]) -> list[str]:
    hub, pk = world.shop, row["pk"]
    name, key = f"{content_type} {pk}", Key(content_type, pk)
    action, product = hub.ledger.action_of(key), hub.ledger.action_of(Key("product", row["product"]))
    status = action and action["status"]
    attempts = hub.ledger.attempts.get(key)
    if attempts is not None and attempts.count > MAX_RETRY_COUNT:
        return []  # used up: only a change or a person brings it back
    if product is None or product["status"] != "success":
        if status is None:
            return []  # it waits for its product, at no cost
        problems = [f"{name} is a success, its product is not"] if status == "success" else []
        told = {(CONTENT_TYPE_IDS[content_type], pk), (CONTENT_TYPE_IDS["product"], row["product"])} & reported
        return problems + ([] if told else [f"{name} has no report"])
    if action is None or status != "success":
        return [f"{name} is not integrated ({status})"]
    held = on_channel(world, content_type, row, world.market.items[hub.goods.products[row["product"]]["sku"]])
    versions = [row["modified_date"], action["version_date"], held and held["version"]]
    problems = [] if len(set(versions)) == 1 else [f"{name}: hub, action and channel are at {versions}"]
    is_bound = action["remote_id"] == product["remote_id"]
    return problems + ([] if is_bound else [f"{name} is bound to {action['remote_id']}, not as its product"])


def _product_problems(world: World, product: Row, reported: set[tuple[int, int]]) -> list[str]:
    hub, pk = world.shop, product["pk"]
    action = hub.ledger.action_of(Key("product", pk))
    status = action and action["status"]
    if pk in world.hub.defects:
        problems = [f"product {pk} cannot be integrated, and is a success"] if status == "success" else []
        return problems + ([] if (CONTENT_TYPE_IDS["product"], pk) in reported else [f"product {pk} has no report"])
    item = world.market.items.get(str(product["sku"]))
    attempts = hub.ledger.attempts.get(Key("product", pk))
    if attempts is not None and attempts.count > MAX_RETRY_COUNT:
        return []  # used up: only a change or a person brings it back
    if action is None or status != "success":
        return [f"product {pk} is not integrated ({status})"]
    if item is None:
        return [f"product {pk} is a success, but not on the channel"]
    versions = [product["modified_date"], action["version_date"], item["version"]]
    problems = [] if len(set(versions)) == 1 else [f"product {pk}: hub, action and channel are at {versions}"]
    return problems + ([] if action["remote_id"] == item["remote_id"] else [f"product {pk} is bound to another item"])
