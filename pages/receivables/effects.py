"""What a write would do, drawn: invoices before and after, documents, postings."""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

import streamlit as st

from core.invoices.listing import InvoiceRow
from core.invoices.models import Invoice
from core.refunds.previews import Change
from core.rehearsal import Preview
from pages.parts import tables, written
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
        written.document("Credit note", document)
    written.postings(effect.written.postings)


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
