"""How books and gateways stood day by day: kept once a day, drawn as a chart (REC.3)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert

from core.clock import local_date
from core.reconciliation.models import GatewayPull, ReconciliationDay
from core.reconciliation.report import Comparison, Total, compare
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
