"""Writes the pages of `docs/reference/` that come from the code: `python docs/generate_reference.py`.

`make docs` does so before it builds. A test fails if a committed page differs from the output.
"""

import ast
import inspect
import itertools
import json
import re
import sys
from collections.abc import Iterable, Iterator, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import typer
import yaml
from prefect.utilities.callables import parameter_schema
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined
from pydantic_settings import BaseSettings

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))  # when it is run as a program, its own folder stands there

from clients import errors, settings  # noqa: E402
from deployments.cli import app  # noqa: E402
from deployments.sandbox.market.description import ASYNC, CALLS  # noqa: E402
from deployments.sandbox.market.habits import HABITS  # noqa: E402
from docs.advice import CODES, WHAT_HAPPENS  # noqa: E402
from docs.values import VALUES, Value, values_of  # noqa: E402
from flows.artifact import artifact_key  # noqa: E402
from flows.registry import FLOWS  # noqa: E402
from tasks.channel import images, orders, prices, products, setup, stocks  # noqa: E402
from tasks.channel.command import ChannelCommand  # noqa: E402
from tasks.command import CommandInterface, parameters_of  # noqa: E402
from tasks.omnitron.integration import OmnitronIntegration  # noqa: E402

FOLDER = ROOT / "docs/reference"
NOTE = "<!-- Written by docs/generate_reference.py from the code: change it there, then `make docs`. -->"
CHANNEL_MODULES = (products, prices, stocks, images, orders, setup)
CHANNEL = "{{ $OMNITRON_CHANNEL_ID }}"
SHOWN_CHANNEL = 6
SECTION = re.compile(r"(Args|Attributes|Raises|Returns)\b[^\n]*:\n")


def pages() -> dict[str, str]:
    """The text of each page, by its name."""
    made = {
        "settings.md": _settings(),
        "flows.md": _flows(),
        "commands.md": _commands(),
        "values.md": _values(),
        "cli.md": _cli(),
        "errors.md": _errors(),
        "artifacts.md": _artifacts(),
        "habits.md": _habits(),
        "marketplace-api.md": _marketplace(),
    }
    return {name: "\n".join([NOTE, "", *lines]).rstrip() + "\n" for name, lines in made.items()}


def main() -> None:
    """Writes the pages."""
    for name, text in pages().items():
        (FOLDER / name).write_text(text, encoding="utf-8")


# -- Markdown ------------------------------------------------------------------------------------------------------


def _table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    lines = (columns, ["---"] * len(columns), *rows)
    return ["| " + " | ".join(cell.replace("|", "\\|").replace("\n", " ") for cell in line) + " |" for line in lines]


def _code(text: object) -> str:
    return f"`{text}`"


def _prose(docstring: str | None) -> str:
    """A docstring's paragraphs up to its first section (`Args:`), each on one line."""
    paragraphs = inspect.cleandoc(docstring or "").split("\n\n")
    told = itertools.takewhile(lambda paragraph: not SECTION.match(paragraph), paragraphs)
    return "\n\n".join(" ".join(paragraph.split()) for paragraph in told)


def _first_sentence(docstring: str | None) -> str:
    return _prose(docstring).split("\n")[0].partition(". ")[0].removesuffix(".") + "."


def _default(value: Any) -> str:
    match value:
        case None | "":
            return ""
        case bool():
            return _code(str(value).lower())
        case _:
            return _code(value)


# -- settings ------------------------------------------------------------------------------------------------------


def _settings() -> Iterator[str]:
    yield "# Settings"
    yield ""
    yield "Read from the environment, or from `.env` in the current folder. One message names all missing and wrong settings."
    for kind in vars(settings).values():
        is_one = isinstance(kind, type) and issubclass(kind, BaseSettings) and kind.__module__ == settings.__name__
        if is_one and not kind.__name__.startswith("_") and kind.model_fields:
            yield ""
            yield f"## {kind.__name__.removesuffix('Settings') or 'Program'}"
            yield ""
            yield _prose(kind.__doc__)
            yield ""
            rows = (
                (_code(name), field.description or "", _setting(field)) for name, field in kind.model_fields.items()
            )
            yield from _table(("name", "meaning", "default"), rows)


