"""Why a product is on sale, or is not: each verdict, over both local systems."""

import re
from collections.abc import Awaitable, Callable
from decimal import Decimal
from typing import Any

import pytest

from clients.omnitron.setup import OwnChannel
from deployments.sandbox.base.faults import Fault
from dto.enums import BatchRequestStatus, ContentType, ListingState
from dto.explanation import Explanation, Verdict
from dto.listing import ListedPriceDto, ListedProductDto, ListedStockDto
from dto.omnitron import Channel, ChannelConf
from flows.image import insert_product_images
from flows.product import delete_products, insert_products, update_products
from flows.run import RunFailedError
from flows.stock import update_product_stocks
from flows.verify import verify_open_batches
from tasks.omnitron.catalogue.products import GetInsertedProducts, GetUpdatedProducts
from tasks.omnitron.overview.explanation import BATCHES_READ, ExplainProduct
from tests.world.loopback import World
from tests.world.shop import action, opened, requests_of, run, skus, writes

FIRST = 1001
"""The product that is asked about."""
Arrange = Callable[[World], Awaitable[Any]]


async def explained(world: World, pk: int = FIRST, **parameters: Any) -> Explanation:
    """The answer for a product that is named by its sku."""
    return await asked(world, sku=skus(world)[pk], **parameters)


async def asked(world: World, **parameters: Any) -> Explanation:
    """The answer; nothing was written for it."""
    before = len(writes(world))
    async with opened(world, create_batch=False, read_channel=False) as hub:
        explanation = await hub.do_action(ExplainProduct, **parameters)
    assert [request for request in writes(world)[before:] if "auth/login" not in request[1]] == []
    return explanation


# -- one world for each case -------------------------------------------------------------------------------------------


async def nothing(world: World) -> None:
    """It was never sent."""


async def sent(world: World) -> None:
    await run(world, insert_products)


async def edited(world: World) -> None:
    await sent(world)
    world.hub.edit_product(FIRST)


async def update_released(world: World) -> None:
    """The batch of its update was given up."""
    await edited(world)
    world.market.faults.add(Fault("status", "PUT", "products", status=503, times=None))
    with pytest.raises(RunFailedError):
        await run(world, update_products)


async def refused(world: World) -> None:
    world.market.refuse[skus(world)[FIRST]] = "Ürün görseli en az 500x500 piksel olmalıdır"
    await run(world, insert_products)


async def update_refused(world: World) -> None:
    await edited(world)
    world.market.refuse[skus(world)[FIRST]] = "Yasaklı kelime"
    await run(world, update_products)


async def refused_a_while_ago(world: World) -> None:
    await refused(world)
    world.clock.advance(3601)


async def refused_and_edited(world: World) -> None:
    await refused(world)
    world.hub.edit_product(FIRST)


async def refused_too_often(world: World) -> None:
    for _ in range(8):
        await refused(world)
        world.clock.advance(3601)


async def held(world: World) -> None:
    """By a batch of ours."""
    async with opened(world, ContentType.product) as hub:
        await hub.do_action(GetInsertedProducts, limit=6)


async def held_for_long(world: World) -> None:
    await held(world)
    world.clock.advance(901)


async def forgotten(world: World) -> None:
    """Its batch ended without naming it."""
    await sent(world)
    own = action(world, FIRST)
    assert own
    world.actions.change(own["pk"], status="processing")


async def switched_off(world: World) -> None:
    await sent(world)
    world.hub.set_channel(is_active=False)


async def deactivated(world: World) -> None:
    world.hub.edit_product(FIRST, is_active=False)


async def sent_and_deactivated(world: World) -> None:
    await sent(world)
    await deactivated(world)


async def of_another_type(world: World) -> None:
    world.hub.edit_product(FIRST, product_type="2")


async def out_of_attempts(world: World) -> None:
    """Every batch that held it was given up, so it has no action."""
    world.use_up_attempts(ContentType.product, FIRST)


async def out_of_attempts_without_category(world: World) -> None:
    await out_of_attempts(world)
    categories = world.goods.product_categories
    for row in list(categories.find("product", FIRST)):
        categories.remove(row["pk"])


