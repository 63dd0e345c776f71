"""`channel-app check`: settings, log-in, channel, catalog, connector; then the assumed lines of Omnitron's contract."""

import importlib.util
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import typer
from prefect.settings import get_current_settings

from clients import runtime as runtimes
from clients.errors import ChannelAppError
from clients.omnitron import OmnitronClient
from clients.prefect_address import refuse_clear_text
from clients.redaction import Redactor, visible_line
from clients.runtime import Runtime
from deployments.assumptions.findings import Assumption, Conformance, Finding
from deployments.assumptions.table import ASSUMPTIONS, attempt
from deployments.assumptions.trial import Trial
from deployments.console import say
from dto.omnitron import Catalog, Channel
from tasks.channel.conf import own_keys
from tasks.channel.integration import ChannelIntegration, load_channel
from tasks.omnitron.integration import load_hub
from tasks.sanitizing import line_of, sanitized

PACKAGES = ("dto", "clients", "tasks", "flows", "deployments")
PROJECT = Path(__file__).resolve().parents[1]

_MARKS = {
    Conformance.honoured: ("✓", typer.colors.GREEN),
    Conformance.differs: ("!", typer.colors.YELLOW),
    Conformance.broken: ("✗", typer.colors.RED),
    Conformance.not_tried: ("-", None),
}
_CHECKS = {"send_deleted_products": "check_deleted_products"}
"""The check command of a send, where it is not `check_products`."""


async def check_everything(*, with_object: bool = False) -> bool:
    """Prints a line for each requirement, and one for each assumed line of the contract.

    Args:
        with_object: try the lines about the objects of a batch too; costs one due product one of its attempts, or
            three on a hub that does not let an object be given back.

    Returns:
        True if no line is red.
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
    say("\nThe assumptions about this Omnitron, each tried once:")
    trial = Trial(client, channel, with_object=with_object)
    for assumption in ASSUMPTIONS.values():
        sheet.assumption(assumption, await attempt(assumption, trial))
    for batch in trial.hub.left_open:
        sheet.bad("batches", f"batch {batch} It stays open. Run `channel-app recover` later to end it.")


class _Sheet:
    """Prints the lines, and counts them."""

    def __init__(self) -> None:
        self.red = 0
        self.found: list[Conformance] = []

    # -- lines -----------------------------------------------------------------------------------------------------

    def good(self, name: str, text: str) -> None:
        """In place."""
        self._line("✓", typer.colors.GREEN, f"{name:<10} {text}")

    def odd(self, name: str, text: str) -> None:
        """In place, but worth a look."""
        self._line("!", typer.colors.YELLOW, f"{name:<10} {text}")

    def bad(self, name: str, text: str) -> None:
        """Not in place; the text ends with the next thing to do."""
        self.red += 1
        self._line("✗", typer.colors.RED, f"{name:<10} {text}")

    def skipped(self, why: str, *names: str) -> None:
        """Not tried."""
        for name in names:
            self._line("-", None, f"{name:<10} skipped: {why}")

    def assumption(self, assumption: Assumption, finding: Finding) -> None:
        """One line of the contract, with its finding."""
        self.found.append(finding.conformance)
        mark, colour = _MARKS[finding.conformance]
        text = f"{finding.conformance:<10} {assumption.name}"
        if finding.conformance is Conformance.broken:
            self.red += 1
            text += f"\n    seen: {finding.seen}\n    depends on it: {assumption.promise}"
            text += f"\n    next: {finding.next_step or 'report this line to the maintainers of this program'}"
        elif finding.seen:
            text += f"\n    {finding.seen}"
        self._line(mark, colour, text)

    def close(self) -> bool:
        """Prints the last line. Returns True if no line is red."""
        if self.found:
            tally = {conformance: self.found.count(conformance) for conformance in Conformance}
            counts = ", ".join(f"{number} {conformance}" for conformance, number in tally.items() if number)
            say(f"\n{len(self.found)} assumed lines: {counts}.")
        if self.red:
            lines = "1 line is red: it names" if self.red == 1 else f"{self.red} lines are red: they name"
            say(f"{lines} the next step.", typer.colors.RED)
        else:
            say("Everything is in place.", typer.colors.GREEN)
        return not self.red

    def _line(self, mark: str, colour: str | None, text: str) -> None:
        say(text, colour, mark=mark)

    @contextmanager
    def _explained(self, name: str) -> Iterator[None]:
        """Turns an error inside into a red line."""
        try:
            yield
        except ChannelAppError as error:
            self.bad(name, error.message)

    # -- requirements ----------------------------------------------------------------------------------------------

    def modules(self) -> None:
        """Python imports this project's packages, not others of the same name."""
        if strangers := shadowed(PACKAGES):
            for name, place in strangers:
                self.bad(
                    "modules",
                    f"`{name}` is imported from {place}, not from {PROJECT}: rename or uninstall the other package, or "
                    "start from another folder.",
                )
        else:
            self.good("modules", f"{', '.join(PACKAGES)} are this program's own")

    def settings(self) -> Runtime | None:
        """The runtime; None after all problems were printed at once."""
        with self._explained("settings"):
            runtime = runtimes.current()
            self.good("settings", f"complete, for channel {runtime.settings.OMNITRON_CHANNEL_ID}")
            if weakness := runtime.settings.weakness:
                self.odd("settings", weakness)
            with self._explained("prefect"):
                refuse_clear_text(get_current_settings().api.url)
            return runtime
        return None

    async def log_in(self, client: OmnitronClient, runtime: Runtime) -> bool:
        """Whether Omnitron accepts the account."""
        settings = runtime.settings
        with self._explained("log-in"):
            await client.connection.call("GET", "active_user/")
            self.good("log-in", f"as `{settings.OMNITRON_USERNAME}` at {settings.OMNITRON_URL}")
            return True
        return False

    async def channel(self, client: OmnitronClient) -> Channel | None:
        """The channel; None if it does not exist. Checks its switch and its conf."""
        with self._explained("channel"):
            channel = await client.channel.get()
            name = f"{channel.pk} `{visible_line(channel.name)}`"
            if channel.is_active:
                self.good("channel", f"{name}, switched on")
            else:
                self.bad("channel", f"{name} is switched off: every run ends as skipped. Switch it on in Omnitron.")
            limits = channel.conf.FAILED_INTEGRATION.get("DEFAULT")
            key = visible_line(channel.conf.remote_id_attribute or "sku")
            if limits is None:
                self.odd(
                    "conf",
                    f"`{key}` identifies a product; there is no FAILED_INTEGRATION.DEFAULT: fill it in to control how often "
                    "a failed product is offered again",
                )
            else:
                self.good(
                    "conf",
                    f"`{key}` identifies a product; a failed one is offered again after {limits.RETRY_INTERVAL} s, at most "
                    f"{limits.MAX_RETRY_COUNT} times",
                )
            return channel
        return None

    async def catalog(self, client: OmnitronClient, channel: Channel, chosen: int | None) -> None:
        """Checks that the catalog exists, and has a price list and a stock list."""
        pk = chosen or channel.catalog
        if pk is None:
            self.bad(
                "catalog", f"channel {channel.pk} has no catalog. Choose one in Omnitron, or set OMNITRON_CATALOG_ID."
            )
            return
        with self._explained("catalog"):
            catalog = await client.catalogs.get(pk)
            name = f"{pk} `{visible_line(catalog.name)}`"
            missing = _missing_lists(catalog)
            if missing:
                self.bad(
                    "catalog",
                    f"{name} has no {' and no '.join(missing)}. Choose it in Omnitron.",
                )
                return
            text = f"{name}, price list {catalog.price_list}, stock list {catalog.stock_list}"
            if channel.catalog not in (None, pk):
                self.odd("catalog", f"{text}; the channel's own is {channel.catalog}: is OMNITRON_CATALOG_ID right?")
            else:
                self.good("catalog", text)

    async def connector(self, channel: Channel, runtime: Runtime) -> None:
        """Loads the connector, lists its commands, and asks whether its channel is up."""
        name = runtime.settings.CHANNEL_MODULE
        with self._explained("connector"), _foreign_errors_named(name, runtime.redactor):
            load_hub(runtime)
            async with load_channel(runtime)(channel, runtime) as connector:
                await self._connector(connector, name)

    async def _connector(self, connector: ChannelIntegration, module: str) -> None:
        if not connector.actions:
            self.bad("connector", f"`{connector.name}` ({module}) has no commands: list them in its `actions`.")
            return
        answers = {True: "answers at once", False: "answers later", None: "answers at once or later"}[connector.is_sync]
        self.good("connector", f"`{connector.name}` ({module}), {answers}; can {', '.join(sorted(connector.actions))}")
        if keys := own_keys(connector.conf_class).values():
            self.good("conf", f"the connector's own settings are complete: {', '.join(f'`{key}`' for key in keys)}")
        for send, check in _unanswerable(connector):
            self.bad(
                "connector",
                f"{send} comes without {check}, which a channel that answers later needs: add that command, or set "
                "`is_sync = True` if the channel always answers at once.",
            )
        if type(connector).sign_of_life is ChannelIntegration.sign_of_life:
            self._line("-", None, "life       not tried: the connector has no `sign_of_life` of its own")
            return
        with self._explained("life"), _foreign_errors_named(module, connector.runtime.redactor):
            await connector.sign_of_life()
            self.good("life", "the channel is up")


