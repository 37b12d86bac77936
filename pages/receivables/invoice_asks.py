"""Writes on an invoice as a whole: send, void, mark paid, write off (INV.3)."""

from collections.abc import Callable
from datetime import date

import streamlit as st

from core.errors import NotNow
from core.invoices.actions import discard_draft, send_invoice, void_invoice, write_off
from core.invoices.detail import InvoiceDetail, invoice_detail
from core.invoices.listing import one_invoice
from core.invoices.models import Invoice
from core.invoices.recovering import creditors, recover_invoice
from core.office import office
from core.payments.actions import BY_HAND, mark_paid
from core.payments.models import Payment
from core.refunds.previews import Change
from core.settings import settings
from core.work import Work
from pages.admin import receipts
from pages.billing.form import Form
from pages.parts import formats, viewer
from pages.receivables import effects, words
from pages.receivables.asking import Ask, Values, carried_out, rehearsed
from pages.receivables.effects import Effect

Write = Callable[[Work, InvoiceDetail, Values, str, str | None], Invoice]


def seen(subject: str) -> InvoiceDetail:
    """The invoice a dialog is about."""
    with office().work(viewer.current_actor()) as work:
        return invoice_detail(work, subject)


def how_it_came(form: Form, first: date | None) -> Values:
    """The fields of money that came outside a gateway: way, day, reference, note."""
    with office().work(viewer.current_actor()) as work:
        today = work.today
    left, right = st.columns(2)
    with left:
        method = form.choice("method", "It came by", BY_HAND, words.METHODS.__getitem__)
        reference = form.words("reference", "Reference", "Number on the bank statement")
    with right:
        on = form.day("on", "Received on", today, min(first or today, today))
        note = form.words("note", "Note")
    return {"method": method, "on": on, "reference": reference or None, "note": note}


def _foreseen(write: Write) -> Callable[[InvoiceDetail, Values], Effect]:
    """Rehearses a write that returns the invoice."""

    def foresee(found: InvoiceDetail, values: Values) -> Effect:
        def read(_work: Work, after: Invoice) -> tuple[Change, date | None]:
            return effects.changed(found.row, after), after.due_on

        written, (change, due_on) = rehearsed(
            lambda work: write(work, found, values, "", None), read
        )
        notices = (f"It is due on {formats.day(due_on)}.",) if found.row.number is None else ()
        shown = notices if change.status_after == "issued" else ()
        return Effect(found.row.currency, written, (change,), shown)

    return foresee


def _draw(_found: InvoiceDetail, _values: Values, effect: Effect) -> None:
    effects.draw(effect)


def _nothing(_form: Form, _found: InvoiceDetail) -> Values:
    return {}


def _send_fields(form: Form, found: InvoiceDetail) -> Values:
    if found.row.status != "draft":
        st.html("<p>The tenant gets it once more; nothing else changes.</p>")
        return {"due_days": None}
    st.html("<p>It gets the next number, is posted, and the tenant is told.</p>")
    usual = settings().payment_terms_days
    return {"due_days": form.number("days", "Due in so many days", usual, least=0)}


def _send(
    work: Work, found: InvoiceDetail, values: Values, _reason: str, key: str | None
) -> Invoice:
    return send_invoice(work, found.row.id, **values, key=key)


def _sent(found: InvoiceDetail, values: Values, _effect: Effect, reason: str, key: str) -> str:
    made = carried_out(lambda work: _send(work, found, values, reason, key))
    told = f"{made.number} is sent, due on {formats.day(made.due_on)}"
    return receipts.keep(told, "billing.invoice.sent")


def _discard_effect(found: InvoiceDetail, _values: Values) -> Effect:
    written, _ = rehearsed(
        lambda work: discard_draft(work, found.row.id), lambda _work, _number: None
    )
    total = words.money(found.row.total_minor, found.row.currency)
    return Effect(found.row.currency, written, notices=(f"The draft over {total} is deleted.",))


def _discarded(
    found: InvoiceDetail, _values: Values, _effect: Effect, _reason: str, key: str
) -> str:
    carried_out(lambda work: discard_draft(work, found.row.id, key=key))
    st.query_params.pop("invoice", None)
    total = words.money(found.row.total_minor, found.row.currency)
    return receipts.keep(f"The draft over {total} is deleted", "billing.invoice.discarded")


def _void(
    work: Work, found: InvoiceDetail, _values: Values, reason: str, key: str | None
) -> Invoice:
    return void_invoice(work, found.row.id, reason=reason, key=key)


