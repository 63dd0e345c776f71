"""Connectors for marketplaces that tell results in forms of their own: each says how it reads an answer, and no more."""

import csv
import gzip
import io
import json
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, ClassVar

from tasks.channel import (
    Accepted,
    Actions,
    Call,
    ChannelCommand,
    CheckOutcome,
    Completed,
    ContentType,
    InProgress,
    ProductBatchRequestResponseDto,
    ResponseStatus,
    SendOutcome,
    Unknown,
    commands_of,
)
from tasks.channel.sandbox import ChannelIntegration as Sandbox
from tasks.channel.sandbox import products as sandbox_products
from tasks.channel.sandbox.images import SendInsertedImages
from tasks.channel.sandbox.prices import SendInsertedPrices
from tasks.channel.sandbox.products import SendDeletedProducts, SendInsertedProducts
from tasks.channel.sandbox.stocks import SendInsertedStocks

Row = dict[str, Any]
SUCCESS, FAIL = ResponseStatus.success, ResponseStatus.fail
PATHS = {
    ContentType.product: ("PUT", "products"),
    ContentType.product_price: ("PUT", "prices"),
    ContentType.product_stock: ("PUT", "stocks"),
    ContentType.product_image: ("PUT", "images"),
    ContentType.integration_action: ("POST", "products/delete"),
}


def result(row: Row, *, is_good: bool, message: str | None = None) -> ProductBatchRequestResponseDto:
    """The marketplace's row about one item."""
    return ProductBatchRequestResponseDto(
        status=SUCCESS if is_good else FAIL,
        sku=row["sku"],
        remote_id=row.get("remote_id"),
        message=row.get("message") if message is None else message,
    )


@dataclass
class Answer:
    """The results of a send, as the marketplace tells them; `sent` are the skus in the order of the send."""

    command: ChannelCommand[Any, Any, Any]
    data: Row
    sent: list[str]

    def results(self, rows: list[Row], **said: Any) -> tuple[ProductBatchRequestResponseDto, ...]:
        """A result for each row."""
        return tuple(self.command.build_each(rows, lambda row: result(row, **said), lambda row: row["sku"]))


class Reading(Sandbox):
    """The local marketplace with results in another form, which `read` understands."""

    actions: ClassVar[Actions]

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        cls.name = cls.__name__.lower()

    def read(self, answer: Answer) -> Completed:
        """What became of the items."""
        rows = answer.data["results"]
        return Completed(tuple(result(row, is_good=row["status"] == "SUCCESS") for row in rows))


def reader(command: ChannelCommand[Any, Any, Any]) -> Reading:
    """The connector of a command."""
    integration: Reading = command.integration
    return integration


async def sent(command: ChannelCommand[Any, Any, Any], items: list[Row]) -> SendOutcome:
    """Sends what the example's command builds."""
    assert command.content_type
    client = reader(command).client
    method, path = PATHS[command.content_type]
    reply = await client.transport.send(Call(method, path, client.mode, {"items": items}, repeatable=True))
    if reply.status == HTTPStatus.ACCEPTED:
        return Accepted(reply.data["batch_id"])
    names = [item.get("sku") or item["remote_id"] for item in items]
    return reader(command).read(Answer(command, reply.data, names))


class SendProducts(SendInsertedProducts):
    async def send(self, items: list[Row]) -> SendOutcome:
        return await sent(self, items)


class DeleteProducts(SendDeletedProducts):
    async def send(self, items: list[Row]) -> SendOutcome:
        return await sent(self, items)


class SendPrices(SendInsertedPrices):
    async def send(self, items: list[Row]) -> SendOutcome:
        return await sent(self, items)


class SendStocks(SendInsertedStocks):
    async def send(self, items: list[Row]) -> SendOutcome:
        return await sent(self, items)


class SendImages(SendInsertedImages):
    async def send(self, items: list[Row]) -> SendOutcome:
        return await sent(self, items)


class Check(sandbox_products.CheckProducts):
    """Asks for the results of one batch."""

    async def send(self, batch: Any) -> CheckOutcome:
        reply = await self.integration.client.batch(batch.remote_batch_id)
        if reply is None:
            return Unknown("The marketplace does not know this batch any more.")
        if reply.data["status"] == "done":
            return await self.done(reply.data)
        return self.under_way(reply.data)

    async def done(self, data: Row) -> Completed:
        return reader(self).read(Answer(self, data, self.keys()))

    def under_way(self, _: Row) -> InProgress:
        return InProgress()

    def keys(self) -> list[str]:
        return []


Reading.actions = {
    **Sandbox.actions,
    **commands_of(SendProducts, DeleteProducts, SendPrices, SendStocks, SendImages, Check),
}


class FailuresOnly(Reading):
    """What is not named was taken."""

    def read(self, answer: Answer) -> Completed:
        return Completed(answer.results(answer.data["failures"], is_good=False), rest=SUCCESS)


class CheckLines(Check):
    needs_sent = True

    def keys(self) -> list[str]:
        return [one.key or one.remote_id or "" for one in self.sent]


class LineNumbers(Reading):
    """A line that is not named was taken."""

    actions: ClassVar = {**Reading.actions, **commands_of(CheckLines)}

    def read(self, answer: Answer) -> Completed:
        rows = [{**row, "sku": answer.sent[row["line"] - 1]} for row in answer.data["failures"]]
        return Completed(answer.results(rows, is_good=False), rest=SUCCESS)


class CheckParts(Check):
    def under_way(self, data: Row) -> InProgress:
        return InProgress(results=reader(self).read(Answer(self, {"results": [], **data}, [])).results)


class Parts(Reading):
    actions: ClassVar = {**Reading.actions, **commands_of(CheckParts)}


class CheckPatiently(CheckParts):
    ask_every = 4 * 3_600.0
    give_up_after = 7 * 24 * 3_600.0


class Moderation(Reading):
    actions: ClassVar = {**Reading.actions, **commands_of(CheckPatiently)}


class Warnings(Reading):
    """A remark about what was taken is for the merchant."""

    def read(self, answer: Answer) -> Completed:
        return Completed(tuple(self.remarked(row) for row in answer.data["results"]))

    def remarked(self, row: Row) -> ProductBatchRequestResponseDto:
        remarks = "; ".join(row.get("warnings", ()))
        return result(row, is_good=row["status"] == "SUCCESS", message=remarks or row["message"])


class MultiStatus(Reading):
    def read(self, answer: Answer) -> Completed:
        rows = answer.data["results"]
        return Completed(tuple(result(row, is_good=row["status"] == HTTPStatus.OK) for row in rows))


class FewItems(Reading):
    max_batch_size = 2


class OneItem(Reading):
    max_batch_size = 1

    def read(self, answer: Answer) -> Completed:
        row = answer.data["result"]
        return Completed((result(row, is_good=row["status"] == "SUCCESS"),))


class CheckFile(Check):
    async def done(self, data: Row) -> Completed:
        integration = self.integration
        assert isinstance(integration, Files)
        reply = await integration.client.transport.send(Call("GET", data["file"], reads="bytes"))
        return integration.read(Answer(self, {"results": integration.rows(reply.content)}, []))


class Files(Reading):
    actions: ClassVar = {**Reading.actions, **commands_of(CheckFile)}

    def rows(self, content: bytes) -> list[Row]:
        return [json.loads(line) for line in content.splitlines()]


class JsonlFile(Files):
    pass


class CsvFile(Files):
    def rows(self, content: bytes) -> list[Row]:
        return list(csv.DictReader(io.StringIO(gzip.decompress(content).decode())))