CASES: list[tuple[Arrange, Verdict, str]] = [
    (nothing, Verdict.due, "is due and waits for the next run of insert_products."),
    (
        sent,
        Verdict.on_sale,
        r"is on sale \(there as MP-\w+\) in the version of 2026-01-01 00:00:00 UTC, but its image wai",
    ),
    (
        edited,
        Verdict.edited,
        r"is on sale \(there as MP-\w+\).*edited at 2026.* waits for the next run of update_products",
    ),
    (update_released, Verdict.edited, "that version is not due now: a batch that held it was given up"),
    (refused, Verdict.failed, "because of Rejected.*500x500.*next attempt is not before 2026-01-01 01:00:0. UTC"),
    (update_refused, Verdict.failed, r"may be on sale in an older version \(there as MP-\w+\), but the newest failed"),
    (refused_a_while_ago, Verdict.failed, "it is due again, and the next run tries it"),
    (refused_and_edited, Verdict.due, "waits for the next run of insert_products. It failed .*500x500.*edited since"),
    (refused_too_often, Verdict.abandoned, "500x500.*attempts are used up: it was last tried at 2026-01-01 05:00"),
    (held, Verdict.in_work, r"is being sent: batch [\w-]{36} \(commit\) was touched at 2026"),
    (held_for_long, Verdict.in_work, "untouched since 2026.*run has died. Run `channel-app recover`"),
    (forgotten, Verdict.in_work, r"is processing, but batch [\w-]{36} \(done\) has ended: it never becomes due again"),
    (switched_off, Verdict.switched_off, r"stays unchanged \(success\), because channel 6 `Sandbox` is switched off"),
    (deactivated, Verdict.not_offered, "neither on sale nor due, because it is switched off in Omnitron"),
    (
        sent_and_deactivated,
        Verdict.deleted,
        r"is switched off in Omnitron and waits for the next run of delete_products",
    ),
    (of_another_type, Verdict.not_offered, "neither on sale nor due, because it is of product type 2, and only simple"),
    (
        out_of_attempts,
        Verdict.not_offered,
        "neither on sale nor due, because the hub does not list it and has no record",
    ),
    (out_of_attempts_without_category, Verdict.not_offered, "because it is in no category of the channel's tree"),
]


@pytest.mark.parametrize(("arrange", "verdict", "words"), CASES, ids=[case[0].__name__ for case in CASES])
async def test_each_standing_has_its_verdict_and_its_sentence(
    make_world: Callable[..., World], arrange: Arrange, verdict: Verdict, words: str
) -> None:
    """The sentence begins with the name of the product."""
    world = make_world(failing=0, products=6)
    await arrange(world)
    explanation = await explained(world)
    assert (explanation.verdict, explanation.pk) == (verdict, FIRST)
    assert explanation.sentence.startswith(f"{skus(world)[FIRST]} ")
    assert re.search(words, explanation.sentence), explanation.sentence
    assert "\n" not in explanation.sentence


@pytest.mark.parametrize(
    ("defect", "words"),
    [
        (
            "mapping",
            "failed because of MappingFailed: .* no attribute set matches the product; the next attempt is not .* "
            r"Waiting until it has been sent, at no cost of attempts: price, stock, image\.$",
        ),
        ("required", "failed because of AttributeNotMapped: .* has no value for `Cinsiyet`"),
        ("price", "failed because of PriceNotFound: .* Add it there; the next attempt is not before 2026-01-01 01:00"),
        ("stock", "failed because of StockNotFound"),
        ("category", "failed because of ProductCategoryNotFound"),
    ],
)
async def test_a_product_with_a_defect_failed_for_that_reason(
    make_world: Callable[..., World], defect: str, words: str
) -> None:
    """With when it is tried again, and the line of the log that says so."""
    world = make_world()
    await run(world, insert_products)
    pk = next(pk for pk, found in world.hub.defects.items() if found == defect)
    explanation = await explained(world, pk)
    assert explanation.verdict is Verdict.failed
    assert re.search(words, explanation.sentence), explanation.sentence
    assert explanation.are_reports_readable
    own = explanation.objects[0]
    assert (own.content_type, own.status, own.due) == ("product", "error", None)
    assert [reason.text.partition(":")[0] in explanation.sentence for reason in own.reasons] == [True]
    assert explanation.batch
    assert explanation.batch.status == "done"


