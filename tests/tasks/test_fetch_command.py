"""What a connector fetches, in each form in which it may answer."""

from collections.abc import AsyncIterator, Callable, Iterator
from datetime import UTC, datetime
from typing import Any, ClassVar

import pytest

from clients.errors import ContractError, RejectedError
from dto.orders import CancelOrderDto, CustomerDto
from dto.outcomes import Fetched, Unreadable
from dto.reports import ErrorReportDto
from tasks.channel.integration import ChannelIntegration
from tasks.channel.orders import GetCancelledOrders
from tasks.channel.prices import GetListedPrices
from tests.world.loopback import World
from tests.world.shop import opened

NOW = datetime(2026, 1, 1, tzinfo=UTC)
REPORT = ErrorReportDto("channel", 6, NOW)
ONE, TWO, THREE = (CancelOrderDto(number, [f"{number}-1"], {f"{number}-1": "late"}) for number in ("N1", "N2", "N3"))


class Fetch(GetCancelledOrders):
    """Answers what it is told to."""

    answer: Any = None

    async def send(self, _: None) -> Any:
        return self.answer() if callable(self.answer) else self.answer


class Build(GetCancelledOrders):
    """Builds what it is told to, from these rows."""

    rows: Any = ()
    build: Any = None
    typed: bool = False

    async def send(self, _: None) -> Any:
        built = self.build_each(self.rows, self.build, lambda row: row["number"])
        return Fetched(tuple(built), (), tuple(self.unreadable)) if self.typed else built


class Connector(ChannelIntegration):
    name = "told"
    actions: ClassVar = {Fetch.key: Fetch}


@pytest.fixture
async def channel(world: World) -> AsyncIterator[ChannelIntegration]:
    async with opened(world) as hub:
        yield Connector(hub.channel, hub.runtime)


async def fetched(channel: ChannelIntegration, answer: Any) -> Any:
    """What the flow is told."""
    return await channel.do_action(Fetch, answer=answer, since=NOW)


def generator() -> Iterator[Any]:
    yield ONE, [REPORT], None
    yield TWO, REPORT, None
    yield THREE, None, None


async def asynchronous() -> AsyncIterator[Any]:
    for piece in generator():
        yield piece


ALL, REPORTED = (ONE, TWO, THREE), (REPORT, REPORT)
FORMS: dict[str, tuple[Any, Fetched[Any]]] = {
    "nothing": (None, Fetched(())),
    "an empty list": ([], Fetched(())),
    "one": (ONE, Fetched((ONE,))),
    "a list": ([ONE, TWO], Fetched((ONE, TWO))),
    "a tuple of three": ((ONE, TWO, THREE), Fetched(ALL)),
    "a generator function": (lambda: (item for item in ALL), Fetched(ALL)),
    "a generator of triples": (generator, Fetched(ALL, REPORTED)),
    "an async generator of triples": (asynchronous, Fetched(ALL, REPORTED)),
    "a triple of one": ((ONE, [REPORT], {"any": 1}), Fetched((ONE,), (REPORT,))),
    "a triple of several": (([ONE, TWO], REPORT, None), Fetched((ONE, TWO), (REPORT,))),
    "a triple of none": ((None, [REPORT], None), Fetched((), (REPORT,))),
    "a triple of an empty text": (("", None, None), Fetched(())),
    "several triples": ([(ONE, None, None), ([TWO, THREE], [REPORT, REPORT], None)], Fetched(ALL, REPORTED)),
    "triples and items": ([(ONE, REPORT, None), TWO], Fetched((ONE, TWO), (REPORT,))),
    "typed": (
        Fetched((ONE,), (REPORT,), (Unreadable("N2", "no"),)),
        Fetched((ONE,), (REPORT,), (Unreadable("N2", "no"),)),
    ),
    "typed, of three": (Fetched((ONE,), (REPORT, REPORT)), Fetched((ONE,), (REPORT, REPORT))),
}


@pytest.mark.parametrize(("answer", "expected"), FORMS.values(), ids=FORMS)
async def test_every_form_of_answer_is_understood(
    channel: ChannelIntegration, answer: Any, expected: Fetched[Any]
) -> None:
    assert await fetched(channel, answer) == expected


