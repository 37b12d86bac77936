"""What gateways and books say of a window, in total and line by line (REC.1–2)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Literal

from sqlalchemy import Row, select

from core.clock import local_date
from core.reconciliation.models import (
    DECISIONS,
    GatewayPayout,
    GatewayPull,
    ReconciliationDecision,
)
from core.reconciliation.rules import (
    POSTABLE,
    QUIET,
    TOLERANCE_MINOR,
    Class,
    Finding,
    Side,
    find,
    passes,
)
from core.reconciliation.sides import Window, differing, totals
from core.work import Work

Standing = Literal["agrees", "open", "explained", "drift"]
Place = tuple[str, int, str, str]
"""What tells a difference: provider, account, kind and reference."""


@dataclass(frozen=True)
class Ignored:
    """A difference that a person left as it is; one of another amount is looked at anew."""

    decision_id: int
    difference_minor: int
    reason: str
    decided_at: datetime


@dataclass(frozen=True)
class Difference:
    """An event the two sides tell differently; minor units, `difference_minor` what is more there.

    `inside_minor` is what of it lies in the window, `other_inside_minor` that of their currency.
    `tenant_id` is whose own account it is, none for the company's. `act` is what may be posted for
    it, `ignored` why nobody is asked about it.
    """

    provider: str
    tenant_id: int | None
    kind: str
    reference: str
    difference: Class
    words: str
    currency: str
    their_currency: str | None
    ledger_minor: int | None
    ledger_fee_minor: int | None
    provider_minor: int | None
    provider_fee_minor: int | None
    difference_minor: int
    inside_minor: int
    other_inside_minor: int
    ledger_on: date | None
    provider_on: date | None
    age_days: int
    due_on: date | None
    act: str | None
    ignored: Ignored | None
    open: bool
    """Whether somebody has to look at it."""


@dataclass(frozen=True)
class Total:
    """Both sides of a provider and currency in the window; minor units.

    `provider − ledger = in transit + drift`; of the drift `ignored_minor` was explained by people,
    and `listed_minor` are the differences told of line by line.
    """

    provider: str
    currency: str
    ledger_minor: int
    provider_minor: int
    in_transit_minor: int
    drift_minor: int
    ignored_minor: int
    tolerance_minor: int
    within: bool
    open_rows: int
    standing: Standing
    ledger_rows: int
    provider_rows: int
    listed_minor: int
    unexplained_minor: int


@dataclass(frozen=True)
class Comparison:
    """Totals, and the differences behind them, those with the largest amounts first."""

    totals: tuple[Total, ...]
    differences: tuple[Difference, ...]


def compare(work: Work, window: Window) -> Comparison:
    """Hold the two sides of a window against each other."""
    found = differences(work, window)
    return Comparison(
        tuple(_total(row, found) for row in totals(work, window)),
        tuple(sorted(found, key=lambda each: (not each.open, -abs(each.difference_minor)))),
    )


def differences(work: Work, window: Window) -> list[Difference]:
    """Every difference of a window."""
    rows = differing(work, window)
    if not rows:
        return []
    arrivals, ignored = _arrivals(work, rows), _ignored(work)
    read = _read(work)
    return [
        _difference(
            row,
            window.as_of,
            arrivals.get(_place(row)),
            ignored.get(_place(row)),
            read.get((row.provider, row.account)),
        )
        for row in rows
    ]


def _difference(
    row: Row[Any],
    as_of: date,
    arrives_on: date | None,
    ignored: Ignored | None,
    read: tuple[date, date] | None,
) -> Difference:
    ours, theirs = _sides(row)
    known_until = as_of
    if read and not theirs.tells:
        # What was posted after the gateway was read last cannot be missing there yet.
        known_until = min(as_of, read[1])
    found = find(row.kind, ours, theirs, known_until, arrives_on, read and read[0])
    same = not (ours.tells and theirs.tells) or ours.currency == theirs.currency
    first = min(day for day in (ours.on, theirs.on) if day is not None)
    more = theirs.net_minor - ours.net_minor if same else -ours.net_minor
    if ignored and ignored.difference_minor != more:
        ignored = None
    return Difference(
        row.provider,
        row.account or None,
        row.kind,
        row.reference,
        found.kind,
        found.words,
        ours.currency or theirs.currency or "",
        None if same else theirs.currency,
        ours.amount_minor if ours.tells else None,
        ours.fee_minor if ours.tells else None,
        theirs.amount_minor if theirs.tells else None,
        theirs.fee_minor if theirs.tells else None,
        more,
        theirs.inside_minor - ours.inside_minor if same else -ours.inside_minor,
        0 if same else theirs.inside_minor,
        ours.on,
        theirs.on,
        (as_of - first).days,
        found.due_on,
        _act(row.kind, found),
        ignored,
        found.kind not in QUIET and ignored is None,
    )


def _act(kind: str, found: Finding) -> str | None:
    """What may be posted; a payout is posted by the bank's file alone."""
    if kind == "payout":
        return None
    if kind == "fee" and found.kind == "missing_here":
        return "fee_posted"
    return POSTABLE.get(found.kind)


