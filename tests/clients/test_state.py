"""What a connector keeps from run to run."""

import logging
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import pytest
from prefect import flow
from prefect.blocks.system import Secret
from prefect.client.orchestration import get_client
from pydantic import SecretStr

from clients.errors import ConfigError
from clients.flow_runs import PrefectUnavailableError
from clients.runtime import Runtime
from clients.state import State
from clients.variables import MemorySecrets, MemoryVariables
from dto.omnitron import Channel
from tasks.channel import ChannelIntegration
from tests.clients.support import Sleeper, settings

SECRET = "canary-of-the-state-1"


class AwayVariables(MemoryVariables):
    """A Prefect that does not answer."""

    async def read(self, prefix: str) -> Mapping[str, Any]:
        raise PrefectUnavailableError("Prefect's API did not answer.")

    async def update(self, name: str, value: Any) -> bool:
        raise PrefectUnavailableError("Prefect's API did not answer.")


class AwaySecrets(MemorySecrets):
    """The same for its blocks."""

    async def read(self, name: str) -> SecretStr | None:
        raise PrefectUnavailableError("Prefect's API did not answer.")

    async def write(self, name: str, secret: SecretStr) -> None:
        raise PrefectUnavailableError("Prefect's API did not answer.")


def runtime(
    variables: MemoryVariables | None = None, secrets: MemorySecrets | None = None, channel: int = 6
) -> Runtime:
    return Runtime(settings(OMNITRON_CHANNEL_ID=channel), Sleeper(), variables=variables, secrets=secrets)


async def test_a_value_is_there_for_the_next_run() -> None:
    """Under a name in which an operator finds it; another channel has its own."""
    variables = MemoryVariables()
    await State(runtime(variables)).put("events", {"after": "4711"})
    await State(runtime(variables)).put("events", {"after": "4712"})
    assert variables.kept == {"channel-app-state-6-events": {"after": "4712"}}
    assert await State(runtime(variables)).get("events") == {"after": "4712"}
    assert await State(runtime(variables, channel=7)).get("events") is None


async def test_a_value_is_not_taken_for_that_of_a_longer_name() -> None:
    variables = MemoryVariables()
    await State(runtime(variables)).put("events-of-today", 1)
    assert await State(runtime(variables)).get("events") is None


async def test_a_secret_is_there_for_the_next_run_and_is_masked() -> None:
    secrets = MemorySecrets()
    first, second = runtime(secrets=secrets), runtime(secrets=secrets)
    await State(first).put_secret("token", SECRET)
    assert await secrets.read("channel-app-6-token") == SecretStr(SECRET)
    assert await State(second).get_secret("token") == SECRET
    assert [each.redactor.text(f"with {SECRET}") for each in (first, second)] == ["with ***"] * 2
    assert await State(second).get_secret("another") is None


@pytest.mark.parametrize(
    "value", [Decimal(1), float("nan"), {1, 2}, "x" * 4_900], ids=["decimal", "nan", "set", "long"]
)
async def test_a_value_that_cannot_be_kept_is_refused_by_name(value: Any) -> None:
    variables = MemoryVariables()
    with pytest.raises(ConfigError, match="The state `events`"):
        await State(runtime(variables)).put("events", value)
    assert variables.kept == {}


@pytest.mark.parametrize("name", ["", "Events", "a/b", "a_b", "-a", "a" * 61, "é"])
async def test_a_name_is_refused_that_prefect_would_refuse(name: str) -> None:
    state = State(runtime(MemoryVariables(), MemorySecrets()))
    for ask in (state.get(name), state.put(name, 1), state.get_secret(name), state.put_secret(name, SECRET)):
        with pytest.raises(ConfigError, match="is no name of a state"):
            await ask


@pytest.mark.parametrize("is_away", [False, True])
async def test_without_a_server_the_state_is_in_memory_and_that_is_said_once(
    is_away: bool, caplog: pytest.LogCaptureFixture
) -> None:
    """For the rest of the run: a server that is away fails nothing."""
    state = State(runtime(AwayVariables(), AwaySecrets()) if is_away else runtime())
    await state.put("events", 1)
    await state.put_secret("token", SECRET)
    assert (await state.get("events"), await state.get_secret("token")) == (1, SECRET)
    said = [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING]
    assert len(said) == 1
    assert "state is in the memory of this process alone" in said[0]


@pytest.mark.flow
async def test_a_run_keeps_its_state_with_its_own_server() -> None:
    """In a variable and in a Secret block; the next run finds them, and the UI shows no secret."""

    @flow
    async def writing() -> None:
        state = State(Runtime(settings()))
        for number in (1, 2):
            await state.put("events", {"after": number})
            await state.put_secret("trial", f"{SECRET}{number}")

    @flow
    async def reading() -> tuple[Any, str | None, Any, str | None]:
        state = State(Runtime(settings()))
        found = await state.get("events"), await state.get_secret("trial")
        return *found, await state.get("others"), await state.get_secret("others")

    await writing()
    assert await reading() == ({"after": 2}, f"{SECRET}2", None, None)
    async with get_client() as client:
        shown = await client.read_block_document_by_name("channel-app-6-trial", "secret", include_secrets=False)
        await client.delete_block_document(shown.id)
        await client.delete_variable_by_name("channel-app-state-6-events")
    assert SECRET not in str(shown.data)


@pytest.mark.flow
async def test_a_block_that_holds_no_text_holds_no_secret() -> None:
    await Secret(value={"a": 1}).asave("channel-app-6-odd", overwrite=True)  # type: ignore[arg-type]  # no text, as a person may save it

    @flow
    async def reading() -> str | None:
        return await State(Runtime(settings())).get_secret("odd")

    assert await reading() is None


async def test_a_connector_has_a_state() -> None:
    variables = MemoryVariables()
    channel = Channel.model_validate({"pk": 6, "name": "Bazaar", "conf": {}})
    await ChannelIntegration(channel, runtime(variables)).state.put("events", 1)
    assert variables.kept == {"channel-app-state-6-events": 1}
