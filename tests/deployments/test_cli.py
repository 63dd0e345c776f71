"""The command for people and machines: exit codes, one paragraph for an error, one JSON object for machines."""

import json
import os
import signal
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from deployments.cli import app
from deployments.one_run import parse_parameters
from deployments.sandbox import server
from flows.registry import FLOWS
from tests.world.live import Command, Shop

SETTINGS = ("OMNITRON_URL", "OMNITRON_USERNAME", "OMNITRON_PASSWORD", "OMNITRON_CHANNEL_ID", "CHANNEL_MODULE")
NOBODY = "http://127.0.0.1:9"
"""An address where nothing listens."""


def summary_of(result: "subprocess.CompletedProcess[str]") -> dict[str, Any]:
    """The last line that a run printed."""
    summary: dict[str, Any] = json.loads(result.stdout.splitlines()[-1])
    return summary


def assert_one_paragraph(result: "subprocess.CompletedProcess[str]", *words: str) -> None:
    """The error is printed once, on its own line, without a traceback."""
    assert "Traceback" not in result.stderr + result.stdout
    assert "  File " not in result.stderr
    said = [line for line in result.stderr.splitlines() if " failed. " in line]
    assert len(said) == 1, result.stderr
    for word in words:
        assert word in said[0]


# -- without a process -------------------------------------------------------------------------------------------------


def test_flows_are_listed_with_what_they_do() -> None:
    result = CliRunner().invoke(app, ["flows"])
    assert result.exit_code == 0
    lines = result.stdout.splitlines()
    assert [line.split()[0] for line in lines] == list(FLOWS)
    assert all(len(line.split()) > 3 for line in lines)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["insert_everything"], ["no flow `insert_everything`", "insert_products", "recover"]),
        (["insert_products", "-p", "size=3"], ["insert_products has no parameter size", "batch_size"]),
        (["insert_products", "-p", "batch_size"], ["`batch_size` is not name=value", "--param batch_size=100"]),
        (["insert_products", "-p", "=3"], ["`=3` is not name=value"]),
        (["insert_products", "-p", "batch_size=0"], ["batch_size", "greater than or equal to 1"]),
        (["insert_products", "-p", "batch_size=many"], ["batch_size", "valid integer"]),
        (["verify_batch"], ["verify_batch cannot take these parameters", "remote_batch_id"]),
    ],
)
def test_a_wrong_call_of_run_is_explained(arguments: list[str], words: list[str]) -> None:
    result = CliRunner().invoke(app, ["run", *arguments])
    assert result.exit_code == 2
    for word in words:
        assert word in result.stderr
    assert result.stdout == ""
    assert "Traceback" not in result.stderr


def test_parameters_are_json_where_they_can_be() -> None:
    pairs = ["batch_size=10", "language=en", "is_sync=true", "max_batches=null", "name=a=b", "list=[1]"]
    assert parse_parameters(pairs) == {
        "batch_size": 10,
        "language": "en",
        "is_sync": True,
        "max_batches": None,
        "name": "a=b",
        "list": [1],
    }


