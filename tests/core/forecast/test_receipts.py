"""Weeks, later and never add up to what is open, to the minor unit, at every call alike."""

from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from core.forecast.behaviour import Behaviour
from core.forecast.invoices import Paid
from core.forecast.receipts import DRAWS, forecast
from tests.core.forecast.bills import TODAY, a_bill, settled

bills = st.lists(
    st.tuples(
        st.integers(-60, 60),
        st.integers(1, 999_999),
        st.integers(0, 3),
        st.none() | st.integers(-20, 60),
    ),
    max_size=25,
)


@given(bills)
def test_every_invoice_adds_up_and_the_weeks_are_their_sum(rows) -> None:
    made = [
        a_bill(TODAY - timedelta(days=off), late, minor=minor, customer=f"c{who}")
        for off, minor, who, late in rows
    ]
    known = Behaviour(made, TODAY)
    found = forecast(known, made, TODAY, 13)
    assert found.open_minor == sum(bill.owed_minor(TODAY) for bill in made)
    for row in found.invoices:
        assert sum(row.weeks_minor) + row.later_minor + row.never_minor == row.open_minor
        assert min(*row.weeks_minor, row.later_minor, row.never_minor) >= 0
    for nth, week in enumerate(found.weeks):
        assert week.expected_minor == sum(row.weeks_minor[nth] for row in found.invoices)
        assert week.range.low_minor <= week.range.middle_minor <= week.range.high_minor
    assert found == forecast(Behaviour(made, TODAY), made, TODAY, 13)


def test_the_weeks_begin_the_day_after_and_follow_without_a_gap() -> None:
    found = forecast(Behaviour([], TODAY), [a_bill(TODAY)], TODAY, 13)
    assert found.weeks[0].since == date(2026, 7, 1)
    assert [week.until + timedelta(days=1) for week in found.weeks[:-1]] == [
        week.since for week in found.weeks[1:]
    ]
    assert found.weeks[-1].until == TODAY + timedelta(days=91)


def test_part_payments_and_unused_money_are_taken_off_the_invoice_due_first() -> None:
    part = a_bill(TODAY - timedelta(days=5), paid=(Paid(TODAY - timedelta(days=2), 4_000),))
    second = a_bill(TODAY + timedelta(days=5))
    other = a_bill(TODAY, customer="bo")
    found = forecast(Behaviour([], TODAY), [second, part, other], TODAY, 13, {"ada": 7_000})
    assert {row.invoice.invoice_id: row.open_minor for row in found.invoices} == {
        second.invoice_id: 9_000,
        other.invoice_id: 10_000,
    }
    assert found.credit_minor == 7_000


def test_when_due_counts_an_overdue_invoice_in_the_first_week() -> None:
    bills = [a_bill(TODAY + timedelta(days=days), terms=120) for days in (-40, 0, 1, 7, 8, 91, 92)]
    found = forecast(Behaviour([], TODAY), bills, TODAY, 13)
    assert [week.naive_minor for week in found.weeks] == [40_000, 10_000, *[0] * 10, 10_000]


def test_the_range_holds_eight_of_ten_cases_and_a_sure_payer_has_none() -> None:
    history = [*settled(100, 3, customer="x"), *settled(100, 10, customer="x")]
    asked = [a_bill(TODAY, customer=f"c{n}") for n in range(60)]
    found = forecast(Behaviour([*history, *asked], TODAY), asked, TODAY, 13)
    first = found.weeks[0]
    assert first.range.low_minor < first.expected_minor < first.range.high_minor
    assert abs(first.range.middle_minor - first.expected_minor) < 30_000
    sure = forecast(Behaviour(settled(5_000, 3), TODAY), [a_bill(TODAY)], TODAY, 13)
    assert sure.weeks[0].range.low_minor == sure.weeks[0].range.high_minor == 10_000
    assert DRAWS >= 100
