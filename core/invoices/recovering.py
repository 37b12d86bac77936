"""An invoice that was written off is paid after all (INV.1)."""

from sqlalchemy import select

from core.actions import action
from core.errors import BadInput, NotFound, NotNow
from core.invoices.models import Invoice
from core.invoices.reading import locked
from core.ledger.journal import post
from core.ledger.postings import credit_applied, write_off_recovered
from core.money import round_half_up, units_text
from core.payments.actions import lock_payment
from core.payments.allocating import Applied, apply
from core.payments.models import RECEIVED, Payment
from core.work import Work


@action("billing.invoice.recovered", needs="sys_finance", fresh=True)
def recover_invoice(
    work: Work, invoice_id: int, payment_id: int, *, reason: str, key: str | None = None
) -> Invoice:
    """Put a payment's credit on an invoice that was written off: all that was given up, or nothing.

    What the write-off posted is taken back first, its tax share with it. Raises NotFound; NotNow
    when the invoice is not written off; BadInput for a payment of another tenant or currency, or
    with less credit than was given up.
    """
    payment = lock_payment(work, payment_id)
    invoice = locked(work, invoice_id)
    if invoice.status != "written_off":
        raise NotNow(f"The invoice is {invoice.status}, not written off")
    if (payment.tenant_id, payment.currency) != (invoice.tenant_id, invoice.currency):
        raise BadInput("The payment is of another tenant or currency")
    lost = invoice.total_minor - invoice.paid_minor
    if payment.credit_minor < lost:
        raise BadInput(
            f"{units_text(lost, invoice.currency)} {invoice.currency} was given up; the payment "
            f"has {units_text(payment.credit_minor, payment.currency)} left"
        )
    _post(work, invoice, payment, lost)
    work.tell(
        tenant_id=invoice.tenant_id,
        invoice_id=invoice.id,
        number=invoice.number,
        payment_id=payment.id,
        recovered_minor=lost,
    )
    return invoice


def creditors(work: Work, invoice_id: int) -> list[Payment]:
    """Payments whose credit would do, the oldest first. Needs `billing.read`; raises NotFound."""
    work.require("billing.read")
    invoice = work.session.get(Invoice, invoice_id)
    if invoice is None:
        raise NotFound(f"There is no invoice {invoice_id}")
    if invoice.status != "written_off":
        return []
    lost = invoice.total_minor - invoice.paid_minor
    found = work.session.scalars(
        select(Payment)
        .where(
            Payment.tenant_id == invoice.tenant_id,
            Payment.currency == invoice.currency,
            Payment.status.in_(RECEIVED),
            Payment.amount_minor - Payment.allocated_minor - Payment.returned_minor >= lost,
        )
        .order_by(Payment.id)
    )
    return list(found)


def _post(work: Work, invoice: Invoice, payment: Payment, lost: int) -> None:
    place = (invoice.currency, work.today)
    tax = round_half_up(lost * invoice.tax_minor, invoice.total_minor)
    legs = write_off_recovered(lost - tax, tax)
    source = ("invoice", invoice.id)
    post(work, "write_off_recovered", source, legs, *place, tenant_id=invoice.tenant_id)
    payment.allocated_minor += lost
    [row] = apply(work, [Applied(payment, invoice, lost)])
    work.session.flush()
    source = ("payment_allocation", row.id)
    legs = credit_applied(lost)
    post(work, "credit_applied", source, legs, *place, tenant_id=invoice.tenant_id)
