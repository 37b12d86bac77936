"""Subscriptions of all tenants for pages, commands and files, filtered and paged (SUB.1)."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import text as sql

from core.errors import BadInput, NotFound
from core.subscriptions.models import COLLECTION, EARNING, STATUSES
from core.subscriptions.rules import monthly_minor
from core.work import Work

MOST_ROWS = 500
LONGEST_SEARCH = 200
SERVED = ("trial", "active", "past_due", "grace_period", "read_only")
"""Statuses in which the daily run may renew."""
_EARNING = ", ".join(f"'{status}'" for status in EARNING)
_SERVED = ", ".join(f"'{status}'" for status in SERVED)
_RENEWS_ON = (
    f"case when s.status in ({_SERVED}) and s.auto_renew and not s.cancel_at_period_end "
    "then s.current_period_end end"
)
_MONTHLY = (
    "(s.amount_minor + s.items_minor) * case s.cycle when 'weekly' then 52 else 12 end "
    "/ case s.cycle when 'quarterly' then 36 when 'semiannual' then 72 when 'annual' then 144 "
    "else 12 end"
)
SORTS = {
    "tenant": "lower(t.name) {way}",
    "plan": "p.sort_order {way}, p.name {way}",
    "status": "s.status {way}",
    "mrr": f"s.currency, case when s.status in ({_EARNING}) then {_MONTHLY} end {{way}}",
    "renews": f"{_RENEWS_ON} {{way}}",
    "started": "s.started_on {way}",
    "open": "o.open_minor is null, s.currency, o.open_minor {way}",
}
"""Orders of the list, each in one way or the other; amounts within their currency."""
_FROM = """
from subscription s
join tenant t on t.id = s.tenant_id
join plan p on p.id = s.plan_id
left join (
  select subscription_id, sum(total_minor - paid_minor) as open_minor, min(due_on) as oldest_due_on
  from invoice
  where status in ('issued', 'partially_paid')
  group by subscription_id) o on o.subscription_id = s.id
where {conditions}
"""
_ROWS = f"""
-- Which subscriptions fit, and what is owed on them? One row per subscription; minor units.
select s.id, s.tenant_id, t.name as tenant_name, p.slug as plan, p.name as plan_name, s.status,
  s.cycle, s.currency, s.amount_minor + s.items_minor as total_minor, s.collection, s.auto_renew,
  s.cancel_at_period_end, s.started_on, s.current_period_end, {_RENEWS_ON} as renews_on,
  s.trial_ends_on, s.paused_until, s.grace_ends_on, s.ended_on, s.version,
  coalesce(o.open_minor, 0)::bigint as open_minor,
  coalesce(o.oldest_due_on < :today, false) as overdue
{_FROM}
order by {{order}}
limit :limit offset :offset
"""
_COUNTS = f"""
-- How many subscriptions fit in each status? One row per status.
select s.status, count(*) as subscriptions
{_FROM}
group by s.status
"""
_CHOICES = sql("""
-- Which plans, currencies and countries do subscriptions have? One row per combination.
select distinct p.slug, p.name, s.currency, t.country, p.sort_order
from subscription s
join plan p on p.id = s.plan_id
join tenant t on t.id = s.tenant_id
order by p.sort_order, p.name
""")


@dataclass(frozen=True)
class Filters:
    """What to look for; `text` in the tenant's name, or the number of a subscription.

    `country` is the tenant's. `renews_from` and `renews_until` are the first and last day of the
    next renewal.
    """

    text: str | None = None
    status: str | None = None
    plan: str | None = None
    currency: str | None = None
    collection: str | None = None
    renews_from: date | None = None
    renews_until: date | None = None
    tenant_id: int | None = None
    id: int | None = None
    country: str | None = None


@dataclass(frozen=True)
class SubscriptionRow:
    """A subscription; `total_minor` a cycle with its added items, without tax.

    `renews_on` is None for one that does not renew by itself. `open_minor` is owed on its
    invoices, tax included; `overdue` when the oldest of them was due before today.
    """

    id: int
    tenant_id: int
    tenant_name: str
    plan: str
    plan_name: str
    status: str
    cycle: str
    currency: str
    total_minor: int
    collection: str
    auto_renew: bool
    cancel_at_period_end: bool
    started_on: date
    current_period_end: date | None
    renews_on: date | None
    trial_ends_on: date | None
    paused_until: date | None
    grace_ends_on: date | None
    ended_on: date | None
    version: int
    open_minor: int
    overdue: bool

    @property
    def mrr_minor(self) -> int:
        """What it counts in MRR: its monthly value while it earns, else 0."""
        return monthly_minor(self.total_minor, self.cycle) if self.status in EARNING else 0


@dataclass(frozen=True)
class SubscriptionPage:
    """Some subscriptions, how many fit, and how many of any status would, by status."""

    rows: list[SubscriptionRow]
    count: int
    by_status: dict[str, int]


@dataclass(frozen=True)
class Choices:
    """The plans, by slug, the currencies and the tenants' countries that subscriptions have."""

    plans: dict[str, str]
    currencies: list[str]
    countries: list[str]


