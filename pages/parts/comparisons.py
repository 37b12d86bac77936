"""Named comparisons of a figure with an earlier month, coloured by what they mean."""

import re
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Literal

from core.money import Money
from pages.parts import formats
from pages.parts.catalogue import Figure, amount, height

Tone = Literal["good", "bad", "flat"]
MULTIPLE_FROM = 10
"""From here on "14.2×" says more than "+1,320%"."""


@dataclass(frozen=True)
class Change:
    """A difference in words, with its direction and what it means."""

    text: str
    arrow: str
    tone: Tone

    @property
    def known(self) -> bool:
        """False when one side is undefined."""
        return bool(self.arrow)


UNKNOWN = Change(formats.UNDEFINED, "", "flat")


def change(figure: Figure, now: Any, before: Any) -> Change:
    """How a figure changed: percent of amounts, points of rates, the difference of the rest."""
    new, old = height(figure, now), height(figure, before)
    if new is None or old is None:
        return UNKNOWN
    difference, words = new - old, _words(figure, now, before)
    if not re.search("[1-9]", words):
        return Change(words.lstrip("+" + formats.MINUS), "→", "flat")
    return Change(words, "↑" if difference > 0 else "↓", _tone(figure, difference))


def _words(figure: Figure, now: Any, before: Any) -> str:
    if figure.kind == "money":
        new, old = amount(now), amount(before)
        assert new is not None, "a change has two sides"
        assert old is not None, "a change has two sides"
        if figure.key == "net_new_mrr" or old.minor <= 0:
            return formats.money_short(new - old, code=False, sign=True)
        times = Decimal(new.minor) / old.minor
        if times >= MULTIPLE_FROM:
            return formats.number(times, 1) + "×"
        return formats.percent(times - 1, sign=True)
    difference = Decimal(str(now)) - Decimal(str(before))
    if figure.kind == "rate":
        return formats.points(difference)
    return formats.number(difference, 0 if figure.kind == "count" else 1, sign=True)


def _tone(figure: Figure, difference: Decimal) -> Tone:
    return "good" if (difference > 0) == (figure.better == "up") else "bad"


def share(part: Money | None, whole: Money | None) -> Decimal | None:
    """The part of a whole as a rate; None when there is no whole."""
    if part is None or whole is None or whole.minor <= 0:
        return None
    return Decimal(part.minor) / Decimal(whole.minor)
