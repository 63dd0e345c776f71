"""Connectors over the local marketplace that differ from the `sandbox` one in one thing each."""

import threading
from typing import Any, ClassVar

from clients.omnitron import OmnitronClient
from clients.transport import Transport
from dto.batches import ImageBatchRequestResponseDto, ProductBatchRequestResponseDto
from dto.enums import ContentType, FailedReasonType, ResponseStatus
from dto.omnitron import Product
from dto.outcomes import Accepted, CheckOutcome, Completed, SendOutcome
from tasks.channel import integration, products
from tasks.channel.sandbox import ChannelIntegration as Sandbox
from tasks.channel.sandbox.offers import SendInsertedImages, SendInsertedPrices
from tasks.channel.sandbox.products import CheckProducts, SendDeletedProducts, SendInsertedProducts
from tasks.settlement import name_of


def without(*keys: str) -> dict[str, Any]:
    """The sandbox connector's commands but these."""
    return {key: command for key, command in Sandbox.actions.items() if key not in keys}


class InsertsOnly(Sandbox):
    """Cannot update or delete."""

    name = "inserts only"
    actions: ClassVar = without("send_updated_products", "send_deleted_products")


class SendsOnly(Sandbox):
    """Cannot be asked what became of a batch."""

    name = "sends only"
    actions: ClassVar = without("check_products", "check_deleted_products")


class Undeclared(Sandbox):
    """Says nothing about how it answers."""

    name = "undeclared"

    def connect(self) -> Transport:
        opened = super().connect()
        self.is_sync = None
        return opened


class _MissionSync(products.SendInsertedProducts):
    """As documented: a blocking `send`, results in `response_data`."""

    threads: ClassVar[list[int]] = []

    def transform_data(self, data: list[Product]) -> list[dict[str, Any]]:
        return [{"sku": product.sku, "stock": product.productstock and product.productstock.stock} for product in data]

    def send(self, validated_data: list[dict[str, Any]]) -> dict[str, Any]:
        self.threads.append(threading.get_ident())
        return {"items": [{"sku": row["sku"], "id": f"M-{row['sku']}"} for row in validated_data]}

    def normalize_response(self, data: Any, validated_data: Any, transformed_data: Any, response: Any) -> Any:
        report = self.create_report(response)
        response_data = [
            ProductBatchRequestResponseDto(
                status=ResponseStatus.success, sku=row["sku"], remote_id=row["id"], message=""
            )
            for row in response["items"]
        ]
        return response_data, report, data


class MissionSync(integration.ChannelIntegration):
    """A third party's connector, as documented."""

    name = "mission"
    is_sync = True
    actions: ClassVar = {_MissionSync.key: _MissionSync}


class _MissionAsync(_MissionSync):
    """Keeps the channel's batch id and refuses one object at once."""

    REMOTE: ClassVar[Any] = "r-4711"

    def normalize_response(self, data: Any, validated_data: Any, transformed_data: Any, response: Any) -> Any:
        report = self.create_report(response)
        self.failed_object_list.append((data[0], ContentType.product.value, "Product has not been sent"))
        self.batch_request.remote_batch_id = self.REMOTE
        return "", report, data


class _MissionCheck(products.CheckProducts):
    """Answers for all but the first, by the ids in the batch."""

    def send(self, batch: Any) -> Any:
        return list(Listed.products)

    def normalize_response(self, data: Any, validated_data: Any, transformed_data: Any, response: Any) -> Any:
        results = [ProductBatchRequestResponseDto(ResponseStatus.success, sku, f"M-{sku}") for sku in response]
        return results, self.create_report(response), data


class Listed:
    """What the asynchronous channel will say that it took."""

    products: ClassVar[list[str]] = []


class MissionAsync(integration.ChannelIntegration):
    name = "mission"
    is_sync = False
    actions: ClassVar = {command.key: command for command in (_MissionAsync, _MissionCheck)}


class _MixedAsync(_MissionSync):
    """Takes one at once, refuses one, and keeps the others."""

    def normalize_response(self, data: Any, validated_data: Any, transformed_data: Any, response: Any) -> Any:
        taken, refused = (product.sku for product in data[:2])
        at_once = (
            ProductBatchRequestResponseDto(ResponseStatus.success, taken, f"M-{taken}"),
            ProductBatchRequestResponseDto(ResponseStatus.fail, refused, message="too dear"),
        )
        return Accepted("r-4711", at_once)


class MixedAsync(MissionAsync):
    """As a shop that answers 207."""

    actions: ClassVar = {command.key: command for command in (_MixedAsync, _MissionCheck)}


class _NumberedAsync(_MissionAsync):
    REMOTE: ClassVar[Any] = 4711


class NumberedAsync(MissionAsync):
    """Its batch ids are numbers."""

    actions: ClassVar = {command.key: command for command in (_NumberedAsync, _MissionCheck)}


class _RefusesUnknown(SendInsertedProducts):
    def normalize_response(self, *args: Any) -> SendOutcome:
        outcome = super().normalize_response(*args)
        assert isinstance(outcome, Accepted)
        return Accepted(outcome.remote_batch_id, (ProductBatchRequestResponseDto(ResponseStatus.fail, "NOBODY"),))


