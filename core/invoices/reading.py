"""An invoice read for a write: with its lines, locked."""

from sqlalchemy import select
from sqlalchemy.orm import selectinload

from core.errors import NotFound
from core.invoices.models import Invoice
from core.work import Work


def locked(work: Work, invoice_id: int) -> Invoice:
    """An invoice with its lines, locked to the end of the transaction. Raises NotFound."""
    invoice = work.session.scalar(
        select(Invoice)
        .where(Invoice.id == invoice_id)
        .with_for_update(of=Invoice)
        .options(selectinload(Invoice.lines))
        .execution_options(populate_existing=True)
    )
    if invoice is None:
        raise NotFound(f"There is no invoice {invoice_id}")
    return invoice
