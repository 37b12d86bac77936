"""Learning from a company's own decisions how often a score is right (UNM.2)."""

from dataclasses import dataclass
from decimal import Decimal

from sqlalchemy import select

from core.actions import action
from core.errors import NotNow
from core.inbox.models import MatchingCalibration
from core.inbox.replaying import replayed
from core.inbox.standing import model_of_company
from core.inbox.trial import LEAST, MOST_MONTHS, months_before
from core.matching.calibration import FEWEST_DECISIONS, calibration_error, recalibrated
from core.matching.scoring import Model, shipped_model
from core.work import Work


@dataclass(frozen=True)
class Learning:
    """What two years of decisions say: how many there are, and how far probabilities are off.

    `error` is the mean distance between a probability and how often it was right, by tenths of
    the probability: with what holds now, and had it been learnt from these decisions.
    `learnt_from` counts the decisions that what holds now rests on, 0 for the shipped model.
    """

    decisions: int
    needed: int
    learnt_from: int
    error: Decimal | None
    error_after: Decimal | None


def learning(work: Work) -> Learning:
    """What `recalibrate` would do; nothing is written. Needs `billing.read`."""
    work.require("billing.read")
    decided = _decided(work)
    _, current = model_of_company(work)
    newest = select(MatchingCalibration.decisions).order_by(MatchingCalibration.id.desc()).limit(1)
    enough = len(decided) >= FEWEST_DECISIONS
    return Learning(
        len(decided),
        FEWEST_DECISIONS,
        work.session.scalar(newest) or 0,
        _error(current or shipped_model(), decided) if decided else None,
        _error(recalibrated(shipped_model(), decided), decided) if enough else None,
    )


@action("bank.matching.recalibrated", needs="sys_finance", fresh=True)
def recalibrate(work: Work, *, reason: str) -> MatchingCalibration:
    """Learn from the company's own decisions of two years how often a score was right.

    The probabilities of all suggestions follow from then on. Raises NotNow with fewer than 200
    decisions, on which nothing can rest.
    """
    decided = _decided(work)
    if len(decided) < FEWEST_DECISIONS:
        raise NotNow(
            f"{len(decided)} decisions have a suggestion; {FEWEST_DECISIONS} are needed to learn"
        )
    fitted = recalibrated(shipped_model(), decided)
    kept = MatchingCalibration(
        fitted_at=work.now,
        fitted_by=work.actor.user_id,
        decisions=len(decided),
        steps=[[score, share] for score, share in fitted.calibration],
    )
    work.session.add(kept)
    work.session.flush()
    work.tell(calibration_id=kept.id, decisions=kept.decisions)
    return kept


def _decided(work: Work) -> list[tuple[float, bool]]:
    """The share of each first suggestion before calibration, and whether it was right."""
    since = months_before(work.today, MOST_MONTHS)
    return [(each.share, each.was_right) for each in replayed(work, since, LEAST) if each.first]


def _error(model: Model, decided: list[tuple[float, bool]]) -> Decimal:
    error = calibration_error([(model.calibrated(share), right) for share, right in decided])
    return Decimal(f"{error:.4f}")
