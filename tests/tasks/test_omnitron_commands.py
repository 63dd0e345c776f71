"""The hub's commands: what each answers, and how each fails."""

from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from clients.errors import ConfigError, LostAnswerError, MissingError, RefusedError, UnreadableRowError
from deployments.sandbox.base.faults import Fault
from dto.base import OmnitronObject, UtcDatetime
from dto.enums import BatchRequestStatus, ContentType, FailedReasonType
from dto.omnitron import ChannelConf, MappedAttributeValue, MappedProduct, Product, ProductPrice
from dto.omnitron_setup import AttributeConfig
from tasks.channel_key import channel_key
from tasks.failure import Failure
from tasks.omnitron.catalogue.mapping import GetMappedProducts, GetMappedProductsWithoutCommit, _problem
from tasks.omnitron.catalogue.products import (
    GetContentObjectsFromIntegrations,
    GetDeletedProducts,
    GetInsertedOrUpdatedProducts,
    GetInsertedProducts,
    GetProductFromBatchRequest,
    GetProductObjects,
    GetUpdatedProducts,
)
from tasks.omnitron.journal.batch_requests import BatchRequestUpdate, GetBatchRequests
from tasks.omnitron.journal.integration_actions import CreateIntegration, GetIntegrations, UpdateIntegration
from tests.world.loopback import Misprint, World
from tests.world.shop import CHANNEL, Row, action, actions, batches, good, listed, opened, requests_of, writes

VERSION = datetime(2026, 1, 1, tzinfo=UTC)


class Thing(OmnitronObject):
    """Something to bind."""

    content_type: str
    pk: int
    remote_id: Any = None
    modified_date: UtcDatetime | None = None
    integration_action: Any = None


def defective(world: World, *kinds: str) -> set[int]:
    """Products with one of these defects."""
    return {pk for pk, defect in world.hub.defects.items() if defect in kinds}


async def bound(world: World, *pks: int) -> None:
    """Products that the channel has."""
    async with opened(world, ContentType.product) as hub:
        await hub.do_action(GetInsertedProducts)
        assert hub.batch_request
        for member in hub.batch_request.members.values():
            hub.batch_request.settle_member(member.owner, f"R{member.pk}")
        await hub.do_action(BatchRequestUpdate, status=BatchRequestStatus.done)
    for pk in pks:
        world.hub.edit_product(pk)


# -- which products -----------------------------------------------------------------------------------------------


async def test_inserted_products_are_committed_with_the_version_that_was_read(world: World) -> None:
    """At once, before any slow work."""
    async with opened(world, ContentType.product) as hub:
        products = await hub.do_action(GetInsertedProducts, limit=3)
        assert listed(products) == [1001, 1002, 1003]
        for product in products:
            row = action(world, product.pk)
            assert row and (row["status"], row["version_date"]) == (
                "processing",
                world.products[product.pk]["modified_date"],
            )
        assert action(world, 1004) is None


async def test_seen_products_are_skipped(world: World) -> None:
    async with opened(world, ContentType.product, create_batch=False) as hub:
        assert listed(await hub.do_action(GetInsertedProducts, limit=2, skip={1001, 1003})) == [1002, 1004]


async def test_updated_products_carry_their_actions(world: World) -> None:
    """With the channel's id."""
    await bound(world, 1002)
    async with opened(world, ContentType.product) as hub:
        (product,) = await hub.do_action(GetUpdatedProducts)
        assert product.pk == 1002
        assert product.integration_action and product.integration_action.remote_id == "R1002"


async def test_inserted_or_updated_products_come_in_one_list(world: World) -> None:
    await bound(world, 1002)
    pk = world.hub.add_product()
    async with opened(world, ContentType.product) as hub:
        assert listed(await hub.do_action(GetInsertedOrUpdatedProducts)) == [1002, pk]