def _setting(field: FieldInfo) -> str:
    if field.is_required():
        return "**needed**"
    return "" if field.default is PydanticUndefined else _default(field.default)


# -- flows ---------------------------------------------------------------------------------------------------------


def _deployments() -> dict[str, list[dict[str, Any]]]:
    """The rows of prefect.yaml, by the flow that they deploy."""
    found: dict[str, list[dict[str, Any]]] = {name: [] for name in FLOWS}
    for row in yaml.safe_load((ROOT / "prefect.yaml").read_text(encoding="utf-8"))["deployments"]:
        found[row["entrypoint"].partition(":")[2]].append(row)
    return found


def _flows() -> Iterator[str]:
    deployments = _deployments()
    yield "# Flows"
    yield ""
    yield (
        "Start a flow by hand (`channel-app run NAME -p parameter=value`), in Prefect's UI, or on the schedule of its "
        "deployment. Names of deployments end with the channel's number, here 6. "
        "[Schedule](../how-to/schedule.md) lists the flows that a shop needs."
    )
    yield ""
    rows = (
        (f"[`{name}`](#{name})", _first_sentence(flow.description), _when(deployments[name]))
        for name, flow in FLOWS.items()
    )
    yield from _table(("flow", "purpose", "schedule"), rows)
    for name, flow in FLOWS.items():
        yield ""
        yield f"## {name}"
        yield ""
        yield _prose(flow.description)
        yield ""
        fields = parameter_schema(flow.fn).properties
        if fields:
            yield from _table(
                ("parameter", "meaning", "default"),
                ((_code(key), field["description"], _default(field.get("default"))) for key, field in fields.items()),
            )
        else:
            yield "It has no parameters."
        yield ""
        for row in deployments[name]:
            yield _deployed(row)


def _when(rows: list[dict[str, Any]]) -> str:
    return ", ".join(_time(schedule) for row in rows for schedule in row.get("schedules", ()))


def _time(schedule: dict[str, Any]) -> str:
    if "cron" in schedule:
        minute, hour = schedule["cron"].split()[:2]
        return f"{int(hour):02}:{int(minute):02} each night"
    interval = timedelta(seconds=schedule["interval"])
    if interval == timedelta(hours=1):
        return "every hour"
    minutes = interval // timedelta(minutes=1)
    return "every minute" if minutes == 1 else f"every {minutes} minutes"


def _deployed(row: dict[str, Any]) -> str:
    schedule = _when([row])
    when = f"{schedule}, if schedules are on" if schedule else "when booked, or started by hand"
    limit = (
        "one run at a time, a second run is cancelled" if "concurrency_limit" in row else "any number of runs at once"
    )
    return f"- Deployment `{row['name'].replace(CHANNEL, str(SHOWN_CHANNEL))}`: {when}; {limit}."


# -- commands ------------------------------------------------------------------------------------------------------


def _commands() -> Iterator[str]:
    yield "# Commands"
    yield ""
    yield (
        "`await integration.do_action(Command, objects=..., parameter=...)` runs a command, as a Prefect task named after "
        "its key. To replace one, see [override a command](../how-to/override-a-command.md); for a new one, "
        "[add a command](../how-to/add-a-command.md)."
    )
    yield ""
    yield "## Omnitron's side"
    yield ""
    yield "`OmnitronIntegration.actions` in `tasks/omnitron/actions.py`."
    yield ""
    yield from _commands_of(OmnitronIntegration.actions.values())
    yield ""
    yield "## The channel's side"
    yield ""
    yield (
        "The base classes of `tasks/channel/`. A connector subclasses the commands that its channel supports, and lists them "
        "in its `actions`. A flow that needs a missing command says so before it starts."
    )
    yield ""
    yield from _commands_of(
        kind
        for module in CHANNEL_MODULES
        for kind in vars(module).values()
        if isinstance(kind, type) and issubclass(kind, ChannelCommand) and kind.__module__ == module.__name__
    )


