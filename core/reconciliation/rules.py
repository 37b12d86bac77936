"""What kind of difference is it, is it one yet, and does a total pass? Pure (REC.1–2)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

from core.money import units_text

TOLERANCE_MINOR = 100
"""A total may differ by so much, to either side, and pass (REC.1)."""
GRACE_DAYS = 1
"""Days within which the other side may still tell of an event."""
BANK_DAYS = 3
"""Bank days around a payout's day on which the bank may show it (REC.3)."""
Class = Literal[
    "missing_here",
    "missing_there",
    "amount",
    "fee",
    "currency",
    "duplicate",
    "timing",
    "in_transit",
]
QUIET: tuple[Class, ...] = ("timing", "in_transit")
"""Classes that are no exception."""
POSTABLE: Mapping[Class, str] = {
    "fee": "fee_posted",
    "missing_here": "difference_booked",
    "missing_there": "difference_booked",
    "amount": "difference_booked",
    "currency": "difference_booked",
    "duplicate": "difference_booked",
}
"""What may be posted for a difference of a class."""
NOUNS = {
    "charge": "payment",
    "refund": "refund",
    "fee": "fee",
    "dispute": "dispute",
    "dispute_won": "won dispute",
    "payout": "payout",
    "adjustment": "adjustment",
}


@dataclass(frozen=True)
class Side:
    """What one side says of an event; minor units, no currency when it says nothing.

    `rows` counts the events; what only corrects one is in the sums alone.
    """

    rows: int
    currency: str | None = None
    amount_minor: int = 0
    fee_minor: int = 0
    on: date | None = None
    inside_minor: int = 0
    """Net, as far as it lies in the window."""

    @property
    def tells(self) -> bool:
        """Whether it says anything."""
        return self.currency is not None

    @property
    def net_minor(self) -> int:
        """The amount without its fee."""
        return self.amount_minor - self.fee_minor


@dataclass(frozen=True)
class Finding:
    """The class of a difference, why in words, and until when it may be in transit."""

    kind: Class
    words: str
    due_on: date | None = None


def passes(drift_minor: int) -> bool:
    """True within the tolerance; exactly the tolerance passes, to either side."""
    return abs(drift_minor) <= TOLERANCE_MINOR


def bank_days_after(day: date, days: int) -> date:
    """The day that many bank days later, Monday to Friday; holidays differ by country."""
    step = timedelta(days=1 if days >= 0 else -1)
    left = abs(days)
    while left:
        day += step
        left -= day.weekday() < 5
    return day


def find(
    kind: str,
    ours: Side,
    theirs: Side,
    as_of: date,
    arrives_on: date | None = None,
    read_since: date | None = None,
) -> Finding:
    """Which class a difference is; `arrives_on` is the day a payout is expected at the bank.

    One that is told of by one side alone is in transit until its time has passed. What was posted
    before `read_since`, when the gateway was read first, is timing, and so are payouts soon after.
    """
    if ours.tells and theirs.tells and ours.currency != theirs.currency:
        return Finding("currency", f"{theirs.currency} there, {ours.currency} here")
    if (ours.amount_minor, ours.fee_minor) == (theirs.amount_minor, theirs.fee_minor):
        told = f"{theirs.on} there, {ours.on} here" if theirs.tells and ours.tells else "other days"
        return Finding("timing", f"The same on both sides of the window's edge: {told}")
    if not theirs.tells and _of_before(kind, ours, read_since):
        return Finding("timing", f"Of before {read_since}, when the gateway was read first")
    if not ours.tells or not theirs.tells:
        return _alone(kind, ours, theirs, as_of, arrives_on)
    if ours.amount_minor != theirs.amount_minor:
        return _amounts(kind, ours, theirs)
    return Finding(
        "fee", f"Fee {_money(theirs.fee_minor, theirs)} there, {_money(ours.fee_minor, ours)} here"
    )


