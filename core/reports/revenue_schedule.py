"""Deferred revenue: what was put off and earned month by month, and when the rest will be (CFO.2).

Past months are the ledger's own postings. Coming ones are what recognition will post by the service
periods of invoice lines, so that the plan adds up to the balance of the account.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from sqlalchemy import Row, text

from core.errors import BadInput
from core.invoices.issuing import earned_before
from core.invoices.rules import recognised_by
from core.ledger.chart import CODE
from core.listing import columns_of
from core.reports.window import admit
from core.work import Work

MOST_MONTHS = 120
_MOVED = text("""
-- What moved deferred revenue: one row per currency and month; minor units, more deferred positive.
select e.currency, cast(date_trunc('month', t.booked_on) as date) as month,
  -coalesce(sum(e.amount_minor) filter (where not recognised), 0) as deferred_minor,
  coalesce(sum(e.amount_minor) filter (where recognised), 0) as recognised_minor
from accounting_entry e
join ledger_transaction t on t.id = e.ledger_transaction_id
cross join lateral (
  select t.kind like 'revenue_recognised%' or t.kind like 'reversed_posting:revenue_recognised%'
    as recognised
) kinds
where e.account_code = :account
group by 1, 2 order by 1, 2
""")
_LINES = text("""
-- Lines of invoices and credit notes whose service is not over by a day; minor units, net.
select i.currency, i.number, i.id as invoice_id, l.tenant_id, t.name as tenant_name,
  l.description, l.net_minor, l.service_start, l.service_end
from invoice_line l
join invoice i on i.id = l.invoice_id
join tenant t on t.id = l.tenant_id
where i.status not in ('draft', 'cancelled') and l.service_start is not null
  and l.service_end > :day
union all
select n.currency, n.number, n.invoice_id, l.tenant_id, t.name, l.description, -l.net_minor,
  l.service_start, l.service_end
from credit_note_line l
join credit_note n on n.id = l.credit_note_id
join tenant t on t.id = l.tenant_id
where n.status = 'issued' and n.refund_id is null and l.service_start is not null
  and l.service_end > :day
order by 8, 2
""")


@dataclass(frozen=True)
class ScheduleMonth:
    """A month of one currency in minor units, without tax: `closing = opening + deferred −
    recognised`. `planned` months are not posted yet.
    """

    month: date
    currency: str
    opening_minor: int
    deferred_minor: int
    recognised_minor: int
    closing_minor: int
    planned: bool


@dataclass(frozen=True)
class ScheduleLine:
    """A line of a document whose service runs on: its net amount, and what is earned later."""

    number: str
    invoice_id: int
    tenant_id: int
    tenant_name: str
    description: str
    currency: str
    net_minor: int
    service_start: date
    service_end: date
    left_minor: int


@dataclass(frozen=True)
class Schedule:
    """Months from `since` to `until`; `later_minor` by currency is deferred at their end.

    Months from `open_from` on are planned; `lines` are what they rest on.
    """

    since: date
    until: date
    open_from: date
    months: tuple[ScheduleMonth, ...]
    later_minor: dict[str, int]
    lines: tuple[ScheduleLine, ...]


FILE_COLUMNS = columns_of(ScheduleMonth, ScheduleLine)
"""What a file says of a line; a file without lines has this head too."""


def revenue_schedule(work: Work, since: date, until: date) -> Schedule:
    """The schedule of the months of a window. Needs `analytics.read`. Raises BadInput."""
    admit(work, since, until)
    first, last = since.replace(day=1), until.replace(day=1)
    if _months_between(first, last) > MOST_MONTHS:
        raise BadInput(f"Ask for at most {MOST_MONTHS} months")
    moved: dict[str, dict[date, Row[Any]]] = defaultdict(dict)
    for row in work.session.execute(_MOVED, {"account": CODE["deferred_revenue"]}):
        moved[row.currency][row.month] = row
    begun = min((month for own in moved.values() for month in own), default=work.today)
    open_from = earned_before(work) or begun.replace(day=1)
    lines = [_line(row, open_from) for row in work.session.execute(_LINES, {"day": open_from})]
    months: list[ScheduleMonth] = []
    later: dict[str, int] = {}
    for currency in sorted({*moved, *(line.currency for line in lines)}):
        own = [line for line in lines if line.currency == currency]
        whole = _of_currency(currency, moved[currency], own, open_from, max(last, open_from))
        months += [each for each in whole if first <= each.month <= last]
        later[currency] = next((m.closing_minor for m in reversed(whole) if m.month <= last), 0)
    months.sort(key=lambda each: (each.month, each.currency))
    return Schedule(first, last, open_from, tuple(months), later, tuple(lines))


def as_lines(schedule: Schedule) -> list[dict[str, Any]]:
    """The whole payload as lines of a file: months, then the lines they rest on."""
    found: list[dict[str, Any]] = [{"line": "month", **vars(each)} for each in schedule.months]
    return found + [{"line": "document", **vars(each)} for each in schedule.lines]


def _of_currency(
    currency: str,
    moved: dict[date, Row[Any]],
    lines: Sequence[ScheduleLine],
    open_from: date,
    last: date,
) -> list[ScheduleMonth]:
    """Every month of a currency from its first posting to the last one asked for."""
    found: list[ScheduleMonth] = []
    month = min([*moved, open_from])
    balance = 0
    while month <= last:
        row = moved.get(month)
        deferred = int(row.deferred_minor) if row else 0
        recognised = int(row.recognised_minor) if row else 0
        planned = month >= open_from
        closing = balance + deferred - recognised
        if planned:
            closing = _left(lines, _next(month)) + _deferred_after(moved, month)
            recognised = balance + deferred - closing
        found.append(
            ScheduleMonth(month, currency, balance, deferred, recognised, closing, planned)
        )
        balance, month = closing, _next(month)
    return found


def _deferred_after(moved: dict[date, Row[Any]], month: date) -> int:
    """What documents dated in later months put off, which is not there yet at a month's end."""
    return -sum(int(row.deferred_minor) for later, row in moved.items() if later > month)


def _left(lines: Iterable[ScheduleLine], day: date) -> int:
    """What all lines still have to earn from a day on."""
    return sum(
        line.net_minor - recognised_by(line.net_minor, line.service_start, line.service_end, day)
        for line in lines
    )


def _line(row: Row[Any], open_from: date) -> ScheduleLine:
    earned = recognised_by(row.net_minor, row.service_start, row.service_end, open_from)
    return ScheduleLine(
        number=row.number,
        invoice_id=row.invoice_id,
        tenant_id=row.tenant_id,
        tenant_name=row.tenant_name,
        description=row.description,
        currency=row.currency,
        net_minor=row.net_minor,
        service_start=row.service_start,
        service_end=row.service_end,
        left_minor=row.net_minor - earned,
    )


def _next(month: date) -> date:
    return (month + timedelta(days=32)).replace(day=1)


def _months_between(first: date, last: date) -> int:
    return (last.year - first.year) * 12 + last.month - first.month
