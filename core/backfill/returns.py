"""Refunds and disputes that are over or under way, as history: nothing is asked of Stripe (IMP)."""

from collections import Counter
from typing import Any

from sqlalchemy import func, select, update

from core.backfill.batch import SOURCE, Batch
from core.backfill.models import ImportObject
from core.backfill.money import Moves
from core.gateways.stripe_ledger import DISPUTE_STATES
from core.invoices.models import Invoice
from core.ledger.postings import (
    credit_refunded,
    dispute_lost,
    dispute_opened,
    dispute_won,
    refund_settled,
)
from core.payments.models import Dispute, Payment, PaymentAllocation
from core.payments.rules import tax_within
from core.refunds.held import returnable
from core.refunds.models import Refund

REASON = "imported from Stripe"
NOT_HERE = "its charge {} is not in our books"
WON = ":won"
"""The end of what is posted besides when a dispute is won: its exchange, a fee that came back."""
Held = dict[int, list[tuple[int, int, int]]]
"""By payment: the invoices it is on, each with its tax and total."""


def load_refunds(batch: Batch) -> None:
    """Add refunds: of what settled invoices they give revenue back, of the rest credit.

    Stripe's own documents tell of them, so that no credit note of ours is written.
    """
    payments, known = _payments(batch), _known_refunds(batch)
    held, lines = _held(batch, payments), _lines(batch)
    nth: Counter[tuple[int, int]] = Counter(_repeated(batch, payments))
    moves, rows, touched = Moves(batch), [], set()
    for one in batch.objects:
        payment = payments.get(one.parent or "")
        amount = one.facts["amount_minor"]
        if one.external_id in known:
            batch.done(one, known[one.external_id].id)
            continue
        if payment is None:
            batch.refuse(one, NOT_HERE.format(one.parent))
            continue
        treatment = _treatment(payment, amount)
        if treatment is None or payment.currency != one.facts["currency"]:
            batch.refuse(one, f"{amount} is more than the payment of {payment.amount_minor} holds")
            continue
        taxes, totals = _sums(held.get(payment.id, []))
        before = payment.refunded_minor - payment.returned_minor
        tax = tax_within(amount, before, taxes, totals) if treatment == "credit_note" else 0
        nth[payment.id, amount] += 1
        number = batch.load.ids(Refund, 1)[0]
        rows.append(_refund_row(batch, one, payment, number, treatment, tax, nth))
        payment.refunded_minor += amount
        payment.returned_minor += amount if treatment == "credit" else 0
        whole = payment.refunded_minor >= payment.amount_minor
        payment.status = "refunded" if whole else "partially_refunded"
        touched.add(payment.id)
        _post_refund(batch, moves, one, payment, number, tax, treatment, lines)
        batch.done(one, number)
    batch.work.session.flush()
    batch.load.insert(Refund, rows)
    _move_invoices(batch, {each: held.get(each, []) for each in touched})
    moves.write()


def load_disputes(batch: Batch) -> None:
    """Add disputes with the money that Stripe withdrew for them, and gave back for those won."""
    payments = _payments(batch)
    known = batch.ours(Dispute.provider_dispute_id, [one.external_id for one in batch.objects])
    held, moves = _held(batch, payments), Moves(batch)
    for one in batch.objects:
        payment = payments.get(one.parent or "")
        kept = known.get(one.external_id)
        if payment is None:
            batch.refuse(one, NOT_HERE.format(one.parent))
        elif kept is not None:
            batch.done(one, kept.id)
            if kept.closed_on is None:
                _decide(batch, moves, one, kept, payment, held)
        elif not 0 < one.facts["amount_minor"] <= returnable(payment):
            batch.refuse(one, f"the payment of {payment.amount_minor} does not hold what it is on")
        else:
            made = _open(batch, moves, one, payment, held)
            batch.done(one, made.id)
            _decide(batch, moves, one, made, payment, held)
    batch.work.session.flush()
    moves.write()


def _payments(batch: Batch) -> dict[str, Payment]:
    """Payments by their charge, also those that our books know by the intent."""
    charges = batch.named("charges", [one.parent or "" for one in batch.objects])
    rows = batch.ours(Payment.id, [each.record_id for each in charges.values()])
    return {
        number: rows[each.record_id]
        for number, each in charges.items()
        if each.record_id in rows and each.state == "loaded"
    }


