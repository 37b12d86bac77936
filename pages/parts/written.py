"""What a write would write down, drawn: the lines of its documents, the postings in the ledger."""

from collections.abc import Sequence
from html import escape

import streamlit as st

from core.money import Money
from core.rehearsal import Document, Line, Posting
from pages.parts import formats, tables
from pages.parts.tables import Cell, Column

LINE_COLUMNS = (
    Column("Line", words=True),
    Column("Quantity"),
    Column("Net"),
    Column("Tax %"),
    Column("Tax"),
    Column("Total"),
)
POSTING_COLUMNS = (
    Column("Posting", words=True),
    Column("Account", words=True),
    Column("Debit"),
    Column("Credit"),
)
EVENTS = {"invoice_issued": "Invoice issued", "credit_note_issued": "Credit note issued"}


def document(title: str, found: Document, told: str = "") -> None:
    """A document with its lines; `told` says what becomes of it."""
    code = found.currency
    st.html(f"<p><b>{escape(title)}</b> in {escape(code)}{escape(told and f', {told}')}</p>")
    total = [
        Cell("Total"),
        Cell(""),
        _amount(found.net_minor, code),
        Cell(""),
        _amount(found.tax_minor, code),
        _amount(found.total_minor, code),
    ]
    rows = [_line(line, code) for line in found.lines]
    tables.html(LINE_COLUMNS, rows, label=f"Lines of the {title.lower()}", total=total)


def postings(found: Sequence[Posting]) -> None:
    """What goes into the ledger; nothing is drawn when that is nothing."""
    if not found:
        return
    st.html("<p><b>Ledger</b></p>")
    body = []
    for posting in found:
        head = f"{event(posting.event)}, {formats.day(posting.booked_on)}"
        for place, entry in enumerate(posting.entries):
            body.append(
                [
                    Cell("" if place else head),
                    Cell(f"{entry.account} {entry.name}"),
                    _side(entry.debit_minor, entry.currency),
                    _side(entry.credit_minor, entry.currency),
                ]
            )
    tables.html(POSTING_COLUMNS, body, label="Postings", folds=True)


def event(name: str) -> str:
    """A ledger event in words."""
    return EVENTS.get(name) or name.replace("_", " ").capitalize()


def _line(line: Line, currency: str) -> list[Cell]:
    return [
        Cell(formats.told(line.description)),
        Cell(formats.quantity(line.quantity)),
        _amount(line.net_minor, currency),
        Cell(formats.quantity(line.tax_percent)),
        _amount(line.tax_minor, currency),
        _amount(line.total_minor, currency),
    ]


def _side(minor: int, currency: str) -> Cell:
    return Cell(formats.money(Money(minor, currency)) if minor else "")


def _amount(minor: int, currency: str) -> Cell:
    return Cell(formats.money(Money(minor, currency), code=False))
