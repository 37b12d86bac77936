"""Invoicing usage: one invoice a subscription and ended usage period, safe to run again (USE.3)."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from sqlalchemy import ColumnElement, ScalarSelect, and_, false, func, or_, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import aliased, selectinload

from core.actions import action
from core.errors import BadInput, NotFound, NotNow
from core.invoices.issuing import NewInvoice, issue_new
from core.invoices.models import Invoice
from core.invoices.rules import NewLine
from core.money import round_half_up
from core.plans.models import Plan
from core.subscriptions.history import locked
from core.subscriptions.models import EARNING, PlanHistory, Subscription
from core.tenants.models import Tenant
from core.usage.models import UsageCounter, UsagePeriod, UsagePrice
from core.usage.pricing import LARGEST_QUANTITY, PricedLine, Pricing, Tier, price, total
from core.usage.rules import Calendar, Span, calendar_of, natural, spans_between
from core.usage.wording import line_words
from core.work import Work

REASON = "usage"
MOST_PERIODS = 60
"""Periods of one subscription that one run invoices."""


@dataclass(frozen=True)
class Bill:
    """What a subscription owes for a usage period; without lines nothing is invoiced."""

    lines: tuple[NewLine, ...]
    net_minor: int


@dataclass(frozen=True)
class Closed:
    """A usage period that was closed, with its invoice when something is owed."""

    invoice: Invoice | None


@action("saas.usage.invoiced", needs="saas.invoices.manage", system=True)
def invoice_usage(work: Work, subscription_id: int, start: date, end: date) -> Closed | None:
    """Invoice the usage of a period that has ended and close it; None when it is closed already.

    Raises NotFound when a price is missing, NotNow when the period runs.
    """
    subscription = locked(work, subscription_id)
    work.tell(
        tenant_id=subscription.tenant_id, subscription_id=subscription.id, period_start=str(start)
    )
    if end > work.today:
        raise NotNow(f"The usage period from {start} runs until {end}")
    period = _held(work, subscription.tenant_id, start, end)
    if period.closed_at is not None:
        work.tell(invoiced=False)
        return None
    tenant = work.session.get_one(Tenant, subscription.tenant_id)
    bill = decide(work, subscription, tenant, Span(start, end))
    invoice = None
    if bill.net_minor:
        sent = subscription.collection == "send_invoice"
        new = NewInvoice(
            "usage",
            bill.lines,
            work.settings.payment_terms_days if sent else 0,
            reason=REASON,
            subscription_id=subscription.id,
            period_start=start,
            period_end=end,
        )
        invoice = issue_new(work, tenant, new)
    period.closed_at, period.period_end = work.now, end
    period.invoice_id = invoice.id if invoice else None
    work.tell(
        invoiced=invoice is not None,
        period_end=str(end),
        invoice_id=period.invoice_id,
        net_minor=bill.net_minor,
    )
    return Closed(invoice)


def decide(work: Work, subscription: Subscription, tenant: Tenant, span: Span) -> Bill:
    """What is owed for a period, by the plan and the prices in force when it started.

    A trial owes nothing, and a minimum is owed while the subscription earns, by days when the
    period was cut short. Raises NotFound when usage has a price in other currencies only.
    """
    plan_id, status = _state_at(work, subscription, span.start)
    if status == "trial":
        return Bill((), 0)
    usage = _usage(work, tenant.id, span.start)
    prices = _prices(work, plan_id, span.start)
    _check_currencies(prices, usage, tenant.currency)
    plan = work.session.get_one(Plan, subscription.plan_id)
    whole = natural(calendar(subscription, plan), span.start)
    days = ((span.end - span.start).days, (whole.end - whole.start).days)
    lines, net_minor = [], 0
    for each in prices:
        if each.currency == tenant.currency:
            pricing = _pricing(each, days if status in EARNING else (0, 1))
            priced = price(pricing, usage.get(each.meter, Decimal(0)))
            net_minor += total(priced)
            lines += [_invoice_line(each, line, plan_id, tenant.language) for line in priced]
    return Bill(tuple(lines), net_minor)


def ended_periods(work: Work, subscription: Subscription, as_of: date) -> list[Span]:
    """The usage periods that ended by a day and are not invoiced, in order.

    They begin with the first price of the subscription's plans. Raises BadInput when there are
    absurdly many.
    """
    plan = work.session.get_one(Plan, subscription.plan_id)
    known = work.session.scalars(
        select(UsagePeriod)
        .where(UsagePeriod.tenant_id == subscription.tenant_id)
        .order_by(UsagePeriod.period_start)
    ).all()
    closed = [each.period_end for each in known if each.closed_at is not None]
    priced_from = work.session.scalar(
        select(func.min(UsagePrice.valid_from)).where(
            or_(
                UsagePrice.plan_id == subscription.plan_id,
                UsagePrice.plan_id.in_(
                    select(PlanHistory.plan_id).where(
                        PlanHistory.subscription_id == subscription.id
                    )
                ),
            )
        )
    )
    if priced_from is None:
        return []
    first = max([subscription.started_on, priced_from, *closed])
    until = min(as_of, subscription.ended_on or as_of)
    spans = [Span(each.period_start, each.period_end) for each in known]
    ended = spans_between(calendar(subscription, plan), first, until, spans)
    if len(ended) > MOST_PERIODS:
        raise BadInput(f"{len(ended)} usage periods wait, more than {MOST_PERIODS}")
    return ended


def with_usage_prices(work: Work, as_of: date) -> list[int]:
    """Subscriptions with a plan, now or before, that charges for usage; not those long ended,
    nor those whose first open period surely runs beyond `as_of`.
    """
    priced = select(UsagePrice.plan_id)
    closed_until = (
        select(func.max(UsagePeriod.period_end))
        .where(UsagePeriod.tenant_id == Subscription.tenant_id, UsagePeriod.closed_at.is_not(None))
        .scalar_subquery()
    )
    found = select(Subscription.id).where(
        ~_runs_on(as_of, closed_until),
        or_(
            Subscription.ended_on.is_(None),
            closed_until.is_(None),
            Subscription.ended_on > closed_until,
        ),
        or_(
            Subscription.plan_id.in_(priced),
            Subscription.id.in_(
                select(PlanHistory.subscription_id).where(PlanHistory.plan_id.in_(priced))
            ),
        ),
    )
    return list(work.session.scalars(found.order_by(Subscription.id)))


def _runs_on(as_of: date, closed_until: ScalarSelect[date]) -> ColumnElement[bool]:
    """Nothing began, ended or was cut since the open period that follows all closed ones began."""
    running = aliased(UsagePeriod)
    runs = (
        select(running.period_start)
        .where(
            running.tenant_id == Subscription.tenant_id,
            running.closed_at.is_(None),
            running.period_start <= func.coalesce(closed_until, Subscription.started_on),
            running.period_start >= Subscription.started_on,
            running.period_start >= Subscription.current_period_start,
            running.period_end > as_of,
        )
        .exists()
    )
    whole = and_(
        runs,
        Subscription.current_period_end > as_of,
        or_(Subscription.ended_on.is_(None), Subscription.ended_on > as_of),
    )
    return func.coalesce(whole, false())


def calendar(subscription: Subscription, plan: Plan) -> Calendar:
    """How the subscription's usage periods run."""
    return calendar_of(
        subscription.cycle,
        subscription.anchor_day,
        subscription.started_on,
        (subscription.current_period_start, subscription.current_period_end),
        fixed_days=plan.fixed_days,
        ended_on=subscription.ended_on,
    )


