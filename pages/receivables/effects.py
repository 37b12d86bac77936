"""What a write would do, drawn: invoices before and after, documents, postings."""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

import streamlit as st

from core.invoices.listing import InvoiceRow
from core.invoices.models import Invoice
from core.refunds.previews import Change
from core.rehearsal import Document, Posting, Preview
from pages.billing.previews import LINE_COLUMNS, POSTING_COLUMNS, event
from pages.parts import formats, tables
from pages.parts.tables import Cell, Column
from pages.receivables import words

CHANGES = (
    Column("Invoice", words=True),
    Column("Before", words=True),
    Column("Open before"),
    Column("After", words=True),
    Column("Open after"),
)


@dataclass(frozen=True)
class Effect:
    """Invoices before and after, what is written, and what else is to be said."""

    currency: str
    written: Preview
    changes: tuple[Change, ...] = ()
    notices: tuple[str, ...] = ()


def draw(effect: Effect) -> None:
    """The whole effect."""
    say(*effect.notices)
    changes(effect.changes, effect.currency)
    for document in effect.written.credit_notes:
        lines("Credit note", document)
    postings(effect.written.postings)


def say(*sentences: str) -> None:
    """Sentences above the figures, a line each."""
    if sentences:
        st.html(f"<p>{'<br>'.join(map(escape, sentences))}</p>")


def changed(before: InvoiceRow, after: InvoiceRow | Invoice) -> Change:
    """An invoice before and after a write."""
    return Change(
        before.id, before.number, before.status, before.due_minor, after.status, after.due_minor
    )


def changes(found: Sequence[Change], currency: str) -> None:
    """Invoices before and after, in a currency."""
    if not found:
        return
    body = [
        [
            Cell(each.number or "Draft"),
            Cell(words.STATUSES[each.status], tone="muted"),
            words.amount(each.due_minor, currency, "muted"),
            Cell(words.STATUSES[each.status_after], tone="strong"),
            words.amount(each.due_after_minor, currency, "strong"),
        ]
        for each in found
    ]
    tables.html(CHANGES, body, label="Invoices before and after")


def lines(title: str, document: Document) -> None:
    """A document that would be written."""
    code = document.currency
    st.html(f"<p><b>{escape(title)}</b>, {escape(code)}</p>")
    body = [
        [
            Cell(line.description),
            Cell(f"{line.quantity.normalize():f}"),
            words.amount(line.net_minor, code),
            Cell(f"{line.tax_percent.normalize():f}"),
            words.amount(line.tax_minor, code),
            words.amount(line.total_minor, code),
        ]
        for line in document.lines
    ]
    total = [
        Cell("Total"),
        Cell(""),
        words.amount(document.net_minor, code),
        Cell(""),
        words.amount(document.tax_minor, code),
        words.amount(document.total_minor, code),
    ]
    tables.html(LINE_COLUMNS, body, label=f"Lines of the {title.lower()}", total=total)


def postings(found: Sequence[Posting]) -> None:
    """What goes into the ledger."""
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
    tables.html(POSTING_COLUMNS, body, label="Postings")


def _side(minor: int, currency: str) -> Cell:
    return Cell(words.money(minor, currency) if minor else "")
