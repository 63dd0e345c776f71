"""What a connector's commands have in common: however a channel answers, the pipeline is told one of a few outcomes."""

from typing import Any

from pydantic import ValidationError

from clients.errors import ContractError
from dto.outcomes import Accepted, CheckOutcome, Completed, InProgress, ItemResult, SendOutcome, Unknown
from dto.reports import ErrorReportDto
from tasks import reports
from tasks.batch import Batch
from tasks.command import CommandInterface, In, Out


class ChannelCommand(CommandInterface[In, Out]):
    """A command of the channel's side; `self.integration` is the connector's ChannelIntegration."""

    batch_request: Batch

    def create_report(self, response: Any, *, is_ok: bool = True) -> list[ErrorReportDto]:
        """The merchant's line about one call: `response` is what `Transport.send` or httpx answered, or any value."""
        redactor, now = self.integration.runtime.redactor, self.integration.runtime.clock.now()
        return [
            reports.of_call(self.batch_request, type(self).__name__, response, is_ok=is_ok, now=now, redactor=redactor)
        ]

    async def run(self) -> Out:
        """The steps, and the outcome that their answer amounts to."""
        try:
            answer = await super().run()
        except ValidationError as error:
            first = error.errors(include_input=False, include_url=False)[0]
            field = ".".join(str(part) for part in first["loc"])
            raise ContractError(
                f"The connector `{self.integration.name}` built a {error.title} in `{self.key}` that cannot be: "
                f"{field}: {first['msg']}."
            ) from error
        for failure in self.failures:
            self.batch_request.fail_member(failure)
        outcome: Out = self.outcome(answer)
        return outcome

    def outcome(self, answer: Any) -> Any:
        """The outcome behind an answer; here, the answer itself."""
        return answer

    def nonsense(self, answer: Any) -> ContractError:
        """The error for an answer that is none of what a connector may say."""
        seen = self.integration.runtime.redactor.text(repr(answer), limit=200)
        return ContractError(
            f"The connector `{self.integration.name}` answered `{self.key}` with {seen}. A send answers "
            "Completed(results), Accepted(remote_batch_id) or `response_data, report, data`; a check may also answer "
            "InProgress() or Unknown(why)."
        )

    def parts(self, answer: Any) -> tuple[tuple[ItemResult, ...], tuple[ErrorReportDto, ...]]:
        """The results and reports of the documented triple `response_data, report, data`.

        `response_data` is a list of results, or empty (`""`, None) where the channel answers later.
        """
        if not (isinstance(answer, tuple) and len(answer) == 3):  # noqa: PLR2004
            raise self.nonsense(answer)
        results, told, _ = answer
        return self.checked(answer, results or (), [told] if isinstance(told, ErrorReportDto) else told or ())

    def checked(
        self, answer: Any, results: Any, told: Any
    ) -> tuple[tuple[ItemResult, ...], tuple[ErrorReportDto, ...]]:
        """Results and reports that are what they should be."""
        if not (isinstance(results, list | tuple) and all(isinstance(result, ItemResult) for result in results)):
            raise self.nonsense(answer)
        if not (isinstance(told, list | tuple) and all(isinstance(line, ErrorReportDto) for line in told)):
            raise self.nonsense(answer)
        return tuple(results), tuple(told)


class SendCommand(ChannelCommand[In, SendOutcome]):
    """Hands objects to the channel. Sending one twice must do no harm: it is repeated when an answer was lost."""

    def outcome(self, answer: Any) -> SendOutcome:
        match answer:
            case Completed():
                self.checked(answer, answer.results, answer.reports)
                return answer
            case Accepted(remote_batch_id) if remote_batch_id:
                self.checked(answer, answer.rejected, answer.reports)
                self.batch_request.remote_batch_id = str(remote_batch_id)
                return answer
            case _:
                results, told = self.parts(answer)
        if self.batch_request.remote_batch_id:
            remote_batch_id = self.batch_request.remote_batch_id = str(self.batch_request.remote_batch_id)
            return Accepted(remote_batch_id, results, told)
        if not results and not self.failed_object_list:
            raise self.nonsense(answer)
        return Completed(results, told)


class CheckCommand(ChannelCommand[Batch, CheckOutcome]):
    """Asks the channel what became of a batch that it accepted earlier; `objects.remote_batch_id` names it."""

    def outcome(self, answer: Any) -> CheckOutcome:
        match answer:
            case Completed() | InProgress() | Unknown():
                self.checked(answer, answer.results if isinstance(answer, Completed) else (), answer.reports)
                return answer
        results, told = self.parts(answer)
        return Completed(results, told) if results else InProgress(told)