def _held(work: Work, tenant_id: int, start: date, end: date) -> UsagePeriod:
    """The period's row, locked; whoever still counts in it is waited for."""
    work.session.execute(
        insert(UsagePeriod)
        .values(tenant_id=tenant_id, period_start=start, period_end=end)
        .on_conflict_do_nothing()
    )
    return work.session.get_one(UsagePeriod, (tenant_id, start), with_for_update=True)


def _state_at(work: Work, subscription: Subscription, day: date) -> tuple[int, str]:
    """Plan and status at the end of a day; the present ones before the first history row."""
    row = work.session.execute(
        select(PlanHistory.plan_id, PlanHistory.status)
        .where(PlanHistory.subscription_id == subscription.id, PlanHistory.effective_on <= day)
        .order_by(PlanHistory.effective_on.desc(), PlanHistory.id.desc())
        .limit(1)
    ).one_or_none()
    return (row[0], row[1]) if row else (subscription.plan_id, subscription.status)


def _usage(work: Work, tenant_id: int, period_start: date) -> dict[str, Decimal]:
    rows = work.session.execute(
        select(UsageCounter.meter, func.sum(UsageCounter.value))
        .where(UsageCounter.tenant_id == tenant_id, UsageCounter.period_start == period_start)
        .group_by(UsageCounter.meter)
    )
    return {row[0]: row[1] for row in rows}


def _prices(work: Work, plan_id: int, day: date) -> list[UsagePrice]:
    return list(
        work.session.scalars(
            select(UsagePrice)
            .where(
                UsagePrice.plan_id == plan_id,
                UsagePrice.valid_from <= day,
                or_(UsagePrice.valid_until.is_(None), UsagePrice.valid_until > day),
            )
            .order_by(UsagePrice.meter, UsagePrice.currency)
            .options(selectinload(UsagePrice.tiers))
        )
    )


def _check_currencies(prices: list[UsagePrice], usage: dict[str, Decimal], currency: str) -> None:
    priced = {each.meter for each in prices}
    here = {each.meter for each in prices if each.currency == currency}
    if missing := sorted(meter for meter in priced - here if usage.get(meter)):
        raise NotFound(f"The plan has no usage price of {missing[0]} in {currency}")


def _pricing(row: UsagePrice, days: tuple[int, int]) -> Pricing:
    owed, whole = days
    return Pricing(
        row.model,
        tuple(Tier(each.up_to, each.unit_minor, each.flat_minor) for each in row.tiers),
        row.included,
        row.package_size,
        round_half_up(row.minimum_minor * min(owed, whole), whole),
    )


def _invoice_line(row: UsagePrice, line: PricedLine, plan_id: int, language: str) -> NewLine:
    """A line with quantity and unit price; a unit price finer than a minor unit stands in words."""
    words = line_words(row.meter, line, row.currency, row.package_size, language)
    unit = line.unit_minor
    if unit == unit.to_integral_value() and line.quantity < LARGEST_QUANTITY:
        return NewLine(words, int(unit), line.quantity, plan_id=plan_id)
    return NewLine(words, line.amount_minor, plan_id=plan_id)
