"""The daily lifecycle run: every subscription, step by step, each step a transaction (SUB.6).

Running it again changes nothing; killed half-way it goes on where it stopped; after days of
downtime it makes up for them period by period. A dry run carries the same steps out and undoes
them.
"""

from collections import Counter
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from datetime import date
from typing import Any

from sqlalchemy import func, or_, select

from core.access.authority import Actor, system
from core.clock import SetClock, start_of_day
from core.dunning.holding import is_restricted
from core.errors import BadInput, SaldoError
from core.invoices.models import OPEN, Invoice
from core.progress import counted
from core.subscriptions import lifecycle, pausing
from core.subscriptions.funding import is_funded
from core.subscriptions.history import locked
from core.subscriptions.models import PlanHistory, Subscription
from core.subscriptions.steps import Facts, Step, next_step
from core.subscriptions.terms import locked_with_terms
from core.work import Office, Work, races_told

JOB = system("lifecycle")
RUNNING = ("trial", "active", "past_due", "grace_period", "read_only")
"""Statuses in which the end of a period asks for a step."""


@dataclass(frozen=True)
class Change:
    """A step of one subscription: `outcome` is `done`, or `refused` with the reason in `words`.

    Amounts are minor units of the step's invoice, tax included; `due_minor` is what credit and
    wallet left open.
    """

    subscription_id: int
    tenant_id: int
    step: str
    why: str
    before: str
    after: str
    period_start: date | None
    period_end: date | None
    invoice_minor: int
    due_minor: int
    currency: str
    outcome: str = "done"
    words: str = ""


@dataclass(frozen=True)
class LifecycleRun:
    """What a run did, or would do."""

    as_of: date
    dry_run: bool
    changes: tuple[Change, ...]

    def as_json(self) -> dict[str, Any]:
        """Counts by step, and one entry per change."""
        done = Counter(change.step for change in self.changes if change.outcome == "done")
        return {
            "as_of": self.as_of,
            "dry_run": self.dry_run,
            "counts": dict(sorted(done.items())),
            "refused": sum(change.outcome == "refused" for change in self.changes),
            "changes": [asdict(change) for change in self.changes],
        }


def run_lifecycle(
    office: Office, as_of: date | None = None, *, dry_run: bool = False, actor: Actor = JOB
) -> LifecycleRun:
    """Carry out what is due by a day, today unless given; documents are dated today.

    A refused step is reported and leaves the others alone. Raises BadInput for a day to come
    unless it is a dry run, which then looks from that day.
    """
    with office.work(actor) as work:
        work.require("saas.subscriptions.manage")
        today = work.today
        day = as_of or today
        numbers = _candidates(work, day) if day <= today or dry_run else []
    if day > today:
        if not dry_run:
            raise BadInput(f"{day} has not come; look ahead with a dry run")
        morning = start_of_day(day, office.settings.billing_timezone)
        office = Office(office.engine, SetClock(morning), office.settings)
    one = _rehearse_one if dry_run else _run_one
    changes = [
        change
        for number in counted(numbers, "Subscriptions")
        for change in one(office, actor, number, day)
    ]
    return LifecycleRun(day, dry_run, tuple(changes))


def _candidates(work: Work, day: date) -> list[int]:
    """Subscriptions for which a step may be due, in the order of ids."""
    is_over = Subscription.current_period_end <= day
    status, grace_ends_on = Subscription.status, Subscription.grace_ends_on
    found = work.session.scalars(
        select(Subscription.id)
        .where(
            or_(
                is_over & status.in_(RUNNING),
                is_over & Subscription.cancel_at_period_end & (status != "cancelled"),
                (status == "paused") & (Subscription.paused_until <= day),
                (status == "past_due") & (Subscription.collection == "wallet"),
                (status == "grace_period") & (grace_ends_on.is_(None) | (grace_ends_on <= day)),
            )
        )
        .order_by(Subscription.id)
    )
    return list(found)


