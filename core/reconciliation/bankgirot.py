"""Bankgirot's side: the deposits and payments in its own files, as they were imported (REC.1)."""

from datetime import date, timedelta

from sqlalchemy import text

from core.clock import start_of_day
from core.reconciliation.models import GatewayPull
from core.work import Work

PROVIDER = "bankgirot"
_FILES = """
-- Bankgirot's files; one row per statement with its day, and its deposit's number unless something
-- was deducted from it.
files as (
  select s.id, s.account, s.currency, s.booked_on,
    case when not exists (
      select from bank_transfer d where d.statement_id = s.id and d.amount_minor < 0
    ) then s.account || '/' || s.statement_ref end as deposit
  from bank_statement s
  where s.format = 'bgmax' and s.status = 'imported'
)
"""
_LINES = text(f"""
with {_FILES.strip()},
told as (
  select b.account || '/' || b.bank_ref as external_id, 'charge' as kind,
    b.account || '/' || b.bank_ref as source_id, f.deposit as payout_id, b.currency,
    b.amount_minor, b.booked_on
  from files f join bank_transfer b on b.statement_id = f.id
  where b.amount_minor > 0
  union all
  select 'deposit ' || f.deposit, 'payout', f.deposit, f.deposit, f.currency,
    cast(-sum(b.amount_minor) as bigint), f.booked_on
  from files f join bank_transfer b on b.statement_id = f.id
  where f.deposit is not null
  group by f.deposit, f.currency, f.booked_on
)
insert into gateway_line (provider, external_id, kind, source_id, payout_id, currency,
  amount_minor, fee_minor, net_minor, occurred_at, occurred_on, available_on, pulled_at)
select 'bankgirot', external_id, kind, source_id, payout_id, currency, amount_minor, 0,
  amount_minor, cast(booked_on as timestamp) at time zone :zone, booked_on, booked_on, :now
from told
order by booked_on, external_id
on conflict (provider, tenant_id, external_id) do nothing
""")
_PAYOUTS = text("""
-- One payout per deposit.
insert into gateway_payout (provider, payout_id, status, currency, amount_minor, arrives_on,
  itemised, itemised_at, pulled_at)
select provider, payout_id, 'paid', currency, -amount_minor, occurred_on, true, pulled_at, :now
from gateway_line
where provider = 'bankgirot' and kind = 'payout'
order by id
on conflict (provider, tenant_id, payout_id) do nothing
""")
_DAYS = text("""
select min(booked_on) as first, max(booked_on) as last
from bank_statement where format = 'bgmax' and status = 'imported'
""")
_COVERED = text("""
select exists (
  select from bank_statement
  where format = 'bgmax' and status = 'imported' and booked_on between :since and :until
)
""")


def take_over(work: Work) -> tuple[int, int]:
    """Take what Bankgirot's files tell over as its lines and payouts; how many were new."""
    days = work.session.execute(_DAYS).one()
    if days.first is None:
        return 0, 0
    zone = work.settings.billing_timezone
    connection = work.session.connection()
    lines = connection.execute(_LINES, {"zone": zone, "now": work.now}).rowcount
    payouts = connection.execute(_PAYOUTS, {"now": work.now}).rowcount
    for kind in ("lines", "payouts"):
        _mark(work, kind, days.first, days.last)
    return lines, payouts


def covered(work: Work, since: date, until: date) -> bool:
    """Whether one of Bankgirot's files is of the window."""
    return bool(work.session.scalar(_COVERED, {"since": since, "until": until}))


def _mark(work: Work, kind: str, first: date, last: date) -> None:
    zone = work.settings.billing_timezone
    reached = start_of_day(last + timedelta(days=1), zone)
    known = work.session.query(GatewayPull).filter_by(provider=PROVIDER, kind=kind).one_or_none()
    if known is None:
        known = GatewayPull(provider=PROVIDER, kind=kind, since_at=start_of_day(first, zone))
        work.session.add(known)
    known.since_at = min(known.since_at, start_of_day(first, zone))
    known.reached_at, known.tried_at, known.changed_at = reached, work.now, work.now
