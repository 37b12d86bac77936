"""Moving a wallet inside an action: the locked row, one transaction of it, its balances (WAL.1)."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import bindparam, select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm.attributes import set_committed_value

from core.errors import KeyReused, NotFound
from core.inserting import adopt, insert_now
from core.money import Money
from core.tenants.models import Tenant
from core.wallets.models import Wallet, WalletTransaction
from core.wallets.rules import Funds
from core.work import Work

_LOCK = (
    select(Wallet)
    .where(Wallet.tenant_id == bindparam("tenant_id"), Wallet.currency == bindparam("currency"))
    .with_for_update()
    .execution_options(populate_existing=True)
)
_KEEP = text(
    "update wallet set balance_minor = :balance_minor, promotional_minor = :promotional_minor"
    " where id = :id"
)


@dataclass(frozen=True)
class Movement:
    """A movement before it happens; `change` is negative for what leaves the wallet."""

    type: str
    change: Funds
    reference_id: str
    description: str = ""
    gateway: str | None = None
    fee_minor: int = 0
    details: dict[str, Any] | None = None
    invoice_id: int | None = None
    payment_id: int | None = None


def open_wallet(work: Work, tenant_id: int, currency: str) -> Wallet:
    """The tenant's wallet in a currency, made when it is missing, locked. Raises NotFound."""
    if work.session.get(Tenant, tenant_id) is None:
        raise NotFound(f"There is no tenant {tenant_id}")
    work.session.execute(
        insert(Wallet)
        .values(tenant_id=tenant_id, currency=currency, created_at=work.now)
        .on_conflict_do_nothing()
    )
    wallet = lock_wallet(work, tenant_id, currency)
    assert wallet is not None
    return wallet


def lock_wallet(work: Work, tenant_id: int, currency: str) -> Wallet | None:
    """The tenant's wallet, locked to the end of the transaction; None when there is none.

    Wallets are locked last, after payments, invoices and subscriptions.
    """
    return work.session.scalar(_LOCK, {"tenant_id": tenant_id, "currency": currency})


def held(wallet: Wallet) -> Funds:
    """What a locked wallet holds."""
    return Funds(wallet.balance_minor, wallet.promotional_minor)


def first_with(work: Work, wallet: Wallet, movement: Movement) -> WalletTransaction | None:
    """The transaction that has the reference already; raises KeyReused when it is another one."""
    known = work.session.scalar(
        select(WalletTransaction).where(WalletTransaction.reference_id == movement.reference_id)
    )
    if known is None:
        return None
    kept = (known.wallet_id, known.type, known.gateway, known.prepaid_minor)
    asked = (wallet.id, movement.type, movement.gateway, movement.change.prepaid_minor)
    if (*kept, known.promotional_minor) != (*asked, movement.change.promotional_minor):
        raise KeyReused(f"The reference {movement.reference_id} stands on another movement already")
    return known


def move(work: Work, wallet: Wallet, movement: Movement) -> WalletTransaction:
    """Change a locked wallet and write the transaction that says so. Raises BadMoney."""
    after = held(wallet) + movement.change
    Money(after.total_minor, wallet.currency)
    _keep(work, wallet, after)
    transaction = WalletTransaction(
        wallet_id=wallet.id,
        tenant_id=wallet.tenant_id,
        currency=wallet.currency,
        type=movement.type,
        amount_minor=movement.change.total_minor,
        promotional_minor=movement.change.promotional_minor,
        balance_after_minor=after.total_minor,
        promotional_after_minor=after.promotional_minor,
        reference_id=movement.reference_id,
        gateway=movement.gateway,
        fee_minor=movement.fee_minor,
        moved_on=work.today,
        description=movement.description,
        details=movement.details,
        invoice_id=movement.invoice_id,
        payment_id=movement.payment_id,
        created_by=work.actor.user_id,
        created_at=work.now,
    )
    insert_now(work, [transaction])
    adopt(work, [transaction])
    return transaction


def _keep(work: Work, wallet: Wallet, funds: Funds) -> None:
    kept = {"balance_minor": funds.prepaid_minor, "promotional_minor": funds.promotional_minor}
    work.session.connection().execute(_KEEP, {"id": wallet.id, **kept})
    for name, minor in kept.items():
        set_committed_value(wallet, name, minor)
