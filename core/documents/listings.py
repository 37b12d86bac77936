"""The lists of invoices and payments as files: what a CSV says of each, and documents (INV.4,
PAY.1)."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import date

from core.documents.lists import MOST_ROWS, fitted, list_pdf
from core.documents.wording import Wording
from core.invoices.listing import InvoiceFilters, InvoiceRow, invoices
from core.listing import MOST_FILED, all_rows
from core.payments.listing import PaymentFilters, PaymentRow, payments
from core.settings import Settings
from core.work import Work

INVOICE_NAMES = (
    "id", "number", "ocr", "type", "issuer_type", "tenant_id", "tenant_name", "subscription_id",
    "shown_status", "currency", "net_minor", "tax_minor", "total_minor", "paid_minor", "due_minor",
    "issued_on", "due_on", "days_overdue", "settled_on", "closed_on", "period_start", "period_end",
    "disputed", "dunning_case_id", "dunning_stage",
)  # fmt: skip
"""What a CSV says of an invoice."""
PAYMENT_NAMES = (
    "id", "tenant_id", "tenant_name", "provider", "method", "provider_payment_id", "reference",
    "status", "currency", "amount_minor", "allocated_minor", "refunded_minor", "refunded_at",
    "fee_minor", "credit_minor", "failure_code", "received_on", "created_at", "captured_at",
    "invoice_numbers", "dispute", "payout_id",
)  # fmt: skip
"""What a CSV says of a payment."""
_INVOICE_COLUMNS = (
    ("Number", False),
    ("Tenant", False),
    ("Status", False),
    ("Issued", False),
    ("Due", False),
    ("Total", True),
    ("Open", True),
    ("Currency", False),
    ("Dunning", False),
)
_PAYMENT_COLUMNS = (
    ("Received", False),
    ("Tenant", False),
    ("Method", False),
    ("Reference", False),
    ("Invoices", False),
    ("Amount", True),
    ("Fee", True),
    ("Refunded", True),
    ("Refunded on", False),
    ("Credit left", True),
    ("Currency", False),
    ("Status", False),
    ("Payout", False),
)
_SAY = Wording("en")


@dataclass(frozen=True)
class Listing:
    """A list to be set: its columns (title, and whether figures), rows, and how many fit in all."""

    title: str
    columns: Sequence[tuple[str, bool]]
    rows: list[list[str]]
    as_of: date
    filters: str
    count: int

    def pdf(self, settings: Settings) -> bytes:
        """The document; takes seconds for MOST_ROWS, so no transaction is open meanwhile."""
        columns, about = fitted(self.columns, self.rows), (self.as_of, self.filters)
        return list_pdf(settings, self.title, columns, self.rows, *about, count=self.count)


def filed_invoices(
    work: Work,
    wanted: InvoiceFilters,
    *,
    sort: str = "newest",
    descending: bool = True,
    most: int = MOST_FILED,
) -> list[InvoiceRow]:
    """The invoices that fit, `most` at most. Raises what `invoices` raises."""

    def page(limit: int, offset: int) -> list[InvoiceRow]:
        return invoices(
            work, wanted, sort=sort, descending=descending, limit=limit, offset=offset
        ).rows

    return all_rows(page, most)


def filed_payments(
    work: Work,
    wanted: PaymentFilters,
    *,
    sort: str = "newest",
    descending: bool = True,
    most: int = MOST_FILED,
) -> list[PaymentRow]:
    """The payments that fit, `most` at most. Raises what `payments` raises."""

    def page(limit: int, offset: int) -> list[PaymentRow]:
        return payments(
            work, wanted, sort=sort, descending=descending, limit=limit, offset=offset
        ).rows

    return all_rows(page, most)


def invoice_listing(
    work: Work, wanted: InvoiceFilters, *, sort: str = "newest", descending: bool = True
) -> Listing:
    """The invoices that fit, as a document shows them. Raises what `invoices` raises."""
    found = filed_invoices(work, wanted, sort=sort, descending=descending, most=MOST_ROWS)
    count = invoices(work, wanted, limit=1).count
    rows = [_invoice(row) for row in found]
    return Listing("Invoices", _INVOICE_COLUMNS, rows, work.today, _told(wanted), count)


def payment_listing(
    work: Work, wanted: PaymentFilters, *, sort: str = "newest", descending: bool = True
) -> Listing:
    """The payments that fit, as a document shows them. Raises what `payments` raises."""
    found = filed_payments(work, wanted, sort=sort, descending=descending, most=MOST_ROWS)
    count = payments(work, wanted, limit=1).count
    rows = [_payment(row) for row in found]
    return Listing("Payments", _PAYMENT_COLUMNS, rows, work.today, _told(wanted), count)


def _invoice(row: InvoiceRow) -> list[str]:
    return [
        row.number or "Draft",
        row.tenant_name,
        _plain(row.shown_status),
        _day(row.issued_on),
        _day(row.due_on),
        _SAY.amount(row.total_minor, row.currency),
        _SAY.amount(row.due_minor, row.currency) if row.due_minor else "",
        row.currency,
        _plain(row.dunning_stage or ("opened" if row.dunning_case_id else "")),
    ]


def _payment(row: PaymentRow) -> list[str]:
    def some(minor: int) -> str:
        return _SAY.amount(minor, row.currency) if minor else ""

    return [
        _day(row.received_on or row.created_at.date()),
        row.tenant_name,
        _way(row.provider, row.method),
        row.reference or row.provider_payment_id or "",
        ", ".join(row.invoice_numbers),
        _SAY.amount(row.amount_minor, row.currency),
        some(row.fee_minor),
        some(row.refunded_minor),
        _day(row.refunded_at.date() if row.refunded_at else None),
        some(row.credit_minor),
        row.currency,
        _plain(row.status) + (f", dispute {_plain(row.dispute).lower()}" if row.dispute else ""),
        row.payout_id or "",
    ]


def _day(on: date | None) -> str:
    return str(on) if on else ""


def _plain(code: str) -> str:
    return code.replace("_", " ").capitalize()


def _way(provider: str, method: str) -> str:
    names = dict.fromkeys((provider, method)) if provider != "manual" else (method,)
    return ", ".join(map(_plain, names))


def _told(wanted: InvoiceFilters | PaymentFilters) -> str:
    """The filters in words: ``status overdue, due until 2026-10-31, in dunning``."""
    given = {each.name: getattr(wanted, each.name) for each in fields(wanted)}
    return ", ".join(
        name.replace("_", " ") + ("" if value is True else f" {value}")
        for name, value in given.items()
        if value
    )
