"""Mutants of what is printed at a terminal."""

from tests.mutants.table import Mutant, Subject

SUBJECT = Subject(
    "deployments/console.py",
    tests=("tests/deployments/test_hostile_names.py",),
    mutants=(
        Mutant("bold=True)} {visible(message)}", "bold=True)} {message}"),
        Mutant("typer.secho(visible(message)", "typer.secho(message"),
        Mutant(
            'typer.echo(json.dumps(value.model_dump(mode="json") if isinstance(value, BaseModel) else value))',
            "typer.echo(value.model_dump_json() if isinstance(value, BaseModel) else json.dumps(value))",
        ),
    ),
)
