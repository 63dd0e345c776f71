"""The results of items, by `accepted` and `refused`: no position, so nothing to swap."""

from typing import Any

import pytest

from dto.batches import (
    BatchRequestResponseDto,
    ImageBatchRequestResponseDto,
    OrderBatchRequestResponseDto,
    ProductBatchRequestResponseDto,
)
from dto.enums import ResponseStatus
from dto.omnitron import ProductImage
from tasks.channel import images, orders, prices, products, stocks
from tasks.channel.command import AnsweredCommand
from tasks.integration import commands_of
from tests.world.loopback import World
from tests.world.shop import opened, opened_channel

OK, FAIL = ResponseStatus.success, ResponseStatus.fail
IMAGE = ProductImage(pk=7, image="https://shop.example/7.jpg")


class Check(products.CheckProducts):
    also = (prices.CheckPrices, orders.CheckOrders)


CASES: list[tuple[Any, Any, Any]] = [
    (products.SendInsertedProducts, "a", ProductBatchRequestResponseDto(OK, "a", "R1", "cut")),
    (prices.SendUpdatedPrices, "a", ProductBatchRequestResponseDto(OK, "a", "R1", "cut")),
    (stocks.CheckStocks, "a", ProductBatchRequestResponseDto(OK, "a", "R1", "cut")),
    (images.CheckImages, "a", ProductBatchRequestResponseDto(OK, "a", "R1", "cut")),
    (images.SendInsertedImages, IMAGE, ImageBatchRequestResponseDto(OK, 7, "R1", "cut")),
    (orders.SendUpdatedOrders, "N1", OrderBatchRequestResponseDto(OK, "R1", "N1", "cut")),
    (orders.AcknowledgeOrders, "N1", OrderBatchRequestResponseDto(OK, "R1", "N1", "cut")),
    (products.SendDeletedProducts, "a", BatchRequestResponseDto(OK, "R1", "a", "cut")),
    (orders.UpdateCancellationRequest, "R1", BatchRequestResponseDto(OK, "R1", "R1", "cut")),
    (commands_of(Check)["check_orders"], "N1", OrderBatchRequestResponseDto(OK, "R1", "N1", "cut")),
]


@pytest.mark.parametrize(("command", "name", "result"), CASES, ids=lambda case: getattr(case, "key", ""))
async def test_a_result_has_the_form_of_the_commands_type(
    world: World, command: type[AnsweredCommand[Any, Any]], name: Any, result: Any
) -> None:
    async with opened(world) as hub, opened_channel(hub) as channel:
        made = command(channel, objects=[])
        assert made.accepted(name, remote_id="R1", message="cut") == result
        refused = made.refused(name, "no", remote_id="R1")
        assert refused == result.model_copy(update={"status": FAIL, "message": "no"})
