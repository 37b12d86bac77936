"""Changes in the middle of a period: the old price credited, the new one charged (SUB.3–4)."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from core.errors import BadInput, NotNow
from core.invoices.rules import NewLine
from core.plans.models import Plan
from core.subscriptions.billing import Document, bill_or_credit, creditable
from core.subscriptions.history import State, keep, state_of
from core.subscriptions.models import Subscription
from core.subscriptions.rules import DEFAULT_POLICY, Proration, period_end, prorate
from core.subscriptions.terms import Part, Terms, parts_under, take, terms_of
from core.work import Work

LONGEST_PREVIEW = timedelta(hours=1)
"""How old the instant of a preview may be when a change by seconds is carried out."""


@dataclass(frozen=True)
class Change:
    """What a change did: its document, and its proration; neither within a trial."""

    before: State
    document: Document | None = None
    proration: Proration | None = None


def change_now(
    work: Work,
    subscription: Subscription,
    terms: Terms,
    *,
    policy: str,
    at: datetime | None,
    reason: str,
) -> Change:
    """Put terms in force today, bill or credit the rest of the period, keep the history row.

    Within the same cycle the period stays; another cycle restarts it today at the full price.
    """
    before = state_of(subscription)
    if subscription.status == "trial" or subscription.current_period_end is None:
        take(work, subscription, terms)
        keep(work, subscription, "plan_changed", before, reason=reason)
        return Change(before)
    old, new = _parts(work, subscription, terms)
    start, end = running_period(work, subscription)
    restart = terms.cycle != subscription.cycle
    instant = _instant(work, policy, at)
    gone = [_prorated(work, part, 0, (start, end), instant, policy) for part in old]
    cap = creditable(work, subscription)
    lines = _credit_lines(old, gone, cap, (work.today, end))
    credit = -sum(line.unit_minor for line in lines)
    version = subscription.version
    take(work, subscription, terms)
    if restart:
        end = _restart(work, subscription)
        charges = [part.cycle_minor for part in new]
    else:
        shares = [_prorated(work, part, 1, (start, end), instant, policy) for part in new]
        charges = [share.debit_minor for share in shares]
    for part, charge in zip(new, charges, strict=True):
        words = f"{part.words}, {work.today} to {end}"
        lines.append(_line(words, charge, part, work.today, end))
    proration = Proration(credit, sum(charges), policy, gone[0].basis)
    # The version before the change makes a second change of the same day another document.
    document = bill_or_credit(work, subscription, lines, f"plan_change_{version}", work.today)
    keep(work, subscription, "plan_changed", before, reason=reason, proration=proration)
    return Change(before, document, proration)


def running_period(work: Work, subscription: Subscription) -> tuple[date, date]:
    """The period today lies in. Raises NotNow when it has ended."""
    start, end = subscription.current_period_start, subscription.current_period_end
    if start is None or end is None or not start <= work.today < end:
        raise NotNow("The period has ended; renew it first")
    return start, end


def credit_rest(work: Work, subscription: Subscription) -> None:
    """Give back what was paid for the days left of the running period, by whole days."""
    period = running_period(work, subscription)
    parts = parts_under(work, subscription, terms_of(subscription))
    gone = [_prorated(work, part, 0, period, work.today, DEFAULT_POLICY) for part in parts]
    cap = creditable(work, subscription)
    lines = _credit_lines(parts, gone, cap, (work.today, period[1]))
    reason = f"cancelled_{subscription.version}"
    bill_or_credit(work, subscription, lines, reason, work.today)


def prorated_part(
    work: Work, subscription: Subscription, part: Part, policy: str, at: datetime | None
) -> Proration:
    """Credit and charge of one part for the rest of the running period, at the same price."""
    period = running_period(work, subscription)
    return _prorated(work, part, 1, period, _instant(work, policy, at), policy)


def _parts(work: Work, subscription: Subscription, terms: Terms) -> tuple[list[Part], list[Part]]:
    """What ends and what begins; items go on as they are unless the cycle changes."""
    old = parts_under(work, subscription, terms_of(subscription))
    new = parts_under(work, subscription, terms)
    return (old, new) if terms.cycle != subscription.cycle else (old[:1], new[:1])


def _prorated(
    work: Work,
    part: Part,
    again: int,
    period: tuple[date, date],
    at: date,
    policy: str,
) -> Proration:
    price = part.cycle_minor
    zone = work.settings.billing_timezone
    return prorate(price, again * price, *period, at, policy=policy, timezone=zone)


def _instant(work: Work, policy: str, at: datetime | None) -> date:
    """The day of a change, or its instant where seconds count: that of its preview, if given."""
    if policy != "elapsed_time":
        return work.today
    if at is None:
        return work.now
    if not work.now - LONGEST_PREVIEW <= at <= work.now:
        raise BadInput("The preview is more than an hour old; look at it again")
    return at


def _credit_lines(
    parts: list[Part], gone: list[Proration], cap: int, service: tuple[date, date]
) -> list[NewLine]:
    """Lines that take back what is left of each part, together at most what may be credited."""
    lines, left = [], cap
    for part, share in zip(parts, gone, strict=True):
        amount = min(share.credit_minor, left)
        left -= amount
        if amount:
            capped = ", as far as it was paid" if amount < share.credit_minor else ""
            words = f"{part.words}, unused {share.basis}{capped}"
            lines.append(_line(words, -amount, part, *service))
    return lines


def _restart(work: Work, subscription: Subscription) -> date:
    plan = work.session.get_one(Plan, subscription.plan_id)
    subscription.anchor_day = work.today.day
    subscription.current_period_start = work.today
    subscription.current_period_end = period_end(
        work.today, subscription.cycle, subscription.anchor_day, fixed_days=plan.fixed_days
    )
    return subscription.current_period_end


def _line(words: str, amount: int, part: Part, start: date, end: date) -> NewLine:
    return NewLine(words, amount, plan_id=part.plan_id, service_start=start, service_end=end)
