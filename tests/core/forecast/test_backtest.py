"""The back-test knows only what was known, and counts only what came on the invoices open then."""

from datetime import date, timedelta

import pytest

from core.forecast.backtest import Trial, month_ends, score
from core.forecast.draws import Range
from tests.core.forecast.bills import a_bill
from tests.core.forecast.columns import trials_of
from tests.core.forecast.slow import Billed, Paid

END = date(2026, 6, 30)


def late_payers(months: int = 14) -> list[Billed]:
    """Every Monday an invoice due in a month, always paid twelve days late."""
    first = END - timedelta(days=31 * months)
    return [
        a_bill(first + timedelta(days=7 * n + 30), 12, customer=f"c{n % 4}")
        for n in range(months * 31 // 7)
    ]


def test_month_ends_stop_where_their_weeks_would_not_be_over() -> None:
    assert month_ends(date(2026, 3, 30), 3) == [
        date(2025, 12, 31),
        date(2026, 1, 31),
        date(2026, 2, 28),
    ]
    assert month_ends(date(2026, 3, 31), 1) == [date(2026, 3, 31)]


def test_a_steady_delay_is_forecast_better_than_the_due_date_says() -> None:
    bills = late_payers()
    trials = trials_of(bills, END)
    for weeks in (4, 13):
        found = score(trials, weeks)
        assert found.trials > 0
        assert found.error < found.naive_error / 2
    assert {trial.day + timedelta(days=7 * trial.weeks) <= END for trial in trials} == {True}


def test_later_payments_change_what_came_but_not_what_was_forecast() -> None:
    bills = late_payers()
    cut = month_ends(END - timedelta(days=28), 1)[0]
    changed = [
        a_bill(bill.due_on, 102 if bill.paid[0].on > cut else 12, customer=bill.customer)
        for bill in bills
    ]
    [before] = [t for t in trials_of(bills, END) if (t.day, t.weeks) == (cut, 4)]
    [after] = [t for t in trials_of(changed, END) if (t.day, t.weeks) == (cut, 4)]
    assert (after.expected_minor, after.range, after.naive_minor) == (
        before.expected_minor,
        before.range,
        before.naive_minor,
    )
    assert (before.came_minor > 0, after.came_minor) == (True, 0)


def test_only_money_on_the_invoices_open_that_day_has_come() -> None:
    bills = late_payers()
    cut = month_ends(END - timedelta(days=28), 1)[0]
    issued_later = a_bill(cut + timedelta(days=10), 1, terms=5, minor=500_000)
    by_credit = a_bill(
        cut + timedelta(days=3), paid=(Paid(cut + timedelta(days=5), 10_000, cash=False),)
    )
    more = [*bills, issued_later, by_credit]
    [before] = [t for t in trials_of(bills, END) if (t.day, t.weeks) == (cut, 4)]
    [after] = [t for t in trials_of(more, END) if (t.day, t.weeks) == (cut, 4)]
    assert after.came_minor == before.came_minor


def test_too_few_settled_invoices_are_no_ground_for_a_trial() -> None:
    bills = late_payers(months=3)
    assert trials_of(bills[:20], END) == []
    empty = score([], 4)
    assert (empty.trials, empty.error, empty.naive_error) == (0, None, None)


@pytest.mark.parametrize(
    ("missed", "came", "error"), [(0, 0, None), (5, 10, "1/2")], ids=["nothing came", "half"]
)
def test_the_error_is_the_miss_over_what_came(missed: int, came: int, error: str | None) -> None:
    trial = Trial(END, 4, 0, Range(0, 0, 0), 0, came, missed, missed)
    assert str(score([trial], 4).error) == str(error)