def _sides(row: Row[Any]) -> tuple[Side, Side]:
    ours, theirs = (
        Side(
            getattr(row, f"{name}_rows"),
            getattr(row, f"{name}_currency"),
            getattr(row, f"{name}_minor"),
            getattr(row, f"{name}_fee_minor"),
            getattr(row, f"{name}_on"),
            getattr(row, f"{name}_inside_minor"),
        )
        for name in ("ours", "theirs")
    )
    return ours, theirs


def _total(row: Row[Any], found: Sequence[Difference]) -> Total:
    here = [each for each in found if each.provider == row.provider and _is_in(each, row.currency)]
    in_transit = sum(_told_in(each, row.currency) for each in here if each.difference in QUIET)
    ignored = sum(_told_in(each, row.currency) for each in here if each.ignored)
    drift = row.provider_minor - row.ledger_minor - in_transit
    count = sum(each.open for each in here)
    # The other currency of an event in two currencies has its whole amount there.
    listed = sum(_told_in(each, row.currency) for each in here if each.difference not in QUIET)
    return Total(
        row.provider,
        row.currency,
        row.ledger_minor,
        row.provider_minor,
        in_transit,
        drift,
        ignored,
        TOLERANCE_MINOR,
        passes(drift),
        count,
        _standing(drift, ignored, count),
        row.ledger_rows,
        row.provider_rows,
        listed,
        drift - listed,
    )


def _told_in(each: Difference, currency: str) -> int:
    """What a difference adds to the drift in a currency, minor units."""
    return each.inside_minor if currency == each.currency else each.other_inside_minor


def _is_in(each: Difference, currency: str) -> bool:
    return currency in (each.currency, each.their_currency)


def _standing(drift: int, ignored: int, count: int) -> Standing:
    """Green only within tolerance and with nothing open: +500 and −500 add up to nothing."""
    if passes(drift):
        return "open" if count else "agrees"
    return "explained" if passes(drift - ignored) and not count else "drift"


def _place(row: Row[Any]) -> Place:
    return row.provider, row.account, row.kind, row.reference


def _arrivals(work: Work, rows: Sequence[Row[Any]]) -> dict[Place, date]:
    """When the payouts among the differences are expected at the bank."""
    numbers = [row.reference for row in rows if row.kind == "payout"]
    if not numbers:
        return {}
    found = work.session.execute(
        select(
            GatewayPayout.provider,
            GatewayPayout.tenant_id,
            GatewayPayout.payout_id,
            GatewayPayout.arrives_on,
        ).where(GatewayPayout.payout_id.in_(numbers))
    )
    return {
        (provider, tenant_id or 0, "payout", payout_id): arrives_on
        for provider, tenant_id, payout_id, arrives_on in found
    }


def _ignored(work: Work) -> dict[Place, Ignored]:
    found = work.session.scalars(
        select(ReconciliationDecision).where(
            ReconciliationDecision.decision == DECISIONS[-1],
            ReconciliationDecision.undone_at.is_(None),
        )
    )
    return {
        (each.provider, each.tenant_id or 0, each.kind, each.reference): Ignored(
            each.id, each.amount_minor, each.reason, each.decided_at
        )
        for each in found
    }


def _read(work: Work) -> dict[tuple[str, int], tuple[date, date]]:
    """The days from and up to which each account's lines were read."""
    zone = work.settings.billing_timezone
    found = work.session.scalars(select(GatewayPull).where(GatewayPull.kind == "lines"))
    return {
        (mark.provider, mark.tenant_id or 0): (
            local_date(mark.since_at, zone),
            local_date(mark.reached_at, zone),
        )
        for mark in found
    }
