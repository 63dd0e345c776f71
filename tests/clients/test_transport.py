"""One way to speak HTTP: what it sends, what it repeats, what it gives up, and what it says then."""

import asyncio
import json
import logging
import random
import traceback
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from email.utils import format_datetime
from typing import Any

import httpx
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

import clients.unpacking
from clients.answers import message_of, retry_after, texts_of
from clients.calls import Call
from clients.deadline import deadline
from clients.errors import (
    AuthError,
    ChannelAppError,
    ContractError,
    DeadlineError,
    HubUnavailableError,
    LostAnswerError,
    RateLimitedError,
    RefusedError,
    RetryableError,
)
from clients.rates import LONGEST_WAIT
from clients.redaction import MAX_TEXT
from tests.clients.support import PASSWORD, TOKEN, Script, Sleeper, answer, transport_to, yield_to_others

READ = Call("GET", "products/", {"page": 1})
MOVE = Call("PATCH", "batch_requests/1/", body={"status": "done"})
CREATE = Call("POST", "orders/", body={"number": "1"}, repeatable=False)
FINE = answer({"ok": True})
PAGE = httpx.Response(200, content=b"<html><title>Log in</title></html>")

TRANSPORT_ERRORS: list[Any] = [
    httpx.ConnectError("refused"),
    httpx.ConnectTimeout("slow"),
    httpx.ReadError("reset"),
    httpx.ReadTimeout("slow"),
    httpx.WriteError("reset"),
    httpx.WriteTimeout("slow"),
    httpx.RemoteProtocolError("Server disconnected"),
]
UNREADABLE = [
    PAGE,
    httpx.Response(200, content=b'{"results": [{"pk": 1'),
    httpx.Response(200, content=b"\xff\xfe\xfa"),
    httpx.Response(200, headers={"Content-Encoding": "gzip"}, content=b""),
]


def _undecodable(request: httpx.Request) -> httpx.Response:
    return httpx.Response(200, headers={"Content-Encoding": "gzip"}, stream=httpx.ByteStream(b"no gzip at all"))


def _name(value: Any) -> str:
    return type(value).__name__


# -- what is sent ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("call", [READ, MOVE, CREATE, Call("DELETE", "x/1/")], ids=str)
async def test_every_request_has_a_connect_and_a_read_time_out(call: Call, clock: Sleeper):
    """The settings' own; nothing waits for ever."""
    script = Script(FINE)
    transport = transport_to(script, clock, CHANNEL_APP_CONNECT_TIMEOUT=2, CHANNEL_APP_READ_TIMEOUT=7)
    await transport.send(call)
    assert script.requests[0].extensions["timeout"] == {"connect": 2, "read": 7, "write": 7, "pool": None}


async def test_a_repeated_request_has_its_time_outs_too(clock: Sleeper):
    """The second try is as bounded as the first."""
    script = Script(answer({}, 503), FINE)
    await transport_to(script, clock).send(READ)
    assert [request.extensions["timeout"]["read"] for request in script.requests] == [30.0, 30.0]


async def test_a_body_travels_as_json_with_exact_decimals_and_plain_unicode(clock: Sleeper):
    """Money is never a binary float."""
    script = Script(FINE)
    await transport_to(script, clock).send(Call("PATCH", "x/", body={"price": Decimal("0.10"), "name": "Çınar"}))
    sent = script.requests[0]
    assert sent.headers["Content-Type"] == "application/json"
    assert json.loads(sent.content) == {"price": "0.10", "name": "Çınar"}


async def test_half_an_emoji_in_a_name_does_not_stop_a_whole_batch(clock: Sleeper):
    """JSON can hold a lone surrogate (a title that was cut), UTF-8 cannot."""
    script = Script(FINE)
    await transport_to(script, clock).send(Call("PATCH", "x/", body={"name": json.loads('"cup \\ud83d"')}))
    assert json.loads(script.requests[0].content)["name"].startswith("cup ")


@pytest.mark.parametrize("trouble", [answer({}, 404), httpx.ReadError("reset"), PAGE], ids=_name)
async def test_a_key_in_a_path_is_in_no_message(trouble: Any, clock: Sleeper):
    """Some channels want it there."""
    with pytest.raises(ChannelAppError) as caught:
        await transport_to(Script(trouble), clock).send(Call("GET", f"shops/{TOKEN}/products"))
    assert "shops/***/products" in caught.value.message


async def test_query_values_are_encoded(clock: Sleeper):
    """An id can hold anything."""
    script = Script(FINE)
    await transport_to(script, clock).send(Call("GET", "x/", {"remote_id__exact": "a&b=c #ğ/?+", "status": ["x", "y"]}))
    assert list(script.requests[0].url.params.multi_items()) == [
        ("remote_id__exact", "a&b=c #ğ/?+"),
        ("status", "x"),
        ("status", "y"),
    ]


async def test_a_query_of_the_path_is_kept_beside_the_parameters(clock: Sleeper):
    script = Script(FINE)
    await transport_to(script, clock).send(Call("GET", "x/?a=1", {"b": 2}))
    assert script.requests[0].url.query == b"a=1&b=2"