@pytest.mark.parametrize(
    ("answer", "seen"),
    [
        (7, "`int`"),
        ("all of them", "`str`"),
        ({"order": "N1"}, "`dict`"),
        ([ONE, {"order": "N2"}], "`dict`"),
        ([[ONE, "N2"]], "`str`"),
        (([{"order": "N1"}], [REPORT], None), "`dict`"),
        ((ONE, "went well", None), "`str`"),
        (CustomerDto("a@example.com", "Canaryfirst", "Canarylast", "c-1"), "`CustomerDto`"),
        ([CustomerDto("a@example.com", "Canaryfirst", "Canarylast", "c-1")], "`CustomerDto`"),
        (Fetched(None), "`Fetched`"),  # type: ignore[arg-type]
        (Fetched((ONE,), (REPORT, "went well")), "`str`"),  # type: ignore[arg-type]
        (lambda: iter([ONE, ("N2", "N3")]), "`str`"),
    ],
)
async def test_nonsense_is_named_by_its_type_and_never_quoted(
    channel: ChannelIntegration, answer: Any, seen: str
) -> None:
    """It may be a customer's."""
    with pytest.raises(ContractError) as caught:
        await fetched(channel, answer)
    message = caught.value.message
    assert f"`told` answered `get_cancelled_orders` with {seen}. It answers CancelOrderDto objects" in message
    assert "Canary" not in message


async def test_an_error_inside_a_generator_is_the_connectors_own(channel: ChannelIntegration) -> None:
    """The channel was down on page two: nothing is taken for the whole."""

    def broken() -> Iterator[Any]:
        yield ONE
        raise ConnectionError("page 2")

    async def broken_later() -> AsyncIterator[Any]:
        yield ONE
        raise ConnectionError("page 2")

    for answer in (broken, broken_later):
        with pytest.raises(ConnectionError, match="page 2"):
            await fetched(channel, answer)


async def test_an_iterator_that_cannot_even_start_keeps_nobody_waiting(channel: ChannelIntegration) -> None:
    """A StopIteration that leaves a thread would be lost, and the run would wait for ever."""

    class Odd:
        def __iter__(self) -> Iterator[Any]:
            raise StopIteration

    with pytest.raises(RuntimeError, match="found nothing"):
        await fetched(channel, Odd())


async def test_a_send_that_looks_for_what_is_not_there_keeps_nobody_waiting(channel: ChannelIntegration) -> None:
    """`next(...)` without a default, in a plain `def send`."""

    class Searching(GetCancelledOrders):
        def send(self, _: None) -> Any:
            return next(iter(()))

    with pytest.raises(RuntimeError, match="found nothing"):
        await Searching(channel, since=NOW).run()


# -- pages -------------------------------------------------------------------------------------------------------------


async def test_a_page_says_where_the_next_one_begins(channel: ChannelIntegration) -> None:
    assert (await fetched(channel, Fetched((ONE,), next={"after": "N1"}))).next == {"after": "N1"}


@pytest.mark.parametrize("blank", [None, "", " "])
async def test_a_blank_cursor_is_no_next_page(channel: ChannelIntegration, blank: Any) -> None:
    assert (await fetched(channel, Fetched((ONE,), next=blank))).next is None


