"""Lists of the channel that come in pages: each page is taken in before the next one is read, whatever its form."""

import tracemalloc
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from typing import Any, ClassVar

import pytest

from clients.errors import ChannelUnavailableError, ContractError
from deployments.sandbox.hub.ledger import Key
from dto.orders import ChannelCreateOrderDto, ChannelUpdateOrderItemDto
from dto.outcomes import Fetched, Unreadable
from dto.summary import RunOutcome, RunSummary
from flows.order import create_order_shipping_info, fetch_and_create_order, fetch_and_update_order_items
from tasks.channel.sandbox import ChannelIntegration as Sandbox
from tasks.channel.sandbox.orders import GetOrders, GetUpdatedOrderItems
from tasks.channel.streams import Continuation, Stream
from tests.world.loopback import World
from tests.world.sales import address, customer, imported, item, items_in_hub, list_products, order
from tests.world.shop import attempt, requests_of, run, use_connector

Pages = Sequence[Any]


class Told:
    """The pages that the channel has, and what was asked of it."""

    pages: ClassVar[Pages] = ()
    asked: ClassVar[list[Any]] = []
    made: ClassVar[int] = 0
    is_closed: ClassVar[bool] = False


class _Paged(GetOrders):
    """Cursors are `at-1`, `at-2`, and so on; an error in the place of a page is raised."""

    async def send(self, _: None) -> Fetched[ChannelCreateOrderDto]:
        Told.asked.append(self.page)
        number = int(self.page.removeprefix("at-")) if self.page else 0
        found = Told.pages[number]
        if isinstance(found, Exception):
            raise found
        rows = found() if callable(found) else found
        following = f"at-{number + 1}" if number + 1 < len(Told.pages) else ""
        return Fetched(tuple(rows), next=following)


class Paged(Sandbox):
    """Answers a page and the cursor of the next one."""

    name = "paged"
    actions: ClassVar = {**Sandbox.actions, _Paged.key: _Paged}


class _Lines(_Paged):
    rows_are_lines = True


class Lines(Paged):
    """Lists a row for each line."""

    actions: ClassVar = {**Sandbox.actions, _Lines.key: _Lines}


class _Circling(_Paged):
    async def send(self, _: None) -> Fetched[ChannelCreateOrderDto]:
        found = await super().send(_)
        return Fetched(found.items, next=found.next or "at-1")


class Circling(Paged):
    """Its last page leads back to the second one."""

    actions: ClassVar = {**Sandbox.actions, _Circling.key: _Circling}


class _Generating(GetOrders):
    def send(self, _: None) -> Iterator[Any]:  # type: ignore[override]  # another documented form
        Told.asked.append(self.page)
        try:
            for rows in Told.pages:
                if isinstance(rows, Exception):
                    raise rows
                yield rows
        finally:
            Told.is_closed = True


class Generating(Sandbox):
    """Yields a page at a time, from a generator that blocks."""

    name = "generating"
    actions: ClassVar = {**Sandbox.actions, _Generating.key: _Generating}


class _GeneratingLater(GetOrders):
    async def send(self, _: None) -> AsyncIterator[Any]:  # type: ignore[override]
        async def each() -> AsyncIterator[Any]:
            for rows in Told.pages:
                if isinstance(rows, Exception):
                    raise rows
                for built in self.build_each(rows, lambda row: row, str):
                    yield built
                self.unreadable.append(Unreadable("a row", "no reason"))

        return each()


class GeneratingLater(Sandbox):
    """Yields item by item, from an `async` generator."""

    name = "generating later"
    actions: ClassVar = {**Sandbox.actions, _GeneratingLater.key: _GeneratingLater}


class _PagedChanges(GetUpdatedOrderItems):
    async def send(self, _: None) -> Fetched[ChannelUpdateOrderItemDto]:
        number = self.page or 0
        following = number + 1 if number + 1 < len(Told.pages) else None
        return Fetched(tuple(Told.pages[number]), next=following)


class PagedChanges(Sandbox):
    """Lists changes of items in pages."""

    name = "paged changes"
    actions: ClassVar = {**Sandbox.actions, _PagedChanges.key: _PagedChanges}


@pytest.fixture
def world(make_world: Callable[..., World]) -> World:
    """A shop whose products are on the channel."""
    world = make_world(failing=0)
    list_products(world)
    return world


def lists(world: World, *pages: Any, by: type[Sandbox] = Paged) -> None:
    """The channel has these pages."""
    use_connector(world, f"{__name__}:{by.__name__}")
    Told.pages, Told.asked, Told.is_closed = pages, [], False


async def fetch(world: World, **parameters: Any) -> RunSummary:
    return await attempt(world, fetch_and_create_order, **parameters)


def some(world: World, *numbers: int, **fields: Any) -> list[ChannelCreateOrderDto]:
    """Orders of the channel with these numbers."""
    return [
        order(world, item(world, remote_id=f"I{number}"), remote_id=f"R{number}", number=f"SP{number}", **fields)
        for number in numbers
    ]


