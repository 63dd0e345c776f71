"""`channel-app check` against hubs that keep the contract, and against hubs that break one line."""

import asyncio
import contextlib
import json
import sys
import types
from collections.abc import Callable
from dataclasses import replace
from importlib.machinery import ModuleSpec
from pathlib import Path
from typing import Any, ClassVar

import httpx
import pytest
from prefect.settings import PREFECT_API_AUTH_STRING, PREFECT_API_URL, temporary_settings

from clients import runtime as runtimes
from clients.errors import ChannelUnavailableError
from deployments import check
from deployments.assumptions.table import ASSUMPTIONS
from deployments.check import check_everything, shadowed
from deployments.sandbox import Fault
from deployments.sandbox.base.http import HttpError
from deployments.sandbox.hub import listing
from dto.omnitron import Channel
from tasks.channel.integration import ChannelIntegration as Connector
from tasks.channel.sandbox import ChannelIntegration as Sandbox
from tests.harness.canaries import find
from tests.world.loopback import World

HERE = __name__
UNTRIED_WITHOUT_OBJECT = (
    *("own-echo", "processing", "take-over", "release", "attempt"),
    *("deleted-inside", "changed-inside"),
)

Rewrite = Callable[[httpx.Request, Any], Any]
"""Replaces the JSON body of a hub's answer."""


class _Deviating(httpx.AsyncBaseTransport):
    """A hub that ignores some query parameters, with rewritten answers."""

    def __init__(self, inner: httpx.AsyncBaseTransport, rewrite: Rewrite, unseen: tuple[str, ...]) -> None:
        self._inner = inner
        self._rewrite = rewrite
        self._unseen = unseen

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        for name in self._unseen:
            request.url = request.url.copy_remove_param(name)
        response = await self._inner.handle_async_request(request)
        raw = await response.aread()
        if raw.startswith(b"<"):
            return response
        answer = self._rewrite(request, json.loads(raw) if raw else None)
        if isinstance(answer, int):
            return httpx.Response(answer, json={"detail": "no"}, headers={"Date": response.headers["Date"]})
        return httpx.Response(response.status_code, json=answer, headers={"Date": response.headers["Date"]})


def unchanged(_request: httpx.Request, body: Any) -> Any:
    return body


@pytest.fixture
def world() -> World:
    """Enough products for a list of two pages."""
    return World(products=120, failing=0)


async def looked_at(
    world: World,
    capsys: pytest.CaptureFixture[str],
    rewrite: Rewrite = unchanged,
    *,
    unseen: tuple[str, ...] = (),
    with_object: bool = False,
) -> tuple[bool, str]:
    """True if no line was red, and the output. No batch is left open, and the contract was kept."""
    runtime = world.runtime()
    plain = runtime.connect
    runtime = replace(runtime, connect=lambda in_flight: _Deviating(plain(in_flight), rewrite, unseen))
    with runtimes.using(runtime):
        good = await check_everything(with_object=with_object)
    assert world.hub.counts()["open_batches"] == {}
    assert world.hub.counts()["objects"]["product"]["processing"] == 0
    assert world.hub.violations == []
    return good, capsys.readouterr().out


def verdict(out: str, name: str) -> str:
    """The line of an assumption, with the lines below it."""
    lines = out.splitlines()
    start = next(number for number, line in enumerate(lines) if line.endswith(ASSUMPTIONS[name].name))
    rest = [line for line in lines[start + 1 : start + 4] if line.startswith("    ")]
    return "\n".join([lines[start], *rest])


def marks(out: str, mark: str) -> list[str]:
    """The lines that begin with a mark."""
    return [line for line in out.splitlines() if line.startswith(mark)]


# -- a hub that keeps the contract -------------------------------------------------------------------------------------


