"""Settling an invoice from its tenant's wallet, whole or not at all (WAL.1, SUB.7)."""

from sqlalchemy import text

from core.inserting import adopt, insert_now
from core.invoices.models import Invoice
from core.ledger.journal import post
from core.ledger.postings import wallet_paid
from core.payments import allocating
from core.payments.models import Payment
from core.subscriptions.history import locked
from core.wallets.moving import Movement, held, lock_wallet, move
from core.wallets.rules import Funds, take
from core.work import Work

_NUMBER = text("select nextval(pg_get_serial_sequence('payment', 'id'))")


def pay_from_wallet(work: Work, invoice: Invoice) -> Payment | None:
    """What is owed on an invoice is taken from the wallet, promotional credit first.

    None, with nothing written, when nothing is owed, the wallet is short or below zero, or the
    invoice is itself one for a recharge.
    """
    work.session.flush()
    invoice = allocating.lock_invoices(work, [invoice.id])[invoice.id]
    if not invoice.due_minor or invoice.type == "recharge":
        return None
    if invoice.subscription_id is not None:
        # Renewals lock their subscription before the wallet, and paying may restore this one.
        locked(work, invoice.subscription_id)
    return settle_from_wallet(work, invoice)


def settle_from_wallet(work: Work, invoice: Invoice) -> Payment | None:
    """Part of a renewal: pay a written invoice that is locked, or made in this transaction.

    So is its subscription. None, with nothing written, when the wallet is short or below zero.
    """
    due = invoice.due_minor
    wallet = lock_wallet(work, invoice.tenant_id, invoice.currency)
    taken = take(held(wallet), due) if wallet else None
    if wallet is None or taken is None:
        return None
    payment = _payment(work, invoice)
    insert_now(work, [payment])
    adopt(work, [payment])
    allocating.apply(work, [allocating.Applied(payment, invoice, due)])
    post(
        work,
        "wallet_paid",
        ("payment", payment.id),
        wallet_paid(taken.prepaid_minor, taken.promotional_minor),
        payment.currency,
        work.today,
        tenant_id=payment.tenant_id,
    )
    move(work, wallet, _movement(payment, invoice, taken))
    return payment


def _payment(work: Work, invoice: Invoice) -> Payment:
    # Its number is part of the reference, so it is drawn first and the row is written once.
    number: int = work.session.connection().execute(_NUMBER).scalar_one()
    return Payment(
        id=number,
        tenant_id=invoice.tenant_id,
        invoice_id=invoice.id,
        provider="wallet",
        method="wallet",
        provider_payment_id=f"invoice-{invoice.id}-payment-{number}",
        status="captured",
        currency=invoice.currency,
        amount_minor=invoice.due_minor,
        allocated_minor=invoice.due_minor,
        received_on=work.today,
        created_at=work.now,
        captured_at=work.now,
    )


def _movement(payment: Payment, invoice: Invoice, taken: Funds) -> Movement:
    assert payment.provider_payment_id is not None
    return Movement(
        "subscription_payment",
        -taken,
        payment.provider_payment_id,
        description=f"Invoice {invoice.number}",
        invoice_id=invoice.id,
        payment_id=payment.id,
    )
