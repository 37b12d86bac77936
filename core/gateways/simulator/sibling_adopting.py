"""Makes the past by Paystack and PayPal known to their simulators, with what became of it."""

import json
from collections.abc import Callable, Iterator
from typing import Any

from sqlalchemy import Connection, Row, text

from core.gateways.simulator.paypal_money import amount_of
from core.gateways.simulator.sibling import Fields, iso

Made = tuple[str, str, int, Fields]
"""An object: its kind, its number, when it was made, and itself."""
_PAID = """
-- What was paid through a provider? One row per payment and per recharge of a wallet, which has a
-- number of its own range, with the payout that its line went into.
select
  p.id as payment_id,
  p.provider_payment_id as number,
  p.currency,
  p.amount_minor as amount,
  p.fee_minor as fee,
  coalesce((
    select sum(r.amount_minor) from refund r where r.payment_id = p.id and r.status = 'succeeded'
  ), 0) as back,
  cast(extract(epoch from coalesce(p.captured_at, p.created_at)) as bigint) as made,
  coalesce((
    select g.payout_id from gateway_ledger_entry g
    where g.provider = p.provider and g.external_id = p.provider_payment_id
  ), '') as payout_id
from payment p
where p.provider = :provider
  and p.status in ('captured', 'partially_refunded', 'refunded', 'disputed', 'charged_back')
  and p.provider_payment_id is not null
union all
select
  g.id + 1000000000,
  g.external_id,
  g.currency,
  g.amount_minor,
  g.fee_minor,
  0,
  cast(extract(epoch from g.occurred_on) as bigint),
  coalesce(g.payout_id, '')
from gateway_ledger_entry g
where g.provider = :provider
  and g.kind = 'charge'
  and not exists (
    select from payment p where p.provider = g.provider and p.provider_payment_id = g.external_id
  )
order by payment_id
"""
_REFUNDED = """
-- What was paid back on them? One row per refund.
select
  r.id as refund_id,
  coalesce(r.provider_refund_id, 'refund-' || r.id) as number,
  p.id as payment_id,
  p.provider_payment_id as payment,
  r.currency,
  r.amount_minor as amount,
  cast(extract(epoch from coalesce(r.settled_at, r.requested_at)) as bigint) as made
from refund r
join payment p on p.id = r.payment_id
where p.provider = :provider and r.status = 'succeeded' and p.provider_payment_id is not null
order by r.id
"""
_PAID_OUT = """
-- What did the bank show of it? One row per payout and currency, made the day before, or with its
-- last line where that is later.
select
  l.payout_id as number,
  l.currency,
  cast(sum(l.net_minor) as bigint) as amount,
  cast(extract(epoch from greatest(max(l.occurred_on), shown.on_day - 1)) as bigint) as made
from gateway_ledger_entry l
join (
  select payout_id, min(occurred_on) as on_day
  from gateway_ledger_entry
  where provider = :provider and kind = 'payout'
  group by payout_id
) shown on shown.payout_id = l.payout_id
where l.provider = :provider and l.kind <> 'payout'
group by l.payout_id, l.currency, shown.on_day
order by l.payout_id
"""
_DISPUTED = """
-- Which of them were disputed? One row per dispute.
select
  d.provider_dispute_id as number,
  p.provider_payment_id as payment,
  d.currency,
  d.amount_minor as amount,
  d.fee_minor as fee,
  d.status,
  cast(extract(epoch from d.opened_on) as bigint) as made,
  cast(extract(epoch from d.closed_on) as bigint) as closed,
  cast(extract(epoch from d.evidence_due_on) as bigint) as due
from dispute d
join payment p on p.id = d.payment_id
where d.provider = :provider and p.provider_payment_id is not null
order by d.id
"""
_ADD = """
insert into simulator.sibling_objects (provider, kind, id, created, body)
values (:provider, :kind, :id, :created, cast(:body as jsonb))
on conflict do nothing
"""


def adopt(connection: Connection) -> int:
    """Take the past of both providers over; what is known already stays as it is.

    Returns how many payments the database has of them.
    """
    return _adopt(connection, "paystack", _paystack) + _adopt(connection, "paypal", _paypal)


def _adopt(
    connection: Connection, provider: str, made: Callable[[Connection], Iterator[Made]]
) -> int:
    rows = [
        {
            "provider": provider,
            "kind": kind,
            "id": number,
            "created": created,
            "body": json.dumps(body),
        }
        for kind, number, created, body in made(connection)
    ]
    if rows:
        connection.execute(text(_ADD), rows)
    return sum(row["kind"] in ("transaction", "capture") for row in rows)


def _of(connection: Connection, question: str, provider: str) -> list[Row[Any]]:
    return list(connection.execute(text(question), {"provider": provider}))


