"""A request's one body, in each form that channels want."""

import json

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


@pytest.mark.parametrize("second", [{"form": {"a": 1}}, {"content": b""}, {"files": {"a": ("b", b"", "c")}}], ids=str)
def test_a_request_has_one_body(second: dict[str, object]) -> None:
    with pytest.raises(ConfigError, match="several bodies"):
        Call("POST", "x", body={}, **second)  # type: ignore[arg-type]  # each of them is a body


async def test_a_post_is_sent_once_unless_it_says_otherwise(clock: Sleeper) -> None:
    """It may create: sent twice, it creates two."""
    lost = Script(httpx.ReadTimeout("slow"), FINE)
    with pytest.raises(LostAnswerError):
        await transport_to(lost, clock).send(Call("POST", "x", body={}))
    assert len(lost.requests) == 1
    repeated = Script(httpx.ReadTimeout("slow"), FINE)
    await transport_to(repeated, clock).send(Call("POST", "x", body={}, repeatable=True))
    assert [json.loads(request.content) for request in repeated.requests] == [{}, {}]
