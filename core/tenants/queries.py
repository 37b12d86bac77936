"""The organisations on the platform, found by name, country or what they subscribe to (SUB.2)."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import text as sql

from core.errors import BadInput
from core.listing import LARGEST_PAGE, Conditions, known, like
from core.subscriptions.listing import admit
from core.work import Work

ORDERS = {"name": "lower(t.name), t.id", "newest": "t.signed_up_on desc nulls last, t.id desc"}
STATES = {
    "subscribed": "s.status <> 'cancelled'",
    "former": "s.status = 'cancelled'",
    "none": "s.status is null",
}
MOST_COUNTRIES = 300
_ROWS = """
-- Which tenants fit, and what does each subscribe to? One row per tenant, with the subscription
-- that runs, else the newest one.
select t.id, t.name, t.country, t.currency, t.language, t.billing_email, t.tax_id, t.external_id,
  t.signed_up_on, s.id as subscription_id, p.name as plan_name, s.status
from tenant t
left join lateral (
  select id, plan_id, status from subscription
  where tenant_id = t.id order by status = 'cancelled', started_on desc, id desc limit 1
) s on true
left join plan p on p.id = s.plan_id
where {conditions}
order by {order}
limit :limit offset :offset
"""
_COUNT = """
select count(*) from tenant t
left join lateral (
  select status from subscription
  where tenant_id = t.id order by status = 'cancelled', started_on desc, id desc limit 1
) s on true
where {conditions}
"""
_COUNTRIES = sql("""
-- Which countries are tenants from? One row per country.
select distinct country from tenant where country is not null order by country limit :limit
""")


@dataclass(frozen=True)
class TenantFilters:
    """What is looked for; `state` is `subscribed`, `former` or `none` (never had a plan)."""

    text: str | None = None
    country: str | None = None
    currency: str | None = None
    state: str | None = None


@dataclass(frozen=True)
class TenantRow:
    """A tenant; plan and status are those of its running subscription, else of its newest."""

    id: int
    name: str
    country: str | None
    currency: str
    language: str
    billing_email: str | None
    tax_id: str | None
    external_id: str | None
    signed_up_on: date | None
    subscription_id: int | None
    plan_name: str | None
    status: str | None


@dataclass(frozen=True)
class TenantList:
    """Some tenants, and how many fit."""

    count: int
    rows: list[TenantRow]


def tenants(
    work: Work,
    wanted: TenantFilters | None = None,
    *,
    order: str = "name",
    limit: int = 100,
    offset: int = 0,
) -> TenantList:
    """The tenants that fit. Needs `billing.read` or `saas.subscriptions.manage`; a tenant's own
    people get theirs with `org.billing.read`. Text is looked for in name, number and e-mail.
    Raises BadInput for an unknown order or state.
    """
    if order not in ORDERS:
        raise BadInput(f"Tenants are sorted by {', '.join(ORDERS)}")
    parts = _conditions(wanted or TenantFilters(), admit(work))
    where, values = parts.joined()
    count = work.session.scalar(sql(_COUNT.format(conditions=where)), values) or 0
    span: dict[str, Any] = {"limit": max(1, min(limit, LARGEST_PAGE)), "offset": max(0, offset)}
    statement = sql(_ROWS.format(conditions=where, order=ORDERS[order]))
    found = work.session.execute(statement, values | span)
    return TenantList(count, [TenantRow(**row._mapping) for row in found])


def countries(work: Work) -> list[str]:
    """The countries of tenants, to choose from. Needs what the list needs."""
    admit(work)
    return list(work.session.scalars(_COUNTRIES, {"limit": MOST_COUNTRIES}))


def _conditions(wanted: TenantFilters, own: int | None) -> Conditions:
    parts = Conditions()
    parts.equal("t.id", own)
    parts.equal("t.country", wanted.country)
    parts.equal("t.currency", wanted.currency)
    if looked := like(wanted.text):
        parts.add(
            "(t.name ilike :part or t.billing_email ilike :part or t.external_id = :exact "
            "or t.id::text = :exact)",
            **looked,
        )
    if state := known(wanted.state, tuple(STATES), "state"):
        parts.add(STATES[state])
    return parts
