"""Lists as files on stdout: CSV that no spreadsheet takes for formulas, PDF (INV.4, PAY.1)."""

import sys
from collections.abc import Callable, Sequence
from typing import Any

from core.access.authority import system
from core.documents.listings import (
    INVOICE_NAMES,
    PAYMENT_NAMES,
    Listing,
    filed_invoices,
    filed_payments,
    invoice_listing,
    payment_listing,
)
from core.invoices.listing import InvoiceFilters
from core.office import office
from core.payments.listing import PaymentFilters
from core.settings import settings
from core.work import Work
from etl.export import csv_text, records


def write_invoices(form: str, wanted: InvoiceFilters, sort: str, *, descending: bool) -> None:
    """The invoices that fit, as `csv` or `pdf`. Raises what `invoices` raises."""
    if form == "csv":
        rows = _read(lambda w: filed_invoices(w, wanted, sort=sort, descending=descending))
        _write_csv(rows, INVOICE_NAMES)
    else:
        write_pdf(_read(lambda w: invoice_listing(w, wanted, sort=sort, descending=descending)))


def write_payments(form: str, wanted: PaymentFilters, sort: str, *, descending: bool) -> None:
    """The payments that fit, as `csv` or `pdf`. Raises what `payments` raises."""
    if form == "csv":
        rows = _read(lambda w: filed_payments(w, wanted, sort=sort, descending=descending))
        _write_csv(rows, PAYMENT_NAMES)
    else:
        write_pdf(_read(lambda w: payment_listing(w, wanted, sort=sort, descending=descending)))


def _read(ask: Callable[[Work], Any]) -> Any:
    with office().work(system("command line")) as work:
        return ask(work)


def _write_csv(rows: Sequence[Any], names: Sequence[str]) -> None:
    sys.stdout.write(csv_text(records(rows, names)))


def write_pdf(found: Listing) -> None:
    """A list as a document."""
    sys.stdout.buffer.write(found.pdf(settings()))
