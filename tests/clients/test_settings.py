"""Where the program runs and as whom."""

import contextlib
import re
from pathlib import Path

import pytest
from pydantic import SecretStr

from clients.errors import ConfigError
from clients.settings import Settings, checked_url, is_loopback
from tests.clients.support import PASSWORD, settings

GOOD = {
    "OMNITRON_URL": "https://shop.example.com",
    "OMNITRON_USERNAME": "shop",
    "OMNITRON_PASSWORD": PASSWORD,
    "OMNITRON_CHANNEL_ID": "6",
    "CHANNEL_MODULE": "tasks.channel.sandbox",
}


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch, _no_settings: None) -> pytest.MonkeyPatch:
    """A complete environment; tests change it."""
    for name, value in GOOD.items():
        monkeypatch.setenv(name, value)
    return monkeypatch


def _message(env_file: Path | None = None) -> str:
    with pytest.raises(ConfigError) as caught:
        Settings.load(env_file)
    return caught.value.message


@pytest.mark.usefixtures("_no_settings")
def test_every_missing_setting_is_reported_at_once():
    """Nobody wants to learn of them one by one."""
    message = _message()
    assert [name for name in GOOD if f"{name} is not set" not in message] == []


def test_missing_and_wrong_settings_are_reported_together(environment: pytest.MonkeyPatch):
    """Each with its name."""
    environment.delenv("OMNITRON_USERNAME")
    environment.setenv("OMNITRON_CHANNEL_ID", "six")
    environment.setenv("OMNITRON_URL", "http://shop.example.com")
    environment.setenv("CHANNEL_APP_IN_FLIGHT", "0")
    message = _message()
    for name in ("OMNITRON_USERNAME is not set", "OMNITRON_CHANNEL_ID:", "OMNITRON_URL:", "CHANNEL_APP_IN_FLIGHT:"):
        assert name in message


def test_an_empty_variable_counts_as_missing(environment: pytest.MonkeyPatch):
    """Container files write them so."""
    environment.setenv("OMNITRON_PASSWORD", "")
    assert "OMNITRON_PASSWORD is not set" in _message()


def test_a_secret_block_takes_the_place_of_the_password(environment: pytest.MonkeyPatch):
    """One of both is enough."""
    environment.delenv("OMNITRON_PASSWORD")
    environment.setenv("OMNITRON_PASSWORD_BLOCK", "omnitron-password")
    read = Settings.load(None)
    assert (read.OMNITRON_PASSWORD, read.OMNITRON_PASSWORD_BLOCK) == (None, "omnitron-password")


def test_a_password_in_two_places_is_reported_with_the_other_problems(environment: pytest.MonkeyPatch):
    """Nobody could say which one counts."""
    environment.setenv("OMNITRON_PASSWORD_BLOCK", "omnitron-password")
    environment.delenv("OMNITRON_USERNAME")
    message = _message()
    assert "OMNITRON_PASSWORD: the password has one place" in message
    assert "`omnitron-password`" in message
    assert "OMNITRON_USERNAME is not set" in message
    assert PASSWORD not in message


def test_a_password_in_no_place_names_both(environment: pytest.MonkeyPatch):
    """The message names both choices."""
    environment.delenv("OMNITRON_PASSWORD")
    assert re.search("OMNITRON_PASSWORD is not set: .*OMNITRON_PASSWORD_BLOCK", _message())


@pytest.mark.parametrize("name", ["Omnitron", "a b", "a/b", "../x", "a?b", "a_b"])
def test_the_name_of_a_block_is_one_that_prefect_takes(environment: pytest.MonkeyPatch, name: str):
    """It becomes part of an address. And the password is not called missing on top of it."""
    environment.delenv("OMNITRON_PASSWORD")
    environment.setenv("OMNITRON_PASSWORD_BLOCK", name)
    message = _message()
    assert "OMNITRON_PASSWORD_BLOCK:" in message
    assert "OMNITRON_PASSWORD is not set" not in message


