"""Requests to cancel or send back an item, and the merchant's decisions about them."""

from collections.abc import Callable
from typing import Annotated, Literal

from pydantic import Field, ValidationError

from deployments.sandbox.hub.bodies import Body, BodyContext, key_of
from deployments.sandbox.hub.journal import Journal
from deployments.sandbox.hub.ledger import Key
from deployments.sandbox.hub.tables import Row, Table
from dto.enums import ContentType
from dto.orders import CancellationStatus

WAITING = CancellationStatus.waiting_approval.value

_FIRST_REQUEST = 1002


class _NewRequest(Body):
    subject = "cancellation request"

    order_item: Annotated[int, key_of("order_item")]
    reason: Annotated[int, key_of("reason")]
    remote_id: str = Field(min_length=1)
    description: str | None = None
    cancellation_type: Literal["cancel", "refund"]


class _Decision(Body):
    subject = "decision about a request"

    status: CancellationStatus = Field(strict=False)  # JSON has no enumerations


class Cancellations:
    """The table of requests; a client may create one twice.

    Args:
        journal: where each create is noted, by the remote id that the client gives it.
        stamp: makes modification dates.
        edit: changes a row of a content type, as the merchant does.
        added: called with each new object.
        context: what bodies refer to.
    """

    def __init__(
        self,
        *,
        journal: Journal,
        stamp: Callable[[], str],
        edit: Callable[..., Row],
        added: Callable[[Key], None],
        context: BodyContext,
    ) -> None:
        self.table = Table("id", indexed=["order_item"])
        self._journal = journal
        self._stamp = stamp
        self._edit = edit
        self._added = added
        self._context = context

    def create(self, body: Row) -> Row:
        """A new request, waiting for the merchant. The batch binds its remote id; the row does not show it.

        Raises:
            ValidationError: a field is wrong.
        """
        subject = str(body.get("remote_id"))
        try:
            fields = _NewRequest.model_validate(body, context=self._context).given()
        except ValidationError:
            self._journal.note("request", subject, is_accepted=False)
            raise
        self._journal.note("request", subject, is_accepted=True)
        del fields["remote_id"]
        request = self.table.add(
            {
                "id": self.table.next_key(_FIRST_REQUEST),
                "description": None,
                **fields,
                "status": WAITING,
                "modified_date": self._stamp(),
            }
        )
        self._added(Key(ContentType.cancellation_request, request["id"]))
        return request

    def change(self, pk: int, body: Row) -> Row:
        """A decision that the channel made by itself.

        Raises:
            ValidationError: there is no such status.
        """
        return self.decide(pk, _Decision.model_validate(body, context=self._context).status)

    def decide(self, pk: int, status: str) -> Row:
        """The merchant's decision; once the request is bound, it is on the list of updates.

        Raises:
            ValueError: there is no such status.
        """
        return self._edit(ContentType.cancellation_request, pk, status=CancellationStatus(status).value)