@pytest.mark.parametrize(
    "path", ["https://evil.example.com/products/", "HTTP://evil.example.com", "//evil.example.com", "products/#top"]
)
async def test_a_call_to_another_host_is_not_sent(path: str, clock: Sleeper):
    """An absolute path would take the credentials along; of one with a fragment, only a part would be sent."""
    script = Script(FINE)
    transport = transport_to(script, clock, headers={"Authorization": f"Token {TOKEN}"})
    with pytest.raises(ChannelAppError):
        await transport.send(Call("GET", path))
    assert script.requests == []


@pytest.mark.parametrize("path", ["@evil.example.com/", ":80@evil.example.com/", ".evil.example.com/", "/x/", "a:b/"])
async def test_every_other_path_leads_to_the_own_host(path: str, clock: Sleeper):
    """It is put behind a slash."""
    script = Script(FINE)
    await transport_to(script, clock).send(Call("GET", path, {"a": "\ud83d"}))
    assert (script.requests[0].url.host, script.requests[0].url.query) == ("127.0.0.1", b"a=%3F")


async def test_the_traffic_is_counted(clock: Sleeper):
    """For the summary of a run."""
    transport = transport_to(Script(answer({}, 503), FINE), clock)
    await transport.send(READ)
    assert (transport.traffic.requests, transport.traffic.retries) == (2, 1)
    assert transport.traffic.first is not None and transport.traffic.last is not None
    assert transport.traffic.first < transport.traffic.last


# -- what is repeated --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("trouble", [*(answer({}, s) for s in (408, 429, 500, 502, 503, 504)), *TRANSPORT_ERRORS])
@pytest.mark.parametrize("call", [READ, MOVE, Call("DELETE", "x/1/")], ids=str)
async def test_a_repeatable_call_survives_a_passing_trouble(trouble: Any, call: Call, clock: Sleeper):
    """Twice bad, then fine."""
    script = Script(trouble, trouble, FINE)
    assert (await transport_to(script, clock).send(call)).data == {"ok": True}
    assert len(script.requests) == 3


@pytest.mark.parametrize("tries", [1, 2, 5])
@pytest.mark.parametrize("trouble", [*(answer({}, s) for s in (408, 500, 502, 503, 504, 520)), *TRANSPORT_ERRORS])
async def test_a_lasting_trouble_is_given_up_after_the_settings_tries(trouble: Any, tries: int, clock: Sleeper):
    """As the system's own error, and spent: no caller tries again."""
    script = Script(trouble)
    with pytest.raises(HubUnavailableError) as caught:
        await transport_to(script, clock, CHANNEL_APP_TRIES=tries).send(READ)
    assert len(script.requests) == tries
    assert caught.value.spent


async def test_a_lasting_rate_limit_is_given_up_as_such(clock: Sleeper):
    """After two minutes at most, with the seconds that the server asked for. It was never asked sooner than that."""
    script = Script(answer({}, 429, **{"Retry-After": "7"}))
    with pytest.raises(RateLimitedError) as caught:
        await transport_to(script, clock).send(READ)
    assert (caught.value.spent, caught.value.retry_after) == (True, 7.0)
    assert min(clock.sleeps) == 7.0
    assert 90 <= sum(clock.sleeps) <= LONGEST_WAIT
    assert len(script.requests) <= 18


@pytest.mark.parametrize("seed", range(20))
async def test_a_read_outlasts_a_silent_limit(seed: int, clock: Sleeper):
    """Half of each pause is certain, so six refusals take their time, however the jitter falls."""
    random.seed(seed)
    script = Script(*[answer({}, 429)] * 6, FINE)
    assert (await transport_to(script, clock).send(READ)).data == {"ok": True}
    assert all(
        certain <= pause <= 2 * certain for certain, pause in zip((0.25, 0.5, 1, 2, 4, 8), clock.sleeps, strict=True)
    )


async def test_all_questions_together_wait_for_a_lasting_limit_as_long_as_one(clock: Sleeper):
    """A run ends whose every question is refused."""
    began, script = clock.monotonic(), Script(answer({}, 429))
    transport = transport_to(script, clock)
    for _ in range(20):
        with pytest.raises(RateLimitedError):
            await transport.send(READ)
    assert clock.monotonic() - began <= LONGEST_WAIT
    assert len(script.requests) <= 3 * 20


async def test_a_call_that_gets_through_gives_the_next_one_its_whole_patience(clock: Sleeper):
    limited = [answer({}, 429, **{"Retry-After": "50"})] * 2
    transport = transport_to(Script(*limited, FINE, *limited, FINE), clock)
    for _ in range(2):
        await transport.send(READ)
    assert clock.sleeps == [50.0] * 4


@pytest.mark.parametrize("call", [READ, MOVE, CREATE], ids=str)
@pytest.mark.parametrize(
    ("status", "kind"),
    [(s, RefusedError) for s in (400, 402, 404, 405, 406, 409, 410, 413, 415, 422)]
    + [(401, AuthError), (403, AuthError)],
)
async def test_a_refusal_is_final(call: Call, status: int, kind: type[ChannelAppError], clock: Sleeper):
    """One request, and its own error."""
    script = Script(answer({"detail": "no"}, status))
    with pytest.raises(kind) as caught:
        await transport_to(script, clock).send(call)
    assert (len(script.requests), caught.value.context["status"]) == (1, status)


