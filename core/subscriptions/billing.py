"""What a subscription is invoiced: a whole period, or the rest of one after a change."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal

from sqlalchemy import func, or_, select

from core.credit_notes import issuing as crediting
from core.credit_notes.models import CreditNote, CreditNoteLine
from core.errors import InsufficientBalance
from core.invoices.issuing import NewInvoice, issue_new
from core.invoices.models import Invoice, InvoiceLine
from core.invoices.rules import NewLine
from core.money import round_half_up, units_text
from core.plans.models import Plan
from core.subscriptions.models import Subscription
from core.subscriptions.rules import Share, period_end
from core.subscriptions.terms import parts_under, shared, terms_of
from core.tenants.models import Tenant
from core.wallets import paying
from core.work import Work

Document = Invoice | CreditNote
PAUSED, RESUMED = "pause", "resume"
"""Reasons of the documents that give days of a pause back, and take them again."""


def open_period(
    work: Work,
    subscription: Subscription,
    start: date,
    reason: str,
    *,
    whole: tuple[date, date] | None = None,
) -> Invoice | None:
    """Move the subscription into the period that starts on a day, invoice and settle it.

    `whole` is the period of which only the days from `start` on are billed. None when the period
    costs nothing. The database refuses a second invoice of the same subscription, period start and
    reason. Raises InsufficientBalance when its wallet cannot pay.
    """
    first, end = whole or (start, _end(work, subscription, start))
    subscription.current_period_start, subscription.current_period_end = first, end
    share = Share((end - start).days, (end - first).days, "")
    lines = [line for line in price_lines(work, subscription, start, end, share) if line.unit_minor]
    if not lines:
        return None
    return bill(work, subscription, lines, reason, start)


def price_lines(
    work: Work, subscription: Subscription, start: date, end: date, share: Share
) -> list[NewLine]:
    """Plan and items for the days [start, end), each at its share of the cycle's price."""
    is_whole = share.left == share.whole
    lines = []
    for part in parts_under(work, subscription, terms_of(subscription)):
        cycle = f", {subscription.cycle}" if is_whole and part.plan_id else ""
        lines.append(
            NewLine(
                f"{part.words}{cycle}, {start} to {end}",
                part.unit_minor if is_whole else shared(part.cycle_minor, share),
                Decimal(part.quantity if is_whole else 1),
                plan_id=part.plan_id,
                service_start=start,
                service_end=end,
            )
        )
    return lines


def bill(
    work: Work, subscription: Subscription, lines: Sequence[NewLine], reason: str, start: date
) -> Invoice:
    """Issue an invoice of a subscription and settle it from credit, and from its wallet.

    Raises InsufficientBalance when the wallet it is paid from is short.
    """
    sent = subscription.collection == "send_invoice"
    invoice = issue_new(
        work,
        _tenant(work, subscription),
        NewInvoice(
            "subscription",
            tuple(lines),
            work.settings.payment_terms_days if sent else 0,
            reason=reason,
            subscription_id=subscription.id,
            period_start=start,
            period_end=subscription.current_period_end,
        ),
    )
    if invoice.due_minor:
        crediting.use_credit(work, invoice)
    due = invoice.due_minor
    from_wallet = due and subscription.collection == "wallet"
    if from_wallet and not paying.settle_from_wallet(work, invoice):
        needed = units_text(due, invoice.currency)
        raise InsufficientBalance(f"The wallet cannot pay the {needed} {invoice.currency} due")
    work.session.flush()
    return invoice


def bill_or_credit(
    work: Work, subscription: Subscription, lines: Sequence[NewLine], reason: str, start: date
) -> Document | None:
    """An invoice of lines of both signs, or a credit note when they give back more than they ask.

    None when they cancel out.
    """
    lines = [line for line in lines if line.unit_minor]
    net = sum(line.unit_minor * int(line.quantity) for line in lines)
    if net < 0:
        return credit(work, subscription, [_turned(line) for line in lines], reason)
    return bill(work, subscription, lines, reason, start) if lines else None


def credit(
    work: Work, subscription: Subscription, lines: Sequence[NewLine], reason: str
) -> CreditNote:
    """A credit note of a subscription."""
    tenant = _tenant(work, subscription)
    return crediting.issue_credit_note(
        work, tenant, lines, reason=reason, subscription_id=subscription.id
    )


def creditable(work: Work, subscription: Subscription) -> int:
    """Net minor units paid for the current period less what was credited of it."""
    start, end = subscription.current_period_start, subscription.current_period_end
    rows = work.session.execute(
        select(InvoiceLine.net_minor, Invoice.paid_minor, Invoice.total_minor)
        .join(Invoice, Invoice.id == InvoiceLine.invoice_id)
        .where(
            Invoice.subscription_id == subscription.id,
            Invoice.type == "subscription",
            Invoice.status.not_in(("draft", "cancelled", "refunded")),
            or_(
                InvoiceLine.service_end == end,
                Invoice.reason.like(f"{RESUMED}%")
                & (InvoiceLine.service_start >= start)
                & (InvoiceLine.service_end < end),
            ),
        )
    )
    paid = sum(round_half_up(net * paid, total) if total else net for net, paid, total in rows)
    credited = work.session.scalar(
        select(func.coalesce(func.sum(CreditNoteLine.net_minor), 0))
        .join(CreditNote, CreditNote.id == CreditNoteLine.credit_note_id)
        .where(
            CreditNote.subscription_id == subscription.id,
            CreditNote.status != "declined",
            or_(
                CreditNoteLine.service_end == end,
                (CreditNote.reason == PAUSED)
                & (CreditNoteLine.service_start >= start)
                & (CreditNoteLine.service_end < end),
            ),
        )
    )
    return max(paid - int(credited or 0), 0)


def _turned(line: NewLine) -> NewLine:
    return NewLine(
        line.description,
        -line.unit_minor,
        line.quantity,
        plan_id=line.plan_id,
        service_start=line.service_start,
        service_end=line.service_end,
    )


def _end(work: Work, subscription: Subscription, start: date) -> date:
    plan = work.session.get_one(Plan, subscription.plan_id)
    return period_end(
        start, subscription.cycle, subscription.anchor_day, fixed_days=plan.fixed_days
    )


def _tenant(work: Work, subscription: Subscription) -> Tenant:
    return work.session.get_one(Tenant, subscription.tenant_id)
