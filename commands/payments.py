"""`saldo payment …` and `saldo refund …`: money in, put on invoices, and given back."""

from collections.abc import Callable
from dataclasses import asdict
from datetime import date
from typing import Annotated, Any

import typer

from commands.acting import acting_as
from commands.list_files import write_payments
from commands.output import AsJson, Format, answer, command, console, day, failed, table
from core.access.authority import system
from core.inbox.undoing import unassign_payment
from core.invoices.listing import one_invoice
from core.money import units_text
from core.office import office
from core.payments import actions
from core.payments.detail import payment_detail
from core.payments.dispute_listing import DisputeFilters, disputes
from core.payments.listing import PaymentFilters, one_payment, payments
from core.payments.models import Payment
from core.payments.reversing import reverse_payment
from core.payments.rules import Part
from core.refunds.actions import Ask
from core.refunds.previews import preview_refund
from core.refunds.run import execute
from core.work import Work

app = typer.Typer(help="Payments of all tenants.", no_args_is_help=True)
refund_app = typer.Typer(help="Give money back, in two steps.", no_args_is_help=True)

Number = Annotated[int, typer.Argument(metavar="PAYMENT", help="Its number.")]
Amount = Annotated[int, typer.Option("--amount-minor", help="Minor units, above zero.")]
Parts = Annotated[
    list[str] | None,
    typer.Option("--invoice", metavar="N[:MINOR]", help="An invoice, and how much of it."),
]
Day = Annotated[date | None, typer.Option(parser=day, metavar="DATE")]
Reason = Annotated[str, typer.Option(help="Ten characters at least; kept in the audit log.")]
User = Annotated[str, typer.Option("--as", metavar="EMAIL", help="The user who does this.")]
Key = Annotated[str | None, typer.Option(help="The same key again changes nothing.")]
Treatment = Annotated[str, typer.Option(help="credit_note, reopen, credit or note.")]
Note = Annotated[int | None, typer.Option("--credit-note", help="Its id, with treatment note.")]


@app.command("list")
@command
def list_payments(
    search: Annotated[str | None, typer.Option(help="Tenant or reference.")] = None,
    status: Annotated[str | None, typer.Option(help="Such as captured.")] = None,
    provider: Annotated[str | None, typer.Option()] = None,
    method: Annotated[str | None, typer.Option()] = None,
    currency: Annotated[str | None, typer.Option()] = None,
    tenant: Annotated[int | None, typer.Option(help="The tenant's id.")] = None,
    received_from: Day = None,
    received_until: Day = None,
    with_credit: Annotated[bool, typer.Option("--with-credit", help="With unused money.")] = False,
    sort: Annotated[str, typer.Option(help="newest, tenant, amount, fee, credit …")] = "newest",
    ascending: Annotated[bool, typer.Option("--ascending")] = False,
    limit: Annotated[int, typer.Option(min=1, max=500)] = 100,
    offset: Annotated[int, typer.Option(min=0)] = 0,
    form: Format = None,
    as_json: AsJson = False,
) -> None:
    """List payments of all tenants; a file holds all that fit, whatever the limit."""
    wanted = PaymentFilters(
        search, status, provider, method, currency, received_from, received_until, with_credit,
        tenant,
    )  # fmt: skip
    if form in ("csv", "pdf"):
        write_payments(form, wanted, sort, descending=not ascending)
        return
    with office().work(system("saldo payment list")) as work:
        page = payments(
            work, wanted, sort=sort, descending=not ascending, limit=limit, offset=offset
        )
    result = {
        "count": page.count,
        "by_status": page.by_status,
        "payments": [asdict(row) for row in page.rows],
    }
    answer(result, as_json or form == "json", lambda r: _show_rows(r["payments"]))


@app.command("disputes")
@command
def list_disputes(
    search: Annotated[str | None, typer.Option(help="Tenant, or the gateway's number.")] = None,
    status: Annotated[str | None, typer.Option(help="Such as needs_response.")] = None,
    provider: Annotated[str | None, typer.Option()] = None,
    currency: Annotated[str | None, typer.Option()] = None,
    tenant: Annotated[int | None, typer.Option(help="The tenant's id.")] = None,
    opened_from: Day = None,
    opened_until: Day = None,
    sort: Annotated[str, typer.Option(help="evidence, newest, tenant or amount.")] = "evidence",
    descending: Annotated[bool, typer.Option("--descending")] = False,
    limit: Annotated[int, typer.Option(min=1, max=500)] = 100,
    offset: Annotated[int, typer.Option(min=0)] = 0,
    as_json: AsJson = False,
) -> None:
    """List disputes of card payments, those to be answered first come first."""
    wanted = DisputeFilters(search, status, provider, currency, opened_from, opened_until, tenant)
    with office().work(system("saldo payment disputes")) as work:
        page = disputes(work, wanted, sort=sort, descending=descending, limit=limit, offset=offset)
    result = {
        "count": page.count,
        "by_status": page.by_status,
        "disputes": [asdict(row) for row in page.rows],
    }
    answer(result, as_json, lambda r: _show_disputes(r["disputes"]))