def _known_refunds(batch: Batch) -> dict[str, Refund]:
    return batch.ours(Refund.provider_refund_id, [one.external_id for one in batch.objects])


def _lines(batch: Batch) -> dict[str, ImportObject]:
    return batch.named("balance_transactions", [one.facts["line"] or "" for one in batch.objects])


def _held(batch: Batch, payments: dict[str, Payment]) -> Held:
    rows = batch.work.session.execute(
        select(
            PaymentAllocation.payment_id,
            Invoice.id,
            Invoice.tax_minor,
            Invoice.total_minor,
        )
        .join(Invoice, Invoice.id == PaymentAllocation.invoice_id)
        .where(PaymentAllocation.payment_id.in_([each.id for each in payments.values()]))
        .order_by(PaymentAllocation.id)
    )
    held: Held = {}
    for payment_id, invoice_id, tax, total in rows:
        held.setdefault(payment_id, []).append((invoice_id, tax, total))
    return held


def _sums(held: list[tuple[int, int, int]]) -> tuple[int, int]:
    return sum(each[1] for each in held), sum(each[2] for each in held)


def _repeated(batch: Batch, payments: dict[str, Payment]) -> dict[tuple[int, int], int]:
    """How often each payment was refunded by each amount before."""
    rows = batch.work.session.execute(
        select(Refund.payment_id, Refund.amount_minor, func.max(Refund.nth))
        .where(Refund.payment_id.in_([each.id for each in payments.values()]))
        .group_by(Refund.payment_id, Refund.amount_minor)
    )
    return {(payment_id, amount): int(nth) for payment_id, amount, nth in rows}


def _treatment(payment: Payment, amount: int) -> str | None:
    """What a refund gives back; None when the payment does not hold as much."""
    if 0 < amount <= returnable(payment):
        return "credit_note"
    return "credit" if 0 < amount <= payment.credit_minor else None


def _refund_row(
    batch: Batch,
    one: ImportObject,
    payment: Payment,
    number: int,
    treatment: str,
    tax: int,
    nth: Counter[tuple[int, int]],
) -> dict[str, Any]:
    amount = one.facts["amount_minor"]
    return {
        "id": number,
        "payment_id": payment.id,
        "tenant_id": payment.tenant_id,
        "currency": payment.currency,
        "amount_minor": amount,
        "tax_minor": tax,
        "nth": nth[payment.id, amount],
        "status": "succeeded",
        "treatment": treatment,
        "reason": " ".join(filter(None, (REASON, one.facts["why"]))),
        "provider_refund_id": one.external_id,
        "refunded_on": batch.day_of(one.happened_at),
        "requested_at": one.happened_at,
        "settled_at": one.happened_at,
    }


def _post_refund(
    batch: Batch,
    moves: Moves,
    one: ImportObject,
    payment: Payment,
    number: int,
    tax: int,
    treatment: str,
    lines: dict[str, ImportObject],
) -> None:
    amount, on = one.facts["amount_minor"], batch.day_of(one.happened_at)
    source, place, method = ("refund", number), (payment.currency, on), payment.method
    line = lines[one.facts["line"]].facts if one.facts["line"] in lines else None
    if treatment == "credit_note":
        legs = refund_settled(SOURCE, method, amount - tax, tax)
        moves.postings.add("refund_settled", source, legs, *place, payment.tenant_id)
    else:
        legs = credit_refunded(SOURCE, method, amount)
        moves.postings.add("credit_refunded", source, legs, *place, payment.tenant_id)
    moves.fee(source, payment.tenant_id, on, line)
    about = payment.provider_payment_id or one.external_id
    moves.settled("refund", one.external_id, source, payment.tenant_id, place, -amount, line, about)


_BACK = (
    select(PaymentAllocation.invoice_id, func.sum(Refund.amount_minor))
    .join(Refund, Refund.payment_id == PaymentAllocation.payment_id)
    .where(
        Refund.status == "succeeded",
        Refund.treatment == "credit_note",
        PaymentAllocation.reverses_id.is_(None),
    )
    .group_by(PaymentAllocation.invoice_id)
)


