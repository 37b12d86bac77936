"""Refunds in two steps: asked for and kept, then settled by the gateway's answer (REF.1–2)."""

from dataclasses import dataclass

from sqlalchemy import func, select

from core.actions import action
from core.errors import BadInput, NotFound, NotNow
from core.gateways.entries import note
from core.ledger.journal import post
from core.ledger.postings import Leg, credit_refunded, payment_unapplied, refund_settled
from core.money import units_text
from core.payments.actions import lock_payment
from core.payments.allocating import lock_invoices, take_off
from core.payments.models import Payment
from core.payments.rules import Part
from core.refunds import noting
from core.refunds.held import held_of, returnable
from core.refunds.models import TREATMENTS, Refund
from core.refunds.rules import check_room, parts_reopened
from core.work import Work

LIVE = ("pending", "succeeded")
REFUNDABLE = ("captured", "partially_refunded")
"""Statuses of a payment in which money goes back; one that is disputed meanwhile stays so."""


@dataclass(frozen=True)
class Ask:
    """A refund as it is asked for, in minor units.

    `treatment`: `credit_note` (it gets a note of its own), `reopen` (the invoice is owed again),
    `credit` (of money that settles no invoice), `note` (what the named credit note left). `nth`
    is 2 for a second refund of the same amount on purpose.
    """

    payment_id: int
    amount_minor: int
    treatment: str = "credit_note"
    credit_note_id: int | None = None
    nth: int = 1
    notify: bool = False


@action("refund.requested", needs="sys_finance", fresh=True)
def request_refund(work: Work, ask: Ask, *, reason: str, key: str | None = None) -> Refund:
    """Keep a refund as pending; the gateway is called after this has committed.

    The same person asking again for the same amount gets the first refund back; a second one on
    purpose carries the next `nth`. Raises NotFound, NotNow, and BadInput when more would go back
    than is held.
    """
    payment = lock_payment(work, ask.payment_id)
    work.tell(tenant_id=payment.tenant_id, payment_id=payment.id, amount_minor=ask.amount_minor)
    if payment.provider == "wallet":
        raise NotNow("What a wallet paid goes back to the wallet; refund it there")
    if payment.provider == "credit":
        raise NotNow("A credit note is paid out through a payment of its tenant")
    first = live(work, payment, ask.amount_minor, ask.nth)
    if first is not None:
        work.tell(refund_id=first.id, repeated=True)
        return first
    refund = reserve(work, payment, ask, reason)
    work.tell(refund_id=refund.id, treatment=refund.treatment)
    return refund


@action("refund.settled", needs=None, system=True)
def settle_refund(work: Work, refund_id: int, provider_refund_id: str) -> Refund:
    """The gateway paid back: post it, move payment and invoices on; again changes nothing."""
    refund, payment = with_payment(work, refund_id)
    work.tell(
        tenant_id=refund.tenant_id,
        refund_id=refund.id,
        payment_id=payment.id,
        provider_refund_id=provider_refund_id,
        amount_minor=refund.amount_minor,
        currency=refund.currency,
        notify=refund.notify,
    )
    if refund.status != "succeeded":
        settle(work, refund, payment, provider_refund_id)
    return refund


@action("refund.failed", needs=None, system=True)
def fail_refund(work: Work, refund_id: int, why: str) -> Refund:
    """The gateway refused: the amount can be refunded again."""
    refund, payment = with_payment(work, refund_id)
    if refund.status != "pending":
        raise NotNow(f"The refund is {refund.status}")
    refund.status, refund.settled_at, refund.failure = "failed", work.now, why
    payment.refunded_minor -= refund.amount_minor
    if refund.treatment == "credit":
        payment.returned_minor -= refund.amount_minor
    elif refund.treatment == "note":
        noting.credit_of(work, refund).returned_minor -= refund.amount_minor
    noting.decline(work, refund)
    work.tell(tenant_id=refund.tenant_id, refund_id=refund.id, payment_id=payment.id, why=why)
    return refund


def live(work: Work, payment: Payment, amount_minor: int, nth: int) -> Refund | None:
    """The refund the actor asked for already: pending or done, of this amount and number."""
    return work.session.scalar(
        select(Refund).where(
            Refund.payment_id == payment.id,
            Refund.amount_minor == amount_minor,
            Refund.actor_id == work.actor.user_id,
            Refund.nth == nth,
            Refund.status.in_(LIVE),
        )
    )


