"""`channel-app resume`: shows why runs hold back, and has the next ones work at once."""

from prefect.settings import PREFECT_API_URL

from clients.errors import ConfigError
from clients.settings import Settings
from deployments.standing_holds import variables_at_hand
from flows.holding import read_holds


async def end_holds() -> list[str]:
    """Ends all holds of the channel. Answers a sentence for each.

    Raises:
        ConfigError: this machine knows no Prefect server, or the settings are incomplete.
        PrefectUnavailableError: the server does not answer as it should.
    """
    if not PREFECT_API_URL.value():
        raise ConfigError(
            "PREFECT_API_URL is not set: name the server that runs the schedules, where holds are kept. That of `channel-app "
            "serve` is http://127.0.0.1:4200/api."
        )
    channel_id = Settings.load().OMNITRON_CHANNEL_ID
    ended = []
    async with variables_at_hand() as variables:
        for name, hold in (await read_holds(variables, channel_id)).items():
            await variables.delete(name)
            ended.append(
                f"{name} is ended. Since {hold.since:%Y-%m-%d %H:%M} UTC, because of {hold.system}: {hold.why}"
            )
    return ended
