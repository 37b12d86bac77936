"""Writes on money received: record it, put its credit on invoices, take it back (PAY.2)."""

from collections.abc import Callable
from dataclasses import dataclass

import streamlit as st

from core.errors import BadInput, NotFound, NotNow
from core.inbox.undoing import unassign_payment
from core.invoices.listing import InvoiceFilters, InvoiceRow, invoices, one_invoice
from core.money import units_text
from core.office import office
from core.payments.actions import apply_credit, record_payment
from core.payments.detail import PaymentDetail, payment_detail
from core.payments.models import Payment
from core.payments.reversing import reverse_payment
from core.payments.rules import Part, spread
from core.refunds.previews import Change
from core.subscriptions.detail import tenant_names, tenant_page
from core.work import Work
from pages.admin import receipts
from pages.billing.form import Form
from pages.parts import formats, url, viewer
from pages.receivables import effects, words
from pages.receivables.asking import Ask, Values, begin, carried_out, rehearsed
from pages.receivables.effects import Effect
from pages.receivables.invoice_asks import how_it_came

OWED = ("overdue", "issued", "partially_paid")
MOST_OPEN = 30
"""Open invoices offered in one dialog, those due first; the rest is paid in order."""
Moved = tuple[tuple[Change, ...], tuple[str, ...]]
WAYS = {"order": "Oldest invoices first", "parts": "As I say"}


@dataclass(frozen=True)
class Owing:
    """Who pays: an invoice the dialog was opened for, or any of the tenants."""

    invoice: InvoiceRow | None
    tenants: dict[int, str]


@dataclass(frozen=True)
class Held:
    """A payment as it was seen, and the open invoices its credit could settle."""

    found: PaymentDetail
    owed: list[InvoiceRow]


def open_of(work: Work, tenant_id: int, currency: str | None) -> list[InvoiceRow]:
    """What a tenant owes, those due first."""
    found: list[InvoiceRow] = []
    for status in OWED:
        wanted = InvoiceFilters(status=status, tenant_id=tenant_id, currency=currency)
        found += invoices(work, wanted, sort="due", descending=False, limit=MOST_OPEN).rows
    return found[:MOST_OPEN]


def payment_of(work: Work, subject: str) -> PaymentDetail:
    """The payment a dialog is about. Raises NotFound."""
    try:
        return payment_detail(work, url.positive(subject))
    except ValueError:
        raise NotFound("There is no such payment") from None


def _seen(subject: str) -> Owing:
    with office().work(viewer.current_actor()) as work:
        work.require("billing.read")
        invoice = None if subject == "new" else one_invoice(work, subject, None)
        return Owing(invoice, {} if invoice else tenant_names(work))


def _fields(form: Form, owing: Owing) -> Values:
    invoice = owing.invoice
    tenant_id = invoice.tenant_id if invoice else _tenant(form, owing.tenants)
    with office().work(viewer.current_actor()) as work:
        own = tenant_page(work, tenant_id).tenant.currency
        owed = open_of(work, tenant_id, None)
    currencies = list(dict.fromkeys([own, *(row.currency for row in owed)]))
    if invoice:
        currency = invoice.currency
        begin(form, "amount", units_text(invoice.due_minor, currency))
    elif len(currencies) > 1:
        currency = form.radio("currency", "Currency", {code: code for code in currencies})
    else:
        currency = own
    owed = [row for row in owed if row.currency == currency]
    amount = form.amount("amount", "Amount received", currency)
    came = how_it_came(form, None)
    ways = {"this": f"On {invoice.number}", **WAYS} if invoice else WAYS
    way = form.radio("way", "What it pays", ways)
    parts = parts_of(form, owed, {}) if way == "parts" else ()
    if not amount:
        raise BadInput("Give the amount")
    return {
        "tenant_id": tenant_id,
        "amount_minor": amount,
        "currency": currency,
        "invoice_ids": (invoice.id,) if invoice and way == "this" else (),
        "parts": parts,
        "owed": owed,
        **came,
    }


def _tenant(form: Form, tenants: dict[int, str]) -> int:
    names = {str(number): name for number, name in tenants.items()}
    chosen = form.choice(
        "tenant", "Tenant", ["", *names], lambda given: names.get(given, "Choose a tenant")
    )
    if not chosen:
        raise BadInput("Choose the tenant")
    return int(chosen)


def parts_of(form: Form, owed: list[InvoiceRow], usual: dict[int, int]) -> tuple[Part, ...]:
    """An amount for each open invoice; those left empty get nothing. Raises BadInput."""
    if not owed:
        raise NotNow("The tenant owes nothing in this currency")
    parts = []
    several = len({row.tenant_id for row in owed}) > 1
    left, right = st.columns(2)
    for place, row in enumerate(owed):
        if row.id in usual:
            begin(form, f"part-{row.id}", units_text(usual[row.id], row.currency))
        open_text = words.money(row.due_minor, row.currency, code=False)
        with right if place % 2 else left:
            title = f"{row.number}, {open_text} due {formats.day(row.due_on)}"
            if several:
                title = f"{row.tenant_name}: {title}"
            amount = form.amount(f"part-{row.id}", title, row.currency)
        if amount and amount > row.due_minor:
            raise BadInput(f"{row.number} is owed {open_text}, not more")
        if amount:
            parts.append(Part(row.id, amount))
    if not parts:
        raise BadInput("Give an amount for one invoice at least")
    return tuple(parts)


