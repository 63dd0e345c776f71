"""No secret gets out of real processes: into the server's files, the processes' output, the merchant's log."""

import asyncio
import hashlib
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml
from prefect.client.orchestration import PrefectClient
from prefect.client.schemas.objects import FlowRun
from prefect.settings import PREFECT_API_URL, temporary_settings

from deployments.sandbox.server import HOST, SandboxProcess, listen
from deployments.serve import PREFECT_YAML
from tests.deployments.test_deploying import run as prefect_command
from tests.deployments.test_serve import serving
from tests.deployments.webhooks import signed_headers
from tests.docs.pages import blocks
from tests.harness.canaries import find
from tests.world.live import PROJECT, Command, Shop

pytestmark = [pytest.mark.flow, pytest.mark.process]

PAGE = PROJECT / "docs/how-to/keep-secrets.md"
PASSWORD = "process-canary-4h1x \"'+/\\"
API_KEY, CONNECTOR_KEY = "bazaar-conf-canary-6t", "bazaar-block-canary-9z"
WEBHOOK_KEY, FORMER_KEY = "webhook-canary-1c5v7b", "webhook-former-canary-2p"
BUYER = {
    "email": "kanarya.musteri@example.com",
    "phone": "+905329876543",
    "name": "Kanaryagelen",
    "street": "Kanaryasokak 17",
    "tax": "8877665544",
}
SEEN_AS = [*BUYER.values(), "kanarya.musteri", "5329876543"]
"""The parts of each that remain in an address."""


@pytest.fixture(scope="module")
def shop() -> Iterator[Shop]:
    """A shop of secrets, and a buyer whose orders fail in several ways."""
    with SandboxProcess("all", products=12, failing=0.0) as sandbox:
        shop = Shop(sandbox)
        shop.control("omnitron", "POST", "reset", {"password": PASSWORD})
        conf = {"api_key": API_KEY, "block": "canary-connector", "trouble": "group"}
        shop.control("omnitron", "PATCH", "channel", {"conf": conf})
        names = {"first_name": BUYER["name"], "last_name": BUYER["name"]}
        address = {**names, "line": BUYER["street"], "tax_no": BUYER["tax"]}
        order = {
            "items": [["MP-1", 1]],
            "email": BUYER["email"],
            "phone": BUYER["phone"],
            "buyer": {"id": "B-canary", **names},
            "shipping_address": address,
            "billing_address": address,
        }
        for trouble in ({}, {"cargo": "nobody"}, {"city": "Gotham"}, {"number": "9" * 129}, {"amount": BUYER["name"]}):
            shop.control("marketplace", "POST", "orders", {**order, **trouble})
        yield shop
        shop.http.close()


class Reports:
    """The merchant's log, read with a log-in."""

    def __init__(self, shop: Shop) -> None:
        base = f"{shop.sandbox.urls['omnitron']}/api/v1"
        log_in = shop.http.post(f"{base}/auth/login/", json={"username": "sandbox", "password": PASSWORD})
        headers = {"Authorization": f"Token {log_in.json()['key']}"}
        self.text, url = "", f"{base}/channel/6/error_reports/?limit=100"
        while url:
            page = shop.http.get(url, headers=headers)
            self.text += page.text
            url = page.json()["next"]


def canaries(shop: Shop) -> list[str]:
    """All texts that must not appear, including each token of the hub."""
    log_ins = shop.state()["counts"]["requests"]["POST /api/v1/auth/login/"]
    tokens = [hashlib.sha256(f"sandbox-{number}".encode()).hexdigest()[:40] for number in range(1, log_ins + 1)]
    return [PASSWORD, API_KEY, CONNECTOR_KEY, WEBHOOK_KEY, FORMER_KEY, *SEEN_AS, *tokens]


def save_block(environment: dict[str, str], name: str, value: str) -> str:
    """Runs the command of the page, with another name, and returns its output."""
    command = next(block.source for block in blocks(PAGE, "console") if "getpass" in block.source)
    done = subprocess.run(
        ["/bin/sh", "-c", command.replace('"omnitron-password"', f'"{name}"')],
        env={**environment, "PATH": f"{Path(sys.executable).parent}:{environment['PATH']}"},
        input=f"{value}\n",
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        start_new_session=True,  # without a terminal, of which it would ask
    )
    assert done.returncode == 0, done.stderr
    return done.stdout + done.stderr


def few(folder: Path, *flows: str) -> Path:
    """A prefect.yaml with only some deployments."""
    said = yaml.safe_load(PREFECT_YAML.read_text(encoding="utf-8"))
    rows = [row for row in said["deployments"] if row["entrypoint"].rpartition(":")[2] in flows]
    file = folder / "prefect.yaml"
    file.write_text(yaml.safe_dump({**said, "deployments": rows}), encoding="utf-8")
    return file


async def ended(url: str, *deployments: str) -> list[FlowRun]:
    """A run of each deployment, to its end."""
    with temporary_settings({PREFECT_API_URL: url}):
        async with PrefectClient(url) as client:

            async def one(name: str) -> FlowRun:
                deployment = await client.read_deployment_by_name(name)
                run = await client.create_flow_run_from_deployment(deployment.id)
                async with asyncio.timeout(600):
                    # Asked for, because Prefect's own wait listens to events, and one that is lost is waited for in vain.
                    while run.state is None or not run.state.is_final():  # another process runs it
                        await asyncio.sleep(1)
                        run = await client.read_flow_run(run.id)
                return run

            return list(await asyncio.gather(*map(one, deployments)))


