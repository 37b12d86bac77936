"""Makes the past of this database known to the simulator: charges, refunds, disputes, payouts."""

import json

from sqlalchemy import Connection, text

from core.gateways.simulator.shapes import BALANCE_TRANSACTION
from core.gateways.stripe_wire import HUNDREDFOLD, OUR_KEY, WHOLE_UNITS


def adopt(connection: Connection) -> int:
    """Take the card payments of this database over as charges, and go into service.

    So come the recharges of wallets, and the refunds, disputes and payouts of both. Returns how
    many charges were new; what is known already stays as it is.
    """
    values = {
        "hundredfold": list(HUNDREDFOLD),
        "whole_units": list(WHOLE_UNITS),
        "usual": json.dumps(BALANCE_TRANSACTION.usual),
        "our_key": OUR_KEY,
    }
    payments = connection.scalar(text(_ADOPT), values)
    recharges = connection.scalar(text(_ADOPT_RECHARGES), values)
    connection.execute(text(_ADOPT_DISPUTES), values)
    connection.execute(text(_ADOPT_PAYOUT_LINES))
    connection.execute(text(_ADOPT_PAYOUTS), values)
    connection.execute(text("update simulator.control set in_service = true"))
    return int(payments or 0) + int(recharges or 0)


def _units(column: str) -> str:
    """The gateway's unit for a column of minor units."""
    return (
        f"case when p.currency = any(:hundredfold) then {column} * 100 "
        f"when p.currency = any(:whole_units) then {column} / 100 else {column} end"
    )


def _second(day: str) -> str:
    """The Unix time at which a day begins."""
    return f"cast(extract(epoch from cast({day} as date)) as bigint)"


def _body(kind: str, number: str, source: str, amount: str, fee: str, type_: str = "") -> str:
    """A line of the ledger as an object."""
    return f"""cast(:usual as jsonb) || jsonb_build_object(
  'id', {number}, 'object', 'balance_transaction', 'created', created,
  'amount', {amount}, 'fee', {fee}, 'net', {amount} - {fee}, 'currency', currency,
  'available_on', created + 172800, 'status', 'pending',
  'reporting_category', '{kind}', 'type', '{type_ or kind}', 'source', {source},
  'fee_details', case when {fee} = 0 then jsonb_build_array() else jsonb_build_array(
    jsonb_build_object('amount', {fee}, 'application', null, 'currency', currency,
      'description', 'Processing fees', 'type', 'stripe_fee')) end)"""


def _line(kind: str, number: str, source: str, amount: str, fee: str) -> str:
    """A line of the ledger as the columns id, created, body."""
    return f"select {number}, created, {_body(kind, number, source, amount, fee)}"


