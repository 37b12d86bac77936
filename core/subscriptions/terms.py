"""What a subscription costs from a day on: plan, cycle and price, and the items added to it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import aliased

from core.errors import NotFound
from core.invoices.rules import NewLine, line_amounts, tax_of
from core.invoices.totals import whole_of
from core.money import round_half_up
from core.plans.models import Plan, PlanPrice
from core.plans.queries import find_price, price_on
from core.subscriptions.history import LOCKING
from core.subscriptions.models import Subscription, SubscriptionItem
from core.subscriptions.rules import Share, rescaled
from core.tenants.models import Tenant
from core.work import Work

_LOCKED = aliased(Subscription, LOCKING.subquery())
_WITH_TERMS = (
    select(_LOCKED, Tenant, Plan, PlanPrice)
    .select_from(_LOCKED)
    .join(Tenant, Tenant.id == _LOCKED.tenant_id)
    .join(Plan, Plan.id == _LOCKED.plan_id)
    .outerjoin(PlanPrice, PlanPrice.id == _LOCKED.plan_price_id)
)


@dataclass(frozen=True)
class Terms:
    """The plan's side of a price: minor units a cycle, without tax."""

    plan_id: int
    price_id: int | None
    cycle: str
    amount_minor: int


@dataclass(frozen=True)
class Part:
    """Plan or item of a subscription with its price per cycle."""

    words: str
    plan_id: int | None
    unit_minor: int
    quantity: int = 1

    @property
    def cycle_minor(self) -> int:
        """Minor units a cycle."""
        return self.unit_minor * self.quantity


def terms_of(subscription: Subscription) -> Terms:
    """The terms in force."""
    return Terms(
        subscription.plan_id,
        subscription.plan_price_id,
        subscription.cycle,
        subscription.amount_minor,
    )


def locked_with_terms(work: Work, subscription_id: int) -> Subscription:
    """A subscription, locked; its tenant, plan and price are read in the same question.

    What asks for one of them in this transaction then finds it. Raises NotFound.
    """
    row = work.session.execute(_WITH_TERMS, {"subscription_id": subscription_id}).one_or_none()
    if row is None:
        raise NotFound(f"There is no subscription {subscription_id}")
    subscription: Subscription = row[0]
    work.kept.update({(type(each), each.id): each for each in row if each is not None})
    return subscription


def terms_on(work: Work, subscription: Subscription, on: date) -> Terms:
    """The terms from a renewal on: a change that waited for it, else the list price in force.

    A negotiated amount stays (PLN.2).
    """
    if subscription.next_plan_id is not None:
        assert subscription.next_cycle is not None
        assert subscription.next_amount_minor is not None
        plan_id, cycle = subscription.next_plan_id, subscription.next_cycle
        price = price_on(work, plan_id, cycle, subscription.currency, on)
        return Terms(plan_id, price.id, cycle, subscription.next_amount_minor)
    if not _is_outdated(work, subscription, on):
        return terms_of(subscription)
    fresh = find_price(work, subscription.plan_id, subscription.cycle, subscription.currency, on)
    if not fresh:
        return terms_of(subscription)
    return Terms(fresh.plan_id, fresh.id, fresh.cycle, fresh.amount_minor)


def _is_outdated(work: Work, subscription: Subscription, on: date) -> bool:
    """True when the list price that is paid is no longer in force."""
    if subscription.plan_price_id is None:
        return False
    price = work.session.get_one(PlanPrice, subscription.plan_price_id)
    return (
        price.valid_until is not None
        and price.valid_until <= on
        and price.amount_minor == subscription.amount_minor
    )


def take(work: Work, subscription: Subscription, terms: Terms) -> None:
    """Put terms in force; items keep their monthly price in another cycle."""
    if terms.cycle != subscription.cycle:
        for item in running_items(work, subscription):
            item.unit_minor = rescaled(item.unit_minor, subscription.cycle, terms.cycle)
        count_items(work, subscription)
    subscription.plan_id, subscription.plan_price_id = terms.plan_id, terms.price_id
    subscription.cycle, subscription.amount_minor = terms.cycle, terms.amount_minor
    subscription.next_plan_id = subscription.next_cycle = subscription.next_amount_minor = None


def running_items(work: Work, subscription: Subscription) -> Sequence[SubscriptionItem]:
    """The items added and not removed, in the order they were added."""
    work.session.flush()
    return work.session.scalars(
        select(SubscriptionItem)
        .where(
            SubscriptionItem.subscription_id == subscription.id,
            SubscriptionItem.removed_on.is_(None),
        )
        .order_by(SubscriptionItem.id)
    ).all()


def count_items(work: Work, subscription: Subscription) -> None:
    """Keep what the items cost a cycle on the subscription."""
    subscription.items_minor = sum(i.cycle_minor for i in running_items(work, subscription))


def parts_under(work: Work, subscription: Subscription, terms: Terms) -> list[Part]:
    """Plan and running items with their prices under some terms."""
    plan = work.session.get_one(Plan, terms.plan_id)
    items = running_items(work, subscription) if subscription.items_minor else ()
    return [
        Part(plan.name, plan.id, terms.amount_minor),
        *(
            Part(
                item.name,
                None,
                rescaled(item.unit_minor, subscription.cycle, terms.cycle),
                item.quantity,
            )
            for item in items
        ),
    ]


def shared(amount_minor: int, share: Share) -> int:
    """The part of an amount, rounded once."""
    return round_half_up(amount_minor * share.left, share.whole)


def expected_minor(work: Work, subscription: Subscription, on: date) -> int:
    """What the renewal of a day will ask for, tax included, in minor units."""
    parts = parts_under(work, subscription, terms_on(work, subscription, on))
    lines = [NewLine(part.words, part.cycle_minor) for part in parts if part.cycle_minor]
    if not lines:
        return 0
    tenant = work.session.get_one(Tenant, subscription.tenant_id)
    return whole_of([line_amounts(line, tax_of(tenant.country)) for line in lines]).total_minor
