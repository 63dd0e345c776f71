"""Prefect's Secret blocks: secrets that an operator keeps out of the environment."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from http import HTTPStatus

import httpx
from prefect.blocks.system import Secret
from prefect.client.orchestration import get_client
from prefect.client.schemas.objects import BlockDocument
from prefect.exceptions import ObjectNotFound
from prefect.settings import get_current_settings
from pydantic import SecretStr

from clients.errors import AuthError, ConfigError
from clients.flow_runs import PrefectUnavailableError
from clients.prefect_address import refuse_clear_text

SECONDS = 60.0
"""Seconds to read one block; a busy server takes its time."""
PAGE = "docs/how-to/keep-secrets.md"


async def read_secret(name: str) -> SecretStr:
    """The text of a Secret block, unchanged: `Secret.get()` would turn `12345678` into a number.

    Raises:
        ConfigError: there is no such block, it holds something other than text, or it would travel in clear.
        AuthError: Prefect does not let this program read it.
        PrefectUnavailableError: Prefect's API does not answer as it should.
    """
    document = await _document(name)
    if document is None:
        raise ConfigError(
            f"Prefect has no Secret block `{name}`. Create it on the server of PREFECT_API_URL, as {PAGE} says."
        )
    value = document.data.get("value")
    if not isinstance(value, str):
        raise ConfigError(
            f"The Secret block `{name}` holds a value of type {type(value).__name__} instead of text. "
            f"Save it again, as {PAGE} says."
        )
    if not value.strip():
        raise ConfigError(f"The Secret block `{name}` is empty. Save it again, as {PAGE} says.")
    return SecretStr(value)


class PrefectSecrets:
    """Secrets that the program itself keeps in blocks."""

    async def read(self, name: str) -> SecretStr | None:
        """The text of a block; None if there is none, or none with a text."""
        document = await _document(name)
        value = document and document.data.get("value")
        return SecretStr(value) if value and isinstance(value, str) else None

    async def write(self, name: str, secret: SecretStr) -> None:
        """Makes a block, or replaces its text."""
        async with _asking(f"The Secret block `{name}` could not be kept by Prefect"):
            await Secret(value=secret).asave(name, overwrite=True)


async def _document(name: str) -> BlockDocument | None:
    try:
        async with _asking(f"The Secret block `{name}` could not be read from Prefect"), get_client() as client:
            return await client.read_block_document_by_name(name, "secret", include_secrets=True)
    except ObjectNotFound:
        return None


@asynccontextmanager
async def _asking(what: str) -> AsyncIterator[None]:
    refuse_clear_text(get_current_settings().api.url, reads_secrets=True)
    # No Prefect error becomes a cause: a parser that cannot read an answer quotes it, and the secret with it.
    try:
        async with asyncio.timeout(SECONDS):
            yield
    except httpx.HTTPStatusError as error:
        status = error.response.status_code
        if status in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN):
            raise AuthError(
                f"{what}: it answered {status}. Check PREFECT_API_AUTH_STRING, or PREFECT_API_KEY and its permissions.",
                status=status,
            ) from None
        raise _no_answer(what, f"it answered {status}") from None
    # An answer that is not a block raises ValueError, as does a missing address; an ephemeral server that does not start
    # raises RuntimeError.
    except (httpx.HTTPError, TimeoutError, ValueError, RuntimeError) as error:
        raise _no_answer(what, type(error).__name__) from None


def _no_answer(what: str, why: str) -> PrefectUnavailableError:
    return PrefectUnavailableError(f"{what} ({why}). Is PREFECT_API_URL the right address, and up?")
