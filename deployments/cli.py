"""The command `channel-app`. Each function imports its own part, so that no command waits for the imports of another."""

import asyncio
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperCommand

from clients.errors import ChannelAppError
from deployments.console import BAD_USAGE, FAILED, end, say, without_tracebacks
from deployments.questions import Json, explain, failures, resend, status
from deployments.startup import import_from_current_folder, set_prefect_defaults

app = typer.Typer(
    name="channel-app",
    help="Keeps a shop's products in step between Omnitron and a marketplace.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


def main() -> None:
    """The console script."""
    set_prefect_defaults()
    import_from_current_folder()
    app()


@app.command()
def flows() -> None:
    """List the flows, each with its purpose."""
    from flows.registry import FLOWS

    width = max(map(len, FLOWS))
    for name, flow in FLOWS.items():
        sentence = " ".join((flow.description or "").split()).partition(". ")[0].removesuffix(".")
        say(f"{name:<{width}}  {sentence}.")


@app.command()
def run(
    flow: Annotated[str, typer.Argument(help="Name of a flow; `channel-app flows` lists them.")],
    param: Annotated[
        list[str] | None,
        typer.Option("--param", "-p", help="A parameter, as name=value; repeat the option for several."),
    ] = None,
    dry_run: Annotated[
        bool,
        typer.Option(
            "--dry-run", help="Change nothing: show what the flow would send for the first objects that are due."
        ),
    ] = False,
    as_json: Json = False,
) -> None:
    """Run a flow once in this process, on the server of PREFECT_API_URL or on a temporary one.

    Exit codes: 0 the run completed or had a reason to do nothing, 1 it failed, 2 the call was wrong.
    """
    from deployments.one_run import checked_parameters, run_once

    parameters = checked_parameters(flow, param or [])
    if dry_run:
        from deployments.dry_run import show_dry_run

        show_dry_run(flow, parameters, as_json=as_json)
    else:
        run_once(flow, parameters, as_json=as_json)


@app.command()
def verify(
    remote_batch_id: Annotated[str | None, typer.Argument(help="One batch; without it, all open batches.")] = None,
    as_json: Json = False,
) -> None:
    """Ask the channel for the results of batches that it accepted."""
    from deployments.one_run import run_once

    if remote_batch_id is None:
        run_once("verify_open_batches", {}, as_json=as_json)
    else:
        run_once("verify_batch", {"remote_batch_id": remote_batch_id}, as_json=as_json)


@app.command()
def recover(
    older_than: Annotated[
        int | None,
        typer.Option(min=0, help="Seconds without a touch after which a batch has no owner. [CHANNEL_APP_OLDER_THAN]"),
    ] = None,
    as_json: Json = False,
) -> None:
    """End batches whose run has died, so that no object stays locked."""
    from deployments.one_run import run_once

    run_once("recover", {"older_than": older_than}, as_json=as_json)


@app.command()
def resume() -> None:
    """Have the next runs work at once, where runs hold back because Omnitron or the channel was down.

    Exit codes: 0 they do, 1 Prefect did not answer.
    """
    from deployments.resume import end_holds

    without_tracebacks()
    try:
        ended = asyncio.run(end_holds())
    except ChannelAppError as error:
        end(f"Runs may still hold back. {error.message}", FAILED)
    for line in ended or ["No run holds back."]:
        say(line)


for command in (status, explain, failures, resend):
    app.command()(command)


@app.command()
def check(
    with_object: Annotated[
        bool,
        typer.Option(
            help="Also try the lines about the objects of a batch: costs one due product one of its attempts, or three on a "
            "hub that does not let an object be given back."
        ),
    ] = False,
) -> None:
    """Check settings, log-in, channel and connector, and try each assumed line of the hub's contract once."""
    from deployments.check import check_everything

    if not asyncio.run(check_everything(with_object=with_object)):
        raise typer.Exit(FAILED)


@app.command()
def demo(
    products: Annotated[int, typer.Option(min=1, help="Products in the shop.")] = 200,
) -> None:
    """Show the whole round trip in a minute, between a local Omnitron and a local marketplace."""
    from deployments.demo import run_demo

    run_demo(products)


@app.command()
def bench(
    products: Annotated[int, typer.Option(min=10, help="Products in the shop.")] = 1_000,
    latency_ms: Annotated[float, typer.Option(min=0, help="Delay of every answer, in milliseconds.")] = 25.0,
    runs: Annotated[int, typer.Option(min=1, help="Runs; the median is printed.")] = 5,
    memory_products: Annotated[
        int, typer.Option(min=0, help="Products in the memory measurement; 0 skips it.")
    ] = 20_000,
) -> None:
    """Measure the flows against the floor that latency and CPU set."""
    from deployments.bench import run_bench

    run_bench(products, latency_ms, runs, memory_products)


@app.command()
def serve(
    schedules: Annotated[
        bool | None, typer.Option("--schedules/--no-schedules", help="Whether flows start on their schedules.")
    ] = None,
    file: Annotated[
        Path | None, typer.Option(exists=True, dir_okay=False, help="A prefect.yaml; without it, this project's own.")
    ] = None,
) -> None:
    """Serve every flow of prefect.yaml from one process, on schedule and for starts by hand in the UI; runs until stopped.

    Uses the Prefect server of PREFECT_API_URL, or starts its own on port 4200.
    """
    from clients.settings import DeploymentSettings, Settings
    from deployments import serve as serving

    try:
        if weakness := Settings.load().weakness:  # read before the runs, each of which would name the missing settings
            say(weakness, typer.colors.YELLOW, err=True)
        settings = DeploymentSettings.load()
        if schedules is not None:
            settings = settings.model_copy(update={"CHANNEL_APP_SCHEDULES": schedules})
        serving.serve(settings, file or serving.PREFECT_YAML)
    except ChannelAppError as error:
        end(error.message, FAILED)


@app.command()
def automations() -> None:
    """Make the Prefect server of PREFECT_API_URL end runs whose machine has died; repeat this after an upgrade."""
    from deployments.automations import keep_automations

    try:
        names = asyncio.run(keep_automations())
    except ChannelAppError as error:
        end(error.message, FAILED)
    say("\n".join(f"In force: {name}" for name in names), typer.colors.GREEN)


@app.command()
def webhook(
    host: Annotated[str, typer.Option(help="Address to listen on; use a TLS proxy unless this is loopback.")] = (
        "127.0.0.1"
    ),
    port: Annotated[int, typer.Option(min=1, max=65_535, help="Port to listen on.")] = 8_080,
) -> None:
    """Listen for events of the channel, and book the flow run that each one asks for; runs until stopped."""
    from clients.settings import WebhookSettings
    from deployments.webhook import serve

    try:
        settings, form = WebhookSettings.load(), None
        if settings.CHANNEL_MODULE:  # without one, the receiver does without all that speaks to Omnitron
            from tasks.channel.integration import load_webhook

            form = load_webhook(settings.CHANNEL_MODULE)
        serve(settings, host, port, form)
    except ChannelAppError as error:
        end(error.message, FAILED)


class _WithHabits(TyperCommand):
    """Lists the marketplace's habits below the options."""

    def format_help(self, ctx: Any, formatter: Any) -> None:
        from deployments.sandbox.market.habits import HABITS

        self.epilog = "\n".join(["\b", "Habits:", *(f"{name}: {habit.sentence}" for name, habit in HABITS.items())])
        super().format_help(ctx, formatter)


@app.command(cls=_WithHabits)
def sandbox(
    which: Annotated[str, typer.Argument(help="omnitron, marketplace or all.")] = "all",
    omnitron_port: Annotated[int, typer.Option(min=0, max=65_535, help="0: any free port.")] = 0,
    marketplace_port: Annotated[int, typer.Option(min=0, max=65_535, help="0: any free port.")] = 0,
    products: Annotated[int, typer.Option(min=0, help="Products in the shop.")] = 100,
    latency_ms: Annotated[float, typer.Option(min=0, help="Delay of every answer, in milliseconds.")] = 0.0,
    seed: Annotated[int, typer.Option(help="Determines every value in the shop.")] = 7,
    asynchronous: Annotated[bool, typer.Option("--async", help="The marketplace answers later.")] = False,
    failing: Annotated[float, typer.Option(min=0, max=1, help="Share of products with a defect, 0 to 1.")] = 0.04,
    refuse_share: Annotated[
        float, typer.Option(min=0, max=1, help="Share of products that the marketplace refuses, 0 to 1.")
    ] = 0.0,
    habit: Annotated[
        list[str] | None,
        typer.Option(help="A habit of real marketplaces, by its name; repeat the option for several."),
    ] = None,
    env: Annotated[
        Path | None, typer.Option(dir_okay=False, help="Write the settings into this file, such as .env.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Start a local Omnitron and a local marketplace. Prints their addresses and settings; runs until stopped."""
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
            habits=habit or [],
            as_json=as_json,
            env_file=env,
        )
    except ChannelAppError as error:
        end(error.message, FAILED)
    except OSError as error:
        end(f"The sandbox cannot start: {error}. Choose another port (0: a free one), or another file.", FAILED)


if __name__ == "__main__":
    main()