def _run_one(office: Office, actor: Actor, number: int, day: date) -> list[Change]:
    """All steps of one subscription, each committed before the next."""
    changes: list[Change] = []
    for _ in range(office.settings.most_catch_up):
        refusal: Change | None = None
        try:
            with office.work(actor) as work:
                subscription = locked_with_terms(work, number)
                refusal = _refusal(subscription)
                step = _step(work, subscription, day)
                if step is None:
                    break
                refusal = replace(refusal, step=step.task, why=step.why)
                change = _carry_out(work, subscription, step)
        except SaldoError as problem:
            if refusal is None:
                raise
            changes.append(replace(refusal, words=str(problem)))
            break
        changes.append(change)
        if _is_up_to_date(subscription, day):
            break
    return changes


def _rehearse_one(office: Office, actor: Actor, number: int, day: date) -> list[Change]:
    """The same steps in one transaction that is undone."""
    changes: list[Change] = []
    with office.rehearse(actor) as work:
        for _ in range(office.settings.most_catch_up):
            subscription = locked(work, number)
            refusal = _refusal(subscription)
            try:
                step = _step(work, subscription, day)
                if step is None:
                    break
                refusal = replace(refusal, step=step.task, why=step.why)
                with races_told(), work.session.begin_nested():
                    changes.append(_carry_out(work, subscription, step))
            except SaldoError as problem:
                changes.append(replace(refusal, words=str(problem)))
                break
    return changes


def _is_up_to_date(subscription: Subscription, day: date) -> bool:
    """True when no step can be due any more: active, with a period that goes on."""
    due_on = subscription.current_period_end
    return subscription.status == "active" and due_on is not None and due_on > day


def _step(work: Work, subscription: Subscription, day: date) -> Step | None:
    due_on = subscription.current_period_end
    facts = Facts(
        subscription.status,
        subscription.auto_renew,
        subscription.cancel_at_period_end,
        due_on,
        subscription.paused_until,
        subscription.grace_ends_on,
        _behind_since(work, subscription),
        due_on is not None and due_on <= day and is_funded(work, subscription, due_on),
        _owes(work, subscription, day),
    )
    return next_step(facts, day, work.settings.past_due_days)


def _behind_since(work: Work, subscription: Subscription) -> date | None:
    """Since when one paid from a wallet is past due; over the others dunning decides."""
    if subscription.status != "past_due" or subscription.collection != "wallet":
        return None
    return work.session.scalar(
        select(func.max(PlanHistory.effective_on)).where(
            PlanHistory.subscription_id == subscription.id,
            PlanHistory.status == "past_due",
            PlanHistory.kind == "status_changed",
        )
    )


def _owes(work: Work, subscription: Subscription, day: date) -> bool:
    """Whether an invoice is overdue, given up or restricts it; asked of those without service."""
    if subscription.status not in lifecycle.UNFUNDED:
        return False
    unpaid = select(Invoice.id).where(
        Invoice.subscription_id == subscription.id,
        Invoice.status.in_((*OPEN, "written_off")),
        Invoice.due_on < day,
    )
    return work.session.scalar(unpaid.limit(1)) is not None or is_restricted(work, subscription)


def _carry_out(work: Work, subscription: Subscription, step: Step) -> Change:
    before = subscription.status
    result = _ACTIONS[step.task](work, subscription.id, step.why)
    work.session.flush()
    invoice = result if isinstance(result, Invoice) else None
    return Change(
        subscription.id,
        subscription.tenant_id,
        step.task,
        step.why,
        before,
        subscription.status,
        subscription.current_period_start,
        subscription.current_period_end,
        invoice.total_minor if invoice else 0,
        invoice.due_minor if invoice else 0,
        subscription.currency,
    )


def _refusal(subscription: Subscription) -> Change:
    """What is said of a subscription whose step is refused; read before the step, for afterwards
    the transaction is undone and its records are gone.
    """
    return Change(
        subscription.id,
        subscription.tenant_id,
        "decide",
        "",
        subscription.status,
        subscription.status,
        subscription.current_period_start,
        subscription.current_period_end,
        0,
        0,
        subscription.currency,
        "refused",
    )


_ACTIONS: dict[str, Callable[[Work, int, str], object]] = {
    "renew": lambda work, number, _: lifecycle.renew(work, number),
    "end_trial": lambda work, number, _: lifecycle.end_trial(work, number, converts=True),
    "end": lambda work, number, _: lifecycle.end_period(work, number),
    "resume": lambda work, number, _: pausing.resume(work, number),
    "grace": lifecycle.enter_grace,
    "read_only": lifecycle.enter_read_only,
}
