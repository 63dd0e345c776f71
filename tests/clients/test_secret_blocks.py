"""Secret blocks: what they hold is read as it stands, and each trouble says what to do."""

import traceback
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from prefect.blocks.system import Secret
from prefect.settings import PREFECT_API_URL, PREFECT_SERVER_ALLOW_EPHEMERAL_MODE, temporary_settings
from starlette.responses import HTMLResponse, JSONResponse, Response

from clients import secret_blocks
from clients.errors import AuthError, ChannelAppError, ConfigError
from clients.flow_runs import PrefectUnavailableError
from clients.runtime import Runtime
from clients.secret_blocks import read_secret
from deployments.sandbox.server import running
from tests.clients.support import settings

CANARY = "block-canary-5w2d"
NOBODY = "http://127.0.0.1:9/api"


@asynccontextmanager
async def prefect_that_answers(response: Response) -> AsyncIterator[None]:
    """A Prefect whose every answer is this one."""
    async with running({"prefect": (response, 0)}) as urls:
        with temporary_settings({PREFECT_API_URL: f"{urls['prefect']}/api"}):
            yield


async def refused(name: str, kind: type[ChannelAppError]) -> str:
    """The error of a block that cannot be read; neither it nor its causes quote the secret."""
    with pytest.raises(kind) as caught:
        await read_secret(name)
    assert CANARY not in "".join(traceback.format_exception(caught.value))
    return caught.value.message


async def save(name: str, value: Any) -> None:
    """As the page tells people to."""
    await Secret(value=value).asave(name, overwrite=True)


@pytest.mark.flow
@pytest.mark.parametrize("value", [CANARY, "12345678", "true", '"quoted"', '{"a": 1}', " with blanks ", "şifre ''\\"])
async def test_a_text_is_read_as_it_was_saved(value: str):
    """Prefect's own `Secret.get()` would make a number of a password of digits."""
    await save("as-it-stands", value)
    secret = await read_secret("as-it-stands")
    assert secret.get_secret_value() == value
    assert value not in repr(secret)


@pytest.mark.flow
@pytest.mark.parametrize(
    ("value", "words"), [("", "is empty"), ("  ", "is empty"), (4711, "type int"), ({"password": CANARY}, "type dict")]
)
async def test_a_block_without_a_text_is_refused(value: object, words: str):
    await save("no-text", value)
    message = await refused("no-text", ConfigError)
    assert "`no-text`" in message
    assert words in message
    assert "docs/how-to/keep-secrets.md" in message


@pytest.mark.flow
async def test_a_block_that_is_not_there_is_named():
    message = await refused("not-there", ConfigError)
    assert "no Secret block `not-there`. Create it on the server of PREFECT_API_URL" in message


@pytest.mark.parametrize(
    ("present", "absent"),
    [({PREFECT_API_URL: NOBODY}, set()), ({PREFECT_SERVER_ALLOW_EPHEMERAL_MODE: False}, {PREFECT_API_URL})],
    ids=["nobody listens", "no address, and no ephemeral server"],
)
async def test_a_prefect_that_is_not_there_is_said(present: dict[Any, Any], absent: set[Any]):
    with temporary_settings(present, restore_defaults=absent):
        message = await refused("a-block", PrefectUnavailableError)
    assert "`a-block` could not be read from Prefect" in message
    assert "Is PREFECT_API_URL the right address, and up?" in message


@pytest.mark.process
@pytest.mark.parametrize(
    "response",
    [
        HTMLResponse(f"<html>{CANARY}</html>"),
        JSONResponse({"data": CANARY}),
        JSONResponse({"data": {"value": CANARY}, "id": CANARY}),
        JSONResponse({"detail": CANARY}, 500),
    ],
    ids=["page", "text", "no id", "500"],
)
async def test_an_answer_that_is_no_block_is_not_quoted(response: Response):
    async with prefect_that_answers(response):
        assert "`a-block` could not be read" in await refused("a-block", PrefectUnavailableError)


@pytest.mark.process
@pytest.mark.parametrize("status", [401, 403])
async def test_a_prefect_that_refuses_names_its_credentials(status: int):
    async with prefect_that_answers(JSONResponse({"detail": CANARY}, status)):
        message = await refused("a-block", AuthError)
    assert f"answered {status}" in message
    assert "PREFECT_API_AUTH_STRING" in message


@pytest.mark.process
async def test_a_prefect_that_hangs_is_not_waited_for(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(secret_blocks, "SECONDS", 0.0)
    async with prefect_that_answers(JSONResponse({})):
        assert "(TimeoutError)" in await refused("a-block", PrefectUnavailableError)


@pytest.mark.flow
async def test_a_connector_reads_a_block_of_its_own_and_it_is_masked():
    """Through its runtime."""
    await save("bazaar-key", CANARY)
    runtime = Runtime(settings())
    secret = await runtime.secret("bazaar-key")
    assert secret.get_secret_value() == CANARY
    assert runtime.redactor.text(f"GET https://bazaar.example.com/{CANARY}") == "GET https://bazaar.example.com/***"
