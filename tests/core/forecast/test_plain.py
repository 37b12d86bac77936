"""The probability of payment against a plain count of who was open and who paid, day by day."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import settings as run_with
from hypothesis import strategies as st

from core.forecast.behaviour import EARLIEST, LATEST, USUAL
from tests.core.forecast.bills import TODAY, a_bill
from tests.core.forecast.columns import forecast_of
from tests.core.forecast.slow import Billed

WEEKS = 3
histories = st.lists(
    st.tuples(
        st.integers(1, 300),
        st.none() | st.integers(-20, 60),
        st.sampled_from((("ada", "SE"), ("bo", "SE"), ("cy", "DE"))),
    ),
    min_size=1,
    max_size=12,
)


def paid_on(bill: Billed) -> date | None:
    return bill.paid[0].on if bill.paid and bill.paid[0].on <= TODAY else None


def share_paid(bills: list[Billed], late: int, asked: Billed) -> float:
    """Of the invoices open so many days past due, the share paid on that day."""
    share = 0.0
    for group, belief in (
        (bills, 0),
        ([b for b in bills if b.country == asked.country], USUAL.all_invoices),
        ([b for b in bills if b.customer == asked.customer], USUAL.country_invoices),
    ):
        at_risk = hits = 0.0
        for bill in group:
            weight = 0.5 ** (max((TODAY - bill.due_on).days, 0) / USUAL.half_life_days)
            until = paid_on(bill) or TODAY
            if (bill.issued_on - bill.due_on).days <= late <= (until - bill.due_on).days:
                at_risk += weight
                hits += weight * (paid_on(bill) is not None and late == (until - bill.due_on).days)
        share = (hits + belief * share) / (at_risk + belief) if at_risk + belief else 0.0
    return share


@run_with(max_examples=40, deadline=None)
@given(histories)
def test_expected_receipts_equal_the_plain_calculation(
    drawn: list[tuple[int, int | None, tuple[str, str]]],
) -> None:
    bills = [
        a_bill(TODAY - timedelta(days=ago), late, customer=who, country=country)
        for ago, late, (who, country) in drawn
    ]
    made, held = forecast_of(bills, WEEKS)
    by_id = {bill.invoice_id: bill for bill in bills}
    rows = [by_id[number] for number in held.invoice_id[made.open.place]]
    assert sorted(map(id, rows)) == sorted(id(bill) for bill in bills if paid_on(bill) is None)
    for row, weeks_minor, open_minor in zip(
        rows, made.weeks_minor, made.open.open_minor, strict=True
    ):
        still_open, reached = 1.0, 0
        for ahead in range(1, 7 * WEEKS + 1):
            late = (TODAY - row.due_on).days + ahead
            if EARLIEST <= late <= LATEST:
                still_open *= 1 - share_paid(bills, late, row)
            if ahead % 7 == 0:
                reached += weeks_minor[ahead // 7 - 1]
                assert reached == pytest.approx(open_minor * (1 - still_open), abs=0.51)
    for nth, week in enumerate(made.weeks.weeks):
        assert week.expected_minor == made.weeks_minor[:, nth].sum()
