"""Stripe's own ledger, payouts and disputes, read whole or not at all (PAY.3, PAY.8, REC.1)."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any, Literal

import stripe

from core.gateways.port import (
    DisputeSeen,
    DisputeStatus,
    GatewayRefused,
    GatewayUnsure,
    LedgerLine,
    LineKind,
    PayoutSeen,
)
from core.gateways.stripe_wire import (
    StripeAccount,
    day,
    every,
    field,
    from_stripe,
    instant,
    number_of,
    second_from,
    translated,
)
from core.money import round_half_up

LINE_KINDS: dict[str, LineKind] = {
    "charge": "charge",
    "refund": "refund",
    "refund_failure": "refund",
    "dispute": "dispute",
    "dispute_reversal": "dispute_won",
    "fee": "fee",
    "network_cost": "fee",
    "tax": "fee",
    "payout": "payout",
    "payout_reversal": "payout",
}
"""Kinds by reporting category; whatever is not named here is an adjustment."""
PAYOUT_STATES: dict[str, Literal["pending", "in_transit", "paid", "failed", "canceled"]] = {
    "pending": "pending",
    "in_transit": "in_transit",
    "paid": "paid",
    "failed": "failed",
    "canceled": "canceled",
}
DISPUTE_STATES: dict[str, DisputeStatus] = {
    "needs_response": "needs_response",
    "warning_needs_response": "needs_response",
    "appeal_needs_response": "needs_response",
    "under_review": "under_review",
    "warning_under_review": "under_review",
    "appeal_under_review": "under_review",
    "won": "won",
    "prevented": "won",
    "warning_closed": "won",
    "lost": "lost",
}


class StripeLedger(StripeAccount):
    """What Stripe's books say."""

    def ledger(self, since: datetime, until: datetime) -> Iterator[LedgerLine]:
        """Balance transactions, newest first; a refund that came back is a refund above zero."""
        with translated():
            for line in every(self._client.v1.balance_transactions.list, _within(since, until)):
                yield _line(line)

    def payouts(self, since: datetime, until: datetime) -> Iterator[PayoutSeen]:
        """Payouts, newest first. Raises GatewayUnsure for a status that is not known."""
        with translated():
            for payout in every(self._client.v1.payouts.list, _within(since, until)):
                yield _payout(payout)

    def payout_lines(self, payout_id: str) -> Iterator[LedgerLine]:
        """The balance transactions of an automatic payout, which add up to its amount.

        Raises GatewayRefused for a payout made by hand, which pays no particular lines;
        GatewayUnsure while Stripe is not done, and when the lines do not add up.
        """
        with translated():
            payout = self._client.v1.payouts.retrieve(payout_id)
            if not payout.automatic:
                raise GatewayRefused(f"Stripe itemises only automatic payouts, and not {payout_id}")
            if not _itemised(payout):
                raise GatewayUnsure(f"Stripe has not itemised the payout {payout_id} yet")
            lines = [
                _line(line, payout_id)
                for line in every(self._client.v1.balance_transactions.list, {"payout": payout_id})
                if number_of(line.source) != payout_id
            ]
            due = from_stripe(payout.amount, payout.currency.upper())
        total = sum(line.amount_minor - line.fee_minor for line in lines)
        if total != due:
            raise GatewayUnsure(
                f"Stripe's lines of the payout {payout_id} add up to {total} and not to {due}"
            )
        return iter(lines)

    def dispute(self, dispute_id: str) -> DisputeSeen:
        """A dispute and the fees its lines carry, in the currency of the dispute."""
        with translated():
            return _dispute(self._client.v1.disputes.retrieve(dispute_id))

    def disputes(self, since: datetime, until: datetime) -> Iterator[DisputeSeen]:
        """Disputes, newest first."""
        with translated():
            for dispute in every(self._client.v1.disputes.list, _within(since, until)):
                yield _dispute(dispute)


def _within(since: datetime, until: datetime) -> dict[str, Any]:
    return {"created": {"gte": second_from(since), "lt": second_from(until)}}


def _line(line: stripe.BalanceTransaction, payout_id: str | None = None) -> LedgerLine:
    currency = line.currency.upper()
    return LedgerLine(
        external_id=line.id,
        kind=LINE_KINDS.get(line.reporting_category, "adjustment"),
        currency=currency,
        amount_minor=from_stripe(line.amount, currency),
        fee_minor=from_stripe(line.fee, currency),
        occurred_at=instant(line.created),
        available_on=day(line.available_on),
        source_id=number_of(line.source),
        payout_id=payout_id,
    )


def _payout(payout: stripe.Payout) -> PayoutSeen:
    if payout.status not in PAYOUT_STATES:
        raise GatewayUnsure(f"Stripe says of the payout {payout.id}: {payout.status}")
    currency = payout.currency.upper()
    return PayoutSeen(
        payout_id=payout.id,
        status=PAYOUT_STATES[payout.status],
        currency=currency,
        amount_minor=from_stripe(payout.amount, currency),
        arrives_on=day(payout.arrival_date),
        itemised=_itemised(payout),
        trace_id=_trace(payout),
    )


def _trace(payout: stripe.Payout) -> str | None:
    """The number that the receiving bank gave; it comes days after the payout, or never."""
    told = payout.trace_id
    return told.value if told and told.status == "supported" else None


def _itemised(payout: stripe.Payout) -> bool:
    return payout.automatic and payout.reconciliation_status == "completed"


def _dispute(dispute: stripe.Dispute) -> DisputeSeen:
    if dispute.status not in DISPUTE_STATES:
        raise GatewayUnsure(f"Stripe says of the dispute {dispute.id}: {dispute.status}")
    currency = dispute.currency.upper()
    due = field(dispute.evidence_details, "due_by")
    return DisputeSeen(
        dispute_id=dispute.id,
        provider_payment_id=str(number_of(dispute.charge)),
        status=DISPUTE_STATES[dispute.status],
        reason=dispute.reason,
        currency=currency,
        amount_minor=from_stripe(dispute.amount, currency),
        fee_minor=sum(_fee(line, dispute, currency) for line in dispute.balance_transactions),
        evidence_due_on=day(due) if due else None,
    )


def _fee(line: stripe.BalanceTransaction, dispute: stripe.Dispute, currency: str) -> int:
    """A line's fee; another settlement currency is reckoned back by the two amounts."""
    if line.currency.upper() == currency or not line.amount:
        return from_stripe(line.fee, currency)
    return from_stripe(round_half_up(line.fee * dispute.amount, abs(line.amount)), currency)
