"""Writes on invoices by hand and by the fee run: draft, send, void, write off (INV.3, INV.5)."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from sqlalchemy import select, text

from core.actions import action
from core.dunning.settling import settle
from core.errors import BadInput, ChangedMeanwhile, NotFound, NotNow
from core.invoices.issuing import NewInvoice, fill, issue_drafts, recognised_of
from core.invoices.issuing import draft as write_draft
from core.invoices.models import OPEN, Invoice
from core.invoices.reading import locked
from core.invoices.rules import NewLine, tax_of
from core.invoices.totals import Discount
from core.ledger.journal import post, reverse
from core.ledger.postings import revenue_recognised, written_off
from core.money import round_half_up, units_text
from core.notifications.outbox import tell_tenant
from core.tenants.models import Tenant
from core.work import Work

NEEDS = "saas.invoices.manage"
WRITTEN = ("adjustment", "subscription", "usage")
"""Types a person may write by hand; recharges and refunds come from their own actions."""
_CREDITED = text("""
select exists (select from credit_note where invoice_id = :invoice_id and status <> 'declined')
""")


@dataclass(frozen=True)
class Fee:
    """A tenant's platform fee of a month, in minor units without tax, and what it is a share of."""

    tenant_id: int
    sales_minor: int
    fee_minor: int


@dataclass(frozen=True)
class DraftInvoice:
    """What a person writes into a draft; `due_days` are counted from the day it is sent.

    An invoice is in its tenant's currency: another one named here is refused.
    """

    lines: tuple[NewLine, ...]
    type: str = "adjustment"
    due_days: int | None = None
    rounding: str = "line"
    discount_minor: int = 0
    discount_percent: Decimal | None = None
    note: str = ""
    currency: str | None = None


@action("billing.invoice.drafted", needs=NEEDS, system=True)
def create_draft(
    work: Work, tenant_id: int, draft: DraftInvoice, *, key: str | None = None
) -> Invoice:
    """A draft; a line without a tax of its own takes that of the tenant's country.

    Raises NotFound, BadInput.
    """
    tenant = _tenant(work, tenant_id)
    invoice = write_draft(work, tenant, _new(work, draft, tenant))
    work.session.flush()
    work.tell(tenant_id=tenant.id, invoice_id=invoice.id, total_minor=invoice.total_minor)
    return invoice


@action("billing.invoice.edited", needs=NEEDS)
def edit_draft(
    work: Work,
    invoice_id: int,
    draft: DraftInvoice,
    *,
    seen_total_minor: int | None = None,
    key: str | None = None,
) -> Invoice:
    """Write a draft anew. `seen_total_minor` is what its editor saw.

    Raises NotFound, BadInput, NotNow once it was sent, ChangedMeanwhile.
    """
    invoice = locked(work, invoice_id)
    if invoice.status != "draft":
        raise NotNow(f"The invoice is {invoice.status}; write a credit note instead")
    if seen_total_minor is not None and seen_total_minor != invoice.total_minor:
        raise ChangedMeanwhile("Somebody else edited this draft; look again")
    tenant = _tenant(work, invoice.tenant_id)
    before, new = invoice.total_minor, _new(work, draft, tenant)
    for line in invoice.lines:
        work.session.delete(line)
    work.session.flush()
    invoice.type = new.type
    fill(invoice, new, tax_of(tenant.country))
    work.session.flush()
    work.tell(
        tenant_id=invoice.tenant_id,
        invoice_id=invoice.id,
        total_minor=[before, invoice.total_minor],
    )
    return invoice


@action("billing.invoice.sent", needs=NEEDS, system=True)
def send_invoice(
    work: Work, invoice_id: int, *, due_days: int | None = None, key: str | None = None
) -> Invoice:
    """Draft → issued with the next number of the series and its posting; the tenant is told.

    It is due by `due_days`, else by what the draft says. An issued invoice is sent once more.
    Raises NotFound, NotNow, BadInput.
    """
    invoice = locked(work, invoice_id)
    if invoice.status == "draft":
        usual = work.settings.payment_terms_days
        terms = next((n for n in (due_days, invoice.due_days) if n is not None), usual)
        if terms < 0:
            raise BadInput("An invoice is not due before it is issued")
        issue_drafts(work, [invoice], terms)
    elif invoice.status not in OPEN:
        raise NotNow(f"The invoice is {invoice.status}; there is nothing to ask for")
    work.tell(
        tenant_id=invoice.tenant_id,
        invoice_id=invoice.id,
        number=invoice.number,
        total_minor=invoice.total_minor,
        due_minor=invoice.due_minor,
        due_on=str(invoice.due_on),
        currency=invoice.currency,
    )
    return invoice


@action("billing.invoice.discarded", needs=NEEDS)
def discard_draft(work: Work, invoice_id: int, *, key: str | None = None) -> int:
    """Delete a draft, which has no number yet; its id. Raises NotFound, NotNow once it was sent."""
    invoice = locked(work, invoice_id)
    if invoice.status != "draft":
        raise NotNow(f"The invoice is {invoice.status}; void it or write a credit note")
    work.tell(tenant_id=invoice.tenant_id, invoice_id=invoice.id, total_minor=invoice.total_minor)
    for line in invoice.lines:
        work.session.delete(line)
    work.session.flush()
    work.session.delete(invoice)
    work.session.flush()
    return invoice_id


