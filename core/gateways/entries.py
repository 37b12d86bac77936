"""Lines we expect in a gateway's ledger, written beside our postings (PAY.3)."""

from datetime import date, timedelta

from core.gateways.models import GatewayLedgerEntry
from core.ledger.chart import CLEARING
from core.work import Work

AVAILABLE_AFTER_DAYS = {"stripe": 2, "paystack": 1, "paypal": 1, "bankgirot": 0}


def note(
    work: Work,
    provider: str,
    kind: str,
    external_id: str,
    currency: str,
    amount_minor: int,
    *,
    fee_minor: int = 0,
    source_id: str | None = None,
    payout_id: str | None = None,
    occurred_on: date | None = None,
) -> None:
    """Expect a line, money to us positive; nothing for other providers.

    What the provider really says is read from it and kept apart (`core/reconciliation`).
    """
    if provider not in CLEARING:
        return
    on = occurred_on or work.today
    work.session.add(
        GatewayLedgerEntry(
            provider=provider,
            external_id=external_id,
            kind=kind,
            source_id=source_id,
            payout_id=payout_id,
            currency=currency,
            amount_minor=amount_minor,
            fee_minor=fee_minor,
            net_minor=amount_minor - fee_minor,
            occurred_on=on,
            available_on=on + timedelta(days=AVAILABLE_AFTER_DAYS[provider]),
            imported_at=work.now,
        )
    )
