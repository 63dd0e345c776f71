"""Prefect's Secret blocks, where an operator may keep what must not stand in an environment."""

import asyncio

import httpx
from prefect.client.orchestration import get_client
from prefect.client.schemas.objects import BlockDocument
from prefect.exceptions import ObjectNotFound
from pydantic import SecretStr

from clients.errors import AuthError, ConfigError
from clients.flow_runs import PrefectUnavailableError

SECONDS = 15.0
"""For the reading of one block."""
PAGE = "docs/how-to/keep-secrets.md"


async def read_secret(name: str) -> SecretStr:
    """The text that a Secret block holds, as it stands: not `Secret.get()`, which makes a number of `12345678`.

    Raises:
        ConfigError: there is no such block, or it holds no text.
        AuthError: Prefect does not let this program read it.
        PrefectUnavailableError: Prefect's API does not answer as it should.
    """
    value = (await _document(name)).data.get("value")
    if not isinstance(value, str):
        raise ConfigError(
            f"The Secret block `{name}` holds a value of the kind {type(value).__name__}, and a text is due. "
            f"Save it again, as {PAGE} says."
        )
    if not value.strip():
        raise ConfigError(f"The Secret block `{name}` is empty. Save it again, as {PAGE} says.")
    return SecretStr(value)


async def _document(name: str) -> BlockDocument:
    # No error of Prefect's becomes a cause: what does not understand an answer quotes it, and the secret with it.
    try:
        async with get_client() as client, asyncio.timeout(SECONDS):
            return await client.read_block_document_by_name(name, "secret", include_secrets=True)
    except ObjectNotFound:
        raise ConfigError(
            f"Prefect has no Secret block `{name}`. Create it on the server of PREFECT_API_URL, as {PAGE} says."
        ) from None
    except httpx.HTTPStatusError as error:
        status = error.response.status_code
        if status in (401, 403):
            raise AuthError(
                f"Prefect answered {status} to the reading of the Secret block `{name}`. Check PREFECT_API_AUTH_STRING, or "
                "PREFECT_API_KEY and its permissions.",
                status=status,
            ) from None
        raise _no_answer(name, f"it answered {status}") from None
    # An answer that is no block is a ValueError, as is a missing address; a server of one's own that does not start, a
    # RuntimeError.
    except (httpx.HTTPError, TimeoutError, ValueError, RuntimeError) as error:
        raise _no_answer(name, type(error).__name__) from None


def _no_answer(name: str, why: str) -> PrefectUnavailableError:
    return PrefectUnavailableError(
        f"The Secret block `{name}` could not be read from Prefect ({why}). Is PREFECT_API_URL the right address, and up?"
    )