def _move_invoices(batch: Batch, held: Held) -> None:
    """Paid invoices are partly or wholly refunded by what went back of their payments."""
    wanted = sorted({each[0] for found in held.values() for each in found})
    back = dict(
        batch.work.session.execute(_BACK.where(PaymentAllocation.invoice_id.in_(wanted))).all()
    )
    for invoice in batch.ours(Invoice.id, wanted).values():
        batch.work.session.refresh(invoice)
        if invoice.status in ("paid", "partially_refunded") and back.get(invoice.id):
            whole = back[invoice.id] >= invoice.total_minor
            invoice.status = "refunded" if whole else "partially_refunded"
    batch.work.session.flush()


def _open(batch: Batch, moves: Moves, one: ImportObject, payment: Payment, held: Held) -> Dispute:
    facts, on = one.facts, batch.day_of(one.happened_at)
    line = _move(facts, withdrawn=True)
    same = line is None or line["currency"] == payment.currency
    fee = max(line["fee_minor"], 0) if line and same else 0
    tax = tax_within(
        facts["amount_minor"], payment.refunded_minor, *_sums(held.get(payment.id, []))
    )
    made = Dispute(
        payment_id=payment.id,
        tenant_id=payment.tenant_id,
        provider=SOURCE,
        provider_dispute_id=one.external_id,
        status="needs_response",
        reason=facts["why"],
        currency=payment.currency,
        amount_minor=facts["amount_minor"],
        fee_minor=fee,
        tax_minor=tax,
        opened_on=on,
        evidence_due_on=batch.day(facts["due"]) if facts["due"] else None,
        created_at=batch.work.now,
    )
    batch.work.session.add(made)
    payment.status = "disputed"
    _mark(batch, held.get(payment.id, []), disputed=True)
    batch.work.session.flush()
    source, place = ("dispute", made.id), (payment.currency, on)
    legs = dispute_opened(SOURCE, facts["amount_minor"], fee)
    moves.postings.add("dispute_opened", source, legs, *place, payment.tenant_id)
    if not same:
        moves.fee(source, payment.tenant_id, on, line)
    about = payment.provider_payment_id or one.external_id
    moves.settled(
        "dispute",
        one.external_id,
        source,
        payment.tenant_id,
        place,
        -facts["amount_minor"],
        line,
        about,
    )
    return made


def _decide(
    batch: Batch, moves: Moves, one: ImportObject, made: Dispute, payment: Payment, held: Held
) -> None:
    """Bring a dispute to where Stripe has it. Stripe keeps no day of a loss: the last for evidence,
    or the day it was read, whichever came first."""
    made.status = DISPUTE_STATES.get(one.facts["status"], made.status)
    if made.status not in ("won", "lost"):
        return
    line, today = _move(one.facts, withdrawn=False), batch.work.today
    last = made.evidence_due_on or today
    on = batch.day(line["at"]) if line else max(min(last, today), made.opened_on)
    made.closed_on = on
    kept = "partially_refunded" if payment.refunded_minor else "captured"
    payment.status = kept if made.status == "won" else "charged_back"
    _mark(batch, held.get(payment.id, []), disputed=False)
    source, place = ("dispute", made.id), (made.currency, on)
    if made.status == "lost":
        legs = dispute_lost(made.amount_minor - made.tax_minor, made.tax_minor)
        moves.postings.add("dispute_lost", source, legs, *place, made.tenant_id)
        return
    legs = dispute_won(SOURCE, made.amount_minor)
    moves.postings.add("dispute_won", source, legs, *place, made.tenant_id)
    about = payment.provider_payment_id or one.external_id
    moves.fee(source, made.tenant_id, on, line, WON)
    moves.settled(
        "dispute_won",
        f"{one.external_id}-won",
        source,
        made.tenant_id,
        place,
        made.amount_minor,
        line,
        about,
        WON,
    )


def _move(facts: dict[str, Any], *, withdrawn: bool) -> dict[str, Any] | None:
    found = (each for each in facts["moves"] if (each["amount_minor"] < 0) == withdrawn)
    return next(found, None)


def _mark(batch: Batch, held: list[tuple[int, int, int]], *, disputed: bool) -> None:
    numbers = [each[0] for each in held]
    batch.work.session.execute(
        update(Invoice).where(Invoice.id.in_(numbers)).values(disputed=disputed)
    )
