"""What a write would do: the subscription before and after, the documents, the postings."""

from collections.abc import Callable
from typing import Any

import streamlit as st

from core.money import Money
from core.rehearsal import Document, Preview
from pages.billing import words
from pages.parts import formats, plan_words, tables, written
from pages.parts.tables import Cell, Column

STATE: dict[str, tuple[str, Callable[[Any], str] | None]] = {
    "status": ("Status", lambda value: words.STATUSES[value]),
    "plan_name": ("Plan", str),
    "cycle": ("Cycle", lambda value: plan_words.CYCLES[value]),
    "amount_minor": ("Plan price a cycle", None),
    "items_minor": ("Items a cycle", None),
    "collection": ("Collected by", lambda value: words.COLLECTION[value]),
    "auto_renew": ("Renews by itself", words.plain),
    "current_period_start": ("Period from", formats.day),
    "current_period_end": ("Next period from", formats.day),
    "trial_ends_on": ("Trial until", formats.day),
    "paused_until": ("Paused until", formats.day),
    "grace_ends_on": ("Grace until", formats.day),
    "cancel_at_period_end": ("Ends with its period", words.plain),
    "next_plan_name": ("Plan from the renewal", str),
    "next_cycle": ("Cycle from the renewal", lambda value: plan_words.CYCLES[value]),
    "next_amount_minor": ("Price from the renewal", None),
    "ended_on": ("Ended on", formats.day),
}
"""How each part of a subscription's state is called and read; None reads an amount."""


def draw(preview: Preview) -> None:
    """The whole preview; what does not happen is said too."""
    _state(preview.before, preview.after)
    for document in preview.invoices:
        written.document("Invoice", document, _due(document))
    for document in preview.credit_notes:
        written.document("Credit note", document, "becomes credit for the next invoices")
    if not preview.invoices and not preview.credit_notes:
        st.html('<p class="muted">Nothing is invoiced or credited now.</p>')
    written.postings(preview.postings)


def changes(
    before: dict[str, Any] | None, after: dict[str, Any] | None
) -> list[tuple[str, str, str]]:
    """What differs between two states: what, before, after; of a new one what there is."""
    old, new = before or {}, after or {}
    currency = str((after or before or {}).get("currency") or "")
    return [
        (title, _read(old.get(name), read, currency), _read(new.get(name), read, currency))
        for name, (title, read) in STATE.items()
        if old.get(name) != new.get(name) and (before or new.get(name))
    ]


def _state(before: dict[str, Any] | None, after: dict[str, Any] | None) -> None:
    found = changes(before, after)
    if not found:
        st.html('<p class="muted">The subscription stays as it is.</p>')
        return
    columns = (
        Column("Subscription", words=True), Column("Before", words=True),
        Column("After", words=True),
    )  # fmt: skip
    body = [[Cell(what), Cell(old, tone="muted"), Cell(new, tone="strong")]
            for what, old, new in found]  # fmt: skip
    tables.html(columns, body, label="Before and after")


def _read(value: Any, read: Callable[[Any], str] | None, currency: str) -> str:
    if value is None:
        return "–"
    return formats.money(Money(value, currency)) if read is None else read(value)


def _due(document: Document) -> str:
    if not document.due_minor:
        return "paid at once"
    open_minor = formats.money(Money(document.due_minor, document.currency), code=False)
    return f"{open_minor} due {formats.day(document.due_on)}"