def _commands_of(kinds: Iterable[type[CommandInterface[Any, Any, Any]]]) -> list[str]:
    return _table(
        ("key", "class", "module", "purpose", "parameters"),
        (
            (
                _code(kind.key),
                _code(kind.__name__),
                _code(kind.__module__),
                _first_sentence(kind.__doc__),
                " ".join(map(_code, parameters_of(kind))),
            )
            for kind in kinds
        ),
    )


# -- values --------------------------------------------------------------------------------------------------------


def _values() -> Iterator[str]:
    yield "# Values"
    yield ""
    yield (
        "All that a connector builds or reads, by field. Build values by keyword. Money is an exact decimal (a `Decimal`, or a "
        "decimal text), never a binary float; a currency is written in small letters; a time without a zone is UTC. Omnitron's "
        "objects keep fields that are not listed here, as they came. *(assumed)* stands where Omnitron does not document it."
    )
    for subject, kinds in VALUES.items():
        yield ""
        yield f"## {subject}"
        for kind in kinds:
            yield ""
            yield f"### {kind.__name__}"
            yield ""
            yield _prose(kind.__doc__)
            yield ""
            yield from _value_table(values_of(kind))


def _value_table(values: Sequence[Value]) -> list[str]:
    """Without the columns that hold nothing."""
    columns = ("name", "type", "meaning", "default")
    rows = [
        (_code(each.name), each.type, each.meaning.replace("(assumed)", "*(assumed)*"), each.default) for each in values
    ]
    used = [number for number in range(len(columns)) if any(row[number] for row in rows)]
    return _table([columns[number] for number in used], ([row[number] for number in used] for row in rows))


# -- the command line ----------------------------------------------------------------------------------------------


def _cli() -> Iterator[str]:
    yield "# The command line"
    yield ""
    yield "`channel-app COMMAND --help` prints the same."
    yield from _command_lines("channel-app", typer.main.get_command(app))


def _command_lines(name: str, command: Any) -> Iterator[str]:
    if inside := getattr(command, "commands", None):
        for word, inner in inside.items():
            yield from _command_lines(f"{name} {word}", inner)
        return
    arguments = [given for given in command.params if given.param_type_name == "argument"]
    yield ""
    yield f"## {name}"
    yield ""
    yield _prose(command.help)
    rows = [
        (_spelled(given), given.help or "", _cli_default(given)) for given in command.params if given.name != "help"
    ]
    if rows:
        yield ""
        yield from _table(("argument" if len(arguments) == len(rows) else "option", "meaning", "default"), rows)


def _spelled(given: Any) -> str:
    if given.param_type_name == "argument":
        return _code(given.name.upper())
    return ", ".join(map(_code, [*given.opts, *given.secondary_opts]))


def _cli_default(given: Any) -> str:
    if given.required:
        return "**needed**"
    return "" if given.default is False else _default(given.default)


# -- errors --------------------------------------------------------------------------------------------------------


def _errors() -> Iterator[str]:
    yield "# Errors"
    yield ""
    yield "An error is named by the next step that it calls for. `clients/errors.py` defines them:"
    yield ""
    yield "```text"
    yield from inspect.cleandoc(errors.__doc__ or "").split("\n\n", 1)[1].splitlines()
    yield "```"
    yield ""
    yield from _table(("error", "consequence"), ((_code(kind.__name__), words) for kind, words in WHAT_HAPPENS.items()))
    yield ""
    yield "## Codes"
    yield ""
    yield (
        "Merchants read these codes in “Marketplace Logs”, operators in a run's summary and table. The message beside a code "
        "names the value. Start with [read a failure](../how-to/read-a-failure.md)."
    )
    for subject, rows in CODES.items():
        yield ""
        yield f"### {subject}"
        yield ""
        yield from _table(
            ("code", "next step"), ((", ".join(map(_code, codes)), advice) for codes, advice in rows.items())
        )
    yield ""
    yield "Any other error has the name of its class as its code, without `Error`."