def _record(work: Work, values: Values, key: str | None) -> Payment:
    return record_payment(
        work,
        values["tenant_id"],
        values["amount_minor"],
        values["currency"],
        values["method"],
        invoice_ids=values["invoice_ids"],
        parts=values["parts"],
        reference=values["reference"],
        received_on=values["on"],
        note=values["note"],
        key=key,
    )


def _record_effect(_owing: Owing, values: Values) -> Effect:
    def read(work: Work, made: Payment) -> Moved:
        return moved(work, made, values["owed"])

    written, told = rehearsed(lambda work: _record(work, values, None), read)
    return Effect(values["currency"], written, *told)


def moved(work: Work, made: Payment, owed: list[InvoiceRow]) -> Moved:
    """Open invoices that a payment changed, and words on the rest of its money."""
    after = [effects.changed(row, one_invoice(work, str(row.id), None)) for row in owed]
    moved = tuple(each for each in after if each.due_minor != each.due_after_minor)
    if not made.credit_minor:
        return moved, ()
    credit = words.money(made.credit_minor, made.currency)
    whose = {row.tenant_id: row.tenant_name for row in owed}
    customer = whose[made.tenant_id] if len(whose) > 1 else "the customer"
    return moved, (f"{credit} pays no invoice and stays as {customer}'s credit.",)


def _recorded(_owing: Owing, values: Values, effect: Effect, _reason: str, key: str) -> str:
    made = carried_out(lambda work: _record(work, values, key))
    paid = words.money(made.amount_minor, made.currency)
    numbers = " and ".join(each.number or "" for each in effect.changes[:3])
    told = f"{paid} is recorded" + (f" on {numbers}" if numbers else "")
    return receipts.keep(told, "billing.payment.recorded")


def _draw(_subject: object, _values: Values, effect: Effect) -> None:
    effects.draw(effect)


def _held(subject: str) -> Held:
    with office().work(viewer.current_actor()) as work:
        found = payment_of(work, subject)
        return Held(found, open_of(work, found.row.tenant_id, found.row.currency))


def _credit_fields(form: Form, held: Held) -> Values:
    row = held.found.row
    credit = words.money(row.credit_minor, row.currency)
    st.html(f"<p>{credit} of this payment settles no invoice yet.</p>")
    usual = spread(row.credit_minor, [Part(each.id, each.due_minor) for each in held.owed])
    return {"parts": parts_of(form, held.owed, {p.invoice_id: p.amount_minor for p in usual})}


def _apply(work: Work, held: Held, values: Values, key: str | None) -> Payment:
    return apply_credit(work, held.found.row.id, values["parts"], key=key)


def _credit_effect(held: Held, values: Values) -> Effect:
    def read(work: Work, made: Payment) -> Moved:
        return moved(work, made, held.owed)

    written, told = rehearsed(lambda work: _apply(work, held, values, None), read)
    return Effect(held.found.row.currency, written, *told)


def _applied(held: Held, values: Values, effect: Effect, _reason: str, key: str) -> str:
    carried_out(lambda work: _apply(work, held, values, key))
    numbers = " and ".join(each.number or "" for each in effect.changes[:3])
    return receipts.keep(f"Credit was put on {numbers}", "billing.credit.applied")


def _nothing(_form: Form, _held_: Held) -> Values:
    return {}


def _taken_back(held: Held, do: Callable[[Work], object]) -> Effect:
    """The invoices that a payment is on, before and after it was taken back."""
    names = [str(each.id) for each in held.found.on]
    with office().work(viewer.current_actor()) as work:
        before = [one_invoice(work, name, None) for name in names]

    def read(work: Work, _made: object) -> tuple[Change, ...]:
        return tuple(effects.changed(row, one_invoice(work, str(row.id), None)) for row in before)

    written, changes = rehearsed(do, read)
    return Effect(held.found.row.currency, written, changes)


def _reverse_effect(held: Held, _values: Values) -> Effect:
    number = held.found.row.id
    return _taken_back(held, lambda work: reverse_payment(work, number, reason=""))


def _unassign_effect(held: Held, _values: Values) -> Effect:
    number = held.found.row.id
    return _taken_back(held, lambda work: unassign_payment(work, number, reason=""))


def _reversed(held: Held, _values: Values, _effect: Effect, reason: str, key: str) -> str:
    row = held.found.row
    carried_out(lambda work: reverse_payment(work, row.id, reason=reason, key=key))
    back = words.money(row.amount_minor, row.currency)
    return receipts.keep(f"The payment of {back} is taken back", "billing.payment.reversed")


def _unassigned(held: Held, _values: Values, _effect: Effect, reason: str, key: str) -> str:
    row = held.found.row
    carried_out(lambda work: unassign_payment(work, row.id, reason=reason, key=key))
    back = words.money(row.amount_minor, row.currency)
    return receipts.keep(f"{back} waits among the unmatched payments", "bank.payment.unassigned")


RECORD = Ask(
    "record-payment", "Record a payment", "Record it", _seen, _fields, _record_effect, _draw,
    _recorded, needs="billing.write",
).step()  # fmt: skip
USE_CREDIT = Ask(
    "use-credit", "Use the credit", "Put it on the invoices", _held, _credit_fields,
    _credit_effect, _draw, _applied, needs="billing.write",
).step()  # fmt: skip
REVERSE = Ask(
    "reverse", "Reverse the payment", "Reverse it", _held, _nothing, _reverse_effect, _draw,
    _reversed, reason=True, needs="billing.write",
).step()  # fmt: skip
UNASSIGN = Ask(
    "unassign", "Undo the assignment", "Undo it", _held, _nothing, _unassign_effect, _draw,
    _unassigned, fresh=True, reason=True, needs="sys_finance",
).step()  # fmt: skip
