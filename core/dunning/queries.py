"""What the dunning queue shows: cases with their next step, one case's history (DUN.1)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import text as sql

from core.dunning.policies import ladder_of, policy_for
from core.dunning.rules import Stage, next_task
from core.errors import BadInput, NotFound
from core.listing import literal
from core.tenants.models import Tenant
from core.work import Work

MOST_ROWS = 500
MOST_EVENTS = 500
LONGEST_SEARCH = 200
STATES = ("reminding", "restricted", "suspended", "overridden")
"""Parts of the queue; an overridden case is counted where it stands as well."""
_STATE = {
    "reminding": "c.restriction is null",
    "restricted": "c.restriction in ('throttle', 'read_only')",
    "suspended": "c.restriction = 'suspend'",
    "overridden": "c.override_path is not null",
}
_CASES = """
-- Which cases fit, and what is owed on each? One row per case, the longest overdue first.
select c.id, c.tenant_id, t.name as tenant_name, c.invoice_id, i.number, c.subscription_id,
  i.currency, case when i.status in ('issued', 'partially_paid')
    then i.total_minor - i.paid_minor else 0 end as due_minor,
  i.due_on, c.counted_from, c.status, c.restriction, c.position, c.stage, c.policy_id,
  p.version as policy_version, c.override_path, c.override_custom_stages, c.override_until,
  c.failure_code, c.failed_on, c.failures, c.reminded_on, c.opened_on, c.closed_on,
  c.close_reason, c.next_on, c.version
from dunning_case c
join invoice i on i.id = c.invoice_id
join tenant t on t.id = c.tenant_id
join dunning_policy p on p.id = c.policy_id
where {conditions}
order by c.status = 'closed', i.due_on, c.id
limit :limit offset :offset
"""
_COUNT = """
select count(*) from dunning_case c join tenant t on t.id = c.tenant_id where {conditions}
"""
_COUNTS = sql(
    "select "
    + ", ".join(f"count(*) filter (where {rule}) as {name}" for name, rule in _STATE.items())
    + " from dunning_case c where c.status <> 'closed'"
)
_EVENTS = sql("""
-- What was done to a case? One row per event, the newest first.
select e.id, e.created_at, e.kind, e.position, e.facts, e.reason, e.actor_type,
  (select u.name from app_user u where u.id = e.actor_id) as actor_name
from dunning_event e where e.case_id = :case_id
order by e.id desc limit :limit
""")


@dataclass(frozen=True)
class CaseRow:
    """A case in the queue; amounts in minor units of the invoice's currency.

    `days_overdue` count from the due date, `days` those of the ladder; `stage` is the one reached,
    `opened` before the first, `next_stage` the one ahead with its `next_effect` on `next_on`.
    """

    id: int
    tenant_id: int
    tenant_name: str
    invoice_id: int
    number: str | None
    subscription_id: int | None
    currency: str
    due_minor: int
    due_on: date
    days_overdue: int
    days: int
    status: str
    restriction: str | None
    position: int
    stage: str
    next_stage: str
    next_effect: str
    next_on: date | None
    override_path: str | None
    override_until: date | None
    failure_code: str | None
    failed_on: date | None
    failures: int
    reminded_on: date | None
    opened_on: date
    closed_on: date | None
    close_reason: str | None
    policy_version: int
    version: int


@dataclass(frozen=True)
class QueuePage:
    """Some cases, how many fit, and how many there are in each part of the queue."""

    rows: list[CaseRow]
    count: int
    counts: dict[str, int]


@dataclass(frozen=True)
class EventRow:
    """Something done to a case: by the run, or by a person with a reason."""

    id: int
    created_at: datetime
    kind: str
    position: int
    facts: dict[str, Any]
    reason: str
    actor_type: str
    actor_name: str | None


@dataclass(frozen=True)
class CaseDetail:
    """A case with the ladder it climbs and its history, newest first."""

    row: CaseRow
    stages: tuple[Stage, ...]
    events: list[EventRow]


@dataclass(frozen=True)
class TenantDunning:
    """A tenant's cases, running ones first, and the ladder a new one would climb."""

    tenant_id: int
    policy_version: int
    stages: tuple[Stage, ...]
    cases: list[CaseRow]


