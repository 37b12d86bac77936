"""Subscriptions with the life that was rebuilt of each, and cancellations with their loss (IMP).

They are Stripe's to bill: nothing here renews, charges or reminds, and no period is kept.
"""

from datetime import date
from typing import Any

from sqlalchemy import select

from core.backfill.batch import Batch
from core.backfill.customers import plan_ids, tenants_of
from core.backfill.models import ImportObject
from core.backfill.timeline import Known, State, life_of
from core.planning.queries import in_eur_cents
from core.subscriptions.models import PlanHistory, Subscription, SubscriptionCancellation
from core.subscriptions.rules import monthly_minor
from core.tenants.models import Tenant

REASON = "imported from Stripe"
USAGE = "a price of usage%"
_FEEDBACK = {
    "too_expensive": "too_expensive",
    "missing_features": "missing_features",
    "switched_service": "switched_service",
    "unused": "low_usage",
    "customer_service": "support",
    "low_quality": "other",
    "too_complex": "other",
    "other": "other",
}


def load_subscriptions(batch: Batch) -> None:
    """Add subscriptions with their plan history; of a known one what is new is added to it."""
    tenants = tenants_of(batch, batch.objects)
    known = batch.ours(Subscription.external_id, [one.external_id for one in batch.objects])
    lives = _lives(batch)
    plans = plan_ids(batch, {state.product for life in lives.values() for state in life})
    fresh = []
    for one in batch.objects:
        tenant = tenants.get(one.facts["customer"])
        if tenant is None:
            batch.refuse(one, f"its customer {one.facts['customer']} is not among those read")
        elif why := _unrated(batch, one, lives[one.id]):
            batch.refuse(one, why)
        elif one.external_id in known:
            _follow(batch, one, known[one.external_id], lives[one.id], plans, tenant)
        else:
            fresh.append((one, tenant, lives[one.id]))
    _write(batch, fresh, plans)


def _lives(batch: Batch) -> dict[int, list[State]]:
    """The states of each subscription, from its invoices and what it is now."""
    invoices = batch.children("invoices", [one.external_id for one in batch.objects])
    lines = {
        number: [
            line
            for each in found
            for line in each.facts.get("lines", ())
            if line["subscription"] == number
        ]
        for number, found in invoices.items()
    }
    named = {line["price"] for found in lines.values() for line in found if line["price"]}
    prices = batch.named("prices", named)
    metered = frozenset(
        number for number, each in prices.items() if each.reason.startswith(USAGE.rstrip("%"))
    )
    cycles = {number: each.facts["cycle"] for number, each in prices.items() if each.facts}
    return {
        one.id: life_of(
            one.facts,
            lines.get(one.external_id, []),
            Known(
                metered=metered,
                cycles=cycles,
                owing_since=_owing_since(invoices.get(one.external_id, [])),
                seen=int(one.changed_at.timestamp()),
                day=batch.day,
            ),
        )
        for one in batch.objects
    }


def _owing_since(invoices: list[ImportObject]) -> int | None:
    owed = [
        each.facts["issued"]
        for each in invoices
        if each.facts.get("status") in ("open", "uncollectible")
    ]
    return min(owed, default=None)


def _unrated(batch: Batch, one: ImportObject, life: list[State]) -> str | None:
    """Why the loss of a cancellation cannot be locked in, None when it can."""
    last, currency = life[-1], one.facts["currency"]
    if last.status != "cancelled":
        return None
    on = _cancelled_on(batch, one, last)
    if in_eur_cents(batch.work, last.amount_minor, currency, on) is not None:
        return None
    return f"no {currency} rate on or before {on}; load exchange rates first"


def _cancelled_on(batch: Batch, one: ImportObject, last: State) -> date:
    """The day on which it was said that it ends, at the latest that of its end."""
    said = one.facts["canceled"]
    return min(batch.day(said), last.on) if said else last.on


def _write(
    batch: Batch,
    fresh: list[tuple[ImportObject, Tenant, list[State]]],
    plans: dict[str | None, int],
) -> None:
    ids = batch.load.ids(Subscription, len(fresh))
    rows, history, cancelled = [], [], []
    for number, (one, tenant, life) in zip(ids, fresh, strict=True):
        first, last = life[0], life[-1]
        over = last.status == "cancelled"
        rows.append(
            {
                "id": number,
                "external_id": one.external_id,
                "tenant_id": tenant.id,
                "plan_id": plans[last.product],
                "status": last.status,
                "cycle": last.cycle,
                "currency": one.facts["currency"],
                "amount_minor": last.amount_minor,
                "collection": "send_invoice",
                "auto_renew": False,
                "started_on": first.on,
                "anchor_day": first.on.day,
                "trial_ends_on": _trial_end(batch, one),
                "ended_on": last.on if over else None,
                "created_at": batch.work.now,
            }
        )
        history += _history(batch, one, (number, tenant.id), None, life, plans)
        if over:
            cancelled.append(_cancellation(batch, one, (number, tenant), last, plans))
        batch.done(one, number)
    batch.load.insert(Subscription, rows)
    batch.load.insert(PlanHistory, history)
    batch.load.insert(SubscriptionCancellation, cancelled)