_NOTHING = "cast(0 as bigint)"
_ADOPT = f"""
-- Card payments as the gateway would know them; one row per payment, refund and ledger line.
with paid as (
  select
    p.id as payment_id,
    p.provider_payment_id as id,
    lower(p.currency) as currency,
    {_units("p.amount_minor")} as amount,
    {_units("p.fee_minor")} as fee,
    {_units("coalesce(given.back_minor, 0)")} as back,
    p.status in ('disputed', 'charged_back')
      or exists (select from dispute d where d.payment_id = p.id) as disputed,
    cast(extract(epoch from coalesce(p.captured_at, p.created_at)) as bigint) as created
  from payment p
  left join (
    select payment_id, cast(sum(amount_minor) as bigint) as back_minor
    from refund
    where status = 'succeeded'
    group by payment_id
  ) given on given.payment_id = p.id
  where p.provider = 'stripe'
    and p.status in ('captured', 'partially_refunded', 'refunded', 'disputed', 'charged_back')
    and p.provider_payment_id is not null
    and not starts_with(p.provider_payment_id, 'pi_')
),
charge as (
  insert into simulator.charges (id, created, body)
  select id, created, jsonb_build_object(
    'id', id, 'object', 'charge', 'created', created, 'currency', currency,
    'amount', amount, 'amount_captured', amount, 'amount_refunded', back,
    'refunded', back = amount, 'disputed', disputed, 'balance_transaction', 'txn_' || id)
  from paid
  order by created, payment_id
  on conflict (id) do nothing
  returning id
),
refunded as (
  select
    coalesce(r.provider_refund_id, 're_' || r.id) as id,
    'refund-' || r.id as our_key,
    paid.id as charge,
    paid.currency,
    {_units("r.amount_minor")} as amount,
    cast(extract(epoch from coalesce(r.settled_at, r.requested_at)) as bigint) as created
  from refund r
  join payment p on p.id = r.payment_id
  join paid on paid.payment_id = p.id
  join charge on charge.id = paid.id
  where r.status = 'succeeded'
),
given_back as (
  insert into simulator.refunds (id, created, body)
  select id, created, jsonb_build_object(
    'id', id, 'object', 'refund', 'created', created, 'currency', currency, 'amount', amount,
    'charge', charge, 'status', 'succeeded', 'balance_transaction', 'txn_' || id,
    'metadata', jsonb_build_object(cast(:our_key as text), our_key))
  from refunded
  order by created, id
  on conflict (id) do nothing
  returning id
),
line as (
  insert into simulator.balance_transactions (id, created, body)
  {_line("charge", "'txn_' || id", "id", "amount", "fee")}
  from paid
  where id in (select id from charge)
  union all
  {_line("refund", "'txn_' || id", "id", "-amount", _NOTHING)}
  from refunded
  where id in (select id from given_back)
  on conflict (id) do nothing
)
select count(*) from charge
"""
_ADOPT_RECHARGES = f"""
-- Charges that filled a wallet and are no payments; one row per charge and ledger line.
with paid as (
  select
    p.external_id as id,
    lower(p.currency) as currency,
    {_units("p.amount_minor")} as amount,
    {_units("p.fee_minor")} as fee,
    {_second("p.occurred_on")} as created
  from gateway_ledger_entry p
  where p.provider = 'stripe'
    and p.kind = 'charge'
    and p.external_id ~ '^[A-Za-z0-9_-]{{1,250}}$'
    and not starts_with(p.external_id, 'pi_')
    and not exists (select from payment where provider_payment_id = p.external_id)
),
charge as (
  insert into simulator.charges (id, created, body)
  select id, created, jsonb_build_object(
    'id', id, 'object', 'charge', 'created', created, 'currency', currency,
    'amount', amount, 'amount_captured', amount, 'amount_refunded', 0,
    'metadata', jsonb_build_object(cast(:our_key as text), id),
    'balance_transaction', 'txn_' || id)
  from paid
  order by created, id
  on conflict (id) do nothing
  returning id
),
line as (
  insert into simulator.balance_transactions (id, created, body)
  {_line("charge", "'txn_' || id", "id", "amount", "fee")}
  from paid
  where id in (select id from charge)
  on conflict (id) do nothing
)
select count(*) from charge
"""
_ADOPT_DISPUTES = f"""
-- Disputes of adopted charges; one row per dispute, withdrawal and return.
with disputed as (
  select
    d.provider_dispute_id as id,
    p.provider_payment_id as charge,
    d.status,
    d.reason,
    lower(d.currency) as currency,
    {_units("d.amount_minor")} as amount,
    {_units("d.fee_minor")} as fee,
    {_second("d.opened_on")} as created,
    {_second("d.closed_on")} as closed,
    {_second("d.evidence_due_on")} as due
  from dispute d
  join payment p on p.id = d.payment_id
  join simulator.charges c on c.id = p.provider_payment_id
  where d.provider = 'stripe' and d.provider_dispute_id is not null
),
withdrawn as (
  select id as dispute, 'txn_' || id as id, created,
    {_body("dispute", "'txn_' || id", "id", "-amount", "fee", "adjustment")} as body
  from disputed
),
returned as (
  select id as dispute, 'txn_' || id || '-won' as id, created,
    {_body("dispute_reversal", "'txn_' || id || '-won'", "id", "amount", _NOTHING, "adjustment")}
      as body
  from (select id, amount, currency, closed as created from disputed where status = 'won') won
),
line as (
  select * from withdrawn
  union all
  select * from returned
),
made as (
  insert into simulator.disputes (id, created, body, due_at)
  select id, created, jsonb_build_object(
    'id', id, 'object', 'dispute', 'created', created, 'currency', currency, 'amount', amount,
    'charge', charge, 'status', status, 'reason', reason, 'is_charge_refundable', status = 'won',
    'balance_transactions', (
      select jsonb_agg(line.body order by line.created) from line where line.dispute = disputed.id
    ),
    'evidence_details', jsonb_build_object(
      'due_by', due, 'enhanced_eligibility', jsonb_build_object(), 'has_evidence', false,
      'past_due', false, 'submission_count', 0, 'submission_method', 'not_submitted')),
    case when status = 'needs_response' then due end
  from disputed
  order by created, id
  on conflict (id) do nothing
  returning id
)
insert into simulator.balance_transactions (id, created, body)
select id, created, body
from line
where dispute in (select id from made)
on conflict (id) do nothing
"""
_ADOPT_PAYOUT_LINES = """
-- Which payout paid a line? Our own ledger's answer, by the number that both carry.
update simulator.balance_transactions t
set payout = g.payout_id
from gateway_ledger_entry g
where g.provider = 'stripe'
  and g.kind <> 'payout'
  and g.payout_id is not null
  and t.id = 'txn_' || g.external_id
  and t.payout is null
"""
_ADOPT_PAYOUTS = f"""
-- Payouts of adopted lines; one row per payout, on its way until our bank showed it.
with paid_out as (
  select
    t.payout as id,
    t.body ->> 'currency' as currency,
    cast(sum(cast(t.body ->> 'net' as bigint)) as bigint) as amount,
    max(cast(t.body ->> 'available_on' as bigint)) / 86400 * 86400 as created,
    (
      select {_second("min(g.occurred_on)")} from gateway_ledger_entry g
      where g.provider = 'stripe' and g.kind = 'payout' and g.payout_id = t.payout
    ) as arrived
  from simulator.balance_transactions t
  where t.payout is not null and t.body ->> 'type' <> 'payout'
  group by 1, 2
),
made as (
  insert into simulator.payouts (id, created, body, due_at)
  select id, created, jsonb_build_object(
    'id', id, 'object', 'payout', 'created', created, 'currency', currency, 'amount', amount,
    'automatic', true, 'reconciliation_status', 'completed', 'balance_transaction', 'txn_' || id,
    'arrival_date', coalesce(arrived, created + 172800),
    'status', case when arrived is null then 'in_transit' else 'paid' end),
    case when arrived is null then created + 172800 end
  from paid_out
  order by created, id
  on conflict (id) do nothing
  returning id
)
insert into simulator.balance_transactions (id, created, body, payout)
select 'txn_' || id, created, {_body("payout", "'txn_' || id", "id", "-amount", _NOTHING)}, id
from paid_out
where id in (select id from made)
on conflict (id) do nothing
"""
