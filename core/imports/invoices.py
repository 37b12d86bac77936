"""Loader of invoices, as issued documents with their postings."""

from collections.abc import Sequence, Set
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from sqlalchemy import select, text, update

from core.imports.loading import BATCH, Load, Postings
from core.imports.reading import Row
from core.imports.settling import Placeholder, write_placeholders
from core.invoices.issuing import earned_before
from core.invoices.models import OPEN, Invoice, InvoiceLine
from core.invoices.rules import recognised_by
from core.ledger.postings import invoice_issued, revenue_recognised, written_off
from core.payments.models import PaymentAllocation
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


_LINE: dict[str, Any] = {"plan_id": None, "service_start": None, "service_end": None}


@dataclass(frozen=True)
class Document:
    """An invoice to be written: its columns, those of its lines, and the state it is in.

    Revenue of a line with a period of service is deferred and earned by days, as of any other.
    """

    external_id: str
    state: str
    values: dict[str, Any]
    lines: tuple[dict[str, Any], ...]
    reason: str = "imported"


def load_invoices(load: Load, rows: list[Row]) -> None:
    """Add invoices as issued documents and post them.

    One that the file calls paid is settled by a placeholder on its due date, which a real payment
    replaces later, so that neither order of files leaves it owed twice or not at all. A known one
    may be paid by now, or disputed; nothing else of it may differ.
    """
    rows = load.unique(rows, "invoice_id")
    tenants = load.known(Tenant.external_id, [row["tenant_id"] for row in rows])
    known = load.known(Invoice.external_id, [row["invoice_id"] for row in rows])
    numbers = load.known(Invoice.number, [row["number"] or row["invoice_id"] for row in rows])
    undone = _undone(load, known)
    settled: list[Placeholder] = []
    fresh: list[Document] = []
    taken: dict[str, int] = {}
    for row in counted(rows, "Rows"):
        values = _invoice_values(load, row, tenants)
        if values is None:
            continue
        if row["invoice_id"] in known:
            settled += _follow(load, row, known[row["invoice_id"]], values, undone)
            continue
        number = values["number"]
        if number in numbers:
            load.refuse(row, "number", f"another invoice already has the number {number!r}")
        elif taken.setdefault(number, row.number) != row.number:
            load.refuse(row, "number", f"row {taken[number]} has the same number {number!r}")
        fresh.append(Document(row["invoice_id"], row["status"], values, (_line(values),)))
    load.settle()
    write_placeholders(load, settled)
    write_documents(load, fresh)


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
        "disputed": bool(row["disputed"]),
    }


def _undone(load: Load, known: dict[str, Invoice]) -> set[int]:
    """The open ones of these invoices that were paid before and are owed again."""
    wanted = sorted(invoice.id for invoice in known.values() if invoice.status in OPEN)
    found = set[int]()
    for start in range(0, len(wanted), BATCH):
        found |= set(
            load.work.session.scalars(
                select(PaymentAllocation.invoice_id).where(
                    PaymentAllocation.invoice_id.in_(wanted[start : start + BATCH]),
                    PaymentAllocation.reverses_id.is_not(None),
                )
            )
        )
    return found


def _follow(
    load: Load, row: Row, kept: Invoice, values: dict[str, Any], undone: Set[int]
) -> list[Placeholder]:
    """Compare a known invoice with the file; what settles it when the file calls it paid by now.

    One that is owed again after it was paid stays so: the file may be the one that brought it.
    """
    for name in _REISSUED[1:]:
        if getattr(kept, name) != values[name]:
            load.refuse(
                row,
                name.replace("total", "amount"),
                f"invoice {row['invoice_id']!r} is known with {getattr(kept, name)}, "
                f"not {values[name]}",
            )
            return []
    settles = row["status"] == "paid" and kept.status in OPEN and kept.id not in undone
    if not settles and (problem := _contradiction(row["status"], kept)):
        load.refuse(row, "status", f"invoice {row['invoice_id']!r} {problem}")
        return []
    if row["disputed"] in (None, kept.disputed) and not settles:
        load.unchanged += 1
        return []
    if row["disputed"] is not None:
        kept.disputed = row["disputed"]
    load.updated += 1
    rest = kept.total_minor - kept.paid_minor
    on = settled_on(load, values["issued_on"], values["due_on"])
    return [Placeholder(kept.id, kept.tenant_id, kept.currency, rest, on)] if settles else []


