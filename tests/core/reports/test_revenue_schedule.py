"""The revenue schedule: past months are the ledger's, coming ones add up to what is deferred."""

from datetime import date

import pytest
from sqlalchemy import func, select

from core.clock import SetClock
from core.errors import BadInput
from core.ledger.chart import CODE
from core.ledger.models import AccountingEntry
from core.ledger.recognition import recognise_revenue
from core.reports.revenue_schedule import (
    FILE_COLUMNS,
    Schedule,
    ScheduleMonth,
    as_lines,
    revenue_schedule,
)
from core.subscriptions.actions import cancel
from core.work import Office
from tests.billing import (
    JOB,
    WHY,
    a_charge,
    a_subscription,
    a_tenant,
    pass_days,
    the_invoices,
    the_plans,
    wrong_books,
)
from tests.inbox import finance

NOVEMBER, DECEMBER = date(2026, 11, 1), date(2026, 12, 1)


def _schedule(office: Office, since: date, until: date) -> Schedule:
    with office.work(finance(office)) as work:
        return revenue_schedule(work, since, until)


def _deferred(office: Office, currency: str = "EUR") -> int:
    with office.work(JOB) as work:
        return -int(
            work.session.scalar(
                select(func.coalesce(func.sum(AccountingEntry.amount_minor), 0)).where(
                    AccountingEntry.account_code == CODE["deferred_revenue"],
                    AccountingEntry.currency == currency,
                )
            )
            or 0
        )


def _planned(found: Schedule) -> list[ScheduleMonth]:
    return [month for month in found.months if month.planned]


def test_coming_months_add_up_to_what_is_deferred(office: Office) -> None:
    plans = the_plans(office)
    a_subscription(office, a_tenant(office), plans["growth"], "annual")
    a_subscription(office, a_tenant(office), plans["starter"])
    found = _schedule(office, NOVEMBER, date(2027, 12, 1))
    assert sum(month.recognised_minor for month in _planned(found)) == _deferred(office) > 0
    assert found.later_minor == {"EUR": 0}
    assert sum(line.left_minor for line in found.lines) == _deferred(office)
    for before, after in zip(found.months, found.months[1:], strict=False):
        assert after.opening_minor == before.closing_minor
    for month in found.months:
        moved = month.opening_minor + month.deferred_minor - month.recognised_minor
        assert month.closing_minor == moved


def test_the_plan_becomes_what_is_posted(office: Office, clock: SetClock) -> None:
    plans = the_plans(office)
    a_subscription(office, a_tenant(office), plans["growth"], "annual")
    a_subscription(office, a_tenant(office, "SE", "SEK"), plans["growth"])
    before = _schedule(office, NOVEMBER, date(2027, 12, 1))
    pass_days(clock, 20)
    with office.work(JOB) as work:
        recognise_revenue(work, NOVEMBER)
    after = _schedule(office, NOVEMBER, date(2027, 12, 1))
    assert after.open_from == DECEMBER
    for was, now in zip(before.months, after.months, strict=True):
        assert now.planned == (now.month > NOVEMBER)
        assert (was.recognised_minor, was.closing_minor) == (
            now.recognised_minor, now.closing_minor,
        )  # fmt: skip
    assert wrong_books(office) == []


def test_a_credit_note_takes_its_days_out_of_the_plan(office: Office, clock: SetClock) -> None:
    plans = the_plans(office)
    subscription = a_subscription(office, a_tenant(office), plans["growth"], "annual")
    a_charge(office, the_invoices(office)[0])
    pass_days(clock, 40)
    with office.work(JOB) as work:
        recognise_revenue(work, NOVEMBER)
    with office.work(finance(office)) as work:
        cancel(work, subscription.id, "other", mode="now", credit_unused=True, reason=WHY)
    found = _schedule(office, NOVEMBER, date(2027, 12, 1))
    assert wrong_books(office) == []
    assert sum(month.recognised_minor for month in _planned(found)) == _deferred(office)
    assert found.months[-1].closing_minor == 0
    assert any(line.net_minor < 0 for line in found.lines)


def test_a_short_window_tells_what_comes_later(office: Office) -> None:
    plans = the_plans(office)
    a_subscription(office, a_tenant(office), plans["growth"], "annual")
    found = _schedule(office, NOVEMBER, NOVEMBER)
    (month,) = found.months
    assert (
        found.later_minor["EUR"]
        == month.closing_minor
        == _deferred(office) - month.recognised_minor
    )
    lines = as_lines(found)
    assert [line["line"] for line in lines] == ["month", "document"]
    assert {name for line in lines for name in line} == set(FILE_COLUMNS)
    with pytest.raises(BadInput, match="120 months"):
        _schedule(office, NOVEMBER, date(2040, 1, 1))


def test_nothing_deferred_is_an_empty_plan(office: Office) -> None:
    found = _schedule(office, NOVEMBER, DECEMBER)
    assert (found.months, found.lines, found.later_minor) == ((), (), {})
