"""Making credit notes inside an action: number, lines, posting, and the credit they leave."""

from collections.abc import Sequence

from sqlalchemy import bindparam, select

from core.credit_notes.models import CreditNote, CreditNoteLine
from core.errors import BadInput
from core.invoices.issuing import take_numbers
from core.invoices.models import Invoice
from core.invoices.rules import NewLine, invoice_amounts, line_amounts, number_text, tax_of
from core.ledger.journal import post
from core.ledger.postings import credit_applied, credit_note_issued
from core.payments import allocating
from core.payments.models import Payment
from core.payments.rules import Part, spread
from core.tenants.models import Tenant
from core.work import Work

SERIES = "credit"
_CREDIT_LEFT = (
    select(Payment)
    .where(
        Payment.tenant_id == bindparam("tenant_id"),
        Payment.currency == bindparam("currency"),
        Payment.provider == "credit",
        Payment.allocated_minor < Payment.amount_minor,
    )
    .order_by(Payment.id)
    .with_for_update()
    .execution_options(populate_existing=True)
)


def issue_credit_note(
    work: Work,
    tenant: Tenant,
    lines: Sequence[NewLine],
    *,
    reason: str,
    subscription_id: int | None = None,
) -> CreditNote:
    """A numbered note over service ahead; its total becomes the customer's credit.

    Positive lines give back; a negative one charges what is owed in turn. Raises BadInput when
    nothing would be given back.
    """
    tax = tax_of(tenant.country)
    amounts = [line_amounts(line, tax) for line in lines]
    total = invoice_amounts(amounts)
    if not total.total_minor:
        raise BadInput("A credit note gives something back")
    payment = _credit(work, tenant, total.total_minor)
    work.session.add(payment)
    work.session.flush()
    sequence = take_numbers(work, SERIES, work.today.year, 1)
    note = CreditNote(
        tenant_id=tenant.id,
        subscription_id=subscription_id,
        payment_id=payment.id,
        number=number_text(SERIES, work.today.year, sequence),
        reason=reason,
        currency=tenant.currency,
        net_minor=total.net_minor,
        tax_minor=total.tax_minor,
        total_minor=total.total_minor,
        issued_on=work.today,
        created_at=work.now,
    )
    note.lines = [
        CreditNoteLine(
            tenant_id=tenant.id,
            plan_id=line.plan_id,
            position=position,
            description=line.description,
            net_minor=amount.net_minor,
            tax_percent=tax.percent,
            tax_category=tax.category,
            tax_minor=amount.tax_minor,
            total_minor=amount.total_minor,
            service_start=line.service_start,
            service_end=line.service_end,
        )
        for position, (line, amount) in enumerate(zip(lines, amounts, strict=True), start=1)
    ]
    payment.provider_payment_id = note.number
    work.session.add(note)
    work.session.flush()
    post(
        work,
        "credit_note_issued",
        ("credit_note", note.id),
        credit_note_issued(note.net_minor, note.tax_minor),
        note.currency,
        work.today,
        tenant_id=tenant.id,
    )
    return note


def use_credit(work: Work, invoice: Invoice) -> int:
    """Put what is left of a tenant's credit notes on a fresh invoice; minor units used.

    Oldest first; payments are locked before the invoice.
    """
    asked = {"tenant_id": invoice.tenant_id, "currency": invoice.currency}
    held = work.session.scalars(_CREDIT_LEFT, asked).all()
    used = 0
    for payment in held:
        left = payment.amount_minor - payment.allocated_minor
        for part in spread(left, [Part(invoice.id, invoice.due_minor)]):
            payment.allocated_minor += part.amount_minor
            [row] = allocating.apply(
                work, [allocating.Applied(payment, invoice, part.amount_minor)]
            )
            work.session.flush()
            post(
                work,
                "credit_applied",
                ("payment_allocation", row.id),
                credit_applied(part.amount_minor),
                payment.currency,
                work.today,
                tenant_id=payment.tenant_id,
            )
            used += part.amount_minor
    return used


def _credit(work: Work, tenant: Tenant, amount_minor: int) -> Payment:
    return Payment(
        tenant_id=tenant.id,
        provider="credit",
        method="credit_note",
        status="captured",
        currency=tenant.currency,
        amount_minor=amount_minor,
        allocated_minor=0,
        refunded_minor=0,
        fee_minor=0,
        received_on=work.today,
        created_at=work.now,
        captured_at=work.now,
    )
