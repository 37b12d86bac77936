"""Loader of invoices, as issued documents with their postings."""

from decimal import Decimal
from typing import Any

from sqlalchemy import text, update

from core.imports.loading import BATCH, Load, Postings
from core.imports.reading import Row
from core.imports.settling import Placeholder, write_placeholders
from core.invoices.models import Invoice, InvoiceLine
from core.ledger.postings import invoice_issued, written_off
from core.progress import counted
from core.tenants.models import Tenant

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
    for row in counted(rows, "Rows"):
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
    write_placeholders(load, placeholders)
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
) -> list["Placeholder"]:
    """Give closed invoices their state; returns what is settled by a placeholder."""
    placeholders = []
    for number, (row, values) in written:
        state, total = row["status"], values["total_minor"]
        if state == "paid" and total:
            placeholders.append(
                Placeholder(
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