# -- the habits of the local marketplace ---------------------------------------------------------------------------


def _habits() -> Iterator[str]:
    yield "# Habits of the local marketplace"
    yield ""
    yield (
        "Real marketplaces differ in how they answer, how often they may be called, and how they list orders. The local one "
        "takes on such a habit by its name, so that you can try a connector before you have an account:"
    )
    yield ""
    yield '<!-- run: keep, until "marketplace" -->'
    yield ""
    yield "```sh"
    yield "channel-app sandbox marketplace --habit failures-only --habit rates"
    yield "```"
    yield ""
    yield (
        'In a test, it is `MarketplaceSandbox(habits=["failures-only"])`, and a body of `POST /_sandbox/reset`: '
        '`{"habits": ["failures-only"]}`. Two habits that contradict each other are refused. The example connector knows few of '
        "them; `tests/habits/` has small connectors for others, and `make harness` kills their flows at every request."
    )
    yield ""
    yield from _table(("habit", "meaning"), ((_code(name), habit.sentence) for name, habit in HABITS.items()))


# -- the API of the local marketplace ------------------------------------------------------------------------------


def _marketplace() -> Iterator[str]:
    yield "# The API of the local marketplace"
    yield ""
    yield (
        "What a connector for the local marketplace calls, below the address that `channel-app sandbox` prints. Its page at "
        f"`/_sandbox/` shows the same. {ASYNC} [Which habits](habits.md)?"
    )
    for call in CALLS:
        yield ""
        yield f"## {call.method} {call.path}"
        yield ""
        yield call.sentence
        for title, sample in (("Body", call.body), ("Answer", call.answer)):
            if sample:
                yield from ("", f"{title}:", "", "```json", json.dumps(sample, indent=2), "```")


# -- artifacts -----------------------------------------------------------------------------------------------------


def _artifacts() -> Iterator[str]:
    yield "# Artifacts"
    yield ""
    yield (
        "Every run on a Prefect server leaves one Markdown artifact, whether it completed, was skipped or failed. It holds "
        "the outcome, counts, requests and seconds of the run, then its tables. Empty tables and columns are left out; a long "
        "table shows its first hundred rows. The column `object` is called `sku`, `order`, `category`, ... after the failed "
        "objects. An artifact holds no credential and no customer's data. All runs of a flow share one key, so that Prefect's "
        f"UI shows them one after the other; it ends with the channel's number, here {SHOWN_CHANNEL}."
    )
    yield ""
    shared = _tables_of("flows.run")
    rows = (
        (
            _code(name),
            _code(artifact_key(flow.name, SHOWN_CHANNEL)),
            "<br>".join((*shared, *_tables_of(flow.fn.__module__))),
        )
        for name, flow in FLOWS.items()
    )
    yield from _table(("flow", "key", "tables, with their columns"), rows)


def _tables_of(module: str) -> list[str]:
    """Heading and columns of each table that a module of flows creates."""
    source = (ROOT / module.replace(".", "/")).with_suffix(".py").read_text(encoding="utf-8")
    calls = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call)]
    made = [call for call in calls if isinstance(call.func, ast.Name) and call.func.id == "Table"]
    return [_table_of(call) for call in sorted(made, key=lambda call: call.lineno)]


def _table_of(call: ast.Call) -> str:
    headings = [f"**{ast.literal_eval(option.value)}**: " for option in call.keywords if option.arg == "heading"]
    return "".join(headings) + " · ".join(filter(None, map(ast.literal_eval, call.args)))


if __name__ == "__main__":
    main()
