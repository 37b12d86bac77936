"""Writes on credit notes: draft one over an invoice, approve or decline another's (REF.3)."""

from dataclasses import dataclass

import streamlit as st

from core.credit_notes.actions import (
    BY_HAND,
    CAUSES,
    approve_credit_note,
    create_credit_note,
    decline_credit_note,
)
from core.credit_notes.models import CreditNote
from core.credit_notes.queries import NoteLineRow, NoteRow, credit_note, creditable_lines
from core.credit_notes.rules import Creditable
from core.errors import BadInput, NotNow
from core.invoices.detail import InvoiceDetail, invoice_detail
from core.invoices.listing import InvoiceRow, one_invoice
from core.invoices.models import OPEN
from core.office import office
from core.refunds.previews import Change
from core.rehearsal import Preview
from core.work import Work
from pages.admin import receipts
from pages.billing.form import Form
from pages.parts import formats, viewer
from pages.receivables import effects, words
from pages.receivables.asking import Ask, Values, carried_out, rehearsed
from pages.receivables.effects import Effect

PARTS = {"rest": "All that is left", "amount": "An amount", "lines": "By line"}


@dataclass(frozen=True)
class Over:
    """The invoice a note is written over, with what is left of each line; none chosen yet."""

    found: InvoiceDetail | None
    lines: list[Creditable]


@dataclass(frozen=True)
class Note:
    """A note as it was seen, with its lines and its invoice."""

    row: NoteRow
    lines: list[NoteLineRow]
    invoice: InvoiceRow | None


def _over(subject: str) -> Over:
    if subject == "new":
        return Over(None, [])
    with office().work(viewer.current_actor()) as work:
        found = invoice_detail(work, subject)
        return Over(found, creditable_lines(work, found.row.id))


def seen(subject: str) -> Note:
    """The note a dialog is about."""
    with office().work(viewer.current_actor()) as work:
        row, lines = credit_note(work, subject)
        invoice = one_invoice(work, str(row.invoice_id), None) if row.invoice_id else None
    return Note(row, lines, invoice)


def _fields(form: Form, over: Over) -> Values:
    if over.found is None:
        number = form.words("invoice", "Number of the invoice", "SAAS-INV-2026-00042")
        if not number:
            raise BadInput("Give the number of the invoice to credit")
        over = _over(number)
    assert over.found is not None
    row = over.found.row
    left = words.money(over.found.creditable_minor, row.currency)
    owed = f", {words.money(row.due_minor, row.currency)} is owed" if row.due_minor else ""
    st.html(f"<p>{left} of {row.number} can still be credited{owed}.</p>")
    if over.found.creditable_minor <= 0:
        raise NotNow("All of the invoice was credited already")
    one, two = st.columns(2)
    with one:
        cause = form.choice("cause", "Cause", list(CAUSES), CAUSES.__getitem__)
    with two:
        usual = "invoice" if row.status in OPEN else "balance"
        settles = form.choice("to", "Goes to", BY_HAND, words.SETTLES.__getitem__, usual)
    part = form.radio("part", "How much", PARTS)
    values: Values = {"invoice": row, "cause": cause, "settles": settles}
    if part == "amount":
        values["amount_minor"] = _amount(form, "amount", "Amount, tax included", row.currency,
                                         over.found.creditable_minor)  # fmt: skip
        if not values["amount_minor"]:
            raise BadInput("Give the amount to credit")
    if part == "lines":
        values["lines"] = _lines(form, over)
    return {**values, "note": form.words("note", "Note on the credit note")}


def _lines(form: Form, over: Over) -> tuple[tuple[int, int], ...]:
    """An amount with tax for each line; those left empty get nothing. Raises BadInput."""
    assert over.found is not None
    code, left = over.found.row.currency, {each.line_id: each.left_minor for each in over.lines}
    wanted = []
    for line in over.found.lines:
        most = left.get(line.id, 0)
        if most <= 0:
            continue
        left_of_it = words.money(most, code, code=False)
        title = f"{formats.told(line.description)}, {left_of_it} left, tax included"
        amount = _amount(form, f"line-{line.id}", title, code, most)
        if amount:
            wanted.append((line.id, amount))
    if not wanted:
        raise BadInput("Give an amount for one line at least")
    return tuple(wanted)


