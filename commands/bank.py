"""`saldo bank …`: the bank's files, read and imported (UNM.1)."""

from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from commands.acting import acting_as
from commands.output import AsJson, answer, command, console, table
from core.access.authority import system
from core.bank.files import FileImported, import_file
from core.bank.parsed import parsed
from core.bank.readers import MOST_MIB, read_bank_file
from core.bank.readers.csv_mapping import CsvMapping, from_json
from core.errors import BadInput
from core.imports.reading import read_file
from core.money import units_text
from core.office import office

app = typer.Typer(help="The bank's files.", no_args_is_help=True)

AFile = Annotated[Path, typer.Argument(dir_okay=False, help="camt, MT940, BgMax or CSV.")]
Mapping = Annotated[
    Path | None,
    typer.Option(dir_okay=False, help="How a CSV file reads, as JSON; guessed without one."),
]
User = Annotated[str | None, typer.Option("--as", metavar="EMAIL", help="The user who does this.")]
MOST_SHOWN = 20


@app.callback()
def group() -> None:
    """The bank's files."""


@app.command()
@command
def parse(file: AFile, mapping: Mapping = None, as_json: AsJson = False) -> None:
    """Show what a file says; nothing is written."""
    read = read_bank_file(read_file(file, MOST_MIB), _mapping(mapping))
    answer(parsed(read), as_json, _show_file)


@app.command("import")
@command
def load(file: AFile, mapping: Mapping = None, user: User = None, as_json: AsJson = False) -> None:
    """Import what is new in a file; what does not foot is set aside."""
    data, columns = read_file(file, MOST_MIB), _mapping(mapping)
    at = office()
    if user is None:
        actor = system("saldo bank import")
        done = import_file(at, actor, data, name=file.name, mapping=columns)
    else:
        with acting_as(at, user) as actor:
            done = import_file(at, actor, data, name=file.name, mapping=columns)
    answer(asdict(done), as_json, lambda _: _show_import(done))


def _mapping(path: Path | None) -> CsvMapping | None:
    if path is None:
        return None
    try:
        return from_json(read_file(path, 1).decode())
    except UnicodeDecodeError as problem:
        raise BadInput(f"The mapping {path} is not UTF-8 text") from problem


def _show_file(result: dict[str, Any]) -> None:
    console.print(f"{result['format']}: {len(result['transactions'])} transactions")
    words = {True: "yes", False: "no", None: "n/a"}
    rows = [
        [
            each["account"],
            each["statement_ref"],
            _units(each["opening_minor"], each["currency"]),
            _units(each["closing_minor"], each["currency"]),
            each["currency"],
            words[each["foots"]],
            _units(each["difference_minor"], each["currency"]),
        ]
        for each in result["statements"]
    ]
    names = ["account", "statement", "opening", "closing", "currency", "foots", "difference"]
    table(names, rows, right=(2, 3, 6))
    shown = result["transactions"][:MOST_SHOWN]
    rows = [
        [
            str(each["booked_on"]),
            _units(
                each["amount_minor"] if each["credit"] else -each["amount_minor"], each["currency"]
            ),
            each["currency"],
            each["counterparty_name"] or "",
            each["reference"][:60],
        ]
        for each in shown
    ]
    table(["booked", "amount", "currency", "counterparty", "reference"], rows, right=(1,))
    if len(result["transactions"]) > len(shown):
        console.print(f"and {len(result['transactions']) - len(shown)} more")
    for note in result["notes"]:
        console.print(note, style="yellow", soft_wrap=True)


def _show_import(done: FileImported) -> None:
    console.print(
        f"{done.imported} imported ({done.matched} matched, {done.unmatched} unmatched), "
        f"{done.already_known} known already, {done.quarantined} statements quarantined"
    )
    for each in done.set_aside:
        told = f"{each.account} {each.statement_ref}: {each.problem}"
        console.print(told, soft_wrap=True)


def _units(minor: int | None, currency: str) -> str:
    return "n/a" if minor is None else units_text(minor, currency)
