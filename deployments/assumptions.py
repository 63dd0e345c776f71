"""What the contract with Omnitron only assumes: each line, the promise that rests on it, and how to try it on a hub."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from clients.errors import ChannelAppError, ContractError, RefusedError, RetryableError, SkipError
from clients.omnitron import OmnitronClient
from clients.omnitron_connection import PAGE
from dto.batches import BatchRequestObjectsDto
from dto.enums import BatchRequestStatus as Status
from dto.enums import ContentType, IntegrationActionStatus
from dto.omnitron import BatchRequest, Channel, IntegrationAction, Product
from tasks.batch import LOCKED, OTHER_TYPE

QUIET_TYPE = ContentType.product_image
"""Probes are batches of this type: few flows use it, so they are in nobody's way."""
OTHER_QUIET_TYPE = ContentType.product_category
LONG_LISTS = ("products", "product_prices", "product_stocks", "integration_actions", "batch_requests")
"""One of them has more than a page of rows, as a rule."""
WITH_OBJECT = "it would cost a product one attempt; `channel-app check --with-object` tries it"

NOT_FOUND, NOT_ALLOWED, NOT_ACCEPTABLE = 404, 405, 406


class Verdict(StrEnum):
    """How a line was found. `differs`: it does not hold, and the program copes; `broken`: a promise is lost."""

    honoured = "honoured"
    differs = "differs"
    broken = "broken"
    not_tried = "not tried"


@dataclass(frozen=True, slots=True)
class Finding:
    """A verdict, and what was seen or why nothing was tried. `next_step` says what to do about it."""

    verdict: Verdict
    seen: str = ""
    next_step: str = ""


HONOURED = Finding(Verdict.honoured)


def broken(seen: str, next_step: str = "") -> Finding:
    """The line does not hold."""
    return Finding(Verdict.broken, seen, next_step)


def not_tried(why: str) -> Finding:
    """Nobody knows."""
    return Finding(Verdict.not_tried, why)


def differs(seen: str) -> Finding:
    """The hub is another one than assumed, and the program is made for both."""
    return Finding(Verdict.differs, seen)


class CannotTryError(ChannelAppError):
    """A line cannot be tried here and now; the message says why."""


