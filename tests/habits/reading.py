"""Connectors for marketplaces that tell results in forms of their own: each says how it reads an answer, and no more."""

from collections.abc import Iterable
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, BinaryIO, ClassVar

from tasks.channel import (
    Accepted,
    AnsweredCommand,
    Batch,
    Call,
    CheckOutcome,
    Completed,
    InProgress,
    ItemResult,
    RefusedError,
    ResponseStatus,
    SendOutcome,
    Unknown,
    commands_of,
    csv_rows,
    json_lines,
    segment,
)
from tasks.channel.sandbox import ChannelIntegration as Sandbox
from tasks.channel.sandbox import offers, products

Row = dict[str, Any]
SUCCESS = ResponseStatus.success


@dataclass
class Answer:
    """The results of a send, as the marketplace tells them; `sent` are the skus in the order of the send."""

    command: AnsweredCommand[Any, Any, Any]
    data: Row
    sent: list[str]

    def result(self, row: Row, *, is_good: bool) -> ItemResult:
        """The marketplace's row about one item."""
        tell = self.command.accepted if is_good else self.command.refused
        return tell(row["sku"], remote_id=row.get("remote_id"), message=row.get("message"))

    def refusals(self, rows: Iterable[Row]) -> Completed:
        """Whatever is not named was taken."""
        refused = self.command.build_each(rows, lambda row: self.result(row, is_good=False), lambda row: row["sku"])
        return Completed(tuple(refused), rest=SUCCESS)


class Reading(Sandbox):
    """The local marketplace with results in another form, which `read` understands."""

    def read(self, answer: Answer) -> Completed:
        """What became of the items."""
        rows = answer.data["results"]
        return Completed(tuple(answer.result(row, is_good=row["status"] == "SUCCESS") for row in rows))

    async def hand_over(
        self, command: AnsweredCommand[Any, Any, Any], method: str, path: str, items: list[Row]
    ) -> SendOutcome:
        mode = {"async": "true"} if self.conf.asynchronous else {}
        reply = await self.transport.send(Call(method, path, mode, {"items": items}, repeatable=True))
        if reply.status == HTTPStatus.ACCEPTED:
            return Accepted(reply.data["batch_id"])
        return self.read(Answer(command, reply.data, [item.get("sku") or item["remote_id"] for item in items]))


class Check(products.CheckProducts):
    """Asks for the results of one batch."""

    integration: Reading

    async def send(self, batch: Batch) -> CheckOutcome:
        try:
            reply = await self.integration.get(f"/batches/{segment(str(batch.remote_batch_id))}")
        except RefusedError as error:
            if error.status != HTTPStatus.NOT_FOUND:
                raise
            return Unknown("The marketplace does not know this batch any more.")
        return await self.done(reply.data) if reply.data["status"] == "done" else self.under_way(reply.data)

    async def done(self, data: Row) -> Completed:
        return self.integration.read(Answer(self, data, self.keys()))

    def under_way(self, _: Row) -> InProgress:
        return InProgress()

    def keys(self) -> list[str]:
        return []


class FailuresOnly(Reading):
    """What is not named was taken."""

    name = "failures only"
    actions: ClassVar = {**Sandbox.actions, **commands_of(Check)}

    def read(self, answer: Answer) -> Completed:
        return answer.refusals(answer.data["failures"])


class CheckLines(Check):
    """The lines are those of the send."""

    needs_sent = True

    def keys(self) -> list[str]:
        return [one.key or one.remote_id or "" for one in self.sent]


class LineNumbers(Reading):
    """A line that is not named was taken."""

    name = "line numbers"
    actions: ClassVar = {**Sandbox.actions, **commands_of(CheckLines)}

    def read(self, answer: Answer) -> Completed:
        return answer.refusals({**row, "sku": answer.sent[row["line"] - 1]} for row in answer.data["failures"])


class CheckParts(Check):
    """Takes what is ready."""

    def under_way(self, data: Row) -> InProgress:
        return InProgress(results=self.integration.read(Answer(self, {"results": [], **data}, [])).results)


