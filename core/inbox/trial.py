"""Trials of posting without a person: past months, against what people decided (UNM.4).

Nothing is switched on that was not tried: `core/inbox/choosing.py` asks for the trial kept here.
"""

from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal

from core.actions import action
from core.errors import BadInput
from core.inbox.models import AutoAssignTrial
from core.inbox.replaying import Replayed, replayed
from core.matching.calibration import wilson_lower
from core.matching.rule import LEAST_PROBABILITY
from core.work import Work

LEAST = Decimal(str(LEAST_PROBABILITY))
MOST_MONTHS = 24


@dataclass(frozen=True)
class MonthTried:
    """A month of decisions: how many, how many would have been posted, how many of them rightly."""

    month: date
    decided: int
    proposed: int
    agreed: int


@dataclass(frozen=True)
class Trial:
    """The replay of the last months; `differing` are those that would have gone elsewhere.

    `trial_id` is its number when it was kept.
    """

    trial_id: int | None
    since: date
    until: date
    least_probability: Decimal
    months: tuple[MonthTried, ...]
    differing: tuple[Replayed, ...]
    decided: int
    proposed: int
    agreed: int

    @property
    def precision(self) -> Decimal | None:
        """Right ones of those that would have been posted; None without any."""
        return Decimal(self.agreed) / self.proposed if self.proposed else None

    @property
    def lower_bound(self) -> Decimal | None:
        """The 95 % Wilson lower bound of the precision."""
        return bound(self.agreed, self.proposed)

    @property
    def coverage(self) -> Decimal | None:
        """The share of decisions that no person would have had to take."""
        return Decimal(self.proposed) / self.decided if self.decided else None


@action("bank.auto_assign.tried", needs="bank.import")
def try_auto_assign(work: Work, months: int = 6, least_probability: Decimal = LEAST) -> Trial:
    """Play the last months again and keep the outcome, which switching on asks for.

    Raises BadInput for months beyond 1 to 24 or a probability below 0.98.
    """
    found = _played(work, months, least_probability)
    kept = AutoAssignTrial(
        ran_at=work.now,
        ran_by=work.actor.user_id,
        least_probability=found.least_probability,
        since=found.since,
        until=found.until,
        decided=found.decided,
        proposed=found.proposed,
        agreed=found.agreed,
    )
    work.session.add(kept)
    work.session.flush()
    work.tell(trial_id=kept.id, proposed=kept.proposed, agreed=kept.agreed, decided=kept.decided)
    return replace(found, trial_id=kept.id)


def replay(work: Work, months: int, least_probability: Decimal) -> Trial:
    """Play the last months again; nothing is written. Needs `billing.read`. Raises BadInput."""
    work.require("billing.read")
    return _played(work, months, least_probability)


def _played(work: Work, months: int, least_probability: Decimal) -> Trial:
    if not 1 <= months <= MOST_MONTHS:
        raise BadInput(f"A trial goes over 1 to {MOST_MONTHS} months")
    if not LEAST <= least_probability <= 1:
        raise BadInput(f"The least probability lies between {LEAST} and 1")
    since = months_before(work.today, months)
    found = list(replayed(work, since, least_probability))
    by_month: dict[date, list[Replayed]] = {}
    for each in found:
        by_month.setdefault(each.booked_on.replace(day=1), []).append(each)
    return Trial(
        None,
        since,
        work.today,
        least_probability,
        tuple(MonthTried(month, *_counts(each)) for month, each in sorted(by_month.items())),
        tuple(each for each in found if each.proposed and not each.agrees),
        *_counts(found),
    )


def bound(agreed: int, proposed: int) -> Decimal | None:
    """The 95 % Wilson lower bound of a share; None without any."""
    return Decimal(f"{wilson_lower(agreed, proposed):.4f}") if proposed else None


def _counts(found: list[Replayed]) -> tuple[int, int, int]:
    proposed = [each for each in found if each.proposed]
    return len(found), len(proposed), sum(each.agrees for each in proposed)


def months_before(day: date, months: int) -> date:
    """The first day of the month so many months ago."""
    month = day.year * 12 + day.month - 1 - months
    return date(month // 12, month % 12 + 1, 1)
