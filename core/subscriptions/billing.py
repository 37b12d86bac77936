"""What a subscription is invoiced: a whole period, or the rest of one after a change."""

from datetime import date

from sqlalchemy import select

from core.invoices.issuing import NewInvoice, issue_new
from core.invoices.models import Invoice, InvoiceLine
from core.invoices.rules import NewLine
from core.money import round_half_up
from core.plans.models import Plan
from core.subscriptions.models import Subscription
from core.subscriptions.rules import Proration, period_end
from core.tenants.models import Tenant
from core.work import Work


def open_period(work: Work, subscription: Subscription, start: date, reason: str) -> Invoice | None:
    """Move the subscription into the period that starts on a day and invoice it.

    None when the period costs nothing. The database refuses a second invoice of the same
    subscription, period start and reason.
    """
    plan, tenant = _plan_and_tenant(work, subscription)
    end = period_end(start, subscription.cycle, subscription.anchor_day, fixed_days=plan.fixed_days)
    subscription.current_period_start, subscription.current_period_end = start, end
    if subscription.amount_minor == 0:
        return None
    words = f"{plan.name}, {subscription.cycle}, {start} to {end}"
    line = NewLine(
        words, subscription.amount_minor, plan_id=plan.id, service_start=start, service_end=end
    )
    return _issue(work, subscription, tenant, (line,), reason)


def bill_change(
    work: Work,
    subscription: Subscription,
    old_plan: Plan,
    new_plan: Plan,
    proration: Proration,
    service: tuple[date, date],
    old_end: date,
) -> Invoice | None:
    """Invoice a change in the middle of a period: what is left of the old plan, then the new one.

    `service` is what the new plan's line pays for; the credit runs from the same day to `old_end`.
    """
    start, end = service
    lines = []
    if proration.credit_minor:
        words = f"{old_plan.name}, unused {proration.basis}"
        lines.append(_line(words, -proration.credit_minor, old_plan, start, old_end))
    if proration.debit_minor:
        words = f"{new_plan.name}, {start} to {end}"
        lines.append(_line(words, proration.debit_minor, new_plan, start, end))
    if not lines:
        return None
    tenant = work.session.get_one(Tenant, subscription.tenant_id)
    # The version before the change makes a second change of the same day another document.
    reason = f"plan_change_{subscription.version}"
    return _issue(work, subscription, tenant, tuple(lines), reason, start)


def creditable(work: Work, subscription: Subscription) -> int:
    """Net minor units paid for the current period less what was credited of it."""
    rows = work.session.execute(
        select(InvoiceLine.net_minor, Invoice.paid_minor, Invoice.total_minor)
        .join(Invoice, Invoice.id == InvoiceLine.invoice_id)
        .where(
            Invoice.subscription_id == subscription.id,
            Invoice.status.not_in(("draft", "cancelled", "refunded")),
            InvoiceLine.service_end == subscription.current_period_end,
        )
    )
    return sum(round_half_up(net * paid, total) if total else net for net, paid, total in rows)


def _line(words: str, net_minor: int, plan: Plan, start: date, end: date) -> NewLine:
    return NewLine(words, net_minor, plan_id=plan.id, service_start=start, service_end=end)


def _plan_and_tenant(work: Work, subscription: Subscription) -> tuple[Plan, Tenant]:
    row = work.session.execute(
        select(Plan, Tenant)
        .join(Tenant, Tenant.id == subscription.tenant_id)
        .where(Plan.id == subscription.plan_id)
    ).one()
    return row[0], row[1]


def _issue(
    work: Work,
    subscription: Subscription,
    tenant: Tenant,
    lines: tuple[NewLine, ...],
    reason: str,
    start: date | None = None,
) -> Invoice:
    sent = subscription.collection == "send_invoice"
    return issue_new(
        work,
        tenant,
        NewInvoice(
            "subscription",
            lines,
            work.settings.payment_terms_days if sent else 0,
            reason=reason,
            subscription_id=subscription.id,
            period_start=start or subscription.current_period_start,
            period_end=subscription.current_period_end,
        ),
    )
