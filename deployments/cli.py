"""The command `channel-app`."""

import asyncio
import importlib
import json
import os
import resource
import sys
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer

from clients.errors import ChannelAppError

app = typer.Typer(
    name="channel-app",
    help="Keeps a shop's products in step between Omnitron and a marketplace.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)

BAD_USAGE = 2
FAILED = 1

Json = Annotated[bool, typer.Option("--json", help="Print one JSON object as the last line.")]


def main() -> None:
    """The console script."""
    prepare_environment()
    look_here_too()
    app()


def look_here_too() -> None:
    """Lets a connector be one file beside `.env`: a console script does not look into the folder that it is started in."""
    for ours in ("dto", "tasks", "flows"):  # found first, whatever that folder holds; the others are there already
        importlib.import_module(ours)
    sys.path.append(str(Path.cwd()))


PREFECT_DEFAULTS = {
    "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    "PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS": "60",
    "PREFECT_LOGGING_EXTRA_LOGGERS": "channel_app",
    "DO_NOT_TRACK": "1",
    "PREFECT_SERVER_UI_SHOW_PROMOTIONAL_CONTENT": "false",
    # As deployments/compose.yaml has it for a large server: events go after three days, runs after thirty.
    "PREFECT_SERVER_EVENTS_RETENTION_PERIOD": "P3D",
    "PREFECT_SERVER_SERVICES_DB_VACUUM_ENABLED": "events,flow_runs",
    "PREFECT_SERVER_SERVICES_DB_VACUUM_RETENTION_PERIOD": "2592000",
    # In memory, a slot that was taken when the machine died would stay taken.
    "PREFECT_SERVER_CONCURRENCY_LEASE_STORAGE": "prefect.server.concurrency.lease_storage.filesystem",
    # `channel-app automations` waits for three of them before it calls a run dead.
    "PREFECT_FLOWS_HEARTBEAT_FREQUENCY": "30",
}


def prepare_environment() -> None:
    """Defaults for Prefect, as far as nobody chose otherwise; they count before it is imported."""
    for name, value in PREFECT_DEFAULTS.items():
        os.environ.setdefault(name, value)


def end(message: str, code: int) -> NoReturn:
    """Says what is wrong and what to do, in red, and exits."""
    typer.secho(message, fg=typer.colors.RED, err=True)
    raise typer.Exit(code)


@app.command()
def flows() -> None:
    """List the flows with what they do."""
    from flows.registry import FLOWS

    width = max(map(len, FLOWS))
    for name, flow in FLOWS.items():
        sentence = " ".join((flow.description or "").split()).partition(". ")[0].removesuffix(".")
        typer.echo(f"{name:<{width}}  {sentence}.")


@app.command()
def run(
    flow: Annotated[str, typer.Argument(help="Name of a flow; `channel-app flows` lists them.")],
    param: Annotated[
        list[str] | None, typer.Option("--param", "-p", help="A parameter as name=value; may be repeated.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Run a flow once, here: against PREFECT_API_URL if that is set, else with a server of its own.

    Exit codes: 0 the run completed or had a reason to do nothing, 1 it failed, 2 the call was wrong.
    """
    from deployments.console import without_tracebacks
    from flows.registry import FLOWS

    without_tracebacks()
    if flow not in FLOWS:
        end(f"There is no flow `{flow}`. There are: {', '.join(FLOWS)}.", BAD_USAGE)
    parameters = parse_parameters(param or [])
    known = set(FLOWS[flow].parameters.properties)
    if unknown := sorted(parameters.keys() - known):
        end(f"{flow} has no parameter {', '.join(unknown)}. It has: {', '.join(sorted(known))}.", BAD_USAGE)
    try:
        FLOWS[flow].validate_parameters(parameters)
    except Exception as error:  # Prefect has no common class for this
        end(f"{flow} cannot take these parameters: {error}", BAD_USAGE)
    run_once(flow, parameters, as_json=as_json)


def run_once(flow: str, parameters: dict[str, Any], *, as_json: bool) -> None:
    """Runs a flow and prints its summary; exits with 1 when it failed."""
    from clients.settings import Settings
    from deployments.console import without_tracebacks
    from dto.summary import RunOutcome, RunSummary
    from flows.registry import FLOWS
    from flows.run import RunFailedError, sentence

    without_tracebacks()
    failure: str | None = None
    try:
        Settings.load()
        summary: RunSummary = asyncio.run(FLOWS[flow](**parameters))
    except RunFailedError as error:
        summary, failure = error.summary, error.message
    except ChannelAppError as error:
        failure = error.message
        summary = RunSummary(flow=flow.replace("_", " "), outcome=RunOutcome.failed, reason=failure)
    if as_json:
        # Linux counts kilobytes here, macOS bytes.
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1024 if sys.platform != "darwin" else 1024**2)
        typer.echo(json.dumps({**summary.model_dump(mode="json"), "peak_memory_mb": round(peak, 1)}))
    elif failure is None:
        typer.secho(f"{summary.flow}: {summary.reason or sentence(summary)}", fg=typer.colors.GREEN)
    if failure is not None:
        end(f"{summary.flow} failed. {failure}", FAILED)


def parse_parameters(pairs: list[str]) -> dict[str, Any]:
    """`name=value` pairs; a value that is JSON (numbers, true, null, lists) is read as such."""
    parameters: dict[str, Any] = {}
    for pair in pairs:
        name, equals, text = pair.partition("=")
        if not equals or not name:
            end(f"`{pair}` is not name=value. Example: --param batch_size=100", BAD_USAGE)
        try:
            parameters[name] = json.loads(text)
        except ValueError:
            parameters[name] = text
    return parameters


@app.command()
def verify(
    remote_batch_id: Annotated[str | None, typer.Argument(help="One batch; all open ones when left out.")] = None,
    as_json: Json = False,
) -> None:
    """Ask the channel what became of the batches that it accepted."""
    if remote_batch_id is None:
        run_once("verify_open_batches", {}, as_json=as_json)
    else:
        run_once("verify_batch", {"remote_batch_id": remote_batch_id}, as_json=as_json)


@app.command()
def recover(
    older_than: Annotated[
        int | None,
        typer.Option(min=0, help="Seconds without a touch after which a batch is nobody's. [CHANNEL_APP_OLDER_THAN]"),
    ] = None,
    as_json: Json = False,
) -> None:
    """End batches whose run has died, so that no object stays locked."""
    run_once("recover", {"older_than": older_than}, as_json=as_json)


@app.command()
def status(as_json: Json = False) -> None:
    """How the channel stands: what is due, under way and failed, which batches are open, what stands still."""
    from deployments.status import read_status, show_status

    try:
        health = asyncio.run(read_status())
    except ChannelAppError as error:
        end(f"The channel's state could not be read. {error.message}", FAILED)
    if as_json:
        typer.echo(health.model_dump_json())
    else:
        show_status(health)


@app.command()
def explain(
    sku: Annotated[str | None, typer.Argument(help="The product's sku.")] = None,
    pk: Annotated[int | None, typer.Option(min=1, help="Omnitron's key of the product, in place of its sku.")] = None,
    channel: Annotated[bool, typer.Option(help="Also read the list of what is on the channel: whole.")] = True,
    as_json: Json = False,
) -> None:
    """Why a product is on sale, or is not. Nothing is changed.

    Exit codes: 0 there is an answer, 1 Omnitron could not be read, 2 the call was wrong.
    """
    from deployments.console import without_tracebacks
    from deployments.explain import explain_product, show_explanation

    without_tracebacks()
    if bool(sku) == (pk is not None):
        end(
            "Name one product: by its sku, or by Omnitron's key. Example: channel-app explain 1KBATC00001001", BAD_USAGE
        )
    try:
        explanation = asyncio.run(explain_product(sku or None, pk, ask_channel=channel))
    except ChannelAppError as error:
        end(f"The product could not be looked up. {error.message}", FAILED)
    if as_json:
        typer.echo(explanation.model_dump_json())
    else:
        show_explanation(explanation)


@app.command()
def check(
    with_object: Annotated[
        bool, typer.Option(help="Also try what a batch does to an object: costs one due product one of its attempts.")
    ] = False,
) -> None:
    """Settings, log-in, channel, connector; then each assumed line of the hub's contract, tried once."""
    from deployments.check import check_everything

    if not asyncio.run(check_everything(with_object=with_object)):
        raise typer.Exit(FAILED)


@app.command()
def demo(
    products: Annotated[int, typer.Option(min=1, help="Products in the shop.")] = 200,
) -> None:
    """The main job in a minute: a local shop, a local marketplace, and products on their way."""
    from deployments.demo import run_demo

    run_demo(products)


@app.command()
def bench(
    products: Annotated[int, typer.Option(min=10, help="Products in the shop.")] = 1_000,
    latency_ms: Annotated[float, typer.Option(min=0, help="How late every answer comes.")] = 25.0,
    runs: Annotated[int, typer.Option(min=1, help="Runs of which the median is printed.")] = 5,
    memory_products: Annotated[
        int, typer.Option(min=0, help="Products of the memory measurement; 0 leaves it out.")
    ] = 20_000,
) -> None:
    """Measure the flows against the floor that latency and CPU set."""
    from deployments.bench import run_bench

    run_bench(products, latency_ms, runs, memory_products)


@app.command()
def serve(
    schedules: Annotated[
        bool | None, typer.Option("--schedules/--no-schedules", help="Whether flows start by themselves.")
    ] = None,
    file: Annotated[
        Path | None, typer.Option(exists=True, dir_okay=False, help="A prefect.yaml; this project's when left out.")
    ] = None,
) -> None:
    """Run what prefect.yaml deploys, in one process: by schedule, or when somebody starts it in the UI; runs until stopped.

    Uses the Prefect server that PREFECT_API_URL names, or starts one of its own on port 4200.
    """
    from clients.settings import DeploymentSettings, Settings
    from deployments import serve as serving

    try:
        Settings.load()  # each run would say what is missing, one by one
        settings = DeploymentSettings.load()
        if schedules is not None:
            settings = settings.model_copy(update={"CHANNEL_APP_SCHEDULES": schedules})
        serving.serve(settings, file or serving.PREFECT_YAML)
    except ChannelAppError as error:
        end(error.message, FAILED)


@app.command()
def automations() -> None:
    """Have the Prefect server of PREFECT_API_URL end runs whose machine has died; repeat it after an upgrade."""
    from deployments.automations import keep_automations

    try:
        names = asyncio.run(keep_automations())
    except ChannelAppError as error:
        end(error.message, FAILED)
    typer.secho("\n".join(f"In force: {name}" for name in names), fg=typer.colors.GREEN)


@app.command()
def webhook(
    host: Annotated[str, typer.Option(help="Address to listen on. Put a proxy with TLS in front of any other.")] = (
        "127.0.0.1"
    ),
    port: Annotated[int, typer.Option(min=1, max=65_535, help="Port to listen on.")] = 8_080,
) -> None:
    """Listen for what the channel has to tell, and book the flow run that each event asks for; runs until stopped."""
    from clients.settings import WebhookSettings
    from deployments.webhook import serve

    try:
        settings = WebhookSettings.load()
    except ChannelAppError as error:
        end(error.message, FAILED)
    serve(settings, host, port)


@app.command()
def sandbox(
    which: Annotated[str, typer.Argument(help="omnitron, marketplace or all.")] = "all",
    omnitron_port: Annotated[int, typer.Option(min=0, max=65_535, help="0: a free one.")] = 0,
    marketplace_port: Annotated[int, typer.Option(min=0, max=65_535, help="0: a free one.")] = 0,
    products: Annotated[int, typer.Option(min=0, help="Products in the shop.")] = 100,
    latency_ms: Annotated[float, typer.Option(min=0, help="How late every answer comes.")] = 0.0,
    seed: Annotated[int, typer.Option(help="Decides every value of the shop.")] = 7,
    asynchronous: Annotated[bool, typer.Option("--async", help="The marketplace answers later.")] = False,
    failing: Annotated[float, typer.Option(min=0, max=1, help="Share of products with a defect.")] = 0.04,
    refuse_share: Annotated[
        float, typer.Option(min=0, max=1, help="Share of products that the marketplace refuses.")
    ] = 0.0,
    env: Annotated[
        Path | None, typer.Option(dir_okay=False, help="Write the environment into this file, such as .env.")
    ] = None,
    as_json: Json = False,
) -> None:
    """A local Omnitron and a local marketplace. Prints their addresses and the environment to set; runs until stopped."""
    from deployments.sandbox import server

    if which not in ("omnitron", "marketplace", "all"):
        end(f"`{which}` is no sandbox. There are: omnitron, marketplace, all.", BAD_USAGE)
    try:
        server.main(
            which,
            omnitron_port=omnitron_port,
            marketplace_port=marketplace_port,
            products=products,
            latency_ms=latency_ms,
            seed=seed,
            asynchronous=asynchronous,
            failing=failing,
            refuse_share=refuse_share,
            as_json=as_json,
            env_file=env,
        )
    except ChannelAppError as error:
        end(error.message, FAILED)
    except OSError as error:
        end(f"The sandbox cannot start: {error}. Choose another port (0: a free one), or another file.", FAILED)


if __name__ == "__main__":
    main()
