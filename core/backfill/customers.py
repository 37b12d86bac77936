"""Customers become tenants; products and their current prices become plans (IMP)."""

from collections.abc import Iterable

from sqlalchemy import select

from core.backfill.batch import Batch
from core.backfill.models import ImportObject
from core.imports.customers import load_tenants, new_plan, set_price
from core.imports.kinds import country, slug
from core.imports.reading import Reading, Row
from core.plans.models import Plan
from core.tenants.models import Tenant

OUTDATED = "an older or inactive price; subscriptions that have it keep it"
LONGEST = 500
_PLAIN = Reading()


def load_customers(batch: Batch) -> None:
    """Add tenants, known by the customer's id; name, country and e-mail follow Stripe."""
    rows = [
        _tenant_row(
            one.external_id,
            one.facts["name"],
            one.facts["country"],
            one.facts["email"],
            one.facts["currency"],
        )
        | {"signed_up_on": batch.day_of(one.happened_at)}
        for one in batch.objects
    ]
    load_tenants(batch.load, [Row(place, row) for place, row in enumerate(rows)])
    made = batch.ours(Tenant.external_id, [one.external_id for one in batch.objects])
    for one in batch.objects:
        batch.done(one, made[one.external_id].id)


def tenants_of(batch: Batch, wanted: Iterable[ImportObject]) -> dict[str, Tenant]:
    """Tenants by their customer's id; one that was deleted at Stripe comes from its invoice."""
    owners = {one.facts["customer"]: one.facts for one in wanted if one.facts["customer"]}
    known = batch.ours(Tenant.external_id, owners)
    gone = {number: facts for number, facts in owners.items() if number not in known}
    told = {number: facts for number, facts in gone.items() if "customer_name" in facts}
    rows = [
        _tenant_row(
            number,
            facts["customer_name"] or facts["customer_email"] or number,
            facts["customer_country"],
            facts["customer_email"],
            facts["currency"],
        )
        | {"signed_up_on": None}
        for number, facts in sorted(told.items())
    ]
    load_tenants(batch.load, [Row(place, row) for place, row in enumerate(rows)])
    return {**known, **batch.ours(Tenant.external_id, told)}


def load_products(batch: Batch) -> None:
    """Add plans; a plan of the same slug that no other product took is the product's."""
    known = batch.ours(Plan.id, [one.record_id for one in batch.objects])
    for one in batch.objects:
        plan = known.get(one.record_id)
        if plan is None:
            plan = _plan(batch, one)
        plan.is_active = bool(one.facts["active"])
        batch.done(one, plan.id)
    batch.work.session.flush()


def load_prices(batch: Batch) -> None:
    """The newest active price of a product, cycle and currency is the plan's from today on."""
    products = batch.named("products", [one.parent or "" for one in batch.objects])
    siblings = batch.children("prices", [one.parent or "" for one in batch.objects])
    plans = batch.ours(Plan.id, [each.record_id for each in products.values()])
    for one in batch.objects:
        product = products.get(one.parent or "")
        plan = plans.get(product.record_id) if product else None
        newest = max(
            (each for each in siblings[one.parent or ""] if _place(each) == _place(one)),
            key=lambda each: (each.happened_at, each.external_id),
        )
        is_current = newest is one and _place(one) is not None
        if plan is None or not is_current or not (product and product.facts["active"]):
            batch.leave_out(one, OUTDATED)
            continue
        facts = one.facts
        place = (facts["cycle"], facts["currency"], facts["amount_minor"])
        if problem := set_price(batch.load, plan, *place):
            batch.refuse(one, problem)
        else:
            batch.done(one)
    batch.work.session.flush()


def plan_ids(batch: Batch, products: Iterable[str | None]) -> dict[str | None, int]:
    """The plan of each product; one that Stripe no longer lists gets an inactive plan."""
    wanted = set(products)
    known = batch.named("products", [each for each in wanted if each])
    found: dict[str | None, int] = {
        number: each.record_id for number, each in known.items() if each.record_id
    }
    for number in sorted(each or "" for each in wanted - found.keys()):
        name = slug(number or "other", _PLAIN)
        plan = batch.ours(Plan.slug, [name]).get(name)
        if plan is None:
            plan = new_plan(batch.load, name, number or "Other", active=False)
        found[number or None] = plan.id
    return found


def _place(price: ImportObject) -> tuple[object, ...] | None:
    """Where a price stands among those of its product; None for one that is no list price."""
    facts = price.facts
    if not facts or not facts["active"]:
        return None
    return facts["cycle"], facts["currency"]


def _plan(batch: Batch, one: ImportObject) -> Plan:
    name = one.facts["name"][:LONGEST]
    try:
        plain = slug(name, _PLAIN)
    except ValueError:
        plain = slug(one.external_id, _PLAIN)
    taken = slug(f"{plain}-{one.external_id}", _PLAIN)
    found: dict[str, Plan] = batch.ours(Plan.slug, [plain, taken])
    others = set(batch.records.values()) | {
        each.record_id for each in _owners(batch, found.get(plain)) if each.id != one.id
    }
    plan = found.get(plain)
    if plan is None:
        return new_plan(batch.load, plain, name, active=True)
    if plan.id in others:
        return found.get(taken) or new_plan(batch.load, taken, name, active=True)
    return plan


def _owners(batch: Batch, plan: Plan | None) -> list[ImportObject]:
    if plan is None:
        return []
    found = select(ImportObject).where(
        ImportObject.kind == "products", ImportObject.record_id == plan.id
    )
    return list(batch.work.session.scalars(found))


def _tenant_row(
    number: str, name: str, land: str | None, email: str | None, currency: str | None
) -> dict[str, object]:
    try:
        code = country(land, _PLAIN) if land else None
    except ValueError:
        code = None
    return {
        "tenant_id": number,
        "name": name[:LONGEST].strip() or number,
        "country": code,
        "email": email,
        "currency": currency,
    }
