"""`saldo invoice …`: list, show, write, send, void, settle; totals of a file."""

from collections.abc import Callable
from dataclasses import asdict
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any

import typer

from commands.acting import acting_as
from commands.documents import invoice_pdf
from commands.invoice_files import read, read_fees
from commands.list_files import write_invoices
from commands.output import AsJson, Format, answer, command, console, day, month, table
from core.access.authority import system
from core.invoices import actions
from core.invoices.detail import invoice_detail
from core.invoices.listing import InvoiceFilters, InvoiceRow, invoices, one_invoice
from core.invoices.models import Invoice
from core.invoices.recovering import recover_invoice
from core.invoices.written import draft_of, total_json, total_of
from core.money import units_text
from core.office import office
from core.payments.actions import mark_paid
from core.payments.models import Payment
from core.usage.wording import plain
from core.wallets.actions import pay_invoice_from_wallet
from core.work import Work

app = typer.Typer(help="Invoices of all tenants.", no_args_is_help=True)
app.command("pdf")(invoice_pdf)

Name = Annotated[str, typer.Argument(metavar="INVOICE", help="Its number or id.")]
File = Annotated[Path, typer.Option("--file", help="The invoice as JSON.")]
Day = Annotated[date | None, typer.Option(parser=day, metavar="DATE")]
Reason = Annotated[str, typer.Option(help="Ten characters at least; kept in the audit log.")]
User = Annotated[str, typer.Option("--as", metavar="EMAIL", help="The user who does this.")]
Key = Annotated[str | None, typer.Option(help="The same key again changes nothing.")]
DueDays = Annotated[int | None, typer.Option(min=0, help="Days from issue to the due date.")]


@app.command()
@command
def total(file: File, as_json: AsJson = False) -> None:
    """Add up the lines of a file: net, tax by rate and total, without a database."""
    given = read(file)
    answer(total_json(given, total_of(given)), as_json, _show_total)


@app.command("list")
@command
def list_invoices(
    search: Annotated[str | None, typer.Option(help="Tenant, number or reference.")] = None,
    status: Annotated[str | None, typer.Option(help="Such as overdue.")] = None,
    type_: Annotated[str | None, typer.Option("--type")] = None,
    issuer: Annotated[str | None, typer.Option(help="tenant or platform.")] = None,
    currency: Annotated[str | None, typer.Option()] = None,
    tenant: Annotated[int | None, typer.Option(help="The tenant's id.")] = None,
    issued_from: Day = None,
    issued_until: Day = None,
    due_from: Day = None,
    due_until: Day = None,
    in_dunning: Annotated[bool, typer.Option("--in-dunning")] = False,
    sort: Annotated[str, typer.Option(help="newest, number, tenant, due, total …")] = "newest",
    ascending: Annotated[bool, typer.Option("--ascending")] = False,
    limit: Annotated[int, typer.Option(min=1, max=500)] = 100,
    offset: Annotated[int, typer.Option(min=0)] = 0,
    form: Format = None,
    as_json: AsJson = False,
) -> None:
    """List invoices of all tenants; a file holds all that fit, whatever the limit."""
    wanted = InvoiceFilters(
        search, status, type_, issuer, currency, issued_from, issued_until, due_from, due_until,
        in_dunning, tenant,
    )  # fmt: skip
    if form in ("csv", "pdf"):
        write_invoices(form, wanted, sort, descending=not ascending)
        return
    with office().work(system("saldo invoice list")) as work:
        page = invoices(
            work, wanted, sort=sort, descending=not ascending, limit=limit, offset=offset
        )
    result = {
        "count": page.count,
        "by_status": page.by_status,
        "open": [{"minor": m, "currency": c} for c, m in page.open_minor.items()],
        "invoices": [row_json(row) for row in page.rows],
    }
    answer(result, as_json or form == "json", lambda r: _show_rows(r["invoices"]))