class Trial:
    """A hub on trial: makes batches for it, and ends every one of them."""

    def __init__(self, client: OmnitronClient, channel: Channel, *, with_object: bool = False) -> None:
        self.client = client
        self.channel = channel
        self.with_object = with_object
        self.left_open: list[str] = []
        """Batches that could not be ended, each with the reason."""
        self._second_commit: RefusedError | None = None
        self._committed_twice: bool | None = None
        self._object_story: ObjectStory | None = None

    def path(self, resource: str) -> str:
        """A resource of the channel."""
        return f"channel/{self.client.channel_id}/{resource}/"

    async def get(self, resource: str, **params: Any) -> Any:
        """What a GET answers, as it came."""
        return (await self.client.call("GET", self.path(resource), params=params)).data

    async def rows(self, resource: str, **params: Any) -> list[Any]:
        """The first page of a list, as it came."""
        return _rows(await self.get(resource, **params), resource)

    async def last_rows(self, resource: str, **params: Any) -> list[Any]:
        """The last page of a list in order of age: where the newest rows stand."""
        query = {"limit": PAGE, "sort": "id", **params}
        data = await self.get(resource, **query)
        rows = _rows(data, resource)
        if rows and isinstance(data, dict) and data.get("next"):
            rows = await self.rows(resource, **query, page=-(-int(data["count"]) // len(rows)))
        return rows

    async def status_of(self, pk: int) -> dict[str, Any]:
        """A batch as the hub shows it, every field of it."""
        data = await self.get(f"batch_requests/{pk}")
        if not isinstance(data, dict):
            raise ContractError(f"Omnitron's answer to a batch's retrieve is no object but {type(data).__name__}.")
        return data

    async def move(self, pk: int, status: Status, **fields: Any) -> Any:
        """Moves a batch; answers the body as it came."""
        body = {"channel": self.client.channel_id, "status": status, **fields}
        return (await self.client.call("PATCH", self.path(f"batch_requests/{pk}"), body=body)).data

    @asynccontextmanager
    async def batch(self) -> AsyncIterator[BatchRequest]:
        """A new batch, which is failed at the end of the block unless it has ended."""
        batch = await self.client.create_batch()
        try:
            yield batch
        finally:
            await self._end(batch)

    @asynccontextmanager
    async def committed(
        self, content_type: ContentType = QUIET_TYPE, objects: Sequence[BatchRequestObjectsDto] = ()
    ) -> AsyncIterator[BatchRequest]:
        """A new batch in commit.

        Raises:
            CannotTryError: a run holds the content type.
        """
        async with self.batch() as batch:
            await self.commit(batch, content_type, objects)
            yield batch

    async def commit(
        self,
        batch: BatchRequest,
        content_type: ContentType = QUIET_TYPE,
        objects: Sequence[BatchRequestObjectsDto] = (),
    ) -> Any:
        """Commits a batch; answers the body as it came."""
        entries = [entry.model_dump(mode="json") for entry in objects]
        try:
            return await self.move(batch.pk, Status.commit, content_type=content_type, objects=entries)
        except RefusedError as refused:
            if refused.status != NOT_ACCEPTABLE:
                raise
            holders = await self.client.batches([Status.commit], content_type=content_type)
            if not holders:
                raise
            names = ", ".join(row.local_batch_id for row in holders)
            raise CannotTryError(
                f"batch {names} of {content_type} is in commit: a run is at work, or has died; try again later "
                "(`channel-app recover` frees what a dead run has left)"
            ) from refused

    async def _end(self, batch: BatchRequest) -> None:
        try:
            await self._fail(batch)
        except asyncio.CancelledError:
            # Interrupted in just this request: once more, then give in.
            await self._fail(batch)
            raise

    async def _fail(self, batch: BatchRequest) -> None:
        try:
            await self.client.move_batch(batch.pk, Status.fail)
        except ChannelAppError as error:
            if not await self._has_ended(batch):
                self.left_open.append(f"{batch.local_batch_id}: {error.message}")

    async def _has_ended(self, batch: BatchRequest) -> bool:
        try:
            return (await self.client.batch(batch.pk)).status in (Status.done, Status.fail)
        except ChannelAppError:
            return False

    # -- what several lines are read from --------------------------------------------------------------------------

    async def second_commit(self) -> RefusedError | None:
        """What a second commit of one content type meets; none when it is let through."""
        if self._committed_twice is None:
            async with self.committed(), self.batch() as second:
                try:
                    await self.move(second.pk, Status.commit, content_type=QUIET_TYPE, objects=[])
                except RefusedError as refused:
                    self._second_commit = refused
                self._committed_twice = self._second_commit is None
        return self._second_commit

    async def object_story(self) -> "ObjectStory":
        """What batches do to a product; lived through once."""
        if not self.with_object:
            raise CannotTryError(WITH_OBJECT)
        story = self._object_story
        if story is None:
            story = self._object_story = ObjectStory()
            try:
                await story.live(self)
            except ChannelAppError as error:
                story.why_not = f"the trial with product {story.product} broke off: {error.message}"
                raise
        if story.why_not:
            raise CannotTryError(story.why_not)
        return story


class ObjectStory:
    """One due product's way through two batches: committed, taken over by the second, released."""

    def __init__(self) -> None:
        self.why_not = ""
        self.product = 0
        self.committed: IntegrationAction | None = None
        self.echoed: list[Any] = []
        self.taken_by_second = False
        self.second_refused = ""
        self.kept_by_second = False
        self.left_over: IntegrationAction | None = None
        """The product's action after both batches have failed."""
        self.offered_again = False
        self._batches: set[str] = set()

    async def live(self, trial: Trial) -> None:
        """Goes the way, and leaves nothing behind but one attempt."""
        client = trial.client
        product = await self._choose(trial)
        if product is None or product.modified_date is None:
            self.why_not = "no product is due that was never tried; add one in Omnitron, and try again"
            return
        self.product = product.pk
        entry = BatchRequestObjectsDto(product.pk, product.modified_date, ContentType.product)
        try:
            async with trial.committed(ContentType.product, [entry]) as first:
                self._batches.add(first.local_batch_id)
                self.committed = await self._action(client)
                again = await trial.commit(first, ContentType.product)
                self.echoed = list((again or {}).get("objects") or []) if isinstance(again, dict) else []
                await trial.move(first.pk, Status.ongoing)
                async with trial.batch() as second:
                    self._batches.add(second.local_batch_id)
                    await self._take_over(trial, first, second, entry)
            offered = await trial.rows("products/inserts", product_type=0, pk__in=product.pk)
            self.offered_again = any(row.get("pk") == product.pk for row in offered)
        except CannotTryError as reason:
            self.why_not = reason.message
        finally:
            await self._clean_up(client)

    async def _take_over(
        self, trial: Trial, first: BatchRequest, second: BatchRequest, entry: BatchRequestObjectsDto
    ) -> None:
        try:
            await trial.commit(second, ContentType.product, [entry])
        except RefusedError as refused:
            self.second_refused = refused.message
            return
        action = await self._action(trial.client)
        self.taken_by_second = action is not None and action.local_batch_id == second.local_batch_id
        await trial.client.move_batch(first.pk, Status.fail)
        action = await self._action(trial.client)
        self.kept_by_second = action is not None and action.status is IntegrationActionStatus.processing

    async def _choose(self, trial: Trial) -> Product | None:
        """A product that is due and has no action yet: what must be gone afterwards is then plain."""
        async for page in trial.client.due_products("inserts", PAGE):
            known = await trial.client.actions(content_type=ContentType.product, object_ids=[row.pk for row in page])
            tried = {action.object_id for action in known}
            return next((row for row in page if row.pk not in tried), None)
        return None

    async def _action(self, client: OmnitronClient) -> IntegrationAction | None:
        found = await client.actions(content_type=ContentType.product, object_ids=[self.product])
        return found[0] if found else None

    async def _clean_up(self, client: OmnitronClient) -> None:
        """On a hub that does not release: the product had no action, so it must not keep one of these batches'."""
        action = await self._action(client)
        if action is not None and action.local_batch_id in self._batches:
            self.left_over = action
            await client.delete_action(action.pk)


def _rows(data: Any, resource: str) -> list[Any]:
    rows = data.get("results") if isinstance(data, dict) else data
    if not isinstance(rows, list):
        raise ContractError(f"Omnitron answered GET {resource} with no list: `results` is missing.")
    return rows


# -- lists -------------------------------------------------------------------------------------------------------------


async def page_is_capped(trial: Trial) -> Finding:
    """Asks the first list that is long enough for twice a page."""
    wanted = 2 * PAGE
    for resource in LONG_LISTS:
        data = await trial.get(resource, limit=wanted)
        rows = _rows(data, resource)
        count = data.get("count") if isinstance(data, dict) else None
        goes_on = isinstance(data, dict) and bool(data.get("next"))
        if isinstance(count, int) and count > len(rows) and not goes_on:
            return broken(
                f"{resource}/?limit={wanted} answered {len(rows)} of {count} rows, and no `next`",
                "rows are lost to every flow: report it to Omnitron's support",
            )
        if len(rows) > PAGE:
            return differs(
                f"{resource}/?limit={wanted} answered {len(rows)} rows; PAGE in clients/omnitron.py may be raised"
            )
        if goes_on:
            return HONOURED
    return not_tried(f"no list has more than {PAGE} rows")


# -- batches -----------------------------------------------------------------------------------------------------------


async def commit_locks(trial: Trial) -> Finding:
    """Two batches of one type."""
    refused = await trial.second_commit()
    if refused is None:
        return broken(
            f"two batches of {QUIET_TYPE} were in commit together",
            "let Prefect's concurrency limits alone keep two runs of one content type apart",
        )
    if refused.status != NOT_ACCEPTABLE:
        return broken(f"the second commit was answered with {refused.status}, not 406: {refused.message}")
    return HONOURED


async def lock_has_its_code(trial: Trial) -> Finding:
    """The refusal's code."""
    refused = await trial.second_commit()
    if refused is None:
        return not_tried("the second commit was not refused")
    if LOCKED not in str(refused.body):
        return broken(
            f"the refusal reads: {refused.message}", "set LOCKED in tasks/batch.py to the code that it carries"
        )
    return HONOURED


async def type_is_bound(trial: Trial) -> Finding:
    """A commit with another type than the first."""
    async with trial.committed() as batch:
        try:
            await trial.move(batch.pk, Status.commit, content_type=OTHER_QUIET_TYPE, objects=[])
        except RefusedError as refused:
            if refused.status == NOT_ACCEPTABLE and OTHER_TYPE in str(refused.body):
                return HONOURED
            if LOCKED in str(refused.body):
                return not_tried(f"a run holds {OTHER_QUIET_TYPE}: try again later")
            return broken(
                f"the refusal reads: {refused.message}", "set OTHER_TYPE in tasks/batch.py to the code that it carries"
            )
        return broken(f"a batch of {QUIET_TYPE} was committed again as {OTHER_QUIET_TYPE}")


async def objects_are_not_shown(trial: Trial) -> Finding:
    """Retrieve and list of a batch in commit."""
    async with trial.committed() as batch:
        if "objects" in await trial.status_of(batch.pk):
            return broken(f"GET batch_requests/{batch.pk}/ shows `objects`")
        listed = await trial.last_rows("batch_requests", channel=trial.client.channel_id, status=Status.commit)
        if any("objects" in row for row in listed):
            return broken("GET batch_requests/ shows `objects`")
        return HONOURED


async def answer_echoes_own_request(trial: Trial) -> Finding:
    """A commit that names nothing, of a batch that holds a product."""
    story = await trial.object_story()
    if story.echoed:
        return broken(f"a commit that named no object was answered with {len(story.echoed)}")
    return HONOURED


async def statuses_can_be_listed(trial: Trial) -> Finding:
    """One batch through five statuses, another one to the sixth; each is looked for where it stands."""
    missing = []
    async with trial.batch() as batch:
        for status in (Status.initialized, Status.commit, Status.sent_to_remote, Status.ongoing, Status.done):
            match status:
                case Status.initialized:
                    pass
                case Status.commit:
                    await trial.commit(batch)
                case Status.sent_to_remote:
                    await trial.move(batch.pk, status, remote_batch_id=_remote_id(batch))
                case Status.done:
                    await trial.move(batch.pk, status, objects=[])
                case _:
                    await trial.move(batch.pk, status)
            missing += [] if await _is_listed(trial, batch, status) else [status.value]
    async with trial.batch() as batch:
        await trial.client.move_batch(batch.pk, Status.fail)
        missing += [] if await _is_listed(trial, batch, Status.fail) else [Status.fail.value]
    if missing:
        return broken(f"a batch was not in the list of its status, or among others: {', '.join(missing)}")
    return HONOURED


async def _is_listed(trial: Trial, batch: BatchRequest, status: Status) -> bool:
    rows = await trial.last_rows("batch_requests", channel=trial.client.channel_id, status=status)
    return any(row.get("pk") == batch.pk for row in rows) and all(row.get("status") == status for row in rows)


def _remote_id(batch: BatchRequest) -> str:
    return f"check-{batch.local_batch_id}"


async def remote_batch_id_filters(trial: Trial) -> Finding:
    """A batch with a remote id of its own, among the others."""
    async with trial.committed() as batch:
        remote = _remote_id(batch)
        await trial.move(batch.pk, Status.sent_to_remote, remote_batch_id=remote)
        found = await trial.rows("batch_requests", channel=trial.client.channel_id, remote_batch_id=remote)
        if [row.get("pk") for row in found] == [batch.pk]:
            return HONOURED
        return broken(f"?remote_batch_id={remote} answered {len(found)} batches, not this one")


async def modified_date_moves(trial: Trial) -> Finding:
    """A second commit of the same batch."""
    async with trial.committed() as batch:
        before = (await trial.client.batch(batch.pk)).modified_date
        await trial.commit(batch)
        after = (await trial.client.batch(batch.pk)).modified_date
    if before is None or after is None:
        return broken("batches carry no `modified_date`")
    if after <= before:
        return broken(
            f"it stayed at {after.isoformat()} over a commit", "let `recover` wait longer than the longest run takes"
        )
    return HONOURED


# -- objects -----------------------------------------------------------------------------------------------------------


async def commit_makes_processing(trial: Trial) -> Finding:
    """The action of a committed product."""
    story = await trial.object_story()
    action = story.committed
    if action is None:
        return broken(f"product {story.product} was committed and got no action")
    if action.status is not IntegrationActionStatus.processing:
        return broken(f"the action of product {story.product} became `{action.status}`")
    return HONOURED


async def newer_batch_takes_over(trial: Trial) -> Finding:
    """A second batch commits a product that the first one holds, and the first one fails."""
    story = await trial.object_story()
    if story.second_refused:
        return broken(f"the second batch was refused: {story.second_refused}")
    if not story.taken_by_second:
        return broken(f"the action of product {story.product} stayed with the first batch")
    if not story.kept_by_second:
        return broken(f"the failing first batch released product {story.product}, which the second one held")
    return HONOURED


async def fail_releases(trial: Trial) -> Finding:
    """The action of a product that was never sent, after its batch failed."""
    story = await trial.object_story()
    if story.left_over is not None:
        return broken(
            f"the action of product {story.product} was still there, as `{story.left_over.status}`, after its batch had "
            "failed; it was deleted",
            "look for objects that stay in `processing`, and delete their actions",
        )
    return HONOURED


async def release_counts_as_attempt(trial: Trial) -> Finding:
    """The product's place in `inserts` right after its release."""
    story = await trial.object_story()
    limits = trial.channel.conf.FAILED_INTEGRATION.get("DEFAULT")
    seconds = limits.RETRY_INTERVAL if limits else None
    if not seconds:
        return not_tried("the channel's conf has no FAILED_INTEGRATION.DEFAULT.RETRY_INTERVAL")
    if story.offered_again:
        return broken(
            f"product {story.product} was offered again at once; RETRY_INTERVAL is {seconds} s",
            "look at FAILED_INTEGRATION in the channel's conf",
        )
    return HONOURED


# -- logs and orders ---------------------------------------------------------------------------------------------------


async def error_reports_are_readable(trial: Trial) -> Finding:
    """The merchant's log."""
    try:
        await trial.rows("error_reports", sort="-id", limit=1)
    except RefusedError as refused:
        if refused.status in (NOT_FOUND, NOT_ALLOWED):
            return differs(
                f"GET error_reports/ answered {refused.status}: reports are written here, and cannot be read"
            )
        raise
    return HONOURED


async def operational_events_exist(trial: Trial) -> Finding:
    """Whether there is such a path; nothing is written."""
    try:
        await trial.get("operational_events", limit=1)
    except RefusedError as refused:
        if refused.status == NOT_FOUND:
            return differs("GET operational_events/ answered 404, as older Omnitrons do: no events are written")
        if refused.status != NOT_ALLOWED:
            raise
    return HONOURED


async def shipping_infos_by_order(trial: Trial) -> Finding:
    """The list of one order's shipping infos."""
    try:
        orders = await trial.rows("orders", limit=1, sort="id")
    except RefusedError as refused:
        if refused.status in (NOT_FOUND, NOT_ALLOWED):
            return not_tried(f"GET orders/ answered {refused.status}: there is no order to ask for")
        raise
    if not orders:
        return not_tried("the channel has no order yet")
    pk = orders[0].get("pk")
    try:
        rows = await trial.rows("order_shipping_infos", order=pk)
    except RefusedError as refused:
        return broken(f"GET order_shipping_infos/?order={pk} answered {refused.status}")
    if others := [row for row in rows if str(row.get("order")) != str(pk)]:
        return broken(f"?order={pk} answered {len(others)} rows of other orders")
    return HONOURED


def untried(why: str) -> Callable[[Trial], Awaitable[Finding]]:
    """A line that no check may try."""

    async def finding(_trial: Trial) -> Finding:
        return not_tried(why)

    return finding


# -- the table ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Assumption:
    """One line of the contract that is not known for certain."""

    name: str
    promise: str
    """What is lost where the line does not hold."""
    attempt: Callable[[Trial], Awaitable[Finding]]


_REAL_ORDER = "needs a real order"
_ALL_NAMED = "nothing rests on it: this program names every object with its result"

ASSUMPTIONS: Mapping[str, Assumption] = {
    "page-cap": Assumption(
        f"a page has at most {PAGE} rows, whatever limit is asked for",
        "lists are read to their end",
        page_is_capped,
    ),
    "commit-lock": Assumption(
        "one batch of a type in commit keeps another one out (406)",
        "one at a time: of two runs of a content type at most one has effects",
        commit_locks,
    ),
    "lock-code": Assumption(
        f"that refusal's code is {LOCKED}",
        "a run that meets another one ends as skipped, not as failed",
        lock_has_its_code,
    ),
    "bound-type": Assumption(
        f"a batch keeps the type of its first commit (406, {OTHER_TYPE})",
        "a batch that was mixed up is told from one that somebody else ended",
        type_is_bound,
    ),
    "hidden-objects": Assumption(
        "neither retrieve nor list shows a batch's objects",
        "small answers: what a batch holds is read from its actions, and lists of batches stay short",
        objects_are_not_shown,
    ),
    "own-echo": Assumption(
        "an answer to a move echoes only its own request's objects",
        "small answers: a repeated commit, which is a sign of life, costs the same however much the batch holds",
        answer_echoes_own_request,
    ),
    "listed-statuses": Assumption(
        "batches of all six statuses can be listed",
        "bounded batches: `recover` finds what a dead run left in `initialized` or `commit`",
        statuses_can_be_listed,
    ),
    "remote-batch-filter": Assumption(
        "remote_batch_id filters batches",
        "`verify_batch` finds the batch that it was booked for",
        remote_batch_id_filters,
    ),
    "touch": Assumption(
        "a batch's modified_date moves on every commit",
        "no lie: `recover` leaves the batch of a living run alone",
        modified_date_moves,
    ),
    "no-expiry": Assumption(
        "Omnitron never ends a batch by itself",
        "convergence: a batch that waits for its channel can still be settled",
        untried("it would take longer than a check: whether Omnitron ever expires a batch is unknown"),
    ),
    "processing": Assumption(
        "a committed object is in `processing`",
        "one at a time: no other run is offered what this one sends",
        commit_makes_processing,
    ),
    "take-over": Assumption(
        "an object that is committed again belongs to the newer batch",
        "no lie: a price that travels with two products' batches is settled by the one that sent it last",
        newer_batch_takes_over,
    ),
    "release": Assumption(
        "`fail` releases objects, and one that was never sent loses its action",
        "convergence: what a dead run held is offered again",
        fail_releases,
    ),
    "attempt": Assumption(
        "a release counts as one attempt, and the next waits RETRY_INTERVAL",
        "bounded retry: a product that always fails is not tried without end",
        release_counts_as_attempt,
    ),
    "unnamed-objects": Assumption(
        "what `done` does not name stays in `processing`", "convergence: nothing stays locked", untried(_ALL_NAMED)
    ),
    "kept-remote-id": Assumption(
        "an empty remote_id never erases a known one",
        "convergence: a failed update keeps the object's name on the channel",
        untried("it needs a product that is on sale, and would change what Omnitron records about it"),
    ),
    "uncommitted-objects": Assumption(
        "`done` accepts an object that was never committed",
        "a price and a stock that were not announced are settled with their product",
        untried("it would record an object as sent that was not"),
    ),
    "error-reports": Assumption(
        "error reports can be read (newer hubs)",
        "explainable: why an object failed can be looked up later",
        error_reports_are_readable,
    ),
    "events": Assumption(
        "there are operational events (newer hubs)",
        "explainable: the hub's own monitoring hears of failures",
        operational_events_exist,
    ),
    "order-number": Assumption(
        "an order number is unique per channel (400)", "orders: each is created once", untried(_REAL_ORDER)
    ),
    "second-cancel": Assumption(
        "a second cancellation is refused (406)", "effectively once: nothing is cancelled twice", untried(_REAL_ORDER)
    ),
    "shipping-infos": Assumption(
        "shipping infos are listed by order",
        "effectively once: a shipping info whose answer was lost is not created twice",
        shipping_infos_by_order,
    ),
}
"""By short names, in the order in which they are tried."""


async def attempt(assumption: Assumption, trial: Trial) -> Finding:
    """Tries one line. A hub that is down says nothing about it; a refusal that nothing explains breaks it."""
    try:
        return await assumption.attempt(trial)
    except (CannotTryError, SkipError, RetryableError) as reason:
        return not_tried(reason.message)
    except ChannelAppError as error:
        return broken(error.message)
