"""Invoices as they were issued, and what became of those that no payment settles (IMP).

They carry the reason `stripe`: Stripe collects them, so nothing here charges or reminds of them.
"""

from typing import Any

from sqlalchemy import select

from core.backfill.batch import Batch
from core.backfill.customers import plan_ids, tenants_of
from core.backfill.models import ImportObject
from core.imports.invoices import Document, line_values, write_documents
from core.imports.loading import Postings
from core.imports.settling import Placeholder, write_placeholders
from core.invoices.actions import take_back
from core.invoices.models import OPEN, Invoice
from core.invoices.rules import STRIPE
from core.ledger.postings import written_off
from core.money import round_half_up
from core.subscriptions.models import Subscription
from core.tenants.models import Tenant

LONGEST = 500
NO_NUMBER = "another invoice already has its number"
_COMPARED = ("currency", "total_minor", "tax_minor")
Line = dict[str, Any]


def load_invoices(batch: Batch) -> None:
    """Add invoices with their lines, issued and posted; those that were voided without postings."""
    tenants = tenants_of(batch, batch.objects)
    known = batch.ours(Invoice.external_id, [one.external_id for one in batch.objects])
    numbers = batch.ours(Invoice.number, [_number(one) for one in batch.objects])
    contracts = batch.ours(Subscription.external_id, [one.parent for one in batch.objects])
    products = {line["product"] for one in batch.objects for line in one.facts["lines"]}
    plans = plan_ids(batch, products - {None})
    fresh: list[tuple[ImportObject, Document]] = []
    taken: set[str] = set()
    for one in batch.objects:
        tenant = tenants.get(one.facts["customer"])
        if tenant is None:
            batch.refuse(one, f"its customer {one.facts['customer']} is not among those read")
        elif one.external_id in known:
            _compare(batch, one, known[one.external_id])
        elif _number(one) in numbers or _number(one) in taken:
            batch.refuse(one, f"{NO_NUMBER} {_number(one)}")
        else:
            taken.add(_number(one))
            fresh.append((one, _document(batch, one, tenant, contracts.get(one.parent), plans)))
    ids = write_documents(batch.load, [document for _, document in fresh])
    for (one, _), number in zip(fresh, ids, strict=True):
        batch.done(one, number)


def settle_invoices(batch: Batch) -> int:
    """Bring open invoices to where Stripe says they are; returns how many moved.

    What Stripe calls paid and no payment settled, was settled before; what it voided or gave up
    is taken back or written off.
    """
    kept = batch.ours(Invoice.id, [one.record_id for one in batch.objects])
    placeholders, postings, moved = [], Postings(), 0
    for one in batch.objects:
        invoice, facts = kept[one.record_id], one.facts
        if invoice.status not in OPEN:
            continue
        moved += 1
        if facts["status"] == "paid":
            on = batch.day(facts["paid"] or facts["issued"])
            due, owner = invoice.due_minor, invoice.tenant_id
            placeholders.append(Placeholder(invoice.id, owner, invoice.currency, due, on))
        elif facts["status"] == "void" and invoice.status == "issued":
            take_back(batch.work, invoice)
            invoice.status, invoice.closed_on = "cancelled", batch.work.today
        else:
            _give_up(batch, postings, invoice, facts)
    batch.work.session.flush()
    postings.write(batch.load)
    write_placeholders(batch.load, placeholders)
    return moved


def unsettled(kinds: tuple[str, ...]) -> Any:
    """The invoices that Stripe closed and our books hold open, oldest first."""
    return (
        select(ImportObject)
        .join(Invoice, Invoice.id == ImportObject.record_id)
        .where(
            ImportObject.kind == "invoices",
            ImportObject.state == "loaded",
            ImportObject.facts["status"].astext.in_(kinds),
            Invoice.status.in_(OPEN),
        )
        .order_by(ImportObject.id)
    )


def _give_up(batch: Batch, postings: Postings, invoice: Invoice, facts: dict[str, Any]) -> None:
    """Write off what is open, tax and all; an invoice voided after a part was paid too."""
    on = batch.day(facts["given_up"] or facts["voided"] or facts["issued"])
    due = invoice.due_minor
    tax = round_half_up(due * invoice.tax_minor, invoice.total_minor)
    legs = written_off(due - tax, tax)
    source, owner = ("invoice", invoice.id), invoice.tenant_id
    postings.add("written_off", source, legs, invoice.currency, on, owner)
    invoice.status, invoice.closed_on = "written_off", on


def _number(one: ImportObject) -> str:
    return str(one.facts["number"] or one.external_id)


def _compare(batch: Batch, one: ImportObject, kept: Invoice) -> None:
    batch.done(one, kept.id)
    for name in _COMPARED:
        if getattr(kept, name) != one.facts[name]:
            batch.refuse(
                one, f"it is known with {name} {getattr(kept, name)}, not {one.facts[name]}"
            )


def _document(
    batch: Batch,
    one: ImportObject,
    tenant: Tenant,
    contract: Subscription | None,
    plans: dict[str | None, int],
) -> Document:
    facts = one.facts
    total, tax = facts["total_minor"], facts["tax_minor"]
    issued_on = batch.day(facts["issued"])
    values = {
        "tenant_id": tenant.id,
        "subscription_id": contract.id if contract and contract.tenant_id == tenant.id else None,
        "currency": facts["currency"],
        "total_minor": total,
        "tax_minor": tax,
        "net_minor": total - tax,
        "issued_on": issued_on,
        "due_on": max(batch.day(facts["due"]), issued_on) if facts["due"] else issued_on,
        "number": _number(one),
        "disputed": False,
    }
    lines = [_line(batch, tenant.id, place, each, plans) for place, each in _numbered(facts)]
    adds_up = (
        sum(each["net_minor"] for each in lines) == total - tax
        and sum(each["tax_minor"] for each in lines) == tax
    )
    if not lines or not adds_up:
        # Shipping, credits and discounts of the whole stand in no line.
        lines = [line_values(tenant.id, f"Stripe invoice {_number(one)}", total - tax, tax)]
    state = "cancelled" if facts["status"] == "void" else "issued"
    return Document(one.external_id, state, values, tuple(lines), STRIPE)


def _numbered(facts: dict[str, Any]) -> list[tuple[int, Line]]:
    return list(enumerate(facts["lines"], start=1))


def _line(
    batch: Batch, tenant_id: int, place: int, line: Line, plans: dict[str | None, int]
) -> Line:
    """A line with its period of service in local days; one within a day is earned at once."""
    start, end = batch.day(line["start"]), batch.day(line["end"])
    words = line["description"][:LONGEST] or "Stripe"
    made = line_values(tenant_id, words, line["net_minor"], line["tax_minor"], place)
    timed = {"service_start": start, "service_end": end} if end > start else {}
    return made | timed | {"plan_id": plans.get(line["product"]) if line["product"] else None}