@app.command()
@command
def show(invoice: Name, as_json: AsJson = False) -> None:
    """Show an invoice with its lines, payments, credit notes and timeline."""
    with office().work(system("saldo invoice show")) as work:
        found = invoice_detail(work, invoice)
    result = {**asdict(found), **row_json(found.row), "creditable_minor": found.creditable_minor}
    result.pop("row")
    answer(result, as_json, _show_one)


@app.command()
@command
def create(
    tenant: Annotated[int, typer.Argument(metavar="TENANT", help="The tenant's id.")],
    file: File,
    user: User,
    key: Key = None,
    as_json: AsJson = False,
) -> None:
    """Write a draft; lines without a tax rate take that of the tenant's country."""
    draft = draft_of(read(file))
    _write(user, lambda work: actions.create_draft(work, tenant, draft, key=key), as_json)


@app.command()
@command
def edit(invoice: Name, file: File, user: User, key: Key = None, as_json: AsJson = False) -> None:
    """Write a draft anew from a file."""
    draft, number = draft_of(read(file)), _id(invoice)
    _write(user, lambda work: actions.edit_draft(work, number, draft, key=key), as_json)


@app.command()
@command
def send(
    invoice: Name, user: User, due_days: DueDays = None, key: Key = None, as_json: AsJson = False
) -> None:
    """Issue a draft and tell the tenant; an issued invoice is sent once more."""
    number = _id(invoice)
    _write(
        user, lambda work: actions.send_invoice(work, number, due_days=due_days, key=key), as_json
    )


@app.command()
@command
def discard(invoice: Name, user: User, key: Key = None, as_json: AsJson = False) -> None:
    """Delete a draft."""
    number = _id(invoice)
    with acting_as(office(), user) as actor, office().work(actor) as work:
        actions.discard_draft(work, number, key=key)
    answer({"id": number}, as_json, lambda r: console.print(f"Draft {r['id']} is gone"))


@app.command()
@command
def void(
    invoice: Name, reason: Reason, user: User, key: Key = None, as_json: AsJson = False
) -> None:
    """Take back an invoice on which nothing was paid or credited."""
    number = _id(invoice)
    _write(user, lambda work: actions.void_invoice(work, number, reason=reason, key=key), as_json)


@app.command("mark-paid")
@command
def mark_as_paid(
    invoice: Name,
    method: Annotated[str, typer.Option(help="bank_transfer, card, cash, direct_debit, other.")],
    user: User,
    reference: Annotated[str | None, typer.Option(help="As on the bank statement.")] = None,
    note: Annotated[str, typer.Option()] = "",
    paid_on: Day = None,
    key: Key = None,
    as_json: AsJson = False,
) -> None:
    """Record that what is owed was paid outside a gateway."""
    number = _id(invoice)
    _write(
        user,
        lambda work: mark_paid(
            work, number, method, reference=reference, note=note, paid_on=paid_on, key=key
        ),
        as_json,
    )


@app.command("write-off")
@command
def write_off(
    invoice: Name, reason: Reason, user: User, key: Key = None, as_json: AsJson = False
) -> None:
    """Give up what is still owed."""
    number = _id(invoice)
    _write(user, lambda work: actions.write_off(work, number, reason=reason, key=key), as_json)


@app.command("recover")
@command
def recover(
    invoice: Name,
    payment: Annotated[int, typer.Option(help="The payment whose credit settles it.")],
    reason: Reason,
    user: User,
    key: Key = None,
    as_json: AsJson = False,
) -> None:
    """Settle what was written off with a payment's credit."""
    number = _id(invoice)
    _write(
        user,
        lambda work: recover_invoice(work, number, payment, reason=reason, key=key),
        as_json,
    )


@app.command("pay-from-wallet")
@command
def pay_from_wallet(
    invoice: Name, reason: Reason, user: User, key: Key = None, as_json: AsJson = False
) -> None:
    """Settle what is owed from the tenant's wallet, whole or not at all."""
    number = _id(invoice)
    _write(
        user,
        lambda work: pay_invoice_from_wallet(work, number, reason=reason, key=key),
        as_json,
    )