async def test_a_product_without_the_field_that_identifies_it_fails(world: World) -> None:
    """`remote_id_attribute` leads to it; the message names the path."""
    world.hub.set_channel(conf={"remote_id_attribute": "attributes__barcode"})
    row = world.products[1002]
    world.hub.edit_product(1002, attributes={**row["attributes"], "barcode": ""})
    async with opened(world, ContentType.product) as hub:
        assert 1002 not in listed(await hub.do_action(GetInsertedProducts))
        assert hub.batch_request
        failure = hub.batch_request.members[(ContentType.product, 1002)].failure
        assert failure and failure.code == "NoRemoteIdAttribute"
        assert "attributes__barcode" in failure.message


async def test_two_products_of_one_name_are_not_both_sent(world: World) -> None:
    """The second fails, and the message names both."""
    sku = world.products[1001]["sku"]
    world.hub.edit_product(1004, sku=sku)
    async with opened(world, ContentType.product) as hub:
        assert 1004 not in listed(await hub.do_action(GetInsertedProducts))
        assert hub.batch_request
        failure = hub.batch_request.members[(ContentType.product, 1004)].failure
        assert failure and (failure.code, "1001 and 1004" in failure.message) == ("DuplicatedKey", True)


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        (None, "S1"),
        ("sku", "S1"),
        ("attributes__barcode", "869"),
        ("attributes__zero", "0"),
        ("attributes__empty", None),
        ("attributes__blank", None),
        ("attributes__absent", None),
        ("absent__barcode", None),
        ("sku__deeper", None),
        ("pk", "7"),
    ],
)
def test_the_name_on_the_channel_stands_at_the_path(path: str | None, expected: str | None) -> None:
    product = Product(pk=7, sku="S1", attributes={"barcode": "869", "zero": 0, "empty": "", "blank": " \u00a0"})
    assert channel_key(product, ChannelConf(remote_id_attribute=path)) == expected


async def test_deleted_products_are_their_actions(world: World) -> None:
    """Committed as actions; the products are attached where they still exist."""
    await bound(world)
    world.hub.delete_product(1001)
    world.hub.edit_product(1002, is_active=False)
    async with opened(world, ContentType.integration_action) as hub:
        found = await hub.do_action(GetDeletedProducts)
        assert [row.object_id for row in found] == [1001, 1002]
        assert batches(world)[-1]["content_type"] == "integrationaction"
        gone, off = await hub.do_action(GetContentObjectsFromIntegrations, objects=found)
        assert gone.product is None
        assert off.product and off.product.pk == 1002
        assert (gone.remote_id, off.remote_id) == ("R1001", "R1002")


async def test_product_objects_are_attached_to_prices(world: World) -> None:
    """None where the product has gone."""
    prices = [ProductPrice(pk=1, product=1001, price=Decimal(1)), ProductPrice(pk=2, product=9, price=Decimal(1))]
    async with opened(world, create_batch=False) as hub:
        first, second = await hub.do_action(GetProductObjects, objects=prices)
        assert (first.product.pk, second.product) == (1001, None)


async def test_the_products_of_a_batch_are_those_that_it_still_processes(world: World) -> None:
    async with opened(world, ContentType.product) as hub:
        products = await hub.do_action(GetInsertedProducts, limit=3)
        batch = hub.batch_request
        assert batch
        batch.fail_member(_failure(products[0]))
        await batch.commit()
        found = await hub.do_action(GetProductFromBatchRequest, objects=batch)
        assert listed(found) == [1002, 1003]
        assert found[0].integration_action and found[0].integration_action.local_batch_id == batch.local_batch_id


def _failure(item: Any) -> Any:
    return Failure(item, "product", "no", FailedReasonType.remote, "Rejected")


# -- mapping ------------------------------------------------------------------------------------------------------


async def test_unmapped_products_fail_one_by_one(make_world: Callable[..., World]) -> None:
    """406 with the hub's own words, reason `mapping`; a gone product (404) is that product's failure too."""
    world = make_world(products=12)
    async with opened(world, ContentType.product) as hub:
        products = await hub.do_action(GetInsertedProducts)
        gone = max(good(world))
        world.hub.delete_product(gone)
        mapped = await hub.do_action(GetMappedProductsWithoutCommit, objects=products)
        lost = defective(world, "mapping") | {gone}
        assert listed(mapped) == sorted({p.pk for p in products} - lost)
        assert hub.batch_request
        failed = {m.pk: m.failure for m in hub.batch_request.members.values() if m.failure}
        assert set(failed) == lost
        assert {f.reason for f in failed.values()} == {FailedReasonType.mapping}
        (refused,) = lost - {gone}
        assert "no attribute set matches" in failed[refused].message


