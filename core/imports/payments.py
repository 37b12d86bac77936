"""Loader of payments, each put on its invoice, with their postings."""

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import select

from core.imports.invoices import settled_on
from core.imports.loading import BATCH, Load, Postings
from core.imports.reading import Row
from core.imports.settling import BEFORE, Placeholder, allocation, apply, write_placeholders
from core.invoices.models import OPEN, Invoice
from core.ledger.postings import payment_captured, reversed_posting, settled_before_import
from core.payments.models import Payment, PaymentAllocation
from core.progress import counted


def load_payments(load: Load, rows: list[Row]) -> None:
    """Add payments, oldest first, each put on its invoice; what is too much stays unapplied."""
    rows = load.unique(rows, "payment_id")
    invoices = load.known(Invoice.external_id, [row["invoice_id"] for row in rows])
    known = load.known(Payment.external_id, [row["payment_id"] for row in rows])
    fresh: list[_Received] = []
    for row in counted(rows, "Rows"):
        invoice = invoices.get(row["invoice_id"])
        if invoice is None:
            load.refuse(row, "invoice_id", f"no invoice {row['invoice_id']!r}; import it first")
            continue
        currency = row.values.get("currency") or invoice.currency
        amount = load.minor(row, "amount_minor", currency)
        if currency != invoice.currency:
            load.refuse(row, "currency", f"the invoice is in {invoice.currency}, not {currency}")
        elif amount == 0:
            load.refuse(row, "amount_minor", "a payment is more than nothing")
        elif invoice.status in ("draft", "cancelled"):
            load.refuse(row, "invoice_id", f"the invoice is {invoice.status}")
        elif row["payment_id"] in known:
            _compare_payment(load, row, known[row["payment_id"]], amount, invoice)
        else:
            fresh.append(_Received(row, invoice, amount))
    load.settle()
    _write_payments(load, sorted(fresh, key=lambda each: (each.row["paid_on"], each.row.number)))


@dataclass(frozen=True)
class _Received:
    """A payment of the file with its invoice."""

    row: Row
    invoice: Invoice
    amount_minor: int


def _compare_payment(load: Load, row: Row, kept: Payment, amount: int, invoice: Invoice) -> None:
    facts = (kept.amount_minor, kept.received_on, kept.invoice_id)
    if facts != (amount, row["paid_on"], invoice.id):
        load.refuse(
            row,
            "payment_id",
            f"payment {row['payment_id']!r} is known with {kept.amount_minor} "
            f"on {kept.received_on}",
        )
    load.unchanged += 1


def _write_payments(load: Load, fresh: list[_Received]) -> None:
    postings = Postings()
    lifted = _lift_placeholders(load, {each.invoice.id for each in fresh}, postings)
    open_minor = {
        each.invoice.id: _open(each.invoice) + lifted.get(each.invoice.id, 0) for each in fresh
    }
    ids = load.ids(Payment, len(fresh))
    payments, allocations, settled = [], [], []
    for number, each in zip(ids, fresh, strict=True):
        invoice, on = each.invoice, each.row["paid_on"]
        applied = min(open_minor[invoice.id], each.amount_minor)
        open_minor[invoice.id] -= applied
        payments.append(
            {
                "id": number,
                "external_id": each.row["payment_id"],
                "tenant_id": invoice.tenant_id,
                "invoice_id": invoice.id,
                "provider": "import",
                "method": each.row["method"],
                "status": "captured",
                "currency": invoice.currency,
                "amount_minor": each.amount_minor,
                "allocated_minor": applied,
                "reference": each.row["reference"],
                "received_on": on,
                "created_at": load.work.now,
            }
        )
        if applied:
            allocations.append(allocation(load, number, invoice.id, invoice, applied, on))
            settled.append({"at_id": invoice.id, "by": applied, "on_day": on})
        legs = payment_captured("import", each.row["method"], applied, each.amount_minor - applied)
        postings.add(
            "payment_captured", ("payment", number), legs, invoice.currency, on, invoice.tenant_id
        )
    load.insert(Payment, payments)
    load.insert(PaymentAllocation, allocations)
    apply(load, settled)
    postings.write(load)
    write_placeholders(load, _rests(load, fresh, lifted, open_minor))
    load.added += len(fresh)


def _open(invoice: Invoice) -> int:
    return invoice.total_minor - invoice.paid_minor if invoice.status in OPEN else 0


def _lift_placeholders(load: Load, invoice_ids: set[int], postings: Postings) -> dict[int, int]:
    """Take placeholders off the invoices that now get real payments; amounts by invoice."""
    lifted: dict[int, int] = {}
    for payment, allocation_id in _placeholders(load, invoice_ids):
        amount, on, invoice_id = payment.amount_minor, payment.received_on, payment.invoice_id
        assert on is not None
        assert invoice_id is not None
        load.insert(
            PaymentAllocation,
            [allocation(load, payment.id, invoice_id, payment, -amount, on, allocation_id)],
        )
        payment.allocated_minor, payment.status = 0, "reversed"
        legs = reversed_posting(settled_before_import(amount))
        postings.add(
            f"reversed_posting:{BEFORE}",
            ("payment", payment.id),
            legs,
            payment.currency,
            on,
            payment.tenant_id,
        )
        apply(load, [{"at_id": invoice_id, "by": -amount, "on_day": on}])
        lifted[invoice_id] = lifted.get(invoice_id, 0) + amount
    load.work.session.flush()
    return lifted


def _placeholders(load: Load, invoice_ids: Iterable[int]) -> list[tuple[Payment, int]]:
    wanted, found = sorted(invoice_ids), []
    for start in range(0, len(wanted), BATCH):
        rows = load.work.session.execute(
            select(Payment, PaymentAllocation.id)
            .join(PaymentAllocation, PaymentAllocation.payment_id == Payment.id)
            .where(
                Payment.invoice_id.in_(wanted[start : start + BATCH]),
                Payment.method == BEFORE,
                Payment.status == "captured",
            )
        )
        found += [(row[0], row[1]) for row in rows]
    return found


def _rests(
    load: Load, fresh: list[_Received], lifted: dict[int, int], open_minor: dict[int, int]
) -> list[Placeholder]:
    """What the payments left open of invoices the file had called paid stays settled before."""
    rests = []
    for invoice in {each.invoice.id: each.invoice for each in fresh}.values():
        rest = open_minor[invoice.id]
        if invoice.id in lifted and rest > 0:
            assert invoice.issued_on is not None
            assert invoice.due_on is not None
            on = settled_on(load, invoice.issued_on, invoice.due_on)
            rests.append(Placeholder(invoice.id, invoice.tenant_id, invoice.currency, rest, on))
    return rests
