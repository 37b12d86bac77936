"""Parts of an invoice's page: its facts, lines, tax by rate, payments and credit notes."""

from html import escape

import streamlit as st

from core.invoices.detail import AppliedRow, InvoiceDetail, InvoiceLineRow, NoteOf
from pages.parts import formats, tables
from pages.parts.head import section
from pages.parts.tables import Cell, Column
from pages.receivables import words

LINES = (
    Column("Description", words=True),
    Column("Quantity"),
    Column("Unit price"),
    Column("Discount"),
    Column("Net"),
    Column("Tax rate", words=True),
    Column("Tax"),
    Column("Total"),
    Column("Credited"),
)
RATES = (Column("Tax rate", words=True), Column("Net"), Column("Tax"))
APPLIED = (
    Column("Day", words=True),
    Column("Payment", words=True),
    Column("Reference", words=True),
    Column("Amount"),
)
NOTES = (
    Column("Number", words=True),
    Column("Status", words=True),
    Column("Cause", words=True),
    Column("Goes to", words=True),
    Column("Issued", words=True),
    Column("Total"),
)


def facts(found: InvoiceDetail) -> str:
    """Who owes what by when, as terms."""
    row = found.row
    status = words.status(row.shown_status, words.STATUSES)
    late = f", {words.days(row.days_overdue)} late" if row.overdue else ""
    due = f"{formats.day(row.due_on)}{late}" if row.due_on else "–"
    tenant = tables.link("tenant", {"tenant": str(row.tenant_id)})
    terms = {
        "Tenant": f'<a href="{escape(tenant)}" target="_self">{escape(row.tenant_name)}</a>',
        "Status": _toned(status.text, status.tone),
        "Type": escape(words.TYPES[row.type]),
        "Issued": formats.day(row.issued_on) if row.issued_on else "–",
        "Due": _toned(due, "bad" if row.overdue else ""),
        "Payment reference": escape(row.ocr or "–"),
        "Total": escape(words.money(row.total_minor, row.currency)),
        "Open": _toned(
            words.money(row.due_minor, row.currency) if row.due_minor else "–",
            "bad" if row.overdue else "",
        ),
    }
    if row.settled_on:
        terms["Settled"] = formats.day(row.settled_on)
    if row.closed_on:
        terms["Closed"] = formats.day(row.closed_on)
    if row.dunning_stage:
        terms["Dunning"] = escape(words.plain(row.dunning_stage))
    return as_terms(terms)


def as_terms(terms: dict[str, str]) -> str:
    """Facts with their names; the values are HTML."""
    cells = "".join(
        f'<div class="term"><dt>{title}</dt><dd>{text}</dd></div>' for title, text in terms.items()
    )
    return f'<dl class="identity sums">{cells}</dl>'


def lines(found: InvoiceDetail) -> None:
    """What is billed, and the whole."""
    row = found.row
    code = row.currency
    whole = ""
    if found.discount_minor:
        off = words.money(found.discount_minor, code, code=False)
        whole = f"; a discount of {off} on the whole is spread over the lines"
    with st.container(border=True, key="panel-lines"):
        section("Lines", f"in {code}{whole}")
        total = [
            Cell("Total"),
            *[Cell("")] * 3,
            Cell(words.money(row.net_minor, code, code=False)),
            Cell(""),
            Cell(words.money(row.tax_minor, code, code=False)),
            Cell(words.money(row.total_minor, code, code=False)),
            Cell(""),
        ]
        body = [_line(line, code) for line in found.lines]
        tables.html(LINES, body, label="Lines", total=total)
        if found.note:
            st.html(f'<p class="muted">{escape(found.note)}</p>')


def rates(found: InvoiceDetail) -> None:
    """Net and tax by rate."""
    code = found.row.currency
    with st.container(border=True, key="panel-rates"):
        section("Tax by rate", f"in {code}")
        body = [
            [
                Cell(words.tax(rate.tax_percent, rate.tax_category)),
                Cell(words.money(rate.net_minor, code, code=False)),
                Cell(words.money(rate.tax_minor, code, code=False)),
            ]
            for rate in found.by_rate
        ]
        total = [
            Cell("Total"),
            Cell(words.money(found.row.net_minor, code, code=False)),
            Cell(words.money(found.row.tax_minor, code, code=False)),
        ]
        tables.html(RATES, body, label="Tax by rate", total=total)


def applied(found: InvoiceDetail) -> None:
    """The payments that were put on it."""
    code = found.row.currency
    with st.container(border=True, key="panel-applied"):
        section("Payments", f"put on this invoice, in {code}")
        if not found.applied:
            st.html('<p class="muted">Nothing was paid on it.</p>')
            return
        body = [_applied(each, code) for each in found.applied]
        total = [Cell("Paid"), Cell(""), Cell(""),
                 Cell(words.money(found.row.paid_minor, code, code=False))]  # fmt: skip
        tables.html(APPLIED, body, label="Payments", total=total)


def notes(found: InvoiceDetail) -> None:
    """The credit notes over it."""
    if not found.credit_notes:
        return
    left = words.money(found.creditable_minor, found.row.currency)
    with st.container(border=True, key="panel-notes"):
        section("Credit notes", f"{left} can still be credited")
        body = [_note(each, found.row.currency) for each in found.credit_notes]
        tables.html(NOTES, body, label="Credit notes")


def _toned(text: str, tone: str) -> str:
    return f'<span class="{tone}">{escape(text)}</span>' if tone else escape(text)


def _line(line: InvoiceLineRow, code: str) -> list[Cell]:
    period = words.period(line.description, line.service_start, line.service_end)
    inclusive = ", in the price" if line.tax_inclusive else ""
    return [
        Cell(f"{formats.told(line.description)}{period}", tone="wrap"),
        Cell(formats.quantity(line.quantity)),
        Cell(words.money(line.unit_minor, code, code=False)),
        words.amount(line.discount_minor, code),
        Cell(words.money(line.net_minor, code, code=False)),
        Cell(f"{words.tax(line.tax_percent, line.tax_category)}{inclusive}"),
        words.amount(line.tax_minor, code),
        Cell(words.money(line.total_minor, code, code=False), tone="strong"),
        words.amount(line.credited_minor, code),
    ]


def _applied(each: AppliedRow, code: str) -> list[Cell]:
    return [
        Cell(formats.day(each.allocated_on)),
        Cell(
            words.way(each.provider, each.method),
            opens=tables.link("payment", {"payment": str(each.payment_id)}),
        ),
        Cell(each.reference or "–", tone="muted"),
        words.amount(each.amount_minor, code, "strong" if each.amount_minor > 0 else "bad"),
    ]


def _note(each: NoteOf, code: str) -> list[Cell]:
    return [
        Cell(each.number or "Draft", opens=tables.link("credit-note", {"note": str(each.id)})),
        words.status(each.status, words.NOTE_STATUSES),
        Cell(words.cause(each.reason)),
        Cell(words.SETTLES[each.settles]),
        Cell(formats.day(each.issued_on) if each.issued_on else "–"),
        words.amount(each.total_minor, code, "strong"),
    ]