def _voided(found: InvoiceDetail, values: Values, _effect: Effect, reason: str, key: str) -> str:
    carried_out(lambda work: _void(work, found, values, reason, key))
    return receipts.keep(f"{found.row.number} is void", "billing.invoice.voided")


def _off(
    work: Work, found: InvoiceDetail, _values: Values, reason: str, key: str | None
) -> Invoice:
    return write_off(work, found.row.id, reason=reason, key=key)


def _written_off(
    found: InvoiceDetail, values: Values, _effect: Effect, reason: str, key: str
) -> str:
    carried_out(lambda work: _off(work, found, values, reason, key))
    lost = words.money(found.row.due_minor, found.row.currency)
    return receipts.keep(f"{lost} of {found.row.number} is given up", "billing.invoice.written_off")


def _recover_fields(form: Form, found: InvoiceDetail) -> Values:
    with office().work(viewer.current_actor()) as work:
        enough = {str(each.id): each.credit_minor for each in creditors(work, found.row.id)}
    if not enough:
        raise NotNow(
            "No payment of the tenant has enough left for it; record the payment without an "
            "invoice first"
        )
    currency = found.row.currency

    def named(number: str) -> str:
        return f"Payment {number}, {words.money(enough[number], currency)} left"

    return {"payment_id": int(form.choice("payment", "Paid by", list(enough), named))}


def _recover(
    work: Work, found: InvoiceDetail, values: Values, reason: str, key: str | None
) -> Invoice:
    return recover_invoice(work, found.row.id, values["payment_id"], reason=reason, key=key)


def _recovered(found: InvoiceDetail, values: Values, _effect: Effect, reason: str, key: str) -> str:
    carried_out(lambda work: _recover(work, found, values, reason, key))
    told = f"{found.row.number} is paid after all"
    return receipts.keep(told, "billing.invoice.recovered")


def _paid_fields(form: Form, found: InvoiceDetail) -> Values:
    st.html(f"<p>All that is owed: {words.money(found.row.due_minor, found.row.currency)}.</p>")
    return how_it_came(form, found.row.issued_on)


def _mark(work: Work, found: InvoiceDetail, values: Values, key: str | None) -> Payment:
    return mark_paid(
        work,
        found.row.id,
        values["method"],
        reference=values["reference"],
        note=values["note"],
        paid_on=values["on"],
        seen_due_minor=found.row.due_minor,
        key=key,
    )


def _paid_effect(found: InvoiceDetail, values: Values) -> Effect:
    def read(work: Work, _payment: Payment) -> Change:
        return effects.changed(found.row, one_invoice(work, str(found.row.id), None))

    written, change = rehearsed(lambda work: _mark(work, found, values, None), read)
    return Effect(found.row.currency, written, (change,))


def _marked(found: InvoiceDetail, values: Values, _effect: Effect, _reason: str, key: str) -> str:
    made = carried_out(lambda work: _mark(work, found, values, key))
    paid = words.money(made.amount_minor, made.currency)
    return receipts.keep(f"{found.row.number} is paid, {paid}", "saas.invoice.marked_paid")


SEND = Ask(
    "send",
    "Send the invoice",
    "Send it",
    seen,
    _send_fields,
    _foreseen(_send),
    _draw,
    _sent,
    needs="saas.invoices.manage",
).step()
DISCARD = Ask(
    "discard", "Discard the draft", "Delete it", seen, _nothing, _discard_effect, _draw,
    _discarded, needs="saas.invoices.manage",
).step()  # fmt: skip
VOID = Ask(
    "void", "Void the invoice", "Void it", seen, _nothing, _foreseen(_void), _draw, _voided,
    reason=True, needs="saas.invoices.manage",
).step()  # fmt: skip
WRITE_OFF = Ask(
    "write-off", "Write the rest off", "Write it off", seen, _nothing, _foreseen(_off), _draw,
    _written_off, fresh=True, reason=True, needs="sys_finance",
).step()  # fmt: skip
RECOVER = Ask(
    "recover", "Paid after all", "Put it on the invoice", seen, _recover_fields,
    _foreseen(_recover), _draw, _recovered, fresh=True, reason=True, needs="sys_finance",
).step()  # fmt: skip
MARK_PAID = Ask(
    "mark-paid",
    "Mark as paid",
    "Mark it paid",
    seen,
    _paid_fields,
    _paid_effect,
    _draw,
    _marked,
    needs="saas.invoices.manage",
).step()