def _contradiction(state: str, kept: Invoice) -> str:
    """Why the file's state cannot be told of a known invoice; empty when it can."""
    if kept.status == "draft" and state != "draft":
        return f"is a draft here, not {state}: issue it here first"
    if state in ("cancelled", "written_off") and kept.status in OPEN:
        return f"is open here, not {state}: end it here, where a reason is asked for"
    return ""


def settled_on(load: Load, issued_on: date, due_on: date) -> date:
    """The day on which an invoice counts as paid of which only that is known."""
    return max(issued_on, min(due_on, load.work.today))


def write_documents(load: Load, fresh: Sequence[Document]) -> list[int]:
    """Add documents as issued and post them; returns their ids in the order given."""
    ids = load.ids(Invoice, len(fresh))
    documents, lines, issued, postings = [], [], [], Postings()
    before = earned_before(load.work)
    for number, each in zip(ids, fresh, strict=True):
        values = each.values
        documents.append(
            {
                "subscription_id": None,
                **values,
                "id": number,
                "external_id": each.external_id,
                "status": "draft",
                "type": "subscription",
                "issuer_type": "tenant",
                "reason": each.reason,
                "created_at": load.work.now,
            }
        )
        lines += [{"invoice_id": number, **_LINE, **line} for line in each.lines]
        if each.state == "draft":
            continue
        issued.append(number)
        if each.state != "cancelled":
            _post_issue(postings, number, each, before)
    load.insert(Invoice, documents)
    load.insert(InvoiceLine, lines)
    for start in range(0, len(issued), BATCH):
        load.work.session.execute(_ISSUE, {"ids": issued[start : start + BATCH]})
    placeholders = _close(load, list(zip(ids, fresh, strict=True)), postings)
    postings.write(load)
    write_placeholders(load, placeholders)
    load.added += len(fresh)
    return ids


def _post_issue(postings: Postings, number: int, each: Document, before: date | None) -> None:
    """Receivable against revenue: of service by days as it is earned, of the rest at once."""
    values = each.values
    timed = [line for line in each.lines if line.get("service_start")]
    ahead = sum(line["net_minor"] for line in timed)
    source = ("invoice", number)
    place = (values["currency"], values["issued_on"], values["tenant_id"])
    legs = invoice_issued(ahead, values["net_minor"] - ahead, values["tax_minor"])
    postings.add("invoice_issued", source, legs, *place)
    late = sum(
        recognised_by(line["net_minor"], line["service_start"], line["service_end"], before)
        for line in timed
        if before
    )
    postings.add("revenue_recognised", source, revenue_recognised(late), *place)


def _line(values: dict[str, Any]) -> dict[str, Any]:
    return line_values(
        values["tenant_id"],
        f"Imported invoice {values['number']}",
        values["net_minor"],
        values["tax_minor"],
    )


def line_values(
    tenant_id: int, description: str, net: int, tax: int, position: int = 1
) -> dict[str, Any]:
    """The columns of a line of which net and tax are known, in minor units."""
    percent = (Decimal(tax) * 100 / net).quantize(Decimal("0.0001")) if net else Decimal(0)
    return {
        "tenant_id": tenant_id,
        "position": position,
        "description": description,
        "unit_minor": net,
        "net_minor": net,
        "tax_minor": tax,
        "total_minor": net + tax,
        "tax_percent": min(max(percent, Decimal(0)), Decimal(100)),
        "tax_category": "standard" if tax else "zero",
    }


def _close(
    load: Load, written: list[tuple[int, Document]], postings: Postings
) -> list[Placeholder]:
    """Give closed invoices their state; returns what is settled by a placeholder."""
    placeholders = []
    for number, each in written:
        state, values = each.state, each.values
        total = values["total_minor"]
        if state == "paid" and total:
            placeholders.append(
                Placeholder(
                    number,
                    values["tenant_id"],
                    values["currency"],
                    total,
                    settled_on(load, values["issued_on"], values["due_on"]),
                )
            )
        elif state in ("paid", "issued") and not total:
            _set(load, number, status="paid", settled_on=values["issued_on"])
        elif state == "cancelled":
            _set(load, number, status="cancelled", closed_on=values["issued_on"])
        elif state == "written_off":
            on = settled_on(load, values["issued_on"], values["due_on"])
            _set(load, number, status="written_off", closed_on=on)
            postings.add(
                "written_off",
                ("invoice", number),
                written_off(values["net_minor"], values["tax_minor"]),
                values["currency"],
                on,
                values["tenant_id"],
            )
    return placeholders


def _set(load: Load, invoice_id: int, **values: Any) -> None:
    load.work.session.execute(update(Invoice).where(Invoice.id == invoice_id).values(**values))