def line(world: World, number: int, name: str) -> ChannelCreateOrderDto:
    """One line of an order that has several."""
    return order(world, item(world, remote_id=name), remote_id=f"R{number}", number=f"SP{number}")


def numbers(world: World) -> set[str]:
    """Of the orders in Omnitron."""
    return {row["number"] for row in world.orders}


DOWN = ChannelUnavailableError("Page 3 is down.", spent=True)

# -- page by page ------------------------------------------------------------------------------------------------------


async def test_every_page_is_read_and_each_order_taken_in(world: World) -> None:
    lists(world, some(world, 1, 2), some(world, 3), some(world, 4, 5))
    assert (await fetch(world)).counts == {"created": 5}
    assert (numbers(world), Told.asked) == ({"SP1", "SP2", "SP3", "SP4", "SP5"}, [None, "at-1", "at-2"])


async def test_a_page_is_taken_in_before_the_next_one_is_read(world: World) -> None:
    there: list[set[str]] = []

    def second() -> list[ChannelCreateOrderDto]:
        there.append(numbers(world))
        return some(world, 3)

    lists(world, some(world, 1, 2), second)
    await fetch(world, batch_size=2)
    assert there == [{"SP1", "SP2"}]


async def test_new_orders_of_several_pages_share_a_batch(world: World) -> None:
    lists(world, some(world, 1), some(world, 2), some(world, 3))
    assert (await fetch(world, batch_size=2)).batches == 2


async def test_a_page_that_cannot_be_read_keeps_what_earlier_ones_brought(world: World) -> None:
    lists(world, some(world, 1), some(world, 2), DOWN)
    summary = await fetch(world)
    assert (summary.outcome, summary.counts, summary.reason) == (RunOutcome.failed, {"created": 2}, "Page 3 is down.")
    lists(world, some(world, 1), some(world, 2), some(world, 3))
    assert (await fetch(world)).counts == {"known": 2, "created": 1}


async def test_orders_of_earlier_pages_are_acknowledged_though_a_later_one_fails(world: World) -> None:
    world.market.sales.wants_acknowledgement = True
    placed = world.market.place_order(items=[(next(iter(world.products))["sku"], 1)])
    (entry,) = some(world, 1)
    entry = entry.model_copy(
        update={"order": entry.order.model_copy(update={"remote_id": placed["id"]}), "is_acknowledged": False}
    )
    lists(world, [entry], DOWN)
    assert (await fetch(world)).counts == {"created": 1, "acknowledged": 1}
    assert placed["acknowledged"]


async def test_a_cursor_that_comes_back_ends_the_reading(world: World) -> None:
    lists(world, some(world, 1), some(world, 2), some(world, 3), by=Circling)
    summary = await fetch(world)
    assert summary.counts == {"created": 3}
    assert "with a `next` page that was read already, `at-1`" in str(summary.reason)


@pytest.mark.slow
async def test_the_known_orders_of_a_window_take_no_memory(world: World) -> None:
    """But their digests. Ten times as many orders: less than half as much again."""

    def known(start: int) -> Callable[[], list[ChannelCreateOrderDto]]:
        return lambda: [
            order(
                world,
                item(world, remote_id="I1"),
                remote_id=f"R{number}",
                number=f"SP{number}",
                customer=customer(channel_code=f"B{number}"),
                shipping_address=address(line=f"Gül Sok. No: {number}"),
            )
            for number in range(start, start + 500)
        ]

    async def peak(count: int) -> int:
        lists(world, *(known(start) for start in range(0, count, 500)))
        tracemalloc.reset_peak()
        before, _ = tracemalloc.get_traced_memory()
        assert (await fetch(world)).counts == {"known": count}
        return tracemalloc.get_traced_memory()[1] - before

    for number in range(10_000):
        world.ledger.put(Key("order", 900_000 + number), status="success", version_date=None, remote_id=f"R{number}")
    world.ledger.put(Key("orderitem", 1), status="success", version_date=None, remote_id="I1")
    await fetch(world)
    tracemalloc.start()
    try:
        small, large = await peak(1_000), await peak(10_000)
    finally:
        tracemalloc.stop()
    assert large < 1.5 * small, (small, large)


# -- pages that shift --------------------------------------------------------------------------------------------------


async def test_an_order_that_moves_to_the_next_page_meanwhile_is_counted_once(world: World) -> None:
    lists(world, some(world, 1, 2), some(world, 2, 3))
    summary = await fetch(world, batch_size=2)
    assert (summary.counts, summary.irregularities) == ({"created": 3}, {"duplicated": 1})


async def test_an_order_that_changes_while_it_is_read_is_no_failure(world: World) -> None:
    lists(world, some(world, 1), some(world, 1, notes="Ring twice."))
    assert (await fetch(world, batch_size=1)).counts == {"created": 1}
    assert (await fetch(world)).counts == {"known": 1}


