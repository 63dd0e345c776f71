"""Says in one sentence that Prefect's API does not answer as it should."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus

import httpx
from prefect.client.orchestration import get_client
from prefect.settings import PREFECT_API_URL, PREFECT_CLIENT_MAX_RETRIES, temporary_settings

from clients.flow_runs import PrefectUnavailableError
from clients.prefect_address import refuse_clear_text

SECONDS = 60.0
"""The time for the answer; a busy server takes its time."""
REFUSED = frozenset({HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN})


async def reach_prefect(seconds: float | None = None) -> None:
    """Makes sure that the server of PREFECT_API_URL answers in time. Without this address there is nothing to ask:
    the command brings a server of its own (`deployments/local_server.py`), or needs none.

    Raises:
        ConfigError: credentials would travel to it in clear.
        PrefectUnavailableError: it is away, refuses the credentials, or is not Prefect's API.
    """
    url = PREFECT_API_URL.value()
    if not url:
        return
    refuse_clear_text(url)
    # Prefect's own repeats take a minute, and the command is there to be called again.
    with in_one_sentence(), temporary_settings({PREFECT_CLIENT_MAX_RETRIES: 0}):
        async with asyncio.timeout(seconds or SECONDS), get_client() as client:
            await client.api_version()


@contextmanager
def in_one_sentence() -> Iterator[None]:
    """Translates the errors of requests to Prefect's API into one that names its address and the next step.

    Raises:
        PrefectUnavailableError: an answer was not what it should be, or there was none.
    """
    try:
        yield
    except httpx.HTTPStatusError as error:
        status = error.response.status_code
        if status in REFUSED:
            raise PrefectUnavailableError(
                f"Prefect's API at {address()} refuses the credentials ({status}): set PREFECT_API_AUTH_STRING to those of the "
                "server."
            ) from error
        raise PrefectUnavailableError(
            f"{address()} answered {status}. If it is not Prefect's API, correct PREFECT_API_URL, which ends in /api; else see "
            "the server's log."
        ) from error
    except (httpx.HTTPError, TimeoutError) as error:
        raise PrefectUnavailableError(
            f"Prefect's API at {address()} does not answer ({type(error).__name__}): start the server, or correct "
            "PREFECT_API_URL."
        ) from error
    # An answer that cannot be read raises ValueError, and a server that Prefect's engine cannot reach RuntimeError.
    except (ValueError, RuntimeError) as error:
        raise PrefectUnavailableError(
            f"{address()} does not answer as Prefect's API does: correct PREFECT_API_URL, which ends in /api."
        ) from error


def address() -> httpx.URL:
    """The address without credentials."""
    return httpx.URL(PREFECT_API_URL.value() or "").copy_with(userinfo=b"")
