"""Stripe's own ledger: its lines, its fees, and the payouts of the time before (IMP).

Lines and payouts are kept as the nightly reconciliation keeps them, which reads on from there.
"""

from datetime import datetime

from sqlalchemy import func, select

from core.backfill.batch import SOURCE, Batch
from core.backfill.models import ImportObject, ImportRun
from core.backfill.money import Moves
from core.gateways.accounts import Account
from core.gateways.models import GatewayLedgerEntry
from core.gateways.port import LedgerLine, PayoutSeen
from core.gateways.stripe_ledger import LINE_KINDS, PAYOUT_STATES
from core.gateways.stripe_wire import instant
from core.ledger.postings import gateway_fee, paid_out_before_import
from core.reconciliation.models import GatewayLine, GatewayPayout
from core.reconciliation.pulling import keep_lines, keep_payouts

COMPANY = Account(SOURCE)


def load_lines(batch: Batch) -> None:
    """Keep the lines, and post the fees that stand alone; other corrections wait for a person."""
    keep_lines(batch.work, COMPANY, [_line(one) for one in batch.objects])
    kept = batch.ours(GatewayLine.external_id, [one.external_id for one in batch.objects])
    known = batch.ours(GatewayLedgerEntry.external_id, [one.external_id for one in batch.objects])
    moves = Moves(batch)
    for one in batch.objects:
        row, facts = kept[one.external_id], one.facts
        batch.done(one, row.id)
        if row.kind != "fee" or one.external_id in known:
            continue
        source, on = ("gateway_line", row.id), row.occurred_on
        legs = gateway_fee(SOURCE, facts["fee_minor"] - facts["amount_minor"])
        moves.postings.add("gateway_fee", source, legs, row.currency, on, None, one.external_id)
        sums = (facts["amount_minor"], facts["fee_minor"])
        moves.expect("fee", one.external_id, (row.currency, on), sums, None)
    moves.write()


def load_payouts(batch: Batch) -> None:
    """Keep payouts; what reached the bank before the first import is in the opening balance."""
    states = [one for one in batch.objects if one.facts["status"] in PAYOUT_STATES]
    for one in batch.objects:
        if one not in states:
            batch.refuse(one, f"Stripe says {one.facts['status']} of it, which is not known")
    if states:
        keep_payouts(batch.work, COMPANY, [_payout(one) for one in states])
    kept = batch.ours(GatewayPayout.payout_id, [one.external_id for one in states])
    booked = batch.ours(GatewayLedgerEntry.external_id, [one.external_id for one in states])
    first, moves = batch.day_of(_first(batch)), Moves(batch)
    for one in states:
        row, facts = kept[one.external_id], one.facts
        batch.done(one, row.id)
        came_before = facts["status"] == "paid" and row.arrives_on < first
        if not came_before or one.external_id in booked or not facts["amount_minor"]:
            continue
        source, on = ("gateway_payout", row.id), row.arrives_on
        legs = paid_out_before_import(SOURCE, row.amount_minor)
        moves.postings.add(
            "paid_out_before_import", source, legs, row.currency, on, None, one.external_id
        )
        place, sums = (row.currency, on), (-row.amount_minor, 0)
        number = one.external_id
        moves.expect("payout", number, place, sums, number, payout=number)
    moves.write()


def _first(batch: Batch) -> datetime:
    """When the company was first imported."""
    found = batch.work.session.scalar(
        select(func.min(ImportRun.started_at)).where(ImportRun.source == SOURCE)
    )
    assert found is not None
    return found


def _line(one: ImportObject) -> LedgerLine:
    facts = one.facts
    return LedgerLine(
        external_id=one.external_id,
        kind=LINE_KINDS.get(facts["category"], "adjustment"),
        currency=facts["currency"],
        amount_minor=facts["amount_minor"],
        fee_minor=facts["fee_minor"],
        occurred_at=one.happened_at,
        available_on=instant(facts["available"]).date(),
        source_id=one.parent,
    )


def _payout(one: ImportObject) -> PayoutSeen:
    facts = one.facts
    return PayoutSeen(
        payout_id=one.external_id,
        status=PAYOUT_STATES[facts["status"]],
        currency=facts["currency"],
        amount_minor=facts["amount_minor"],
        arrives_on=instant(facts["arrives"]).date(),
        itemised=facts["itemised"],
        trace_id=facts["trace"],
    )
