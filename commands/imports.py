"""`saldo import …`: bring your own data."""

from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from commands.output import AsJson, answer, command, console
from core.access.authority import system
from core.errors import BadInput
from core.imports.actions import import_csv
from core.imports.kinds import KINDS
from core.imports.reading import Reading, read_file
from core.office import office
from core.settings import settings

app = typer.Typer(help="Bring your own data.", no_args_is_help=True)


@app.callback()
def group() -> None:
    """Bring your own data."""


@app.command("csv")
@command
def load(
    file: Annotated[Path, typer.Argument(dir_okay=False)],
    kind: Annotated[str, typer.Option(help="One of " + ", ".join(KINDS))],
    mapping: Annotated[
        list[str] | None,
        typer.Option("--map", metavar="field=Column", help="Where a field stands."),
    ] = None,
    date_format: Annotated[
        str | None, typer.Option(help="Such as dd/mm/yyyy or %d/%m/%Y; ISO without it.")
    ] = None,
    units: Annotated[bool, typer.Option("--units", help="Amounts are in units: 50.39.")] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Check only; nothing is written.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Load a CSV file: wholly, or not at all with row and reason."""
    if kind not in KINDS:
        raise BadInput(f"No kind {kind!r}; there are {', '.join(KINDS)}")
    reading = Reading(columns=_mapping(mapping or []), date_format=date_format, units=units)
    data = read_file(file, settings().import_max_mib)
    loaded = import_csv(office(), system("saldo import csv"), kind, data, reading, dry_run=dry_run)
    answer(asdict(loaded), as_json, _show)


def _mapping(pairs: list[str]) -> dict[str, str]:
    columns: dict[str, str] = {}
    for pair in pairs:
        name, equals, column = pair.partition("=")
        if not equals or not name or not column:
            raise typer.BadParameter(f"{pair!r} is not field=Column")
        if name in columns:
            raise typer.BadParameter(f"{name!r} is mapped twice")
        columns[name] = column
    return columns


def _show(loaded: dict[str, Any]) -> None:
    would = "would be " if loaded["dry_run"] else ""
    console.print(
        f"{loaded['rows']} rows of {loaded['kind']}: {loaded['added']} {would}added, "
        f"{loaded['updated']} {would}updated, {loaded['unchanged']} known already"
    )
