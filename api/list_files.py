"""`/sys/invoices.csv`, `.pdf`, and payments alike: the lists to take away (INV.4, PAY.1)."""

from typing import Any

from fastapi import APIRouter, Response

from api.caller import Caller, TheOffice
from api.documents import PDF
from api.errors import refusals
from api.invoices import Sort as InvoiceSort
from api.invoices import WantedInvoices
from api.payments import Sort as PaymentSort
from api.payments import WantedPayments
from api.reports import CSV, csv_file
from core.documents.listings import (
    INVOICE_NAMES,
    PAYMENT_NAMES,
    Listing,
    filed_invoices,
    filed_payments,
    invoice_listing,
    payment_listing,
)
from core.work import Office
from etl.export import records

SET: dict[int | str, dict[str, Any]] = {200: {"content": {PDF: {}}, "description": "The document."}}

router = APIRouter(prefix="/sys", tags=["Documents"])


@router.get("/invoices.csv", summary="The invoices as CSV", responses={**refusals(), **CSV})
def invoices_csv(
    at: TheOffice,
    actor: Caller,
    wanted: WantedInvoices,
    sort: InvoiceSort = "newest",
    descending: bool = True,
) -> Response:
    """All that fit, 100,000 at most. Needs `billing.read`; a tenant's caller gets its own."""
    with at.work(actor) as work:
        rows = filed_invoices(work, wanted, sort=sort, descending=descending)
    return csv_file("invoices", records(rows, INVOICE_NAMES))


@router.get(
    "/invoices.pdf",
    summary="The invoices as PDF",
    response_class=Response,
    responses={**refusals(), **SET},
)
def invoices_pdf(
    at: TheOffice,
    actor: Caller,
    wanted: WantedInvoices,
    sort: InvoiceSort = "newest",
    descending: bool = True,
) -> Response:
    """The first 2,000 that fit, and how many do. Needs what the list needs."""
    with at.work(actor) as work:
        found = invoice_listing(work, wanted, sort=sort, descending=descending)
    return _document("invoices", found, at)


@router.get("/payments.csv", summary="The payments as CSV", responses={**refusals(400), **CSV})
def payments_csv(
    at: TheOffice,
    actor: Caller,
    wanted: WantedPayments,
    sort: PaymentSort = "newest",
    descending: bool = True,
) -> Response:
    """All that fit, 100,000 at most. Needs `billing.read`; a tenant's caller gets its own."""
    with at.work(actor) as work:
        rows = filed_payments(work, wanted, sort=sort, descending=descending)
    return csv_file("payments", records(rows, PAYMENT_NAMES))


@router.get(
    "/payments.pdf",
    summary="The payments as PDF",
    response_class=Response,
    responses={**refusals(400), **SET},
)
def payments_pdf(
    at: TheOffice,
    actor: Caller,
    wanted: WantedPayments,
    sort: PaymentSort = "newest",
    descending: bool = True,
) -> Response:
    """The first 2,000 that fit, and how many do. Needs what the list needs."""
    with at.work(actor) as work:
        found = payment_listing(work, wanted, sort=sort, descending=descending)
    return _document("payments", found, at)


def _document(name: str, found: Listing, at: Office) -> Response:
    headers = {"content-disposition": f'attachment; filename="{name}.pdf"'}
    return Response(found.pdf(at.settings), media_type=PDF, headers=headers)
