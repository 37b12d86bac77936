"""What a case does to subscriptions, and how settling undoes it (DUN.3)."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import delete, select, text
from sqlalchemy.dialects.postgresql import insert

from core.dunning.models import DunningCase, DunningHold
from core.invoices.models import OPEN
from core.subscriptions.arrears import BEHIND, start_afresh_if_lapsed
from core.subscriptions.cancelling import end_now, lock_in_loss
from core.subscriptions.history import keep, locked, move, state_of
from core.subscriptions.models import Subscription
from core.work import Work

PRESSED: dict[str, tuple[str, ...]] = {
    "throttle": ("active",),
    "read_only": ("active", "past_due", "grace_period"),
    "suspend": ("active", "past_due", "grace_period", "read_only", "unpaid"),
}
"""Statuses that each restriction changes; a trial, and a pause, are met when they are over."""
_STATUS = {"throttle": "past_due", "read_only": "read_only", "suspend": "suspended"}
_OWING = text("""
-- Which of some subscriptions have to wait, as something overdue is left? One row each.
select s.id from subscription s
where s.id = any(:candidates) and (
  exists (
    select from invoice i where i.subscription_id = s.id and i.status = any(:open)
      and (i.due_on < :today or exists (
        select from dunning_case c where c.invoice_id = i.id and c.status <> 'closed')))
  or s.id = any(:held) and exists (
    select from invoice i where i.tenant_id = s.tenant_id and i.subscription_id is null
      and i.status = any(:open) and i.due_on < :today))