async def test_without_a_retry_after_the_waits_are_bounded_and_not_all_equal(clock: Sleeper):
    """Back-off with jitter."""
    with pytest.raises(HubUnavailableError):
        await transport_to(Script(answer({}, 503)), clock, CHANNEL_APP_TRIES=8).send(READ)
    assert len(clock.sleeps) == 7
    assert all(0 <= seconds <= 20 for seconds in clock.sleeps)
    assert len(set(clock.sleeps)) > 1


async def test_the_retry_budget_bounds_a_storm(clock: Sleeper):
    """An outage under 200 reads costs a fifth more requests, and a reserve of ten."""
    script = Script(answer({}, 503))
    transport = transport_to(script, clock)
    answers = await asyncio.gather(*(transport.send(READ) for _ in range(200)), return_exceptions=True)
    assert all(isinstance(one, HubUnavailableError) and one.spent for one in answers)
    assert len(script.requests) <= 200 * 1.2 + 10


async def test_a_send_goes_on_at_the_channels_pace(clock: Sleeper):
    """Two requests a second, and no word about when to come back: forty one after the other are all taken."""
    taken: list[float] = []

    def two_a_second(request: httpx.Request) -> httpx.Response:
        if len([moment for moment in taken if clock.monotonic() - moment < 1]) == 2:
            return answer({}, 429)
        taken.append(clock.monotonic())
        return FINE

    transport = transport_to(two_a_second, clock)
    with deadline(300, clock):
        for _ in range(40):
            await transport.send(CREATE)
    assert len(taken) == 40
    assert transport.traffic.retries > 10


@pytest.mark.parametrize("wish", [{}, {"Retry-After": "1"}], ids=["says nothing", "says in a second"])
async def test_a_channel_that_takes_nothing_is_left_alone_within_the_deadline(wish: dict[str, str], clock: Sleeper):
    """The batch is given back then, which a deadline that has passed would not do. It is not asked each second until then."""
    began, script = clock.monotonic(), Script(answer({}, 429, **wish))
    with deadline(300, clock), pytest.raises(RateLimitedError) as caught:
        await transport_to(script, clock).send(CREATE)
    assert caught.value.spent
    assert 90 <= clock.monotonic() - began <= 120
    assert len(script.requests) <= 40


async def test_requests_that_go_well_earn_retries(clock: Sleeper):
    """Each a fifth of one: after fifty, twenty requests may fail once."""
    fails_once = [answer({}, 503), FINE] * 20
    transport = transport_to(Script(*[FINE] * 50, *fails_once), clock)
    for _ in range(70):
        await transport.send(READ)
    assert transport.traffic.retries == 20


async def test_after_an_overload_the_limit_grows_back(clock: Sleeper):
    transport = transport_to(Script(answer({}, 503), FINE), clock, CHANNEL_APP_IN_FLIGHT=4)
    await transport.send(READ)
    halved = transport._limiter.limit
    for _ in range(20):
        await transport.send(READ)
    assert (halved, transport._limiter.limit) == (2, 4)


async def test_a_refusal_that_cannot_be_unpacked_stays_a_refusal(clock: Sleeper):
    """The status says enough."""

    def refused(request: httpx.Request) -> httpx.Response:
        return httpx.Response(409, headers={"Content-Encoding": "gzip"}, stream=httpx.ByteStream(b"no gzip"))

    with pytest.raises(RefusedError) as caught:
        await transport_to(refused, clock).send(MOVE)
    assert caught.value.status == 409


async def test_a_call_that_is_cancelled_while_it_waits_frees_its_place(clock: Sleeper):
    """And is not repeated."""
    hanging = asyncio.Event()

    async def hang(request: httpx.Request) -> httpx.Response:
        await hanging.wait()
        return FINE

    transport = transport_to(hang, clock, CHANNEL_APP_IN_FLIGHT=1)
    call = asyncio.create_task(transport.send(READ))
    await yield_to_others()
    call.cancel()
    with pytest.raises(asyncio.CancelledError):
        await call
    hanging.set()
    await asyncio.wait_for(transport.send(READ), 1)


async def test_no_more_requests_are_in_flight_than_the_settings_say(clock: Sleeper):
    """For every caller."""
    now = most = 0

    async def slow(request: httpx.Request) -> httpx.Response:
        nonlocal now, most
        now += 1
        most = max(most, now)
        await yield_to_others(3)
        now -= 1
        return answer({})

    transport = transport_to(slow, clock, CHANNEL_APP_IN_FLIGHT=5)
    await asyncio.gather(*(transport.send(READ) for _ in range(30)))
    assert most == 5


@pytest.mark.parametrize("status", [429, 503])
async def test_an_overloaded_server_gets_fewer_requests_at_once(status: int, clock: Sleeper):
    """The limit is halved."""
    transport = transport_to(Script(answer({}, status), FINE), clock)
    await transport.send(READ)
    assert transport._limiter.limit == 8


# -- Retry-After -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [429, 503])
async def test_retry_after_in_seconds_is_waited_exactly(status: int, clock: Sleeper):
    """No less, no more."""
    script = Script(answer({}, status, **{"Retry-After": "17"}), FINE)
    await transport_to(script, clock).send(READ)
    assert clock.sleeps == [17.0]


