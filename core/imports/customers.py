"""Loaders of tenants, plans, subscriptions and cancellations."""

import re
from datetime import date
from typing import Any

from core.imports.kinds import slug as slugged
from core.imports.loading import Load
from core.imports.reading import Row
from core.planning.queries import in_eur_cents
from core.plans.models import Plan, PlanPrice
from core.progress import counted
from core.subscriptions.history import later_days
from core.subscriptions.models import (
    EARNING,
    REASONS,
    PlanHistory,
    Subscription,
    SubscriptionCancellation,
)
from core.subscriptions.rules import monthly_minor
from core.tenants.models import Tenant


def load_tenants(load: Load, rows: list[Row]) -> None:
    """Add tenants; known ones follow the file in what it says of them."""
    rows = load.unique(rows, "tenant_id")
    known = load.known(Tenant.external_id, [row["tenant_id"] for row in rows])
    fresh = []
    for row in counted(rows, "Rows"):
        given = {
            "name": row["name"],
            "country": row["country"],
            "billing_email": row["email"],
            "signed_up_on": row["signed_up_on"],
            "currency": row["currency"],
        }
        tenant = known.get(row["tenant_id"])
        if tenant is not None:
            _follow(
                load, tenant, {name: value for name, value in given.items() if value is not None}
            )
            continue
        fresh.append(
            {
                **given,
                "name": row["name"] or row["tenant_id"],
                "currency": load.currency(row),
                "external_id": row["tenant_id"],
                "created_at": load.work.now,
            }
        )
    load.settle()
    load.added += len(fresh)
    load.insert(Tenant, fresh)


def load_plans(load: Load, rows: list[Row]) -> None:
    """Add plans and prices; a changed price becomes a new version from today."""
    plans = load.known(Plan.slug, [row["slug"] for row in rows])
    seen: dict[tuple[str, str, str], Row] = {}
    for row in counted(rows, "Rows"):
        currency = load.currency(row)
        amount = load.minor(row, "price_minor", currency)
        place = (row["slug"], row["cycle"], currency)
        earlier = seen.setdefault(place, row)
        if earlier is not row:
            if earlier["price_minor"] == row["price_minor"]:
                load.unchanged += 1
            else:
                load.refuse(
                    row, "price_minor", f"row {earlier.number} gives another price for {place}"
                )
            continue
        plan = plans.get(row["slug"]) or new_plan(load, row["slug"], row["name"], active=True)
        plans[row["slug"]] = plan
        if problem := set_price(load, plan, row["cycle"], currency, amount):
            load.refuse(row, "price_minor", problem)
    load.settle()


def load_subscriptions(load: Load, rows: list[Row]) -> None:
    """Add subscriptions with their history; a known one may end, nothing else."""
    rows = load.unique(rows, "subscription_id")
    tenants = load.known(Tenant.external_id, [row["tenant_id"] for row in rows])
    known = load.known(Subscription.external_id, [row["subscription_id"] for row in rows])
    plans = load.known(Plan.slug, {_plan_slug(load, row) for row in rows})
    fresh: list[tuple[Row, dict[str, Any]]] = []
    for row in counted(rows, "Rows"):
        values = _subscription_values(load, row, tenants)
        if values is None:
            continue
        slug = _plan_slug(load, row)
        if slug not in plans:
            plans[slug] = new_plan(load, slug, row["plan"], active=False)
        values["plan_id"] = plans[slug].id
        if row["subscription_id"] in known:
            _follow_subscription(load, row, known[row["subscription_id"]], values)
        else:
            fresh.append((row, values))
    load.settle()
    _write_subscriptions(load, fresh)


def load_cancellations(load: Load, rows: list[Row]) -> None:
    """Add cancellations with their impact locked; a running subscription ends on that day."""
    rows = load.unique(rows, "subscription_id")
    found = load.known(Subscription.external_id, [row["subscription_id"] for row in rows])
    tenants = load.known(Tenant.id, [each.tenant_id for each in found.values()])
    done = load.known(
        SubscriptionCancellation.subscription_id, [each.id for each in found.values()]
    )
    for row in counted(rows, "Rows"):
        subscription = found.get(row["subscription_id"])
        if subscription is None:
            load.refuse(
                row,
                "subscription_id",
                f"no subscription {row['subscription_id']!r}; import it first",
            )
            continue
        tenant = tenants[subscription.tenant_id]
        if row["tenant_id"] and row["tenant_id"] != tenant.external_id:
            load.refuse(row, "tenant_id", f"the subscription belongs to {tenant.external_id!r}")
            continue
        if subscription.id in done:
            if done[subscription.id].cancelled_on != row["cancelled_on"]:
                load.refuse(
                    row,
                    "cancelled_on",
                    f"already cancelled on {done[subscription.id].cancelled_on}",
                )
            load.unchanged += 1
            continue
        if row["cancelled_on"] < subscription.started_on:
            load.refuse(
                row,
                "cancelled_on",
                f"{row['cancelled_on']} is before the start {subscription.started_on}",
            )
            continue
        mrr = monthly_minor(subscription.amount_minor, subscription.cycle)
        lost = in_eur_cents(load.work, mrr, subscription.currency, row["cancelled_on"])
        if lost is None:
            load.refuse(
                row,
                "cancelled_on",
                f"no {subscription.currency} rate on or before {row['cancelled_on']}; "
                "import fx first",
            )
            continue
        _cancel(load, row, subscription, tenant.country, mrr, lost)
    load.settle()