def subscriptions(
    work: Work,
    wanted: Filters | None = None,
    *,
    sort: str = "tenant",
    descending: bool = False,
    limit: int = 100,
    offset: int = 0,
) -> SubscriptionPage:
    """Subscriptions that fit, in one of SORTS; a tenant's users get their own.

    Needs `billing.read` or `saas.subscriptions.manage`; raises BadInput on an unknown order.
    """
    own = admit(work)
    if sort not in SORTS:
        raise BadInput(f"Subscriptions are sorted by {', '.join(SORTS)}")
    chosen = wanted or Filters()
    parts = _conditions(chosen, own)
    if chosen.status:
        _known(chosen.status, STATUSES, "status")
    direction = "desc" if descending else "asc"
    order = SORTS[sort].format(way=f"{direction} nulls last")
    narrowed = {**parts, "s.status = :status": {"status": chosen.status}}
    conditions, values = _joined(narrowed if chosen.status else parts)
    rows = work.session.execute(
        sql(_ROWS.format(conditions=conditions, order=f"{order}, s.id")),
        {
            **values,
            "today": work.today,
            "limit": max(1, min(limit, MOST_ROWS)),
            "offset": max(0, offset),
        },
    )
    found = [SubscriptionRow(**row._mapping) for row in rows]
    conditions, values = _joined(parts)
    counted = work.session.execute(sql(_COUNTS.format(conditions=conditions)), values)
    held = {row.status: row.subscriptions for row in counted}
    by_status = {status: held[status] for status in STATUSES if status in held}
    count = by_status.get(chosen.status, 0) if chosen.status else sum(by_status.values())
    return SubscriptionPage(found, count, by_status)


def choices(work: Work) -> Choices:
    """What the list can be narrowed to."""
    admit(work)
    rows = work.session.execute(_CHOICES).all()
    return Choices(
        {row.slug: row.name for row in rows},
        sorted({row.currency for row in rows}),
        sorted({row.country for row in rows if row.country}),
    )


def admit(work: Work, tenant_id: int | None = None) -> int | None:
    """The own tenant of a tenant's user, else None.

    Raises NotAllowed unless the actor may look, NotFound for another tenant than the own.
    """
    own = work.standing.tenant_id
    if own is not None:
        work.require("org.billing.read")
        if tenant_id not in (None, own):
            raise NotFound(f"There is no tenant {tenant_id}")
    elif not work.standing.may("billing.read"):
        work.require("saas.subscriptions.manage")
    return own


def _conditions(wanted: Filters, own: int | None) -> dict[str, dict[str, Any]]:
    """SQL conditions of everything but the status, each with its values."""
    parts: dict[str, dict[str, Any]] = {}
    tenant_id = own if own is not None else wanted.tenant_id
    if tenant_id is not None:
        parts["s.tenant_id = :tenant_id"] = {"tenant_id": tenant_id}
    if wanted.id is not None:
        parts["s.id = :id"] = {"id": wanted.id}
    if wanted.text and (given := wanted.text.strip()[:LONGEST_SEARCH]):
        values = {"part": f"%{_literal(given)}%", "number": given.replace("\x00", "").lstrip("#")}
        parts["(t.name ilike :part or s.id::text = :number)"] = values
    if wanted.collection:
        _known(wanted.collection, COLLECTION, "collection method")
    equal = {
        "p.slug": "plan",
        "s.currency": "currency",
        "s.collection": "collection",
        "t.country": "country",
    }
    for column, name in equal.items():
        if value := getattr(wanted, name):
            parts[f"{column} = :{name}"] = {name: value}
    if wanted.renews_from:
        parts[f"{_RENEWS_ON} >= :renews_from"] = {"renews_from": wanted.renews_from}
    if wanted.renews_until:
        parts[f"{_RENEWS_ON} <= :renews_until"] = {"renews_until": wanted.renews_until}
    return parts


def _joined(parts: dict[str, dict[str, Any]]) -> tuple[str, dict[str, Any]]:
    values = {name: value for part in parts.values() for name, value in part.items()}
    return " and ".join(parts) or "true", values


def _known(value: str, known: tuple[str, ...], what: str) -> None:
    if value not in known:
        raise BadInput(f"There is no {what} {value!r}; there are {', '.join(known)}")


def _literal(part: str) -> str:
    return part.replace("\x00", "").replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
