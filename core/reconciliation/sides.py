"""The two sides as the database has them: our postings on clearing accounts, the gateways' lines.

Every line is known by provider, account, kind and reference: the number that the gateway's rows
and ours both carry. What a person booked for a difference counts with the event it is about.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from sqlalchemy import Row, text

from core.ledger.chart import CLEARING, CODE
from core.reconciliation.comparing import DIFFERENCES, TOTALS
from core.work import Work

AROUND = timedelta(days=62)
"""How far outside the window the other half of an event is looked for."""
_PROVIDERS = ", ".join(f"('{name}', '{CODE[slug]}')" for name, slug in CLEARING.items())
SIDES = f"""
with clearing (provider, code) as (values {_PROVIDERS}),
posted as (
  select e.id, c.provider, t.source_type, t.source_id, t.kind as event, t.memo, t.tenant_id,
    e.currency, e.amount_minor, t.booked_on
  from clearing c
  join accounting_entry e on e.account_code = c.code
  join ledger_transaction t on t.id = e.ledger_transaction_id
  where t.booked_on between :first and :last
    and (cast(:provider as text) is null or c.provider = :provider)
),
known as (
  select
    posted.*,
    case
      when posted.source_type = 'reconciliation' then n.kind
      when posted.source_type = 'refund' then 'refund'
      when posted.source_type = 'dispute' and posted.event like '%won' then 'dispute_won'
      when posted.source_type = 'dispute' then 'dispute'
      when posted.source_type = 'bank_transfer' and posted.event = 'payout' then 'payout'
      when posted.source_type = 'gateway_payout' then 'payout'
      when posted.source_type = 'gateway_line' then 'fee'
      when posted.source_type in ('payment', 'wallet_transaction', 'bank_transfer') then 'charge'
      else 'adjustment'
    end as kind,
    coalesce(
      case posted.source_type
        when 'reconciliation' then n.reference
        when 'payment' then p.provider_payment_id
        when 'refund' then r.provider_refund_id
        when 'dispute' then
          case when d.provider = 'paypal'
            then coalesce(dp.provider_payment_id, dw.provider_payment_id)
            else d.provider_dispute_id end
        when 'wallet_transaction' then w.provider_payment_id
        when 'bank_transfer' then
          case when posted.event = 'payout' then posted.memo else b.account || '/' || b.bank_ref end
        when 'gateway_payout' then posted.memo
        when 'gateway_line' then posted.memo
      end,
      posted.source_type || '-' || posted.source_id
    ) as reference,
    case when posted.source_type = 'reconciliation' then n.tenant_id else posted.tenant_id end
      as owner_id,
    case when posted.event = 'dispute_opened' then d.fee_minor else 0 end as withheld_minor
  from posted
  left join payment p on posted.source_type = 'payment' and p.id = posted.source_id
  left join refund r on posted.source_type = 'refund' and r.id = posted.source_id
  left join dispute d on posted.source_type = 'dispute' and d.id = posted.source_id
  left join payment dp on dp.id = d.payment_id
  left join wallet_transaction dw on dw.id = d.wallet_transaction_id
  left join wallet_transaction w
    on posted.source_type = 'wallet_transaction' and w.id = posted.source_id
  left join bank_transfer b on posted.source_type = 'bank_transfer' and b.id = posted.source_id
  left join reconciliation_decision n
    on posted.source_type = 'reconciliation' and n.id = posted.source_id
),
accounts as (
  select distinct provider, tenant_id from gateway_pull where tenant_id is not null
),
ours as (
  select
    known.provider,
    coalesce(a.tenant_id, 0) as account,
    known.kind,
    known.reference,
    known.currency,
    case
      when known.event like '%gateway_fee%' and known.kind <> 'fee' then 0
      else known.amount_minor + known.withheld_minor
    end as amount_minor,
    case
      when known.event like '%gateway_fee%' and known.kind <> 'fee' then -known.amount_minor
      else known.withheld_minor
    end as fee_minor,
    case
      when known.event like '%gateway_fee%' or known.event like 'reversed%'
        or known.event like 'currency_exchanged%' or known.source_type = 'reconciliation' then 0
      else 1
    end as counted,
    known.booked_on as happened_on
  from known
  left join accounts a on a.provider = known.provider and a.tenant_id = known.owner_id
  where cast(:reference as text) is null or known.reference = :reference
),
theirs as (
  select
    provider,
    coalesce(tenant_id, 0) as account,
    kind,
    case
      when kind in ('fee', 'adjustment') then external_id else coalesce(source_id, external_id)
    end as reference,
    currency,
    amount_minor,
    fee_minor,
    1 as counted,
    occurred_on as happened_on
  from gateway_line
  where occurred_on between :first and :last
    and (cast(:provider as text) is null or provider = :provider)
    and (
      cast(:reference as text) is null or source_id = :reference or external_id = :reference
    )
),
"""
_TOTALS = text(SIDES + TOTALS.strip())
_DIFFERENCES = text(SIDES + DIFFERENCES.strip())


@dataclass(frozen=True)
class Window:
    """Days, both included, as they were known at the end of `as_of`; one provider or all.

    `reference` narrows it to one event.
    """

    since: date
    until: date
    as_of: date
    provider: str | None = None
    reference: str | None = None

    @property
    def values(self) -> Mapping[str, Any]:
        """What the questions ask for by name."""
        return {
            "since": self.since,
            "until": min(self.until, self.as_of),
            "first": self.since - AROUND,
            "last": min(self.until + AROUND, self.as_of),
            "provider": self.provider,
            "reference": self.reference,
        }


def totals(work: Work, window: Window) -> list[Row[Any]]:
    """Each side's sum by provider and currency; minor units."""
    return list(work.session.execute(_TOTALS, dict(window.values)).all())


def differing(work: Work, window: Window) -> list[Row[Any]]:
    """The events that the two sides tell differently."""
    return list(work.session.execute(_DIFFERENCES, dict(window.values)).all())
