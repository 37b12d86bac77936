"""`saldo import …`: bring your own data."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from commands.acting import acting_as
from commands.output import AsJson, answer, command, console, table
from core.access.authority import Actor, system
from core.backfill.run import import_stripe
from core.backfill.viewing import as_plain, latest_import
from core.errors import BadInput, NotFound
from core.imports.actions import import_csv
from core.imports.kinds import KINDS
from core.imports.reading import Reading, read_file
from core.money import units_text
from core.office import office
from core.settings import settings
from core.work import Office

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


@app.command("stripe")
@command
def stripe(
    since: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], help="Leave out what is older.")
    ] = None,
    email: Annotated[
        str | None, typer.Option("--as", metavar="EMAIL", help="Act as this user.")
    ] = None,
    reason: Annotated[str, typer.Option(help="Why, for the audit log.")] = "",
    show: Annotated[
        bool, typer.Option("--show", help="Only show how the last import stands.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Bring a company's past over from Stripe; stopped anywhere it goes on from there."""
    at = office()
    with _acting(at, email) as actor:
        if not show:
            import_stripe(at, actor, since.date() if since else None, reason=reason)
        with at.work(actor) as work:
            state = latest_import(work)
    if state is None:
        raise NotFound("Nothing was imported from Stripe yet")
    answer(as_plain(state), as_json, _show_import)


@contextmanager
def _acting(at: Office, email: str | None) -> Iterator[Actor]:
    if email is None:
        yield system("saldo import stripe")
        return
    with acting_as(at, email) as actor:
        yield actor


def _show_import(state: dict[str, Any]) -> None:
    table(
        ["kind", "told", "in our books", "left out", "refused", "waiting"],
        [
            [
                each["kind"],
                *(str(each[name]) for name in ("told", "loaded", "left_out", "refused", "waiting")),
            ]
            for each in state["counts"]
        ],
        right=(1, 2, 3, 4, 5),
    )
    table(
        ["kind", "currency", "Stripe says", "our books say", "difference"],
        [
            [
                each["kind"],
                each["currency"],
                units_text(each["told_minor"], each["currency"]),
                units_text(each["booked_minor"], each["currency"]),
                units_text(each["difference_minor"], each["currency"]),
            ]
            for each in state["sums"]
        ],
        right=(2, 3, 4),
    )
    for each in state["refused"]:
        console.print(f"refused {each['kind']} {each['external_id']}: {each['reason']}")
    for each in state["left_out"]:
        console.print(f"left out {each['objects']} {each['kind']}: {each['reason']}")
    console.print(
        f"Import {state['id']} of {state['account'] or 'Stripe'}: {state['state']}, "
        f"{state['read']} objects read. {state['problem']}".rstrip()
    )


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
