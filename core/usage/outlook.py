"""What a tenant used day by day, and what its usage will cost at the end of the period (USE.5)."""

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from sqlalchemy import select, text

from core.errors import NotFound
from core.invoices.rules import NewLine, line_amounts, tax_of
from core.invoices.totals import Amounts, whole_of
from core.subscriptions.models import Subscription
from core.tenants.models import Tenant
from core.usage.checking import admit_reading, situation_of
from core.usage.invoicing import decide
from core.usage.periods import current_period
from core.usage.rules import LONGEST_PERIOD, Span
from core.work import Work

MOST_DAYS = 92
_METER = text("select aggregation from meter where name = :meter")
_DAYS = text("""
-- What was counted of a meter day by day? One row per local day on which something was.
select counted_on, count(*) as events, sum(quantity) as total, max(quantity) as largest,
  count(distinct subject) as subjects
from usage_event
where tenant_id = :tenant_id and meter = :meter
  and period_start >= :since_period and counted_on between :since and :until
group by counted_on
order by counted_on
""")
_COLUMN = {"count": "events", "sum": "total", "max": "largest", "unique": "subjects"}


@dataclass(frozen=True)
class Day:
    """What was used on a local day, 0 when nothing was."""

    on: date
    value: Decimal


@dataclass(frozen=True)
class Upcoming:
    """What the running usage period would be invoiced if it ended now; minor units."""

    span: Span
    currency: str
    lines: tuple[NewLine, ...]
    amounts: tuple[Amounts, ...]
    total: Amounts


def daily(work: Work, tenant_id: int, meter: str, days: int = 30) -> list[Day]:
    """What was used of a meter on each of the last days, today last; none of a level.

    Raises NotFound, NotAllowed.
    """
    admit_reading(work, tenant_id)
    situation_of(work, tenant_id)
    aggregation = work.session.scalar(_METER, {"meter": meter})
    if aggregation is None:
        raise NotFound(f"Nothing measures {meter}")
    if aggregation not in _COLUMN:
        return []
    count = max(1, min(days, MOST_DAYS))
    since = work.today - timedelta(days=count - 1)
    rows = work.session.execute(
        _DAYS,
        {
            "tenant_id": tenant_id,
            "meter": meter,
            "since": since,
            "until": work.today,
            "since_period": since - LONGEST_PERIOD,
        },
    )
    used = {row.counted_on: Decimal(getattr(row, _COLUMN[aggregation])) for row in rows}
    every = [since + timedelta(days=step) for step in range(count)]
    return [Day(on, used.get(on, Decimal(0))) for on in every]


def upcoming(work: Work, tenant_id: int) -> Upcoming | None:
    """The usage charges of the running period so far, None when nothing is owed for it.

    Raises NotFound, also when usage has a price in other currencies only; NotAllowed.
    """
    admit_reading(work, tenant_id)
    situation = situation_of(work, tenant_id)
    subscription = work.session.scalar(
        select(Subscription)
        .where(Subscription.tenant_id == tenant_id, Subscription.status != "cancelled")
        .order_by(Subscription.started_on.desc(), Subscription.id.desc())
        .limit(1)
    )
    if subscription is None:
        return None
    tenant = work.session.get_one(Tenant, tenant_id)
    span = current_period(work, situation)
    bill = decide(work, subscription, tenant, span)
    if not bill.lines:
        return None
    amounts = tuple(line_amounts(line, tax_of(tenant.country)) for line in bill.lines)
    return Upcoming(span, tenant.currency, bill.lines, amounts, whole_of(amounts))