async def test_retry_after_as_a_date_is_waited_exactly(clock: Sleeper):
    """Against the clock that was handed in."""
    when = format_datetime(clock.now() + timedelta(seconds=42), usegmt=True)
    await transport_to(Script(answer({}, 429, **{"Retry-After": when}), FINE), clock).send(READ)
    assert clock.sleeps == [42.0]


async def test_a_create_waits_for_its_rate_limit_too(clock: Sleeper):
    """A 429 was certainly not applied."""
    script = Script(answer({}, 429, **{"Retry-After": "3"}), FINE)
    await transport_to(script, clock).send(CREATE)
    assert (len(script.requests), clock.sleeps) == (2, [3.0])


@pytest.mark.parametrize("status", [429, 503])
@pytest.mark.parametrize("wish", ["121", "86400", "1e9", "inf", "Fri, 31 Dec 2100 00:00:00 GMT"])
async def test_too_long_a_wish_is_given_up_at_once(status: int, wish: str, clock: Sleeper):
    """The next run is the better place to wait."""
    script = Script(answer({}, status, **{"Retry-After": wish}))
    with pytest.raises(RetryableError) as caught:
        await transport_to(script, clock).send(READ)
    assert (len(script.requests), clock.sleeps, caught.value.spent) == (1, [], True)


@pytest.mark.parametrize("wish", ["soon", "", "-", "12 parsecs", "Fri, 99 Foo 2026", "\t"])
async def test_a_retry_after_that_says_nothing_is_not_believed(wish: str, clock: Sleeper):
    """The usual back-off applies."""
    script = Script(answer({}, 429, **{"Retry-After": wish}), FINE)
    await transport_to(script, clock).send(READ)
    assert len(clock.sleeps) == 1 and 0 <= clock.sleeps[0] <= 20


@pytest.mark.parametrize("wish", ["-5", "0", "Thu, 01 Jan 1970 00:00:00 GMT", "nan"])
async def test_a_moment_that_has_passed_never_gives_a_negative_wait(wish: str, clock: Sleeper):
    """A date in the past means: now."""
    script = Script(answer({}, 429, **{"Retry-After": wish}), FINE)
    await transport_to(script, clock).send(READ)
    assert 0 <= clock.sleeps[0] <= 20


@given(st.text() | st.from_regex(r"Thu, 0?\d{1,3} Jan \d{1,6} \d\d:\d\d:\d\d [+-]\d{1,25}", fullmatch=True))
@example("Thu, 1 Jan 2026 00:00:00 +99999999999999999999")
@example("Thu, 1 Jan 0001 00:00:00 +2359")
def test_no_retry_after_breaks_its_reader(header: str):
    """It comes from outside."""
    seconds = retry_after(header, 1_767_225_600.0)
    assert seconds is None or seconds >= 0


# -- creates -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("trouble", TRANSPORT_ERRORS, ids=_name)
async def test_a_create_whose_answer_is_lost_is_sent_once(trouble: Exception, clock: Sleeper):
    """Under any name of the transport's."""
    script = Script(trouble)
    with pytest.raises(LostAnswerError) as caught:
        await transport_to(script, clock).send(CREATE)
    assert len(script.requests) == 1
    assert "POST orders/" in caught.value.message


@pytest.mark.parametrize("status", [408, 500, 501, 502, 503, 504, 507, 520, 524, 599])
async def test_a_create_that_ends_in_a_server_error_may_have_been_applied(status: int, clock: Sleeper):
    """Every 5xx, those of proxies (520 to 527) too."""
    script = Script(answer({}, status, **{"Retry-After": "1"}))
    with pytest.raises(LostAnswerError):
        await transport_to(script, clock).send(CREATE)
    assert len(script.requests) == 1


@pytest.mark.parametrize("unreadable", [*UNREADABLE[:3], _undecodable], ids=["html", "cut", "binary", "bad gzip"])
async def test_a_create_with_an_unreadable_answer_may_have_been_applied(unreadable: Any, clock: Sleeper):
    """2xx, but of what?"""
    script = Script(unreadable)
    with pytest.raises(LostAnswerError):
        await transport_to(script, clock).send(CREATE)
    assert len(script.requests) == 1


async def test_a_create_with_an_answer_that_is_too_large_may_have_been_applied(
    clock: Sleeper, monkeypatch: pytest.MonkeyPatch
):
    """Nothing of the answer was used, but the request was."""
    monkeypatch.setattr(clients.unpacking, "MAX_BODY_BYTES", 10)
    script = Script(answer({"pk": 1, "name": "x" * 50}, 201))
    with pytest.raises(LostAnswerError):
        await transport_to(script, clock).send(CREATE)
    assert len(script.requests) == 1


async def test_a_create_that_is_lost_after_a_rate_limit_is_not_sent_again(clock: Sleeper):
    """The 429 was not applied; the second try may have been."""
    script = Script(answer({}, 429, **{"Retry-After": "1"}), httpx.ReadTimeout("slow"))
    with pytest.raises(LostAnswerError):
        await transport_to(script, clock).send(CREATE)
    assert len(script.requests) == 2