@app.command("platform-fees")
@command
def platform_fees(
    of: Annotated[date, typer.Argument(parser=month, metavar="YYYY-MM")],
    file: Annotated[Path, typer.Option("--file", help="The fees as JSON.")],
    user: User,
    key: Key = None,
    as_json: AsJson = False,
) -> None:
    """Issue the platform's fees of a month; who has an invoice for it is left out."""
    fees = read_fees(file)
    with acting_as(office(), user) as actor, office().work(actor) as work:
        made = actions.issue_platform_fees(work, of, fees, key=key)
    answer({"invoice_ids": made}, as_json, lambda _: console.print(f"{len(made)} invoices issued"))


def row_json(row: InvoiceRow) -> dict[str, Any]:
    """An invoice as plain values; `status` says overdue where it is."""
    return {**asdict(row), "status": row.shown_status}


def _id(name: str) -> int:
    with office().work(system("saldo invoice")) as work:
        return one_invoice(work, name, None).id


def _write(user: str, do: Callable[[Work], Invoice | Payment], as_json: bool) -> None:
    with acting_as(office(), user) as actor, office().work(actor) as work:
        done = do(work)
    number = done.invoice_id if isinstance(done, Payment) else done.id
    with office().work(system("saldo invoice")) as work:
        result = row_json(one_invoice(work, str(number), None))
    if isinstance(done, Payment):
        result["payment_id"] = done.id
    answer(result, as_json, _show_line)


def _show_line(row: dict[str, Any]) -> None:
    console.print(
        f"Invoice {row['number'] or row['id']} of {row['tenant_name']}: "
        f"{units_text(row['total_minor'], row['currency'])} {row['currency']}, {row['status']}",
    )


def _show_rows(rows: list[dict[str, Any]]) -> None:
    heads = ["Number", "Tenant", "Status", "Issued", "Due", "Total", "Open", "Currency", "Stage"]
    table(
        heads,
        [
            [
                row["number"] or f"draft {row['id']}",
                row["tenant_name"],
                row["status"],
                str(row["issued_on"] or ""),
                str(row["due_on"] or ""),
                units_text(row["total_minor"], row["currency"]),
                units_text(row["due_minor"], row["currency"]),
                row["currency"],
                row["dunning_stage"] or "",
            ]
            for row in rows
        ],
        right=(5, 6),
    )


def _show_one(found: dict[str, Any]) -> None:
    _show_line(found)
    currency = found["currency"]
    _show_lines(found["lines"], currency)
    for applied in found["applied"]:
        words = f"{applied['allocated_on']}  {applied['method']} {applied['reference'] or ''}"
        amount = units_text(applied["amount_minor"], currency)
        console.print(f"{words}  {amount}")
    for note in found["credit_notes"]:
        amount = units_text(note["total_minor"], currency)
        console.print(f"Credit note {note['number'] or note['id']}, {note['status']}: {amount}")


def _show_total(found: dict[str, Any]) -> None:
    currency = found["currency"]
    _show_lines(found["lines"], currency)
    rows = [
        [
            rate["tax_percent"],
            *(units_text(rate[f"{name}_minor"], currency) for name in ("net", "tax")),
        ]
        for rate in found["by_rate"]
    ]
    table(["Tax %", "Net", "Tax"], rows, right=(0, 1, 2))
    console.print(f"Total {units_text(found['total_minor'], currency)} {currency}")


def _show_lines(lines: list[dict[str, Any]], currency: str) -> None:
    names = ("discount", "net", "tax", "total")
    table(
        ["Description", "Quantity", "Tax %", *(name.capitalize() for name in names)],
        [
            [
                line["description"],
                plain(Decimal(line["quantity"])),
                plain(Decimal(line["tax_percent"])),
                *(units_text(line[f"{name}_minor"], currency) for name in names),
            ]
            for line in lines
        ],
        right=(1, 2, 3, 4, 5, 6),
    )
