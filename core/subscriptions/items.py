"""What people add to subscriptions and take off again, prorated in the running period (SUB.3)."""

from datetime import datetime

from core.actions import action
from core.errors import BadInput, NotFound, NotNow
from core.invoices.rules import NewLine
from core.money import Money
from core.subscriptions.billing import bill_or_credit, creditable
from core.subscriptions.changing import prorated_part
from core.subscriptions.history import State, keep, locked, state_of
from core.subscriptions.models import Subscription, SubscriptionItem
from core.subscriptions.terms import Part, count_items
from core.work import Work

LONGEST_NAME = 120
CHANGEABLE = ("trial", "active", "past_due")


@action("saas.subscription.item_added", needs="sys_finance", fresh=True)
def add_item(
    work: Work,
    subscription_id: int,
    name: str,
    unit_minor: int,
    quantity: int = 1,
    *,
    policy: str | None = None,
    at: datetime | None = None,
    version: int | None = None,
    reason: str,
    key: str | None = None,
) -> SubscriptionItem:
    """Something more, billed with each period; the rest of the running one is charged now.

    `unit_minor` is the price of one per cycle, without tax. Raises BadInput, NotFound, NotNow,
    ChangedMeanwhile, InsufficientBalance.
    """
    words = name.strip()
    if not 0 < len(words) <= LONGEST_NAME or unit_minor < 0 or quantity < 1:
        raise BadInput(f"An item has a name of up to {LONGEST_NAME} letters, a price and a number")
    subscription = _changeable(work, subscription_id, version)
    Money(unit_minor * quantity + subscription.total_minor, subscription.currency)
    before, version_before = state_of(subscription), subscription.version
    item = SubscriptionItem(
        subscription_id=subscription.id,
        tenant_id=subscription.tenant_id,
        name=words,
        quantity=quantity,
        unit_minor=unit_minor,
        added_on=work.today,
        created_at=work.now,
    )
    work.session.add(item)
    count_items(work, subscription)
    _settle_rest(
        work, subscription, item, before, "item_added", f"item_{version_before}", policy, at, reason
    )
    return item


@action("saas.subscription.item_removed", needs="sys_finance", fresh=True)
def remove_item(
    work: Work,
    item_id: int,
    *,
    policy: str | None = None,
    at: datetime | None = None,
    version: int | None = None,
    reason: str,
    key: str | None = None,
) -> SubscriptionItem:
    """Take an item off; what was paid for the rest of the period becomes the customer's credit."""
    item = work.session.get(SubscriptionItem, item_id)
    if item is None:
        raise NotFound(f"There is no item {item_id}")
    subscription = _changeable(work, item.subscription_id, version)
    work.session.refresh(item)
    if item.removed_on is not None:
        raise NotNow(f"The item was removed on {item.removed_on}")
    before, version_before = state_of(subscription), subscription.version
    item.removed_on = work.today
    count_items(work, subscription)
    _settle_rest(
        work,
        subscription,
        item,
        before,
        "item_removed",
        f"item_{version_before}",
        policy,
        at,
        reason,
    )
    return item


def _changeable(work: Work, subscription_id: int, version: int | None) -> Subscription:
    subscription = locked(work, subscription_id, version)
    if subscription.status not in CHANGEABLE:
        raise NotNow(f"Items of a subscription that is {subscription.status} do not change")
    return subscription


def _settle_rest(
    work: Work,
    subscription: Subscription,
    item: SubscriptionItem,
    before: State,
    kind: str,
    document_reason: str,
    policy: str | None,
    at: datetime | None,
    reason: str,
) -> None:
    """Charge an added item for the rest of the period, or credit a removed one; keep the row."""
    work.tell(
        tenant_id=subscription.tenant_id,
        subscription_id=subscription.id,
        item=item.name,
        quantity=item.quantity,
        unit_minor=item.unit_minor,
    )
    if subscription.status == "trial":
        keep(work, subscription, kind, before, reason=reason)
        return
    chosen = policy or work.settings.proration_policy
    part = Part(item.name, None, item.unit_minor, item.quantity)
    proration = prorated_part(work, subscription, part, chosen, at)
    end = subscription.current_period_end
    amount = proration.debit_minor
    if kind == "item_removed":
        amount = -min(proration.credit_minor, creditable(work, subscription))
    words = f"{item.name} × {item.quantity}, {proration.basis}"
    line = NewLine(words, amount, service_start=work.today, service_end=end)
    bill_or_credit(work, subscription, [line], document_reason, work.today)
    keep(work, subscription, kind, before, reason=reason, proration=proration)
