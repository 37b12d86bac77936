"""Limits as bars with their figures in text beside them."""

from decimal import Decimal
from html import escape

from core.plans.models import UNLIMITED
from core.usage.queries import LimitUse, TenantUse
from pages.parts import formats, plan_words

NEARLY = Decimal("0.8")
"""The share of a limit from which on its bar warns."""
THROTTLED = "An invoice is overdue: half of each limit holds until it is settled."
GRID = "display:grid;grid-template-columns:repeat(auto-fill,minmax(14rem,1fr))"
TRACK = "height:8px;border-radius:4px;background:var(--hair);overflow:hidden;margin:.375rem 0 0"


def html(use: TenantUse) -> str:
    """Every limit: current, limit, what is left, when it resets, and a bar."""
    told = f'<p class="muted">{THROTTLED}</p>' if use.throttled else ""
    bars = "".join(_limit(limit) for limit in use.limits)
    return f'{told}<dl class="identity" style="{GRID}">{bars}</dl>'


def _limit(limit: LimitUse) -> str:
    title = escape(plan_words.limit_title(limit.meter))
    return (
        f'<div class="term"><dt>{title}</dt>'
        f"<dd>{escape(_figures(limit))}</dd>{_bar(limit)}"
        f'<dt style="margin-top:.25rem">{escape(_left(limit))}</dt></div>'
    )


def _figures(limit: LimitUse) -> str:
    used = number(limit.current)
    if limit.resets is None:
        return f"{plan_words.quantity(limit.limit)} allowed"
    if limit.limit is None:
        return used
    if limit.limit == UNLIMITED:
        return f"{used}, unlimited"
    return f"{used} of {formats.number(limit.limit)}"


def _left(limit: LimitUse) -> str:
    """What is left and when the count begins anew."""
    if limit.resets is None:
        return "not measured"
    resets = {
        "period": "resets with the period",
        "day": "resets every day",
        "never": "does not reset",
    }
    told = resets[limit.resets]
    if limit.limit is None:
        return f"not limited by the plan, {told}"
    if limit.limit == UNLIMITED or limit.remaining is None:
        return f"no limit, {told}"
    return f"{number(limit.remaining)} left, {told}"


def _bar(limit: LimitUse) -> str:
    if limit.limit in (None, UNLIMITED) or limit.resets is None:
        return f'<div style="{TRACK};opacity:.5" aria-hidden="true"></div>'
    part = share(limit.current, int(limit.limit or 0))
    colour = "accent" if part < NEARLY else "warn" if part < 1 else "bad"
    width = f"{min(part, Decimal(1)) * 100:.1f}%"
    return (
        f'<div style="{TRACK}" aria-hidden="true">'
        f'<div style="width:{width};height:100%;background:var(--{colour})"></div></div>'
    )


def share(current: Decimal, limit: int) -> Decimal:
    """The part of a limit that is used; all of a limit of nothing."""
    return current / limit if limit else Decimal(1)


def number(value: Decimal) -> str:
    """A quantity, with decimals only where it has some."""
    return formats.number(value, 0 if value == value.to_integral_value() else 2)
