"""Parts of a credit note's page: its facts and its lines."""

from html import escape

import streamlit as st

from core.credit_notes.queries import NoteLineRow, NoteRow
from core.settings import settings
from pages.parts import formats, tables
from pages.parts.head import section
from pages.parts.tables import Cell, Column
from pages.receivables import invoice_parts, note_asks, words

LINES = (
    Column("Description", words=True),
    Column("Net"),
    Column("Tax rate", words=True),
    Column("Tax"),
    Column("Total"),
)


def facts(row: NoteRow) -> str:
    """What it gives back to whom, and who decided, as terms."""
    zone = settings().billing_timezone
    status = words.status(row.status, words.NOTE_STATUSES)
    tenant = tables.link("tenant", {"tenant": str(row.tenant_id)})
    terms = {
        "Tenant": f'<a href="{escape(tenant)}" target="_self">{escape(row.tenant_name)}</a>',
        "Status": f'<span class="{status.tone}">{escape(status.text)}</span>',
        "Cause": escape(words.cause(row.reason)),
        "Goes to": escape(words.SETTLES[row.settles]),
        "Total": escape(words.money(row.total_minor, row.currency)),
        "Credit left": escape(words.money(row.left_minor, row.currency)) if row.left_minor else "–",
        "Written": f"{formats.instant(row.created_at, zone)}, {_by(row.created_by_name)}",
    }
    if row.invoice_id:
        door = tables.link("invoice", {"invoice": str(row.invoice_id)})
        number = row.invoice_number or f"Invoice {row.invoice_id}"
        terms["Invoice"] = f'<a href="{escape(door)}" target="_self">{escape(number)}</a>'
    if row.decided_at:
        # Nobody approves their own: what one person did in one step was issued by what they did.
        approved = "Issued" if row.decided_by in (None, row.created_by) else "Approved"
        title = "Declined" if row.status == "declined" else approved
        terms[title] = f"{formats.instant(row.decided_at, zone)}, {_by(row.decided_by_name)}"
    if row.note:
        terms["Note"] = escape(row.note)
    return invoice_parts.as_terms(terms)


def _by(name: str | None) -> str:
    return escape(name or "Saldo")


def lines(note: note_asks.Note) -> None:
    """What is given back."""
    row, code = note.row, note.row.currency
    with st.container(border=True, key="panel-lines"):
        section("Lines", f"given back, in {code}")
        total = [
            Cell("Total"),
            Cell(words.money(row.net_minor, code, code=False)),
            Cell(""),
            Cell(words.money(row.tax_minor, code, code=False)),
            Cell(words.money(row.total_minor, code, code=False)),
        ]
        body = [_line(line, code) for line in note.lines]
        tables.html(LINES, body, label="Lines", total=total)


def _line(line: NoteLineRow, code: str) -> list[Cell]:
    period = words.period(line.description, line.service_start, line.service_end)
    return [
        Cell(f"{formats.told(line.description)}{period}", tone="wrap"),
        Cell(words.money(line.net_minor, code, code=False)),
        Cell(words.tax(line.tax_percent, line.tax_category)),
        words.amount(line.tax_minor, code),
        Cell(words.money(line.total_minor, code, code=False), tone="strong"),
    ]
