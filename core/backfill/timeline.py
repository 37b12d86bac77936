"""The life of a Stripe subscription, rebuilt from what is left of it; pure (IMP).

Stripe keeps a subscription as it stands now, and its invoices for ever. A line that bills a whole
period says which items there were at its start and at what price; a prorated line says when
one changed; what no invoice bills yet is known from the items of today.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from typing import Any

from core.money import rounded

Facts = Mapping[str, Any]
_STATUS = {
    "trialing": "trial",
    "active": "active",
    "past_due": "past_due",
    "unpaid": "unpaid",
    "paused": "paused",
    "canceled": "cancelled",
}


@dataclass(frozen=True)
class State:
    """What a subscription was from a day on; minor units per cycle, what lasts taken off."""

    on: date
    kind: str
    status: str
    product: str | None
    cycle: str
    amount_minor: int


@dataclass(frozen=True)
class Known:
    """What else is known when a life is rebuilt.

    `metered` are prices of usage, `cycles` how often each price is paid, `owing_since` the moment
    of the oldest invoice that is not paid, `seen` that of the reading.
    """

    metered: frozenset[str]
    cycles: Mapping[str, str]
    owing_since: int | None
    seen: int
    day: Callable[[int], date]


@dataclass(frozen=True)
class _Item:
    product: str | None
    cycle: str
    amount_minor: int


Items = dict[str, _Item]


def life_of(facts: Facts, lines: Iterable[Facts], known: Known) -> list[State]:
    """The states of a subscription by day, oldest first; the first begins it."""
    begun = int(facts["started"])
    trial_end = facts["trial_end"] if (facts["trial_end"] or 0) > begun else None
    held = _held(facts, lines, known, trial_end or begun)
    moments = {begun, *held, *(each["since"] for each in facts["off"] if each["since"] > begun)}
    ended = max(facts["ended"] or facts["canceled"], begun) if _over(facts) else None
    last = _turn(facts, known)
    if trial_end:
        moments.add(trial_end)
    if last:
        moments.add(last[0])
    found: dict[date, State] = {}
    for moment in sorted(each for each in moments if ended is None or each < max(ended, begun + 1)):
        status = "trial" if trial_end and moment < trial_end else "active"
        if last and moment >= last[0]:
            status = last[1]
        items = held[max(each for each in held if each <= max(moment, begun))]
        state = _state(known.day(moment), status, items, facts, moment)
        found[state.on] = state
    states = list(found.values())
    if ended is not None:
        states = _closed(states, known.day(ended))
    return _named(states)


def _over(facts: Facts) -> bool:
    return bool(facts["status"] == "canceled")


def _held(facts: Facts, lines: Iterable[Facts], known: Known, paid_from: int) -> dict[int, Items]:
    """The items by the moment since which they were held; the first stand from the beginning."""
    by_moment: dict[int, list[Facts]] = defaultdict(list)
    for line in lines:
        if line["item"] and line["price"] not in known.metered and line["cycle_minor"] is not None:
            by_moment[line["start"]].append(line)
    held: dict[int, Items] = {}
    items: Items = {}
    for moment in sorted(each for each in by_moment if each >= paid_from):
        items = _after(items, by_moment[moment], facts, known)
        if items:
            held[moment] = items
    now = {
        each["item"]: _Item(each["product"], each["cycle"], each["amount_minor"])
        for each in facts["items"]
        if not each["metered"]
    }
    if not _over(facts) and (not held or _sums(now) != _sums(items)):
        begins = max((each["period_start"] for each in facts["items"]), default=known.seen)
        last = max(held, default=None)
        held[begins if last is None or begins > last else known.seen] = now
    begun = int(facts["started"])
    first = held.pop(min(held)) if held else now
    return {begun: first} | {moment: each for moment, each in held.items() if moment > begun}


def _after(items: Items, lines: list[Facts], facts: Facts, known: Known) -> Items:
    """The items after what was billed at one moment."""
    whole = [line for line in lines if not line["proration"] and not line["credit"]]
    if whole:
        return {line["item"]: _billed(line, facts, known) for line in whole}
    changed = dict(items)
    for line in lines:
        if line["credit"]:
            changed.pop(line["item"], None)
    for line in lines:
        if not line["credit"]:
            changed[line["item"]] = _billed(line, facts, known)
    return changed


def _billed(line: Facts, facts: Facts, known: Known) -> _Item:
    cycle = known.cycles.get(line["price"], facts["cycle"])
    return _Item(line["product"], cycle, line["cycle_minor"])


def _sums(items: Items) -> list[tuple[str, str, int]]:
    return sorted((each.product or "", each.cycle, each.amount_minor) for each in items.values())


def _turn(facts: Facts, known: Known) -> tuple[int, str] | None:
    """The moment since which a running subscription is not simply active, and what it is then."""
    status = "paused" if facts["paused"] else _STATUS[facts["status"]]
    if status in ("past_due", "unpaid"):
        return max(known.owing_since or known.seen, int(facts["started"])), status
    return (known.seen, "paused") if status == "paused" else None


def _state(on: date, status: str, items: Items, facts: Facts, moment: int) -> State:
    amount = sum(each.amount_minor for each in items.values())
    for off in facts["off"]:
        if off["since"] > moment:
            continue
        if off["percent"] is not None:
            amount -= rounded(amount * Fraction(off["percent"]) / 100)
        amount -= min(off["minor"], amount)
    main = max(items.values(), key=lambda each: each.amount_minor, default=None)
    product, cycle = (main.product, main.cycle) if main else (None, facts["cycle"])
    return State(on, "", status, product, cycle, amount)


def _closed(states: list[State], on: date) -> list[State]:
    """The states up to the day of the end, and the end."""
    kept = [each for each in states if each.on <= on]
    last = kept[-1]
    return [*kept, State(on, "", "cancelled", last.product, last.cycle, last.amount_minor)]


def _named(states: list[State]) -> list[State]:
    """The states that change something, each with what changed."""
    named: list[State] = []
    for state in states:
        before = named[-1] if named else None
        kind = "created" if before is None else _kind(before, state)
        if kind:
            facts = (state.status, state.product, state.cycle, state.amount_minor)
            named.append(State(state.on, kind, *facts))
    return named


def _kind(before: State, after: State) -> str:
    if after.status != before.status:
        return _BY_STATUS.get((before.status, after.status), _BY_STATUS_AFTER.get(after.status, ""))
    if (after.product, after.cycle) != (before.product, before.cycle):
        return "plan_changed"
    return "amount_changed" if after.amount_minor != before.amount_minor else ""


_BY_STATUS = {("trial", "active"): "activated"}
_BY_STATUS_AFTER = {
    "cancelled": "cancelled",
    "paused": "paused",
    "past_due": "status_changed",
    "unpaid": "status_changed",
    "active": "status_changed",
}