@pytest.mark.usefixtures("environment")
def test_a_complete_environment_is_read():
    """With the documented defaults."""
    read = Settings.load(None)
    assert read.OMNITRON_URL == "https://shop.example.com"
    assert read.OMNITRON_CHANNEL_ID == 6
    assert (read.OMNITRON_CATALOG_ID, read.CHANNEL_APP_IN_FLIGHT, read.CHANNEL_APP_TRIES) == (None, 16, 4)


@pytest.mark.parametrize("name", ["OMNITRON_CHANNEL_ID", "OMNITRON_CATALOG_ID"])
def test_keys_are_positive(environment: pytest.MonkeyPatch, name: str):
    """No channel has the key 0."""
    environment.setenv(name, "0")
    assert f"{name}:" in _message()


def test_the_host_alone_is_taken_for_an_https_address(environment: pytest.MonkeyPatch):
    """MAIN_APP_URL, as users of the Celery version know it."""
    environment.delenv("OMNITRON_URL")
    environment.setenv("MAIN_APP_URL", "shop.omnitron.example.com")
    assert Settings.load(None).OMNITRON_URL == "https://shop.omnitron.example.com"


def test_omnitron_url_goes_before_main_app_url(environment: pytest.MonkeyPatch):
    """The more exact one."""
    environment.setenv("MAIN_APP_URL", "other.example.com")
    assert Settings.load(None).OMNITRON_URL == "https://shop.example.com"


def test_a_main_app_url_with_its_scheme_is_understood_or_refused(environment: pytest.MonkeyPatch):
    """Never `https://https://shop...`, whose host is `https`."""
    environment.delenv("OMNITRON_URL")
    environment.setenv("MAIN_APP_URL", "https://shop.example.com")
    with contextlib.suppress(ConfigError):
        assert Settings.load(None).OMNITRON_URL == "https://shop.example.com"


def test_a_main_app_url_with_http_is_refused(environment: pytest.MonkeyPatch):
    """As OMNITRON_URL would be."""
    environment.delenv("OMNITRON_URL")
    environment.setenv("MAIN_APP_URL", "http://shop.example.com")
    assert "OMNITRON_URL: `http://shop.example.com` is not https" in _message()


@pytest.mark.parametrize(
    "url",
    ["http://127.0.0.1:8000", "http://[::1]:8000", "http://localhost:8000", "http://LOCALHOST", "http://127.9.9.9"],
)
def test_http_is_accepted_for_this_machine(url: str):
    """Where the sandbox runs."""
    assert checked_url(url) == url


@pytest.mark.parametrize(
    "url",
    [
        "http://shop.example.com",
        "http://127.0.0.1.evil.com",
        "http://localhost.evil.com",
        "http://evil.com/127.0.0.1",
        "http://evil.com#localhost",
        "http://evil.com?localhost",
        "http://0.0.0.0",
        "http://10.0.0.1",
        "http://128.0.0.1",
        "http://[::2]",
        "http://localhost\t.evil.com",
        "ftp://127.0.0.1",
        "file:///etc/passwd",
        "shop.example.com",
        "//shop.example.com",
        "https://",
        "https:///path",
        "",
    ],
)
def test_any_other_address_is_refused(url: str):
    """Credentials travel to it."""
    with pytest.raises(ValueError):  # noqa: PT011  # any reason
        checked_url(url)


@pytest.mark.parametrize(
    "url", ["https://shop.example.com:port", "https://shop.example.com:99999", "https://shop. example.com"]
)
def test_an_address_that_no_client_can_open_is_refused_at_start(url: str):
    """Not with an `InvalidURL` from deep below, at the first call."""
    with pytest.raises(ValueError):  # noqa: PT011  # any reason
        checked_url(url)


@pytest.mark.parametrize("url", ["https://shop.example.com?shop=1", "https://shop.example.com/#top"])
def test_an_address_with_a_query_or_fragment_is_refused(url: str):
    """Paths are appended to it."""
    with pytest.raises(ValueError):  # noqa: PT011  # any reason
        checked_url(url)


