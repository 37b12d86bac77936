"""The ladder of dunning: which step a day asks for; pure (DUN.1).

An invoice due on a day is overdue from the next one on: the due date is day 0. Days 0 to 2 bring
reminders, 3 to 13 a restriction, 14 and later a suspension, unless the ladder says otherwise.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from core.errors import BadInput

RESTRICTIONS = ("throttle", "read_only", "suspend")
"""What can be in force, the mildest first."""
EFFECTS = ("remind", *RESTRICTIONS, "cancel")
MOST_STAGES = 30
LONGEST_LADDER = 3_650
LONGEST_NAME = 40
NAMES = {
    "remind": "reminder",
    "throttle": "restricted",
    "read_only": "read-only",
    "suspend": "suspended",
    "cancel": "given up",
}
"""What a stage is called unless it has a name of its own."""
HARD_DECLINES = (
    "expired_card",
    "lost_card",
    "stolen_card",
    "pickup_card",
    "invalid_account",
    "account_closed",
    "authentication_required",
)
"""Declines after which the card is not tried again until it changes (PAY.6)."""


@dataclass(frozen=True)
class Stage:
    """A rung: reached so many days after the due date; `template` names it and its message."""

    after_days: int
    effect: str
    template: str


@dataclass(frozen=True)
class Task:
    """What is due: to remind, restrict, suspend or cancel, and the position that is reached."""

    effect: str
    position: int


def checked(stages: Sequence[Stage]) -> tuple[Stage, ...]:
    """A ladder that climbs: days never fall, each restriction is stronger, cancelling is last.

    A stage without a name gets that of its effect. Raises BadInput.
    """
    if not 0 < len(stages) <= MOST_STAGES:
        raise BadInput(f"A ladder has 1 to {MOST_STAGES} stages")
    days, strength = 0, 0
    for position, stage in enumerate(stages, start=1):
        if stage.effect not in EFFECTS:
            raise BadInput(f"Stage {position}: an effect is one of {', '.join(EFFECTS)}")
        if not days <= stage.after_days <= LONGEST_LADDER:
            raise BadInput(f"Stage {position}: days rise from 0 to {LONGEST_LADDER} at most")
        if len(stage.template.strip()) > LONGEST_NAME:
            raise BadInput(f"Stage {position}: a name has {LONGEST_NAME} characters at most")
        if stage.effect != "remind":
            if _strength(stage.effect) <= strength:
                raise BadInput(f"Stage {position}: {stage.effect} is no stronger than before it")
            strength = _strength(stage.effect)
        elif strength == _strength("cancel"):
            raise BadInput(f"Stage {position}: nothing follows a cancellation")
        days = stage.after_days
    return tuple(
        Stage(one.after_days, one.effect, one.template.strip() or NAMES[one.effect])
        for one in stages
    )


def next_task(
    stages: Sequence[Stage],
    position: int,
    restriction: str | None,
    days: int,
    *,
    reminded_today: bool,
) -> Task | None:
    """What a day asks of a case; after downtime the strongest of what was missed.

    Of several reminders one is sent, and none on a day that has had one.
    """
    due = sum(stage.after_days <= days for stage in stages)
    waiting = [stage.effect for stage in stages[position:due] if _counts(stage, restriction)]
    if not waiting:
        return None
    strongest = max(waiting, key=_strength)
    if strongest == "remind" and reminded_today:
        return None
    return Task(strongest, due)


def next_on(
    stages: Sequence[Stage], position: int, restriction: str | None, counted_from: date
) -> date | None:
    """The day on which the next stage that does something is reached; None when none is left."""
    coming = (stage for stage in stages[position:] if _counts(stage, restriction))
    stage = next(coming, None)
    return counted_from + timedelta(days=stage.after_days) if stage else None


def coming_on(
    stages: Sequence[Stage], position: int, counted_from: date, *effects: str
) -> date | None:
    """The day on which the first stage ahead with one of the effects is reached."""
    for stage in stages[position:]:
        if stage.effect in effects:
            return counted_from + timedelta(days=stage.after_days)
    return None


def by_hand(stages: Sequence[Stage], position: int, restriction: str | None) -> Task:
    """What reminding by hand does: the next rung, but neither suspends nor cancels."""
    ahead = stages[position] if position < len(stages) else None
    if ahead is None or ahead.effect in ("suspend", "cancel"):
        return Task("remind", position)
    effect = ahead.effect if _counts(ahead, restriction) else "remind"
    return Task(effect, position + 1)


def suspended_at(stages: Sequence[Stage], position: int) -> int:
    """The position of a case that is suspended by hand: at its ladder's suspension, if ahead."""
    for number, stage in enumerate(stages, start=1):
        if stage.effect == "suspend" and number > position:
            return number
    return position


def placed(stages: Sequence[Stage], restriction: str | None, days: int) -> tuple[int, str | None]:
    """Where a case stands on a ladder it is put on: position and what stays in force.

    What the new ladder does not ask for yet is lifted; what it asks for beyond that is left to
    the next run, and reminders of the past are not made up for.
    """
    asked = [stage.effect for stage in stages if stage.after_days <= days]
    strongest = max((_strength(effect) for effect in asked), default=0)
    kept = restriction if restriction and _strength(restriction) <= strongest else None
    if restriction and kept is None:
        weaker = [effect for effect in asked if effect in RESTRICTIONS]
        kept = max(weaker, key=_strength, default=None)
    position = 0
    for stage in stages[: len(asked)]:
        if stage.effect != "remind" and _strength(stage.effect) > _strength(kept):
            break
        position += 1
    return position, kept


def stronger(effect: str | None, than: str | None) -> bool:
    """True when an effect does more than another."""
    return _strength(effect) > _strength(than)


def stage_of(given: str) -> Stage:
    """A stage as people write it: `21:remind` or `30:suspend:last chance`. Raises BadInput."""
    days, _, rest = given.strip().partition(":")
    effect, _, name = rest.partition(":")
    if not (days.strip().isdecimal() and len(days.strip()) <= 4):
        raise BadInput(f"A stage is DAYS:EFFECT or DAYS:EFFECT:NAME, not {given.strip()!r}")
    return Stage(int(days), effect.strip(), name.strip())


def _counts(stage: Stage, restriction: str | None) -> bool:
    return stage.effect == "remind" or stronger(stage.effect, restriction)


def _strength(effect: str | None) -> int:
    return EFFECTS.index(effect) if effect else 0
