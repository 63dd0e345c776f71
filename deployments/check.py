"""Is everything in place? Settings, log-in, channel, catalog, connector; then what the contract only assumes."""

import importlib.util
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import typer

from clients import runtime as runtimes
from clients.errors import ChannelAppError
from clients.omnitron import OmnitronClient
from clients.redaction import Redactor
from clients.runtime import Runtime
from deployments.assumptions import ASSUMPTIONS, Assumption, Finding, Trial, Verdict, attempt
from dto.omnitron import Catalog, Channel
from tasks.channel.integration import ChannelIntegration, load, load_channel
from tasks.omnitron.integration import OmnitronIntegration
from tasks.unforeseen import presentable

PACKAGES = ("dto", "clients", "tasks", "flows", "deployments")
PROJECT = Path(__file__).resolve().parents[1]

_MARKS = {
    Verdict.honoured: ("✓", typer.colors.GREEN),
    Verdict.differs: ("!", typer.colors.YELLOW),
    Verdict.broken: ("✗", typer.colors.RED),
    Verdict.not_tried: ("-", None),
}
_CHECKS = {"send_deleted_products": "check_deleted_products"}
"""What asks for the outcome of a send, where `send_…_products` is not followed by `check_products`."""


async def check_everything(*, with_object: bool = False) -> bool:
    """Prints a line for each thing that has to be in place, and for each assumed line of the contract.

    Args:
        with_object: also try what batches do to an object; costs one due product one of its attempts.

    Returns:
        Whether nothing is red.
    """
    sheet = _Sheet()
    sheet.modules()
    runtime = sheet.settings()
    if runtime is None:
        sheet.skipped("the settings are incomplete", "log-in", "channel", "catalog", "connector", "contract")
    else:
        with runtimes.using(runtime):
            async with OmnitronClient(runtime) as client:
                await _check_hub(sheet, client, runtime, with_object=with_object)
    return sheet.close()


async def _check_hub(sheet: "_Sheet", client: OmnitronClient, runtime: Runtime, *, with_object: bool) -> None:
    if not await sheet.log_in(client, runtime):
        sheet.skipped("there is no log-in", "channel", "catalog", "connector", "contract")
        return
    channel = await sheet.channel(client)
    if channel is None:
        sheet.skipped("there is no channel", "catalog", "connector", "contract")
        return
    await sheet.catalog(client, channel, runtime.settings.OMNITRON_CATALOG_ID)
    await sheet.connector(channel, runtime)
    if not channel.is_active:
        sheet.skipped("the channel is switched off", "contract")
        return
    typer.echo("\nWhat is assumed about this Omnitron, each line tried once:")
    trial = Trial(client, channel, with_object=with_object)
    for assumption in ASSUMPTIONS.values():
        sheet.assumption(assumption, await attempt(assumption, trial))
    for batch in trial.left_open:
        sheet.bad("batches", f"batch {batch} It stays open. Run `channel-app recover` later: it ends it.")


