"""`saldo credit-note …`: list, show, draft, approve, decline, PDF."""

from dataclasses import asdict
from typing import Annotated, Any

import typer

from commands.acting import acting_as
from commands.documents import credit_note_pdf
from commands.output import AsJson, answer, command, console, table
from core.access.authority import system
from core.credit_notes import actions
from core.credit_notes.queries import NoteFilters, credit_note, credit_notes
from core.invoices.listing import one_invoice
from core.money import units_text
from core.office import office

app = typer.Typer(help="Credit notes of all tenants.", no_args_is_help=True)
app.command("pdf")(credit_note_pdf)

Name = Annotated[str, typer.Argument(metavar="CREDIT_NOTE", help="Its number or id.")]
Reason = Annotated[str, typer.Option(help="Ten characters at least; kept in the audit log.")]
User = Annotated[str, typer.Option("--as", metavar="EMAIL", help="The user who does this.")]
Key = Annotated[str | None, typer.Option(help="The same key again changes nothing.")]


@app.command("list")
@command
def list_notes(
    search: Annotated[str | None, typer.Option(help="Tenant or number.")] = None,
    status: Annotated[str | None, typer.Option(help="draft, issued or declined.")] = None,
    currency: Annotated[str | None, typer.Option()] = None,
    tenant: Annotated[int | None, typer.Option(help="The tenant's id.")] = None,
    sort: Annotated[str, typer.Option(help="newest, tenant, total, left or issued.")] = "newest",
    ascending: Annotated[bool, typer.Option("--ascending")] = False,
    limit: Annotated[int, typer.Option(min=1, max=500)] = 100,
    offset: Annotated[int, typer.Option(min=0)] = 0,
    as_json: AsJson = False,
) -> None:
    """List credit notes, the newest first."""
    wanted = NoteFilters(search, status, tenant, currency=currency)
    with office().work(system("saldo credit-note list")) as work:
        page = credit_notes(
            work, wanted, sort=sort, descending=not ascending, limit=limit, offset=offset
        )
    result = {"count": page.count, "credit_notes": [asdict(row) for row in page.rows]}
    answer(result, as_json, lambda r: _show_rows(r["credit_notes"]))


@app.command()
@command
def show(name: Name, as_json: AsJson = False) -> None:
    """Show a credit note with its lines."""
    answer(_found(name), as_json, _show_one)


@app.command()
@command
def create(
    invoice: Annotated[str, typer.Argument(metavar="INVOICE", help="Its number or id.")],
    user: User,
    amount_minor: Annotated[
        int | None, typer.Option(help="With tax; all that is left of the invoice without it.")
    ] = None,
    cause: Annotated[str, typer.Option(help=f"One of {', '.join(actions.CAUSES)}.")] = "other",
    settles: Annotated[str | None, typer.Option(help="invoice or balance.")] = None,
    note: Annotated[str, typer.Option()] = "",
    key: Key = None,
    as_json: AsJson = False,
) -> None:
    """Draft a credit note over an invoice; somebody else approves it."""
    with office().work(system("saldo credit-note")) as work:
        number = one_invoice(work, invoice, None).id
    with acting_as(office(), user) as actor, office().work(actor) as work:
        made = actions.create_credit_note(
            work,
            number,
            amount_minor=amount_minor,
            cause=cause,
            settles=settles,
            note=note,
            key=key,
        )
    answer(_found(str(made.id)), as_json, _show_one)


@app.command()
@command
def approve(
    name: Name, reason: Reason, user: User, key: Key = None, as_json: AsJson = False
) -> None:
    """Issue somebody else's draft."""
    number = _found(name)["id"]
    with acting_as(office(), user) as actor, office().work(actor) as work:
        actions.approve_credit_note(work, number, reason=reason, key=key)
    answer(_found(str(number)), as_json, _show_one)


@app.command()
@command
def decline(
    name: Name, reason: Reason, user: User, key: Key = None, as_json: AsJson = False
) -> None:
    """Turn a draft down."""
    number = _found(name)["id"]
    with acting_as(office(), user) as actor, office().work(actor) as work:
        actions.decline_credit_note(work, number, reason=reason, key=key)
    answer(_found(str(number)), as_json, _show_one)


def _found(name: str) -> dict[str, Any]:
    with office().work(system("saldo credit-note")) as work:
        row, lines = credit_note(work, name)
    return {**asdict(row), "lines": [asdict(line) for line in lines]}


def _show_rows(rows: list[dict[str, Any]]) -> None:
    table(
        ["Number", "Tenant", "Invoice", "Status", "Issued", "Total", "Left", "Currency"],
        [
            [
                row["number"] or f"draft {row['id']}",
                row["tenant_name"],
                row["invoice_number"] or "",
                row["status"],
                str(row["issued_on"] or ""),
                units_text(row["total_minor"], row["currency"]),
                units_text(row["left_minor"], row["currency"]),
                row["currency"],
            ]
            for row in rows
        ],
        right=(5, 6),
    )


def _show_one(found: dict[str, Any]) -> None:
    money = f"{units_text(found['total_minor'], found['currency'])} {found['currency']}"
    console.print(
        f"Credit note {found['number'] or found['id']} of {found['tenant_name']}: {money}, "
        f"{found['status']}",
    )
    rows = [
        [line["description"], *(units_text(line[f"{name}_minor"], found["currency"])
                                for name in ("net", "tax", "total"))]
        for line in found["lines"]
    ]  # fmt: skip
    table(["Description", "Net", "Tax", "Total"], rows, right=(1, 2, 3))
