"""Where this program runs and as whom. Read from the environment or `.env`; every problem is reported at once."""

import ipaddress
import re
from pathlib import Path
from typing import Annotated, Any, ClassVar, Self
from urllib.parse import urlsplit
from zoneinfo import available_timezones

from pydantic import Field, SecretStr, ValidationError, ValidationInfo, field_validator, model_validator
from pydantic_core import PydanticCustomError
from pydantic_settings import BaseSettings, SettingsConfigDict

from clients.errors import ConfigError
from clients.redaction import is_ordinary


def is_loopback(host: str | None) -> bool:
    """Whether the host is this machine."""
    if host is None:
        return False
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def checked_url(url: str) -> str:
    """A base URL that credentials may be sent to: https, or http to this machine. Without a trailing slash.

    Raises:
        ValueError: it is neither, or has no host, or carries a user name, a query or a fragment.
    """
    if "@" in url:  # before any message that repeats the URL
        raise ValueError("a URL must not carry a user name or password")
    parts = urlsplit(url)  # raises ValueError itself, as does its port
    if parts.hostname is None or parts.scheme not in ("http", "https") or parts.port == 0:
        raise ValueError(f"`{url}` is not a URL like https://shop.example.com")
    if re.search(r"[\s?#]", url):
        raise ValueError(f"`{url}` must end with its host or path: paths are appended to it")
    if parts.scheme == "http" and not is_loopback(parts.hostname):
        raise ValueError(f"`{url}` is not https: credentials travel to it (http is accepted for this machine only)")
    return url.rstrip("/")


class _EnvironmentSettings(BaseSettings):
    """Fields under the names of their environment variables; other variables are not read."""

    model_config = SettingsConfigDict(env_file=".env", extra="ignore", frozen=True, env_ignore_empty=True)

    next_step: ClassVar[str]
    """The end of the message about missing settings."""

    @classmethod
    def load(cls, env_file: Path | str | None = ".env") -> Self:
        """The settings of this process.

        Raises:
            ConfigError: some are missing or wrong; the message lists all of them.
        """
        try:
            return cls(_env_file=env_file)  # type: ignore[call-arg]  # fields come from the environment
        except ValidationError as error:
            problems = [_problem(cls, row["loc"], row["type"], row["msg"]) for row in error.errors(include_input=False)]
        lines = "\n".join(f"  - {problem}" for problem in sorted(problems))
        raise ConfigError(
            f"The settings are incomplete. Set these in the environment or in .env:\n{lines}\n{cls.next_step}"
        )


SHORTEST_PASSWORD = 8
"""Fewest characters of a password that is not warned of."""


class Settings(_EnvironmentSettings):
    """The program's settings, under the names of their environment variables."""

    next_step = "To try the program without an Omnitron of your own, run `channel-app sandbox`: it prints them all."

    OMNITRON_URL: str = Field(
        description="Address of Omnitron, e.g. https://shop.omnitron.akinon.net (or MAIN_APP_URL, the host alone)."
    )
    MAIN_APP_URL: str = Field(
        default="", description="Host of Omnitron without https://, used when OMNITRON_URL is absent."
    )
    OMNITRON_USERNAME: str = Field(description="User name of the channel's Omnitron account.")
    OMNITRON_PASSWORD_BLOCK: str = Field(
        default="",
        pattern="^[a-z0-9-]*$",
        description="Name of the Prefect Secret block that holds the password, in place of OMNITRON_PASSWORD.",
    )
    OMNITRON_PASSWORD: SecretStr | None = Field(
        default=None,
        validate_default=True,
        description="Password of that account; or name the Prefect Secret block that holds it: OMNITRON_PASSWORD_BLOCK.",
    )
    OMNITRON_CHANNEL_ID: int = Field(gt=0, description="Key of the sales channel in Omnitron.")
    OMNITRON_CATALOG_ID: int | None = Field(
        default=None, gt=0, description="Key of the catalog that is sold; the channel's own when absent."
    )
    CHANNEL_MODULE: str = Field(
        description="The connector: `package.module` that holds a ChannelIntegration, or `package.module:Class`."
    )
    OMNITRON_MODULE: str = Field(
        default="tasks.omnitron.integration",
        description="Module that holds the OmnitronIntegration, for projects that extend it.",
    )
    CHANNEL_APP_IN_FLIGHT: Annotated[int, Field(ge=1, le=128)] = Field(
        default=16, description="Requests to one system at the same time, at most."
    )
    CHANNEL_APP_CONNECT_TIMEOUT: float = Field(default=5.0, gt=0, description="Seconds to open a connection.")
    CHANNEL_APP_READ_TIMEOUT: float = Field(
        default=30.0, gt=0, description="Seconds to wait for the next bytes of an answer."
    )
    CHANNEL_APP_REQUEST_TIMEOUT: float = Field(
        default=120.0, gt=0, description="Seconds for one try of a request, until the last byte of its answer."
    )
    CHANNEL_APP_TRIES: int = Field(default=4, ge=1, description="Tries of one request, the first included.")
    CHANNEL_APP_OLDER_THAN: int = Field(
        default=900,
        ge=30,
        description="Seconds after which an untouched batch counts as nobody's; a send ends after a third of them.",
    )

    @model_validator(mode="before")
    @classmethod
    def _url_from_host(cls, values: Any) -> Any:
        if isinstance(values, dict) and not values.get("OMNITRON_URL") and (host := values.get("MAIN_APP_URL")):
            return {**values, "OMNITRON_URL": host if "://" in host else f"https://{host}"}
        return values

    @field_validator("OMNITRON_PASSWORD")
    @classmethod
    def _password_has_one_place(cls, password: SecretStr | None, info: ValidationInfo) -> SecretStr | None:
        block = info.data.get("OMNITRON_PASSWORD_BLOCK")
        if block and password:
            raise ValueError(
                f"the password has one place, and OMNITRON_PASSWORD_BLOCK is set too (`{block}`): unset one"
            )
        if block == "" and not password:
            raise PydanticCustomError("missing", "Field required")
        return password

    @property
    def weakness(self) -> str | None:
        """The reason why the password protects nothing well, and the next step; None for Omnitrons on this machine."""
        if self.OMNITRON_PASSWORD is None or is_loopback(urlsplit(self.OMNITRON_URL).hostname):
            return None
        password = self.OMNITRON_PASSWORD.get_secret_value()
        if len(password) >= SHORTEST_PASSWORD and not is_ordinary(password):
            return None
        return (
            "OMNITRON_PASSWORD is short or an ordinary word: it is easy to guess, and logs can mask a word only where it is a "
            f"whole value. Choose one of {SHORTEST_PASSWORD} characters or more, with digits."
        )

    @field_validator("OMNITRON_URL", mode="after")
    @classmethod
    def _url_is_safe(cls, url: str) -> str:
        return checked_url(url)


