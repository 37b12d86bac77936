"""Attempts to collect an invoice from a kept card: begun, then settled by the answer (PAY.6)."""

from collections.abc import Sequence
from datetime import date, timedelta

from sqlalchemy import func, select

from core.actions import action
from core.charging.cards import card_to_charge
from core.charging.models import ChargeAttempt, PaymentMethod
from core.dunning.models import DunningCase
from core.errors import NotFound, NotNow
from core.gateways.port import ChargeAnswer
from core.invoices.models import OPEN, Invoice
from core.invoices.rules import STRIPE
from core.notifications.own import own_tenant
from core.payments.actions import Charge, write_charges
from core.payments.allocating import lock_invoices
from core.subscriptions.models import Subscription
from core.work import Work


@action("charge.attempt.started", needs="billing.write", system=True)
def start_attempt(
    work: Work, invoice_id: int, *, scheduled: bool = True, key: str | None = None
) -> ChargeAttempt:
    """Begin to charge what is owed on an invoice to the tenant's card; the gateway is asked next.

    A scheduled attempt keeps to the limit, the delay and the last decline. Raises NotFound, and
    NotNow with the reason why nothing is tried.
    """
    return _begin(work, _locked(work, invoice_id), scheduled=scheduled)


@action("charge.own_attempt.started", needs="org.billing.manage")
def pay_own_now(work: Work, invoice_id: int, *, key: str | None = None) -> ChargeAttempt:
    """Begin to charge an invoice of the own organisation to its card. Raises NotFound, NotNow."""
    tenant_id = own_tenant(work)
    invoice = _locked(work, invoice_id)
    if invoice.tenant_id != tenant_id:
        raise NotFound(f"There is no invoice {invoice_id}")
    return _begin(work, invoice, scheduled=False)


@action("charge.attempt.settled", needs=None, system=True)
def settle_attempt(work: Work, attempt_id: int, answer: ChargeAnswer) -> ChargeAttempt:
    """Write down what the gateway answered: a payment, or a decline that dunning hears of.

    Again changes nothing; a pending answer neither.
    """
    attempt = work.session.get(ChargeAttempt, attempt_id, with_for_update=True)
    if attempt is None:
        raise NotFound(f"There is no attempt {attempt_id}")
    work.tell(
        tenant_id=attempt.tenant_id,
        attempt_id=attempt.id,
        invoice_id=attempt.invoice_id,
        amount_minor=attempt.amount_minor,
        currency=attempt.currency,
        provider_payment_id=answer.provider_payment_id,
        status=answer.status,
        failure_code=answer.failure_code,
        hard=answer.hard,
    )
    if attempt.status != "pending" or answer.status == "pending":
        return attempt
    method = work.session.get_one(PaymentMethod, attempt.payment_method_id)
    failed = answer.status == "failed"
    code = (answer.failure_code or "declined") if failed else None
    payments = write_charges(
        work,
        [
            Charge(
                attempt.invoice_id,
                method.provider,
                answer.provider_payment_id,
                attempt.amount_minor,
                answer.fee_minor,
                code,
                attempt.scheduled,
            )
        ],
    )
    attempt.status, attempt.settled_at = ("failed" if failed else "succeeded"), work.now
    attempt.failure_code, attempt.hard = code, failed and answer.hard
    attempt.payment_id = payments[0].id if payments else None
    work.session.flush()
    return attempt


@action("charge.attempt.cancelled", needs=None, system=True)
def cancel_attempt(work: Work, attempt_id: int, why: str) -> ChargeAttempt:
    """The gateway never took the attempt and will not: no money moved, another may be tried."""
    attempt = work.session.get(ChargeAttempt, attempt_id, with_for_update=True)
    if attempt is None:
        raise NotFound(f"There is no attempt {attempt_id}")
    work.tell(tenant_id=attempt.tenant_id, attempt_id=attempt.id, why=why)
    if attempt.status == "pending":
        attempt.status, attempt.settled_at = "cancelled", work.now
    return attempt


