"""`saldo close` and `saldo ledger export`: months closed, the accountants' journal (LED.2)."""

import sys
from dataclasses import asdict
from datetime import date
from typing import Annotated, Any, Literal

import typer

from commands.acting import acting_as
from commands.document_reports import From, To
from commands.list_files import write_pdf
from commands.output import AsJson, answer, command, console, failed, month, table
from core.access.authority import system
from core.closing.actions import close_month, explain_item, reopen_month
from core.closing.checklist import Item
from core.closing.papers import checklist_paper, figures_paper
from core.closing.viewing import Restatement, checked_month, restated, verify_month
from core.errors import BadInput
from core.ledger.exporting import books, journal
from core.ledger.sie import sie_file
from core.money import units_text
from core.office import office
from core.settings import settings
from etl.closing import copier, seen
from etl.journal import journal_csv
from etl.warehouse import Warehouse

Month = Annotated[date, typer.Argument(parser=month, metavar="YYYY-MM")]
User = Annotated[str | None, typer.Option("--as", metavar="EMAIL", help="Act as this user.")]
Reason = Annotated[str, typer.Option(help="Ten characters at least; kept in the audit log.")]
Printed = Annotated[
    Literal["pdf"] | None,
    typer.Option("--format", help="The checklist or the figures as a document, to stdout."),
]
Form = Annotated[Literal["sie", "csv"], typer.Option("--format", help="Goes to stdout.")]


@command
def close(
    wanted: Month,
    check: Annotated[bool, typer.Option("--check", help="Show the checklist alone.")] = False,
    verify: Annotated[bool, typer.Option("--verify", help="Compute every hash anew.")] = False,
    restatements: Annotated[
        bool, typer.Option("--restatements", help="As closed against as now.")
    ] = False,
    explain: Annotated[str, typer.Option(metavar="ITEM", help="Explain a red item.")] = "",
    reopen: Annotated[bool, typer.Option("--reopen", help="Let it take postings again.")] = False,
    reason: Reason = "",
    user: User = None,
    form: Printed = None,
    as_json: AsJson = False,
) -> None:
    """Close a month, or look at one; a closed month takes no postings."""
    if check:
        _check(wanted, as_json, form)
    elif verify:
        _verify(wanted, as_json)
    elif restatements:
        _restatements(wanted, as_json, form)
    elif form:
        raise typer.BadParameter("--format goes with --check or --restatements")
    elif user is None:
        raise typer.BadParameter("Say with --as who closes, explains or reopens")
    elif explain:
        _explain(wanted, explain, reason, user, as_json)
    elif reopen:
        _reopen(wanted, reason, user, as_json)
    else:
        _close(wanted, reason, user, as_json)


@command
def export(
    form: Form,
    since: From,
    until: To,
    currency: Annotated[str | None, typer.Option(help="SIE carries one.")] = None,
) -> None:
    """Write the journal of a window for accountants, as SIE 4 or CSV."""
    with office().work(system("saldo ledger export")) as work:
        if form == "csv":
            sys.stdout.write(journal_csv(journal(work, since, until, currency)))
        else:
            found = books(work, since, until, currency)
            sys.stdout.buffer.write(sie_file(settings(), found, work.today))


def _copy() -> Warehouse:
    return Warehouse(settings())


def _close(wanted: date, reason: str, user: str, as_json: bool) -> None:
    with acting_as(office(), user) as actor, office().work(actor) as work:
        closed = close_month(work, wanted, copier(_copy()), reason=reason)
        told = {
            "month": f"{closed.month:%Y-%m}",
            "closed_at": closed.closed_at,
            "figures": closed.figures,
            "sha256": closed.sha256,
        }
    answer(told, as_json, lambda _: console.print(_closed_words(told)))


def _closed_words(told: dict[str, Any]) -> str:
    return f"{told['month']} is closed with {told['figures']} figures, SHA-256 {told['sha256']}"


def _explain(wanted: date, item: str, reason: str, user: str, as_json: bool) -> None:
    copy = seen(_copy())
    with acting_as(office(), user) as actor, office().work(actor) as work:
        items = {each.name: each for each in checked_month(work, wanted, copy)}
        if item not in items:
            raise BadInput(f"{item!r} is none of {', '.join(items)}")
        made = explain_item(work, wanted, item, items[item].finding, copy, reason=reason)
        told = {"month": f"{wanted:%Y-%m}", "item": item, "finding": made.finding}
    answer(told, as_json, lambda _: console.print(f"{item} is explained: {told['finding']}"))


def _reopen(wanted: date, reason: str, user: str, as_json: bool) -> None:
    with acting_as(office(), user) as actor, office().work(actor) as work:
        reopened = reopen_month(work, wanted, reason=reason)
        told = {"month": f"{wanted:%Y-%m}", "reopened_at": reopened.reopened_at}
    answer(told, as_json, lambda _: console.print(f"{told['month']} takes postings again"))


def _check(wanted: date, as_json: bool, form: str | None) -> None:
    with office().work(system("saldo close")) as work:
        items, today = checked_month(work, wanted, seen(_copy())), work.today
    if form == "pdf":
        write_pdf(checklist_paper(wanted, items, today))
        return
    red = [item.title for item in items if item.state == "red"]
    result = {"month": f"{wanted:%Y-%m}", "ready": not red, "items": [asdict(i) for i in items]}
    if red:
        failed(result, as_json, lambda _: _show(items), f"Not in order: {', '.join(red)}")
    answer(result, as_json, lambda _: _show(items))


def _show(items: tuple[Item, ...]) -> None:
    rows = [[i.name, i.state, i.finding, i.explanation or ""] for i in items]
    table(["Item", "State", "What was found", "Explained by"], rows)


def _verify(wanted: date, as_json: bool) -> None:
    with office().work(system("saldo close")) as work:
        found = verify_month(work, wanted)
    result = {**asdict(found), "month": f"{wanted:%Y-%m}", "intact": found.intact}
    words = f"{found.figures} figures of {wanted:%Y-%m} are as they were closed"
    if not found.intact:
        wrong = f"Changed since the close: {'; '.join(found.wrong)}"
        failed(result, as_json, lambda _: None, wrong)
    answer(result, as_json, lambda _: console.print(words))


def _restatements(wanted: date, as_json: bool, form: str | None) -> None:
    with office().work(system("saldo close")) as work:
        rows, today = restated(work, wanted, copier(_copy())), work.today
    if form == "pdf":
        write_pdf(figures_paper(wanted, rows, today))
        return
    changed = [row for row in rows if row.changed]
    result = {
        "month": f"{wanted:%Y-%m}",
        "figures": len(rows),
        "restated": len(changed),
        "rows": [{**asdict(row), "changed": row.changed} for row in rows],
    }
    answer(result, as_json, lambda _: _show_restated(changed, len(rows)))


def _show_restated(changed: list[Restatement], count: int) -> None:
    console.print(f"{len(changed)} of {count} figures are restated")
    if changed:
        rows = [[r.figure, r.group, _words(r.closed), _words(r.now)] for r in changed]
        table(["Figure", "Group", "As closed", "As now"], rows, right=(2, 3))


def _words(value: Any) -> str:
    if isinstance(value, dict):
        return f"{units_text(value['minor'], value['currency'])} {value['currency']}"
    return "–" if value is None else str(value)