def shadowed(names: Iterable[str], project: Path = PROJECT) -> list[tuple[str, str]]:
    """Packages that Python imports from another folder: name and file."""
    found = []
    for name in names:
        try:
            spec = importlib.util.find_spec(name)
        except ValueError:  # a module without a spec, made by hand
            spec = None
        place = None if spec is None else spec.origin or next(iter(spec.submodule_search_locations or ()), None)
        if place is None or not Path(place).resolve().is_relative_to(project / name):
            found.append((name, place or "nowhere"))
    return found


def _missing_lists(catalog: Catalog) -> list[str]:
    lists = {"price list": catalog.price_list, "stock list": catalog.stock_list}
    return [name for name, value in lists.items() if value is None]


def _unanswerable(connector: ChannelIntegration) -> list[tuple[str, str]]:
    """Send commands whose later answer no command could fetch, each with the missing command."""
    if connector.is_sync:
        return []
    sends = [key for key in sorted(connector.actions) if key.startswith("send_") and key.endswith("_products")]
    pairs = [(send, _CHECKS.get(send, "check_products")) for send in sends]
    return [(send, check) for send, check in pairs if not connector.can(check)]


@contextmanager
def _foreign_errors_named(module: str, redactor: Redactor) -> Iterator[None]:
    """Turns any error of the connector, which is foreign code, into one line without secrets."""
    try:
        yield
    except ChannelAppError as error:
        raise sanitized(error, redactor) from None
    except Exception as error:
        text = redactor.line(f"{type(error).__name__}: {error}", limit=500)
        raise ChannelAppError(
            f"`{module}` broke: {text} ({line_of(error)}). It is a mistake in the connector: correct that line."
        ) from None
