"""One subscription with all that belongs to it, and a tenant with its subscriptions (SUB.1)."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import text as sql

from core.base import LARGEST_ID
from core.errors import NotFound
from core.subscriptions.listing import Filters, SubscriptionRow, admit, subscriptions
from core.usage.queries import TenantUse, usage_of
from core.work import Work

MOST_DOCUMENTS = 100
MOST_HISTORY = 500
MOST_TENANTS = 10_000
_STATE = sql("""
-- How does a subscription stand? One row; minor units a cycle.
select s.anchor_day, s.current_period_start, s.amount_minor, s.items_minor, s.created_at,
  n.slug as next_plan, n.name as next_plan_name, s.next_cycle, s.next_amount_minor
from subscription s left join plan n on n.id = s.next_plan_id
where s.id = :id
""")
_ITEMS = sql("""
-- What was added to a subscription? One row per item, those that run first; minor units a cycle.
select id, name, quantity, unit_minor, quantity * unit_minor as cycle_minor, added_on, removed_on
from subscription_item where subscription_id = :id
order by removed_on is not null, id
""")
_HISTORY = sql("""
-- How did a subscription change? One row per change, newest first; minor units a cycle.
select h.id, h.kind, h.effective_on, h.created_at, h.status, h.previous_status, p.name as plan_name,
  q.name as previous_plan_name, h.cycle, h.currency, h.amount_minor, h.previous_amount_minor,
  h.proration_policy, h.proration_basis, h.reason, h.actor_type, u.name as actor_name
from plan_history h
join plan p on p.id = h.plan_id
left join plan q on q.id = h.previous_plan_id
left join app_user u on u.id = h.actor_id
where h.subscription_id = :id
order by h.id desc
limit :limit
""")
_DOCUMENTS = sql("""
-- Which invoices and credit notes does a subscription have? One row per document, newest first.
with document as (
  select 'invoice' as kind, i.id, i.number, i.type, i.reason, i.status, i.issued_on, i.due_on,
    i.currency, i.net_minor, i.tax_minor, i.total_minor,
    case when i.status in ('issued', 'partially_paid') then i.total_minor - i.paid_minor else 0 end
      as open_minor,
    i.status in ('issued', 'partially_paid') and i.due_on < :today as overdue, i.created_at
  from invoice i where i.subscription_id = :id
  union all
  select 'credit_note', c.id, c.number, 'credit_note', c.reason, c.status, c.issued_on, null,
    c.currency, -c.net_minor, -c.tax_minor, -c.total_minor, 0, false, c.created_at
  from credit_note c where c.subscription_id = :id and c.status <> 'declined')
select kind, id, number, type, reason, status, issued_on, due_on, currency, net_minor, tax_minor,
  total_minor, open_minor, overdue
from document
order by issued_on desc nulls first, created_at desc, kind, id desc
limit :limit
""")
_MONEY = sql("""
-- What has the tenant ahead? One row; wallet and credit notes in a currency, minor units.
select w.balance_minor, w.promotional_minor,
  (select coalesce(sum(p.amount_minor - p.allocated_minor - p.returned_minor), 0)::bigint
   from payment p
   where p.tenant_id = t.id and p.currency = :currency and p.provider = 'credit') as credit_minor
from tenant t
left join wallet w on w.tenant_id = t.id and w.currency = :currency
where t.id = :tenant_id
""")
_CANCELLATION = sql("""
select reason_code, mode, note, cancelled_on, service_ends_on, currency, mrr_minor, amount_eur_cents
from subscription_cancellation where subscription_id = :id
""")
_TENANT = sql("""
select id, name, country, currency, billing_email, signed_up_on from tenant where id = :tenant_id
""")
_OPEN = sql("""
-- Which invoices does a tenant owe? One row per invoice, the oldest due date first; minor units.
select 'invoice' as kind, i.id, i.number, i.type, i.reason, i.status, i.issued_on, i.due_on,
  i.currency, i.net_minor, i.tax_minor, i.total_minor, i.total_minor - i.paid_minor as open_minor,
  i.due_on < :today as overdue
from invoice i
where i.tenant_id = :tenant_id and i.status in ('issued', 'partially_paid')
order by i.due_on, i.id
limit :limit
""")


_TENANTS = sql("""
-- Which tenants are there to choose from? One row per tenant, by name.
select id, name from tenant
where cast(:own as bigint) is null or id = :own
order by lower(name), id
limit :limit
""")


@dataclass(frozen=True)
class Item:
    """Something added to a subscription; `unit_minor` a cycle, without tax."""

    id: int
    name: str
    quantity: int
    unit_minor: int
    cycle_minor: int
    added_on: date
    removed_on: date | None


@dataclass(frozen=True)
class HistoryRow:
    """A change: who, when, from, to, why; amounts a cycle in minor units, items included.

    `actor_name` is told to the platform's people alone.
    """

    id: int
    kind: str
    effective_on: date
    created_at: datetime
    status: str
    previous_status: str | None
    plan_name: str
    previous_plan_name: str | None
    cycle: str
    currency: str
    amount_minor: int
    previous_amount_minor: int | None
    proration_policy: str | None
    proration_basis: str | None
    reason: str
    actor_type: str
    actor_name: str | None


@dataclass(frozen=True)
class DocumentRow:
    """An invoice, or a credit note with amounts below zero; minor units."""

    kind: str
    id: int
    number: str | None
    type: str
    reason: str
    status: str
    issued_on: date | None
    due_on: date | None
    currency: str
    net_minor: int
    tax_minor: int
    total_minor: int
    open_minor: int
    overdue: bool


@dataclass(frozen=True)
class Ahead:
    """What a tenant has ahead in one currency, minor units: wallet parts, None without one."""

    balance_minor: int | None
    promotional_minor: int | None
    credit_minor: int


@dataclass(frozen=True)
class Cancellation:
    """Why and when it ends, and the monthly revenue that is lost with it, locked."""

    reason_code: str
    mode: str
    note: str
    cancelled_on: date
    service_ends_on: date
    currency: str
    mrr_minor: int
    amount_eur_cents: int | None


@dataclass(frozen=True)
class State:
    """What the list leaves out: the period's start and anchor, and a change that waits."""

    anchor_day: int
    current_period_start: date | None
    amount_minor: int
    items_minor: int
    created_at: datetime
    next_plan: str | None
    next_plan_name: str | None
    next_cycle: str | None
    next_amount_minor: int | None


