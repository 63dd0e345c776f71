"""The address of Prefect's API: secrets travel to it with every request."""

import re

import httpx
from prefect.settings import get_current_settings

from clients.errors import ConfigError
from clients.settings import is_loopback

_LABEL = re.compile(r"(?i)[a-z][a-z0-9_-]*")
"""A name without dots. Numbers, which are addresses too, begin with a digit."""


def refuse_clear_text(url: str | None, *, reads_secrets: bool = False) -> None:
    """Refuses an address to which secrets would travel readable for everybody in between.

    https is right, and http to this machine, or to a name without dots: such names are those of a container network.

    Args:
        url: Prefect's API; None if it is not set.
        reads_secrets: whether its answer is a secret. Without that, only an address counts to which credentials are sent.

    Raises:
        ConfigError: secrets would travel in clear.
    """
    if not url:
        return
    try:
        address = httpx.URL(url)
    except httpx.InvalidURL:  # which may quote a part of a password
        raise ConfigError("PREFECT_API_URL is no address like https://prefect.example.com/api: correct it.") from None
    api = get_current_settings().api
    if address.scheme != "http" or is_loopback(address.host) or _LABEL.fullmatch(address.host):
        return
    if reads_secrets or api.auth_string or api.key or address.userinfo:
        raise ConfigError(
            f"PREFECT_API_URL is {address.copy_with(userinfo=b'')}, which is not https: credentials would travel to it in clear. "
            "Put a TLS proxy in front of that server, and name it with https. (http is accepted for this machine, and for names "
            "without dots, as in a container network.)"
        )
