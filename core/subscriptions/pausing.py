"""Pauses: days without service are given back, and the anchor stays (SUB.3).

What was paid for the blocked days of the running period becomes credit when the pause begins.
Resuming earlier takes the rest of that credit back; resuming after the period bills the days up to
the next boundary of the same anchor.
"""

from datetime import date

from sqlalchemy import select

from core.actions import action
from core.credit_notes.models import CreditNote, CreditNoteLine
from core.errors import BadInput, InsufficientBalance, NotNow
from core.invoices.models import Invoice
from core.invoices.rules import NewLine
from core.money import round_half_up
from core.plans.models import Plan
from core.subscriptions.billing import PAUSED, RESUMED, bill, credit, creditable, open_period
from core.subscriptions.changing import running_period
from core.subscriptions.history import keep, locked, move, state_of
from core.subscriptions.models import Subscription
from core.subscriptions.rules import Proration, Share, period_end
from core.subscriptions.terms import parts_under, shared, terms_of
from core.work import Work


@action("saas.subscription.paused", needs="sys_finance", fresh=True)
def pause(
    work: Work,
    subscription_id: int,
    until: date,
    *,
    version: int | None = None,
    reason: str,
    key: str | None = None,
) -> Subscription:
    """Stop service and renewals until a day, on which it resumes by itself.

    Raises BadInput, NotFound, NotNow, ChangedMeanwhile.
    """
    if until <= work.today:
        raise BadInput("A pause ends on a later day")
    subscription = locked(work, subscription_id, version)
    before = state_of(subscription)
    move(subscription, "paused")
    subscription.paused_until = until
    proration = _give_back(work, subscription, until)
    keep(work, subscription, "paused", before, reason=reason, proration=proration)
    work.tell(
        tenant_id=subscription.tenant_id,
        subscription_id=subscription.id,
        until=str(until),
        credited_minor=proration.credit_minor,
    )
    return subscription


@action("saas.subscription.resumed_early", needs="sys_finance", fresh=True)
def resume_now(
    work: Work,
    subscription_id: int,
    *,
    version: int | None = None,
    reason: str,
    key: str | None = None,
) -> Subscription:
    """End a pause today instead of on its day. Raises NotNow, InsufficientBalance."""
    subscription = locked(work, subscription_id, version)
    _resume(work, subscription, reason)
    return subscription


@action("saas.subscription.resumed", needs="saas.subscriptions.manage", system=True)
def resume(work: Work, subscription_id: int) -> Invoice | None:
    """End a pause whose day has come, and return the invoice of the days to the next boundary.

    A wallet too short for it begins afresh once it is recharged.
    """
    subscription = locked(work, subscription_id)
    if subscription.paused_until is not None and subscription.paused_until > work.today:
        raise NotNow(f"The pause lasts until {subscription.paused_until}")
    return _resume(work, subscription, "")


def _resume(work: Work, subscription: Subscription, reason: str) -> Invoice | None:
    if subscription.status != "paused":
        raise NotNow(f"The subscription is {subscription.status}, not paused")
    before = state_of(subscription)
    until = subscription.paused_until
    move(subscription, "active")
    end = subscription.current_period_end
    invoice = None
    if end is not None and work.today < end:
        invoice = _take_again(work, subscription, until)
    elif end is not None and work.today > end:
        invoice = _open_rest(work, subscription, end)
    keep(work, subscription, "resumed", before, reason=reason)
    work.tell(
        tenant_id=subscription.tenant_id,
        subscription_id=subscription.id,
        invoice_id=invoice.id if invoice else None,
    )
    return invoice


def _give_back(work: Work, subscription: Subscription, until: date) -> Proration:
    """Credit the blocked days of the running period, at most what was paid."""
    start, end = running_period(work, subscription)
    stop = min(until, end)
    blocked, whole = (stop - work.today).days, (end - start).days
    basis = f"{blocked} of {whole} days"
    lines, left = [], creditable(work, subscription)
    for part in parts_under(work, subscription, terms_of(subscription)):
        amount = min(shared(part.cycle_minor, Share(blocked, whole, basis)), left)
        left -= amount
        if amount:
            words = f"{part.words}, paused {work.today} to {stop}"
            lines.append(_line(words, amount, part.plan_id, work.today, stop))
    if lines:
        credit(work, subscription, lines, PAUSED)
    return Proration(sum(line.unit_minor for line in lines), 0, "actual_days", basis)


def _take_again(work: Work, subscription: Subscription, until: date | None) -> Invoice | None:
    """Charge what the pause gave back for days that are served after all."""
    rows = work.session.scalars(
        select(CreditNoteLine)
        .join(CreditNote, CreditNote.id == CreditNoteLine.credit_note_id)
        .where(
            CreditNote.subscription_id == subscription.id,
            CreditNote.reason == PAUSED,
            CreditNoteLine.service_end > work.today,
            CreditNoteLine.service_end <= (until or work.today),
        )
        .order_by(CreditNoteLine.id)
    )
    lines = []
    for row in rows:
        assert row.service_start is not None
        assert row.service_end is not None
        begin = max(work.today, row.service_start)
        regained, blocked = row.service_end - begin, row.service_end - row.service_start
        amount = round_half_up(row.net_minor * regained.days, blocked.days)
        if amount:
            words = f"{row.description}: served again from {begin}"
            lines.append(_line(words, amount, row.plan_id, begin, row.service_end))
    if not lines:
        return None
    return bill(work, subscription, lines, f"{RESUMED}_{subscription.version}", work.today)


def _open_rest(work: Work, subscription: Subscription, end: date) -> Invoice | None:
    """Bill from today to the next boundary of the anchor; a short wallet leaves it due today."""
    plan = work.session.get_one(Plan, subscription.plan_id)
    first = end
    while True:
        after = period_end(
            first, subscription.cycle, subscription.anchor_day, fixed_days=plan.fixed_days
        )
        if after > work.today:
            break
        first = after
    try:
        with work.session.begin_nested():
            return open_period(work, subscription, work.today, RESUMED, whole=(first, after))
    except InsufficientBalance:
        subscription.current_period_end = work.today
        subscription.anchor_day = work.today.day
        return None


def _line(words: str, amount: int, plan_id: int | None, start: date, stop: date) -> NewLine:
    return NewLine(words, amount, plan_id=plan_id, service_start=start, service_end=stop)