class _Sheet:
    """What was printed so far, counted."""

    def __init__(self) -> None:
        self.red = 0
        self.verdicts: list[Verdict] = []

    # -- lines -----------------------------------------------------------------------------------------------------

    def good(self, what: str, text: str) -> None:
        """In place."""
        self._line("✓", typer.colors.GREEN, f"{what:<10} {text}")

    def odd(self, what: str, text: str) -> None:
        """In place, but worth a look."""
        self._line("!", typer.colors.YELLOW, f"{what:<10} {text}")

    def bad(self, what: str, text: str) -> None:
        """Not in place; the text ends with the next thing to do."""
        self.red += 1
        self._line("✗", typer.colors.RED, f"{what:<10} {text}")

    def skipped(self, why: str, *names: str) -> None:
        """Not looked at."""
        for name in names:
            self._line("-", None, f"{name:<10} skipped: {why}")

    def assumption(self, assumption: Assumption, finding: Finding) -> None:
        """One line of the contract as it was found."""
        self.verdicts.append(finding.verdict)
        mark, colour = _MARKS[finding.verdict]
        text = f"{finding.verdict:<10} {assumption.name}"
        if finding.verdict is Verdict.broken:
            self.red += 1
            text += f"\n    seen: {finding.seen}\n    what rests on it: {assumption.promise}"
            text += f"\n    next: {finding.next_step or 'tell who looks after this program, with this line'}"
        elif finding.seen:
            text += f"\n    {finding.seen}"
        self._line(mark, colour, text)

    def close(self) -> bool:
        """The last line; whether nothing is red."""
        if self.verdicts:
            tally = {verdict: self.verdicts.count(verdict) for verdict in Verdict}
            counts = ", ".join(f"{number} {verdict}" for verdict, number in tally.items() if number)
            typer.echo(f"\nOf {len(self.verdicts)} assumed lines: {counts}.")
        if self.red:
            things = "one thing is" if self.red == 1 else f"{self.red} things are"
            typer.secho(f"{things.capitalize()} wrong; the lines with ✗ say what to do.", fg=typer.colors.RED)
        else:
            typer.secho("Everything is in place.", fg=typer.colors.GREEN)
        return not self.red

    def _line(self, mark: str, colour: str | None, text: str) -> None:
        typer.echo(f"{typer.style(mark, fg=colour, bold=True)} {text}")

    @contextmanager
    def _explained(self, what: str) -> Iterator[None]:
        """An error inside becomes this thing's red line."""
        try:
            yield
        except ChannelAppError as error:
            self.bad(what, error.message)

    # -- things that have to be in place ---------------------------------------------------------------------------

    def modules(self) -> None:
        """No other package of the same name is imported in place of this project's."""
        if strangers := shadowed(PACKAGES):
            for name, place in strangers:
                self.bad(
                    "modules",
                    f"`{name}` is imported from {place}, not from {PROJECT}: rename or uninstall that one, or start "
                    "from another folder.",
                )
        else:
            self.good("modules", f"{', '.join(PACKAGES)} are this program's own")

    def settings(self) -> Runtime | None:
        """The runtime, or all problems at once."""
        with self._explained("settings"):
            runtime = runtimes.current()
            self.good("settings", f"complete, for channel {runtime.settings.OMNITRON_CHANNEL_ID}")
            return runtime
        return None

    async def log_in(self, client: OmnitronClient, runtime: Runtime) -> bool:
        """The account is let in."""
        settings = runtime.settings
        with self._explained("log-in"):
            await client.call("GET", "active_user/")
            self.good("log-in", f"as `{settings.OMNITRON_USERNAME}` at {settings.OMNITRON_URL}")
            return True
        return False

    async def channel(self, client: OmnitronClient) -> Channel | None:
        """The channel exists, is switched on, and has a conf."""
        with self._explained("channel"):
            channel = await client.channel()
            name = f"{channel.pk} `{channel.name}`"
            if channel.is_active:
                self.good("channel", f"{name}, switched on")
            else:
                self.bad("channel", f"{name} is switched off: every run ends as skipped. Switch it on in Omnitron.")
            limits = channel.conf.FAILED_INTEGRATION.get("DEFAULT")
            key = channel.conf.remote_id_attribute or "sku"
            if limits is None:
                self.odd(
                    "conf",
                    f"products are told apart by `{key}`; no FAILED_INTEGRATION.DEFAULT: fill it in, so that it is known "
                    "how often a failed product is offered again",
                )
            else:
                self.good(
                    "conf",
                    f"products are told apart by `{key}`; a failed one is offered again after {limits.RETRY_INTERVAL} s, "
                    f"at most {limits.MAX_RETRY_COUNT} times",
                )
            return channel
        return None

    async def catalog(self, client: OmnitronClient, channel: Channel, chosen: int | None) -> None:
        """The catalog exists, and names a price list and a stock list."""
        pk = chosen or channel.catalog
        if pk is None:
            self.bad("catalog", f"channel {channel.pk} names none. Choose one in Omnitron, or set OMNITRON_CATALOG_ID.")
            return
        with self._explained("catalog"):
            catalog = await client.catalog(pk)
            missing = _missing_lists(catalog)
            if missing:
                self.bad("catalog", f"{pk} `{catalog.name}` has no {' and no '.join(missing)}. Choose it in Omnitron.")
                return
            text = f"{pk} `{catalog.name}`, price list {catalog.price_list}, stock list {catalog.stock_list}"
            if channel.catalog not in (None, pk):
                self.odd("catalog", f"{text}; the channel's own is {channel.catalog}: is OMNITRON_CATALOG_ID right?")
            else:
                self.good("catalog", text)

    async def connector(self, channel: Channel, runtime: Runtime) -> None:
        """The connector loads, says what it can do, and its channel is up."""
        name = runtime.settings.CHANNEL_MODULE
        with self._explained("connector"), _foreign_errors_named(name, runtime.redactor):
            load("OMNITRON_MODULE", runtime.settings.OMNITRON_MODULE, "OmnitronIntegration", OmnitronIntegration)
            async with load_channel(runtime)(channel, runtime) as connector:
                await self._connector(connector, name)

    async def _connector(self, connector: ChannelIntegration, module: str) -> None:
        if not connector.actions:
            self.bad("connector", f"`{connector.name}` ({module}) has no commands: list them in its `actions`.")
            return
        answers = {True: "answers at once", False: "answers later", None: "answers at once or later"}[connector.is_sync]
        self.good("connector", f"`{connector.name}` ({module}), {answers}; can {', '.join(sorted(connector.actions))}")
        for send, check in _unanswerable(connector):
            self.bad(
                "connector",
                f"{send} comes without {check}, which a channel that answers later needs: add that command, or say "
                "`is_sync = True` where it always answers at once.",
            )
        if type(connector).sign_of_life is ChannelIntegration.sign_of_life:
            self._line("-", None, "life       not tried: the connector has no `sign_of_life` of its own")
            return
        with self._explained("life"), _foreign_errors_named(module, connector.runtime.redactor):
            await connector.sign_of_life()
            self.good("life", "the channel is up")


