"""Disputes of recharges: what a wallet gives up while a gateway decides, and gets back (PAY.8)."""

from sqlalchemy import func, select

from core.actions import action
from core.errors import BadInput, NotFound, NotNow
from core.gateways.models import PROVIDERS
from core.invoices.models import Invoice
from core.payments.disputes import (
    Claim,
    Disputed,
    keep_decided,
    keep_opened,
    known_dispute,
    lock_open_dispute,
)
from core.payments.models import Dispute
from core.wallets.models import WalletTransaction
from core.wallets.moving import Movement, lock_wallet, move
from core.wallets.rules import Funds
from core.work import Work


def recharge_paid_by(work: Work, provider: str, paid_by: str) -> WalletTransaction | None:
    """The recharge that a gateway's payment was; None when none was."""
    return work.session.scalar(
        select(WalletTransaction).where(
            WalletTransaction.type == "recharge",
            WalletTransaction.gateway == provider,
            WalletTransaction.provider_payment_id == paid_by,
        )
    )


@action("saas.wallet.dispute.opened", needs=None, system=True)
def open_recharge_dispute(work: Work, transaction_id: int, number: str, claim: Claim) -> Dispute:
    """The gateway withdrew a disputed recharge and its fee, so that it leaves the wallet at once.

    What was spent of it leaves the wallet below zero, which then pays nothing. Recorded once by
    the gateway's number. Raises NotFound, NotNow, and BadInput for more than was recharged.
    """
    recharge = _recharge(work, transaction_id)
    if recharge.gateway not in PROVIDERS:
        raise NotNow("Only what was paid at a gateway can be disputed there")
    invoice = _locked_invoice(work, recharge)
    known = known_dispute(work, recharge.gateway, number)
    work.tell(tenant_id=recharge.tenant_id, transaction_id=recharge.id, dispute=number)
    if known is not None:
        return known
    if not 0 < claim.amount_minor <= recharge.amount_minor - _gone(work, recharge):
        raise BadInput("A dispute is above zero and within what was recharged")
    invoice.disputed = True
    _move(work, recharge, "dispute", -claim.amount_minor, number)
    about = Disputed(
        recharge.tenant_id,
        recharge.gateway,
        recharge.currency,
        recharge.provider_payment_id,
        wallet_transaction_id=recharge.id,
    )
    return keep_opened(work, about, number, claim)


@action("saas.wallet.dispute.decided", needs=None, system=True)
def decide_recharge_dispute(work: Work, dispute_id: int, *, won: bool) -> Dispute:
    """Won: the money is in the wallet again, the fee is not. Lost: it stays out of it.

    Raises NotFound, and NotNow for one that is decided or about no recharge.
    """
    dispute = lock_open_dispute(work, dispute_id)
    if dispute.wallet_transaction_id is None:
        raise NotNow("The dispute is about a payment")
    recharge = _recharge(work, dispute.wallet_transaction_id)
    invoice = _locked_invoice(work, recharge)
    keep_decided(work, dispute, recharge.provider_payment_id, won=won)
    invoice.disputed = _open(work, recharge)
    if won:
        _move(work, recharge, "dispute_won", dispute.amount_minor, dispute.provider_dispute_id)
    work.tell(
        tenant_id=dispute.tenant_id, dispute_id=dispute.id, transaction_id=recharge.id, won=won
    )
    return dispute


def _recharge(work: Work, transaction_id: int) -> WalletTransaction:
    recharge = work.session.get(WalletTransaction, transaction_id)
    if recharge is None or recharge.type != "recharge":
        raise NotFound(f"There is no recharge {transaction_id}")
    return recharge


def _gone(work: Work, recharge: WalletTransaction) -> int:
    """What disputes of a recharge took and did not give back, in minor units."""
    gone = select(func.coalesce(func.sum(Dispute.amount_minor), 0)).where(
        Dispute.wallet_transaction_id == recharge.id, Dispute.status != "won"
    )
    return int(work.session.scalar(gone) or 0)


def _open(work: Work, recharge: WalletTransaction) -> bool:
    work.session.flush()
    found = select(Dispute.id).where(
        Dispute.wallet_transaction_id == recharge.id, Dispute.closed_on.is_(None)
    )
    return work.session.scalar(found.limit(1)) is not None


def _locked_invoice(work: Work, recharge: WalletTransaction) -> Invoice:
    """The invoice of a recharge; who holds it alone decides on disputes of the recharge."""
    return work.session.get_one(Invoice, recharge.invoice_id, with_for_update=True)


def _move(
    work: Work, recharge: WalletTransaction, kind: str, change_minor: int, number: str
) -> None:
    wallet = lock_wallet(work, recharge.tenant_id, recharge.currency)
    assert wallet is not None
    movement = Movement(
        kind,
        Funds(change_minor),
        f"{kind}-{recharge.gateway}-{number}",
        description="Dispute won" if kind == "dispute_won" else "Disputed recharge",
        invoice_id=recharge.invoice_id,
    )
    move(work, wallet, movement)