async def test_attributes_that_are_missing_or_undefined_fail_their_product(make_world: Callable[..., World]) -> None:
    """The message names sku and attribute."""
    world = make_world(products=12)
    async with opened(world, ContentType.product) as hub:
        products = await hub.do_action(GetInsertedProducts)
        await hub.do_action(GetMappedProducts, objects=products)
        assert hub.batch_request
        failed = {
            m.pk: m for m in hub.batch_request.members.values() if m.failure and m.failure.code == "AttributeNotMapped"
        }
        assert set(failed) == defective(world, "required", "undefined")
        for pk, name in (("required", "Cinsiyet"), ("undefined", "Renk")):
            (key,) = defective(world, pk)
            failure = failed[key].failure
            assert failure and failure.reason is FailedReasonType.channel_app
            assert f"`{name}`" in failure.message
            assert str(failed[key].key) in failure.message


async def test_configs_that_the_mapping_lacks_are_added_with_their_flags(make_world: Callable[..., World]) -> None:
    """Configs are read once per attribute set."""
    world = make_world(products=12, failing=0)
    async with opened(world, ContentType.product, create_batch=False) as hub:
        products = await hub.do_action(GetInsertedProducts)
        with requests_of(world) as seen:
            product = (await hub.do_action(GetMappedProducts, objects=products))[0]
        mapping = product.mapped_attributes
        assert mapping
        configs = [
            row for row in world.goods.attribute_configs if row["attribute_set"]["id"] == mapping.attribute_set_id
        ]
        bare = world.goods.mapping(product.pk)["mapped_attribute_values"]
        assert len(bare) < len(configs) == len(mapping.mapped_attribute_values)
        for row in configs:
            value = mapping.mapped_attribute_values[str(row["attribute"]["pk"])]
            assert (value.is_required, value.is_variant, value.is_custom) == (
                row["is_required"],
                row["is_variant"],
                row["is_custom"],
            )
            assert value.attribute_remote_id == row["attribute_remote_id"]
        asked = [
            r.url.params["attribute_set"]
            for r in seen
            if "attribute_configs" in r.url.path and "page" not in r.url.params
        ]
        assert len(asked) == len(set(asked))


async def test_an_attribute_in_another_spelling_comes_under_the_sets_own_name(make_world: Callable[..., World]) -> None:
    """Connectors look for that."""
    world = make_world(products=1, failing=0)
    (pk,) = world.products.rows
    world.misprints.append(Misprint(f"/mapped_products/{pk}/", lambda row: "mapped_attributes" in row, _in_capitals))
    async with opened(world, ContentType.product, create_batch=False) as hub:
        (product,) = await hub.do_action(GetMappedProducts, objects=await hub.do_action(GetInsertedProducts))
    assert product.mapped_attributes
    assert product.mapped_attributes.mapped_attributes == world.goods.mapping(pk)["mapped_attributes"]


def _in_capitals(row: Row) -> None:
    row["mapped_attributes"] = {f" {name.upper()} ": value for name, value in row["mapped_attributes"].items()}


def config(**flags: bool) -> AttributeConfig:
    return AttributeConfig.model_validate({"attribute": {"pk": 5, "name": "Size"}, **flags})


@pytest.mark.parametrize("value", [0, False, "0", 0.0])
def test_zero_and_false_are_values(value: Any) -> None:
    """Only nothing and an empty text are empty."""
    mapping = MappedProduct(
        pk=1, mapped_attributes={"Size": value}, mapped_attribute_values={"5": MappedAttributeValue()}
    )
    assert _problem(Product(pk=1, sku="S"), mapping, config(is_required=True)) is None
    undefined = MappedProduct(pk=1, mapped_attributes={"Size": value})
    assert "not defined" in str(_problem(Product(pk=1, sku="S"), undefined, config()))


