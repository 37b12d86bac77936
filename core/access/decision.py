"""What a tenant may do now, by its subscription, for its software to ask (USE.4)."""

from dataclasses import dataclass
from datetime import date

from sqlalchemy import text

from core.base import LARGEST_ID
from core.errors import NotAllowed, NotFound
from core.money import round_half_up
from core.plans.models import UNLIMITED
from core.work import Work

NO_SUBSCRIPTION = "none"
"""The status of a tenant that never had a subscription; the default plan's limits hold."""
THROTTLED_PERCENT = 50
"""What is left of each limit while a tenant is throttled."""
_FULL: dict[str, str | None] = {
    "trial": None,
    "active": None,
    NO_SUBSCRIPTION: None,
    "past_due": "A payment is overdue. Settle it to keep full access.",
    "grace_period": "The subscription has run out. Renew it to keep full access.",
}
_READS_ONLY: dict[str, str] = {
    "read_only": "The subscription has lapsed: everything can be read, nothing changed.",
    "unpaid": "The subscription is unpaid: everything can be read, nothing changed.",
    "paused": "The subscription is paused: everything can be read, nothing changed.",
    "suspended": "The subscription is suspended: everything can be read, nothing changed.",
    "cancelled": "The subscription is cancelled: everything can be read, nothing changed.",
}
_UNHELD = (NO_SUBSCRIPTION, "trial")
"""Statuses that dunning cannot change; what it has put in force decides instead of them."""
_THROTTLED = "A payment is overdue: limits are reduced until it is settled."
_WRITING = ", ".join(f"'{status}'" for status in _FULL)
THROTTLED = f"""exists (select from dunning_case c
    where c.tenant_id = t.id and c.status <> 'closed' and c.restriction = 'throttle'
      and (c.subscription_id is null or c.subscription_id = s.id)
      and coalesce(s.status, '{NO_SUBSCRIPTION}') in ({_WRITING}))"""
"""SQL: true while dunning throttles the tenant `t` whose running subscription is `s`."""
_SITUATION = text("""
-- Which subscription decides: the one that runs, else the last one that ended? One row per tenant.
select t.id as tenant_id, s.status, s.current_period_end, s.trial_ends_on, s.paused_until,
  s.grace_ends_on, p.slug as plan, d.throttled, d.held,
  coalesce((select jsonb_object_agg(l.name, l.quantity) from plan_limit l
            where l.plan_id = p.id), '{}') as limits
from tenant t
left join lateral (
  select * from subscription r where r.tenant_id = t.id
  order by r.status = 'cancelled', r.started_on desc, r.id desc limit 1) s on true
left join plan p on case when coalesce(s.status, 'cancelled') = 'cancelled'
  then p.slug = :default_plan else p.id = s.plan_id end
left join lateral (
  select coalesce(bool_or(c.restriction = 'throttle'), false) as throttled,
    case when bool_or(c.restriction = 'suspend') then 'suspended'
      when bool_or(c.restriction = 'read_only') then 'read_only' end as held
  from dunning_case c
  where c.tenant_id = t.id and c.status <> 'closed'
    and (c.subscription_id is null or c.subscription_id = s.id)) d on true
where t.id = :tenant_id
""")


@dataclass(frozen=True)
class Access:
    """What a tenant may do; `until` is the day on which that is to change, if one is known.

    `limits` are the plan's by name, reduced while throttled; −1 is without limit.
    """

    tenant_id: int
    status: str
    reads: bool
    writes: bool
    throttled: bool
    warning: str | None
    until: date | None
    plan: str | None
    limits: dict[str, int]


def decide(
    tenant_id: int,
    status: str,
    *,
    plan: str | None = None,
    limits: dict[str, int] | None = None,
    until: date | None = None,
    throttled: bool = False,
) -> Access:
    """The rule of each status; pure. Reads are always allowed, and throttling leaves writes."""
    writes = status in _FULL
    warning = _FULL[status] if writes else _READS_ONLY[status]
    slowed = throttled and writes
    known = limits or {}
    return Access(
        tenant_id,
        status,
        reads=True,
        writes=writes,
        throttled=slowed,
        warning=_THROTTLED if slowed else warning,
        until=until,
        plan=plan,
        limits={name: in_force(most, throttled=slowed) for name, most in known.items()},
    )


def access_of(work: Work, tenant_id: int) -> Access:
    """What a tenant may do now; its own users and keys may ask.

    One that never had a subscription has the default plan; one whose subscription was cancelled
    reads only until a new one is assigned. Raises NotAllowed, NotFound.
    """
    own = work.standing.tenant_id
    work.require("billing.read" if own is None else "org.billing.read")
    if own not in (None, tenant_id):
        raise NotAllowed("What another organisation may do cannot be asked")
    asked = {"tenant_id": tenant_id, "default_plan": work.settings.default_plan}
    row = None
    if 0 < tenant_id <= LARGEST_ID:
        row = work.session.execute(_SITUATION, asked).one_or_none()
    if row is None:
        raise NotFound(f"There is no tenant {tenant_id}")
    ends = {
        "trial": row.trial_ends_on,
        "active": row.current_period_end,
        "grace_period": row.grace_ends_on,
        "paused": row.paused_until,
    }
    status = row.status or NO_SUBSCRIPTION
    if row.held and status in _UNHELD:
        status = row.held
    return decide(
        tenant_id,
        status,
        plan=row.plan,
        limits=dict(sorted(row.limits.items())),
        until=ends.get(status),
        throttled=row.throttled,
    )


def in_force(most: int, *, throttled: bool) -> int:
    """What of a plan's limit may be used now; −1 stays without limit."""
    if not throttled or most == UNLIMITED:
        return most
    return round_half_up(most * THROTTLED_PERCENT, 100)
