"""Making credit notes inside an action: lines, number, posting, and the credit they leave."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from sqlalchemy import bindparam, select

from core.credit_notes.models import CreditNote, CreditNoteLine
from core.errors import BadInput
from core.invoices.issuing import earned_before, take_numbers
from core.invoices.models import Invoice
from core.invoices.parties import billed_to, issuer_profile_id
from core.invoices.rules import NewLine, line_amounts, number_text, recognised_by, tax_of
from core.ledger.journal import post
from core.ledger.postings import credit_applied, credit_note_issued, revenue_recognised
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
        Payment.allocated_minor + Payment.returned_minor < Payment.amount_minor,
    )
    .order_by(Payment.id)
    .with_for_update()
    .execution_options(populate_existing=True)
)


@dataclass(frozen=True)
class NoteLine:
    """A line of a note, in minor units; one over days takes its revenue back over them."""

    description: str
    net_minor: int
    tax_minor: int
    tax_percent: Decimal
    tax_category: str
    plan_id: int | None = None
    invoice_line_id: int | None = None
    service_start: date | None = None
    service_end: date | None = None


@dataclass(frozen=True)
class NewNote:
    """What a note is for: a reason's code, its words, and the documents it belongs to."""

    reason: str
    note: str = ""
    settles: str = "balance"
    subscription_id: int | None = None
    invoice_id: int | None = None
    refund_id: int | None = None


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
    rows = [
        NoteLine(
            line.description,
            amount.net_minor,
            amount.tax_minor,
            tax.percent,
            tax.category,
            plan_id=line.plan_id,
            service_start=line.service_start,
            service_end=line.service_end,
        )
        for line, amount in zip(lines, amounts, strict=True)
    ]
    place = (tenant.id, tenant.currency)
    new = NewNote(reason, subscription_id=subscription_id)
    return issue(work, draft(work, place, rows, new))


def draft(
    work: Work, place: tuple[int, str], lines: Sequence[NoteLine], new: NewNote
) -> CreditNote:
    """A draft with its lines for a tenant and currency.

    Raises BadInput when nothing would be given back.
    """
    tenant_id, currency = place
    note = CreditNote(
        tenant_id=tenant_id,
        subscription_id=new.subscription_id,
        invoice_id=new.invoice_id,
        refund_id=new.refund_id,
        status="draft",
        settles=new.settles,
        reason=new.reason,
        note=new.note,
        currency=currency,
        created_by=work.actor.user_id,
        created_at=work.now,
    )
    fill(note, lines)
    work.session.add(note)
    work.session.flush()
    return note


def fill(note: CreditNote, lines: Sequence[NoteLine]) -> None:
    """Write lines and totals into a draft. Raises BadInput when nothing would be given back."""
    net, tax = sum(line.net_minor for line in lines), sum(line.tax_minor for line in lines)
    if net < 0 or tax < 0 or net + tax <= 0:
        raise BadInput("A credit note gives something back")
    note.net_minor, note.tax_minor, note.total_minor = net, tax, net + tax
    note.lines = [
        CreditNoteLine(
            tenant_id=note.tenant_id,
            plan_id=line.plan_id,
            invoice_line_id=line.invoice_line_id,
            position=position,
            description=line.description,
            net_minor=line.net_minor,
            tax_percent=line.tax_percent,
            tax_category=line.tax_category,
            tax_minor=line.tax_minor,
            total_minor=line.net_minor + line.tax_minor,
            service_start=line.service_start,
            service_end=line.service_end,
        )
        for position, line in enumerate(lines, start=1)
    ]


def issue(work: Work, note: CreditNote) -> CreditNote:
    """Number a draft. Its total becomes the customer's credit, unless a refund paid it out: the
    refund's own posting then says what was given back.
    """
    payment = credit_for(work, note) if note.refund_id is None else None
    sequence = take_numbers(work, SERIES, work.today.year, 1)
    note.number = number_text(SERIES, work.today.year, sequence)
    note.issued_on, note.status = work.today, "issued"
    note.issuer_profile_id = issuer_profile_id(work)
    note.billed_to = billed_to(work, note.tenant_id)
    note.decided_by, note.decided_at = work.actor.user_id, work.now
    if payment is not None:
        payment.provider_payment_id = note.number
        note.payment_id = payment.id
    work.session.flush()
    if payment is not None:
        _post(work, note)
    return note


def use_credit(work: Work, invoice: Invoice) -> int:
    """Put what is left of a tenant's credit notes on a fresh invoice; minor units used.

    Oldest first; payments are locked before the invoice.
    """
    asked = {"tenant_id": invoice.tenant_id, "currency": invoice.currency}
    held = work.session.scalars(_CREDIT_LEFT, asked).all()
    return sum(put_on(work, payment, invoice) for payment in held)


def credit_for(work: Work, note: CreditNote) -> Payment:
    """The customer's credit over a note's total; numbering and posting it are the caller's."""
    payment = Payment(
        tenant_id=note.tenant_id,
        provider="credit",
        method="credit_note",
        status="captured",
        currency=note.currency,
        amount_minor=note.total_minor,
        allocated_minor=0,
        refunded_minor=0,
        returned_minor=0,
        fee_minor=0,
        received_on=work.today,
        created_at=work.now,
        captured_at=work.now,
    )
    work.session.add(payment)
    work.session.flush()
    return payment


def put_on(work: Work, payment: Payment, invoice: Invoice, *, at_most: int | None = None) -> int:
    """Put a locked payment's credit on a locked invoice as far as it is owed; minor units used."""
    held = payment.credit_minor if at_most is None else min(payment.credit_minor, at_most)
    used = 0
    for part in spread(held, [Part(invoice.id, invoice.due_minor)]):
        payment.allocated_minor += part.amount_minor
        [row] = allocating.apply(work, [allocating.Applied(payment, invoice, part.amount_minor)])
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


def _post(work: Work, note: CreditNote) -> None:
    by_days = sum(line.net_minor for line in note.lines if line.service_start)
    source, place = ("credit_note", note.id), (note.currency, work.today)
    legs = credit_note_issued(by_days, note.net_minor - by_days, note.tax_minor)
    post(work, "credit_note_issued", source, legs, *place, tenant_id=note.tenant_id)
    starts = [line.service_start for line in note.lines if line.service_start]
    if not starts or min(starts) >= work.today.replace(day=1):
        return
    before = earned_before(work)
    taken_back = sum(
        recognised_by(line.net_minor, line.service_start, line.service_end, before)
        for line in note.lines
        if before and line.service_start and line.service_end
    )
    late = revenue_recognised(-taken_back)
    post(work, "revenue_recognised", source, late, *place, tenant_id=note.tenant_id)
