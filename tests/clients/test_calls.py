"""A request's one body, in each form that channels want."""

import json
from decimal import Decimal

import httpx
import pytest

from clients.calls import Call
from clients.errors import ConfigError, LostAnswerError
from tests.clients.support import Script, Sleeper, answer, transport_to

FINE = answer({"ok": True})


@pytest.mark.parametrize(
    ("call", "media_type", "body"),
    [
        (
            Call("POST", "x", form={"grant_type": "password", "user": "a&b ç"}),
            "application/x-www-form-urlencoded",
            b"a%26b",
        ),
        (Call("POST", "x", content=b'{"a":1}\n{"a":2}\n'), "application/octet-stream", b'{"a":1}\n{"a":2}\n'),
        (
            Call("POST", "x", content=b"sku;price", headers={"content-type": "text/csv; charset=utf-8"}),
            "text/csv; charset=utf-8",
            b"sku;price",
        ),
        (
            Call("POST", "x", body={"a": 1}, headers={"Content-Type": "application/vnd.bazaar.v1+json"}),
            "application/vnd.bazaar.v1+json",
            b'{"a": 1}',
        ),
        (Call("POST", "x", body={"a": 1}), "application/json", b'{"a": 1}'),
    ],
    ids=["form", "lines of JSON", "CSV", "a vendor's JSON", "JSON"],
)
async def test_a_body_travels_in_its_own_form(call: Call, media_type: str, body: bytes, clock: Sleeper) -> None:
    script = Script(FINE)
    await transport_to(script, clock).send(call)
    (sent,) = script.requests
    assert sent.headers.get_list("Content-Type") == [media_type]
    assert body in sent.content


async def test_files_travel_with_the_fields_of_their_form(clock: Sleeper) -> None:
    """As a multipart form; again and again the same, for it may be repeated."""
    script = Script(answer({}, 503), FINE)
    picture = ("kupa.png", b"\x89PNG\r\n\x00", "image/png")
    await transport_to(script, clock).send(Call("PUT", "x", form={"sku": "K-1"}, files={"image": picture}))
    first, second = script.requests
    assert first.headers["Content-Type"].startswith("multipart/form-data; boundary=")
    for part in (b'name="sku"', b"K-1", b'filename="kupa.png"', b"image/png", picture[1]):
        assert part in first.content
    assert first.content == second.content


async def test_an_answer_is_read_as_it_came_if_the_call_says_so(clock: Sleeper) -> None:
    """A file of results, for example."""
    script = Script(httpx.Response(200, content=b"sku;status\nK-1;ok\n"))
    reply = await transport_to(script, clock).send(Call("GET", "report", reads="bytes"))
    assert (reply.content, reply.data) == (b"sku;status\nK-1;ok\n", None)
    assert script.requests[0].headers["Accept"] == "*/*"


@pytest.mark.parametrize(
    "second", [{"form": {"a": 1}}, {"form": {}}, {"content": b""}, {"files": {"a": ("b", b"", "c")}}], ids=str
)
def test_a_request_has_one_body(second: dict[str, object]) -> None:
    with pytest.raises(ConfigError, match="several bodies"):
        Call("POST", "x", body={}, **second)  # type: ignore[arg-type]  # each of them is a body


async def test_the_transports_own_headers_count_for_all_calls(clock: Sleeper) -> None:
    """Its media type is that of bodies in JSON alone."""
    script = Script(FINE)
    headers = {"content-type": "application/vnd.bazaar+json", "Accept": "application/vnd.bazaar+json"}
    transport = transport_to(script, clock, headers=headers)
    await transport.send(Call("PUT", "x", body={}))
    await transport.send(Call("PUT", "x", form={"a": 1}))
    await transport.send(Call("GET", "x", reads="bytes"))
    types = [request.headers.get("Content-Type") for request in script.requests]
    assert types == ["application/vnd.bazaar+json", "application/x-www-form-urlencoded", None]
    assert {request.headers["Accept"] for request in script.requests} == {"application/vnd.bazaar+json"}


async def test_forms_hold_what_json_holds(clock: Sleeper) -> None:
    """Decimals, and half of an emoji."""
    script = Script(FINE)
    odd = {"price": Decimal("1.10"), "name": "cup \ud83d", "on": True, "no": None, "ids": [1, 2]}
    await transport_to(script, clock).send(Call("PUT", "x", form=odd))
    await transport_to(script, clock).send(Call("PUT", "x", form=odd, files={"f": ("a\ud83d.png", b"1", "image/png")}))
    assert script.requests[0].content == b"price=1.10&name=cup+%3F&on=true&no=&ids=1&ids=2"
    assert b"1.10" in script.requests[1].content


async def test_of_a_form_with_files_a_report_has_the_names_alone(clock: Sleeper) -> None:
    """No redactor finds a password between its boundaries."""
    call = Call("PUT", "x", form={"password": "hunter2-canary"}, files={"f": ("a.png", b"1", "image/png")})
    reply = await transport_to(Script(FINE), clock).send(call)
    assert "hunter2" not in reply.request
    assert "password" in reply.request


@pytest.mark.parametrize("method", ["post", "Post"])
async def test_the_case_of_a_method_changes_nothing(method: str, clock: Sleeper) -> None:
    script = Script(httpx.ReadTimeout("slow"), FINE)
    with pytest.raises(LostAnswerError):
        await transport_to(script, clock).send(Call(method, "x", body={}))
    assert len(script.requests) == 1


async def test_a_post_is_sent_once_unless_it_says_otherwise(clock: Sleeper) -> None:
    """It may create: sent twice, it creates two."""
    lost = Script(httpx.ReadTimeout("slow"), FINE)
    with pytest.raises(LostAnswerError):
        await transport_to(lost, clock).send(Call("POST", "x", body={}))
    assert len(lost.requests) == 1
    repeated = Script(httpx.ReadTimeout("slow"), FINE)
    await transport_to(repeated, clock).send(Call("POST", "x", body={}, repeatable=True))
    assert [json.loads(request.content) for request in repeated.requests] == [{}, {}]
