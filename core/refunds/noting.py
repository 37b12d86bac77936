"""The credit notes of refunds: drafted with the request, issued when the money went (REF.2–3)."""

from sqlalchemy import func, select
from sqlalchemy.orm import selectinload

from core.credit_notes.actions import note_lines, refilled
from core.credit_notes.issuing import NewNote, credit_for, draft, issue
from core.credit_notes.models import CreditNote
from core.credit_notes.queries import creditable_lines
from core.credit_notes.rules import credit_amount
from core.errors import BadInput, NotFound
from core.invoices.models import Invoice
from core.invoices.reading import locked
from core.money import units_text
from core.payments.models import Payment
from core.refunds.held import held_of
from core.refunds.models import Refund
from core.refunds.rules import parts_with_note
from core.work import Work


def draft_all(work: Work, refund: Refund, payment: Payment) -> None:
    """Draft a note for each invoice the refund concerns; drafts keep others from crediting it.

    Raises BadInput when credit notes gave back too much of the invoices already.
    """
    parts = parts_with_note(held_of(work, payment), refund.amount_minor, refund.currency)
    work.session.add(refund)
    work.session.flush()
    for part in parts:
        invoice = locked(work, part.invoice_id)
        left = creditable_lines(work, invoice.id)
        credited = credit_amount(left, part.amount_minor, invoice.currency)
        new = NewNote(
            "refund",
            settles="refund",
            subscription_id=invoice.subscription_id,
            invoice_id=invoice.id,
            refund_id=refund.id,
        )
        place = (invoice.tenant_id, invoice.currency)
        made = draft(work, place, note_lines(invoice, credited), new)
        refund.tax_minor += made.tax_minor


def issue_all(work: Work, refund: Refund) -> None:
    """Issue the drafts of a refund that went through; their tax is the refund's."""
    refund.tax_minor = 0
    for made in _drafts(work, refund):
        assert made.invoice_id is not None
        refilled(work, made, locked(work, made.invoice_id))
        issue(work, made)
        refund.tax_minor += made.tax_minor


def decline(work: Work, refund: Refund) -> None:
    """Turn down the drafts of a refund that failed; their amount can be credited again."""
    for made in _drafts(work, refund):
        made.status, made.decided_at = "declined", work.now


def hold_note(work: Work, refund: Refund) -> None:
    """Keep what an issued note left for the refund. Raises BadInput, NotFound."""
    credit = credit_of(work, refund)
    if (credit.tenant_id, credit.currency) != (refund.tenant_id, refund.currency):
        raise BadInput("The credit note belongs to another tenant or currency")
    if not 0 < refund.amount_minor <= credit.credit_minor:
        raise BadInput(
            f"{units_text(credit.credit_minor, credit.currency)} {credit.currency} is left of the "
            f"credit note, not {units_text(refund.amount_minor, credit.currency)}"
        )
    credit.returned_minor += refund.amount_minor


def credit_of(work: Work, refund: Refund) -> Payment:
    """The credit that the refund's note left, locked. Raises NotFound."""
    found = work.session.scalar(
        select(Payment)
        .join(CreditNote, CreditNote.payment_id == Payment.id)
        .where(CreditNote.id == refund.credit_note_id)
        .with_for_update(of=Payment)
        .execution_options(populate_existing=True)
    )
    if found is None:
        raise NotFound(f"There is no credit of a credit note {refund.credit_note_id}")
    return found


def leave_credit(work: Work, refund: Refund) -> None:
    """The money of a refund came back: what its notes gave is the customer's credit instead."""
    found = select(CreditNote).where(
        CreditNote.refund_id == refund.id, CreditNote.status == "issued"
    )
    for made in work.session.scalars(found.order_by(CreditNote.id).with_for_update()):
        payment = credit_for(work, made)
        payment.provider_payment_id, made.payment_id = made.number, payment.id
    work.session.flush()


def move_invoices(work: Work, refund: Refund) -> None:
    """Invoices are paid, partly refunded or refunded by what went back with a note."""
    work.session.flush()
    named = select(CreditNote.invoice_id).where(
        (CreditNote.refund_id == refund.id) | (CreditNote.id == refund.credit_note_id),
        CreditNote.status == "issued",
    )
    found = select(Invoice).where(
        Invoice.id.in_(named), Invoice.status.in_(("paid", "partially_refunded", "refunded"))
    )
    for invoice in work.session.scalars(found.order_by(Invoice.id).with_for_update()):
        back = _refunded(work, invoice.id)
        whole = "refunded" if back >= invoice.total_minor else "partially_refunded"
        invoice.status = whole if back else "paid"
    work.session.flush()


def _refunded(work: Work, invoice_id: int) -> int:
    own = (
        select(func.coalesce(func.sum(CreditNote.total_minor), 0))
        .join(Refund, Refund.id == CreditNote.refund_id)
        .where(
            CreditNote.invoice_id == invoice_id,
            CreditNote.status == "issued",
            Refund.status == "succeeded",
        )
    )
    of_notes = (
        select(func.coalesce(func.sum(Refund.amount_minor), 0))
        .join(CreditNote, CreditNote.id == Refund.credit_note_id)
        .where(CreditNote.invoice_id == invoice_id, Refund.status == "succeeded")
    )
    return int(work.session.scalar(own) or 0) + int(work.session.scalar(of_notes) or 0)


def _drafts(work: Work, refund: Refund) -> list[CreditNote]:
    found = (
        select(CreditNote)
        .where(CreditNote.refund_id == refund.id, CreditNote.status == "draft")
        .options(selectinload(CreditNote.lines))
        .order_by(CreditNote.invoice_id, CreditNote.id)
        .with_for_update(of=CreditNote)
    )
    return list(work.session.scalars(found))
