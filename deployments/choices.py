"""What the operator chose, as prefect.yaml asks for it: the step with which each deployment begins."""

from typing import Any

from clients.errors import ConfigError
from clients.settings import DeploymentSettings


def operator_choices() -> dict[str, Any]:
    """`schedules` (whether they run), `timezone` and `home` (the folder of the flows).

    A step and not `{{ $CHANNEL_APP_SCHEDULES }}`: Prefect's templates have no defaults, and a variable that nobody set
    would be an empty text there, which is no boolean.

    Raises:
        SystemExit: a variable is missing or wrong. Without the channel's, deployments would be called after nothing.
    """
    try:
        settings = DeploymentSettings.load(env_file=None)
    except ConfigError as error:
        # Of an error Prefect shows the traceback, of an exit the message.
        raise SystemExit(error.message) from error
    return {
        "schedules": settings.CHANNEL_APP_SCHEDULES,
        "timezone": settings.CHANNEL_APP_TIMEZONE,
        "home": str(settings.CHANNEL_APP_HOME.resolve()),
    }
