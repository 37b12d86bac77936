"""`saldo sql` and `saldo query …`: ad-hoc SQL over the analytics copy, and queries people keep."""

import sys
from dataclasses import asdict
from typing import Annotated, Any

import typer

from commands.acting import acting_as
from commands.output import AsJson, answer, command, console, table
from core.access.authority import system
from core.adhoc import actions as adhoc
from core.adhoc import queries as kept
from core.adhoc.models import SavedQuery
from core.office import office
from etl.export import csv_text
from etl.sandbox.asking import ask
from etl.sandbox.engine import Answer

app = typer.Typer(help="Questions in SQL: kept ones, and what was asked.", no_args_is_help=True)
As = Annotated[str, typer.Option("--as", metavar="EMAIL", help="Act as this user.")]
Role = Annotated[str, typer.Option("--role", help="A role of the user.")]
Name = Annotated[str, typer.Option("--name", help="Up to 80 characters.")]
Key = Annotated[str | None, typer.Option("--key", help="Makes the write safe to repeat.")]
OPERATOR = system("command line")
WIDEST = 60


@command
def sql(
    text: Annotated[str, typer.Argument(metavar="SQL", help="One query; - reads it from stdin.")],
    role: Annotated[str, typer.Option("--role", help="Whose copy answers.")] = "analyst",
    as_csv: Annotated[bool, typer.Option("--csv", help="Print the rows as CSV.")] = False,
    as_json: AsJson = False,
) -> None:
    """Ask the analytics copy in SQL, in the sandbox and as a role may."""
    question = sys.stdin.read() if text == "-" else text
    found = ask(office(), OPERATOR, question, role=role).checked()
    if as_csv:
        sys.stdout.write(csv_text(found.frame))
    else:
        answer(_json(found), as_json, lambda _: _show(found))


@app.command("list")
@command
def list_queries(as_user: As, as_json: AsJson = False) -> None:
    """The queries kept for the roles of a user."""
    with acting_as(office(), as_user) as actor, office().work(actor) as work:
        found = kept.saved_queries(work)
    answer({"queries": [asdict(each) for each in found]}, as_json, _show_kept)


@app.command("history")
@command
def history(
    limit: Annotated[int, typer.Option(min=1, max=kept.MOST_RUNS)] = 50, as_json: AsJson = False
) -> None:
    """What was asked in SQL, by whom, and how it ended."""
    with office().work(OPERATOR) as work:
        found = kept.history(work, limit=limit)
    answer({"runs": [asdict(each) for each in found]}, as_json, _show_runs)


@app.command("cancel")
@command
def cancel(
    run: Annotated[int, typer.Argument(metavar="ID", help="A number of the history.")],
    key: Key = None,
    as_json: AsJson = False,
) -> None:
    """End a question that is running, at whichever door it was asked."""
    with office().work(OPERATOR) as work:
        found = adhoc.cancel_query(work, run, key=key)
        result = {"id": found.id, "outcome": found.outcome}
    answer(result, as_json, _show_cancelled)


@app.command("keep")
@command
def keep(
    text: Annotated[str, typer.Argument(metavar="SQL")],
    name: Name,
    as_user: As,
    role: Role = "analyst",
    key: Key = None,
    as_json: AsJson = False,
) -> None:
    """Keep a query for everybody who has a role."""
    with acting_as(office(), as_user) as actor, office().work(actor) as work:
        saved = adhoc.keep_query(work, role, name, text, key=key)
    answer(_kept(saved), as_json, lambda found: console.print(f"Kept as query {found['id']}"))


@app.command("change")
@command
def change(
    query: Annotated[int, typer.Argument(metavar="ID")],
    text: Annotated[str, typer.Argument(metavar="SQL")],
    name: Name,
    as_user: As,
    key: Key = None,
    as_json: AsJson = False,
) -> None:
    """Rename or rewrite a query of the user."""
    with acting_as(office(), as_user) as actor, office().work(actor) as work:
        saved = adhoc.change_query(work, query, name, text, key=key)
    answer(_kept(saved), as_json, lambda found: console.print(f"Query {found['id']} is changed"))


@app.command("remove")
@command
def remove(
    query: Annotated[int, typer.Argument(metavar="ID")], as_user: As, as_json: AsJson = False
) -> None:
    """Remove a query of the user."""
    with acting_as(office(), as_user) as actor, office().work(actor) as work:
        removed = adhoc.remove_query(work, query)
    answer({"removed": removed}, as_json, lambda _: console.print(f"Query {removed} is removed"))


def _json(found: Answer) -> dict[str, Any]:
    return {
        "columns": [{"name": name, "type": kind} for name, kind in found.columns],
        "rows": found.frame.rows(),
        "row_count": found.rows,
        "more": found.more,
        "milliseconds": found.milliseconds,
    }


def _kept(saved: SavedQuery) -> dict[str, Any]:
    return {"id": saved.id, "role": saved.role, "name": saved.name, "sql": saved.sql}


def _show(found: Answer) -> None:
    frame = found.frame
    numbers = tuple(at for at, kind in enumerate(frame.dtypes) if kind.is_numeric())
    rows = [["" if cell is None else str(cell)[:WIDEST] for cell in row] for row in frame.rows()]
    table(frame.columns, rows, right=numbers)
    more = ", and there are more" if found.more else ""
    console.print(f"{found.rows} rows in {found.milliseconds / 1000:.2f} s{more}")


def _show_kept(found: dict[str, Any]) -> None:
    rows = [[str(q["id"]), q["role"], q["name"], q["author"]] for q in found["queries"]]
    table(["Id", "Role", "Name", "Kept by"], rows, right=(0,))


def _show_cancelled(found: dict[str, Any]) -> None:
    ends = "It is being ended" if found["outcome"] == "running" else "It has ended"
    console.print(f"{ends}: question {found['id']}, {found['outcome']}")


def _show_runs(found: dict[str, Any]) -> None:
    rows = [
        [
            str(run["id"]),
            run["asked_at"].isoformat(timespec="seconds"),
            run["asked_as"],
            run["outcome"],
            "" if run["rows"] is None else str(run["rows"]),
            "" if run["milliseconds"] is None else f"{run['milliseconds'] / 1000:.2f}",
            " ".join(run["sql"].split())[:WIDEST],
        ]
        for run in found["runs"]
    ]
    table(["Id", "Asked", "By", "Ended", "Rows", "Seconds", "Query"], rows, right=(0, 4, 5))