async def test_a_product_in_an_asynchronous_batch_waits_for_the_channel(make_world: Callable[..., World]) -> None:
    """By the batch's id there, and since when; afterwards it is on sale."""
    world = make_world(failing=0, products=6, asynchronous=True)
    await run(world, insert_products)
    world.clock.advance(600)
    explanation = await explained(world)
    remote = world.batches.table[1]["remote_batch_id"]
    assert explanation.verdict is Verdict.waiting
    assert "has been waiting for the channel's answer since 2026-01-01 00:00" in explanation.sentence
    assert f"there {remote}" in explanation.sentence
    assert explanation.batch
    assert (explanation.batch.remote_batch_id, explanation.batch.status) == (remote, "sent_to_remote")
    assert 595 < (explanation.batch.age or 0) < 605
    for _ in range(3):
        await run(world, verify_open_batches)
    assert (await explained(world)).verdict is Verdict.on_sale


async def test_offers_are_said_to_travel_with_a_product_that_is_under_way_or_to_wait_for_it(
    make_world: Callable[..., World],
) -> None:
    """None of them "is not on the channel": the batch says what becomes of it."""
    world = make_world(failing=0, products=3, asynchronous=True)
    await run(world, insert_products)
    explanation = await explained(world)
    batch = world.batches.table[1]["local_batch_id"]
    assert explanation.verdict is Verdict.waiting
    assert f"since 2026-01-01 00:00:00 UTC (batch {batch} " in explanation.sentence
    assert explanation.sentence.endswith(
        " Sent with it: price, stock. Waiting until that batch has ended, at no cost of attempts: image."
    )
    standings = {row.content_type: (row.local_batch_id, row.waits_for) for row in explanation.objects}
    assert standings == {
        ContentType.product: (batch, None),
        ContentType.product_price: (batch, None),
        ContentType.product_stock: (batch, None),
        ContentType.product_image: (None, batch),
    }
    for _ in range(3):
        await run(world, verify_open_batches)
    assert {row.waits_for for row in (await explained(world)).objects} == {None}


async def test_a_new_image_waits_for_a_product_that_is_being_updated(make_world: Callable[..., World]) -> None:
    world = make_world(failing=0, products=3)
    await edited(world)
    async with opened(world, ContentType.product) as hub:
        await hub.do_action(GetUpdatedProducts, limit=1)
    explanation = await explained(world)
    assert explanation.verdict is Verdict.in_work
    assert explanation.sentence.endswith("Waiting until that batch has ended, at no cost of attempts: image.")
    (image,) = [row for row in explanation.objects if row.content_type == ContentType.product_image]
    assert image.waits_for == explanation.objects[0].local_batch_id


@pytest.mark.parametrize(
    ("state", "words"),
    [
        (
            ListingState.rejected,
            "but the channel has rejected it since: Yasaklı kelime. Correct that, then `channel-app re",
        ),
        (ListingState.delisted, "but the channel has taken it off the market since: Yasaklı kelime. Correct"),
        (ListingState.in_review, "and the channel is still looking at it: Yasaklı kelime: there is nothing to do yet."),
    ],
)
async def test_a_product_that_was_sent_and_cannot_be_seen_is_not_called_on_sale(
    world: World, state: ListingState, words: str
) -> None:
    await run(world, insert_products)
    listed = ListedProductDto(sku=skus(world)[FIRST], remote_id=None, state=state, message="Yasaklı kelime")
    explanation = await explained(world, objects=[listed])
    assert explanation.verdict is Verdict.not_live
    assert words in explanation.sentence
    live = ListedProductDto(sku=skus(world)[FIRST], remote_id=None)
    assert (await explained(world, objects=[live])).verdict is Verdict.on_sale


async def test_an_offer_that_failed_on_a_product_on_sale_is_said_to_be_tried_again(world: World) -> None:
    await run(world, insert_products)
    world.market.refuse[skus(world)[FIRST]] = "The image is too small."
    await run(world, insert_product_images)
    explanation = await explained(world)
    assert explanation.verdict is Verdict.on_sale
    assert re.search(
        r"but its image failed because of .*The image is too small.*, and the next attempt is not before",
        explanation.sentence,
    ), explanation.sentence


