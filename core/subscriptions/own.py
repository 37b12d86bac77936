"""The own subscription as an organisation's people see it, and what they may switch (SUB.3)."""

from dataclasses import dataclass

from core.actions import action
from core.errors import NotFound, NotNow
from core.notifications.own import own_tenant
from core.subscriptions.detail import Detail, detail
from core.subscriptions.history import keep, locked, state_of
from core.subscriptions.listing import Filters, SubscriptionRow, subscriptions
from core.subscriptions.models import Subscription
from core.subscriptions.renewals import LONGEST_WINDOW, Renewal, renewals
from core.work import Work


@dataclass(frozen=True)
class OwnSubscription:
    """A subscription with all that belongs to it; `renewal` is its next one, None without one."""

    detail: Detail
    renewal: Renewal | None


@action("saas.subscription.own_renewal_set", needs="org.billing.manage")
def set_own_auto_renew(
    work: Work, subscription_id: int, on: bool, *, key: str | None = None
) -> Subscription:
    """Switch renewing by itself on or off for the own organisation (SUB.3).

    Raises NotFound, and NotNow when it is cancelled or switched so already.
    """
    tenant_id = own_tenant(work)
    subscription = locked(work, subscription_id)
    if subscription.tenant_id != tenant_id:
        raise NotFound(f"There is no subscription {subscription_id}")
    switch_renewal(work, subscription, on, f"Switched {'on' if on else 'off'} by the organisation")
    return subscription


def switch_renewal(work: Work, subscription: Subscription, on: bool, reason: str) -> None:
    """Part of an action: a locked subscription renews by itself from now on, or does not.

    Raises NotNow when it is cancelled or switched so already.
    """
    if subscription.status == "cancelled" or subscription.auto_renew == on:
        words = "renews" if subscription.auto_renew else "does not renew"
        raise NotNow(f"The subscription is {subscription.status} and {words} by itself")
    before = state_of(subscription)
    subscription.auto_renew = on
    keep(work, subscription, "renewal_changed", before, reason=reason)
    work.tell(tenant_id=subscription.tenant_id, subscription_id=subscription.id, auto_renew=on)


def own_subscriptions(work: Work) -> list[SubscriptionRow]:
    """The own organisation's subscriptions, the running one first, then the newest.

    Needs `org.billing.read`.
    """
    wanted = Filters(tenant_id=own_tenant(work))
    rows = subscriptions(work, wanted, sort="started", descending=True).rows
    return sorted(rows, key=lambda row: row.status == "cancelled")


def own_subscription(work: Work, subscription_id: int | None = None) -> OwnSubscription:
    """A subscription of the own organisation, the running or newest one unless it is named.

    Needs `org.billing.read`. Raises NotFound.
    """
    rows = own_subscriptions(work)
    if not rows:
        raise NotFound("Your organisation has no subscription")
    chosen = rows[0].id if subscription_id is None else subscription_id
    found = detail(work, chosen)
    ahead = renewals(work, LONGEST_WINDOW).rows
    return OwnSubscription(
        found, next((row for row in ahead if row.subscription_id == chosen), None)
    )