@pytest.mark.parametrize("method", ["PATCH", "DELETE"])
async def test_a_move_with_an_unreadable_answer_is_a_lost_answer(method: str, clock: Sleeper):
    """Contract, section 10: on POST, PATCH and DELETE a 2xx that cannot be read is a lost answer."""
    with pytest.raises(LostAnswerError):
        await transport_to(Script(PAGE), clock).send(Call(method, "batch_requests/1/", body={}))


@pytest.mark.parametrize("method", ["PATCH", "PUT", "POST", "DELETE"])
async def test_a_repeatable_write_with_an_unreadable_answer_is_sent_again(method: str, clock: Sleeper):
    """Like a read; a log-in page in between does not end a run."""
    call = Call(method, "auth/login/", body={}, repeatable=True)
    script = Script(PAGE, FINE)
    assert (await transport_to(script, clock).send(call)).data == {"ok": True}
    script = Script(PAGE)
    with pytest.raises(LostAnswerError, match="a log-in page, a proxy"):
        await transport_to(script, clock).send(call)
    assert len(script.requests) == 4


# -- unusable answers --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("unreadable", [*UNREADABLE, _undecodable], ids=["html", "cut", "binary", "empty", "bad gzip"])
async def test_an_unreadable_answer_to_a_read_is_asked_for_again(unreadable: Any, clock: Sleeper):
    """A gateway may have stepped in for a moment."""
    script = Script(unreadable, FINE)
    assert (await transport_to(script, clock).send(READ)).data == {"ok": True}


@pytest.mark.parametrize("unreadable", [*UNREADABLE, _undecodable], ids=["html", "cut", "binary", "empty", "bad gzip"])
async def test_a_read_that_stays_unreadable_breaks_the_contract(unreadable: Any, clock: Sleeper):
    """After the usual tries."""
    script = Script(unreadable)
    with pytest.raises(ContractError):
        await transport_to(script, clock).send(READ)
    assert len(script.requests) == 4


async def test_the_beginning_of_an_unreadable_answer_is_quoted(clock: Sleeper):
    """Two hundred characters tell a log-in page from a firewall."""
    page = "<html><title>Just a moment...</title>" + "x" * 1_000
    with pytest.raises(ContractError) as caught:
        await transport_to(Script(httpx.Response(200, content=page.encode())), clock).send(READ)
    assert page[:150] in caught.value.message
    assert page[:300] not in caught.value.message


async def test_an_empty_answer_is_named_so(clock: Sleeper):
    """Not as two quotation marks."""
    with pytest.raises(ContractError, match=r"an empty body"):
        await transport_to(Script(httpx.Response(200)), clock).send(READ)


@pytest.mark.parametrize("call", [MOVE, CREATE, Call("DELETE", "x/1/")], ids=str)
async def test_a_write_may_be_answered_with_nothing(call: Call, clock: Sleeper):
    """204, as a rule."""
    assert (await transport_to(Script(httpx.Response(204)), clock).send(call)).data is None


@pytest.mark.parametrize("depth", [101, 900, 100_000])
@pytest.mark.parametrize("status", [200, 400])
async def test_an_answer_nested_beyond_reason_is_one_of_our_errors(depth: int, status: int, clock: Sleeper):
    """Never a RecursionError, here or in whatever walks through it later."""
    script = Script(httpx.Response(status, content=b'{"a":' * depth + b'"x"' + b"}" * depth))
    with pytest.raises(
        ChannelAppError, match="GET products/.*nested more than 100 levels deep" if status == 200 else "GET"
    ):
        await transport_to(script, clock).send(READ)


async def test_a_hundred_levels_are_read(clock: Sleeper):
    script = Script(httpx.Response(200, content=b"[" * 100 + b"]" * 100))
    assert (await transport_to(script, clock).send(READ)).status == 200


async def test_an_answer_with_millions_of_values_is_not_unfolded(clock: Sleeper):
    """Twelve megabytes of empty lists would take the memory of a small machine."""
    script = Script(httpx.Response(200, content=b"[" + b"[]," * 4_000_000 + b"[]]"))
    with pytest.raises(ContractError, match="JSON with more than 4000000 values"):
        await transport_to(script, clock).send(READ)


@pytest.mark.parametrize("status", [204, 200, 201, 202])
async def test_an_empty_answer_to_a_write_is_an_answer(status: int, clock: Sleeper):
    """It is asked for once."""
    script = Script(httpx.Response(status))
    assert (await transport_to(script, clock).send(MOVE)).data is None
    assert len(script.requests) == 1


async def test_no_content_is_an_answer_to_a_read(clock: Sleeper):
    """Nothing was cut off: the status says so. Channels answer it where a list is empty."""
    script = Script(httpx.Response(204))
    assert (await transport_to(script, clock).send(READ)).data is None
    assert len(script.requests) == 1


@pytest.mark.parametrize("status", [400, 401, 429, 500])
async def test_an_error_keeps_the_headers_that_help(status: int, clock: Sleeper):
    """When to come back, and what to name to the other side. Cookies and the rest are dropped."""
    given = {"Retry-After": "7", "X-Request-ID": "r-1", "Set-Cookie": "sessionid=1", "X-Other": "x"}
    script = Script(httpx.Response(status, headers=given))
    with pytest.raises(ChannelAppError) as caught:
        await transport_to(script, clock, CHANNEL_APP_TRIES=1).send(READ)
    assert caught.value.context["headers"] == {"retry-after": "7", "x-request-id": "r-1"}