def _follow(load: Load, record: Any, values: dict[str, Any]) -> None:
    changed = {name: value for name, value in values.items() if getattr(record, name) != value}
    for name, value in changed.items():
        setattr(record, name, value)
    load.updated += bool(changed)
    load.unchanged += not changed


def new_plan(load: Load, slug: str, name: str | None, *, active: bool) -> Plan:
    """A plan that was not there."""
    plan = Plan(
        slug=slug, name=name or slug, description="", is_active=active, created_at=load.work.now
    )
    load.work.session.add(plan)
    load.work.session.flush()
    return plan


def set_price(load: Load, plan: Plan, cycle: str, currency: str, amount_minor: int) -> str:
    """Give a plan a price from today on; a changed one becomes a new version.

    Returns why not, where another price is to come; empty when it is done.
    """
    valid_from = load.work.today
    versions = [p for p in plan.prices if (p.cycle, p.currency) == (cycle, currency)]
    current = next((p for p in versions if _holds(p, valid_from)), None)
    if current and current.amount_minor == amount_minor:
        load.unchanged += 1
        return ""
    coming = next((p for p in versions if p.valid_from > valid_from), None)
    if coming:
        return f"another price starts on {coming.valid_from}; change that one under Plans"
    if current:
        if current.valid_from == valid_from:
            current.amount_minor = amount_minor
            load.updated += 1
            return ""
        current.valid_until = valid_from
        load.work.session.flush()
    plan.prices.append(
        PlanPrice(
            cycle=cycle,
            currency=currency,
            version=len(versions) + 1,
            amount_minor=amount_minor,
            valid_from=valid_from,
        )
    )
    load.added += current is None
    load.updated += current is not None
    return ""


def _holds(price: PlanPrice, on: date) -> bool:
    return price.valid_from <= on and (price.valid_until is None or on < price.valid_until)


def _plan_slug(load: Load, row: Row) -> str:
    try:
        return slugged(row["plan"], load.reading)
    except ValueError as problem:
        load.refuse(row, "plan", str(problem))
        return ""


def _subscription_values(load: Load, row: Row, tenants: dict[str, Tenant]) -> dict[str, Any] | None:
    """The columns of a row; None when it was refused. The status holds for the whole row."""
    currency = load.currency(row)
    amount = load.minor(row, "amount_minor", currency)
    ended, started = row["ended_on"], row["started_on"]
    tenant = tenants.get(row["tenant_id"])
    if tenant is None:
        load.refuse(row, "tenant_id", f"no tenant {row['tenant_id']!r}; import it first")
    if ended and ended < started:
        load.refuse(row, "ended_on", f"{ended} is before the start {started}")
    if row["trial_ends_on"] and row["trial_ends_on"] < started:
        load.refuse(row, "trial_ends_on", f"{row['trial_ends_on']} is before the start {started}")
    if row["status"] == "cancelled" and not ended:
        load.refuse(row, "ended_on", "a cancelled subscription needs the day it ended")
    if tenant is None:
        return None
    running = row["status"] if row["status"] not in (None, "cancelled") else "active"
    over = ended is not None and (ended <= load.work.today or ended == started)
    return {
        "tenant_id": tenant.id,
        "currency": currency,
        "amount_minor": amount,
        "cycle": row["cycle"],
        "started_on": started,
        "anchor_day": started.day,
        "trial_ends_on": row["trial_ends_on"],
        "status": "cancelled" if over else running,
        "ended_on": ended if over else None,
        "cancel_at_period_end": bool(ended) and not over,
        "running": running,
        "current_period_start": started if ended and not over else None,
        "current_period_end": ended if not over else None,
    }