def _of_before(kind: str, ours: Side, read_since: date | None) -> bool:
    """Whether what we posted is of before the gateway was read, or a payout that left before."""
    if read_since is None or ours.on is None:
        return False
    if kind == "payout":
        return ours.on <= bank_days_after(read_since, 2 * BANK_DAYS)
    return ours.on < read_since


def _amounts(kind: str, ours: Side, theirs: Side) -> Finding:
    noun = NOUNS[kind]
    if (
        ours.rows != theirs.rows
        and ours.amount_minor * theirs.rows == theirs.amount_minor * ours.rows
    ):
        return Finding(
            "duplicate",
            f"The {noun} is there {_times(theirs.rows)} and here {_times(ours.rows)}",
        )
    return Finding(
        "amount",
        f"Amount {_money(theirs.amount_minor, theirs)} there, "
        f"{_money(ours.amount_minor, ours)} here",
    )


def _alone(kind: str, ours: Side, theirs: Side, as_of: date, arrives_on: date | None) -> Finding:
    side, noun = theirs if theirs.tells else ours, NOUNS[kind]
    assert side.on is not None, "somebody tells of it"
    due_on = side.on + timedelta(days=GRACE_DAYS)
    if kind == "payout" and theirs.tells:
        due_on = bank_days_after(max(arrives_on or side.on, side.on), BANK_DAYS)
    if as_of <= due_on:
        where = "to the bank" if kind == "payout" else "to the other side"
        return Finding("in_transit", f"On its way {where} until {due_on}", due_on)
    if theirs.tells:
        missing = "the bank has not shown it" if kind == "payout" else "not in the books"
        return Finding("missing_here", f"The gateway has the {noun}; {missing}")
    return Finding("missing_there", f"The books have the {noun}; the gateway does not tell of it")


def _money(minor: int, side: Side) -> str:
    assert side.currency is not None
    return f"{units_text(minor, side.currency)} {side.currency}"


def _times(rows: int) -> str:
    return {1: "once", 2: "twice"}.get(rows, f"{rows} times")


PayoutState = Literal[
    "agrees",
    "deducted",
    "on_its_way",
    "failed",
    "lines_differ",
    "not_in_bank",
    "bank_far",
    "not_posted",
    "ledger_differs",
]


@dataclass(frozen=True)
class PayoutFacts:
    """A payout as gateway, bank and books have it; minor units, None where one says nothing.

    `deducts`: its gateway lists payments alone, and pays them less refunds that it does not list.
    """

    status: str
    amount_minor: int
    arrives_on: date
    lines_minor: int | None
    bank_on: date | None
    ledger_minor: int | None
    deducts: bool = False


def payout_state(facts: PayoutFacts, as_of: date) -> PayoutState:
    """Whether a payout is the same three ways, or where it is not (REC.3)."""
    late = as_of > bank_days_after(facts.arrives_on, BANK_DAYS)
    gone = facts.bank_on is None and facts.ledger_minor is None
    lines = facts.amount_minor if facts.lines_minor is None else facts.lines_minor
    deducted = facts.deducts and lines > facts.amount_minor
    found: tuple[tuple[bool, PayoutState], ...] = (
        (facts.status in ("failed", "canceled"), "failed"),
        (lines != facts.amount_minor and not deducted, "lines_differ"),
        (gone and not late, "on_its_way"),
        (facts.bank_on is None, "not_in_bank"),
        (facts.bank_on is not None and not near(facts.bank_on, facts.arrives_on), "bank_far"),
        (facts.ledger_minor is None, "not_posted"),
        (facts.ledger_minor != facts.amount_minor, "ledger_differs"),
        (deducted, "deducted"),
    )
    return next((state for holds, state in found if holds), "agrees")


def near(bank_on: date, arrives_on: date) -> bool:
    """Whether the bank's day is within three bank days of the one the gateway named."""
    first, last = (bank_days_after(arrives_on, days) for days in (-BANK_DAYS, BANK_DAYS))
    return first <= bank_on <= last