def _paystack(connection: Connection) -> Iterator[Made]:
    for paid in _of(connection, _PAID, "paystack"):
        transaction = {
            "id": paid.payment_id,
            "status": "reversed" if paid.back == paid.amount else "success",
            "reference": paid.number,
            "amount": paid.amount,
            "currency": paid.currency,
            "fees": paid.fee,
            "paid_at": iso(paid.made),
            "created_at": iso(paid.made),
            "gateway_response": "Approved",
            "authorization": {},
            "customer": {},
            "metadata": "",
            "settlement": paid.payout_id,
        }
        yield "transaction", paid.number, paid.made, transaction
    for back in _of(connection, _REFUNDED, "paystack"):
        refund = {
            "id": back.number,
            "transaction": back.payment_id,
            "transaction_reference": back.payment,
            "dispute": None,
            "amount": back.amount,
            "currency": back.currency,
            "status": "processed",
            "merchant_note": f"refund-{back.refund_id}",
            "createdAt": iso(back.made),
        }
        yield "refund", back.number, back.made, refund
    for payout in _of(connection, _PAID_OUT, "paystack"):
        settlement = {
            "id": payout.number,
            "status": "success",
            "currency": payout.currency,
            "effective_amount": payout.amount,
            "settlement_date": iso(payout.made),
            "createdAt": iso(payout.made),
        }
        yield "settlement", payout.number, payout.made, settlement


def _paypal(connection: Connection) -> Iterator[Made]:
    for paid in _of(connection, _PAID, "paypal"):
        yield from _captured(paid)
        yield _row(paid.number, "T0006", paid.made, paid.amount, paid.currency, paid.fee)
    for back in _of(connection, _REFUNDED, "paypal"):
        key = f"refund-{back.refund_id}"
        refund = {
            "id": back.number,
            "status": "COMPLETED",
            "amount": amount_of(back.amount, back.currency),
            "custom_id": key,
            "invoice_id": key,
            "create_time": iso(back.made),
            "capture": back.payment,
            "minor": back.amount,
        }
        yield "refund", back.number, back.made, refund
        yield _row(back.number, "T1107", back.made, -back.amount, back.currency, about=back.payment)
    for payout in _of(connection, _PAID_OUT, "paypal"):
        yield _row(payout.number, "T0400", payout.made, -payout.amount, payout.currency)
    for claim in _of(connection, _DISPUTED, "paypal"):
        yield from _disputed(claim)


def _captured(paid: Row[Any]) -> Iterator[Made]:
    """A capture and the order that it is of."""
    amount, number = amount_of(paid.amount, paid.currency), f"O{paid.payment_id}"
    status = "PARTIALLY_REFUNDED" if paid.back else "COMPLETED"
    capture = {
        "id": paid.number,
        "status": "REFUNDED" if paid.back == paid.amount else status,
        "amount": amount,
        "custom_id": "",
        "seller_receivable_breakdown": {"paypal_fee": amount_of(paid.fee, paid.currency)},
        "supplementary_data": {"related_ids": {"order_id": number}},
        "create_time": iso(paid.made),
        "order": number,
        "minor": paid.amount,
    }
    order = {"id": number, "status": "COMPLETED", "purchase_units": [{"amount": amount}]}
    yield "capture", paid.number, paid.made, capture
    yield "order", number, paid.made, order


def _disputed(claim: Row[Any]) -> Iterator[Made]:
    """A dispute, the money that it withdrew, and its return when it was won."""
    won = claim.status == "won"
    status = {"needs_response": "WAITING_FOR_SELLER_RESPONSE", "under_review": "UNDER_REVIEW"}
    code = "RESOLVED_SELLER_FAVOUR" if won else "RESOLVED_BUYER_FAVOUR"
    fee = {
        "affected_party": "SELLER",
        "amount": amount_of(claim.fee, claim.currency),
        "type": "DEBIT",
        "reason": "CHARGEBACK_FEE",
    }
    dispute = {
        "dispute_id": claim.number,
        "create_time": iso(claim.made),
        "update_time": iso(claim.closed or claim.made),
        "reason": "UNAUTHORISED",
        "status": status.get(claim.status, "RESOLVED"),
        "dispute_outcome": {"outcome_code": code},
        "dispute_amount": amount_of(claim.amount, claim.currency),
        "seller_response_due_date": iso(claim.due) if claim.due else None,
        "disputed_transactions": [{"seller_transaction_id": claim.payment}],
        "money_movements": [fee] if claim.fee else [],
    }
    yield "dispute", claim.number, claim.made, dispute
    place, about = (claim.currency, claim.fee), claim.payment
    yield _row(f"{claim.number}-out", "T1201", claim.made, -claim.amount, *place, about=about)
    if won:
        yield _row(
            f"{claim.number}-in", "T1202", claim.closed, claim.amount, claim.currency, about=about
        )


def _row(
    number: str, code: str, made: int, minor: int, currency: str, fee: int = 0, about: str = ""
) -> Made:
    info = {
        "transaction_id": number,
        "transaction_event_code": code,
        "transaction_initiation_date": iso(made),
        "transaction_amount": amount_of(minor, currency),
        "fee_amount": amount_of(-fee, currency),
        "paypal_reference_id": about,
        "transaction_status": "S",
    }
    return "row", f"{number}-{code}", made, {"transaction_info": info}