@pytest.fixture
def nowhere(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Without any setting."""
    monkeypatch.chdir(tmp_path)
    for name in (*SETTINGS, "MAIN_APP_URL"):
        monkeypatch.delenv(name, raising=False)


@pytest.mark.usefixtures("nowhere")
@pytest.mark.parametrize("command", [["run", "insert_products"], ["verify"], ["verify", "b-1"], ["recover"]])
def test_missing_settings_are_all_named(command: list[str]) -> None:
    result = CliRunner().invoke(app, [*command, "--json"])
    assert result.exit_code == 1
    for name in SETTINGS:
        assert f"{name} is not set" in result.stderr
    assert "channel-app sandbox" in result.stderr
    summary = json.loads(result.stdout.splitlines()[-1])
    assert summary["outcome"] == "failed"
    assert "OMNITRON_URL is not set" in summary["reason"]


@pytest.mark.usefixtures("nowhere")
def test_check_without_settings_fails() -> None:
    result = CliRunner().invoke(app, ["check"])
    assert result.exit_code == 1
    for name in SETTINGS:
        assert f"{name} is not set" in result.stdout


@pytest.mark.parametrize(
    ("arguments", "given"),
    [
        ([], {}),
        (["marketplace", "--marketplace-port", "8701"], {"marketplace_port": 8701}),
        (["omnitron", "--omnitron-port", "8700", "--json"], {"omnitron_port": 8700, "as_json": True}),
        (["--products", "5", "--seed", "3", "--failing", "0.5"], {"products": 5, "seed": 3, "failing": 0.5}),
        (
            ["--async", "--latency-ms", "20", "--refuse-share", "0.1"],
            {"asynchronous": True, "latency_ms": 20.0, "refuse_share": 0.1},
        ),
        (["--habit", "parts", "--habit", "rates"], {"habits": ["parts", "rates"]}),
    ],
)
def test_the_sandbox_gets_its_options(
    monkeypatch: pytest.MonkeyPatch, arguments: list[str], given: dict[str, Any]
) -> None:
    calls: list[tuple[str, dict[str, Any]]] = []
    monkeypatch.setattr(server, "main", lambda which, **options: calls.append((which, options)))
    assert CliRunner().invoke(app, ["sandbox", *arguments]).exit_code == 0
    which = arguments[0] if arguments and not arguments[0].startswith("-") else "all"
    defaults = {
        "omnitron_port": 0,
        "marketplace_port": 0,
        "products": 100,
        "latency_ms": 0.0,
        "seed": 7,
        "asynchronous": False,
        "failing": 0.04,
        "refuse_share": 0.0,
        "habits": [],
        "as_json": False,
        "env_file": None,
    }
    assert calls == [(which, defaults | given)]


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        (["bazaar"], "There are: omnitron, marketplace, all."),
        (["--products", "-1"], "--products"),
        (["--failing", "2"], "--failing"),
        (["--refuse-share", "-0.1"], "--refuse-share"),
        (["--omnitron-port", "70000"], "--omnitron-port"),
        (["--latency-ms", "-1"], "--latency-ms"),
    ],
)
def test_a_wrong_call_of_sandbox_is_explained(monkeypatch: pytest.MonkeyPatch, arguments: list[str], word: str) -> None:
    monkeypatch.setattr(server, "main", lambda which, **options: pytest.fail("it started"))
    result = CliRunner().invoke(app, ["sandbox", *arguments], env={"TERM": "dumb", "COLUMNS": "200"})
    assert result.exit_code == 2
    assert word in result.stderr


def test_a_port_that_is_taken_is_explained() -> None:
    with server.listen() as taken:
        port = str(taken.getsockname()[1])
        result = CliRunner().invoke(app, ["sandbox", "omnitron", "--omnitron-port", port])
    assert result.exit_code == 1
    assert "Choose another port (0: a free one), or another file." in result.stderr


# -- processes that need no Prefect ------------------------------------------------------------------------------------


@pytest.mark.process
def test_the_sandbox_prints_one_line_and_stops_when_told(environment: dict[str, str], tmp_path: Path) -> None:
    command = [sys.executable, "-m", "deployments.cli", "sandbox", "--json", "--products", "3", "--async"]
    with subprocess.Popen(
        command, env=environment, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout
        said = json.loads(process.stdout.readline())
        process.send_signal(signal.SIGTERM)
        rest, errors = process.communicate(timeout=30)
    assert process.returncode == 0
    assert (rest, errors) == ("", "")
    assert set(said) == {"omnitron", "marketplace", "environment"}
    assert said["environment"]["OMNITRON_URL"] == said["omnitron"]
    assert set(said["environment"]) == {*SETTINGS, "OMNITRON_CATALOG_ID"}


@pytest.mark.process
def test_check_of_a_sandbox_is_green(channel_app: Command, shop: Shop) -> None:
    result = channel_app("check", "--with-object", settings=shop.settings)
    assert result.returncode == 0, result.stdout
    assert result.stdout.endswith("Everything is in place.\n")
    assert "✗" not in result.stdout
    assert "\x1b" not in result.stdout
    assert result.stderr == ""
    shop.assert_nothing_locked()


@pytest.mark.process
def test_check_of_a_channel_that_is_switched_off_is_red(channel_app: Command, shop: Shop) -> None:
    shop.control("omnitron", "PATCH", "channel", {"is_active": False})
    result = channel_app("check", settings=shop.settings)
    assert result.returncode == 1
    assert "is switched off" in result.stdout
    assert "Traceback" not in result.stderr


@pytest.mark.process
def test_a_connector_may_be_a_file_in_the_current_folder(
    environment: dict[str, str], shop: Shop, tmp_path: Path
) -> None:
    """The console script does not import from the current folder by itself. A folder with one of our names hides nothing."""
    (tmp_path / "corner.py").write_text("from tasks.channel.sandbox import ChannelIntegration\n")
    (tmp_path / "flows").mkdir()
    (tmp_path / "flows/__init__.py").write_text("raise ImportError('not this one')\n")
    plain = {name: value for name, value in environment.items() if name != "PYTHONPATH"}
    done = subprocess.run(
        [Path(sys.executable).with_name("channel-app"), "check"],
        env=plain | shop.settings | {"CHANNEL_MODULE": "corner"},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "(corner)" in done.stdout


# -- real runs ---------------------------------------------------------------------------------------------------------


@pytest.fixture
def settings(shop: Shop, prefect_server: dict[str, str]) -> dict[str, str]:
    """For a run in this shop, on the shared server."""
    return shop.settings | prefect_server


@pytest.mark.flow
@pytest.mark.process
def test_a_run_ends_with_its_summary(channel_app: Command, shop: Shop, settings: dict[str, str]) -> None:
    result = channel_app("run", "insert_products", "-p", "batch_size=5", "--json", settings=settings)
    assert result.returncode == 0, result.stderr
    summary = summary_of(result)
    assert summary["outcome"] == "completed"
    assert summary["counts"] == {"integrated": 12}
    assert summary["failures"] == {}
    assert summary["batches"] == 3
    assert summary["requests"] > 20
    assert summary["log_ins"] == 1
    assert summary["seconds"] > 0
    assert "insert products: 12 integrated" in result.stderr
    assert "View at" in result.stderr
    assert shop.state()["counts"]["objects"]["product"]["integrated"] == 12
    shop.assert_nothing_locked()


@pytest.mark.flow
@pytest.mark.process
def test_a_run_names_what_failed_and_why(channel_app: Command, shop: Shop, settings: dict[str, str]) -> None:
    """In its own lines for people, and in the summary for machines."""
    shop.control("marketplace", "POST", "refuse", {"1KBATC00000001": "The picture is too small"})
    result = channel_app("run", "insert_products", settings=settings)
    assert result.returncode == 0, result.stderr
    first, second = result.stdout.splitlines()
    assert first.startswith("insert products: 11 integrated, 1 failed (1 Rejected)")
    assert second.startswith("  - 1KBATC00000001: Rejected: ")
    assert "The picture is too small" in second


@pytest.mark.flow
@pytest.mark.process
def test_what_was_changed_on_the_channel_is_found_and_sent_again(
    channel_app: Command, shop: Shop, settings: dict[str, str]
) -> None:
    """By an operator, with three commands."""
    sku = "1KBATC00000001"
    assert channel_app("run", "insert_products", settings=settings).returncode == 0
    shop.control("marketplace", "POST", f"listing/{sku}", {"state": "delisted", "message": "Şikâyet var"})
    compared = summary_of(channel_app("run", "compare_listing", "--json", settings=settings))
    assert compared["counts"] == {"same": 11, "delisted": 1}
    resent = channel_app("resend", sku, "--type", "product", settings=settings)
    assert resent.stdout == f"✓ {sku} is due again: the next run of update_products sends it.\n"
    assert summary_of(channel_app("run", "update_products", "--json", settings=settings))["counts"] == {"integrated": 1}
    assert shop.http.get(f"{shop.sandbox.urls['marketplace']}/listing/{sku}").json()["state"] == "live"
    shop.assert_nothing_locked()


@pytest.mark.flow
@pytest.mark.process
def test_a_channel_that_is_switched_off_is_no_failure(
    channel_app: Command, shop: Shop, settings: dict[str, str]
) -> None:
    shop.control("omnitron", "PATCH", "channel", {"is_active": False})
    result = channel_app("run", "insert_products", "--json", settings=settings)
    assert result.returncode == 0
    summary = summary_of(result)
    assert summary["outcome"] == "skipped"
    assert "switched off in Omnitron" in summary["reason"]
    assert shop.state()["counts"]["batches"] == {}


@pytest.mark.flow
@pytest.mark.process
def test_another_runs_lock_is_no_failure(channel_app: Command, shop: Shop, settings: dict[str, str]) -> None:
    held = shop.hub("POST", "batch_requests/", {"channel": 6})
    move = {"channel": 6, "status": "commit", "content_type": "product", "objects": []}
    shop.hub("PATCH", f"batch_requests/{held['pk']}/", move)
    result = channel_app("run", "insert_products", "--json", settings=settings)
    assert result.returncode == 0
    summary = summary_of(result)
    assert summary["outcome"] == "skipped"
    assert held["local_batch_id"] in summary["reason"]
    assert shop.state()["counts"]["open_batches"] == {"commit": 1}


@pytest.mark.flow
@pytest.mark.process
def test_a_wrong_password_is_tried_once(channel_app: Command, shop: Shop, settings: dict[str, str]) -> None:
    result = channel_app("run", "insert_products", "--json", settings=settings | {"OMNITRON_PASSWORD": "not-this-one"})
    assert result.returncode == 1
    assert_one_paragraph(result, "refused the log-in of `sandbox`", "Check OMNITRON_USERNAME and OMNITRON_PASSWORD")
    assert summary_of(result)["outcome"] == "failed"
    assert shop.state()["counts"]["requests"] == {"POST /api/v1/auth/login/": 1}
    assert "not-this-one" not in result.stderr + result.stdout


@pytest.mark.flow
@pytest.mark.process
def test_a_hub_that_is_not_there_is_said_soon(channel_app: Command, settings: dict[str, str]) -> None:
    result = channel_app("run", "insert_products", "--json", settings=settings | {"OMNITRON_URL": NOBODY})
    assert result.returncode == 1
    assert_one_paragraph(result, "Omnitron did not answer POST auth/login/", f"Is {NOBODY}/api/v1/ the right address")
    assert summary_of(result)["seconds"] < 5


@pytest.mark.flow
@pytest.mark.process
def test_a_page_where_json_was_due_is_quoted(channel_app: Command, shop: Shop, settings: dict[str, str]) -> None:
    shop.control("omnitron", "POST", "faults", {"kind": "html", "path": "inserts", "times": None})
    result = channel_app("run", "insert_products", settings=settings)
    assert result.returncode == 1
    assert_one_paragraph(result, "where JSON was due", "200 from the gateway", "a log-in page, a proxy or a firewall")
    shop.assert_nothing_locked()


@pytest.mark.flow
@pytest.mark.process
@pytest.mark.parametrize(
    ("module", "words"),
    [
        ("nowhere.at_all", ["CHANNEL_MODULE is `nowhere.at_all`", "Install the connector's package"]),
        ("tests.flows.connectors:SendBreaks", ["unforeseen", "KeyError: 'results'"]),
    ],
)
def test_a_connector_that_cannot_work_is_named(
    channel_app: Command, shop: Shop, settings: dict[str, str], module: str, words: list[str]
) -> None:
    result = channel_app("run", "insert_products", "--json", settings=settings | {"CHANNEL_MODULE": module})
    assert result.returncode == 1
    assert_one_paragraph(result, *words)
    assert summary_of(result)["outcome"] == "failed"
    shop.assert_nothing_locked()


@pytest.mark.flow
@pytest.mark.process
def test_an_answer_that_is_nonsense_ends_the_batch(channel_app: Command, shop: Shop, settings: dict[str, str]) -> None:
    shop.control("marketplace", "POST", "faults", {"kind": "nonsense", "path": "/products", "times": None})
    result = channel_app("run", "insert_products", "--json", settings=settings)
    assert result.returncode == 1
    assert_one_paragraph(result, "The marketplace answered with no list of objects in `results`.")
    assert shop.state()["counts"]["batches"] == {"fail": 1}
    shop.assert_nothing_locked()


def test_the_sandbox_writes_the_settings_where_the_program_reads_them(
    environment: dict[str, str], channel_app: Command, tmp_path: Path
) -> None:
    """At each start, because the addresses change."""
    command = [sys.executable, "-m", "deployments.cli", "sandbox", "--products", "3", "--env", ".env"]
    for _ in range(2):
        with subprocess.Popen(command, env=environment, cwd=tmp_path, stdout=subprocess.PIPE, text=True) as sandbox:
            assert sandbox.stdout
            said = iter(sandbox.stdout.readline, "")
            assert any(line == "# settings: .env\n" for line in said)
            ran = channel_app("status", "--json")
            sandbox.terminate()
        assert ran.returncode == 0, ran.stderr
        assert json.loads(ran.stdout)["channel"] == 6


def mode_of(descriptor: int) -> int:
    return stat.S_IMODE(os.fstat(descriptor).st_mode)


@pytest.mark.parametrize("before", [None, 0o644])
def test_settings_are_for_nobody_elses_eyes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, before: int | None
) -> None:
    """They hold a password: not even while they are written, and whatever the file could be read by before."""
    env_file = tmp_path / ".env"
    if before is not None:
        env_file.write_text(server.WRITTEN)
        env_file.chmod(before)
    monkeypatch.setattr(server, "serve", lambda apps, announce: announce(dict.fromkeys(apps, "http://127.0.0.1:9")))
    modes: list[int] = []
    opening, filling = os.open, os.fdopen

    def opened(path: Path, *arguments: Any) -> int:
        descriptor = opening(path, *arguments)
        if path == env_file:
            modes.append(mode_of(descriptor))
        return descriptor

    def filled(descriptor: int, *arguments: Any, **options: Any) -> Any:
        modes.append(mode_of(descriptor))
        return filling(descriptor, *arguments, **options)

    monkeypatch.setattr(os, "open", opened)
    monkeypatch.setattr(os, "fdopen", filled)
    umask = os.umask(0)
    try:
        server.main("omnitron", products=1, env_file=env_file)
    finally:
        os.umask(umask)
    assert "OMNITRON_PASSWORD=" in env_file.read_text()
    assert modes == [before or 0o600, 0o600]


def test_the_sandbox_leaves_settings_of_others_alone(channel_app: Command, tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("OMNITRON_URL=https://shop.example.com\n")
    done = channel_app("sandbox", "--env", ".env")
    assert done.returncode == 1
    assert ".env exists" in done.stderr
    assert (tmp_path / ".env").read_text() == "OMNITRON_URL=https://shop.example.com\n"