def test_a_call_shows_neither_credentials_nor_customers():
    """Tracebacks and logs print it."""
    call = Call("POST", "orders/", {"token": "s1"}, {"name": "s2"}, {"Authorization": "s3"})
    assert repr(call) == "Call(POST orders/)"
    assert repr(Call("GET", "orders/?api_key=canary")) == "Call(GET orders/?...)"


async def test_numbers_are_exact(clock: Sleeper):
    """62.10 is not 62.0999."""
    raw = b'{"price": 62.10, "rate": 0.1000000000000000055, "stock": 3, "big": 12345678901234567890}'
    data = (await transport_to(Script(httpx.Response(200, content=raw)), clock).send(READ)).data
    assert str(data["price"]) == "62.10" and isinstance(data["price"], Decimal)
    assert str(data["rate"]) == "0.1000000000000000055"
    assert (data["stock"], data["big"]) == (3, 12345678901234567890)


async def test_an_answer_above_the_size_cap_is_refused_without_a_retry(clock: Sleeper, monkeypatch: pytest.MonkeyPatch):
    """It would only be as large again."""
    monkeypatch.setattr(clients.unpacking, "MAX_BODY_BYTES", 100)
    script = Script(answer({"x": "y" * 200}))
    with pytest.raises(ContractError, match="GET products/"):
        await transport_to(script, clock).send(READ)
    assert len(script.requests) == 1


async def test_an_answer_above_the_size_cap_is_not_read_to_its_end(clock: Sleeper, monkeypatch: pytest.MonkeyPatch):
    """Memory is bounded for any body, and the connection is released."""
    monkeypatch.setattr(clients.unpacking, "MAX_BODY_BYTES", 100)
    given, closed = 0, False

    class Endless(httpx.AsyncByteStream):
        async def __aiter__(self):
            nonlocal given
            while True:
                given += 10
                yield b"x" * 10

        async def aclose(self) -> None:
            nonlocal closed
            closed = True

    with pytest.raises(ContractError):
        await transport_to(lambda request: httpx.Response(200, stream=Endless()), clock).send(READ)
    assert given <= 120
    assert closed


async def test_an_error_answer_is_capped_too(clock: Sleeper, monkeypatch: pytest.MonkeyPatch):
    """A 400 can be as long as a 200."""
    monkeypatch.setattr(clients.unpacking, "MAX_BODY_BYTES", 100)
    with pytest.raises(ContractError):
        await transport_to(Script(answer({"x": "y" * 200}, 400)), clock).send(READ)


async def test_an_answer_as_large_as_the_cap_is_read(clock: Sleeper, monkeypatch: pytest.MonkeyPatch):
    """The cap is the last size that is allowed."""
    monkeypatch.setattr(clients.unpacking, "MAX_BODY_BYTES", len(FINE.content))
    assert (await transport_to(Script(FINE), clock).send(READ)).data == {"ok": True}


# -- redirects ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("call", [READ, CREATE], ids=str)
async def test_a_redirect_is_not_followed(status: int, call: Call, clock: Sleeper):
    """The credentials would travel along."""
    script = Script(httpx.Response(status, headers={"Location": "https://evil.example.com/steal"}), FINE)
    transport = transport_to(script, clock, headers={"Authorization": f"Token {TOKEN}"})
    with pytest.raises(ContractError, match=r"evil.example.com"):
        await transport.send(call)
    assert [request.url.host for request in script.requests] == ["127.0.0.1"]


@pytest.mark.parametrize("target", ["/other/", "", "http://[", "https://[::1:80/", "\x00"])
async def test_a_redirect_to_nowhere_is_reported_all_the_same(target: str, clock: Sleeper):
    """`Location` comes from outside."""
    script = Script(lambda request: httpx.Response(302, headers=[(b"Location", target.encode())]))
    with pytest.raises(ChannelAppError, match=r"redirect|location"):
        await transport_to(script, clock).send(READ)


# -- deadline ----------------------------------------------------------------------------------------------------------


async def test_nothing_is_sent_after_the_deadline(clock: Sleeper):
    """By then another run may own the batch."""
    script = Script(FINE)
    transport = transport_to(script, clock)
    with deadline(10, clock):
        clock.advance(11)
        with pytest.raises(DeadlineError) as caught:
            await transport.send(READ)
    assert script.requests == []
    assert caught.value.spent


async def test_no_retry_starts_after_the_deadline(clock: Sleeper):
    """A retry is a request too."""
    script = Script(answer({}, 429, **{"Retry-After": "20"}), FINE)
    transport = transport_to(script, clock)
    with deadline(10, clock), pytest.raises(DeadlineError):
        await transport.send(READ)
    assert len(script.requests) == 1


async def test_a_request_that_waited_in_the_queue_beyond_the_deadline_is_not_sent(clock: Sleeper):
    """The moment that counts is the one in which it would start."""

    sent: list[httpx.Request] = []

    async def handle(request: httpx.Request) -> httpx.Response:
        sent.append(request)
        await yield_to_others()  # the second call comes to the queue
        clock.advance(100)
        return answer({})

    transport = transport_to(handle, clock, CHANNEL_APP_IN_FLIGHT=1)
    with deadline(10, clock):
        answers = await asyncio.gather(transport.send(READ), transport.send(MOVE), return_exceptions=True)
    assert [_name(one) for one in answers] == ["Reply", "DeadlineError"]
    assert len(sent) == 1


