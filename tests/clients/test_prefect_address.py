"""Secrets travel to Prefect's API: by https, or not far."""

import pytest
from prefect.settings import PREFECT_API_AUTH_STRING, PREFECT_API_KEY, PREFECT_API_URL, temporary_settings

from clients.errors import ConfigError
from clients.prefect_address import refuse_clear_text
from clients.prefect_api import PrefectFlowRuns
from clients.secret_blocks import read_secret

FAR = "http://prefect.example.com:4200/api"
KEYS = {PREFECT_API_AUTH_STRING: "admin:canary-auth"}


@pytest.mark.parametrize(
    "url",
    [
        FAR,
        "http://10.0.0.5:4200/api",
        "http://0x0a000005/api",
        "http://167772165/api",
        "http://[fd00::5]:4200/api",
        "http://prefect.localhost.example.com/api",
        "HTTP://PREFECT.EXAMPLE.COM/api",
    ],
)
def test_credentials_are_not_sent_in_clear(url: str) -> None:
    with (
        temporary_settings(KEYS),
        pytest.raises(ConfigError, match="credentials would travel to it in clear") as refused,
    ):
        refuse_clear_text(url)
    assert "canary" not in refused.value.message


@pytest.mark.parametrize(
    "url",
    [
        "https://prefect.example.com/api",
        "http://127.0.0.1:4200/api",
        "http://localhost:4200/api",
        "http://[::1]:4200/api",
        "http://api-1:4200/api",
        "http://prefect_server/api",
    ],
)
def test_credentials_are_sent_by_https_to_this_machine_and_in_a_container_network(url: str) -> None:
    with temporary_settings(KEYS):
        refuse_clear_text(url, reads_secrets=True)


def test_without_credentials_nothing_is_to_be_hidden() -> None:
    refuse_clear_text(FAR)


def test_a_key_and_a_user_name_in_the_address_are_credentials_too() -> None:
    with temporary_settings({PREFECT_API_KEY: "canary-key"}), pytest.raises(ConfigError, match="in clear"):
        refuse_clear_text(FAR)
    with pytest.raises(ConfigError, match="in clear") as refused:
        refuse_clear_text("http://admin:canary@prefect.example.com/api")
    assert "canary" not in refused.value.message


def test_what_is_no_address_is_named() -> None:
    with pytest.raises(ConfigError, match="PREFECT_API_URL is no address"):
        refuse_clear_text("http://prefect.example.com:port/api")


async def test_a_block_is_not_read_in_clear() -> None:
    """Its value is a secret, with credentials for Prefect or without."""
    with temporary_settings({PREFECT_API_URL: FAR}), pytest.raises(ConfigError, match="in clear"):
        await read_secret("omnitron-password")


async def test_no_run_is_booked_in_clear() -> None:
    with temporary_settings(KEYS), pytest.raises(ConfigError, match="in clear"):
        async with PrefectFlowRuns.open(FAR):
            pass
