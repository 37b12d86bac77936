"""Payouts of the gateways: announced with their lines, settled when the bank shows them (PAY.3)."""

from dataclasses import dataclass
from datetime import date

from sqlalchemy import func, select, update

from core.actions import action
from core.errors import BadInput, NotFound, NotNow
from core.gateways.entries import note
from core.gateways.models import GatewayLedgerEntry
from core.ledger.journal import post
from core.ledger.models import LedgerTransaction
from core.ledger.postings import payout, payout_shown_later
from core.reconciliation.models import GatewayPayout
from core.work import Work


@dataclass(frozen=True)
class Payout:
    """A payout of a gateway: its id there, and its sum in minor units."""

    provider: str
    payout_id: str
    currency: str
    amount_minor: int


@action("gateway.payout.announced", needs=None, system=True)
def announce_payout(work: Work, provider: str, payout_id: str, currency: str, upto: date) -> Payout:
    """Put the gateway's lines available by a day into a payout; the money is in transit.

    Announcing the same payout again changes nothing. Raises NotNow when nothing is to be paid.
    """
    known = _lines_of(work, provider, payout_id)
    if known is None:
        work.session.execute(
            update(GatewayLedgerEntry)
            .where(
                GatewayLedgerEntry.provider == provider,
                GatewayLedgerEntry.currency == currency,
                GatewayLedgerEntry.payout_id.is_(None),
                GatewayLedgerEntry.kind != "payout",
                GatewayLedgerEntry.available_on <= upto,
            )
            .values(payout_id=payout_id)
        )
        known = _lines_of(work, provider, payout_id)
    if known is None or known <= 0:
        raise NotNow(f"{provider} has nothing in {currency} to pay out")
    work.tell(provider=provider, payout_id=payout_id, amount_minor=known, currency=currency)
    return Payout(provider, payout_id, currency, known)


def settle_payout(
    work: Work, payout_id: str, currency: str, amount_minor: int, source: int
) -> None:
    """Part of a statement's import: the bank shows a payout, so clearing empties into the bank.

    `source` is the bank transfer's id. Raises NotFound for an unknown payout, BadInput when the
    sum differs from what the gateway tells, or from our lines where it tells nothing.
    """
    provider, due = _due(work, payout_id, currency)
    if due != amount_minor:
        raise BadInput(f"Payout {payout_id} is {due} by its gateway, {amount_minor} in the bank")
    place = (currency, work.today)
    if _held_by_opening(work, provider, payout_id):
        legs = payout_shown_later(amount_minor)
        post(work, "payout_shown_later", ("bank_transfer", source), legs, *place, memo=payout_id)
        return
    note(
        work,
        provider,
        "payout",
        payout_id,
        currency,
        -amount_minor,
        source_id=payout_id,
        payout_id=payout_id,
    )
    post(
        work,
        "payout",
        ("bank_transfer", source),
        payout(provider, amount_minor),
        *place,
        memo=payout_id,
    )


def _held_by_opening(work: Work, provider: str, payout_id: str) -> bool:
    """Whether a payout was imported as one of the time before, in the opening balance."""
    found = work.session.scalar(
        select(GatewayPayout.id)
        .join(
            LedgerTransaction,
            (LedgerTransaction.source_id == GatewayPayout.id)
            & (LedgerTransaction.source_type == "gateway_payout"),
        )
        .where(GatewayPayout.provider == provider, GatewayPayout.payout_id == payout_id)
    )
    return found is not None


def _due(work: Work, payout_id: str, currency: str) -> tuple[str, int]:
    """Whose payout it is and its sum: as the gateway tells, else by the lines we expect in it."""
    told = work.session.execute(
        select(GatewayPayout.provider, GatewayPayout.amount_minor)
        .where(GatewayPayout.payout_id == payout_id, GatewayPayout.currency == currency)
        .limit(1)
    ).one_or_none()
    if told is not None:
        return told.provider, told.amount_minor
    provider = work.session.scalar(
        select(GatewayLedgerEntry.provider)
        .where(GatewayLedgerEntry.payout_id == payout_id, GatewayLedgerEntry.currency == currency)
        .limit(1)
    )
    if provider is None:
        raise NotFound(f"There is no payout {payout_id} in {currency}")
    return provider, _lines_of(work, provider, payout_id) or 0


def _lines_of(work: Work, provider: str, payout_id: str) -> int | None:
    total = work.session.scalar(
        select(func.sum(GatewayLedgerEntry.net_minor)).where(
            GatewayLedgerEntry.provider == provider,
            GatewayLedgerEntry.payout_id == payout_id,
            GatewayLedgerEntry.kind != "payout",
        )
    )
    return None if total is None else int(total)