class RefusesUnknown(Sandbox):
    """Refuses at once what it was never sent."""

    actions: ClassVar = {**Sandbox.actions, _RefusesUnknown.key: _RefusesUnknown}


class _DeletesOneAtOnce(SendDeletedProducts):
    def normalize_response(self, data: Any, *rest: Any) -> SendOutcome:
        outcome = super().normalize_response(data, *rest)
        assert isinstance(outcome, Accepted)
        done = ProductBatchRequestResponseDto(ResponseStatus.success, "", data[0].remote_id)
        return Accepted(outcome.remote_batch_id, (done,))


class DeletesOneAtOnce(Sandbox):
    """Says of one product at once that it is gone, and again with the others."""

    actions: ClassVar = {**Sandbox.actions, _DeletesOneAtOnce.key: _DeletesOneAtOnce}


class _CheckBreaks(CheckProducts):
    async def send(self, batch: Any) -> CheckOutcome:
        if batch.pk == 1:
            raise KeyError("results")
        return await super().send(batch)


class CheckBreaks(Sandbox):
    """Its check has a programming error that one batch meets."""

    actions: ClassVar = {**Sandbox.actions, _CheckBreaks.key: _CheckBreaks}


class _SendBreaks(SendInsertedProducts):
    async def send(self, items: Any) -> Any:
        raise KeyError("results")


class SendBreaks(Sandbox):
    """Its send has a programming error."""

    actions: ClassVar = {**Sandbox.actions, _SendBreaks.key: _SendBreaks}


class _SendTimesOut(SendInsertedProducts):
    async def send(self, items: Any) -> Any:
        raise TimeoutError("the SDK waited long enough")


class SendTimesOut(Sandbox):
    """Its SDK has a deadline of its own."""

    actions: ClassVar = {**Sandbox.actions, _SendTimesOut.key: _SendTimesOut}


class _Tangled(SendInsertedProducts):
    """One line too many, one missing, one twice."""

    def normalize_response(self, *args: Any) -> Any:
        outcome = super().normalize_response(*args)
        _, second, *rest = outcome.results
        odd = ProductBatchRequestResponseDto(ResponseStatus.success, "NOBODY", "M-1")
        return type(outcome)((second, second, *rest, odd), outcome.reports)


class Tangled(Sandbox):
    """Answers carelessly."""

    actions: ClassVar = {**Sandbox.actions, _Tangled.key: _Tangled}


class _CheckFailsOne(CheckProducts):
    integration: "CheckFailsOne"

    async def send(self, batch: Any) -> CheckOutcome:
        outcome = await super().send(batch)
        if isinstance(outcome, Completed):
            (product, *_) = await self.integration.hub_products()
            self.fail(product, FailedReasonType.remote, "The picture is too small.", "PictureTooSmall")
        return outcome


class CheckFailsOne(Sandbox):
    """Its check finds one product wrong although the channel took it."""

    actions: ClassVar = {**Sandbox.actions, _CheckFailsOne.key: _CheckFailsOne}

    async def hub_products(self) -> list[Any]:
        async with OmnitronClient(self.runtime) as client:
            return [row async for page in client.resource("products", Product).pages({"sort": "id"}) for row in page]


class Offered:
    """What the connectors below were handed, and what they refuse."""

    rows: ClassVar[list[Any]] = []
    refused: ClassVar[set[int]] = set()


def _recording(command: type[Any]) -> type[Any]:
    class Records(command):  # type: ignore[misc]
        """Remembers what it was handed."""

        def validated_data(self, data: list[Any]) -> list[Any]:
            Offered.rows = data
            return data

    return Records


class Recording(Sandbox):
    """Remembers the prices, stocks and images that it was handed last."""

    actions: ClassVar = {
        **Sandbox.actions,
        **{
            key: _recording(Sandbox.actions[key])
            for verb in ("inserted", "updated")
            for key in (f"send_{verb}_prices", f"send_{verb}_stocks", f"send_{verb}_images")
        },
    }


class _OwnPriceIds(SendInsertedPrices):
    def normalize_response(self, *args: Any) -> SendOutcome:
        outcome = super().normalize_response(*args)
        assert isinstance(outcome, Completed)
        return Completed(
            tuple(
                ProductBatchRequestResponseDto(ResponseStatus.success, name_of(result), f"PRICE-{number}")
                for number, result in enumerate(outcome.results)
            )
        )


class OwnPriceIds(Sandbox):
    """Has an id of its own for each price."""

    actions: ClassVar = {**Sandbox.actions, _OwnPriceIds.key: _OwnPriceIds}


class _ImageByImage(SendInsertedImages):
    def normalize_response(self, data: Any, *args: Any) -> SendOutcome:
        return Completed(
            tuple(
                ImageBatchRequestResponseDto(ResponseStatus.fail, row.pk, message="küçük")
                if row.pk in Offered.refused
                else ImageBatchRequestResponseDto(ResponseStatus.success, row.pk)
                for row in data
            )
        )


class ImageByImage(Sandbox):
    """Answers for each image by its key."""

    actions: ClassVar = {**Sandbox.actions, _ImageByImage.key: _ImageByImage}
