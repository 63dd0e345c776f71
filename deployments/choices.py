"""The operator's choices for prefect.yaml: the first step of each deployment."""

from typing import Any

from prefect.settings import get_current_settings

from clients.errors import ConfigError
from clients.prefect_address import refuse_clear_text
from clients.settings import DeploymentSettings


def operator_choices() -> dict[str, Any]:
    """`schedules` (whether they run), `timezone` and `home` (the folder of the flows).

    A step instead of `{{ $CHANNEL_APP_SCHEDULES }}`, because Prefect's templates have no defaults: an unset variable would be
    an empty text, which is not a boolean.

    Raises:
        SystemExit: a variable is missing or wrong (without the channel's id, the names of deployments would be incomplete), or
            credentials would travel to Prefect in clear.
    """
    try:
        settings = DeploymentSettings.load(env_file=None)
        refuse_clear_text(get_current_settings().api.url)
    except ConfigError as error:
        # Prefect shows the traceback of an error, but only the message of an exit.
        raise SystemExit(error.message) from error
    return {
        "schedules": settings.CHANNEL_APP_SCHEDULES,
        "timezone": settings.CHANNEL_APP_TIMEZONE,
        "home": str(settings.CHANNEL_APP_HOME.resolve()),
    }
