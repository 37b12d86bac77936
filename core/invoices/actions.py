"""Writes on invoices by hand and by the fee run: draft, send, void, write off (INV.3, INV.5)."""

from dataclasses import dataclass
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import selectinload

from core.actions import action
from core.errors import BadInput, NotFound, NotNow
from core.invoices.issuing import NewInvoice, draft, issue_drafts, recognised_of
from core.invoices.models import OPEN, Invoice
from core.invoices.rules import NewLine
from core.ledger.journal import post, reverse
from core.ledger.postings import revenue_recognised, written_off
from core.money import round_half_up, units_text
from core.tenants.models import Tenant
from core.work import Work


@dataclass(frozen=True)
class Fee:
    """A tenant's platform fee of a month, in minor units without tax, and what it is a share of."""

    tenant_id: int
    sales_minor: int
    fee_minor: int


@action("billing.invoice.drafted", needs="billing.write", system=True)
def create_draft(
    work: Work,
    tenant_id: int,
    lines: tuple[NewLine, ...],
    *,
    type: str = "usage",  # noqa: A002
    key: str | None = None,
) -> Invoice:
    """A draft with tax by the tenant's country. Raises NotFound, BadInput."""
    tenant = _tenant(work, tenant_id)
    new = NewInvoice(type, lines, work.settings.payment_terms_days)
    invoice = draft(work, tenant, new)
    work.session.flush()
    work.tell(tenant_id=tenant.id, invoice_id=invoice.id, total_minor=invoice.total_minor)
    return invoice


@action("billing.invoice.issued", needs="billing.write", system=True)
def issue_invoice(
    work: Work, invoice_id: int, *, due_days: int | None = None, key: str | None = None
) -> Invoice:
    """Draft → issued, with the next number of the series and its posting. Raises NotNow."""
    invoice = _locked(work, invoice_id)
    if invoice.status != "draft":
        raise NotNow(f"The invoice is {invoice.status}, not a draft")
    terms = work.settings.payment_terms_days if due_days is None else due_days
    issue_drafts(work, [invoice], terms)
    work.tell(
        tenant_id=invoice.tenant_id,
        invoice_id=invoice.id,
        number=invoice.number,
        total_minor=invoice.total_minor,
        currency=invoice.currency,
    )
    return invoice


@action("billing.invoice.voided", needs="billing.write", reason=True)
def void_invoice(work: Work, invoice_id: int, *, reason: str) -> Invoice:
    """Take back an invoice on which nothing was paid; the mirror of its postings is posted."""
    invoice = _locked(work, invoice_id)
    if invoice.status != "issued":
        raise NotNow(f"The invoice is {invoice.status}; only an unpaid issued one can be voided")
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
    invoice.status, invoice.closed_on = "cancelled", work.today
    work.tell(tenant_id=invoice.tenant_id, invoice_id=invoice.id, number=invoice.number)
    return invoice


@action("billing.invoice.written_off", needs="sys_finance", fresh=True)
def write_off(work: Work, invoice_id: int, *, reason: str) -> Invoice:
    """Give up what is still owed; the tax share of it lowers the tax owed."""
    invoice = _locked(work, invoice_id)
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
    work.tell(tenant_id=invoice.tenant_id, invoice_id=invoice.id, written_off_minor=due)
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
            drafts.append(draft(work, tenant, new))
    issue_drafts(work, drafts, terms)
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


def _locked(work: Work, invoice_id: int) -> Invoice:
    invoice = work.session.scalar(
        select(Invoice)
        .where(Invoice.id == invoice_id)
        .with_for_update(of=Invoice)
        .options(selectinload(Invoice.lines))
    )
    if invoice is None:
        raise NotFound(f"There is no invoice {invoice_id}")
    return invoice
