"""A company with a finished October, and what closes it."""

from datetime import UTC, date, datetime

from core.access.authority import Actor
from core.clock import SetClock
from core.closing.actions import close_month
from core.closing.checklist import CopySeen
from core.closing.models import ClosedMonth
from core.closing.rules import CopiedFigures, Copier, Figure
from core.ledger.recognition import recognise_revenue
from core.work import Office
from tests.billing import JOB, WHY, a_tenant, an_invoice
from tests.conftest import NOON
from tests.inbox import finance

OCTOBER, NOVEMBER = date(2026, 10, 1), date(2026, 11, 1)
IN_OCTOBER = datetime(2026, 10, 10, 12, tzinfo=UTC)
SEEN = CopySeen(NOON.date(), NOON)


def at(office: Office, moment: datetime) -> None:
    """Move the test's clock."""
    assert isinstance(office.clock, SetClock)
    office.clock.move_to(moment)


def october(office: Office) -> None:
    """An invoice issued in October, its revenue recognised; it is the 20th of November."""
    at(office, IN_OCTOBER)
    an_invoice(office, a_tenant(office))
    at(office, NOON)
    with office.work(JOB) as work:
        recognise_revenue(work, OCTOBER)


def copied(minor: int = 500) -> Copier:
    """A copy made today that holds one figure."""
    figure = Figure.of("metrics.mrr", "", {"minor": minor, "currency": "EUR"})
    return holding(figure)


def holding(*figures: Figure, at: datetime = NOON) -> Copier:
    """A copy made at a moment that holds some figures."""
    return lambda _month, _currency: CopiedFigures("run-1", at, at.date(), "EUR", figures)


def close(office: Office, month: date = OCTOBER, actor: Actor | None = None) -> ClosedMonth:
    """The month closed by a person of finance."""
    with office.work(actor or finance(office)) as work:
        return close_month(work, month, copied(), reason=WHY)
