"""Loaders of invoices and payments, with their postings."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from sqlalchemy import bindparam, select, text, update

from core.imports.loading import BATCH, Load, Postings
from core.imports.reading import Row
from core.invoices.models import OPEN, Invoice, InvoiceLine
from core.ledger.postings import (
    invoice_issued,
    payment_captured,
    reversed_posting,
    settled_before_import,
    written_off,
)
from core.payments.models import Payment, PaymentAllocation
from core.tenants.models import Tenant

BEFORE = "settled_before_import"
_ISSUE = text("update invoice set status = 'issued' where id = any(:ids)")
_REISSUED = (
    "invoice_id",
    "tenant_id",
    "number",
    "issued_on",
    "due_on",
    "currency",
    "total_minor",
    "tax_minor",
)


def load_invoices(load: Load, rows: list[Row]) -> None:
    """Add invoices as issued documents and post them.

    One that the file calls paid is settled by a placeholder on its due date, which a real payment
    replaces later, so that neither order of files leaves it owed twice or not at all.
    """
    rows = load.unique(rows, "invoice_id")
    tenants = load.known(Tenant.external_id, [row["tenant_id"] for row in rows])
    known = load.known(Invoice.external_id, [row["invoice_id"] for row in rows])
    numbers = load.known(Invoice.number, [row["number"] or row["invoice_id"] for row in rows])
    fresh: list[tuple[Row, dict[str, Any]]] = []
    taken: dict[str, int] = {}
    for row in rows:
        values = _invoice_values(load, row, tenants)
        if values is None:
            continue
        if row["invoice_id"] in known:
            _compare(load, row, known[row["invoice_id"]], values)
            continue
        number = values["number"]
        if number in numbers:
            load.refuse(row, "number", f"another invoice already has the number {number!r}")
        elif taken.setdefault(number, row.number) != row.number:
            load.refuse(row, "number", f"row {taken[number]} has the same number {number!r}")
        fresh.append((row, values))
    load.settle()
    _write_invoices(load, fresh)


def load_payments(load: Load, rows: list[Row]) -> None:
    """Add payments, oldest first, each put on its invoice; what is too much stays unapplied."""
    rows = load.unique(rows, "payment_id")
    invoices = load.known(Invoice.external_id, [row["invoice_id"] for row in rows])
    known = load.known(Payment.external_id, [row["payment_id"] for row in rows])
    fresh: list[_Received] = []
    for row in rows:
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


def _invoice_values(load: Load, row: Row, tenants: dict[str, Tenant]) -> dict[str, Any] | None:
    currency = load.currency(row)
    total = load.minor(row, "amount_minor", currency)
    tax = load.minor(row, "tax_minor", currency)
    tenant = tenants.get(row["tenant_id"])
    due_on = row["due_on"] or row["issued_on"]
    if tenant is None:
        load.refuse(row, "tenant_id", f"no tenant {row['tenant_id']!r}; import it first")
    if tax > total:
        load.refuse(
            row, "tax_minor", f"the tax {tax} is more than the amount {total} that holds it"
        )
    if row["issued_on"] and due_on < row["issued_on"]:
        load.refuse(row, "due_on", f"due {due_on} before it was issued {row['issued_on']}")
    if tenant is None:
        return None
    return {
        "tenant_id": tenant.id,
        "currency": currency,
        "total_minor": total,
        "tax_minor": tax,
        "net_minor": total - tax,
        "issued_on": row["issued_on"],
        "due_on": due_on,
        "number": row["number"] or row["invoice_id"],
        "disputed": row["disputed"],
    }


def _compare(load: Load, row: Row, kept: Invoice, values: dict[str, Any]) -> None:
    for name in _REISSUED[1:]:
        if getattr(kept, name) != values[name]:
            load.refuse(
                row,
                name.replace("total", "amount"),
                f"invoice {row['invoice_id']!r} is known with {getattr(kept, name)}, "
                f"not {values[name]}",
            )
            return
    if kept.disputed != row["disputed"]:
        kept.disputed = row["disputed"]
        load.updated += 1
    else:
        load.unchanged += 1


def _write_invoices(load: Load, fresh: list[tuple[Row, dict[str, Any]]]) -> None:
    ids = load.ids(Invoice, len(fresh))
    documents, lines, issued, postings = [], [], [], Postings()
    for number, (row, values) in zip(ids, fresh, strict=True):
        documents.append(
            {
                **values,
                "id": number,
                "external_id": row["invoice_id"],
                "status": "draft",
                "type": "subscription",
                "issuer_type": "tenant",
                "reason": "imported",
                "created_at": load.work.now,
            }
        )
        lines.append(_line(number, values))
        if row["status"] == "draft":
            continue
        issued.append(number)
        if row["status"] != "cancelled":
            legs = invoice_issued(0, values["net_minor"], values["tax_minor"])
            postings.add(
                "invoice_issued",
                ("invoice", number),
                legs,
                values["currency"],
                values["issued_on"],
                values["tenant_id"],
            )
    load.insert(Invoice, documents)
    load.insert(InvoiceLine, lines)
    for start in range(0, len(issued), BATCH):
        load.work.session.execute(_ISSUE, {"ids": issued[start : start + BATCH]})
    placeholders = _close(load, list(zip(ids, fresh, strict=True)), postings)
    postings.write(load)
    _write_placeholders(load, placeholders)
    load.added += len(fresh)


def _line(invoice_id: int, values: dict[str, Any]) -> dict[str, Any]:
    net, tax = values["net_minor"], values["tax_minor"]
    percent = (Decimal(tax) * 100 / net).quantize(Decimal("0.0001")) if net else Decimal(0)
    return {
        "invoice_id": invoice_id,
        "tenant_id": values["tenant_id"],
        "position": 1,
        "description": f"Imported invoice {values['number']}",
        "unit_minor": net,
        "net_minor": net,
        "tax_minor": tax,
        "total_minor": net + tax,
        "tax_percent": min(percent, Decimal(100)),
        "tax_category": "standard" if tax else "zero",
    }


def _close(
    load: Load, written: list[tuple[int, tuple[Row, dict[str, Any]]]], postings: Postings
) -> list["_Placeholder"]:
    """Give closed invoices their state; returns what is settled by a placeholder."""
    placeholders = []
    for number, (row, values) in written:
        state, total = row["status"], values["total_minor"]
        if state == "paid" and total:
            placeholders.append(
                _Placeholder(
                    number, values["tenant_id"], values["currency"], total, values["due_on"]
                )
            )
        elif state in ("paid", "issued") and not total:
            _set(load, number, status="paid", settled_on=values["issued_on"])
        elif state == "cancelled":
            _set(load, number, status="cancelled", closed_on=values["issued_on"])
        elif state == "written_off":
            _set(load, number, status="written_off", closed_on=values["due_on"])
            postings.add(
                "written_off",
                ("invoice", number),
                written_off(values["net_minor"], values["tax_minor"]),
                values["currency"],
                values["due_on"],
                values["tenant_id"],
            )
    return placeholders


def _set(load: Load, invoice_id: int, **values: Any) -> None:
    load.work.session.execute(update(Invoice).where(Invoice.id == invoice_id).values(**values))


@dataclass(frozen=True)
class _Placeholder:
    """The settlement of an invoice that was paid before it came here."""

    invoice_id: int
    tenant_id: int
    currency: str
    amount_minor: int
    on: date


def _write_placeholders(load: Load, wanted: list[_Placeholder]) -> None:
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
        allocations.append(_allocation(load, number, one.invoice_id, one, one.amount_minor, one.on))
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
    _apply(load, settled)
    postings.write(load)


def _allocation(
    load: Load,
    payment_id: int,
    invoice_id: int,
    owner: Any,
    amount: int,
    on: date,
    reverses_id: int | None = None,
) -> dict[str, Any]:
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


def _apply(load: Load, settled: list[dict[str, Any]]) -> None:
    for start in range(0, len(settled), BATCH):
        load.work.session.execute(_APPLY, settled[start : start + BATCH])


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
            allocations.append(_allocation(load, number, invoice.id, invoice, applied, on))
            settled.append({"at_id": invoice.id, "by": applied, "on_day": on})
        legs = payment_captured("import", each.row["method"], applied, each.amount_minor - applied)
        postings.add(
            "payment_captured", ("payment", number), legs, invoice.currency, on, invoice.tenant_id
        )
    load.insert(Payment, payments)
    load.insert(PaymentAllocation, allocations)
    _apply(load, settled)
    postings.write(load)
    _write_placeholders(load, _rests(fresh, lifted, open_minor))
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
            [_allocation(load, payment.id, invoice_id, payment, -amount, on, allocation_id)],
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
        _apply(load, [{"at_id": invoice_id, "by": -amount, "on_day": on}])
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
    fresh: list[_Received], lifted: dict[int, int], open_minor: dict[int, int]
) -> list[_Placeholder]:
    """What the payments left open of invoices the file had called paid stays settled before."""
    rests = []
    for invoice in {each.invoice.id: each.invoice for each in fresh}.values():
        rest = open_minor[invoice.id]
        if invoice.id in lifted and rest > 0:
            assert invoice.due_on is not None
            rests.append(
                _Placeholder(invoice.id, invoice.tenant_id, invoice.currency, rest, invoice.due_on)
            )
    return rests
