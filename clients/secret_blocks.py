"""Prefect's Secret blocks: secrets that an operator keeps out of the environment."""

import asyncio
from http import HTTPStatus

import httpx
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
    refuse_clear_text(get_current_settings().api.url, reads_secrets=True)
    value = (await _document(name)).data.get("value")
    if not isinstance(value, str):
        raise ConfigError(
            f"The Secret block `{name}` holds a value of type {type(value).__name__} instead of text. "
            f"Save it again, as {PAGE} says."
        )
    if not value.strip():
        raise ConfigError(f"The Secret block `{name}` is empty. Save it again, as {PAGE} says.")
    return SecretStr(value)


async def _document(name: str) -> BlockDocument:
    # No Prefect error becomes a cause: a parser that cannot read an answer quotes it, and the secret with it.
    try:
        async with get_client() as client, asyncio.timeout(SECONDS):
            return await client.read_block_document_by_name(name, "secret", include_secrets=True)
    except ObjectNotFound:
        raise ConfigError(
            f"Prefect has no Secret block `{name}`. Create it on the server of PREFECT_API_URL, as {PAGE} says."
        ) from None
    except httpx.HTTPStatusError as error:
        status = error.response.status_code
        if status in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN):
            raise AuthError(
                f"Prefect answered {status} to the reading of the Secret block `{name}`. Check PREFECT_API_AUTH_STRING, or "
                "PREFECT_API_KEY and its permissions.",
                status=status,
            ) from None
        raise _no_answer(name, f"it answered {status}") from None
    # An answer that is not a block raises ValueError, as does a missing address; an ephemeral server that does not start
    # raises RuntimeError.
    except (httpx.HTTPError, TimeoutError, ValueError, RuntimeError) as error:
        raise _no_answer(name, type(error).__name__) from None


def _no_answer(name: str, why: str) -> PrefectUnavailableError:
    return PrefectUnavailableError(
        f"The Secret block `{name}` could not be read from Prefect ({why}). Is PREFECT_API_URL the right address, and up?"
    )