async def test_a_deleted_product_is_on_its_way_off_the_channel(make_world: Callable[..., World]) -> None:
    """It is found by its key, or by the sku that the channel still lists; when it is off, nothing is known of it."""
    world = make_world(failing=0, products=6, asynchronous=True)
    await run(world, insert_products)
    for _ in range(3):
        await run(world, verify_open_batches)
    sku = skus(world)[FIRST]
    world.hub.delete_product(FIRST)
    remote_id = world.market.items[sku]["remote_id"]
    waits = "was deleted in Omnitron and waits for the next run of delete_products"
    for explanation in (
        await asked(world, pk=FIRST),
        await asked(world, sku=sku, objects=[ListedStockDto(sku, remote_id, 3)]),
    ):
        assert (explanation.verdict, explanation.pk) == (Verdict.deleted, FIRST)
        assert waits in explanation.sentence
        assert remote_id in explanation.sentence
    await run(world, delete_products)
    assert "is being taken off the channel" in (await asked(world, pk=FIRST)).sentence
    for _ in range(3):
        await run(world, verify_open_batches)
    assert (await asked(world, pk=FIRST)).verdict is Verdict.unknown


async def test_a_removal_that_failed_says_why(world: World) -> None:
    await run(world, insert_products)
    sku = skus(world)[FIRST]
    world.market.refuse[sku] = "Siparişi var"
    world.hub.delete_product(FIRST)
    await run(world, delete_products)
    explanation = await asked(world, pk=FIRST)
    assert explanation.verdict is Verdict.deleted
    assert re.search("but taking it off .* failed because of .*Siparişi var; the next attempt", explanation.sentence)


async def test_a_sku_that_nobody_knows_is_said_to_be_unknown(world: World) -> None:
    """Unless the channel lists it: then somebody else put it there."""
    explanation = await asked(world, sku="NOBODY")
    assert (explanation.verdict, explanation.pk, explanation.objects) == (Verdict.unknown, None, ())
    assert explanation.sentence.startswith("NOBODY is not in Omnitron")
    explanation = await asked(world, sku="NOBODY", objects=[ListedPriceDto("NOBODY", "MP-0", Decimal("1.50"), "try")])
    assert explanation.verdict is Verdict.unknown
    assert "The channel lists it nevertheless (there as MP-0)" in explanation.sentence


async def test_a_remote_id_of_another_product_says_nothing_of_a_sku(world: World) -> None:
    """The channel calls it otherwise than Omnitron does."""
    await run(world, insert_products)
    own = action(world, FIRST)
    assert own
    explanation = await asked(world, sku="NOBODY", objects=[ListedStockDto("NOBODY", own["remote_id"], 1)])
    assert (explanation.verdict, explanation.pk) == (Verdict.unknown, None)


async def test_a_batch_that_has_been_open_for_long_is_found_behind_newer_ones(
    make_world: Callable[..., World],
) -> None:
    world = make_world(failing=0, products=3, asynchronous=True)
    await run(world, insert_products)
    async with opened(world) as hub:
        for _ in range(BATCHES_READ + 1):
            await hub.client.batches.move((await hub.client.batches.create()).pk, BatchRequestStatus.fail)
    explanation = await explained(world)
    assert explanation.verdict is Verdict.waiting
    world.actions.change(1, local_batch_id="long-gone")
    explanation = await asked(world, pk=world.actions[1]["object_id"])
    assert explanation.verdict is Verdict.in_work
    assert "batch long-gone (not among the newest): look that batch up" in explanation.sentence


async def test_what_is_not_in_order_with_an_offer_is_said_of_a_product_on_sale(world: World) -> None:
    await run(world, insert_products)
    world.hub.edit_price(FIRST)
    world.hub.edit_stock(FIRST)
    world.market.refuse[skus(world)[FIRST]] = "Stok kilitli"
    await run(world, update_product_stocks)
    explanation = await explained(world)
    assert explanation.verdict is Verdict.on_sale
    assert "but its price waits for the next run; its stock failed because of Rejected: " in explanation.sentence
    assert "Stok kilitli" in explanation.sentence
    standings = {row.content_type: row for row in explanation.objects}
    assert (standings[ContentType.product_price].due, standings[ContentType.product_price].is_current) == (
        "updates",
        False,
    )
    assert standings[ContentType.product_stock].next_try


