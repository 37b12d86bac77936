"""How books and gateways stood day by day: kept once a day, drawn as a chart (REC.3)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import func, select, text
from sqlalchemy.dialects.postgresql import insert

from core.clock import local_date
from core.ledger.chart import CLEARING, CODE
from core.reconciliation.models import GatewayPull, ReconciliationDay
from core.reconciliation.report import Comparison, Total, compare
from core.reconciliation.rules import TOLERANCE_MINOR
from core.reconciliation.sides import Window
from core.work import Work


@dataclass(frozen=True)
class DayRow:
    """A day's end of a provider and currency, of everything since `since`; minor units."""

    provider: str
    currency: str
    day: date
    since: date
    ledger_minor: int
    provider_minor: int
    in_transit_minor: int
    drift_minor: int
    open_rows: int


@dataclass(frozen=True)
class ClearingAccount(Total):
    """A clearing account at a day's end; the sums of `Total` are of everything since `since`.

    `balance_minor` is what the ledger has on it, as the trial balance shows it:
    `before_minor`, of before the gateway was first read, plus `ledger_minor`.
    """

    since: date
    before_minor: int
    balance_minor: int


_BALANCES = text("""
-- What a clearing account held before a day, by currency; minor units.
select e.currency, cast(sum(e.amount_minor) as bigint) as amount_minor
from accounting_entry e join ledger_transaction t on t.id = e.ledger_transaction_id
where e.account_code = :code and t.booked_on < :day
group by e.currency
""")


def clearing_accounts(
    work: Work, found: Sequence[Total], provider: str | None = None
) -> tuple[ClearingAccount, ...]:
    """The totals of `clearing` with what each account held before the gateway was first read."""
    since = {name: day for name, day in _first_days(work).items() if provider in (None, name)}
    before = {
        (name, row.currency): row.amount_minor
        for name, first in since.items()
        for row in work.session.execute(_BALANCES, {"code": CODE[CLEARING[name]], "day": first})
        if row.amount_minor
    }
    moved = {(total.provider, total.currency): total for total in found}
    return tuple(
        _account(moved.get(place) or _at_rest(*place), since[place[0]], before.get(place, 0))
        for place in sorted(moved.keys() | before.keys())
    )


def _account(total: Total, since: date, before_minor: int) -> ClearingAccount:
    return ClearingAccount(
        **vars(total),
        since=since,
        before_minor=before_minor,
        balance_minor=before_minor + total.ledger_minor,
    )


def _at_rest(provider: str, currency: str) -> Total:
    """An account on which nothing moved since the gateway was read."""
    return Total(provider, currency, 0, 0, 0, 0, 0, TOLERANCE_MINOR, True, 0, "agrees", 0, 0, 0, 0)


def clearing(work: Work, as_of: date, provider: str | None = None) -> Comparison:
    """The clearing accounts at a day's end, explained by what each gateway told until then."""
    found = [
        compare(work, Window(first, as_of, as_of, name))
        for name, first in _first_days(work).items()
        if provider in (None, name) and first <= as_of
    ]
    return Comparison(
        tuple(total for each in found for total in each.totals),
        tuple(row for each in found for row in each.differences),
    )


def note_day(work: Work, day: date, found: Sequence[Total]) -> None:
    """Keep how a day ended; the same day again is written over."""
    if not found:
        return
    since = _first_days(work)
    made = insert(ReconciliationDay).values(
        [
            {
                "provider": total.provider,
                "currency": total.currency,
                "day": day,
                "since": since[total.provider],
                "ledger_minor": total.ledger_minor,
                "provider_minor": total.provider_minor,
                "in_transit_minor": total.in_transit_minor,
                "drift_minor": total.drift_minor,
                "open_rows": total.open_rows,
                "noted_at": work.now,
            }
            for total in found
        ]
    )
    again = {
        name: made.excluded[name]
        for name in (
            "since",
            "ledger_minor",
            "provider_minor",
            "in_transit_minor",
            "drift_minor",
            "open_rows",
            "noted_at",
        )
    }
    work.session.execute(
        made.on_conflict_do_update(index_elements=["provider", "currency", "day"], set_=again)
    )


def days(work: Work, since: date, until: date, provider: str | None = None) -> tuple[DayRow, ...]:
    """The days kept of a window, the oldest first."""
    names = list(DayRow.__dataclass_fields__)
    found = select(*(getattr(ReconciliationDay, name) for name in names)).where(
        ReconciliationDay.day.between(since, until)
    )
    if provider is not None:
        found = found.where(ReconciliationDay.provider == provider)
    ordered = found.order_by(
        ReconciliationDay.day, ReconciliationDay.provider, ReconciliationDay.currency
    )
    return tuple(DayRow(*row) for row in work.session.execute(ordered))


def _first_days(work: Work) -> dict[str, date]:
    """The day from which on each gateway was read."""
    found = work.session.execute(
        select(GatewayPull.provider, func.min(GatewayPull.since_at))
        .group_by(GatewayPull.provider)
        .order_by(GatewayPull.provider)
    )
    zone = work.settings.billing_timezone
    return {provider: local_date(since, zone) for provider, since in found}
