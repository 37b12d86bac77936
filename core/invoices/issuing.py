"""Making invoices inside an action: draft with lines, number, issue, posting (INV.2)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from sqlalchemy import func, select, text

from core.errors import BadInput
from core.inserting import adopt, insert_now
from core.invoices.models import Invoice, InvoiceLine
from core.invoices.parties import billed_to, issuer_profile_id
from core.invoices.rules import NewLine, Tax, number_text, ocr_of, priced, recognised_by, tax_of
from core.invoices.totals import NO_DISCOUNT, Discount, LineTotal, Totals, totals
from core.ledger.journal import post
from core.ledger.models import LedgerTransaction
from core.ledger.postings import invoice_issued, revenue_recognised
from core.tenants.models import Tenant
from core.work import Work

_TAKE_NUMBERS = text("""
insert into invoice_series (issuer_type, year, last_number) values (:issuer_type, :year, :count)
on conflict (issuer_type, year)
do update set last_number = invoice_series.last_number + excluded.last_number
returning last_number
""")
NO_TAX = Tax(Decimal(0), "outside")


@dataclass(frozen=True)
class NewInvoice:
    """An invoice as it is entered; `reason` with subscription and period keeps it single."""

    type: str
    lines: tuple[NewLine, ...]
    due_days: int
    reason: str = "manual"
    issuer_type: str = "tenant"
    subscription_id: int | None = None
    period_start: date | None = None
    period_end: date | None = None
    rounding: str = "line"
    discount: Discount = NO_DISCOUNT
    note: str = ""


def draft(work: Work, tenant: Tenant, new: NewInvoice, *, tax: Tax | None = None) -> Invoice:
    """A draft with its lines. Raises BadInput when it has no lines or is negative."""
    invoice = _drafted(work, tenant, new, tax or tax_of(tenant.country))
    work.session.add(invoice)
    return invoice


def _drafted(work: Work, tenant: Tenant, new: NewInvoice, tax: Tax) -> Invoice:
    invoice = Invoice(
        tenant_id=tenant.id,
        subscription_id=new.subscription_id,
        issuer_type=new.issuer_type,
        type=new.type,
        reason=new.reason,
        status="draft",
        currency=tenant.currency,
        paid_minor=0,
        period_start=new.period_start,
        period_end=new.period_end,
        created_at=work.now,
    )
    fill(invoice, new, tax)
    return invoice


def fill(invoice: Invoice, new: NewInvoice, tax: Tax) -> None:
    """Write lines and totals into a draft. Raises BadInput."""
    whole = totals(
        [priced(line, tax) for line in new.lines], rounding=new.rounding, discount=new.discount
    )
    invoice.rounding, invoice.note, invoice.due_days = new.rounding, new.note, new.due_days
    invoice.discount_minor = whole.discount_minor
    invoice.net_minor, invoice.tax_minor = whole.net_minor, whole.tax_minor
    invoice.total_minor = whole.total_minor
    invoice.lines = _lines(invoice.tenant_id, new.lines, whole, tax)


def issue_drafts(work: Work, drafts: Sequence[Invoice], due_days: int) -> None:
    """Number, issue and post drafts of one issuer.

    An invoice over nothing is settled at once.
    """
    if not drafts:
        return
    # The database adds the lines up when a draft is issued, so they are written first.
    work.session.flush()
    _issue(work, drafts, due_days)
    work.session.flush()


def _issue(work: Work, drafts: Sequence[Invoice], due_days: int) -> None:
    _number(work, drafts, due_days)
    for invoice in drafts:
        invoice.status = "issued" if invoice.total_minor else "paid"
        invoice.settled_on = None if invoice.total_minor else work.today
        _post_issue(work, invoice)


def _number(work: Work, drafts: Sequence[Invoice], due_days: int) -> None:
    """Give drafts of one issuer what an issued invoice has."""
    issuer_type, today = drafts[0].issuer_type, work.today
    issuer = issuer_profile_id(work)
    first = take_numbers(work, issuer_type, today.year, len(drafts))
    for sequence, invoice in enumerate(drafts, start=first):
        if invoice.issuer_type != issuer_type:
            raise BadInput("Invoices of one run have one issuer")
        invoice.number = number_text(issuer_type, today.year, sequence)
        invoice.ocr = ocr_of(issuer_type, today.year, sequence)
        invoice.issued_on, invoice.due_on = today, today + timedelta(days=due_days)
        invoice.issuer_profile_id = issuer
        invoice.billed_to = billed_to(work, invoice.tenant_id)


def issue_new(work: Work, tenant: Tenant, new: NewInvoice) -> Invoice:
    """Draft and issue in one go, as renewals do; the next flush writes that it is issued."""
    invoice = _drafted(work, tenant, new, tax_of(tenant.country))
    insert_now(work, [invoice])
    for line in invoice.lines:
        line.invoice_id = invoice.id
    insert_now(work, invoice.lines)
    adopt(work, [invoice, *invoice.lines])
    _issue(work, [invoice], new.due_days)
    return invoice


def issue_recharge(work: Work, tenant_id: int, amount_minor: int, currency: str) -> Invoice:
    """The document of a wallet recharge, paid as it is issued; the recharge is what is posted.

    Money paid ahead buys nothing yet: tax is due on the invoices that it pays one day (Directive
    2006/112/EC, article 73b for vouchers of many purposes).
    """
    tenant = work.session.get_one(Tenant, tenant_id)
    line = NewLine("Wallet recharge", amount_minor)
    invoice = _drafted(work, tenant, NewInvoice("recharge", (line,), 0), NO_TAX)
    invoice.currency = currency
    insert_now(work, [invoice])
    for each in invoice.lines:
        each.invoice_id = invoice.id
    insert_now(work, invoice.lines)
    adopt(work, [invoice, *invoice.lines])
    _number(work, [invoice], 0)
    invoice.status, invoice.paid_minor, invoice.settled_on = "paid", amount_minor, work.today
    work.session.flush()
    return invoice


def earned_before(work: Work) -> date | None:
    """The first day not covered by the last monthly recognition run, None before the first run."""
    last = work.session.scalar(
        select(func.max(LedgerTransaction.booked_on)).where(
            LedgerTransaction.source_type == "month"
        )
    )
    return last + timedelta(days=1) if last else None


def recognised_of(work: Work, invoice: Invoice) -> int:
    """Net minor units of an invoice that the monthly runs have already recognised."""
    starts = [line.service_start for line in invoice.lines if line.service_start]
    # Runs end with the last month, so service from this month on cannot have been recognised.
    if not starts or min(starts) >= work.today.replace(day=1):
        return 0
    before = earned_before(work)
    return sum(
        recognised_by(line.net_minor, line.service_start, line.service_end, before)
        for line in invoice.lines
        if before and line.service_start and line.service_end
    )


def _lines(tenant_id: int, lines: Sequence[NewLine], whole: Totals, tax: Tax) -> list[InvoiceLine]:
    return [
        _line(tenant_id, line, amounts, line.tax or tax, position)
        for position, (line, amounts) in enumerate(zip(lines, whole.lines, strict=True), start=1)
    ]


def _line(
    tenant_id: int, line: NewLine, amounts: LineTotal, tax: Tax, position: int
) -> InvoiceLine:
    return InvoiceLine(
        tenant_id=tenant_id,
        plan_id=line.plan_id,
        position=position,
        description=line.description,
        quantity=line.quantity,
        unit_minor=line.unit_minor,
        discount_minor=amounts.discount_minor,
        whole_discount_minor=amounts.whole_discount_minor,
        net_minor=amounts.net_minor,
        tax_percent=tax.percent,
        tax_category=tax.category,
        tax_inclusive=line.tax_inclusive,
        tax_minor=amounts.tax_minor,
        total_minor=amounts.total_minor,
        service_start=line.service_start,
        service_end=line.service_end,
    )


def _post_issue(work: Work, invoice: Invoice) -> None:
    ahead = sum(line.net_minor for line in invoice.lines if line.service_start)
    legs = invoice_issued(
        ahead,
        invoice.net_minor - ahead,
        invoice.tax_minor,
        platform_fee=invoice.issuer_type == "platform",
    )
    source, place = ("invoice", invoice.id), (invoice.currency, work.today)
    post(work, "invoice_issued", source, legs, *place, tenant_id=invoice.tenant_id)
    late = revenue_recognised(recognised_of(work, invoice))
    post(work, "revenue_recognised", source, late, *place, tenant_id=invoice.tenant_id)


def take_numbers(work: Work, issuer_type: str, year: int, count: int) -> int:
    """The first of `count` numbers; the series' row stays locked until the transaction ends."""
    asked = {"issuer_type": issuer_type, "year": year, "count": count}
    last: int | None = work.session.scalar(_TAKE_NUMBERS, asked)
    assert last is not None
    return last - count + 1
