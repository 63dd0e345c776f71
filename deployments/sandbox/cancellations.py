"""Requests to cancel or send back an item, and what the merchant decides about them."""

from collections.abc import Callable

from deployments.sandbox.forms import Form, choice, member, reference, text
from deployments.sandbox.ledger import Key
from deployments.sandbox.messages import HttpError
from deployments.sandbox.sales import REASONS, Journal
from deployments.sandbox.tables import Row, Table
from dto.enums import CancellationType, ContentType
from dto.orders import CancellationStatus

WAITING = CancellationStatus.waiting_approval.value

_FIRST_REQUEST = 1002


class Cancellations:
    """The table of requests; nothing keeps a client from creating one twice.

    Args:
        items: the order items that a request may be about.
        journal: where each create is noted, by the remote id that the client gives it.
        stamp: makes modification dates.
        edit: changes a row of a content type, as the merchant does.
        added: called with each new object.
        violation: takes a sentence about a client's mistake that the hub does not refuse.
    """

    def __init__(
        self,
        *,
        items: Table,
        journal: Journal,
        stamp: Callable[[], str],
        edit: Callable[..., Row],
        added: Callable[[Key], None],
        violation: Callable[[str], None],
    ) -> None:
        self.table = Table("id", indexed=["order_item"])
        self._journal = journal
        self._stamp = stamp
        self._edit = edit
        self._added = added
        self._form = Form(
            "cancellation request",
            {
                "order_item": reference(items),
                "reason": member(*REASONS),
                "remote_id": text(),
                "description": text(),
                "cancellation_type": choice(*CancellationType),
            },
            required=("order_item", "reason", "remote_id", "cancellation_type"),
            violation=violation,
        )

    def create(self, body: Row) -> Row:
        """A new request, waiting for the merchant. The batch binds its remote id; the row does not show it.

        Raises:
            HttpError: 400, a field is wrong.
        """
        subject = str(body.get("remote_id"))
        try:
            fields = self._form.read(body)
        except HttpError:
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

    def decide(self, pk: int, status: str) -> Row:
        """The merchant's decision; once the request is bound, it is on the list of updates.

        Raises:
            ValueError: a status that is none.
        """
        return self._edit(ContentType.cancellation_request, pk, status=CancellationStatus(status).value)
