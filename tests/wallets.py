"""Builders and readings of wallets, and acts that come at once."""

import threading
from collections.abc import Callable

from sqlalchemy import select

from core.access.authority import Actor
from core.errors import SaldoError
from core.invoices.models import Invoice
from core.ledger.checks import trial_balance
from core.payments.models import Payment
from core.tenants.models import Tenant
from core.wallets.actions import credit_wallet, pay_invoice_from_wallet, recharge_wallet
from core.wallets.models import Wallet
from core.work import Office
from tests.billing import JOB, WHY
from tests.builders import a_user, acting


def an_admin(office: Office) -> Actor:
    """An administrator, freshly signed in."""
    return acting(office, a_user(office, "admin"))


def a_financier(office: Office) -> Actor:
    """Somebody of finance, freshly signed in."""
    return acting(office, a_user(office, "sys_finance"))


def a_recharge(office: Office, tenant: Tenant, amount: int, reference: str = "R-1") -> int:
    """The id of a recharge by card in the tenant's currency."""
    with office.work(JOB) as work:
        moved = recharge_wallet(
            work, tenant.id, amount, tenant.currency, reference, gateway="stripe"
        )
    return moved.id


def a_promotion(office: Office, tenant: Tenant, amount: int) -> None:
    """Promotional credit."""
    with office.work(an_admin(office)) as work:
        credit_wallet(work, tenant.id, amount, tenant.currency, promotional=True, reason=WHY)


def paid_from_wallet(office: Office, invoice: Invoice) -> Payment:
    """The wallet's payment of what an invoice is owed."""
    with office.work(JOB) as work:
        return pay_invoice_from_wallet(work, invoice.id)


def holds(office: Office, tenant: Tenant) -> tuple[int, int]:
    """Prepaid and promotional minor units of the tenant's wallet."""
    with office.work(JOB) as work:
        wallet = work.session.scalars(select(Wallet).where(Wallet.tenant_id == tenant.id)).one()
        return wallet.balance_minor, wallet.promotional_minor


def booked(office: Office, *slugs: str) -> dict[str, int]:
    """Balances of accounts in the ledger, debit positive, zero when nothing was posted."""
    with office.work(JOB) as work:
        rows = {row["slug"]: row["amount_minor"] for row in trial_balance(work)}
    return {slug: rows.get(slug, 0) for slug in slugs}


def at_once(*acts: Callable[[], object]) -> list[SaldoError]:
    """What is refused when acts run in threads at the same time."""
    refusals: list[SaldoError] = []

    def run(act: Callable[[], object]) -> None:
        try:
            act()
        except SaldoError as refused:
            refusals.append(refused)

    threads = [threading.Thread(target=run, args=(act,)) for act in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return refusals