class Parts(Reading):
    """Results come item by item."""

    name = "parts"
    actions: ClassVar = {**Sandbox.actions, **commands_of(CheckParts)}


class CheckPatiently(CheckParts):
    """A person looks at each product."""

    ask_every = 4 * 3_600.0
    give_up_after = 7 * 24 * 3_600.0


class Moderation(Reading):
    """Results come after days."""

    name = "moderation"
    actions: ClassVar = {**Sandbox.actions, **commands_of(CheckPatiently)}


class Warnings(Reading):
    """A remark about what was taken is for the merchant."""

    name = "warnings"
    actions: ClassVar = {**Sandbox.actions, **commands_of(Check)}

    def read(self, answer: Answer) -> Completed:
        return Completed(tuple(self.remarked(answer, row) for row in answer.data["results"]))

    def remarked(self, answer: Answer, row: Row) -> ItemResult:
        remarks = "; ".join(row.get("warnings", ())) or row["message"]
        return answer.result({**row, "message": remarks}, is_good=row["status"] == "SUCCESS")


class MultiStatus(Reading):
    """Each item has an HTTP status."""

    name = "multi-status"
    actions: ClassVar = {**Sandbox.actions, **commands_of(Check)}

    def read(self, answer: Answer) -> Completed:
        rows = answer.data["results"]
        return Completed(tuple(answer.result(row, is_good=row["status"] == HTTPStatus.OK) for row in rows))


class SendFewProducts(products.SendInsertedProducts):
    """Two in a call."""

    max_items_per_call = 2


class SendFewPrices(offers.SendInsertedPrices):
    """Two in a call."""

    max_items_per_call = 2


class SendFewStocks(offers.SendInsertedStocks):
    """Two in a call."""

    max_items_per_call = 2


class SendFewImages(offers.SendInsertedImages):
    """Two in a call."""

    max_items_per_call = 2


class DeleteFewProducts(products.SendDeletedProducts):
    """Two in a call."""

    max_items_per_call = 2


class FewItems(Reading):
    """Takes two items in a call."""

    name = "few items"
    actions: ClassVar = {
        **Sandbox.actions,
        **commands_of(SendFewProducts, SendFewPrices, SendFewStocks, SendFewImages, DeleteFewProducts, Check),
    }


class SendOneProduct(SendFewProducts):
    """One in a call."""

    max_items_per_call = 1


class SendOnePrice(SendFewPrices):
    """One in a call."""

    max_items_per_call = 1


class SendOneStock(SendFewStocks):
    """One in a call."""

    max_items_per_call = 1


class SendOneImage(SendFewImages):
    """One in a call."""

    max_items_per_call = 1


class DeleteOneProduct(DeleteFewProducts):
    """One in a call."""

    max_items_per_call = 1


class OneItem(Reading):
    """Takes one item in a call, each with a process of its own."""

    name = "one item"
    actions: ClassVar = {
        **Sandbox.actions,
        **commands_of(SendOneProduct, SendOnePrice, SendOneStock, SendOneImage, DeleteOneProduct, Check),
    }

    def read(self, answer: Answer) -> Completed:
        row = answer.data["result"]
        return Completed((answer.result(row, is_good=row["status"] == "SUCCESS"),))


class CheckFile(Check):
    """Reads the results from the file that the marketplace names."""

    integration: "Files"

    async def done(self, data: Row) -> Completed:
        async with self.integration.transport.download(f"{self.integration.conf.base_url}{data['file']}") as file:
            return self.integration.read(Answer(self, {"results": list(self.integration.rows(file))}, []))


class Files(Reading):
    """Results are in a file."""

    actions: ClassVar = {**Sandbox.actions, **commands_of(CheckFile)}

    def rows(self, file: BinaryIO) -> Iterable[Row]:
        """The rows of the file."""
        return json_lines(file)


class JsonlFile(Files):
    """A file of lines of JSON."""

    name = "jsonl file"


class CsvFile(Files):
    """A zipped file of comma-separated values."""

    name = "csv file"

    def rows(self, file: BinaryIO) -> Iterable[Row]:
        return csv_rows(file)