@dataclass(frozen=True)
class Detail:
    """A subscription; `usage` is None where the viewer may not see it, or another one runs."""

    row: SubscriptionRow
    state: State
    items: list[Item]
    history: list[HistoryRow]
    documents: list[DocumentRow]
    ahead: Ahead
    cancellation: Cancellation | None
    usage: TenantUse | None


@dataclass(frozen=True)
class TenantFacts:
    """Who the tenant is."""

    id: int
    name: str
    country: str | None
    currency: str
    billing_email: str | None
    signed_up_on: date | None


@dataclass(frozen=True)
class TenantPage:
    """A tenant with its subscriptions, the running ones first, and what it owes and has ahead."""

    tenant: TenantFacts
    subscriptions: list[SubscriptionRow]
    open_invoices: list[DocumentRow]
    ahead: Ahead

    @property
    def running(self) -> SubscriptionRow | None:
        """Its subscription that is not cancelled."""
        return next((row for row in self.subscriptions if row.status != "cancelled"), None)


def detail(work: Work, subscription_id: int) -> Detail:
    """One subscription. Raises NotFound, NotAllowed."""
    own = admit(work)
    row = the_row(work, subscription_id)
    key = {"id": row.id}
    state = work.session.execute(_STATE, key).one()
    cancellation = work.session.execute(_CANCELLATION, key).one_or_none()
    history = work.session.execute(_HISTORY, {**key, "limit": MOST_HISTORY})
    return Detail(
        row,
        State(**state._mapping),
        [Item(**item._mapping) for item in work.session.execute(_ITEMS, key)],
        [_history(change._mapping, own) for change in history],
        _documents(work, _DOCUMENTS, key),
        _ahead(work, row.tenant_id, row.currency),
        Cancellation(**cancellation._mapping) if cancellation else None,
        _usage(work, row),
    )


def the_row(work: Work, subscription_id: int) -> SubscriptionRow:
    """A subscription as the list shows it. Raises NotFound, NotAllowed."""
    admit(work)
    known = 0 < subscription_id <= LARGEST_ID
    found = subscriptions(work, Filters(id=subscription_id)).rows if known else []
    if not found:
        raise NotFound(f"There is no subscription {subscription_id}")
    return found[0]


def tenant_page(work: Work, tenant_id: int) -> TenantPage:
    """A tenant with what concerns its billing. Raises NotFound, NotAllowed."""
    admit(work, tenant_id)
    key = {"tenant_id": tenant_id}
    known = 0 < tenant_id <= LARGEST_ID
    found = work.session.execute(_TENANT, key).one_or_none() if known else None
    if found is None:
        raise NotFound(f"There is no tenant {tenant_id}")
    rows = subscriptions(work, Filters(tenant_id=tenant_id), sort="started", descending=True).rows
    return TenantPage(
        TenantFacts(**found._mapping),
        sorted(rows, key=lambda row: row.status == "cancelled"),
        _documents(work, _OPEN, key),
        _ahead(work, tenant_id, found.currency),
    )


def tenant_names(work: Work) -> dict[int, str]:
    """The tenants to choose from, by name; a tenant's users get their own."""
    rows = work.session.execute(_TENANTS, {"own": admit(work), "limit": MOST_TENANTS})
    return {row.id: row.name for row in rows}


def _usage(work: Work, row: SubscriptionRow) -> TenantUse | None:
    own = work.standing.tenant_id is not None
    if row.status == "cancelled" or not (own or work.standing.may("billing.read")):
        return None
    return usage_of(work, row.tenant_id)


def _history(facts: Any, own: int | None) -> HistoryRow:
    change = dict(facts)
    if own is not None:
        change["actor_name"] = None
    return HistoryRow(**change)


def _documents(work: Work, statement: Any, key: dict[str, int]) -> list[DocumentRow]:
    values = {**key, "today": work.today, "limit": MOST_DOCUMENTS}
    return [DocumentRow(**row._mapping) for row in work.session.execute(statement, values)]


def _ahead(work: Work, tenant_id: int, currency: str) -> Ahead:
    values = {"tenant_id": tenant_id, "currency": currency}
    return Ahead(**work.session.execute(_MONEY, values).one()._mapping)