@app.command()
@command
def show(payment: Number, as_json: AsJson = False) -> None:
    """Show a payment with its invoices, refunds, disputes and timeline."""
    with office().work(system("saldo payment show")) as work:
        found = asdict(payment_detail(work, payment))
    result = {**found.pop("row"), **found}
    answer(result, as_json, _show_one)


@app.command()
@command
def record(
    tenant: Annotated[int, typer.Argument(metavar="TENANT", help="The tenant's id.")],
    amount_minor: Amount,
    currency: Annotated[str, typer.Option(help="ISO 4217.")],
    method: Annotated[str, typer.Option(help="bank_transfer, card, cash, direct_debit, other.")],
    user: User,
    invoice: Parts = None,
    reference: Annotated[str | None, typer.Option(help="As on the bank statement.")] = None,
    received_on: Day = None,
    note: Annotated[str, typer.Option()] = "",
    key: Key = None,
    as_json: AsJson = False,
) -> None:
    """Record money that came outside a gateway; the oldest invoices first without --invoice."""
    named, parts = _parts(invoice or [])

    def do(work: Work) -> Payment:
        return actions.record_payment(
            work,
            tenant,
            amount_minor,
            currency,
            method,
            invoice_ids=named,
            parts=parts,
            reference=reference,
            received_on=received_on,
            note=note,
            key=key,
        )

    _write(user, do, as_json)


@app.command()
@command
def apply(
    payment: Number, invoice: Parts, user: User, key: Key = None, as_json: AsJson = False
) -> None:
    """Put what settles no invoice on invoices, each as N:MINOR."""
    named, parts = _parts(invoice or [])
    if named or not parts:
        raise typer.BadParameter("Say how much of each invoice: --invoice N:MINOR")
    _write(user, lambda work: actions.apply_credit(work, payment, parts, key=key), as_json)


@app.command()
@command
def reverse(
    payment: Number, reason: Reason, user: User, key: Key = None, as_json: AsJson = False
) -> None:
    """Take back a payment recorded by hand that had not arrived."""
    _write(user, lambda work: reverse_payment(work, payment, reason=reason, key=key), as_json)


@app.command()
@command
def unassign(
    payment: Number, reason: Reason, user: User, key: Key = None, as_json: AsJson = False
) -> None:
    """Take back a payment that a bank reference matched by itself; its transfer waits."""

    def do(work: Work) -> Payment:
        unassign_payment(work, payment, reason=reason, key=key)
        return work.session.get_one(Payment, payment)

    _write(user, do, as_json)


@refund_app.command("preview")
@command
def preview(
    payment: Number,
    amount_minor: Amount,
    user: User,
    treatment: Treatment = "credit_note",
    credit_note: Note = None,
    as_json: AsJson = False,
) -> None:
    """What a refund would do to invoices, ledger and credit; nothing is kept."""
    with acting_as(office(), user) as actor:
        found = preview_refund(office(), actor, Ask(payment, amount_minor, treatment, credit_note))
    answer(asdict(found), as_json, _show_preview)


@refund_app.command("execute")
@command
def execute_refund(
    payment: Number,
    amount_minor: Amount,
    reason: Reason,
    user: User,
    treatment: Treatment = "credit_note",
    credit_note: Note = None,
    nth: Annotated[int, typer.Option(min=1, help="As the preview said.")] = 1,
    notify: Annotated[bool, typer.Option("--notify", help="Tell the tenant.")] = False,
    key: Key = None,
    as_json: AsJson = False,
) -> None:
    """Give money back; the same again returns the first refund, unless --nth counts on."""
    ask = Ask(payment, amount_minor, treatment, credit_note, nth, notify)
    with acting_as(office(), user) as actor:
        done = execute(office(), actor, ask, reason=reason, key=key)
    result = {
        "refund_id": done.id,
        "payment_id": done.payment_id,
        "status": done.status,
        "failure": done.failure,
        "amount_minor": done.amount_minor,
        "tax_minor": done.tax_minor,
        "currency": done.currency,
        "treatment": done.treatment,
        "nth": done.nth,
        "provider_refund_id": done.provider_refund_id,
        "refunded_on": done.refunded_on,
    }
    if done.status == "failed":
        failed(result, as_json, _show_refund, f"The refund failed: {done.failure}")
    answer(result, as_json, _show_refund)


