"""Weeks, later and never add up to what is open, to the minor unit, at every call alike."""

from datetime import date, timedelta

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from core.forecast.draws import DRAWS
from tests.core.forecast.bills import TODAY, a_bill, settled
from tests.core.forecast.columns import forecast_of
from tests.core.forecast.slow import Paid

bills = st.lists(
    st.tuples(
        st.integers(-60, 60),
        st.integers(1, 999_999),
        st.integers(0, 3),
        st.none() | st.integers(-20, 60),
    ),
    min_size=1,
    max_size=25,
)


@given(bills)
def test_every_invoice_adds_up_and_the_weeks_are_their_sum(rows) -> None:
    made = [
        a_bill(TODAY - timedelta(days=off), late, minor=minor, customer=f"c{who}")
        for off, minor, who, late in rows
    ]
    found, _ = forecast_of(made)
    assert found.open.open_minor.sum() == sum(bill.owed_minor(TODAY) for bill in made)
    rows = np.column_stack((found.weeks_minor, found.later_minor, found.never_minor))
    assert (rows.sum(axis=1) == found.open.open_minor).all()
    assert (rows >= 0).all()
    for nth, week in enumerate(found.weeks.weeks):
        assert week.expected_minor == found.weeks_minor[:, nth].sum()
        assert week.range.low_minor <= week.range.middle_minor <= week.range.high_minor
    assert found.weeks == forecast_of(made)[0].weeks


def test_the_weeks_begin_the_day_after_and_follow_without_a_gap() -> None:
    weeks = forecast_of([a_bill(TODAY)])[0].weeks.weeks
    assert weeks[0].since == date(2026, 7, 1)
    assert [week.until + timedelta(days=1) for week in weeks[:-1]] == [
        week.since for week in weeks[1:]
    ]
    assert weeks[-1].until == TODAY + timedelta(days=91)


def test_part_payments_and_unused_money_are_taken_off_the_invoice_due_first() -> None:
    part = a_bill(TODAY - timedelta(days=5), paid=(Paid(TODAY - timedelta(days=2), 4_000),))
    second = a_bill(TODAY + timedelta(days=5))
    other = a_bill(TODAY, customer="bo")
    found, made = forecast_of([second, part, other], unused={"ada": 7_000})
    ids = made.invoice_id[found.open.place]
    assert dict(zip(ids, found.open.open_minor, strict=True)) == {
        second.invoice_id: 9_000,
        other.invoice_id: 10_000,
    }
    assert found.credit_minor == 7_000


def test_when_due_counts_an_overdue_invoice_in_the_first_week() -> None:
    bills = [a_bill(TODAY + timedelta(days=days), terms=120) for days in (-40, 0, 1, 7, 8, 91, 92)]
    found, _ = forecast_of(bills)
    assert [week.naive_minor for week in found.weeks.weeks] == [40_000, 10_000, *[0] * 10, 10_000]


def test_the_range_holds_eight_of_ten_cases_and_a_sure_payer_has_none() -> None:
    history = [*settled(100, 3, customer="x"), *settled(100, 10, customer="x")]
    asked = [a_bill(TODAY, customer=f"c{n}") for n in range(60)]
    first = forecast_of([*history, *asked])[0].weeks.weeks[0]
    assert first.range.low_minor < first.expected_minor < first.range.high_minor
    assert abs(first.range.middle_minor - first.expected_minor) < 30_000
    [sure, *_] = forecast_of([*settled(5_000, 3), a_bill(TODAY)])[0].weeks.weeks
    assert sure.range.low_minor == sure.range.high_minor == 10_000
    assert DRAWS >= 100