""")


@dataclass(frozen=True)
class Released:
    """A subscription that is restored, and the status it had."""

    subscription_id: int
    tenant_id: int
    before: str


def slipped(work: Work, case: DunningCase) -> list[int]:
    """Subscriptions that are not under what a case has put in force, as new ones are not."""
    assert case.restriction is not None
    found = select(Subscription.id).where(
        Subscription.id.in_(_bearing(work, case)),
        Subscription.status.in_(PRESSED[case.restriction]),
    )
    return list(work.session.scalars(found))


def press(work: Work, case: DunningCase, restriction: str, why: str) -> list[int]:
    """Bring the subscriptions of a case under a restriction; returns those that were moved."""
    moved = []
    for number in _bearing(work, case):
        subscription = locked(work, number)
        if subscription.status not in PRESSED[restriction]:
            continue
        before = state_of(subscription)
        if subscription.status == "active" and restriction == "read_only":
            # The table of moves leads from active to read-only by way of past due alone.
            move(subscription, "past_due")
        move(subscription, _STATUS[restriction])
        keep(work, subscription, "status_changed", before, reason=why)
        _hold(work, case, subscription, before.status)
        moved.append(number)
    return moved


def end(work: Work, case: DunningCase, why: str) -> list[int]:
    """Give the subscriptions of a case up; returns those that were ended."""
    ended = []
    for number in _bearing(work, case):
        subscription = locked(work, number)
        if subscription.status not in BEHIND:
            continue
        if subscription.cancel_at_period_end:
            end_now(work, subscription, why)
        else:
            lock_in_loss(work, subscription, "payment_failed", "now", why)
        _let_go(work, number)
        ended.append(number)
    return ended


def is_restricted(work: Work, subscription: Subscription) -> bool:
    """True while a case keeps a subscription from writing, so that it does not renew."""
    found = select(DunningCase.id).where(
        DunningCase.tenant_id == subscription.tenant_id,
        DunningCase.restriction.in_(("read_only", "suspend")),
        DunningCase.override_path.is_distinct_from("freeze"),
        DunningCase.subscription_id.is_(None) | (DunningCase.subscription_id == subscription.id),
    )
    return work.session.scalar(found.limit(1)) is not None


def release(work: Work, own: Sequence[int], tenant_ids: Sequence[int]) -> list[Released]:
    """Restore what is behind of some subscriptions, and what is held of some tenants.

    Whatever still has something overdue waits. One that had run out by itself before it was held
    goes back to reads only, as its wallet is still to be filled.
    """
    candidates = sorted({*own, *_held(work, tenant_ids)})
    if not candidates:
        return []
    # Two payments at once would each wait for the other; the second one here sees the first.
    for number in candidates:
        locked(work, number)
    held = _held(work, tenant_ids)
    asked = {
        "candidates": candidates,
        "held": list(held),
        "open": list(OPEN),
        "today": work.today,
    }
    work.session.flush()
    owing = set(work.session.scalars(_OWING, asked))
    restored = []
    for number in candidates:
        if number in owing or (number not in own and number not in held):
            continue
        lapsed = number not in own and held[number] not in ("active", "past_due")
        restored += _restore(work, number, "read_only" if lapsed else "active")
    return restored


def lift(work: Work, case: DunningCase, kept: str | None) -> list[int]:
    """Ease what one case has put in force to what is kept of it; returns the subscriptions moved.

    Only what no other case asks for is eased.
    """
    eased = []
    for number, before in _held(work, [case.tenant_id]).items():
        if case.subscription_id not in (None, number) or _asked_by_others(work, case, number):
            continue
        subscription = locked(work, number)
        if kept is None:
            _let_go(work, number)
        status = _STATUS[kept] if kept else _before(case, before)
        if subscription.status not in BEHIND or subscription.status == status:
            continue
        was = state_of(subscription)
        if status == "past_due" and subscription.status != "active":
            # The table of moves leads from a suspension to past due by way of active alone.
            move(subscription, "active")
        move(subscription, status)
        start_afresh_if_lapsed(work, subscription)
        keep(work, subscription, "status_changed", was, reason="dunning override")
        eased.append(number)
    return eased


def _before(case: DunningCase, before: str) -> str:
    """The status after a restriction is lifted while the invoice is still owed."""
    if before not in ("active", "past_due"):
        return "read_only"
    return "active" if case.subscription_id is None and before == "active" else "past_due"


def _restore(work: Work, number: int, status: str) -> list[Released]:
    subscription = locked(work, number)
    _let_go(work, number)
    if subscription.status not in BEHIND or subscription.status == status:
        return []
    before = state_of(subscription)
    move(subscription, status)
    if status == "active":
        start_afresh_if_lapsed(work, subscription)
    keep(work, subscription, "status_changed", before, reason="paid")
    return [Released(number, subscription.tenant_id, before.status)]


def _bearing(work: Work, case: DunningCase) -> list[int]:
    """The invoice's own subscription, or all that run when the invoice is of none, by id."""
    if case.subscription_id is not None:
        return [case.subscription_id]
    found = select(Subscription.id).where(
        Subscription.tenant_id == case.tenant_id, Subscription.status != "cancelled"
    )
    return list(work.session.scalars(found.order_by(Subscription.id)))


def _hold(work: Work, case: DunningCase, subscription: Subscription, before: str) -> None:
    work.session.execute(
        insert(DunningHold)
        .values(
            subscription_id=subscription.id,
            tenant_id=subscription.tenant_id,
            case_id=case.id,
            status_before=before,
            since_on=work.today,
        )
        .on_conflict_do_nothing()
    )


def _let_go(work: Work, number: int) -> None:
    work.session.execute(delete(DunningHold).where(DunningHold.subscription_id == number))


def _held(work: Work, tenant_ids: Sequence[int]) -> dict[int, str]:
    rows = work.session.execute(
        select(DunningHold.subscription_id, DunningHold.status_before).where(
            DunningHold.tenant_id.in_(tenant_ids)
        )
    )
    return {row.subscription_id: row.status_before for row in rows}


def _asked_by_others(work: Work, case: DunningCase, number: int) -> bool:
    found = select(DunningCase.id).where(
        DunningCase.tenant_id == case.tenant_id,
        DunningCase.id != case.id,
        DunningCase.status != "closed",
        DunningCase.restriction.is_not(None),
        DunningCase.subscription_id.is_(None) | (DunningCase.subscription_id == number),
    )
    return work.session.scalar(found.limit(1)) is not None
