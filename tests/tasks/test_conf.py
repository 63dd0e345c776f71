"""A connector's settings are declared once: the form, the check at start and the secrets to mask follow."""

from typing import Any, ClassVar

import pytest
from pydantic import BaseModel, SecretStr

from clients.calls import Call
from clients.errors import ChannelUnavailableError, ConfigError
from clients.transport import Transport
from dto.omnitron import Channel, ChannelConf
from dto.setup import ChannelConfSchemaField
from flows.setup import update_channel_conf_schema
from tasks.channel.conf import Url, form_of, setting
from tasks.channel.integration import ChannelIntegration
from tests.world.loopback import MARKET, World
from tests.world.shop import attempt, run, use_connector

KEY = "k3y-of-the-bazaar"


class Place(BaseModel):
    code: str
    password: SecretStr


class BazaarConf(ChannelConf):
    base_url: Url = setting("Address of the shop's API")
    api_key: SecretStr = setting("Key", hint="from the seller panel, under Integrations")
    seller: int | None = setting("Seller", default=None, key="seller-id")
    warehouse: str = setting("Warehouse", default="main")
    places: list[Place] = setting("Places", default=[])
    codes: dict[str, int] = setting("Codes", default={})
    is_trial: bool = setting("Trial", default=False)


class Bazaar(ChannelIntegration[BazaarConf]):
    name = "bazaar"
    actions: ClassVar = {}

    def connect(self) -> Transport:
        return Transport("Bazaar", self.conf.base_url, self.runtime, unavailable=ChannelUnavailableError)

    async def sign_of_life(self) -> None:
        await self.transport.send(Call("GET", "/health"))


def bazaar(world: World, **conf: Any) -> Bazaar:
    return Bazaar(Channel(pk=6, conf=conf), world.runtime())  # type: ignore[arg-type]  # as Omnitron sends it


def test_the_form_follows_from_the_class() -> None:
    codes = {"type": "object", "additionalProperties": {"type": "integer"}}
    assert form_of(BazaarConf) == [
        ChannelConfSchemaField(True, "URL", "base_url", "Address of the shop's API"),  # type: ignore[arg-type]
        ChannelConfSchemaField(True, "text", "api_key", "Key, from the seller panel, under Integrations"),  # type: ignore[arg-type]
        ChannelConfSchemaField(False, "integer", "seller-id", "Seller"),  # type: ignore[arg-type]
        ChannelConfSchemaField(False, "text", "warehouse", "Warehouse"),  # type: ignore[arg-type]
        ChannelConfSchemaField(False, "list", "places", "Places"),  # type: ignore[arg-type]
        ChannelConfSchemaField(False, "json", "codes", "Codes", codes),  # type: ignore[arg-type]
        ChannelConfSchemaField(False, "bool", "is_trial", "Trial"),  # type: ignore[arg-type]
    ]


def test_a_connector_that_declares_no_settings_has_none_in_the_form() -> None:
    assert form_of(ChannelConf) == []


def test_a_setting_of_every_channel_is_in_the_form_of_a_connector_that_declares_it() -> None:
    class Depots(ChannelConf):
        WAREHOUSE_CODES: dict[str, str] = setting("Depots", default={})

    assert [field.key for field in form_of(Depots)] == ["WAREHOUSE_CODES"]


def test_the_settings_are_typed_and_those_of_every_channel_are_among_them(world: World) -> None:
    given = {"base_url": "https://x.example/", "api_key": KEY, "seller-id": "7", "remote_id_attribute": "base_code"}
    conf = bazaar(world, **given, other=1).conf
    assert (conf.base_url, conf.seller, conf.warehouse) == ("https://x.example", 7, "main")
    assert (conf.remote_id_attribute, conf.get("other"), conf.get("order_lookback")) == ("base_code", 1, None)


def test_a_blank_setting_has_its_default(world: World) -> None:
    given = {"base_url": MARKET, "api_key": KEY, "warehouse": " ", "seller-id": "", "places": ""}
    conf = bazaar(world, **given).conf
    assert (conf.warehouse, conf.seller, conf.places) == ("main", None, [])


async def test_all_problems_of_the_settings_are_said_at_once(world: World) -> None:
    """With the label of each, and without the values; before any connection."""
    with pytest.raises(ConfigError) as caught:
        async with bazaar(world, base_url="http://shop.example", api_key="", **{"seller-id": "s3cr3t"}):
            pass
    said = caught.value.message
    assert said.startswith(
        "The conf of channel 6 does not suit the connector `bazaar`: `base_url` (Address of the shop's API)"
    )
    assert "`api_key` (Key, from the seller panel, under Integrations) is missing" in said
    assert "`seller-id` (Seller) cannot be used: Input should be a valid integer" in said
    assert "Correct the channel's settings in Omnitron" in said
    assert "s3cr3t" not in said


def test_secrets_are_masked_at_any_depth(world: World) -> None:
    channel = bazaar(world, base_url=MARKET, api_key=KEY, places=[{"code": "a", "password": "hidden-d33p"}])
    assert channel.conf.api_key.get_secret_value() == KEY
    assert channel.runtime.redactor.text(f"{KEY} and hidden-d33p") == "*** and ***"


async def test_the_transport_is_opened_counted_and_closed(world: World) -> None:
    channel = bazaar(world, base_url=MARKET, api_key=KEY)
    with pytest.raises(ConfigError, match="Bazaar has no open connections: return a Transport from its `connect`"):
        await channel.sign_of_life()
    async with channel:
        await channel.sign_of_life()
        assert channel.traffic.requests == 1
    with pytest.raises(RuntimeError, match="closed"):
        await channel.sign_of_life()


def test_a_class_of_settings_that_is_none_is_refused_when_the_connector_is_defined() -> None:
    with pytest.raises(
        ConfigError, match=r"Wrong names .*int.* as the class of its settings.*derive it from ChannelConf"
    ):

        class Wrong(ChannelIntegration[int]):  # type: ignore[type-var]
            pass


async def test_the_form_is_written_before_the_merchant_has_filled_it_in(world: World) -> None:
    """No command of the connector's is needed, and no setting; a second run changes nothing."""
    world.hub.set_channel(conf={"base_url": ""})
    use_connector(world, f"{__name__}:Bazaar")
    assert (await run(world, update_channel_conf_schema)).counts == {"created": 7}
    assert world.channel["schema"]["api_key"]["label"] == "Key, from the seller panel, under Integrations"
    assert (await run(world, update_channel_conf_schema)).counts == {"unchanged": 7}


class Plain(ChannelIntegration):
    actions: ClassVar = {}


async def test_without_settings_and_without_the_command_there_is_no_form(world: World) -> None:
    use_connector(world, f"{__name__}:Plain")
    summary = await attempt(world, update_channel_conf_schema)
    assert "has no get_channel_conf_schema" in (summary.reason or "")
