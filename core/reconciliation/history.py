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
    """The clearing accounts at a day's end, explained by what the gateways told until then."""
    first = _first_day(work, provider)
    if first is None or first > as_of:
        return Comparison((), ())
    return compare(work, Window(first, as_of, as_of, provider))


def note_day(work: Work, day: date, found: Sequence[Total]) -> None:
    """Keep how a day ended; the same day again is written over."""
    if not found:
        return
    since = _first_day(work, None) or day
    made = insert(ReconciliationDay).values(
        [
            {
                "provider": total.provider,
                "currency": total.currency,
                "day": day,
                "since": since,
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


def _first_day(work: Work, provider: str | None) -> date | None:
    first = select(func.min(GatewayPull.since_at))
    if provider is not None:
        first = first.where(GatewayPull.provider == provider)
    moment = work.session.scalar(first)
    return None if moment is None else local_date(moment, work.settings.billing_timezone)