def _amount(form: Form, field: str, title: str, currency: str, most_minor: int) -> int | None:
    amount = form.amount(field, title, currency)
    if amount and amount > most_minor:
        raise BadInput(f"At most {words.money(most_minor, currency)} can be credited here")
    return amount


def _create(work: Work, values: Values, key: str | None) -> CreditNote:
    wanted = {name: value for name, value in values.items() if name != "invoice"}
    return create_credit_note(work, values["invoice"].id, **wanted, key=key)


def _create_effect(_over_: Over, values: Values) -> Effect:
    written, _ = rehearsed(lambda work: _create(work, values, None), lambda _work, _made: None)
    told = "Nothing is booked until somebody else approves it."
    return Effect(values["invoice"].currency, written, notices=(told,))


def _created(_over_: Over, values: Values, _effect: Effect, _reason: str, key: str) -> str:
    made = carried_out(lambda work: _create(work, values, key))
    total = words.money(made.total_minor, made.currency)
    told = f"A credit note over {total} waits for somebody's approval"
    return receipts.keep(told, "billing.credit_note.created")


def _draw(_subject: object, _values: Values, effect: Effect) -> None:
    effects.draw(effect)


def _nothing(_form: Form, _note: Note) -> Values:
    return {}


def _approve_effect(note: Note, _values: Values) -> Effect:
    def read(work: Work, _made: CreditNote) -> tuple[Change, ...]:
        if note.invoice is None:
            return ()
        after = one_invoice(work, str(note.invoice.id), None)
        return (effects.changed(note.invoice, after),)

    written, changes = rehearsed(
        lambda work: approve_credit_note(work, note.row.id, reason=""), read
    )
    return Effect(note.row.currency, written, changes)


def _approved(note: Note, _values: Values, _effect: Effect, reason: str, key: str) -> str:
    made = carried_out(lambda work: approve_credit_note(work, note.row.id, reason=reason, key=key))
    total = words.money(made.total_minor, made.currency)
    told = f"{made.number} over {total} is issued"
    return receipts.keep(told, "billing.credit_note.approved")


def _decline_effect(note: Note, _values: Values) -> Effect:
    total = words.money(note.row.total_minor, note.row.currency)
    written, _ = rehearsed(
        lambda work: decline_credit_note(work, note.row.id, reason=""), lambda _work, _made: None
    )
    told = f"The draft over {total} is dropped; its amount can be credited again."
    # The draft itself is rewritten, and is no document that would be issued.
    dropped = Preview([], [], written.postings, None, None, written.at)
    return Effect(note.row.currency, dropped, notices=(told,))


def _declined(note: Note, _values: Values, _effect: Effect, reason: str, key: str) -> str:
    carried_out(lambda work: decline_credit_note(work, note.row.id, reason=reason, key=key))
    total = words.money(note.row.total_minor, note.row.currency)
    return receipts.keep(
        f"The credit note over {total} is declined", "billing.credit_note.declined"
    )


CREATE = Ask(
    "credit", "Credit an invoice", "Ask for approval", _over, _fields, _create_effect, _draw,
    _created, needs="billing.write",
).step()  # fmt: skip
APPROVE = Ask(
    "approve", "Approve the credit note", "Approve it", seen, _nothing, _approve_effect, _draw,
    _approved, fresh=True, reason=True, needs="billing.approve",
).step()  # fmt: skip
DECLINE = Ask(
    "decline", "Decline the credit note", "Decline it", seen, _nothing, _decline_effect, _draw,
    _declined, reason=True, needs="billing.write",
).step()  # fmt: skip