def queue(
    work: Work,
    text: str | None = None,
    state: str | None = None,
    *,
    closed: bool = False,
    limit: int = 100,
    offset: int = 0,
) -> QueuePage:
    """Cases that run, or those that are closed; `text` is looked for in the tenant's name.

    `state` is one of STATES. Needs `billing.read`. Raises BadInput.
    """
    work.require("billing.read")
    if state is not None and state not in STATES:
        raise BadInput(f"A part of the queue is one of {', '.join(STATES)}")
    wanted = ["c.status = 'closed'" if closed else "c.status <> 'closed'"]
    values: dict[str, Any] = {}
    if state:
        wanted.append(_STATE[state])
    if text and text.strip():
        wanted.append("t.name ilike :part")
        values["part"] = f"%{literal(text.strip()[:LONGEST_SEARCH])}%"
    conditions = " and ".join(wanted)
    rows = _read(work, conditions, values, limit, offset)
    count = work.session.scalar(sql(_COUNT.format(conditions=conditions)), values) or 0
    counts = work.session.execute(_COUNTS).mappings().one()
    return QueuePage(rows, count, dict(counts))


def case_detail(work: Work, case_id: int) -> CaseDetail:
    """One case. Needs `billing.read`. Raises NotFound."""
    work.require("billing.read")
    row, stages = _one(work, case_id)
    events = work.session.execute(_EVENTS, {"case_id": case_id, "limit": MOST_EVENTS})
    return CaseDetail(row, stages, [EventRow(**event._mapping) for event in events])


def tenant_dunning(work: Work, tenant_id: int) -> TenantDunning:
    """A tenant's cases. Needs `billing.read`. Raises NotFound."""
    work.require("billing.read")
    return written_for(work, tenant_id)


def written(work: Work, case_id: int) -> CaseRow:
    """A case, for the answer to whoever has just been allowed to change it."""
    return _one(work, case_id)[0]


def written_for(work: Work, tenant_id: int) -> TenantDunning:
    """A tenant's cases, for the answer to whoever has just been allowed to change them."""
    if work.session.get(Tenant, tenant_id) is None:
        raise NotFound(f"There is no tenant {tenant_id}")
    policy = policy_for(work, tenant_id)
    rows = _read(work, "c.tenant_id = :tenant_id", {"tenant_id": tenant_id}, MOST_ROWS, 0)
    return TenantDunning(tenant_id, policy.version, ladder_of(work, policy.id), rows)


def _one(work: Work, case_id: int) -> tuple[CaseRow, tuple[Stage, ...]]:
    found = _rows(work, "c.id = :case_id", {"case_id": case_id}, 1, 0)
    if not found:
        raise NotFound(f"There is no dunning case {case_id}")
    return found[0]


def _read(
    work: Work, conditions: str, values: dict[str, Any], limit: int, offset: int
) -> list[CaseRow]:
    return [row for row, _ in _rows(work, conditions, values, limit, offset)]


def _rows(
    work: Work, conditions: str, values: dict[str, Any], limit: int, offset: int
) -> list[tuple[CaseRow, tuple[Stage, ...]]]:
    span = {"limit": max(1, min(limit, MOST_ROWS)), "offset": max(0, offset)}
    found = work.session.execute(sql(_CASES.format(conditions=conditions)), {**values, **span})
    ladders: dict[int, tuple[Stage, ...]] = {}
    rows = []
    for row in found.mappings().all():
        own = row["override_custom_stages"]
        if row["policy_id"] not in ladders:
            ladders[row["policy_id"]] = ladder_of(work, row["policy_id"])
        stages = ladders[row["policy_id"]] if own is None else tuple(Stage(**one) for one in own)
        rows.append((_row(dict(row), stages, work.today), stages))
    return rows


def _row(facts: dict[str, Any], stages: Sequence[Stage], today: date) -> CaseRow:
    for name in ("override_custom_stages", "policy_id"):
        del facts[name]
    counted_from, position = facts.pop("counted_from"), facts["position"]
    ahead = None
    if facts["next_on"] is not None and facts["override_path"] != "freeze":
        days = (facts["next_on"] - counted_from).days
        ahead = next_task(stages, position, facts["restriction"], days, reminded_today=False)
    return CaseRow(
        **facts,
        days_overdue=max((today - facts["due_on"]).days, 0),
        days=max((today - counted_from).days, 0),
        next_stage=stages[ahead.position - 1].template if ahead else "",
        next_effect=ahead.effect if ahead else "",
    )
