"""Whether certain transfers are posted without a person: off until a trial was good (UNM.4)."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from sqlalchemy import select, text

from core.access.models import User
from core.actions import action
from core.errors import BadInput, NotFound, NotNow
from core.inbox.models import AutoAssignChoice, AutoAssignTrial
from core.inbox.trial import LEAST, bound
from core.work import Work

FEWEST_PROPOSED = 20
"""Decisions a trial must have covered before its precision says anything."""
LEAST_PRECISION = Decimal("0.99")
TRIAL_HOLDS = timedelta(days=7)
_ONE_AT_A_TIME = text("select pg_advisory_xact_lock(4715)")


@dataclass(frozen=True)
class TrialKept:
    """The newest trial: how many decisions, how many would have been posted, how many rightly."""

    id: int
    ran_at: datetime
    least_probability: Decimal
    decided: int
    proposed: int
    agreed: int
    lower_bound: Decimal | None
    refusal: str
    """Why it does not allow switching on; empty when it does."""


@dataclass(frozen=True)
class Standing:
    """What holds now, since when and by whom, and the newest trial."""

    enabled: bool
    least_probability: Decimal
    changed_at: datetime | None
    changed_by: str | None
    trial: TrialKept | None


def standing(work: Work) -> Standing:
    """The choice that holds, off when nobody ever chose. Needs `billing.read`."""
    work.require("billing.read")
    return found_standing(work)


def found_standing(work: Work) -> Standing:
    """The same; the caller has asked who may read."""
    choice = chosen(work)
    trial = work.session.scalar(select(AutoAssignTrial).order_by(AutoAssignTrial.id.desc()))
    who = work.session.get(User, choice.changed_by) if choice and choice.changed_by else None
    return Standing(
        choice.enabled if choice else False,
        choice.least_probability if choice else LEAST,
        choice.changed_at if choice else None,
        who.name if who else None,
        _kept(work, trial) if trial else None,
    )


def chosen(work: Work) -> AutoAssignChoice | None:
    """The choice that holds now; None when nobody ever chose."""
    return work.session.scalar(select(AutoAssignChoice).order_by(AutoAssignChoice.id.desc()))


@action("bank.auto_assign.switched_on", needs="sys_finance", fresh=True)
def switch_on(work: Work, trial_id: int, *, reason: str) -> AutoAssignChoice:
    """Post certain transfers without a person from now on, at the probability that was tried.

    Raises NotFound, BadInput when a newer trial stands, and NotNow when the trial is older than
    seven days, covered fewer than 20 decisions, or was right in less than 99 of 100.
    """
    work.session.execute(_ONE_AT_A_TIME)
    trial = work.session.get(AutoAssignTrial, trial_id)
    if trial is None:
        raise NotFound(f"There is no trial {trial_id}")
    newest = work.session.scalar(select(AutoAssignTrial.id).order_by(AutoAssignTrial.id.desc()))
    if newest != trial_id:
        raise BadInput(f"Trial {newest} is newer; look at that one")
    if refusal := refusal_of(work, trial):
        raise NotNow(refusal)
    return _choose(work, True, trial.least_probability, trial.id)


@action("bank.auto_assign.switched_off", needs="sys_finance", fresh=True)
def switch_off(work: Work, *, reason: str) -> AutoAssignChoice:
    """Leave every transfer to a person from now on."""
    work.session.execute(_ONE_AT_A_TIME)
    choice = chosen(work)
    return _choose(work, False, choice.least_probability if choice else LEAST, None)


def refusal_of(work: Work, trial: AutoAssignTrial) -> str:
    """Why a trial does not allow switching on; empty when it does."""
    if work.now - trial.ran_at > TRIAL_HOLDS:
        return f"The trial is older than {TRIAL_HOLDS.days} days; run it again"
    if trial.proposed < FEWEST_PROPOSED:
        return (
            f"The trial would have posted {trial.proposed} transfers;"
            f" {FEWEST_PROPOSED} are needed to judge it"
        )
    if trial.agreed < LEAST_PRECISION * trial.proposed:
        return (
            f"The trial was right in {trial.agreed} of {trial.proposed} transfers,"
            f" in less than {LEAST_PRECISION:.0%}"
        )
    return ""


def _choose(work: Work, enabled: bool, least: Decimal, trial_id: int | None) -> AutoAssignChoice:
    choice = AutoAssignChoice(
        enabled=enabled,
        least_probability=least,
        trial_id=trial_id,
        changed_at=work.now,
        changed_by=work.actor.user_id,
    )
    work.session.add(choice)
    work.session.flush()
    work.tell(enabled=enabled, least_probability=str(least), trial_id=trial_id)
    return choice


def _kept(work: Work, trial: AutoAssignTrial) -> TrialKept:
    return TrialKept(
        trial.id,
        trial.ran_at,
        trial.least_probability,
        trial.decided,
        trial.proposed,
        trial.agreed,
        bound(trial.agreed, trial.proposed),
        refusal_of(work, trial),
    )
