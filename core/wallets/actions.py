"""Writes on wallets: recharged, credited and debited by hand, used on invoices (WAL.1)."""

from dataclasses import replace
from typing import Any
from uuid import uuid4

from core.actions import action
from core.errors import BadInput, InsufficientBalance, NotAllowed, NotFound, NotNow
from core.gateways.entries import note
from core.invoices.issuing import issue_recharge
from core.invoices.models import OPEN
from core.ledger.chart import CLEARING
from core.ledger.journal import post
from core.ledger.postings import (
    Leg,
    gateway_fee,
    wallet_credited,
    wallet_debited,
    wallet_recharged,
)
from core.money import Money, units_text
from core.payments.allocating import lock_invoices
from core.payments.models import Payment
from core.wallets.models import GATEWAYS, Wallet, WalletTransaction
from core.wallets.moving import Movement, first_with, held, lock_wallet, move, open_wallet
from core.wallets.paying import pay_from_wallet
from core.wallets.rules import Funds
from core.work import Work

NEEDS = "saas.wallets.manage"


@action("saas.wallet.recharged", needs=NEEDS, fresh=True, system=True)
def recharge_wallet(
    work: Work,
    tenant_id: int,
    amount_minor: int,
    currency: str,
    reference_id: str,
    *,
    gateway: str = "manual",
    fee_minor: int = 0,
    details: dict[str, Any] | None = None,
    reason: str = "",
    key: str | None = None,
) -> WalletTransaction:
    """Money paid ahead arrived at a gateway, or in the bank for `manual`; it is no revenue.

    The same reference again returns the first transaction and changes nothing. A person records
    `manual` recharges only. Raises BadInput, BadMoney, KeyReused, NotAllowed, NotFound.
    """
    if work.actor.kind == "user" and gateway != "manual":
        raise NotAllowed(f"What {gateway} received is reported by {gateway}, not by a person")
    return put_in(
        work,
        tenant_id,
        amount_minor,
        currency,
        reference_id,
        gateway=gateway,
        fee_minor=fee_minor,
        details=details,
    )


def put_in(
    work: Work,
    tenant_id: int,
    amount_minor: int,
    currency: str,
    reference_id: str,
    *,
    gateway: str,
    fee_minor: int = 0,
    details: dict[str, Any] | None = None,
    paid_by: str | None = None,
) -> WalletTransaction:
    """Part of an action: a recharge with its invoice, its postings and the gateway's line.

    `paid_by` is the gateway's number of the payment. Raises as `recharge_wallet` does.
    """
    _check_amount(amount_minor, currency)
    if gateway not in GATEWAYS or not reference_id.strip():
        raise BadInput(f"A recharge has a reference and one of {', '.join(GATEWAYS)}")
    if not 0 <= fee_minor <= (amount_minor if gateway in CLEARING else 0):
        raise BadInput("A fee is kept by a gateway and is within the amount")
    wallet = open_wallet(work, tenant_id, currency)
    movement = Movement(
        "recharge",
        Funds(amount_minor),
        reference_id.strip(),
        description="Recharge",
        gateway=gateway,
        fee_minor=fee_minor,
        details=details,
    )
    first = _repeated(work, wallet, movement)
    if first is not None:
        return first
    invoice = issue_recharge(work, tenant_id, amount_minor, currency)
    transaction = move(work, wallet, replace(movement, invoice_id=invoice.id))
    _post(work, transaction, "wallet_recharged", wallet_recharged(gateway, amount_minor))
    if fee_minor:
        _post(work, transaction, "gateway_fee", gateway_fee(gateway, fee_minor))
    note(
        work,
        gateway,
        "charge",
        paid_by or reference_id.strip(),
        currency,
        amount_minor,
        fee_minor=fee_minor,
        source_id=paid_by,
    )
    _tell(work, transaction)
    return transaction


@action("saas.wallet.credited", needs=NEEDS, fresh=True)
def credit_wallet(
    work: Work,
    tenant_id: int,
    amount_minor: int,
    currency: str,
    *,
    promotional: bool = False,
    reference_id: str | None = None,
    reason: str,
    key: str | None = None,
) -> WalletTransaction:
    """Give credit, as prepaid money or as promotional credit.

    Raises BadInput, BadMoney, KeyReused, NotFound.
    """
    _check_amount(amount_minor, currency)
    change = Funds(0, amount_minor) if promotional else Funds(amount_minor)
    wallet = open_wallet(work, tenant_id, currency)
    movement = Movement(
        "manual_credit",
        change,
        _reference(work, "manual-credit", reference_id, key),
        description="Promotional credit" if promotional else "Credit",
    )
    first = _repeated(work, wallet, movement)
    if first is not None:
        return first
    transaction = move(work, wallet, movement)
    legs = wallet_credited(amount_minor, promotional=promotional)
    _post(work, transaction, "wallet_credited", legs)
    _tell(work, transaction)
    return transaction