@pytest.mark.parametrize("answer", [generator, asynchronous])
async def test_a_stream_is_read_on_where_its_first_page_ended(
    channel: ChannelIntegration, answer: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tasks.channel.fetching.PIECE", 2)
    first = await fetched(channel, answer)
    rest = await channel.do_action(Fetch, since=NOW, page=first.next)
    assert (first.items, rest) == ((ONE, TWO), Fetched((THREE,)))


async def test_a_command_that_is_asked_once_may_not_say_that_there_is_more(channel: ChannelIntegration) -> None:
    class Listed(GetListedPrices):
        async def send(self, _: None) -> Fetched[Any]:
            return Fetched((), next="more")

    with pytest.raises(ContractError, match="this command is asked once"):
        await Listed(channel).run()


# -- build_each --------------------------------------------------------------------------------------------------------


def built(row: dict[str, Any]) -> CancelOrderDto:
    """As a connector's reader does it."""
    return CancelOrderDto(row["number"], [row["item"]], {row["item"]: str(int(row["code"]))})


GOOD = {"number": "N1", "item": "1", "code": "7"}
POISON: dict[str, tuple[Any, str, str]] = {
    "a field is missing": ({"number": "N2"}, "N2", "KeyError in test_fetch_command.py, line"),
    "a text where a number is due": ({**GOOD, "number": "N2", "code": "Canaryname"}, "N2", "ValueError in"),
    "no row at all": (None, "without a name", "TypeError in"),
    "a row without a name": ({}, "without a name", "KeyError in"),
    "an empty name": ({"number": ""}, "without a name", "KeyError in"),
    "another type": ({**GOOD, "number": "N2", "item": ["Canaryname"]}, "N2", "TypeError in"),
    "a value that the DTO refuses": ({**GOOD, "number": ["Canaryname"]}, "['Canaryname']", "order: Input should be"),
}


@pytest.mark.parametrize("typed", [False, True], ids=["a list", "Fetched"])
@pytest.mark.parametrize(("row", "name", "why"), POISON.values(), ids=POISON)
async def test_one_row_that_makes_no_sense_is_named_and_keeps_no_other_from_being_read(
    channel: ChannelIntegration, row: Any, name: str, why: str, typed: bool
) -> None:
    """Where, and never what: it may be a customer's. It is told once, though the connector names it as well."""
    answer = await Build(channel, since=NOW, rows=[row, GOOD], build=built, typed=typed).run()
    assert [item.order for item in answer.items] == ["N1"]
    (unreadable,) = answer.unreadable
    assert unreadable.name == name
    assert unreadable.why.startswith(why)
    assert "Canaryname" not in unreadable.why


def refuse(row: Any) -> Any:
    raise RejectedError(f"Order {row['number']} of canary@example.com is a gift card:\nread it by hand.")


async def test_a_connectors_own_words_about_a_row_are_kept_without_customers_and_in_one_line(
    channel: ChannelIntegration,
) -> None:
    answer = await Build(channel, since=NOW, rows=[GOOD], build=refuse).run()
    assert answer.unreadable == (Unreadable("N1", r"Order N1 of *** is a gift card:\x0aread it by hand"),)


def forgotten(row: Any) -> Any:
    return next(iter(row["no such list"]))


async def test_a_reader_that_looks_for_what_is_not_there_fails_its_row_alone(channel: ChannelIntegration) -> None:
    """`next(...)` without a default."""
    answer = await Build(channel, since=NOW, rows=[{**GOOD, "no such list": []}], build=forgotten).run()
    assert answer.unreadable[0].why.startswith("StopIteration in test_fetch_command.py")


@pytest.mark.parametrize("error", [ConnectionError("down"), MemoryError()])
async def test_what_is_no_mistake_of_a_row_stops_the_fetch(channel: ChannelIntegration, error: Exception) -> None:
    """Reading on would take an outage for bad rows."""

    def fail(row: Any) -> Any:
        raise error

    with pytest.raises(type(error)):
        await Build(channel, since=NOW, rows=[GOOD], build=fail).run()


async def test_a_validation_error_outside_build_each_says_which_field_and_not_which_value(
    channel: ChannelIntegration,
) -> None:
    """All of the fetch fails then: one more reason to use `build_each`."""
    make: Callable[[], Any] = lambda: CancelOrderDto("N1", "Canaryname", {})  # type: ignore[arg-type]  # noqa: E731
    with pytest.raises(
        ContractError, match=r"built an invalid CancelOrderDto in `get_cancelled_orders`.*cancel_items"
    ) as caught:
        await fetched(channel, make)
    assert "Canaryname" not in caught.value.message


async def test_failed_object_list_has_no_meaning_where_there_is_no_batch(channel: ChannelIntegration) -> None:
    """It says so, and what does it."""

    class Failing(Fetch):
        async def send(self, _: None) -> Any:
            self.failed_object_list.append((ONE, "order", "no"))
            return [TWO]

    with pytest.raises(ContractError, match="build_each"):
        await Failing(channel, since=NOW).run()
