"""Charges become payments on the invoices that Stripe says they paid (IMP)."""

from typing import Any

from core.backfill.batch import SOURCE, Batch
from core.backfill.customers import tenants_of
from core.backfill.models import ImportObject
from core.backfill.money import Moves, fee_in
from core.gateways.models import GatewayLedgerEntry
from core.imports.settling import allocation, apply
from core.invoices.models import OPEN, Invoice
from core.ledger.postings import payment_captured
from core.payments.models import Payment, PaymentAllocation
from core.tenants.models import Tenant


def load_charges(batch: Batch) -> None:
    """Add payments, each put on its invoices; what settles none is the customer's credit."""
    tenants = tenants_of(batch, batch.objects)
    known = _known(batch)
    booked = batch.ours(GatewayLedgerEntry.external_id, [one.external_id for one in batch.objects])
    links = batch.children(
        "invoice_payments",
        {name for one in batch.objects for name in (one.external_id, one.facts["intent"]) if name},
    )
    wanted = {each.facts["invoice"] for found in links.values() for each in found if each.facts}
    invoices = batch.ours(Invoice.external_id, wanted)
    open_minor = {
        each.id: each.due_minor if each.status in OPEN else 0 for each in invoices.values()
    }
    fresh = []
    for one in batch.objects:
        tenant = tenants.get(one.facts["customer"])
        kept = known.get(one.external_id) or known.get(one.facts["intent"] or "")
        if kept is not None:
            _compare(batch, one, kept)
        elif one.external_id in booked:
            batch.leave_out(one, "it is in our books already, as the recharge of a wallet")
        elif one.facts["customer"] is None:
            batch.refuse(one, "it names no customer, so nobody's account can take it")
        elif tenant is None:
            batch.refuse(one, f"its customer {one.facts['customer']} is not among those read")
        else:
            fresh.append((one, tenant, _parts(one, tenant, links, invoices, open_minor)))
    _write(batch, fresh)


def _known(batch: Batch) -> dict[str, Payment]:
    """Payments of Stripe that our books have already, by the number of charge or intent."""
    numbers = {one.external_id for one in batch.objects}
    numbers |= {one.facts["intent"] for one in batch.objects if one.facts["intent"]}
    found = batch.ours(Payment.provider_payment_id, numbers)
    return {number: each for number, each in found.items() if each.provider == SOURCE}


def _compare(batch: Batch, one: ImportObject, kept: Payment) -> None:
    batch.done(one, kept.id)
    facts = (one.facts["amount_minor"], one.facts["currency"])
    if (kept.amount_minor, kept.currency) != facts:
        batch.refuse(one, f"it is known with {kept.amount_minor} {kept.currency}, not {facts[0]}")


def _parts(
    one: ImportObject,
    tenant: Tenant,
    links: dict[str, list[ImportObject]],
    invoices: dict[str, Invoice],
    open_minor: dict[int, int],
) -> list[tuple[Invoice, int]]:
    """How much of a charge settles which invoice, never more than is owed on it."""
    left, parts = one.facts["amount_minor"], []
    told = links.get(one.external_id, []) + links.get(one.facts["intent"] or "", [])
    for link in {each.id: each for each in told if each.facts}.values():
        invoice = invoices.get(link.facts["invoice"])
        if invoice is None or (invoice.tenant_id, invoice.currency) != (
            tenant.id,
            one.facts["currency"],
        ):
            continue
        applied = min(left, link.facts["amount_minor"], open_minor[invoice.id])
        if applied > 0:
            parts.append((invoice, applied))
            open_minor[invoice.id] -= applied
            left -= applied
    return parts


def _write(
    batch: Batch, fresh: list[tuple[ImportObject, Tenant, list[tuple[Invoice, int]]]]
) -> None:
    load, moves = batch.load, Moves(batch)
    lines = batch.named("balance_transactions", [one.facts["line"] or "" for one, _, _ in fresh])
    ids = load.ids(Payment, len(fresh))
    payments, allocations, settled = [], [], []
    for number, (one, tenant, parts) in zip(ids, fresh, strict=True):
        on, facts = batch.day_of(one.happened_at), one.facts
        line = lines[facts["line"]].facts if facts["line"] in lines else None
        row = _row(batch, number, one, tenant, parts, line)
        payments.append(row)
        for invoice, applied in parts:
            settled_on = max(on, invoice.issued_on or on)
            allocations.append(allocation(load, number, invoice.id, invoice, applied, settled_on))
            settled.append({"at_id": invoice.id, "by": applied, "on_day": settled_on})
        source, place = ("payment", number), (facts["currency"], on)
        applied = row["allocated_minor"]
        legs = payment_captured(SOURCE, row["method"], applied, row["amount_minor"] - applied)
        moves.postings.add("payment_captured", source, legs, *place, tenant.id)
        moves.fee(source, tenant.id, on, line)
        moves.settled(
            "charge",
            one.external_id,
            source,
            tenant.id,
            place,
            row["amount_minor"],
            line,
            one.external_id,
        )
        batch.done(one, number)
    load.insert(Payment, payments)
    load.insert(PaymentAllocation, allocations)
    apply(load, settled)
    moves.write()


def _row(
    batch: Batch,
    number: int,
    one: ImportObject,
    tenant: Tenant,
    parts: list[tuple[Invoice, int]],
    line: dict[str, Any] | None,
) -> dict[str, Any]:
    facts = one.facts
    return {
        "id": number,
        "external_id": one.external_id,
        "tenant_id": tenant.id,
        "invoice_id": parts[0][0].id if parts else None,
        "provider": SOURCE,
        "method": facts["method"],
        "provider_payment_id": one.external_id,
        "status": "captured",
        "currency": facts["currency"],
        "amount_minor": facts["amount_minor"],
        "allocated_minor": sum(applied for _, applied in parts),
        "fee_minor": fee_in(line, facts["amount_minor"], facts["currency"]),
        "received_on": batch.day_of(one.happened_at),
        "captured_at": one.happened_at,
        "created_at": batch.work.now,
    }
