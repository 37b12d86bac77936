"""What the platform itself invoiced in a window: asked for, paid, outstanding (FEE)."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import text

from core.errors import BadInput
from core.listing import columns_of
from core.reports.window import admit
from core.work import Work

GROUPS = ("tenant", "plan", "country")
_INVOICES = text("""
-- Platform invoices issued in the window: one row each; minor units, tax included in the total.
select i.id, i.number, i.tenant_id, t.name as tenant_name, coalesce(p.name, 'none') as plan,
  coalesce(t.country, 'none') as country, i.status, i.issued_on, i.due_on, i.currency,
  i.net_minor, i.tax_minor, i.total_minor as gross_minor, i.paid_minor,
  case when i.status in ('issued', 'partially_paid') then i.total_minor - i.paid_minor else 0 end
    as outstanding_minor
from invoice i
join tenant t on t.id = i.tenant_id
left join lateral (
  select s.plan_id from subscription s
  where s.id = i.subscription_id
    or (i.subscription_id is null and s.tenant_id = i.tenant_id and s.started_on <= i.issued_on)
  order by (s.ended_on is null or s.ended_on > i.issued_on) desc, s.started_on desc, s.id desc
  limit 1
) held on true
left join plan p on p.id = held.plan_id
where i.issuer_type = 'platform' and i.status not in ('draft', 'cancelled')
  and i.issued_on between :since and :until
order by i.issued_on desc, i.id desc
""")


@dataclass(frozen=True)
class FeeInvoice:
    """A platform invoice; `plan` is the tenant's on the day of issue."""

    id: int
    number: str
    tenant_id: int
    tenant_name: str
    plan: str
    country: str
    status: str
    issued_on: date
    due_on: date
    currency: str
    net_minor: int
    tax_minor: int
    gross_minor: int
    paid_minor: int
    outstanding_minor: int


@dataclass(frozen=True)
class FeeGroup:
    """Invoices of one group and currency; amounts in its minor units, tax included but for net."""

    key: str
    currency: str
    invoices: int
    net_minor: int
    tax_minor: int
    gross_minor: int
    paid_minor: int
    outstanding_minor: int


@dataclass(frozen=True)
class FeeReport:
    """Platform invoices issued from `since` to `until`, both days included; drafts and voided ones
    are left out. `totals` has a line per currency, since currencies are not added up.
    """

    since: date
    until: date
    group_by: str
    totals: tuple[FeeGroup, ...]
    groups: tuple[FeeGroup, ...]
    invoices: tuple[FeeInvoice, ...]


FILE_COLUMNS = columns_of(FeeGroup, FeeInvoice)
"""What a file says of a line; a file without lines has this head too."""


def platform_fees(work: Work, since: date, until: date, group_by: str = "tenant") -> FeeReport:
    """The report of a window. Needs `analytics.read`. Raises BadInput."""
    admit(work, since, until)
    if group_by not in GROUPS:
        raise BadInput(f"Platform fees are grouped by {', '.join(GROUPS)}")
    found = work.session.execute(_INVOICES, {"since": since, "until": until})
    rows = [FeeInvoice(**row._mapping) for row in found]
    column = "tenant_name" if group_by == "tenant" else group_by
    return FeeReport(
        since,
        until,
        group_by,
        _groups(rows, lambda _: "total"),
        _groups(rows, lambda row: str(getattr(row, column))),
        tuple(rows),
    )


def as_lines(report: FeeReport) -> list[dict[str, Any]]:
    """The whole payload as lines of a file: totals, groups, then invoices."""
    lines: list[dict[str, Any]] = [{"line": "total", **vars(each)} for each in report.totals]
    lines += [{"line": report.group_by, **vars(each)} for each in report.groups]
    lines += [{"line": "invoice", **vars(each)} for each in report.invoices]
    return lines


def _groups(rows: Sequence[FeeInvoice], key: Callable[[FeeInvoice], str]) -> tuple[FeeGroup, ...]:
    grouped: dict[tuple[str, str], list[FeeInvoice]] = {}
    for row in rows:
        grouped.setdefault((key(row), row.currency), []).append(row)
    found = [
        FeeGroup(
            name,
            currency,
            len(each),
            *(
                sum(getattr(row, f"{what}_minor") for row in each)
                for what in ("net", "tax", "gross", "paid", "outstanding")
            ),
        )
        for (name, currency), each in grouped.items()
    ]
    return tuple(sorted(found, key=lambda g: (g.currency, -g.gross_minor, g.key)))
