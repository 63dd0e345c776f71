"""The promises of docs/explanation/reliability.md as checkers over a world of the harness."""

from deployments.sandbox.ledger import Key
from tests.harness.loopback import World
from tests.harness.sales_promises import broken_sales, lie_about_a_sale

MODELS = ("product", "productprice", "productstock")
MAX_RETRY_COUNT = 5


class Watch:
    """P2, at every instant: success at version v in Omnitron means that the channel acknowledged a version ≥ v."""

    def __init__(self, world: World) -> None:
        self.lies: list[str] = []
        self._world = world
        self._acknowledged: dict[tuple[str, int], str] = {}
        world.hub.success_listeners.append(self._success)

    def _success(self, content_type: str, pk: int, remote_id: str, version: str) -> None:
        if lie := lie_about_a_sale(self._world, content_type, pk, remote_id, version):
            self.lies.append(lie)
        if content_type not in MODELS:
            return
        row = self._world.hub.hub.offered[content_type].get(pk)
        if row is None:
            return
        product = row if content_type == "product" else self._world.hub.hub.goods.products[row["product"]]
        item = self._world.market.items.get(product["sku"])
        if item is None:
            self.lies.append(f"{content_type} {pk} is a success, but the channel has no {product['sku']}")
            return
        holder = {"product": item, "productprice": item["price"], "productstock": item["stock"]}[content_type]
        if holder["version"] < version:
            self.lies.append(f"{content_type} {pk} is a success at {version}; the channel has {holder['version']}")
        if item["remote_id"] != remote_id:
            self.lies.append(f"{content_type} {pk} is bound to {remote_id}; the channel says {item['remote_id']}")


def broken_promises(world: World, watch: Watch) -> list[str]:
    """What does not hold now that the world is quiet: P1 convergence, P2 no lie, P3 bounded batches, P4 and P5 for what is
    sold, the contract."""
    hub = world.hub.hub
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
    reported = {row["action_object_id"] for row in hub.error_reports if not row["is_ok"]}
    for product in hub.goods.products:
        found += _product_problems(world, product, reported)
    listed = {product["sku"] for product in hub.goods.products}
    left = [f"{sku} was deleted, and is still on the channel" for sku in world.market.items if sku not in listed]
    # A product that is deleted while an asynchronous channel works on it cannot be matched any more: it is reported.
    told = {row["action_object_id"] for row in hub.error_reports if str(row["error_desc"]).startswith("ObjectGone")}
    found += left[len(told) :]
    rows = {(model, row["pk"]) for model in MODELS for row in hub.offered[model]}
    found += [
        f"action {row['pk']} of deleted {row['content_type']['model']} {row['object_id']} is left"
        for row in hub.ledger.actions
        for key in [Key(row["content_type"]["model"], row["object_id"])]
        if key.content_type in MODELS and key not in rows and key in hub.ledger.sent
    ]
    return found + broken_sales(world)


def _product_problems(world: World, product: dict[str, object], reported: set[object]) -> list[str]:
    hub, pk = world.hub.hub, product["pk"]
    action = next(
        (row for row in hub.ledger.actions if row["content_type"]["model"] == "product" and row["object_id"] == pk),
        None,
    )
    status = action and action["status"]
    if pk in world.hub.defects:
        problems = [f"product {pk} cannot be integrated, and is a success"] if status == "success" else []
        return problems + ([] if pk in reported else [f"product {pk} failed without a report"])
    item = world.market.items.get(str(product["sku"]))
    attempts = hub.ledger.attempts.get(Key("product", int(str(pk))))
    if attempts is not None and attempts.count > MAX_RETRY_COUNT:
        return []  # used up: only a change or a person brings it back
    if action is None or status != "success":
        return [f"product {pk} is not integrated ({status})"]
    if item is None:
        return [f"product {pk} is a success, but not on the channel"]
    versions = [product["modified_date"], action["version_date"], item["version"]]
    problems = [] if len(set(versions)) == 1 else [f"product {pk}: hub, action and channel are at {versions}"]
    return problems + ([] if action["remote_id"] == item["remote_id"] else [f"product {pk} is bound to another item"])
