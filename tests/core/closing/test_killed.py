"""A close that is killed at a statement happened wholly or not at all (LED.2)."""

from collections.abc import Callable

import pytest
from sqlalchemy import func, select

from core.audit.models import AuditEvent
from core.closing.actions import close_month, reopen_month
from core.closing.models import ClosedFigure, ClosedMonth
from core.closing.viewing import verify_month
from core.work import Office
from tests.billing import JOB, WHY
from tests.closing import OCTOBER, close, copied, october
from tests.inbox import finance
from tests.killing import survives

STATEMENTS = (4, 9, 15, 24, 33, 45)


def _told(office: Office, event_type: str) -> int:
    with office.work(JOB) as work:
        found = select(func.count()).where(AuditEvent.event_type == event_type)
        return work.session.scalar(found) or 0


def _live(office: Office) -> ClosedMonth | None:
    with office.work(JOB) as work:
        return work.session.scalar(select(ClosedMonth).where(ClosedMonth.reopened_at.is_(None)))


def _figures(office: Office) -> int:
    with office.work(JOB) as work:
        return work.session.scalar(select(func.count()).select_from(ClosedFigure)) or 0


def _in_child(office: Office, act: Callable[..., object], *given: object) -> Callable[..., None]:
    actor = finance(office)

    def run(at: Office) -> None:
        with at.work(actor) as work:
            act(work, OCTOBER, *given, reason=WHY)

    return run


@pytest.mark.parametrize("nth", STATEMENTS)
def test_a_killed_close_is_whole_or_nothing(office: Office, database_url: str, nth: int) -> None:
    october(office)
    survives(office, database_url, _in_child(office, close_month, copied()), "statement", nth)
    kept = _live(office)
    if kept is None:
        assert (_figures(office), _told(office, "month.closed")) == (0, 0)
        kept = close(office)
    assert _figures(office) == kept.figures
    assert _told(office, "month.closed") == 1
    with office.work(JOB) as work:
        assert verify_month(work, OCTOBER).intact


@pytest.mark.parametrize("nth", STATEMENTS[:2])
def test_a_killed_reopening_is_whole_or_nothing(
    office: Office, database_url: str, nth: int
) -> None:
    october(office)
    close(office)
    survives(office, database_url, _in_child(office, reopen_month), "statement", nth)
    reopened = _live(office) is None
    assert _told(office, "month.reopened") == int(reopened)
    if reopened:
        close(office)
    with office.work(JOB) as work:
        assert verify_month(work, OCTOBER).intact