def shadowed(names: Iterable[str], project: Path = PROJECT) -> list[tuple[str, str]]:
    """Packages that are imported from elsewhere: name and place."""
    found = []
    for name in names:
        try:
            spec = importlib.util.find_spec(name)
        except ValueError:  # a module that was made by hand
            spec = None
        place = None if spec is None else spec.origin or next(iter(spec.submodule_search_locations or ()), None)
        if place is None or not Path(place).resolve().is_relative_to(project / name):
            found.append((name, place or "nowhere"))
    return found


def _missing_lists(catalog: Catalog) -> list[str]:
    lists = {"price list": catalog.price_list, "stock list": catalog.stock_list}
    return [name for name, value in lists.items() if value is None]


def _unanswerable(connector: ChannelIntegration) -> list[tuple[str, str]]:
    """Sends whose outcome nobody could ask for."""
    if connector.is_sync:
        return []
    sends = [key for key in sorted(connector.actions) if key.startswith("send_") and key.endswith("_products")]
    pairs = [(send, _CHECKS.get(send, "check_products")) for send in sends]
    return [(send, check) for send, check in pairs if not connector.can(check)]


@contextmanager
def _foreign_errors_named(module: str, redactor: Redactor) -> Iterator[None]:
    """A connector is other people's code: whatever it raises is said in one line, without the secrets that it quotes."""
    try:
        yield
    except ChannelAppError as error:
        raise presentable(error, redactor) from None
    except Exception as error:
        said = redactor.line(f"{type(error).__name__}: {error}", limit=500)
        raise ChannelAppError(
            f"`{module}` broke: {said}. Look at its `__init__`, `sign_of_life` and `__aexit__`."
        ) from None