def _trial_end(batch: Batch, one: ImportObject) -> Any:
    end = one.facts["trial_end"]
    return batch.day(end) if end else None


def _history(
    batch: Batch,
    one: ImportObject,
    owner: tuple[int, int],
    before: State | None,
    life: list[State],
    plans: dict[str | None, int],
) -> list[dict[str, Any]]:
    rows = []
    for state in life:
        rows.append(
            {
                "subscription_id": owner[0],
                "tenant_id": owner[1],
                "kind": state.kind,
                "effective_on": state.on,
                "status": state.status,
                "previous_status": before.status if before else None,
                "plan_id": plans[state.product],
                "previous_plan_id": plans[before.product] if before else None,
                "cycle": state.cycle,
                "currency": one.facts["currency"],
                "amount_minor": state.amount_minor,
                "previous_amount_minor": before.amount_minor if before else None,
                "reason": REASON,
                "actor_type": batch.work.actor.kind,
                "actor_id": batch.work.actor.user_id,
                "created_at": batch.work.now,
            }
        )
        before = state
    return rows


def _cancellation(
    batch: Batch,
    one: ImportObject,
    owner: tuple[int, Tenant],
    last: State,
    plans: dict[str | None, int],
) -> dict[str, Any]:
    facts, tenant = one.facts, owner[1]
    mrr = monthly_minor(last.amount_minor, last.cycle)
    on = _cancelled_on(batch, one, last)
    reason = _FEEDBACK.get(facts["feedback"] or "", "unknown")
    if (facts["ended_by"] or "").startswith("payment_"):
        reason = "payment_failed"
    return {
        "subscription_id": owner[0],
        "tenant_id": tenant.id,
        "plan_id": plans[last.product],
        "country": tenant.country,
        "reason_code": reason,
        "note": facts["comment"] or "",
        "mode": "period_end" if on < last.on else "now",
        "cancelled_on": on,
        "service_ends_on": last.on,
        "currency": facts["currency"],
        "mrr_minor": mrr,
        "amount_eur_cents": in_eur_cents(batch.work, mrr, facts["currency"], on),
        "created_at": batch.work.now,
    }


def _follow(
    batch: Batch,
    one: ImportObject,
    kept: Subscription,
    life: list[State],
    plans: dict[str | None, int],
    tenant: Tenant,
) -> None:
    """Add what changed at Stripe since; what was written of the past stays as it was."""
    batch.done(one, kept.id)
    last = life[-1]
    now = (kept.status, kept.plan_id, kept.cycle, kept.amount_minor)
    if (last.status, plans[last.product], last.cycle, last.amount_minor) == now:
        return
    if kept.status == "cancelled":
        batch.refuse(one, f"it ended here on {kept.ended_on}, and at Stripe it runs")
        return
    newest = batch.work.session.scalars(
        select(PlanHistory)
        .where(PlanHistory.subscription_id == kept.id)
        .order_by(PlanHistory.effective_on.desc(), PlanHistory.id.desc())
        .limit(1)
    ).one()
    added = [state for state in life if state.on > newest.effective_on] or [last]
    owner = (kept.id, kept.tenant_id)
    rows = _history(batch, one, owner, None, added, plans)
    rows[0] |= {
        "previous_status": newest.status,
        "previous_plan_id": newest.plan_id,
        "previous_amount_minor": newest.amount_minor,
        "effective_on": max(rows[0]["effective_on"], newest.effective_on),
    }
    batch.load.insert(PlanHistory, rows)
    kept.status, kept.plan_id, kept.cycle = last.status, plans[last.product], last.cycle
    kept.amount_minor = last.amount_minor
    if last.status == "cancelled":
        kept.ended_on = max(last.on, kept.started_on)
        row = _cancellation(batch, one, (kept.id, tenant), last, plans)
        batch.load.insert(SubscriptionCancellation, [row])
    batch.work.session.flush()