@pytest.mark.parametrize("attributes", [{}, {"Size": None}, {"Size": ""}, {"Size": " "}])
def test_a_required_attribute_without_a_value_is_a_problem_and_an_optional_one_is_none(attributes: Any) -> None:
    mapping = MappedProduct(pk=1, mapped_attributes=attributes)
    assert "requires" in str(_problem(Product(pk=1, sku="S"), mapping, config(is_required=True)))
    assert _problem(Product(pk=1, sku="S"), mapping, config()) is None


def test_a_custom_value_needs_no_entry() -> None:
    mapping = MappedProduct(pk=1, mapped_attributes={"Size": "odd"})
    assert _problem(Product(pk=1, sku="S"), mapping, config(is_custom=True, is_required=True)) is None


@pytest.mark.parametrize("name", ["SIZE", " sıze ", "Size"])
def test_an_attribute_is_found_in_every_spelling(name: str) -> None:
    """The one with exactly its name comes first."""
    mapping = MappedProduct(pk=1, mapped_attributes={"size ": "", name: "odd"} if name == "Size" else {name: "odd"})
    assert _problem(Product(pk=1, sku="S"), mapping, config(is_custom=True, is_required=True)) is None


def test_an_attribute_that_the_product_has_in_two_other_spellings_is_not_guessed() -> None:
    mapping = MappedProduct(pk=1, mapped_attributes={"SIZE": "odd", "size": "even"})
    problem = str(_problem(Product(pk=1, sku="S"), mapping, config(is_custom=True)))
    assert "S has values for `SIZE`, `size`" in problem


# -- stock and price ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("key", "attribute", "code", "table"),
    [
        ("get_product_prices", "productprice", "PriceNotFound", "prices"),
        ("get_product_stocks", "productstock", "StockNotFound", "stocks"),
    ],
)
async def test_an_empty_chunk_does_not_end_the_loop(
    make_world: Callable[..., World], key: str, attribute: str, code: str, table: str
) -> None:
    """Of 130 products the middle fifty have none: they fail, the rest behind them are found."""
    world = make_world(products=130, failing=0)
    rows = getattr(world.goods, table)
    missing = set(range(1051, 1101))
    for pk in missing:
        rows.remove(rows.find("product", pk)[0]["pk"])
    async with opened(world, ContentType.product) as hub:
        products = await hub.do_action(GetInsertedProducts)
        found = await hub.do_action(key, objects=products)
        assert set(listed(found)) == set(range(1001, 1131)) - missing
        assert all(getattr(product, attribute).product == product.pk for product in found)
        assert hub.batch_request
        failed = [m for m in hub.batch_request.of_type() if m.failure]
        assert {m.pk for m in failed} == missing
        assert {m.failure.code for m in failed if m.failure} == {code}


@pytest.mark.parametrize("kind", ["prices", "stocks"])
async def test_the_plain_command_adds_batch_members_and_without_commit_does_not(world: World, kind: str) -> None:
    """The rows are attached either way."""
    attribute = f"product{kind.removesuffix('s')}"
    rows = {row["product"]: row["pk"] for row in world.offered[attribute]}
    async with opened(world, ContentType.product) as hub:
        products = await hub.do_action(GetInsertedProducts, limit=3)
        assert hub.batch_request
        for key, members in ((f"get_product_{kind}_without_commit", 3), (f"get_product_{kind}", 6)):
            found = await hub.do_action(key, objects=products)
            assert [getattr(product, attribute).pk for product in found] == [rows[product.pk] for product in products]
            assert len(hub.batch_request.members) == members


@pytest.mark.parametrize("held", [1, 150])
async def test_prices_that_another_open_batch_processes_stay_out_of_this_one(
    make_world: Callable[..., World], held: int
) -> None:
    """They are attached all the same. The first is the last one that the other batch holds: of many, on a later page."""
    world = make_world(failing=0, products=200)
    ledger, rows = world.batches, list(world.prices)
    price = rows[0]
    other = ledger.create({"channel": 6})
    named = [
        {"pk": row["pk"], "content_type": "productprice", "version_date": row["modified_date"]}
        for row in (*rows[-held + 1 :], price)[-held:]
    ]
    ledger.move(other["pk"], {"channel": 6, "status": "commit", "content_type": "productprice", "objects": named})
    async with opened(world, ContentType.product) as hub:
        products = await hub.do_action(GetInsertedProducts, limit=3)
        found = await hub.do_action("get_product_prices", objects=products)
        assert found[0].productprice.pk == price["pk"]
        assert hub.batch_request
        assert price["pk"] not in [m.pk for m in hub.batch_request.of_type(ContentType.product_price)]
        assert len(list(hub.batch_request.of_type(ContentType.product_price))) == 2


