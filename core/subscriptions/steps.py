"""Which step the day asks of a subscription; pure, one step at a time (SUB.6)."""

from dataclasses import dataclass
from datetime import date, timedelta


@dataclass(frozen=True)
class Facts:
    """What decides the next step.

    `funded`: the next period can be paid, or is charged or invoiced; `owes`: something overdue.
    """

    status: str
    auto_renew: bool
    cancel_at_period_end: bool
    period_end: date | None
    paused_until: date | None
    grace_ends_on: date | None
    behind_since: date | None
    funded: bool
    owes: bool = False


@dataclass(frozen=True)
class Step:
    """A step and why it is taken, in words for the plan history."""

    task: str
    why: str = ""


def next_step(facts: Facts, today: date, past_due_days: int) -> Step | None:
    """The step that is due, None when the day asks nothing.

    Carrying it out moves the subscription on, so that asking again ends.
    """
    is_over = facts.period_end is not None and facts.period_end <= today
    if facts.cancel_at_period_end and facts.status != "cancelled":
        return Step("end", "cancelled to the end of the period") if is_over else None
    if facts.status == "paused":
        is_due = facts.paused_until is not None and facts.paused_until <= today
        return Step("resume") if is_due else None
    if facts.status in ("trial", "active"):
        return _at_the_end(facts) if is_over else None
    if facts.status == "past_due":
        return _behind(facts, is_over, today, past_due_days)
    if facts.status in ("grace_period", "read_only"):
        return _unfunded(facts, is_over, today)
    return None


def _at_the_end(facts: Facts) -> Step:
    if not facts.auto_renew:
        return Step("grace", "it does not renew by itself")
    if not facts.funded:
        return Step("grace", "the wallet is short")
    return Step("end_trial" if facts.status == "trial" else "renew")


def _behind(facts: Facts, is_over: bool, today: date, past_due_days: int) -> Step | None:
    if is_over and facts.auto_renew and facts.funded:
        return Step("renew")
    late = facts.behind_since is not None and (
        facts.behind_since + timedelta(days=past_due_days) <= today
    )
    if late:
        return Step("grace", f"unpaid for {past_due_days} days")
    return Step("grace", "the wallet is short") if is_over and not facts.funded else None


def _unfunded(facts: Facts, is_over: bool, today: date) -> Step | None:
    can_renew = facts.auto_renew and facts.funded and not facts.owes
    if is_over and can_renew:
        return Step("renew")
    is_late = facts.grace_ends_on is None or facts.grace_ends_on <= today
    if facts.status == "grace_period" and is_late:
        return Step("read_only", "the grace period ended")
    return None