def _parts(texts: list[str]) -> tuple[tuple[int, ...], tuple[Part, ...]]:
    """Invoices in order, or parts of them when each says how much."""
    given = [text.rpartition(":") if ":" in text else (text, "", "") for text in texts]
    if any(amount for _, _, amount in given) and not all(amount for _, _, amount in given):
        raise typer.BadParameter("Say how much of every invoice, or of none")
    numbers = []
    with office().work(system("saldo payment")) as work:
        for name, _, amount in given:
            if amount and not (amount.isascii() and amount.isdigit()):
                raise typer.BadParameter(f"{amount!r} is not an amount in minor units")
            numbers.append((one_invoice(work, name, None).id, amount))
    if any(amount for _, amount in numbers):
        return (), tuple(Part(number, int(amount)) for number, amount in numbers)
    return tuple(number for number, _ in numbers), ()


def _write(user: str, do: Callable[[Work], Payment], as_json: bool) -> None:
    with acting_as(office(), user) as actor, office().work(actor) as work:
        done = do(work)
    with office().work(system("saldo payment")) as work:
        result = asdict(one_payment(work, done.id, None))
    answer(result, as_json, _show_line)


def _show_line(row: dict[str, Any]) -> None:
    money = f"{units_text(row['amount_minor'], row['currency'])} {row['currency']}"
    numbers = ", ".join(row["invoice_numbers"]) or "no invoice"
    left = units_text(row["credit_minor"], row["currency"])
    console.print(
        f"Payment {row['id']} of {row['tenant_name']}: {money}, {row['status']}, "
        f"on {numbers}, {left} left as credit",
    )


def _show_rows(rows: list[dict[str, Any]]) -> None:
    titles = ["No.", "Received", "Tenant", "Method", "Reference", "Status", "Amount", "Fee"]
    table(
        [*titles, "Refunded", "Credit", "Currency", "Invoices"],
        [
            [
                str(row["id"]),
                str(row["received_on"] or ""),
                row["tenant_name"],
                f"{row['provider']} {row['method']}",
                row["provider_payment_id"] or row["reference"] or "",
                row["status"],
                *(
                    units_text(row[f"{name}_minor"], row["currency"])
                    for name in ("amount", "fee", "refunded", "credit")
                ),
                row["currency"],
                ", ".join(row["invoice_numbers"]),
            ]
            for row in rows
        ],
        right=(0, 6, 7, 8, 9),
    )


def _show_disputes(rows: list[dict[str, Any]]) -> None:
    titles = ["No.", "Opened", "Tenant", "Payment", "Provider", "Reason", "Status", "Answer by"]
    table(
        [*titles, "Amount", "Fee", "Currency"],
        [
            [
                str(row["id"]),
                str(row["opened_on"]),
                row["tenant_name"],
                str(row["payment_id"] or "recharge"),
                row["provider"],
                row["reason"],
                row["status"],
                str(row["evidence_due_on"] or ""),
                units_text(row["amount_minor"], row["currency"]),
                units_text(row["fee_minor"], row["currency"]),
                row["currency"],
            ]
            for row in rows
        ],
        right=(0, 3, 8, 9),
    )


def _show_one(found: dict[str, Any]) -> None:
    _show_line(found)
    for refund in found["refunds"]:
        amount = units_text(refund["amount_minor"], found["currency"])
        console.print(
            f"Refund {refund['id']}: {amount}, {refund['status']}, {refund['treatment']}, "
            f"{refund['reason']}",
        )


def _show_preview(found: dict[str, Any]) -> None:
    currency = found["currency"]
    console.print(
        f"Refund no. {found['nth']} of {units_text(found['amount_minor'], currency)} {currency} "
        f"of payment {found['payment_id']}. {found['words']}",
    )
    rows = [
        [
            each["number"] or str(each["invoice_id"]),
            f"{each['status']} → {each['status_after']}",
            units_text(each["due_minor"], currency),
            units_text(each["due_after_minor"], currency),
        ]
        for each in found["invoices"]
    ]
    table(["Invoice", "Status", "Owed", "Owed after"], rows, right=(2, 3))
    entries = [
        [
            posting["event"],
            entry["name"],
            units_text(entry["debit_minor"], currency),
            units_text(entry["credit_minor"], currency),
        ]
        for posting in found["written"]["postings"]
        for entry in posting["entries"]
    ]
    table(["Posting", "Account", "Debit", "Credit"], entries, right=(2, 3))


def _show_refund(found: dict[str, Any]) -> None:
    money = f"{units_text(found['amount_minor'], found['currency'])} {found['currency']}"
    console.print(
        f"Refund {found['refund_id']} of {money}: {found['status']}"
        + (f", {found['failure']}" if found["failure"] else ""),
    )