@pytest.mark.parametrize(("stock", "kept"), [(1, True), (0, False), (-1, False)])
async def test_products_without_a_piece_fail_only_where_they_are_filtered(world: World, stock: int, kept: bool) -> None:
    world.hub.edit_stock(1001, stock)
    async with opened(world, ContentType.product) as hub:
        products = await hub.do_action(GetInsertedProducts, limit=2)
        assert len(await hub.do_action("get_product_stocks", objects=products)) == 2
        found = await hub.do_action("get_product_stocks", objects=products, filter_out_of_stock_products=True)
        assert listed(found) == ([1001, 1002] if kept else [1002])


async def test_a_catalog_without_a_list_is_a_config_error(world: World) -> None:
    world.catalog["price_list"] = None
    async with opened(world, ContentType.product, create_batch=False) as hub:
        products = await hub.do_action(GetInsertedProducts)
        with pytest.raises(ConfigError, match="Catalog 1 has no price_list"):
            await hub.do_action("get_product_prices", objects=products)


# -- categories ---------------------------------------------------------------------------------------------------


async def test_categories_outside_the_channels_tree_are_ignored(make_world: Callable[..., World]) -> None:
    """A product that stands only in others fails; one with more than a page of others does not."""
    world = make_world(products=60)
    async with opened(world, ContentType.product) as hub:
        products = await hub.do_action(GetInsertedProducts)
        found = await hub.do_action("get_product_categories", objects=products)
        assert set(listed(found)) == {p.pk for p in products} - defective(world, "category")
        assert 1050 in listed(found)
        paths = {node.path[:4] for product in found for node in product.category_nodes or ()}
        assert paths == {"0001"}
        assert hub.batch_request
        codes = {m.failure.code for m in hub.batch_request.members.values() if m.failure}
        assert codes == {"ProductCategoryNotFound"}


async def test_categories_come_with_their_actions(world: World) -> None:
    """None where the node is not bound."""
    async with opened(world, ContentType.product, create_batch=False) as hub:
        products = await hub.do_action(GetInsertedProducts)
        plain = await hub.do_action("get_product_categories", objects=products)
        node = plain[0].category_nodes[0]
        thing = Thing(content_type="categorynode", pk=node.pk, remote_id="C9", modified_date=VERSION)
        await hub.do_action(CreateIntegration, objects=[thing])
        found = await hub.do_action("get_product_categories_with_integration_action", objects=products)
        bound_nodes = {n.pk: n.integration_action for p in found for n in p.category_nodes}
        assert bound_nodes.pop(node.pk).remote_id == "C9"
        assert set(bound_nodes.values()) <= {None}


async def test_a_channel_without_a_tree_is_a_config_error(world: World) -> None:
    world.set_channel(category_tree=None)
    async with opened(world, ContentType.product, create_batch=False) as hub:
        products = await hub.do_action(GetInsertedProducts)
        with pytest.raises(ConfigError, match="has no category tree"):
            await hub.do_action("get_product_categories", objects=products)


@pytest.mark.parametrize(
    "key", ["get_mapped_products", "get_product_prices", "get_product_stocks", "get_product_categories"]
)
async def test_enriching_nothing_asks_nothing(world: World, key: str) -> None:
    async with opened(world, ContentType.product) as hub:
        before = world.sent
        assert await hub.do_action(key, objects=[]) == []
        assert world.sent == before


# -- integration actions ------------------------------------------------------------------------------------------


def thing(pk: int = 1001, remote_id: Any = "R1", **fields: Any) -> Thing:
    return Thing(content_type="product", pk=pk, remote_id=remote_id, **{"modified_date": VERSION, **fields})


