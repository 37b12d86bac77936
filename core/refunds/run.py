"""Carrying refunds out: request, commit, gateway, settle; and the sweep of what hangs (REF.1–2).

Nothing is held open while a gateway is asked. Its key is made from the refund's id, so asking
again after a crash or a time-out gives the answer of the first time, and money goes back once.
"""

from dataclasses import dataclass
from datetime import timedelta

import structlog
from sqlalchemy import select

from core.access.authority import Actor, system
from core.alone import alone
from core.base import is_older
from core.errors import SaldoError
from core.gateways.models import PROVIDERS
from core.gateways.port import Gateway, GatewayRefused, GatewayUnsure, RefundAnswer, RefundOrder
from core.gateways.registry import gateway_of
from core.payments.models import Payment
from core.refunds.actions import Ask, fail_refund, request_refund, settle_refund
from core.refunds.models import Refund
from core.refunds.returning import return_refund
from core.wallets.refunding import refund_to_wallet
from core.work import Office, Work

log = structlog.get_logger()
SYSTEM = system("refunds")
SWEEP_AFTER = timedelta(minutes=5)
"""Age from which a pending refund is asked for again; younger ones are on their way."""
LOOKS_BACK = timedelta(days=45)
"""How long after it went out a refund is still looked after; gateways say within 30 days."""


@dataclass(frozen=True)
class Outcome:
    """What became of a refund when the gateway was asked."""

    refund_id: int
    status: str
    words: str


def execute(
    office: Office,
    actor: Actor,
    ask: Ask,
    *,
    reason: str,
    key: str | None = None,
    gateway: Gateway | None = None,
) -> Refund:
    """Request a refund and carry it out. A time-out leaves it pending, for the sweep.

    Raises what `request_refund` raises, and CredentialsMissing; a gateway's refusal is the
    refund's status `failed`.
    """
    refund_id = _ask(office, actor, ask, reason, key, gateway)
    carry_out(office, refund_id, gateway=gateway)
    with office.work(SYSTEM) as work:
        return work.session.get_one(Refund, refund_id)


def carry_out(
    office: Office, refund_id: int, *, gateway: Gateway | None = None, again: bool = False
) -> Outcome:
    """Ask the gateway for a pending refund and write its answer down.

    `again` asks first whether an earlier attempt went through.
    """
    with office.work(SYSTEM) as work:
        refund = work.session.get_one(Refund, refund_id)
        payment = work.session.get_one(Payment, refund.payment_id)
    if refund.status != "pending":
        return Outcome(refund_id, refund.status, refund.failure or "")
    order = order_of_refund(refund, payment)
    try:
        # Not every gateway knows an order by its key, so nobody else may ask for it meanwhile.
        with alone(office.engine, order.key) as mine:
            if not mine:
                return Outcome(refund_id, "pending", "The gateway is being asked already")
            asked = gateway or _gateway(office, payment)
            known = asked.find_refund(order) if again else None
            answer = known or asked.refund(order)
    except GatewayRefused as problem:
        answer = RefundAnswer("failed", "", str(problem))
    except GatewayUnsure as problem:
        return Outcome(refund_id, "pending", str(problem))
    return _write_down(office, refund_id, answer)


def order_of_refund(refund: Refund, payment: Payment) -> RefundOrder:
    """A refund as the gateway is asked for it, by a key of its own."""
    return RefundOrder(
        f"refund-{refund.id}",
        payment.provider_payment_id or f"payment-{payment.id}",
        refund.amount_minor,
        refund.currency,
    )


def take_answer(work: Work, refund_id: int, answer: RefundAnswer) -> None:
    """Write down what a gateway says of a refund by now, also after it said otherwise.

    Again changes nothing. Raises NotFound, and NotNow when money went that had been refused.
    """
    refund = work.session.get(Refund, refund_id)
    why = answer.failure or "The gateway refused"
    if answer.status == "succeeded":
        settle_refund(work, refund_id, answer.provider_refund_id)
    elif answer.status == "failed" and refund is not None and refund.status == "succeeded":
        return_refund(work, refund_id, why)
    elif answer.status == "failed" and (refund is None or refund.status != "failed"):
        fail_refund(work, refund_id, why)


def sweep(office: Office, *, older_than: timedelta = SWEEP_AFTER) -> list[Outcome]:
    """Finish refunds that a crash or a time-out left pending; one that cannot be asked waits."""
    with office.work(SYSTEM) as work:
        hanging = work.session.scalars(
            select(Refund.id)
            .where(
                Refund.status == "pending",
                is_older(Refund.requested_at, work.now, older_than),
            )
            .order_by(Refund.id)
        ).all()
    outcomes = []
    for refund_id in hanging:
        try:
            outcomes.append(carry_out(office, refund_id, again=True))
        except SaldoError as problem:
            outcomes.append(Outcome(refund_id, "pending", str(problem)))
    return outcomes


def sweep_returned(office: Office) -> list[Outcome]:
    """Undo refunds of the last weeks that came back and no webhook told of; the others stand."""
    with office.work(SYSTEM) as work:
        gone = work.session.execute(
            select(Refund, Payment)
            .join(Payment, Payment.id == Refund.payment_id)
            .where(
                Refund.status == "succeeded",
                Refund.settled_at >= work.now - LOOKS_BACK,
                Payment.provider.in_(PROVIDERS),
            )
            .order_by(Refund.id)
        ).all()
    seen = [_look_after(office, refund, payment) for refund, payment in gone]
    return [outcome for outcome in seen if outcome is not None]


def _look_after(office: Office, refund: Refund, payment: Payment) -> Outcome | None:
    """Write down that a refund came back; None for one that did not, or cannot be asked for."""
    try:
        answer = _gateway(office, payment).find_refund(order_of_refund(refund, payment))
        if answer is None or answer.status != "failed":
            return None
        return _write_down(office, refund.id, answer)
    except SaldoError as problem:
        log.warning("refund_not_looked_after", refund=refund.id, problem=str(problem))
        return None


def _ask(
    office: Office,
    actor: Actor,
    ask: Ask,
    reason: str,
    key: str | None,
    gateway: Gateway | None,
) -> int:
    """Write the refund down if there is a way to pay back; a wallet gets its money at once."""
    with office.work(actor) as work:
        payment = work.session.get(Payment, ask.payment_id)
        if payment is None or payment.provider != "wallet":
            refund = request_refund(work, ask, reason=reason, key=key)
            if gateway is None:
                assert payment is not None
                _gateway(office, payment)
            return refund.id
        returned = refund_to_wallet(
            work, payment.id, ask.amount_minor, nth=ask.nth, reason=reason, key=key
        )
        return int(returned.reference_id.removeprefix("refund-"))


def _gateway(office: Office, payment: Payment) -> Gateway:
    return gateway_of(
        office.settings, payment.provider, engine=office.engine, tenant_id=payment.tenant_id
    )


def _write_down(office: Office, refund_id: int, answer: RefundAnswer) -> Outcome:
    if answer.status == "pending":
        return Outcome(refund_id, "pending", "The gateway has not decided yet")
    with office.work(SYSTEM) as work:
        take_answer(work, refund_id, answer)
    return Outcome(refund_id, answer.status, answer.failure or "")
