"""Makes past card payments known to the simulator, so that they can be refunded there."""

from sqlalchemy import Connection, text

from core.gateways.stripe_gateway import HUNDREDFOLD, WHOLE_UNITS


def adopt(connection: Connection) -> int:
    """Take the card payments of this database over as charges, and go into service.

    Returns how many were new; what is known already stays as it is.
    """
    values = {"hundredfold": list(HUNDREDFOLD), "whole_units": list(WHOLE_UNITS)}
    added = connection.scalar(text(_ADOPT), values)
    connection.execute(text("update simulator.control set in_service = true"))
    return int(added or 0)


def _units(column: str) -> str:
    """The gateway's unit for a column of minor units."""
    return (
        f"case when p.currency = any(:hundredfold) then {column} * 100 "
        f"when p.currency = any(:whole_units) then {column} / 100 else {column} end"
    )


def _line(kind: str, number: str, source: str, amount: str, fee: str) -> str:
    """A line of the ledger as the columns id, created, body."""
    return f"""
select {number}, created, jsonb_build_object(
  'id', {number}, 'object', 'balance_transaction', 'created', created,
  'amount', {amount}, 'fee', {fee}, 'net', {amount} - {fee}, 'currency', currency,
  'available_on', created + 172800, 'status', 'pending',
  'reporting_category', '{kind}', 'type', '{kind}', 'source', {source},
  'fee_details', case when {fee} = 0 then jsonb_build_array() else jsonb_build_array(
    jsonb_build_object('amount', {fee}, 'application', null, 'currency', currency,
      'description', 'Processing fees', 'type', 'stripe_fee')) end)"""


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
    p.status in ('disputed', 'charged_back') as disputed,
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
    'charge', charge, 'status', 'succeeded', 'balance_transaction', 'txn_' || id)
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
  {_line("refund", "'txn_' || id", "id", "-amount", "cast(0 as bigint)")}
  from refunded
  where id in (select id from given_back)
  on conflict (id) do nothing
)
select count(*) from charge
"""
