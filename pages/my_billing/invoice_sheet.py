"""Parts of an own invoice's page: its facts, what was paid on it, which tries did not succeed."""

from html import escape

import streamlit as st

from core.charging.models import ChargeAttempt
from core.invoices.detail import AppliedRow, InvoiceDetail
from core.settings import settings
from pages.my_billing.pay_ask import declined
from pages.parts import formats, head, tables
from pages.parts.tables import Cell, Column
from pages.receivables import invoice_parts, words

PAID = (Column("Day", words=True), Column("How", words=True), Column("Amount"))
TRIED = (
    Column("When", words=True),
    Column("Outcome", words=True),
    Column("Amount"),
)


def facts(found: InvoiceDetail) -> str:
    """What is owed by when, as terms."""
    row = found.row
    status = words.status(row.shown_status, words.STATUSES)
    tone = "bad" if row.overdue else ""
    late = f", {words.days(row.days_overdue)} late" if row.overdue else ""
    due = f"{formats.day(row.due_on)}{late}" if row.due_on else "–"
    owed = words.money(row.due_minor, row.currency) if row.due_minor else "–"
    terms = {
        "Status": f'<span class="{status.tone}">{escape(status.text)}</span>',
        "Issued": formats.day(row.issued_on) if row.issued_on else "–",
        "Due": f'<span class="{tone}">{escape(due)}</span>',
        "Payment reference": escape(row.ocr or "–"),
        "Total": escape(words.money(row.total_minor, row.currency)),
        "Open": f'<span class="{tone}">{escape(owed)}</span>',
    }
    if row.settled_on:
        terms["Settled"] = formats.day(row.settled_on)
    return invoice_parts.as_terms(terms)


def paid(found: InvoiceDetail, attempts: list[ChargeAttempt]) -> None:
    """What was paid on it, and which tries by card did not come through."""
    code = found.row.currency
    with st.container(border=True, key="panel-paid"):
        head.section("Payments", f"put on this invoice, in {code}")
        if found.applied:
            body = [_applied(each, code) for each in found.applied]
            tables.html(PAID, body, label="Payments")
        else:
            st.html('<p class="muted">Nothing was paid on it.</p>')
        tried = [each for each in attempts if each.status in ("failed", "pending")]
        if tried:
            head.section("Tried by card", "without success")
            tables.html(TRIED, [_tried(each) for each in tried], label="Tries by card")


def _applied(each: AppliedRow, code: str) -> list[Cell]:
    return [
        Cell(formats.day(each.allocated_on)),
        Cell(words.way(each.provider, each.method)),
        words.amount(each.amount_minor, code, "strong" if each.amount_minor > 0 else "bad"),
    ]


def _tried(each: ChargeAttempt) -> list[Cell]:
    why = "not answered yet"
    if each.status == "failed":
        why = f"declined: {declined(each.failure_code)}"
    return [
        Cell(formats.instant(each.started_at, settings().billing_timezone)),
        Cell(why, tone="bad" if each.status == "failed" else "flat"),
        words.amount(each.amount_minor, each.currency),
    ]