@action("saas.wallet.debited", needs=NEEDS, fresh=True)
def debit_wallet(
    work: Work,
    tenant_id: int,
    amount_minor: int,
    currency: str,
    *,
    overdraw: bool = False,
    reference_id: str | None = None,
    reason: str,
    key: str | None = None,
) -> WalletTransaction:
    """Take prepaid money back; with `overdraw` the prepaid balance may go below zero.

    Raises BadInput, BadMoney, InsufficientBalance, KeyReused, NotFound.
    """
    _check_amount(amount_minor, currency)
    wallet = open_wallet(work, tenant_id, currency)
    movement = Movement(
        "manual_debit",
        -Funds(amount_minor),
        _reference(work, "manual-debit", reference_id, key),
        description="Debit",
    )
    first = _repeated(work, wallet, movement)
    if first is not None:
        return first
    if amount_minor > wallet.balance_minor and not overdraw:
        raise InsufficientBalance(
            f"The wallet holds {units_text(wallet.balance_minor, currency)} {currency} of prepaid "
            f"money, not {units_text(amount_minor, currency)}"
        )
    transaction = move(work, wallet, movement)
    _post(work, transaction, "wallet_debited", wallet_debited(amount_minor))
    _tell(work, transaction, overdrawn=wallet.balance_minor < 0)
    return transaction


@action("saas.wallet.paid", needs=NEEDS, fresh=True, system=True)
def pay_invoice_from_wallet(
    work: Work, invoice_id: int, *, reason: str = "", key: str | None = None
) -> Payment:
    """Settle what is owed on an invoice, promotional credit first, whole or not at all.

    Raises InsufficientBalance, NotFound, NotNow.
    """
    invoice = lock_invoices(work, [invoice_id]).get(invoice_id)
    if invoice is None:
        raise NotFound(f"There is no invoice {invoice_id}")
    if invoice.status not in OPEN or invoice.type == "recharge":
        raise NotNow(f"The {invoice.type} invoice is {invoice.status}; no wallet pays it")
    payment = pay_from_wallet(work, invoice)
    if payment is None:
        currency = invoice.currency
        wallet = lock_wallet(work, invoice.tenant_id, currency)
        funds = held(wallet).total_minor if wallet else 0
        raise InsufficientBalance(
            f"The wallet holds {units_text(funds, currency)} {currency}, the invoice is owed "
            f"{units_text(invoice.due_minor, currency)}"
        )
    work.tell(
        tenant_id=invoice.tenant_id,
        invoice_id=invoice.id,
        payment_id=payment.id,
        amount_minor=payment.amount_minor,
        currency=payment.currency,
    )
    return payment


def _check_amount(amount_minor: int, currency: str) -> None:
    if Money(amount_minor, currency).minor <= 0:
        raise BadInput("An amount is above zero")


def _reference(work: Work, kind: str, given: str | None, key: str | None) -> str:
    """The caller's reference, else one that the idempotency key or chance makes single."""
    if given is not None:
        if not given.strip():
            raise BadInput("A reference is not empty")
        return given.strip()
    return f"{kind}-{work.actor.user_id}-{key}" if key else f"{kind}-{uuid4().hex}"


def _repeated(work: Work, wallet: Wallet, movement: Movement) -> WalletTransaction | None:
    first = first_with(work, wallet, movement)
    if first is not None:
        work.tell(tenant_id=wallet.tenant_id, transaction_id=first.id, repeated=True)
    return first


def _post(work: Work, transaction: WalletTransaction, event: str, legs: list[Leg]) -> None:
    source = ("wallet_transaction", transaction.id)
    place = (transaction.currency, work.today)
    post(work, event, source, legs, *place, tenant_id=transaction.tenant_id)


def _tell(work: Work, transaction: WalletTransaction, **facts: Any) -> None:
    work.tell(
        tenant_id=transaction.tenant_id,
        transaction_id=transaction.id,
        reference_id=transaction.reference_id,
        amount_minor=transaction.amount_minor,
        promotional_minor=transaction.promotional_minor,
        currency=transaction.currency,
        new_balance_minor=transaction.balance_after_minor,
        **facts,
    )