def why_not(
    work: Work, invoice: Invoice, card: PaymentMethod | None, *, scheduled: bool = True
) -> str | None:
    """Why an attempt is not made now, None when it is."""
    if invoice.status not in OPEN or invoice.due_minor <= 0:
        return f"The invoice is {invoice.status}; nothing is owed on it"
    if invoice.reason == STRIPE:
        return "Stripe issued the invoice and collects it itself"
    if card is None:
        return "No card is kept for the tenant"
    attempts = work.session.scalars(
        select(ChargeAttempt)
        .where(ChargeAttempt.invoice_id == invoice.id, ChargeAttempt.status != "cancelled")
        .order_by(ChargeAttempt.nth.desc())
    ).all()
    if attempts and attempts[0].status == "pending":
        return "An attempt is under way"
    return _out_of_turn(work, invoice, card, attempts) if scheduled else None


def _out_of_turn(
    work: Work, invoice: Invoice, card: PaymentMethod, attempts: Sequence[ChargeAttempt]
) -> str | None:
    """Why the schedule leaves an invoice alone: the limit, the last decline, a frozen case."""
    most = work.settings.charge_attempts
    if sum(each.scheduled for each in attempts) >= most:
        return f"{most} attempts were made; the rest is for dunning"
    last = attempts[0] if attempts else None
    if last and last.settled_at and last.payment_method_id == card.id and last.failure_code:
        if last.hard:
            return f"The card was refused for good ({last.failure_code}); it has to change first"
        next_at = last.settled_at + timedelta(days=work.settings.charge_delay_days)
        if next_at > work.now:
            return f"The next attempt is on {next_at:%Y-%m-%d}"
    path = work.session.scalar(
        select(DunningCase.override_path).where(
            DunningCase.invoice_id == invoice.id, DunningCase.status != "closed"
        )
    )
    return "Its dunning is frozen" if path == "freeze" else None


def _begin(work: Work, invoice: Invoice, *, scheduled: bool) -> ChargeAttempt:
    card = card_to_charge(work, invoice.tenant_id)
    refusal = why_not(work, invoice, card, scheduled=scheduled)
    if refusal:
        raise NotNow(refusal)
    assert card is not None
    last = work.session.scalar(
        select(func.max(ChargeAttempt.nth)).where(ChargeAttempt.invoice_id == invoice.id)
    )
    attempt = ChargeAttempt(
        tenant_id=invoice.tenant_id,
        invoice_id=invoice.id,
        payment_method_id=card.id,
        nth=(last or 0) + 1,
        status="pending",
        currency=invoice.currency,
        amount_minor=invoice.due_minor,
        scheduled=scheduled,
        started_at=work.now,
    )
    work.session.add(attempt)
    work.session.flush()
    work.tell(
        tenant_id=invoice.tenant_id,
        attempt_id=attempt.id,
        invoice_id=invoice.id,
        nth=attempt.nth,
        amount_minor=attempt.amount_minor,
        currency=attempt.currency,
        provider=card.provider,
        last4=card.last4,
    )
    return attempt


def _locked(work: Work, invoice_id: int) -> Invoice:
    invoice = lock_invoices(work, [invoice_id]).get(invoice_id)
    if invoice is None:
        raise NotFound(f"There is no invoice {invoice_id}")
    return invoice


def due_invoices(work: Work, day: date) -> list[int]:
    """Open invoices of subscriptions that are charged to a card, due by a day, oldest first."""
    found = (
        select(Invoice.id)
        .join(Subscription, Subscription.id == Invoice.subscription_id)
        .where(
            Invoice.status.in_(OPEN),
            Invoice.due_on <= day,
            Subscription.collection == "charge_automatically",
        )
        .order_by(Invoice.due_on, Invoice.id)
    )
    return list(work.session.scalars(found))
