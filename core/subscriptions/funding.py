"""Whether the next period can be paid: a wallet must cover it, others are charged or invoiced."""

from datetime import date

from sqlalchemy import func, select

from core.payments.models import Payment
from core.subscriptions.models import Subscription
from core.subscriptions.terms import expected_minor
from core.wallets.models import Wallet
from core.wallets.rules import Funds, take
from core.work import Work


def is_funded(work: Work, subscription: Subscription, on: date) -> bool:
    """True when a renewal on a day would be paid, or is not paid from a wallet at all."""
    if subscription.collection != "wallet":
        return True
    needed, funds = expected_minor(work, subscription, on), wallet_funds(work, subscription)
    if needed <= 0 or take(funds, needed) is not None:
        return True
    needed -= credit_left(work, subscription)
    return needed <= 0 or take(funds, needed) is not None


def credit_left(work: Work, subscription: Subscription) -> int:
    """What is left of the tenant's credit notes, in minor units."""
    left = work.session.scalar(
        select(
            func.coalesce(
                func.sum(Payment.amount_minor - Payment.allocated_minor - Payment.returned_minor), 0
            )
        ).where(
            Payment.tenant_id == subscription.tenant_id,
            Payment.currency == subscription.currency,
            Payment.provider == "credit",
        )
    )
    return int(left or 0)


def wallet_funds(work: Work, subscription: Subscription) -> Funds:
    """What the tenant's wallet in the subscription's currency holds; nothing without one."""
    row = work.session.execute(
        select(Wallet.balance_minor, Wallet.promotional_minor).where(
            Wallet.tenant_id == subscription.tenant_id, Wallet.currency == subscription.currency
        )
    ).one_or_none()
    return Funds(*row) if row else Funds()