async def test_the_deadline_shortens_the_read_time_out(clock: Sleeper):
    """Nobody waits for what comes too late."""
    script = Script(FINE)
    transport = transport_to(script, clock)
    with deadline(12, clock):
        clock.advance(2)
        await transport.send(READ)
    await transport.send(READ)
    assert [request.extensions["timeout"]["read"] for request in script.requests] == [pytest.approx(10), 30.0]


# -- messages ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [400, 401, 403, 404, 406, 429, 500, 503])
async def test_an_error_names_the_request_its_status_and_what_was_said(status: int, clock: Sleeper):
    """All that a person needs."""
    script = Script(answer({"order": {"number": ["is taken"]}}, status))
    with pytest.raises(ChannelAppError) as caught:
        await transport_to(script, clock).send(READ)
    for part in ("The hub", "GET products/", str(status), "order.number: is taken"):
        assert part in caught.value.message
    assert caught.value.context.items() >= {"method": "GET", "path": "products/", "status": status}.items()


async def test_a_refusal_keeps_the_reason_and_no_name(clock: Sleeper):
    """The server's message about an address is kept; the address itself is private."""
    body = {"order": {"email": ["Enter a valid e-mail address."], "last_name": "Yılmaz", "token": ["hunter22"]}}
    with pytest.raises(RefusedError) as caught:
        await transport_to(Script(answer(body, 400)), clock).send(CREATE)
    assert "order.email: Enter a valid e-mail address.; order.last_name: ***; order.token: ***" in caught.value.message


async def test_a_refusal_carries_the_parsed_body(clock: Sleeper):
    """Callers look for codes in it."""
    with pytest.raises(RefusedError) as caught:
        await transport_to(Script(answer({"error_code": "batch_request_status_100_1"}, 406)), clock).send(MOVE)
    assert caught.value.status == 406
    assert caught.value.body == {"error_code": "batch_request_status_100_1"}


async def test_an_error_page_is_quoted(clock: Sleeper):
    """Where no JSON says why."""
    with pytest.raises(HubUnavailableError, match=r"502 from the gateway"):
        await transport_to(Script(httpx.Response(502, content=b"<h1>502 from the gateway</h1>")), clock).send(READ)


async def test_a_system_that_is_not_there_is_named_with_its_address(clock: Sleeper):
    """The first thing to check."""
    with pytest.raises(
        HubUnavailableError, match=r"http://127.0.0.1:9 .*ConnectError|ConnectError.*http://127.0.0.1:9"
    ):
        await transport_to(Script(httpx.ConnectError("refused")), clock).send(READ)


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("plain text", "plain text"),
        (["a", "b"], "a; b"),
        ({"detail": "Not found."}, "Not found."),
        ({"error": "no attribute set"}, "no attribute set"),
        ({"message": "no"}, "no"),
        ({"non_field_errors": "wrong"}, "wrong"),
        ({"non_field_errors": ["one", "two"]}, "one; two"),
        ({"order": {"number": ["is taken"]}}, "order.number: is taken"),
        ({"items": [{"sku": ["unknown"]}, {}]}, "items.sku: unknown"),
        ({"order": {"non_field_errors": ["bad"]}}, "order: bad"),
        ({"count": 3, "ok": False}, "count: 3; ok: False"),
        ({"a": None, "b": "", "c": [], "d": {}}, "no reason given"),
        ({}, "no reason given"),
        ([], "no reason given"),
        (None, "no reason given"),
        ("", "no reason given"),
    ],
)
def test_every_form_of_an_error_body_is_understood(body: Any, said: str):
    """Django answers in all of them."""
    assert message_of(body) == said


def test_of_many_messages_the_first_are_told_and_the_rest_counted():
    """A batch of 500 can fail 500 times."""
    assert message_of([str(number) for number in range(500)]) == "0; 1; 2; 3; 4 (and 495 more)"


@pytest.mark.slow
@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(), lambda v: st.lists(v) | st.dictionaries(st.text(), v)
    )
)
def test_whatever_the_body_there_is_a_message(body: Any):
    """Nobody is left with nothing."""
    assert isinstance(message_of(body), str)
    assert message_of({"field": body})


async def test_a_server_cannot_forge_lines_of_the_log(clock: Sleeper, caplog: pytest.LogCaptureFixture):
    """Control characters are escaped, line breaks and direction marks among them."""
    forged = "busy\n2026-01-01 ERROR all keys stolen\r\x1b[2J\u2028\x85"
    script = Script(answer({"detail": forged}, 503), httpx.Response(503, content=forged.encode()), FINE)
    await transport_to(script, clock).send(READ)
    assert len(caplog.records) == 2
    for record in caplog.records:
        assert not [sign for sign in record.getMessage() if ord(sign) < 32 or sign in "\x1b\u2028\x85\x7f"]


# -- secrets -----------------------------------------------------------------------------------------------------------

LEAK = f"login {PASSWORD} Token {TOKEN} mail ayse.yilmaz@example.com phone +90 532 123 45 67"
PIECES = (PASSWORD, TOKEN, "ayse", "yilmaz", "532 123")