def reserve(work: Work, payment: Payment, ask: Ask, reason: str) -> Refund:
    """Write a pending refund of a locked payment. Raises BadInput, NotFound, NotNow."""
    if ask.treatment not in TREATMENTS:
        raise BadInput(f"There is no treatment {ask.treatment!r}; {', '.join(TREATMENTS)}")
    if ask.nth < 1:
        raise BadInput("Refunds of the same amount are counted from 1")
    if payment.status not in REFUNDABLE:
        raise NotNow(f"The payment is {payment.status}")
    refund = Refund(
        payment_id=payment.id,
        tenant_id=payment.tenant_id,
        currency=payment.currency,
        amount_minor=ask.amount_minor,
        nth=ask.nth,
        status="pending",
        treatment=ask.treatment,
        credit_note_id=ask.credit_note_id if ask.treatment == "note" else None,
        reason=reason,
        notify=ask.notify,
        tax_minor=0,
        actor_id=work.actor.user_id,
        requested_at=work.now,
    )
    _hold(work, refund, payment)
    payment.refunded_minor += ask.amount_minor
    work.session.flush()
    return refund


def settle(work: Work, refund: Refund, payment: Payment, number: str) -> None:
    """Part of an action: the money of a pending refund went back by a gateway or by hand."""
    if refund.status != "pending":
        raise NotNow(f"The refund is {refund.status}")
    provider, method = payment.provider, payment.method
    if refund.treatment == "credit_note":
        noting.issue_all(work, refund)
        net = refund.amount_minor - refund.tax_minor
        legs = refund_settled(provider, method, net, refund.tax_minor)
        finish(work, refund, payment, number, "refund_settled", legs)
    else:
        if refund.treatment == "reopen":
            _reopen(work, refund, payment)
        legs = credit_refunded(provider, method, refund.amount_minor)
        finish(work, refund, payment, number, "credit_refunded", legs)
    note(
        work,
        provider,
        "refund",
        number,
        refund.currency,
        -refund.amount_minor,
        source_id=payment.provider_payment_id,
    )


def finish(
    work: Work, refund: Refund, payment: Payment, number: str, event: str, legs: list[Leg]
) -> None:
    """The money went back under a number: post it, move payment and invoices on."""
    refund.status, refund.refunded_on = "succeeded", work.today
    refund.provider_refund_id, refund.settled_at = number, work.now
    source = ("refund", refund.id)
    post(work, event, source, legs, refund.currency, work.today, tenant_id=refund.tenant_id)
    work.session.flush()
    done = work.session.scalar(
        select(func.sum(Refund.amount_minor)).where(
            Refund.payment_id == payment.id, Refund.status == "succeeded"
        )
    )
    if payment.status in REFUNDABLE:
        whole = int(done or 0) >= payment.amount_minor
        payment.status = "refunded" if whole else "partially_refunded"
    noting.move_invoices(work, refund)


def with_payment(work: Work, refund_id: int) -> tuple[Refund, Payment]:
    """A refund and its payment, the payment locked first as everywhere. Raises NotFound."""
    payment_id = work.session.scalar(select(Refund.payment_id).where(Refund.id == refund_id))
    if payment_id is None:
        raise NotFound(f"There is no refund {refund_id}")
    payment = lock_payment(work, payment_id)
    return work.session.get_one(Refund, refund_id, populate_existing=True), payment


def _hold(work: Work, refund: Refund, payment: Payment) -> None:
    """Keep what goes back from being used or given back otherwise."""
    amount, treatment = refund.amount_minor, refund.treatment
    if treatment == "credit":
        if not 0 < amount <= payment.credit_minor:
            raise BadInput(
                f"{units_text(payment.credit_minor, payment.currency)} {payment.currency} settles "
                f"no invoice, not {units_text(amount, payment.currency)}"
            )
        payment.returned_minor += amount
        work.session.add(refund)
        return
    check_room(returnable(payment), amount, payment.currency)
    if treatment == "reopen":
        parts_reopened(held_of(work, payment), amount, payment.currency)
        work.session.add(refund)
    elif treatment == "note":
        noting.hold_note(work, refund)
        work.session.add(refund)
    else:
        noting.draft_all(work, refund, payment)


def _reopen(work: Work, refund: Refund, payment: Payment) -> None:
    """Take the money off its invoices, which are owed again, and count it as given back."""
    parts = parts_reopened(held_of(work, payment), refund.amount_minor, refund.currency)
    invoices = lock_invoices(work, [part.invoice_id for part in parts])
    take_off(work, payment, [Part(p.invoice_id, p.amount_minor) for p in parts], invoices)
    payment.returned_minor += refund.amount_minor
    source, place = ("refund", refund.id), (refund.currency, work.today)
    legs = payment_unapplied(refund.amount_minor)
    post(work, "payment_unapplied", source, legs, *place, tenant_id=refund.tenant_id)
