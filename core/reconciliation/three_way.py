"""Each payout three ways: its own lines, the bank's line, and our clearing account (REC.3)."""

from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import text

from core.bank.payouts import SHORTEST_TRACE
from core.reconciliation.rules import PayoutFacts, PayoutState, payout_state
from core.reconciliation.sides import Window
from core.work import Work

LOOKED = timedelta(days=14)
"""How far around the day that the gateway named the bank's line is looked for."""
MOST_PAYOUTS = 2_000
DEDUCTING = ("paystack",)
"""Gateways that list the payments of a payout, and not what they took off it."""
_PAYOUTS = text("""
-- What do gateway, bank and books say of each payout expected in the window? One row per payout.
select
  p.provider,
  p.tenant_id,
  p.payout_id,
  p.status,
  p.currency,
  p.amount_minor,
  p.arrives_on,
  case when p.itemised_at is not null then (
    select cast(coalesce(sum(l.net_minor), 0) as bigint) from gateway_line l
    where l.payout_id = p.payout_id and l.provider = p.provider
      and l.tenant_id is not distinct from p.tenant_id and l.kind <> 'payout'
  ) end as lines_minor,
  (
    select count(*) from gateway_line l
    where l.payout_id = p.payout_id and l.provider = p.provider
      and l.tenant_id is not distinct from p.tenant_id and l.kind <> 'payout'
  ) as lines,
  bank.id as bank_transfer_id,
  bank.booked_on as bank_on,
  posted.amount_minor as ledger_minor,
  posted.booked_on as ledger_on
from gateway_payout p
left join lateral (
  select b.id, b.booked_on
  from bank_transfer b join bank_statement s on s.id = b.statement_id
  where s.format <> 'bgmax'
    and b.amount_minor = p.amount_minor
    and b.currency = p.currency
    and b.booked_on between p.arrives_on - :looked and p.arrives_on + :looked
    and b.booked_on <= :as_of
    and not exists (
      select from payment a where a.bank_transfer_id = b.id and a.status <> 'reversed'
    )
    and (
      b.payout_id = p.payout_id
      or b.payout_id is null and strpos(
        lower(concat_ws(' ', b.counterparty_name, b.reference, b.text, b.end_to_end_id)),
        lower(p.payout_id)) > 0
      or b.payout_id is null and length(p.trace_id) >= :shortest and strpos(
        lower(concat_ws(' ', b.reference, b.text, b.end_to_end_id, b.entry_ref, b.own_ref)),
        lower(p.trace_id)) > 0
    )
  order by b.payout_id is null, abs(b.booked_on - p.arrives_on), b.id
  limit 1
) bank on true
left join lateral (
  select cast(sum(e.amount_minor) as bigint) as amount_minor, min(t.booked_on) as booked_on
  from ledger_transaction t
  join accounting_entry e on e.ledger_transaction_id = t.id
  join account a on a.code = e.account_code
  where t.kind in ('payout', 'payout_shown_later')
    and t.source_type = 'bank_transfer' and t.source_id = bank.id
    and t.memo = p.payout_id and a.slug = 'bank' and t.booked_on <= :as_of
) posted on true
where p.arrives_on between :since and :until
  and (cast(:provider as text) is null or p.provider = :provider)
order by p.arrives_on desc, p.provider, p.id desc
limit :most
""")


@dataclass(frozen=True)
class PayoutRow:
    """A payout and what each side says of it; minor units.

    `lines_minor` is None for one that the gateway does not itemise: it compares as a sum alone.
    """

    provider: str
    tenant_id: int | None
    payout_id: str
    status: str
    currency: str
    amount_minor: int
    arrives_on: date
    lines_minor: int | None
    lines: int
    bank_transfer_id: int | None
    bank_on: date | None
    ledger_minor: int | None
    ledger_on: date | None
    state: PayoutState


def three_way(work: Work, window: Window) -> tuple[PayoutRow, ...]:
    """The payouts expected within a window, the newest first, MOST_PAYOUTS at most."""
    values = {
        **window.values,
        "as_of": window.as_of,
        "looked": LOOKED.days,
        "shortest": SHORTEST_TRACE,
        "most": MOST_PAYOUTS,
    }
    found = []
    for row in work.session.execute(_PAYOUTS, values).all():
        facts = PayoutFacts(
            row.status,
            row.amount_minor,
            row.arrives_on,
            row.lines_minor,
            row.bank_on,
            row.ledger_minor,
            deducts=row.provider in DEDUCTING,
        )
        found.append(PayoutRow(**row._mapping, state=payout_state(facts, window.as_of)))
    return tuple(found)
