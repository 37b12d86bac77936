"""How imported payments settle imported invoices, and what stands in for payments before import."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import bindparam, text

from core.imports.loading import BATCH, Load, Postings
from core.ledger.postings import settled_before_import
from core.payments.models import Payment, PaymentAllocation

BEFORE = "settled_before_import"


@dataclass(frozen=True)
class Placeholder:
    """The settlement of an invoice that was paid before it came here."""

    invoice_id: int
    tenant_id: int
    currency: str
    amount_minor: int
    on: date


def write_placeholders(load: Load, wanted: list[Placeholder]) -> None:
    """Settle invoices that were paid before they came here."""
    postings = Postings()
    ids = load.ids(Payment, len(wanted))
    payments, allocations, settled = [], [], []
    for number, one in zip(ids, wanted, strict=True):
        payments.append(
            {
                "id": number,
                "tenant_id": one.tenant_id,
                "invoice_id": one.invoice_id,
                "provider": "import",
                "method": BEFORE,
                "status": "captured",
                "currency": one.currency,
                "amount_minor": one.amount_minor,
                "allocated_minor": one.amount_minor,
                "received_on": one.on,
                "created_at": load.work.now,
            }
        )
        allocations.append(allocation(load, number, one.invoice_id, one, one.amount_minor, one.on))
        settled.append({"at_id": one.invoice_id, "by": one.amount_minor, "on_day": one.on})
        postings.add(
            BEFORE,
            ("payment", number),
            settled_before_import(one.amount_minor),
            one.currency,
            one.on,
            one.tenant_id,
        )
    load.insert(Payment, payments)
    load.insert(PaymentAllocation, allocations)
    apply(load, settled)
    postings.write(load)


def allocation(
    load: Load,
    payment_id: int,
    invoice_id: int,
    owner: Any,
    amount: int,
    on: date,
    reverses_id: int | None = None,
) -> dict[str, Any]:
    """The row that puts an amount of a payment on an invoice."""
    return {
        "payment_id": payment_id,
        "invoice_id": invoice_id,
        "tenant_id": owner.tenant_id,
        "currency": owner.currency,
        "amount_minor": amount,
        "allocated_on": on,
        "reverses_id": reverses_id,
        "created_at": load.work.now,
    }


_APPLY = text("""
update invoice set
  paid_minor = paid_minor + :by,
  status = case when paid_minor + :by = total_minor then 'paid'
    when paid_minor + :by = 0 then 'issued' else 'partially_paid' end,
  settled_on = case when paid_minor + :by = total_minor then :on_day end
where id = :at_id
""").bindparams(bindparam("by"), bindparam("on_day"), bindparam("at_id"))


def apply(load: Load, settled: list[dict[str, Any]]) -> None:
    """Add (`by`, minor units, negative to undo) to what invoices (`at_id`) have been paid."""
    for start in range(0, len(settled), BATCH):
        load.work.session.execute(_APPLY, settled[start : start + BATCH])