SHORTEST_SECRET = 16
"""Fewest characters of a webhook's secret."""


class WebhookSettings(_EnvironmentSettings):
    """The webhook receiver's settings. It reads no credential of Omnitron's, because it never speaks to Omnitron."""

    next_step = "docs/how-to/receive-webhooks.md explains each of them, and how to make a secret."

    OMNITRON_CHANNEL_ID: int = Field(gt=0, description="Key of the sales channel in Omnitron.")
    PREFECT_API_URL: str = Field(
        pattern="^https?://", description="Address of Prefect's API, e.g. http://127.0.0.1:4200/api."
    )
    CHANNEL_APP_WEBHOOK_SECRET: SecretStr = Field(
        description=f"The key that the channel signs with, {SHORTEST_SECRET} characters or more."
    )
    CHANNEL_APP_WEBHOOK_SECRET_OLD: SecretStr | None = Field(
        default=None, description="The former key, while it is being replaced."
    )
    CHANNEL_MODULE: str | None = Field(
        default=None, description="The connector, if events come in its marketplace's own form."
    )

    @field_validator("CHANNEL_APP_WEBHOOK_SECRET", "CHANNEL_APP_WEBHOOK_SECRET_OLD")
    @classmethod
    def _secret_is_long_enough(cls, secret: SecretStr | None) -> SecretStr | None:
        if secret is not None and len(secret) < SHORTEST_SECRET:
            raise ValueError(f"it has {len(secret)} characters; it needs at least {SHORTEST_SECRET}")
        return secret

    @property
    def secrets(self) -> tuple[SecretStr, ...]:
        """The keys whose signatures are valid."""
        keys = (self.CHANNEL_APP_WEBHOOK_SECRET, self.CHANNEL_APP_WEBHOOK_SECRET_OLD)
        return tuple(key for key in keys if key is not None)


class DeploymentSettings(_EnvironmentSettings):
    """Settings that prefect.yaml leaves to the operator. No credential is read: deployments hold no credentials."""

    next_step = (
        "`prefect deploy` reads the environment alone; to bring .env into it: set -a; . ./.env; set +a\n"
        "docs/how-to/schedule.md explains each of them."
    )

    OMNITRON_CHANNEL_ID: int = Field(gt=0, description="Key of the sales channel in Omnitron.")
    CHANNEL_APP_SCHEDULES: bool = Field(default=False, description="Whether the schedules run: on or off.")
    CHANNEL_APP_TIMEZONE: str = Field(default="UTC", description="Zone in which schedules count, e.g. Europe/Istanbul.")
    CHANNEL_APP_HOME: Path = Field(
        default_factory=Path.cwd,
        description="Folder in which workers run flows; the current folder when absent.",
    )

    @field_validator("CHANNEL_APP_TIMEZONE")
    @classmethod
    def _zone_is_known(cls, zone: str) -> str:
        if zone not in available_timezones():
            raise ValueError(f"`{zone}` is not a zone like Europe/Istanbul")
        return zone


def _problem(settings: type[BaseSettings], where: tuple[int | str, ...], kind: str, message: str) -> str:
    name = str(where[0]) if where else ""
    if not name:
        return message.removeprefix("Value error, ")
    if kind == "missing":
        return f"{name} is not set: {settings.model_fields[name].description}"
    return f"{name}: {message.removeprefix('Value error, ')}"