def told(environment: dict[str, str], folder: Path) -> str:
    """The receiver's log of good and bad events."""
    with listen() as free:
        port = free.getsockname()[1]
    keys = {"CHANNEL_APP_WEBHOOK_SECRET": WEBHOOK_KEY, "CHANNEL_APP_WEBHOOK_SECRET_OLD": FORMER_KEY}
    with subprocess.Popen(
        [sys.executable, "-u", "-m", "deployments.cli", "webhook", "--port", str(port)],
        env=environment | keys,
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as process:
        said = []
        for line in process.stdout or ():
            said.append(line)
            if "running on" in line:
                break
        now = int(time.time())
        statuses = []
        for number, (body, key) in enumerate(
            [
                (f'{{"type": "order_created", "email": "{BUYER["email"]}", "name": "{BUYER["name"]}"}}', WEBHOOK_KEY),
                (f'{{"type": "{BUYER["name"]}", "key": "{WEBHOOK_KEY}"}}', FORMER_KEY),
                (f'{{"type": "batch_finished", "remote_batch_id": ["{BUYER["email"]}"]}}', WEBHOOK_KEY),
                ("{}", "another-key-than-that"),
            ]
        ):
            headers = signed_headers(body.encode(), f"canary-{now}-{number}", timestamp=now, key=key)
            url = f"http://{HOST}:{port}/events"
            statuses.append(httpx.post(url, content=body, headers=headers, trust_env=False, timeout=30).status_code)
        process.send_signal(signal.SIGTERM)
        said.append(process.communicate(timeout=30)[0])
    assert statuses == [202, 422, 422, 401], "".join(said)
    return "".join(said)


def test_served_runs_and_commands_leave_no_secret_anywhere(
    environment: dict[str, str],
    prefect_server: dict[str, str],
    shop: Shop,
    channel_app: Command,
    tmp_path: Path,
) -> None:
    """The password and the connector's key come from blocks: a connector quotes them, orders fail, the hub has faults."""
    settings = {name: value for name, value in shop.settings.items() if name != "OMNITRON_PASSWORD"} | {
        "CHANNEL_MODULE": "tests.runs.connectors:Careless",
        "OMNITRON_PASSWORD_BLOCK": "canary-omnitron",
        "CHANNEL_APP_TRIES": "3",
    }
    everything = {**environment, **prefect_server, **settings}
    said = [
        save_block(everything, "canary-omnitron", PASSWORD),
        save_block(everything, "canary-connector", CONNECTOR_KEY),
    ]
    for fault in (
        {"method": "POST", "path": "customers", "status": 400, "skip": 1},
        {"method": "GET", "path": "inserts"},
    ):
        shop.control("omnitron", "POST", "faults", {"kind": "status", **fault})
    file = few(tmp_path, "insert_products", "fetch_and_create_order")
    with serving(everything, tmp_path, "--file", str(file)) as served:
        served.until("Stop with Ctrl+C")
        said.append(told(everything, tmp_path))
        runs = asyncio.run(
            ended(
                prefect_server["PREFECT_API_URL"],
                "insert products/insert-products-6",
                "fetch and create order/fetch-and-create-order-6",
            )
        )
        assert sorted(str(run.state and run.state.name) for run in runs) == ["Completed", "Failed"]
        served.end()
        said.append(served.said)
    for command in ("check", "status"):
        done = channel_app(command, settings={**prefect_server, **settings})
        assert done.returncode == 0, done.stdout + done.stderr
        said += [done.stdout, done.stderr]
    reports = Reports(shop).text
    home = Path(environment["PREFECT_HOME"])
    assert find(["CargoCompanyNotFound"], reports, home)
    assert find(["Sending with"], *said)
    assert find(canaries(shop), home, reports, *said) == []


def test_a_deployment_takes_nothing_from_the_environment(
    environment: dict[str, str], prefect_server: dict[str, str], tmp_path: Path
) -> None:
    """With every secret set while `prefect deploy` runs."""
    secrets: dict[str, Any] = {
        "OMNITRON_CHANNEL_ID": "73",
        "OMNITRON_USERNAME": "deploying-user-canary",
        "OMNITRON_PASSWORD": "deploying-canary-8w",
        "CHANNEL_APP_WEBHOOK_SECRET": "deploying-canary-webhook",
        "CHANNEL_APP_WEBHOOK_SECRET_OLD": "deploying-canary-former",
        "BAZAAR_API_KEY": "deploying-canary-bazaar",
    }
    everything = {**environment, **prefect_server, **secrets}
    pool = ["--no-prompt", "work-pool", "create", "channel-app-73", "--type", "process", "--overwrite"]
    file = few(tmp_path, "insert_products", "insert_and_update_products", "verify_batch")
    deploy = ["--no-prompt", "deploy", "--all", "--prefect-file", str(file)]
    said = [prefect_command(everything, *pool), prefect_command(everything, *deploy)]
    home = Path(environment["PREFECT_HOME"])
    assert find(["insert-products-73"], home)
    assert find([value for name, value in secrets.items() if name != "OMNITRON_CHANNEL_ID"], home, *said) == []