def _leaking(status: int) -> list[Callable[[httpx.Request], httpx.Response]]:
    bodies: list[bytes] = [
        json.dumps({"detail": LEAK}).encode(),
        json.dumps({"customer": {"email": ["ayse.yilmaz@example.com"], "phone_number": "+90 532 123 45 67"}}).encode(),
        json.dumps([LEAK, {LEAK: LEAK}]).encode(),
        f"<html>{LEAK}</html>".encode(),
        json.dumps({"detail": LEAK}).encode()[:-10],
        b"x" * 150 + LEAK.encode(),
        LEAK.encode("utf-16"),
    ]
    return [lambda request, body=body: httpx.Response(status, content=body) for body in bodies]  # type: ignore[misc]


def _text_of(error: BaseException) -> str:
    return "".join(traceback.format_exception(error)) + repr(error) + str(error)


@pytest.mark.parametrize("status", [200, 201, 302, 400, 401, 403, 404, 406, 408, 429, 500, 503])
@pytest.mark.parametrize("call", [READ, CREATE], ids=str)
async def test_no_secret_or_customer_is_in_any_text_whatever_is_answered(
    status: int, call: Call, clock: Sleeper, caplog: pytest.LogCaptureFixture
):
    """Messages, representations, tracebacks with their causes, logs."""
    caplog.set_level(logging.DEBUG)
    for handler in _leaking(status):
        transport = transport_to(handler, clock, headers={"Authorization": f"Token {TOKEN}"}, CHANNEL_APP_TRIES=2)
        try:
            await transport.send(call)
            texts = ""
        except ChannelAppError as error:
            texts = _text_of(error)
        for piece in PIECES:
            assert piece not in texts
            assert piece not in caplog.text


@pytest.mark.parametrize("kind", [httpx.ReadError, httpx.ConnectError, httpx.LocalProtocolError, httpx.ReadTimeout])
@pytest.mark.parametrize("call", [READ, CREATE], ids=str)
async def test_no_secret_is_in_any_text_whatever_the_transport_says(
    kind: type[httpx.TransportError], call: Call, clock: Sleeper, caplog: pytest.LogCaptureFixture
):
    """h11 quotes the header that it does not like: that must not come back as a cause in the traceback."""
    caplog.set_level(logging.DEBUG)
    with pytest.raises(RetryableError) as caught:
        await transport_to(Script(kind(f"Illegal header value b'{LEAK}'")), clock).send(call)
    for piece in PIECES:
        assert piece not in _text_of(caught.value)
        assert piece not in caplog.text


async def test_a_customer_in_a_query_is_not_logged(clock: Sleeper, caplog: pytest.LogCaptureFixture):
    """httpx writes every address with its query at level INFO."""
    caplog.set_level(logging.DEBUG)
    await transport_to(Script(FINE), clock).send(Call("GET", "customers/", {"email__exact": "ayse@example.com"}))
    assert "ayse" not in caplog.text


async def test_a_secret_that_is_cut_at_the_end_of_a_quotation_is_not_shown_by_half(clock: Sleeper):
    """For any text at the boundary."""
    for filler in range(100, 420, 7):
        page = ("." * filler + " " + TOKEN + " ") * 3
        with pytest.raises(ContractError) as caught:
            await transport_to(Script(httpx.Response(200, content=page.encode())), clock).send(READ)
        assert TOKEN[:8] not in caught.value.message


# -- texts for reports -------------------------------------------------------------------------------------------------


async def test_a_reply_tells_what_was_asked_and_answered(clock: Sleeper):
    """For the merchant's log."""
    transport = transport_to(Script(FINE), clock)
    asked, said = texts_of(await transport.send(MOVE), transport.redactor)
    assert asked == 'PATCH batch_requests/1/ {"status": "done"}'
    assert said == '{"ok": true}'


async def test_a_report_holds_no_secret_even_where_a_body_is_cut(clock: Sleeper):
    """A secret on the boundary must not survive as its first half."""
    for offset in range(0, 30, 3):
        body = {"note": "." * (MAX_TEXT - 12 - offset) + TOKEN}
        transport = transport_to(Script(answer(body)), clock)
        reply = await transport.send(Call("PATCH", "", body=body))
        for text in texts_of(reply, transport.redactor):
            assert TOKEN[:8] not in text


def test_an_httpx_response_tells_the_same(clock: Sleeper):
    """A connector may use httpx itself."""
    redactor = transport_to(Script(FINE), clock).redactor
    request = httpx.Request("POST", f"https://c.example.com/?api_key={TOKEN}", content=b'{"password": "hunter22"}')
    response = httpx.Response(200, request=request, json={"token": TOKEN, "ok": 1})
    asked, said = texts_of(response, redactor)
    assert asked.startswith("POST https://c.example.com/")
    assert TOKEN not in asked + said and "hunter22" not in asked


def test_any_other_answer_is_told_without_a_request(clock: Sleeper):
    """A connector's own SDK."""
    redactor = transport_to(Script(FINE), clock).redactor
    asked, said = texts_of({"token": TOKEN, "ok": 1}, redactor)
    assert asked == ""
    assert "token" in said and "'ok': 1" in said and TOKEN not in said
    assert texts_of(None, redactor) == ("", "None")