def _follow_subscription(load: Load, row: Row, kept: Subscription, values: dict[str, Any]) -> None:
    for name in ("tenant_id", "currency", "amount_minor", "cycle", "started_on", "plan_id"):
        if getattr(kept, name) != values[name]:
            load.refuse(
                row,
                name.removesuffix("_id"),
                f"{row['subscription_id']!r} is known with {getattr(kept, name)}, "
                f"not {values[name]}; "
                "a change is the end of one row and the start of the next",
            )
            return
    if kept.status == "cancelled":
        if row["ended_on"] not in (None, kept.ended_on):
            load.refuse(row, "ended_on", f"it already ended on {kept.ended_on}")
        load.unchanged += 1
    elif kept.cancel_at_period_end and row["ended_on"]:
        if row["ended_on"] != kept.current_period_end:
            load.refuse(row, "ended_on", f"it already ends on {kept.current_period_end}")
        elif values["status"] == "cancelled":
            kept.status, kept.ended_on = "cancelled", row["ended_on"]
            load.updated += 1
        else:
            load.unchanged += 1
    elif row["ended_on"]:
        end(load, kept, row["ended_on"])
    else:
        load.unchanged += 1


def end(load: Load, subscription: Subscription, on: date) -> None:
    """End a running subscription on a day, in the past or ahead; nothing comes after it."""
    facts = subscription_facts(subscription)
    days = [on, *later_days(load.work, subscription.id, on)]
    load.insert(PlanHistory, [_history(load, facts, "cancelled", day, "cancelled") for day in days])
    if on <= load.work.today:
        subscription.status, subscription.ended_on = "cancelled", on
    else:
        subscription.cancel_at_period_end = True
        subscription.current_period_start, subscription.current_period_end = (
            subscription.started_on,
            on,
        )
    load.updated += 1


def subscription_facts(subscription: Subscription) -> dict[str, Any]:
    """The columns that a history row repeats."""
    return {
        "subscription_id": subscription.id,
        "tenant_id": subscription.tenant_id,
        "plan_id": subscription.plan_id,
        "cycle": subscription.cycle,
        "currency": subscription.currency,
        "amount_minor": subscription.amount_minor,
        "previous_status": subscription.status,
    }


def _write_subscriptions(load: Load, fresh: list[tuple[Row, dict[str, Any]]]) -> None:
    ids = load.ids(Subscription, len(fresh))
    subscriptions, history = [], []
    for number, (row, values) in zip(ids, fresh, strict=True):
        running = values.pop("running")
        subscriptions.append(
            {
                **values,
                "id": number,
                "external_id": row["subscription_id"],
                "collection": "send_invoice",
                "auto_renew": False,
                "created_at": load.work.now,
            }
        )
        history += _life(load, number, row, values, running)
    load.insert(Subscription, subscriptions)
    load.insert(PlanHistory, history)
    load.added += len(fresh)


def _life(
    load: Load, number: int, row: Row, values: dict[str, Any], running: str
) -> list[dict[str, Any]]:
    """The history of an imported row: start, end of the trial, end."""
    facts = {
        name: values[name] for name in ("tenant_id", "plan_id", "cycle", "currency", "amount_minor")
    }
    facts |= {"subscription_id": number, "previous_status": None}
    started, trial_ends, ended = values["started_on"], row["trial_ends_on"], row["ended_on"]
    in_trial = trial_ends is not None and trial_ends > started and running in EARNING
    rows = [_history(load, facts, "created", started, "trial" if in_trial else running)]
    if in_trial and (ended is None or trial_ends < ended):
        rows.append(
            _history(load, {**facts, "previous_status": "trial"}, "activated", trial_ends, running)
        )
    if ended:
        rows.append(
            _history(load, {**facts, "previous_status": running}, "cancelled", ended, "cancelled")
        )
    return rows


def _history(load: Load, facts: dict[str, Any], kind: str, on: date, status: str) -> dict[str, Any]:
    return {
        **facts,
        "kind": kind,
        "effective_on": on,
        "status": status,
        "reason": "imported",
        "actor_type": load.work.actor.kind,
        "actor_id": load.work.actor.user_id,
        "created_at": load.work.now,
    }


def _cancel(
    load: Load, row: Row, subscription: Subscription, country: str | None, mrr: int, eur_cents: int
) -> None:
    cancelled_on = row["cancelled_on"]
    if subscription.status != "cancelled" and not subscription.cancel_at_period_end:
        end(load, subscription, cancelled_on)
        load.updated -= 1
    ends_on = subscription.ended_on or subscription.current_period_end or cancelled_on
    word = re.sub(r"[^a-z]+", "_", row["reason"].lower()).strip("_")
    load.insert(
        SubscriptionCancellation,
        [
            {
                "subscription_id": subscription.id,
                "tenant_id": subscription.tenant_id,
                "plan_id": subscription.plan_id,
                "country": country,
                "reason_code": word if word in REASONS else ("other" if word else "unknown"),
                "note": row["reason"],
                "mode": "period_end" if ends_on > cancelled_on else "now",
                "cancelled_on": cancelled_on,
                "service_ends_on": ends_on,
                "currency": subscription.currency,
                "mrr_minor": mrr,
                "amount_eur_cents": eur_cents,
                "created_at": load.work.now,
            }
        ],
    )
    load.added += 1
