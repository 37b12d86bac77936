"""What a refund would do, before anything is written: the refund itself, undone (REF.1)."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import func, select, text

from core.access.authority import Actor
from core.payments.actions import lock_payment
from core.payments.models import Payment
from core.refunds.actions import LIVE, Ask, request_refund, settle
from core.refunds.held import held_of, returnable
from core.refunds.models import Refund
from core.rehearsal import Preview, last_invoice, written
from core.wallets.refunding import refund_to_wallet
from core.work import Office, Work

WORDS = {
    "credit_note": "A credit note is written for it: the invoice is not owed again.",
    "reopen": "No credit note is written: the invoice is owed again.",
    "credit": "Money that settled no invoice goes back: no invoice changes.",
    "note": "The credit of an earlier credit note is paid out: the invoice is not owed again.",
}
_INVOICES = text("""
-- How do the invoices of a payment stand? One row per invoice; minor units.
select i.id, i.number, i.status, i.currency, i.total_minor,
  case when i.status in ('issued', 'partially_paid') then i.total_minor - i.paid_minor else 0 end
    as due_minor
from invoice i
where i.id in (select invoice_id from payment_allocation where payment_id = :payment_id)
order by i.id
""")
_EARLIER = text("""
select id, amount_minor, status, requested_at from refund
where payment_id = :payment_id and status in ('pending', 'succeeded') order by id
""")


@dataclass(frozen=True)
class Change:
    """An invoice before and after; minor units."""

    invoice_id: int
    number: str | None
    status: str
    due_minor: int
    status_after: str
    due_after_minor: int


@dataclass(frozen=True)
class Earlier:
    """A refund of the same payment that was made or is under way."""

    refund_id: int
    amount_minor: int
    status: str
    requested_at: datetime


@dataclass(frozen=True)
class RefundPreview:
    """A refund's effect in minor units; `nth` is what the execution passes on.

    `refundable_minor` is what can go back with a credit note, `reopenable_minor` without one, and
    `credit_minor` settles no invoice. `nth` above 1 says that the actor refunded this amount of
    this payment before. The gateway keeps its `fee_minor`.
    """

    payment_id: int
    amount_minor: int
    currency: str
    provider: str
    treatment: str
    words: str
    nth: int
    earlier: list[Earlier]
    refundable_minor: int
    reopenable_minor: int
    credit_minor: int
    fee_minor: int
    credit_after_minor: int
    invoices: list[Change]
    written: Preview


def preview_refund(office: Office, actor: Actor, ask: Ask) -> RefundPreview:
    """Request and settle a refund, read what that wrote, and undo it.

    Needs `sys_finance`; raises what `request_refund` raises. `ask.nth` is not read: the next free
    number is taken and told.
    """
    with office.rehearse(actor) as work:
        work.require("sys_finance")
        payment = lock_payment(work, ask.payment_id)
        rooms = _rooms(work, payment)
        earlier = [
            Earlier(*row)
            for row in work.session.execute(_EARLIER, {"payment_id": payment.id}).all()
        ]
        before, last = _invoices(work, payment), last_invoice(work)
        nth = _next(work, ask)
        _do(work, payment, replace(ask, nth=nth))
        after = _invoices(work, payment)
        return RefundPreview(
            payment.id,
            ask.amount_minor,
            payment.currency,
            payment.provider,
            ask.treatment,
            WORDS[ask.treatment],
            nth,
            earlier,
            *rooms,
            payment.fee_minor,
            payment.credit_minor,
            [
                Change(
                    number,
                    row.number,
                    row.status,
                    row.due_minor,
                    after[number].status,
                    after[number].due_minor,
                )
                for number, row in before.items()
            ],
            written(work, last),
        )


def _do(work: Work, payment: Payment, ask: Ask) -> None:
    if payment.provider == "wallet":
        refund_to_wallet(work, payment.id, ask.amount_minor, nth=ask.nth, reason="")
    else:
        refund = request_refund(work, ask, reason="")
        settle(work, refund, payment, f"preview-{refund.id}")
    work.session.flush()


def _next(work: Work, ask: Ask) -> int:
    """The number of a new refund of this amount by this actor: 1 unless there was one."""
    last = work.session.scalar(
        select(func.max(Refund.nth)).where(
            Refund.payment_id == ask.payment_id,
            Refund.amount_minor == ask.amount_minor,
            Refund.actor_id == work.actor.user_id,
            Refund.status.in_(LIVE),
        )
    )
    return int(last or 0) + 1


def _rooms(work: Work, payment: Payment) -> tuple[int, int, int]:
    room = returnable(payment)
    notable = sum(each.notable_minor for each in held_of(work, payment))
    return min(room, notable), room, payment.credit_minor


def _invoices(work: Work, payment: Payment) -> dict[int, Any]:
    rows = work.session.execute(_INVOICES, {"payment_id": payment.id})
    return {row.id: row for row in rows}
