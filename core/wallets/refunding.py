"""Giving back to a wallet what it paid, to the funds it came from (WAL.1, REF.1)."""

from sqlalchemy import select

from core.actions import action
from core.errors import NotNow
from core.ledger.postings import wallet_refunded
from core.payments.actions import lock_payment
from core.payments.models import Payment
from core.refunds import noting
from core.refunds.actions import Ask, finish, live, reserve
from core.refunds.models import Refund
from core.wallets.models import WalletTransaction
from core.wallets.moving import Movement, lock_wallet, move
from core.wallets.rules import Funds, give_back
from core.work import Work


@action("saas.wallet.refunded", needs="sys_finance", fresh=True)
def refund_to_wallet(
    work: Work,
    payment_id: int,
    amount_minor: int,
    *,
    nth: int = 1,
    reason: str,
    key: str | None = None,
) -> WalletTransaction:
    """Give back a payment of a wallet, whole or in part; done at once, as no gateway is asked.

    Prepaid money goes back first. The same person asking again for the same amount gets the first
    one; a second on purpose carries the next `nth`. Raises BadInput, NotFound, NotNow.
    """
    payment = lock_payment(work, payment_id)
    if payment.provider != "wallet":
        raise NotNow(f"The payment came from {payment.provider}, not from a wallet")
    work.tell(tenant_id=payment.tenant_id, payment_id=payment.id, amount_minor=amount_minor)
    first = live(work, payment, amount_minor, nth)
    if first is not None:
        work.tell(refund_id=first.id, repeated=True)
        return _of_refund(work, first)
    refund = reserve(work, payment, Ask(payment_id, amount_minor, nth=nth), reason)
    noting.issue_all(work, refund)
    change = give_back(*_taken_and_returned(work, payment), amount_minor)
    net = refund.amount_minor - refund.tax_minor
    legs = wallet_refunded(net, refund.tax_minor, change.promotional_minor)
    finish(work, refund, payment, _number(refund), "wallet_refunded", legs)
    transaction = _give(work, payment, refund, change)
    work.tell(refund_id=refund.id, new_balance_minor=transaction.balance_after_minor)
    return transaction


def _taken_and_returned(work: Work, payment: Payment) -> tuple[Funds, Funds]:
    taken = returned = Funds()
    rows = work.session.scalars(
        select(WalletTransaction).where(WalletTransaction.payment_id == payment.id)
    )
    for row in rows:
        moved = Funds(row.prepaid_minor, row.promotional_minor)
        if row.type == "refund":
            returned += moved
        else:
            taken += -moved
    return taken, returned


def _give(work: Work, payment: Payment, refund: Refund, change: Funds) -> WalletTransaction:
    wallet = lock_wallet(work, payment.tenant_id, payment.currency)
    assert wallet is not None
    movement = Movement(
        "refund",
        change,
        _number(refund),
        description="Refund",
        invoice_id=payment.invoice_id,
        payment_id=payment.id,
    )
    return move(work, wallet, movement)


def _of_refund(work: Work, refund: Refund) -> WalletTransaction:
    return work.session.scalars(
        select(WalletTransaction).where(WalletTransaction.reference_id == _number(refund))
    ).one()


def _number(refund: Refund) -> str:
    return f"refund-{refund.id}"
