"""A payment that turned out not to have arrived is taken back whole (PAY.2)."""

from sqlalchemy import text

from core.actions import action
from core.errors import NotNow
from core.ledger.journal import post
from core.ledger.postings import payment_reversed
from core.payments.actions import lock_payment
from core.payments.allocating import lock_invoices, take_off
from core.payments.models import Payment
from core.payments.rules import Part
from core.work import Work

_APPLIED = text("""
select invoice_id, sum(amount_minor)::bigint as amount_minor from payment_allocation
where payment_id = :payment_id group by invoice_id having sum(amount_minor) > 0 order by invoice_id
""")


@action("billing.payment.reversed", needs="billing.write", reason=True)
def reverse_payment(work: Work, payment_id: int, *, reason: str, key: str | None = None) -> Payment:
    """Take back a payment recorded by hand: what it settled is owed again.

    A gateway's payment is refunded, a matched transfer is unassigned instead. Raises NotFound,
    and NotNow when it was refunded, or its credit went out, even in part.
    """
    payment = lock_payment(work, payment_id)
    if payment.provider != "manual":
        raise NotNow(f"The payment came by {payment.provider}; refund it or undo its assignment")
    if payment.status != "captured" or payment.refunded_minor or payment.returned_minor:
        raise NotNow(f"The payment is {payment.status} and was refunded in part or whole")
    parts = applied_parts(work, payment.id)
    invoices = lock_invoices(work, [part.invoice_id for part in parts])
    applied, unapplied = payment.allocated_minor, payment.credit_minor
    take_off(work, payment, parts, invoices)
    payment.status = "reversed"
    post(
        work,
        "payment_reversed",
        ("payment", payment.id),
        payment_reversed(payment.provider, payment.method, applied, unapplied),
        payment.currency,
        work.today,
        tenant_id=payment.tenant_id,
    )
    work.tell(
        tenant_id=payment.tenant_id,
        payment_id=payment.id,
        amount_minor=payment.amount_minor,
        invoices=[part.invoice_id for part in parts],
    )
    return payment


def applied_parts(work: Work, payment_id: int) -> list[Part]:
    """What a payment stands for on each invoice, by invoice."""
    rows = work.session.execute(_APPLIED, {"payment_id": payment_id})
    return [Part(row.invoice_id, row.amount_minor) for row in rows]
