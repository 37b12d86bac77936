"""Who left in a window, why, and what was lost, as it was locked at the time (CHN)."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import text

from core.listing import columns_of
from core.planning.queries import in_eur_cents
from core.reports.window import admit
from core.subscriptions.rules import monthly_minor
from core.work import Work

NO_COUNTRY = "none"
LEGACY = "unknown"
"""The reason of a cancelled subscription of which no cancellation was ever written."""
_CANCELLED = text("""
-- Cancellations decided in the window, each once: one row per subscription; minor units, EUR cents.
select c.subscription_id, c.tenant_id, t.name as tenant_name, c.plan_id, p.name as plan,
  p.slug as plan_slug, c.country, c.reason_code, c.note, c.mode, c.cancelled_on, c.service_ends_on,
  c.currency, c.mrr_minor, c.amount_eur_cents
from subscription_cancellation c
join tenant t on t.id = c.tenant_id
join plan p on p.id = c.plan_id
where c.cancelled_on between :since and :until
order by c.cancelled_on desc, c.subscription_id desc
""")
_LEGACY = text("""
-- Cancelled subscriptions without a cancellation that ended in the window; minor units.
-- One that another of the tenant follows on that day went on at another price or plan.
select s.id as subscription_id, s.tenant_id, t.name as tenant_name, s.plan_id, p.name as plan,
  p.slug as plan_slug, t.country, s.cycle, s.amount_minor + s.items_minor as total_minor,
  s.currency, s.ended_on
from subscription s
join tenant t on t.id = s.tenant_id
join plan p on p.id = s.plan_id
where s.status = 'cancelled' and s.ended_on between :since and :until
  and not exists (select from subscription_cancellation c where c.subscription_id = s.id)
  and not exists (
    select from subscription n
    where n.tenant_id = s.tenant_id and n.started_on = s.ended_on and n.id <> s.id
  )
order by s.ended_on desc, s.id desc
""")


@dataclass(frozen=True)
class ChurnRow:
    """A subscription that was given up: `mrr_minor` a month in its currency, and in EUR cents.

    `amount_eur_cents` is None where no exchange rate was known. A `legacy` one has no cancellation
    of its own: its day is the last of its service, its reason unknown, its loss its price.
    """

    subscription_id: int
    tenant_id: int
    tenant_name: str
    plan_id: int
    plan: str
    plan_slug: str
    country: str
    reason_code: str
    note: str
    mode: str
    cancelled_on: date
    service_ends_on: date
    currency: str
    mrr_minor: int
    amount_eur_cents: int | None
    legacy: bool = False


@dataclass(frozen=True)
class ChurnBucket:
    """Cancellations of one reason, plan or country; `without_rate` are not in the sum."""

    key: str
    cancellations: int
    tenants: int
    amount_eur_cents: int
    without_rate: int


@dataclass(frozen=True)
class ChurnReport:
    """Cancellations decided from `since` to `until`, both days included.

    Buckets are named by reason, slug of the plan, and country, largest losses first.
    """

    since: date
    until: date
    total: ChurnBucket
    by_reason: dict[str, ChurnBucket]
    by_plan: dict[str, ChurnBucket]
    by_country: dict[str, ChurnBucket]
    rows: tuple[ChurnRow, ...]


FILE_COLUMNS = columns_of(ChurnBucket, ChurnRow)
"""What a file says of a line, whether or not somebody left."""


def churn(work: Work, since: date, until: date) -> ChurnReport:
    """The report of a window. Needs `analytics.read`. Raises BadInput when it ends too early.

    A cancellation counts on the day it was decided, also when the service runs on to the end of its
    period; its loss in EUR is the one locked on that day.
    """
    admit(work, since, until)
    rows = tuple(
        sorted(
            [*_written(work, since, until), *_legacy(work, since, until)],
            key=lambda row: (row.cancelled_on, row.subscription_id),
            reverse=True,
        )
    )
    return ChurnReport(
        since,
        until,
        _bucket("total", rows),
        _buckets(rows, lambda row: row.reason_code),
        _buckets(rows, lambda row: row.plan_slug),
        _buckets(rows, lambda row: row.country),
        rows,
    )


def as_lines(report: ChurnReport) -> list[dict[str, Any]]:
    """The whole payload as lines of a file: totals, buckets, then subscriptions."""
    lines: list[dict[str, Any]] = []
    for kind, buckets in (
        ("total", (report.total,)),
        ("reason", report.by_reason.values()),
        ("plan", report.by_plan.values()),
        ("country", report.by_country.values()),
    ):
        lines += [{"line": kind, **vars(bucket)} for bucket in buckets]
    lines += [{"line": "subscription", **vars(row)} for row in report.rows]
    return lines


def _written(work: Work, since: date, until: date) -> list[ChurnRow]:
    found = work.session.execute(_CANCELLED, {"since": since, "until": until})
    return [
        ChurnRow(**{**row._mapping, "country": row.country or NO_COUNTRY}) for row in found.all()
    ]


def _legacy(work: Work, since: date, until: date) -> list[ChurnRow]:
    rows = []
    for row in work.session.execute(_LEGACY, {"since": since, "until": until}).all():
        mrr = monthly_minor(row.total_minor, row.cycle)
        rows.append(
            ChurnRow(
                row.subscription_id,
                row.tenant_id,
                row.tenant_name,
                row.plan_id,
                row.plan,
                row.plan_slug,
                row.country or NO_COUNTRY,
                LEGACY,
                "",
                "now",
                row.ended_on,
                row.ended_on,
                row.currency,
                mrr,
                in_eur_cents(work, mrr, row.currency, row.ended_on),
                legacy=True,
            )
        )
    return rows


def _buckets(rows: Sequence[ChurnRow], key: Callable[[ChurnRow], str]) -> dict[str, ChurnBucket]:
    grouped: dict[str, list[ChurnRow]] = {}
    for row in rows:
        grouped.setdefault(key(row), []).append(row)
    found = [_bucket(name, each) for name, each in grouped.items()]
    found.sort(key=lambda b: (-b.amount_eur_cents, -b.cancellations, b.key))
    return {bucket.key: bucket for bucket in found}


def _bucket(key: str, rows: Sequence[ChurnRow]) -> ChurnBucket:
    return ChurnBucket(
        key,
        len(rows),
        len({row.tenant_id for row in rows}),
        sum(row.amount_eur_cents or 0 for row in rows),
        sum(row.amount_eur_cents is None for row in rows),
    )
