"""The end of a subscription: what is lost is locked when it is decided (CHN)."""

from core.errors import BadInput, NotNow
from core.planning.queries import in_eur_cents
from core.subscriptions.history import keep, later_days, move, state_of
from core.subscriptions.models import EARNING, REASONS, Subscription, SubscriptionCancellation
from core.subscriptions.rules import monthly_minor
from core.tenants.models import Tenant
from core.work import Work


def lock_in_loss(
    work: Work, subscription: Subscription, reason_code: str, mode: str, note: str
) -> SubscriptionCancellation:
    """Write the cancellation; end the subscription now, or mark it to end with its period.

    `mrr_minor` is what it was worth a month while it earned, 0 for a trial.
    """
    if reason_code not in REASONS or mode not in ("now", "period_end"):
        raise BadInput(f"Unknown reason {reason_code!r} or mode {mode!r}")
    if subscription.cancel_at_period_end:
        raise NotNow("The subscription is already cancelled to the end of its period")
    tenant = work.session.get_one(Tenant, subscription.tenant_id)
    ends = subscription.current_period_end if mode == "period_end" else work.today
    if ends is None or ends < work.today:
        ends = work.today
    earning = subscription.status in (*EARNING, "read_only", "unpaid", "paused", "suspended")
    mrr = monthly_minor(subscription.total_minor, subscription.cycle) if earning else 0
    row = SubscriptionCancellation(
        subscription_id=subscription.id,
        tenant_id=tenant.id,
        plan_id=subscription.plan_id,
        country=tenant.country,
        reason_code=reason_code,
        note=note,
        mode=mode,
        cancelled_on=work.today,
        service_ends_on=ends,
        currency=subscription.currency,
        mrr_minor=mrr,
        created_at=work.now,
        amount_eur_cents=in_eur_cents(work, mrr, subscription.currency, work.today),
    )
    work.session.add(row)
    if mode == "period_end" and ends > work.today:
        subscription.cancel_at_period_end = True
    else:
        end_now(work, subscription, note)
    return row


def end_now(work: Work, subscription: Subscription, reason: str) -> None:
    """The last day of service was yesterday."""
    before = state_of(subscription)
    move(subscription, "cancelled")
    subscription.ended_on = work.today
    subscription.auto_renew = False
    subscription.next_plan_id = subscription.next_cycle = subscription.next_amount_minor = None
    for day in (work.today, *later_days(work, subscription.id, work.today)):
        keep(work, subscription, "cancelled", before, effective_on=day, reason=reason)
