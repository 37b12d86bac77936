"""Disputes as a gateway has them, told by an event or found by the sweep (PAY.8)."""

from collections.abc import Callable
from datetime import timedelta

import structlog
from sqlalchemy import select

from core.access.authority import system
from core.errors import SaldoError
from core.gateways.accounts import accounts
from core.gateways.port import DisputeSeen
from core.gateways.registry import gateway_of
from core.payments.disputes import Claim, decide_dispute, known_dispute, open_dispute
from core.payments.models import Dispute, Payment
from core.wallets.disputing import (
    decide_recharge_dispute,
    open_recharge_dispute,
    recharge_paid_by,
)
from core.wallets.models import WalletTransaction
from core.work import Office, Work

log = structlog.get_logger()
SYSTEM = system("gateway events")
DECIDED = ("won", "lost")
LOOKS_BACK = timedelta(days=45)
"""How far the sweep looks for new disputes; those that are open here are always asked for."""
Close = Callable[[Work, str], None]
"""Closes what told of a dispute, in the transaction that takes it over."""


def take_over_dispute(
    office: Office,
    provider: str,
    seen: DisputeSeen,
    tenant_id: int | None,
    close: Close = lambda _work, _told: None,
) -> Dispute | None:
    """Open or decide a dispute as an account has it; None when what it disputes is none of ours.

    `tenant_id` owns the account, None for the company's; a tenant's own says nothing of others.
    """
    outcome = f"The dispute {seen.dispute_id}: {seen.status.replace('_', ' ')}"
    with office.work(SYSTEM) as work:
        received = _disputed(work, provider, seen.provider_payment_id)
        if received is None or tenant_id not in (None, received.tenant_id):
            return None
        opens = open_dispute if isinstance(received, Payment) else open_recharge_dispute
        decides = decide_dispute if isinstance(received, Payment) else decide_recharge_dispute
        dispute = known_dispute(work, provider, seen.dispute_id, locked=True)
        if dispute is None:
            due_on = seen.evidence_due_on or work.today
            claim = Claim(seen.amount_minor, seen.fee_minor, seen.reason, due_on)
            dispute = opens(work, received.id, seen.dispute_id, claim)
        if dispute.closed_on is not None or seen.status not in DECIDED:
            if dispute.closed_on is None:
                dispute.status = seen.status
            close(work, outcome)
            return dispute
    with office.work(SYSTEM) as work:
        decided = decides(work, dispute.id, won=seen.status == "won")
        close(work, outcome)
        return decided


def sweep_disputes(office: Office) -> list[Dispute]:
    """Take over the disputes of the last weeks at every account that answers to our keys.

    Older ones that are open here are asked for one by one: a bank may take months to decide.
    """
    with office.work(SYSTEM) as work:
        known = accounts(work)
    found = [
        dispute
        for account in known
        for dispute in _sweep_account(office, account.provider, account.tenant_id)
    ]
    return found + _sweep_open(office, [dispute.id for dispute in found])


def _sweep_open(office: Office, seen: list[int]) -> list[Dispute]:
    """Take over what became of disputes that are open here, but for those seen already."""
    with office.work(SYSTEM) as work:
        waiting = work.session.scalars(
            select(Dispute)
            .where(Dispute.closed_on.is_(None), Dispute.id.not_in(seen))
            .order_by(Dispute.id)
        ).all()
    taken = [_ask_again(office, dispute) for dispute in waiting]
    return [dispute for dispute in taken if dispute is not None]


def _ask_again(office: Office, dispute: Dispute) -> Dispute | None:
    provider, owner = dispute.provider, dispute.tenant_id
    try:
        gateway = gateway_of(office.settings, provider, engine=office.engine, tenant_id=owner)
        seen = gateway.dispute(dispute.provider_dispute_id)
        return take_over_dispute(office, provider, seen, owner)
    except SaldoError as problem:
        number = dispute.provider_dispute_id
        log.warning("dispute_not_taken_over", dispute=number, problem=str(problem))
        return None


def _sweep_account(office: Office, provider: str, tenant_id: int | None) -> list[Dispute]:
    until = office.clock.now() + timedelta(minutes=5)
    try:
        gateway = gateway_of(office.settings, provider, engine=office.engine, tenant_id=tenant_id)
        seen = list(gateway.disputes(until - LOOKS_BACK, until))
    except SaldoError:
        return []
    found: list[Dispute] = []
    for each in seen:
        try:
            dispute = take_over_dispute(office, provider, each, tenant_id)
        except SaldoError as problem:
            log.warning("dispute_not_taken_over", dispute=each.dispute_id, problem=str(problem))
            continue
        found += [dispute] if dispute is not None else []
    return found


def _disputed(work: Work, provider: str, number: str) -> Payment | WalletTransaction | None:
    """What a gateway's payment paid: an invoice, or the recharge of a wallet."""
    meant = select(Payment).where(
        Payment.provider == provider, Payment.provider_payment_id == number
    )
    return work.session.scalar(meant) or recharge_paid_by(work, provider, number)
