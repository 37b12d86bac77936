"""One credit note: what it gives back, who wrote and approved it, what is left of it (REF.3)."""

from urllib.parse import urlencode

import streamlit as st

from core.credit_notes.queries import NoteRow
from core.errors import NotFound
from core.office import office
from core.payments.listing import PaymentFilters, payments
from pages.admin import receipts
from pages.billing import form, look
from pages.parts import confirm, downloads, head, states, tables, url, viewer
from pages.parts.confirm import Step
from pages.receivables import lists, note_asks, note_parts
from pages.receivables.refund_ask import REFUNDABLE

STEPS = (note_asks.APPROVE, note_asks.DECLINE)
NO_WAY_BACK = ("wallet", "credit", "import")
"""Providers of payments through which a credit note is not paid out."""


def main() -> None:
    """The credit note the address names."""
    form.forget()
    chosen = url.read("note", str, "")
    if not chosen:
        told = "Open one from the list of credit notes."
        lists.back("credit-notes", "No credit note is chosen", told)
        return
    try:
        note = note_asks.seen(chosen)
    except NotFound as problem:
        lists.back("credit-notes", "There is no such credit note", str(problem))
        return
    head.page(note.row.number or "Draft credit note", f"to {note.row.tenant_name}")
    receipts.show()
    look.long_words()
    _summary(note)
    note_parts.lines(note)
    confirm.draw(*STEPS)


def _summary(note: note_asks.Note) -> None:
    row = note.row
    with st.container(border=True, key="panel-note"):
        st.html(note_parts.facts(row))
        _notices(row)
        with st.container(horizontal=True, key="doors"):
            for step, label in _doors(row):
                confirm.door(step, str(row.id), label)
            if row.status != "declined":
                kind = ("credit_note", row.id, row.number, "pdf-note")
                downloads.pdf_button(viewer.current_actor(), *kind)
        look.ways(_ways(row))


def _notices(row: NoteRow) -> None:
    if row.status != "draft":
        return
    if row.refund_id:
        states.notice("warn", "It belongs to a refund that is on its way")
    elif _is_own(row):
        states.notice("warn", "You wrote it: somebody else with the right to approve decides")


def _doors(row: NoteRow) -> list[tuple[Step, str]]:
    """What the viewer may do to a draft; nobody approves one's own."""
    if row.status != "draft" or row.refund_id:
        return []
    doors: list[tuple[Step, str]] = []
    if viewer.may("billing.approve") and not _is_own(row):
        doors.append((note_asks.APPROVE, "Approve…"))
    if viewer.may("billing.write"):
        doors.append((note_asks.DECLINE, "Decline…"))
    return doors


def _ways(row: NoteRow) -> dict[str, str]:
    """Links to what belongs to it; what is left of it is used or paid out at a payment."""
    ways = {"All credit notes": tables.link("credit-notes", {})}
    if not row.left_minor:
        return ways
    if viewer.may("billing.write") and row.payment_id:
        number = str(row.payment_id)
        ways["Use what is left"] = _dialog(number, f"use-credit:{number}")
    if viewer.may("sys_finance") and (number := _way_back(row)):
        kept = "refund?" + urlencode({"treatment": "note", "note": row.id})
        ways["Pay out what is left"] = _dialog(number, f"refund:{number}", kept)
    return ways


def _dialog(payment: str, do: str, kept: str = "") -> str:
    """A way to a dialog on a payment's page."""
    return "/payment?" + urlencode(
        {"payment": payment, "do": do, **({"form": kept} if kept else {})}
    )


def _way_back(row: NoteRow) -> str:
    """The payment of its invoice through which money can go back; empty without one."""
    if row.invoice_id is None:
        return ""
    with office().work(viewer.current_actor()) as work:
        found = payments(work, PaymentFilters(invoice_id=row.invoice_id)).rows
    fitting = [
        each
        for each in found
        if each.status in REFUNDABLE and each.provider not in NO_WAY_BACK
        and each.allocated_minor > each.refunded_minor
    ]  # fmt: skip
    return str(fitting[0].id) if fitting else ""


def _is_own(row: NoteRow) -> bool:
    seen = viewer.current_viewer()
    return seen is not None and row.created_by == seen.email


main()
