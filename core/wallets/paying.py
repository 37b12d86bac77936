"""Settling an invoice from its tenant's wallet, whole or not at all (WAL.1, SUB.7)."""

from core.invoices.models import Invoice
from core.ledger.journal import post
from core.ledger.postings import wallet_paid
from core.payments import allocating
from core.payments.models import Payment
from core.payments.rules import Part
from core.subscriptions.history import locked
from core.wallets.moving import Movement, held, lock_wallet, move
from core.wallets.rules import Funds, take
from core.work import Work


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
    allocating.book(work, [(payment, [Part(invoice.id, due)])], {invoice.id: invoice})
    movement = _movement(payment, invoice, taken)
    payment.provider_payment_id = movement.reference_id
    post(
        work,
        "wallet_paid",
        ("payment", payment.id),
        wallet_paid(taken.prepaid_minor, taken.promotional_minor),
        payment.currency,
        work.today,
        tenant_id=payment.tenant_id,
    )
    move(work, wallet, movement)
    return payment


def _payment(work: Work, invoice: Invoice) -> Payment:
    return Payment(
        tenant_id=invoice.tenant_id,
        invoice_id=invoice.id,
        provider="wallet",
        method="wallet",
        status="captured",
        currency=invoice.currency,
        amount_minor=invoice.due_minor,
        received_on=work.today,
    )


def _movement(payment: Payment, invoice: Invoice, taken: Funds) -> Movement:
    return Movement(
        "subscription_payment",
        -taken,
        f"invoice-{invoice.id}-payment-{payment.id}",
        description=f"Invoice {invoice.number}",
        invoice_id=invoice.id,
        payment_id=payment.id,
    )