async def test_create_integration_binds_at_the_version(world: World) -> None:
    async with opened(world, create_batch=False) as hub:
        (row,) = await hub.do_action(CreateIntegration, objects=[thing()])
        assert (row.object_id, row.remote_id, row.status, row.version_date) == (1001, "R1", "success", VERSION)


@pytest.mark.parametrize("kind", ["drop_after", "html", "truncated"])
async def test_create_integration_looks_before_it_creates_again(world: World, kind: str) -> None:
    """The answer was lost, the action is there: it is answered, and no second one made."""
    async with opened(world, create_batch=False) as hub:
        world.hub.faults.add(Fault(kind, method="POST", path="integration_actions"))  # type: ignore[arg-type]
        (row,) = await hub.do_action(CreateIntegration, objects=[thing()])
        assert row.remote_id == "R1"
    assert writes(world) == [("POST", f"{CHANNEL}integration_actions/")]
    assert len(actions(world)) == 1


async def test_create_integration_that_never_arrived_is_an_error(world: World) -> None:
    async with opened(world, create_batch=False) as hub:
        world.hub.faults.add(Fault("drop_before", method="POST", path="integration_actions"))
        with pytest.raises(LostAnswerError):
            await hub.do_action(CreateIntegration, objects=[thing()])


async def test_an_id_with_half_of_a_character_binds_nothing(world: World) -> None:
    """It would be stored as another id."""
    async with opened(world, create_batch=False) as hub:
        with pytest.raises(MissingError, match="half of a character"):
            await hub.do_action(CreateIntegration, objects=[thing(remote_id="R1\ud83d")])
    assert writes(world) == []


async def test_an_object_that_is_bound_already_is_answered_or_changed(world: World) -> None:
    """400: the same remote id is no write more; another one is written."""
    async with opened(world, create_batch=False) as hub:
        await hub.do_action(CreateIntegration, objects=[thing()])
        before = len(writes(world))
        await hub.do_action(CreateIntegration, objects=[thing()])
        assert len(writes(world)) - before == 1
        (row,) = await hub.do_action(CreateIntegration, objects=[thing(remote_id="R2")])
        assert row.remote_id == "R2"


async def test_an_object_that_is_bound_at_an_older_version_is_brought_up_to_date(world: World) -> None:
    """The version is something else that it says."""
    newer = VERSION.replace(hour=5)
    async with opened(world, create_batch=False) as hub:
        await hub.do_action(CreateIntegration, objects=[thing()])
        (row,) = await hub.do_action(CreateIntegration, objects=[thing(modified_date=newer)])
        assert row.version_date == newer


async def test_an_older_version_never_overwrites_a_newer_one(world: World) -> None:
    """A late repetition of an earlier binding leaves the action alone."""
    newer = VERSION.replace(hour=5)
    async with opened(world, create_batch=False) as hub:
        await hub.do_action(CreateIntegration, objects=[thing(modified_date=newer)])
        await hub.do_action(CreateIntegration, objects=[thing()])
        stored = action(world, 1001)
        assert stored and stored["version_date"].startswith("2026-01-01T05")


async def test_a_number_as_remote_id_is_the_same_as_its_text(world: World) -> None:
    """No write when nothing changes."""
    async with opened(world, create_batch=False) as hub:
        await hub.do_action(CreateIntegration, objects=[thing(remote_id=22)])
        before = len(writes(world))
        (row,) = await hub.do_action(CreateIntegration, objects=[thing(remote_id=22)])
        assert row.remote_id == "22"
        assert len(writes(world)) - before == 1


async def test_create_integration_without_a_version_is_refused(world: World) -> None:
    async with opened(world, create_batch=False) as hub:
        with pytest.raises(UnreadableRowError, match="modified_date"):
            await hub.do_action(CreateIntegration, objects=[thing(modified_date=None)])
    assert writes(world) == []


async def test_update_integration_writes_changed_fields_back(world: World) -> None:
    async with opened(world, create_batch=False) as hub:
        rows = await hub.do_action(CreateIntegration, objects=[thing()])
        changed = rows[0].model_copy(update={"remote_id": "R7", "state": {"a": 1}})
        (row,) = await hub.do_action(UpdateIntegration, objects=[changed])
        assert (row.remote_id, row.version_date) == ("R7", VERSION)
    stored = action(world, 1001)
    assert stored and (stored["state"], stored["status"]) == ({"a": 1}, "success")