@pytest.mark.parametrize(
    "url",
    [
        "https://user:hunter22@shop.example.com",
        "https://:hunter22@shop.example.com",
        "https://hunter22@shop.example.com",
        "http://user:hunter22@shop.example.com",
        "ftp://user:hunter22@shop.example.com",
        "https://user:hunter22@",
        "user:hunter22@shop.example.com",
    ],
)
def test_userinfo_is_refused_and_not_repeated(url: str):
    """The message goes to terminals and logs."""
    with pytest.raises(ValueError) as caught:  # noqa: PT011  # any reason
        checked_url(url)
    assert "hunter22" not in str(caught.value)


def test_a_trailing_slash_is_dropped():
    """Paths bring their own."""
    assert checked_url("https://shop.example.com/omnitron/") == "https://shop.example.com/omnitron"


@pytest.mark.parametrize("host", [None, "", "example.com", "::ffff:8.8.8.8"])
def test_what_is_no_name_of_this_machine_is_not_loopback(host: str | None):
    """When in doubt, it is not."""
    assert not is_loopback(host)


def test_the_password_is_in_no_text_of_the_settings():
    """They end in logs and tracebacks."""
    made = settings()
    assert PASSWORD not in f"{made!r} {made} {made.model_dump()} {made.model_dump_json()}"
    assert SecretStr(PASSWORD) == made.OMNITRON_PASSWORD


def test_the_password_is_in_no_report_about_other_settings(environment: pytest.MonkeyPatch):
    """Nor in the error's causes."""
    environment.delenv("CHANNEL_MODULE")
    environment.setenv("OMNITRON_CHANNEL_ID", PASSWORD)
    with pytest.raises(ConfigError) as caught:
        Settings.load(None)
    assert PASSWORD not in f"{caught.value!r} {caught.value.__cause__!r} {caught.value.__context__!r}"


def test_the_settings_cannot_be_changed():
    """They are shared by all clients."""
    made = settings()
    with pytest.raises(ValueError, match="frozen"):
        made.OMNITRON_URL = "https://evil.com"


@pytest.mark.usefixtures("_no_settings")
def test_an_env_file_is_read_from_the_working_directory(tmp_path: Path):
    """`.env`, the default."""
    (tmp_path / ".env").write_text("\n".join(f"{name}={value}" for name, value in GOOD.items()))
    assert Settings.load().OMNITRON_USERNAME == "shop"


@pytest.mark.usefixtures("_no_settings")
def test_another_env_file_may_be_named(tmp_path: Path):
    """One a shop."""
    path = tmp_path / "other.env"
    path.write_text("\n".join(f'{name}="{value}"' for name, value in GOOD.items()) + "\nUNKNOWN=1\n")
    assert Settings.load(path).OMNITRON_CHANNEL_ID == 6


def test_the_environment_goes_before_the_env_file(environment: pytest.MonkeyPatch, tmp_path: Path):
    """As everywhere."""
    path = tmp_path / "other.env"
    path.write_text("OMNITRON_USERNAME=from_file\nOMNITRON_CATALOG_ID=3\n")
    read = Settings.load(path)
    assert (read.OMNITRON_USERNAME, read.OMNITRON_CATALOG_ID) == ("shop", 3)


@pytest.mark.usefixtures("_no_settings")
def test_every_setting_has_a_description():
    """Messages and the documentation quote it."""
    assert [name for name, field in Settings.model_fields.items() if not field.description] == []


@pytest.mark.parametrize(
    ("url", "password", "is_weak"),
    [
        ("https://shop.example.com", "kitap-evi", True),
        ("https://shop.example.com", "p4ss", True),
        ("https://shop.example.com", "kitap-evi-2024", False),
        ("http://127.0.0.1:8000", "kitap-evi", False),
    ],
)
def test_a_password_that_cannot_be_masked_well_is_told(url: str, password: str, is_weak: bool):
    """Not those of local Omnitrons."""
    weakness = settings(OMNITRON_URL=url, OMNITRON_PASSWORD=SecretStr(password)).weakness
    assert ("OMNITRON_PASSWORD is short or an ordinary word" in (weakness or "")) is is_weak
    assert password not in (weakness or "")
