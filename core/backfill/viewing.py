"""How an import stands: what Stripe says against our books, and what was refused (IMP)."""

from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import select, text

from core.backfill.actions import NEEDS
from core.backfill.batch import SOURCE
from core.backfill.models import KINDS, ImportRun
from core.work import Work

MOST_REFUSED = 500
_COUNTS = text("""
-- What became of the objects read? One row per kind.
select kind, count(*) as told,
  count(*) filter (where state = 'loaded') as loaded,
  count(*) filter (where state = 'left_out') as left_out,
  count(*) filter (where state = 'refused') as refused,
  count(*) filter (where state = 'waiting') as waiting
from import_object where source = :source group by kind
""")
_SUMS = text("""
-- What do Stripe and our books hold, without what was left out? One row per kind and currency;
-- minor units.
with told as (
  select o.kind, o.facts ->> 'currency' as currency, o.state, o.record_id,
    cast(o.facts ->> case o.kind when 'invoices' then 'total_minor' else 'amount_minor' end
      as bigint) as told_minor
  from import_object o
  where o.source = :source and o.facts ->> 'currency' is not null
    and o.state <> 'left_out'
    and o.kind in ('invoices', 'charges', 'refunds', 'disputes', 'balance_transactions', 'payouts')
), booked as (
  select 'invoices' as kind, id, total_minor as minor from invoice
  union all select 'charges', id, amount_minor from payment
  union all select 'refunds', id, amount_minor from refund
  union all select 'disputes', id, amount_minor from dispute
  union all select 'balance_transactions', id, amount_minor from gateway_line
  union all select 'payouts', id, amount_minor from gateway_payout
)
select t.kind, t.currency, count(*) as told, cast(sum(t.told_minor) as bigint) as told_minor,
  count(b.id) as booked, cast(coalesce(sum(b.minor), 0) as bigint) as booked_minor
from told t
left join booked b on b.kind = t.kind and b.id = t.record_id and t.state = 'loaded'
group by t.kind, t.currency
""")
_REASONS = text("""
-- Which objects are in a state, and why? One row per object.
select kind, external_id, state, reason from import_object
where source = :source and state = :state order by kind, happened_at, id limit :most
""")
_LEFT_OUT = text("""
-- What was left out, and why? One row per kind and reason.
select kind, reason, count(*) as objects from import_object
where source = :source and state = 'left_out' group by kind, reason order by kind, objects desc
""")


@dataclass(frozen=True)
class Counted:
    """What became of the objects of a kind."""

    kind: str
    told: int
    loaded: int
    left_out: int
    refused: int
    waiting: int


@dataclass(frozen=True)
class Compared:
    """Stripe's sum of a kind and currency against ours, in minor units."""

    kind: str
    currency: str
    told: int
    told_minor: int
    booked: int
    booked_minor: int

    @property
    def difference_minor(self) -> int:
        """What Stripe has more: the objects that were refused."""
        return self.told_minor - self.booked_minor


@dataclass(frozen=True)
class Refused:
    """An object that is not in our books, by Stripe's id, and the reason."""

    kind: str
    external_id: str
    reason: str


@dataclass(frozen=True)
class LeftOut:
    """Objects of a kind that our books do not need, by reason."""

    kind: str
    reason: str
    objects: int


@dataclass(frozen=True)
class ImportState:
    """An import: how far it is and what it brought; `refused` lists MOST_REFUSED at most."""

    id: int
    account: str
    mode: str
    state: str
    since: date | None
    place: str
    read: int
    problem: str
    started_at: datetime
    changed_at: datetime
    finished_at: datetime | None
    counts: list[Counted]
    sums: list[Compared]
    refused: list[Refused]
    left_out: list[LeftOut]


def as_plain(state: ImportState) -> dict[str, Any]:
    """An import as plain values, each comparison with its difference."""
    plain = asdict(state)
    for row, each in zip(plain["sums"], state.sums, strict=True):
        row["difference_minor"] = each.difference_minor
    return plain


def latest_import(work: Work) -> ImportState | None:
    """The newest import, None before the first. Needs `payment_config.manage`."""
    work.require(NEEDS)
    run = work.session.scalar(
        select(ImportRun).where(ImportRun.source == SOURCE).order_by(ImportRun.id.desc()).limit(1)
    )
    if run is None:
        return None
    asked = {"source": SOURCE}
    refused = {**asked, "state": "refused", "most": MOST_REFUSED}
    order = {kind: place for place, kind in enumerate(KINDS)}
    counts = [Counted(*row) for row in work.session.execute(_COUNTS, asked)]
    sums = [Compared(*row) for row in work.session.execute(_SUMS, asked)]
    return ImportState(
        id=run.id,
        account=run.account,
        mode=run.mode,
        state=run.state,
        since=run.since,
        place=run.place,
        read=run.read,
        problem=run.problem,
        started_at=run.started_at,
        changed_at=run.changed_at,
        finished_at=run.finished_at,
        counts=sorted(counts, key=lambda each: order[each.kind]),
        sums=sorted(sums, key=lambda each: (order[each.kind], each.currency)),
        refused=[
            Refused(row.kind, row.external_id, row.reason)
            for row in work.session.execute(_REASONS, refused)
        ],
        left_out=[LeftOut(*row) for row in work.session.execute(_LEFT_OUT, asked)],
    )
