"""Credit notes by hand: drafted by one person, issued or declined by another (REF.3)."""

from sqlalchemy import select
from sqlalchemy.orm import selectinload

from core.actions import action
from core.credit_notes.issuing import NewNote, NoteLine, draft, fill, issue, put_on
from core.credit_notes.models import CreditNote
from core.credit_notes.queries import creditable_lines
from core.credit_notes.rules import Credited, credit_amount, credit_lines, credit_whole
from core.errors import BadInput, NotAllowed, NotFound, NotNow
from core.invoices.models import OPEN, Invoice
from core.invoices.reading import locked
from core.payments.models import Payment
from core.work import Work

CAUSES = {
    "duplicate": "Billed twice",
    "service_failure": "Service failed",
    "order_change": "Order changed",
    "wrong_amount": "Wrong amount",
    "fraudulent": "Fraud",
    "goodwill": "Goodwill",
    "other": "Other",
}
"""Why a note is written, by code."""
BY_HAND = ("balance", "invoice")
"""What a note by hand may settle: the customer's balance, or its own invoice first."""
_STANDING = ("issued", "partially_paid", "paid", "partially_refunded", "refunded")


@action("billing.credit_note.created", needs="billing.write")
def create_credit_note(
    work: Work,
    invoice_id: int,
    *,
    amount_minor: int | None = None,
    lines: tuple[tuple[int, int], ...] = (),
    cause: str = "other",
    settles: str | None = None,
    note: str = "",
    key: str | None = None,
) -> CreditNote:
    """A draft over an invoice: an amount with tax, amounts by line id, or all that is left.

    It settles the invoice while that is owed, otherwise the balance, unless `settles` says.
    Drafts count as credited until they are declined. Raises NotFound, NotNow, BadInput.
    """
    invoice = locked(work, invoice_id)
    if invoice.status not in _STANDING:
        raise NotNow(f"The invoice is {invoice.status}; there is nothing to credit")
    if invoice.type == "recharge":
        raise NotNow("A recharge earned nothing to credit; take it out of the wallet instead")
    if cause not in CAUSES:
        raise BadInput(f"There is no cause {cause!r}; there are {', '.join(CAUSES)}")
    chosen = settles or ("invoice" if invoice.status in OPEN else "balance")
    if chosen not in BY_HAND:
        raise BadInput(f"A credit note settles one of {', '.join(BY_HAND)}")
    left = creditable_lines(work, invoice.id)
    if lines:
        credited = credit_lines(left, dict(lines), invoice.currency)
    elif amount_minor is None:
        credited = credit_whole(left, invoice.currency)
    else:
        credited = credit_amount(left, amount_minor, invoice.currency)
    new = NewNote(cause, note.strip(), chosen, invoice.subscription_id, invoice.id)
    made = draft(work, (invoice.tenant_id, invoice.currency), note_lines(invoice, credited), new)
    _tell(work, made)
    return made


@action("billing.credit_note.approved", needs="billing.approve", fresh=True)
def approve_credit_note(
    work: Work, credit_note_id: int, *, reason: str, key: str | None = None
) -> CreditNote:
    """Issue somebody else's draft: number, posting, and its use on the invoice when it says so.

    What settles nothing is the customer's credit. Raises NotFound, NotNow, NotAllowed for one's
    own, BadInput when the invoice holds less by now.
    """
    made, invoice = _draft(work, credit_note_id)
    if made.created_by == work.actor.user_id:
        raise NotAllowed("Somebody else approves a credit note, not who wrote it")
    refilled(work, made, invoice)
    issue(work, made)
    used = 0
    if made.settles == "invoice" and invoice.due_minor:
        payment = work.session.get_one(Payment, made.payment_id)
        used = put_on(work, payment, invoice)
    _tell(work, made, number=made.number, used_minor=used)
    return made


@action("billing.credit_note.declined", needs="billing.write", reason=True)
def decline_credit_note(
    work: Work, credit_note_id: int, *, reason: str, key: str | None = None
) -> CreditNote:
    """Turn a draft down; its amount can be credited again. Raises NotFound, NotNow."""
    made, _ = _draft(work, credit_note_id)
    made.status = "declined"
    made.decided_by, made.decided_at = work.actor.user_id, work.now
    _tell(work, made)
    return made


def refilled(work: Work, made: CreditNote, invoice: Invoice) -> None:
    """Round the tax of a draft anew on what was issued before it, so that all notes add up to the
    invoice whatever became of other drafts. Raises BadInput when the invoice holds less by now.
    """
    wanted = {line.invoice_line_id or 0: line.total_minor for line in made.lines}
    left = creditable_lines(work, invoice.id, issued_only=True)
    credited = credit_lines(left, wanted, invoice.currency)
    for line in made.lines:
        work.session.delete(line)
    work.session.flush()
    fill(made, note_lines(invoice, credited))
    work.session.flush()


def note_lines(invoice: Invoice, credited: list[Credited]) -> list[NoteLine]:
    """Lines of a note from those of the invoice."""
    lines = {line.id: line for line in invoice.lines}
    return [
        NoteLine(
            lines[each.line_id].description,
            each.net_minor,
            each.tax_minor,
            lines[each.line_id].tax_percent,
            lines[each.line_id].tax_category,
            plan_id=lines[each.line_id].plan_id,
            invoice_line_id=each.line_id,
            service_start=lines[each.line_id].service_start,
            service_end=lines[each.line_id].service_end,
        )
        for each in credited
    ]


def _draft(work: Work, credit_note_id: int) -> tuple[CreditNote, Invoice]:
    """A draft and its invoice, the invoice locked first."""
    invoice_id = work.session.scalar(
        select(CreditNote.invoice_id).where(CreditNote.id == credit_note_id)
    )
    if invoice_id is None:
        raise NotFound(f"There is no draft of a credit note {credit_note_id}")
    invoice = locked(work, invoice_id)
    made = work.session.scalars(
        select(CreditNote)
        .where(CreditNote.id == credit_note_id)
        .with_for_update(of=CreditNote)
        .options(selectinload(CreditNote.lines))
        .execution_options(populate_existing=True)
    ).one()
    if made.status != "draft" or made.refund_id is not None:
        raise NotNow(f"The credit note is {made.status if made.refund_id is None else 'a refund'}")
    return made, invoice


def _tell(work: Work, made: CreditNote, **more: object) -> None:
    work.tell(
        tenant_id=made.tenant_id,
        credit_note_id=made.id,
        invoice_id=made.invoice_id,
        total_minor=made.total_minor,
        currency=made.currency,
        **more,
    )