async def test_actions_are_found_by_object_and_by_remote_id_of_their_type(world: World) -> None:
    """Keys and remote ids repeat across types."""
    async with opened(world, create_batch=False) as hub:
        price = Thing(content_type="productprice", pk=1001, remote_id="R1", modified_date=VERSION)
        await hub.do_action(CreateIntegration, objects=[thing(), price])
        wanted = [thing(), thing(pk=1002, remote_id="R2"), price]
        for key in ("get_integration_with_object_id", "get_integration_with_remote_id"):
            found = await hub.do_action(key, objects=wanted)
            models = [t.integration_action and t.integration_action.content_type.model for t in found]
            assert models == ["product", None, "productprice"]


async def test_integrations_are_read_by_conditions(world: World) -> None:
    async with opened(world, create_batch=False) as hub:
        await hub.do_action(CreateIntegration, objects=[thing(), thing(pk=1002, remote_id="a,b")])
        wanted = {"content_type": ContentType.product, "remote_ids": ["a,b"]}
        assert [row.object_id for row in await hub.do_action(GetIntegrations, objects=wanted)] == [1002]
        assert [row.object_id for row in await hub.do_action(GetIntegrations)] == [1001, 1002]


# -- batches ------------------------------------------------------------------------------------------------------


async def test_batch_requests_are_listed_by_status_type_and_remote_id(world: World) -> None:
    """By default those that the channel has to answer, the oldest first."""
    ledger = world.batches
    for number, content_type in enumerate(("product", "productprice", "product"), start=1):
        row = ledger.create({"channel": 6})
        ledger.move(row["pk"], {"channel": 6, "status": "commit", "content_type": content_type})
        ledger.move(row["pk"], {"channel": 6, "status": "sent_to_remote", "remote_batch_id": f"r{number}"})
    ledger.move(3, {"channel": 6, "status": "ongoing"})
    ledger.create({"channel": 6})
    async with opened(world, create_batch=False) as hub:
        assert [row.pk for row in await hub.do_action(GetBatchRequests)] == [1, 2, 3]
        of_type = await hub.do_action(GetBatchRequests, of_type=ContentType.product)
        assert [row.pk for row in of_type] == [1, 3]
        assert [row.pk for row in await hub.do_action(GetBatchRequests, remote_batch_id="r2")] == [2]
        begun = await hub.do_action(GetBatchRequests, statuses=[BatchRequestStatus.initialized])
        assert [row.pk for row in begun] == [4]


async def test_an_unknown_status_is_a_config_error_before_any_request(world: World) -> None:
    async with opened(world, ContentType.product) as hub:
        before = world.sent
        with pytest.raises(ConfigError, match=r"cannot be moved to `finished`\. Known: commit"):
            await hub.do_action("batch_request_update", status="finished")
        assert world.sent == before


async def test_batch_request_update_reports_failures_before_the_move(world: World) -> None:
    """A crash in between repeats a report rather than losing it; each failure is reported once."""
    async with opened(world, ContentType.product) as hub:
        (product,) = await hub.do_action(GetInsertedProducts, limit=1)
        assert hub.batch_request
        hub.batch_request.fail_member(_failure(product))
        before = len(writes(world))
        await hub.do_action(BatchRequestUpdate, status=BatchRequestStatus.commit)
        await hub.do_action(BatchRequestUpdate, status=BatchRequestStatus.done)
        made = [path.removeprefix(CHANNEL).split("/")[0] for _, path in writes(world)[before:]]
        assert made == ["error_reports", "operational_events", "batch_requests", "batch_requests"]


async def test_a_refusal_that_is_no_406_is_raised(world: World) -> None:
    async with opened(world, ContentType.product) as hub:
        await hub.do_action(GetInsertedProducts, limit=1)
        world.hub.faults.add(Fault("status", method="PATCH", status=400))
        with pytest.raises(RefusedError):
            await hub.do_action(BatchRequestUpdate, status=BatchRequestStatus.commit)