async def test_everything_is_in_place_on_the_sandbox(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    good, out = await looked_at(world, capsys)
    assert good
    assert marks(out, "✗") == marks(out, "!") == []
    assert [line.split()[1] for line in marks(out, "✓")[:9]] == [
        "modules",
        "settings",
        "log-in",
        "channel",
        "conf",
        "catalog",
        "connector",
        "conf",
        "life",
    ]
    assert "the connector's own settings are complete: `base_url`, `asynchronous`" in out
    assert out.endswith("Everything is in place.\n")
    assert "\x1b" not in out


async def test_no_object_is_touched_unless_asked(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    _, out = await looked_at(world, capsys)
    assert list(world.actions) == []
    assert world.attempts == {}
    for name in UNTRIED_WITHOUT_OBJECT:
        assert "not tried" in verdict(out, name)
        assert "--with-object" in verdict(out, name)


async def test_with_an_object_one_product_pays_one_attempt(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    good, out = await looked_at(world, capsys, with_object=True)
    assert good
    for name in UNTRIED_WITHOUT_OBJECT:
        assert "honoured" in verdict(out, name)
    assert list(world.actions) == []
    assert [attempts.count for attempts in world.attempts.values()] == [1]
    assert world.hub.counts()["objects"]["product"]["due_inserts"] == 119


async def test_with_an_object_nothing_is_tried_where_none_is_due(capsys: pytest.CaptureFixture[str]) -> None:
    good, out = await looked_at(World(products=0), capsys, with_object=True)
    assert good
    assert "no product is due" in verdict(out, "release")


async def test_a_second_check_finds_the_same(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    first = await looked_at(world, capsys)
    assert await looked_at(world, capsys) == first


# -- hubs that break one line ------------------------------------------------------------------------------------------


def _second_code(_request: httpx.Request, body: Any) -> Any:
    return json.loads(json.dumps(body).replace("batch_request_status_100_2", "batch_request_locked"))


def _type_code(_request: httpx.Request, body: Any) -> Any:
    return json.loads(json.dumps(body).replace("batch_request_content_type_100_1", "batch_request_other"))


def _shows_objects_in_retrieve(request: httpx.Request, body: Any) -> Any:
    is_batch = request.method == "GET" and "/batch_requests/" in request.url.path
    return {**body, "objects": []} if is_batch and "results" not in body else body


def _shows_objects_in_list(request: httpx.Request, body: Any) -> Any:
    if request.method == "GET" and request.url.path.endswith("/batch_requests/"):
        return {**body, "results": [{**row, "objects": []} for row in body["results"]]}
    return body


def _hides_initialized(request: httpx.Request, body: Any) -> Any:
    is_asked = request.url.params.get_list("status") == ["initialized"]
    return {**body, "count": 0, "results": [], "next": None} if is_asked else body


def _never_moves(request: httpx.Request, body: Any) -> Any:
    is_batch = "/batch_requests/" in request.url.path and isinstance(body, dict) and "created_date" in body
    return {**body, "modified_date": body["created_date"]} if is_batch else body


def _loses_next(request: httpx.Request, body: Any) -> Any:
    return {**body, "next": None} if request.url.path.endswith("/products/") else body


def _echoes_everything(request: httpx.Request, body: Any) -> Any:
    return {**body, "objects": [{"pk": 1}]} if request.method == "PATCH" and body else body


@pytest.mark.parametrize(
    ("name", "rewrite", "seen"),
    [
        ("lock-code", _second_code, "batch_request_locked"),
        ("bound-type", _type_code, "batch_request_other"),
        ("hidden-objects", _shows_objects_in_retrieve, "shows `objects`"),
        ("hidden-objects", _shows_objects_in_list, "GET batch_requests/ shows `objects`"),
        ("listed-statuses", _hides_initialized, "initialized"),
        ("touch", _never_moves, "it stayed at 20"),
        ("page-cap", _loses_next, "100 of 120 rows, and no `next`"),
        ("own-echo", _echoes_everything, "answered with 1"),
    ],
)
async def test_an_answer_that_breaks_a_line_is_named_on_it(
    world: World, capsys: pytest.CaptureFixture[str], name: str, rewrite: Rewrite, seen: str
) -> None:
    good, out = await looked_at(world, capsys, rewrite, with_object=True)
    assert not good
    assert verdict(out, name).startswith("✗ broken")
    assert seen in verdict(out, name)
    assert ASSUMPTIONS[name].promise in verdict(out, name)
    assert "next: " in verdict(out, name)
    assert len(marks(out, "✗")) == 1


@pytest.mark.parametrize(
    ("name", "parameter"), [("listed-statuses", "status"), ("remote-batch-filter", "remote_batch_id")]
)
async def test_a_filter_that_the_hub_does_not_know_is_found(
    world: World, capsys: pytest.CaptureFixture[str], name: str, parameter: str
) -> None:
    good, out = await looked_at(world, capsys, unseen=(parameter,))
    assert not good
    assert verdict(out, name).startswith("✗ broken")


async def test_two_commits_of_one_type_and_a_change_of_type_are_found(
    world: World, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(world.batches, "_bound_content_type", lambda batch, asked: asked)
    good, out = await looked_at(world, capsys)
    assert not good
    assert verdict(out, "commit-lock").startswith("✗ broken")
    assert "in commit together" in verdict(out, "commit-lock")
    assert "not tried" in verdict(out, "lock-code")
    assert verdict(out, "bound-type").startswith("✗ broken")
    assert len(marks(out, "✗")) == 2


async def test_a_hub_that_does_not_release_is_found_and_the_product_is_freed(
    world: World, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(world.batches, "_release", lambda batch: None)
    good, out = await looked_at(world, capsys, with_object=True)
    assert not good
    assert "still there, as `processing`" in verdict(out, "release")
    assert list(world.actions) == []


async def test_a_hub_that_offers_a_released_product_at_once_is_found(
    world: World, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(world.ledger, "note_attempt", lambda key, version: None)
    good, out = await looked_at(world, capsys, with_object=True)
    assert not good
    assert "offered again at once; RETRY_INTERVAL is 3600 s" in verdict(out, "attempt")


def _keeps_actions(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a batch holds cannot be changed but by the batch, and nothing is said."""
    ledger = world.ledger
    put, delete = ledger.put, ledger.delete

    def put_by_a_batch(key: Any, **fields: Any) -> Any:
        action = ledger.action_of(key)
        is_held = action is not None and action["status"] == "processing" and "local_batch_id" not in fields
        return action if is_held and set(fields) == {"status"} else put(key, **fields)

    monkeypatch.setattr(ledger, "put", put_by_a_batch)
    monkeypatch.setattr(
        ledger, "delete", lambda pk: None if ledger.actions[pk]["status"] == "processing" else delete(pk)
    )


def _refuses_deletions(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    delete = world.ledger.delete

    def refuse(pk: int) -> None:
        if world.ledger.actions[pk]["status"] == "processing":
            raise HttpError(409, {"detail": "A batch holds it."})
        delete(pk)

    monkeypatch.setattr(world.ledger, "delete", refuse)


@pytest.mark.parametrize(
    ("damage", "name", "seen"),
    [
        (_keeps_actions, "deleted-inside", "not offered again at once"),
        (_keeps_actions, "changed-inside", "it was gone after the batch had failed, and not as `error`"),
        (_refuses_deletions, "deleted-inside", "A batch holds it."),
    ],
)
async def test_a_hub_that_does_not_let_objects_be_given_back_is_found(
    world: World, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, damage: Any, name: str, seen: str
) -> None:
    damage(world, monkeypatch)
    good, out = await looked_at(world, capsys, with_object=True)
    assert not good
    assert verdict(out, name).startswith("✗ broken")
    assert seen in verdict(out, name)
    monkeypatch.undo()
    assert list(world.actions) == []


async def test_a_hub_where_objects_stay_with_the_first_batch_is_found(
    world: World, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    batches = world.batches
    hold = batches._hold

    def first_come(batch: Any, named: Any) -> None:
        if world.ledger.action_of(named.key) is None:
            hold(batch, named)

    monkeypatch.setattr(batches, "_hold", first_come)
    good, out = await looked_at(world, capsys, with_object=True)
    assert not good
    assert "stayed with the first batch" in verdict(out, "take-over")


@pytest.mark.parametrize("status", [404, 405])
async def test_an_older_hub_is_yellow_not_red(world: World, capsys: pytest.CaptureFixture[str], status: int) -> None:
    """The program handles unreadable reports and a missing path for events."""

    def older(request: httpx.Request, body: Any) -> Any:
        missing = {"error_reports": status, "operational_events": 404}
        return missing.get(request.url.path.rstrip("/").rpartition("/")[2], body)

    good, out = await looked_at(world, capsys, older)
    assert good
    assert verdict(out, "error-reports").startswith("! differs")
    assert f"answered {status}" in verdict(out, "error-reports")
    assert verdict(out, "events").startswith("! differs")


async def test_larger_pages_are_yellow(
    world: World, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listing, "MAX_LIMIT", 1000)
    good, out = await looked_at(world, capsys)
    assert good
    assert verdict(out, "page-cap").startswith("! differs")
    assert "answered 120 rows" in verdict(out, "page-cap")


async def test_short_lists_say_nothing_about_pages(capsys: pytest.CaptureFixture[str]) -> None:
    _, out = await looked_at(World(products=12, failing=0), capsys)
    assert "not tried" in verdict(out, "page-cap")


@pytest.mark.parametrize(("order", "expected"), [(5, "✓ honoured"), (6, "✗ broken")])
async def test_shipping_infos_are_asked_by_a_known_order(
    world: World, capsys: pytest.CaptureFixture[str], order: int, expected: str
) -> None:
    answers = {"orders": [{"pk": 5}], "order_shipping_infos": [{"pk": 1, "order": order}]}
    for path, rows in answers.items():
        table = {"count": 1, "next": None, "previous": None, "results": rows}
        world.hub.override(f"/api/v1/channel/6/{path}/", table)
    _, out = await looked_at(world, capsys)
    assert verdict(out, "shipping-infos").startswith(expected)


# -- at a bad moment ---------------------------------------------------------------------------------------------------


async def test_a_run_that_holds_the_type_is_named(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    batches = world.batches
    held = batches.create({"channel": 6})
    batches.move(held["pk"], {"channel": 6, "status": "commit", "content_type": "productimage"})
    with runtimes.using(world.runtime()):
        assert await check_everything()
    out = capsys.readouterr().out
    assert "not tried" in verdict(out, "commit-lock")
    assert f"batch {held['local_batch_id']} of productimage is in commit" in verdict(out, "commit-lock")
    assert world.hub.counts()["open_batches"] == {"commit": 1}


async def test_a_hub_that_fails_meanwhile_leaves_lines_untried(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    world.hub.faults.add(Fault("status", method="POST", path="batch_requests", times=None))
    good, out = await looked_at(world, capsys)
    assert good
    assert "not tried" in verdict(out, "commit-lock")
    assert "503" in verdict(out, "commit-lock")


async def test_an_account_that_may_not_make_batches_is_red(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    world.hub.faults.add(Fault("status", method="POST", path="batch_requests", times=None, status=403))
    good, out = await looked_at(world, capsys)
    assert not good
    assert "permissions" in verdict(out, "commit-lock")


async def test_a_batch_that_cannot_be_ended_is_named(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    world.hub.faults.add(Fault("status", method="PATCH", path="batch_requests", times=None, status=403))
    with runtimes.using(world.runtime()):
        assert not await check_everything()
    out = capsys.readouterr().out
    assert "It stays open. Run `channel-app recover`" in out


@pytest.mark.slow
@pytest.mark.parametrize("when", ["before", "after"])
async def test_a_check_that_is_interrupted_anywhere_leaves_no_batch_open(
    capsys: pytest.CaptureFixture[str], when: str
) -> None:
    hit: list[str] = []
    before = 0

    def interrupt(count: int, request: httpx.Request, moment: str) -> None:
        if (count, moment) == (before + 1, when):
            hit.append(f"{request.method} {request.url.path}")
            raise asyncio.CancelledError

    interrupted = True
    while interrupted:
        world = World(products=3, failing=0)
        world.hook = interrupt
        before = len(hit)
        with runtimes.using(world.runtime()), contextlib.suppress(asyncio.CancelledError):
            await check_everything(with_object=True)
        interrupted = len(hit) > before
        # A batch that was created, but its key was lost: only `recover` can find it.
        is_orphan = interrupted and when == "after" and hit[-1] == "POST /api/v1/channel/6/batch_requests/"
        assert world.hub.counts()["open_batches"] == ({"initialized": 1} if is_orphan else {}), hit[-1]
        assert list(world.actions) == [], hit[-1]
        assert world.hub.violations == []
    assert len(hit) > 50
    capsys.readouterr()


# -- what has to be in place -------------------------------------------------------------------------------------------


async def test_missing_settings_are_listed_at_once(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("OMNITRON_URL", "MAIN_APP_URL", "OMNITRON_USERNAME", "OMNITRON_PASSWORD", "CHANNEL_MODULE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("OMNITRON_CHANNEL_ID", "0")
    assert not await check_everything()
    out = capsys.readouterr().out
    for name in ("OMNITRON_URL", "OMNITRON_USERNAME", "OMNITRON_PASSWORD", "OMNITRON_CHANNEL_ID", "CHANNEL_MODULE"):
        assert name in out
    assert len(marks(out, "✗")) == 1
    assert [line.split()[1] for line in marks(out, "- ") if "skipped: the settings are incomplete" in line] == [
        "log-in",
        "channel",
        "catalog",
        "connector",
        "contract",
    ]


async def test_a_wrong_password_is_tried_once(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    world.hub.reset(password="another")
    good, out = await looked_at(world, capsys)
    assert not good
    assert "Check OMNITRON_USERNAME and OMNITRON_PASSWORD" in marks(out, "✗")[0]
    assert [path for _, path, _ in world.hub.requests] == ["/api/v1/auth/login/"]
    assert "channel    skipped: there is no log-in" in out


async def test_a_channel_that_is_switched_off_is_red_and_left_alone(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    world.hub.set_channel(is_active=False)
    good, out = await looked_at(world, capsys)
    assert not good
    assert "Switch it on in Omnitron" in marks(out, "✗")[0]
    assert "contract   skipped: the channel is switched off" in out
    assert [method for method, _, _ in world.hub.requests] == ["POST"] + ["GET"] * (len(world.hub.requests) - 1)


async def test_a_channel_that_does_not_exist_is_red(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    world.settings = world.settings.model_copy(update={"OMNITRON_CHANNEL_ID": 99})
    good, out = await looked_at(world, capsys)
    assert not good
    assert "404 to GET channels/99/" in marks(out, "✗")[0]
    assert "connector  skipped: there is no channel" in out


async def test_a_catalog_without_lists_is_red(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    world.catalog["price_list"] = None
    good, out = await looked_at(world, capsys)
    assert not good
    assert "has no price list" in marks(out, "✗")[0]


async def test_no_catalog_at_all_is_red(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    world.settings = world.settings.model_copy(update={"OMNITRON_CATALOG_ID": None})
    world.channel["catalog"] = None
    good, out = await looked_at(world, capsys)
    assert not good
    assert "set OMNITRON_CATALOG_ID" in marks(out, "✗")[0]


async def test_another_catalog_than_the_channels_is_yellow(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    world.channel["catalog"] = 2
    good, out = await looked_at(world, capsys)
    assert good
    assert "the channel's own is 2" in marks(out, "!")[0]


async def test_a_conf_without_retry_limits_is_yellow(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    def without_limits(request: httpx.Request, body: Any) -> Any:
        if not request.url.path.endswith("/channels/6/"):
            return body
        return {**body, "conf": {key: value for key, value in body["conf"].items() if key != "FAILED_INTEGRATION"}}

    good, out = await looked_at(world, capsys, without_limits)
    assert good
    assert "FAILED_INTEGRATION" in marks(out, "!")[0]


class Broken(Sandbox):
    """Has a programming error in its constructor."""

    def __init__(self, channel: Channel, *args: Any) -> None:
        raise KeyError("seller_id")


class Empty(Connector):
    name = "empty"


class Forgetful(Sandbox):
    """Cannot be asked for the results of a batch."""

    actions: ClassVar = {key: command for key, command in Sandbox.actions.items() if key.startswith("send_")}


class Down(Sandbox):
    async def sign_of_life(self) -> None:
        raise ChannelUnavailableError("The bazaar did not answer GET /ping.")


class Silent(Sandbox):
    sign_of_life = Connector.sign_of_life


@pytest.mark.parametrize(
    ("module", "words"),
    [
        ("nowhere.at_all", ["`nowhere.at_all` cannot be imported", "Install the connector's package"]),
        (f"{HERE}:Absent", ["holds no Absent"]),
        (f"{HERE}:Broken", ["broke: KeyError: 'seller_id'", "test_check.py, line", "correct that line"]),
        (f"{HERE}:Empty", ["`empty`", "has no commands"]),
        (f"{HERE}:Forgetful", ["send_deleted_products comes without check_deleted_products", "set `is_sync = True`"]),
        (f"{HERE}:Down", ["The bazaar did not answer GET /ping."]),
    ],
)
async def test_a_connector_that_cannot_work_is_red(
    capsys: pytest.CaptureFixture[str], module: str, words: list[str]
) -> None:
    world = World(products=3, asynchronous=True)
    world.settings = world.settings.model_copy(update={"CHANNEL_MODULE": module})
    good, out = await looked_at(world, capsys)
    assert not good
    for word in words:
        assert word in "\n".join(marks(out, "✗"))
    assert "Traceback" not in out


async def test_a_connector_that_quotes_its_key_is_red_without_it(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    """The terminal may be the log of a build."""
    module = "tests.runs.connectors:Careless"
    world.settings = world.settings.model_copy(update={"CHANNEL_MODULE": module})
    world.hub.set_channel(conf={"api_key": "check-canary-4k", "trouble": "life"})
    good, out = await looked_at(world, capsys)
    assert not good
    assert "***" in marks(out, "✗")[0]
    assert find(["check-canary-4k"], out) == []


async def test_a_connector_without_a_sign_of_life_is_no_fault(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    world.settings = world.settings.model_copy(update={"CHANNEL_MODULE": f"{HERE}:Silent"})
    good, out = await looked_at(world, capsys)
    assert good
    assert "no `sign_of_life` of its own" in out


def test_a_package_from_elsewhere_is_found(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    stranger = types.ModuleType("flows")
    stranger.__spec__ = ModuleSpec("flows", None, origin=str(tmp_path / "flows.py"))
    monkeypatch.setitem(sys.modules, "flows", stranger)
    assert shadowed(check.PACKAGES) == [("flows", str(tmp_path / "flows.py"))]


def test_a_package_that_is_missing_is_found() -> None:
    assert shadowed(["no_such_package"]) == [("no_such_package", "nowhere")]


async def test_a_shadowing_package_is_red(
    world: World, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(check, "shadowed", lambda names: [("tasks", "/elsewhere/tasks.py")])
    good, out = await looked_at(world, capsys)
    assert not good
    assert "`tasks` is imported from /elsewhere/tasks.py" in marks(out, "✗")[0]


async def test_a_password_that_cannot_be_masked_is_odd(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    """The local Omnitron, by a name that is not this machine's."""
    world.settings = world.settings.model_copy(update={"OMNITRON_URL": "https://shop.example.com:1"})
    _, out = await looked_at(world, capsys)
    assert "! settings   OMNITRON_PASSWORD is short or an ordinary word" in marks(out, "!")[0]


async def test_credentials_that_would_travel_to_prefect_in_clear_are_red(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    with temporary_settings({PREFECT_API_URL: "http://prefect.example.com/api", PREFECT_API_AUTH_STRING: "a:canary"}):
        good, out = await looked_at(world, capsys)
    assert not good
    assert "prefect    PREFECT_API_URL is http://prefect.example.com/api, which is not https" in marks(out, "✗")[0]
    assert "canary" not in out