async def test_offers_of_extra_lists_are_told_apart(make_world: Callable[..., World]) -> None:
    world = make_world(failing=0, products=4, extra_lists=True)
    explanation = await explained(world)
    kinds = [(row.content_type, row.list_number, row.due) for row in explanation.objects]
    assert kinds == [
        (ContentType.product, None, "inserts"),
        (ContentType.product_price, None, "inserts"),
        (ContentType.product_price, 23, "inserts"),
        (ContentType.product_stock, None, "inserts"),
        (ContentType.product_stock, 13, "inserts"),
        (ContentType.product_image, None, "inserts"),
    ]


async def test_what_the_channel_lists_is_shown_beside_what_omnitron_says(world: World) -> None:
    """Matched by the remote id, whatever the channel calls it."""
    await run(world, insert_products)
    own = action(world, FIRST)
    assert own
    listed = [
        ListedPriceDto("OTHER NAME", own["remote_id"], Decimal("62.40"), "try"),
        ListedStockDto("OTHER NAME", own["remote_id"], 7),
        ListedProductDto("OTHER NAME", own["remote_id"], title="Kupa"),
        ListedStockDto("SOMETHING", "MP-1", 99),
    ]
    explanation = await explained(world, objects=listed)
    assert explanation.listed
    assert explanation.listed.model_dump(mode="json") == {
        "remote_id": own["remote_id"],
        "state": "live",
        "message": None,
        "title": "Kupa",
        "price": "62.40",
        "currency": "try",
        "stock": 7,
    }
    assert (await explained(world)).listed is None


@pytest.mark.parametrize("status", [404, 405])
async def test_a_hub_that_keeps_its_reports_to_itself_leaves_the_reason_unknown(world: World, status: int) -> None:
    """But for who could not."""
    await refused(world)
    world.hub.faults.add(Fault("status", "GET", "error_reports", status=status, times=None))
    explanation = await explained(world)
    assert explanation.are_reports_readable is False
    assert "failed for a reason that this Omnitron does not show (remote)" in explanation.sentence


async def test_without_an_interval_the_next_attempt_is_unknown(world: World) -> None:
    await refused(world)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(OwnChannel, "get", _without_interval(OwnChannel.get))
        explanation = await explained(world)
    assert explanation.verdict is Verdict.failed
    assert "the time of the next attempt is unknown" in explanation.sentence


def _without_interval(read: Any) -> Any:
    async def channel(channel: OwnChannel) -> Channel:
        row: Channel = await read(channel)
        return row.model_copy(update={"conf": ChannelConf()})

    return channel


async def test_no_customers_data_is_in_an_answer(world: World) -> None:
    """Other programs write into the same log."""
    await refused(world)
    table = world.reports
    line = next(row["pk"] for row in table if row["action_object_id"] == FIRST and not row["is_ok"])
    table.change(line, error_desc="Buyer ada@example.com, +90 532 123 45 67, was told\nno")
    text = (await explained(world)).model_dump_json()
    assert "was told" in text
    assert "ada@" not in text
    assert "532" not in text


async def test_any_product_is_found_by_its_sku_in_a_bounded_number_of_requests(
    make_world: Callable[..., World],
) -> None:
    """One that is neither due nor failed is looked for among all, and by its remote id where the channel lists it."""
    world = make_world(failing=0, products=350)
    await run(world, insert_products)
    last = max(skus(world))
    with requests_of(world) as seen:
        assert (await explained(world, last)).verdict is Verdict.on_sale
    assert len([request for request in seen if request.url.path.endswith("/products/")]) <= 5
    assert len(seen) <= 22
    own = action(world, last)
    assert own
    with requests_of(world) as seen:
        listed = [ListedPriceDto(skus(world)[last], own["remote_id"], Decimal(1), "try")]
        assert (await explained(world, last, objects=listed)).verdict is Verdict.on_sale
    assert len(seen) <= 16