async def test_lines_on_different_pages_are_joined_where_the_connector_says_that_rows_are_lines(world: World) -> None:
    lists(world, [line(world, 1, "A"), line(world, 2, "C")], [line(world, 1, "B")], by=Lines)
    assert (await fetch(world, batch_size=1)).counts == {"created": 2}
    assert len(list(world.order_items)) == 3
    assert (await fetch(world)).counts == {"known": 2}


async def test_of_lines_nothing_is_taken_in_when_a_later_page_fails(world: World) -> None:
    """A line of the same order may stand on it."""
    lists(world, [line(world, 1, "A")], DOWN, by=Lines)
    assert (await fetch(world)).counts == {}
    assert numbers(world) == set()


async def test_lines_on_different_pages_are_reported_once_where_the_connector_does_not_say_so(world: World) -> None:
    lists(world, [line(world, 1, "A")], [line(world, 1, "B"), line(world, 1, "C")])
    summary = await fetch(world, batch_size=1)
    assert (summary.counts, summary.failures) == ({"created": 1, "failed": 1}, {"RowsApart": 1})
    (said,) = [row["error_desc"] for row in world.reports if not row["is_ok"]]
    assert "say `rows_are_lines = True` in the connector's `get_orders`" in said


# -- streams -----------------------------------------------------------------------------------------------------------


@pytest.fixture
def small_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tasks.channel.fetching.PIECE", 2)


@pytest.mark.usefixtures("small_pieces")
@pytest.mark.parametrize("by", [Generating, GeneratingLater])
async def test_a_generator_is_taken_in_piece_by_piece(world: World, by: type[Sandbox]) -> None:
    lists(world, some(world, 1, 2), some(world, 3, 4), some(world, 5), by=by)
    summary = await fetch(world, batch_size=2)
    assert (summary.counts["created"], summary.batches) == (5, 3)


@pytest.mark.usefixtures("small_pieces")
async def test_rows_that_a_generator_cannot_build_are_each_told_once(world: World) -> None:
    lists(world, some(world, 1, 2), some(world, 3, 4), some(world, 5), by=GeneratingLater)
    assert (await fetch(world)).failures == {"Unreadable": 3}


@pytest.mark.usefixtures("small_pieces")
@pytest.mark.parametrize("by", [Generating, GeneratingLater])
async def test_a_generator_that_fails_later_keeps_what_it_brought(world: World, by: type[Sandbox]) -> None:
    lists(world, some(world, 1, 2), ChannelUnavailableError("Page 2 is down."), some(world, 3), by=by)
    summary = await fetch(world)
    assert (summary.counts["created"], summary.reason) == (2, "Page 2 is down.")


@pytest.mark.usefixtures("small_pieces")
async def test_a_generator_is_closed_when_the_run_ends_in_the_middle(world: World) -> None:
    lists(world, some(world, 1, 2), some(world, 3, 4), some(world, 5, 6), by=Generating)

    def revoke(_: int, request: Any, moment: str) -> None:
        if request.url.path.endswith("/create_orders/") and moment == "before":
            raise KeyboardInterrupt

    world.hook = revoke
    with pytest.raises(KeyboardInterrupt):
        await run(world, fetch_and_create_order, batch_size=2)
    assert Told.is_closed


async def test_a_generator_is_not_read_on_after_its_error() -> None:
    """Its end then is no end of the list; and no task tries again what can only look like it."""

    def broken() -> Iterator[Any]:
        yield 1
        raise ChannelUnavailableError("down")

    async def read(stream: Stream) -> Fetched[Any]:
        await stream.take(lambda _: None, lambda: False)
        return Fetched(())

    continuation = Continuation(await Stream.of(broken()), read)
    with pytest.raises(ChannelUnavailableError) as caught:
        await continuation.read()
    assert caught.value.spent
    with pytest.raises(ContractError, match="read it again from the start"):
        await continuation.read()


# -- other lists -------------------------------------------------------------------------------------------------------


async def test_each_order_is_shipped_once_whatever_its_rows_say(world: World) -> None:
    lists(world, some(world, 1), some(world, 2))
    await fetch(world)
    lists(world, some(world, 1), some(world, 1, 3, notes="Ring twice."), some(world, 2))
    summary = await run(world, create_order_shipping_info)
    assert (summary.counts, summary.failures) == ({"created": 2, "not in Omnitron yet": 1}, {})


async def test_changes_without_a_time_wait_for_the_last_page(world: World) -> None:
    """Of two, the later one counts. Written one after the other, they would change the item on every run."""
    (placed,) = await imported(world, 1)
    (row,) = items_in_hub(world, placed)
    changes = [
        ChannelUpdateOrderItemDto(row["extra_field"]["id"], order_number=placed["number"], tracking_number=number)
        for number in ("TN1", "TN2")
    ]
    lists(world, changes[:1], changes[1:], by=PagedChanges)
    assert (await run(world, fetch_and_update_order_items)).counts == {"changed": 1}
    with requests_of(world) as seen:
        assert (await run(world, fetch_and_update_order_items)).counts == {"unchanged": 1}
    assert [request for request in seen if request.method != "GET"] == []
    assert items_in_hub(world, placed)[0]["tracking_number"] == "TN2"