@action("billing.invoice.voided", needs=NEEDS, reason=True)
def void_invoice(work: Work, invoice_id: int, *, reason: str, key: str | None = None) -> Invoice:
    """Take back an invoice on which nothing was paid or credited.

    The mirror of its postings is posted; the number stays used. Raises NotFound, NotNow.
    """
    invoice = locked(work, invoice_id)
    if invoice.status != "issued":
        raise NotNow(f"The invoice is {invoice.status}; only an unpaid issued one can be voided")
    if work.session.scalar(_CREDITED, {"invoice_id": invoice.id}):
        raise NotNow("A credit note was written for the invoice; credit the rest of it as well")
    take_back(work, invoice)
    invoice.status, invoice.closed_on = "cancelled", work.today
    settle(work, {invoice.id: "voided"}, [invoice])
    work.tell(tenant_id=invoice.tenant_id, invoice_id=invoice.id, number=invoice.number)
    return invoice


@action("billing.invoice.written_off", needs="sys_finance", fresh=True)
def write_off(work: Work, invoice_id: int, *, reason: str, key: str | None = None) -> Invoice:
    """Give up what is still owed; the tax share of it lowers the tax owed."""
    invoice = locked(work, invoice_id)
    if invoice.status not in OPEN:
        raise NotNow(f"The invoice is {invoice.status}; nothing is owed on it")
    due = invoice.due_minor
    tax = round_half_up(due * invoice.tax_minor, invoice.total_minor)
    post(
        work,
        "written_off",
        ("invoice", invoice.id),
        written_off(due - tax, tax),
        invoice.currency,
        work.today,
        tenant_id=invoice.tenant_id,
    )
    invoice.status, invoice.closed_on = "written_off", work.today
    settle(work, {invoice.id: "written_off"}, [invoice])
    work.tell(
        tenant_id=invoice.tenant_id,
        invoice_id=invoice.id,
        number=invoice.number,
        written_off_minor=due,
    )
    return invoice


@action("billing.platform_fees.issued", needs="billing.write", system=True)
def issue_platform_fees(
    work: Work, month: date, fees: tuple[Fee, ...], *, key: str | None = None
) -> list[int]:
    """The platform's fee invoices of a month, one a tenant, due by the payment terms (INV.5).

    A tenant that already has its invoice of the month is left out. Returns invoice ids.
    """
    if month.day != 1 or any(fee.fee_minor <= 0 for fee in fees):
        raise BadInput("Fees are above zero and belong to the first day of a month")
    reason = f"platform_fee:{month:%Y-%m}"
    tenants = _not_billed(work, [fee.tenant_id for fee in fees], reason)
    terms = work.settings.payment_terms_days
    drafts = []
    for fee in fees:
        if tenant := tenants.get(fee.tenant_id):
            lines = (_fee_line(fee, month, tenant.currency),)
            new = NewInvoice("usage", lines, terms, reason=reason, issuer_type="platform")
            drafts.append(write_draft(work, tenant, new))
    issue_drafts(work, drafts, terms)
    for invoice in drafts:
        tell_tenant(work, "invoice.issued", invoice.tenant_id, {"invoice_id": invoice.id})
    work.tell(month=f"{month:%Y-%m}", invoices=len(drafts))
    return [invoice.id for invoice in drafts]


def _not_billed(work: Work, tenant_ids: list[int], reason: str) -> dict[int, Tenant]:
    """Those tenants, locked, that have no invoice for the reason yet."""
    billed = select(Invoice.tenant_id).where(
        Invoice.tenant_id.in_(tenant_ids), Invoice.reason == reason, Invoice.status != "cancelled"
    )
    locked = work.session.scalars(
        select(Tenant).where(Tenant.id.in_(tenant_ids)).order_by(Tenant.id).with_for_update()
    ).all()
    done = set(work.session.scalars(billed))
    return {each.id: each for each in locked if each.id not in done}


def _fee_line(fee: Fee, month: date, currency: str) -> NewLine:
    sales = units_text(fee.sales_minor, currency)
    return NewLine(f"Platform fee {month:%Y-%m} on sales of {sales} {currency}", fee.fee_minor)


def _tenant(work: Work, tenant_id: int) -> Tenant:
    tenant = work.session.get(Tenant, tenant_id)
    if tenant is None:
        raise NotFound(f"There is no tenant {tenant_id}")
    return tenant


def _new(work: Work, draft: DraftInvoice, tenant: Tenant) -> NewInvoice:
    """A draft as it is written down. Raises BadInput."""
    if draft.currency not in (None, tenant.currency):
        raise BadInput(f"{tenant.name} is invoiced in {tenant.currency}, not in {draft.currency}")
    if draft.type not in WRITTEN:
        raise BadInput(f"An invoice written by hand is one of {', '.join(WRITTEN)}")
    for position, line in enumerate(draft.lines, start=1):
        if not line.description.strip():
            raise BadInput(f"Line {position} has no description")
    terms = work.settings.payment_terms_days if draft.due_days is None else draft.due_days
    return NewInvoice(
        draft.type,
        draft.lines,
        terms,
        rounding=draft.rounding,
        discount=Discount(draft.discount_minor, draft.discount_percent),
        note=draft.note.strip(),
    )


def take_back(work: Work, invoice: Invoice) -> None:
    """Post the mirror of what was posted for an invoice on which nothing was paid."""
    if invoice.total_minor:
        reverse(work, ("invoice", invoice.id), "invoice_issued", work.today)
    post(
        work,
        "revenue_recognised:void",
        ("invoice", invoice.id),
        revenue_recognised(-recognised_of(work, invoice)),
        invoice.currency,
        work.today,
        tenant_id=invoice.tenant_id,
    )
