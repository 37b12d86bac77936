"""Properties of periods, proration, totals, allocation, tax shares and recognition."""

from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import BadInput, NotNow
from core.invoices.rules import (
    NewLine,
    Tax,
    line_amounts,
    ocr_of,
    ocr_reference,
    recognised_by,
    tax_of,
    valid_ocr,
)
from core.invoices.totals import whole_of
from core.payments.rules import Due, Part, check_parts, spread, tax_within
from core.plans.defaults import default_plans
from core.subscriptions.models import STATUSES
from core.subscriptions.periods import (
    MOST_PERIODS,
    first_periods,
    instant_of,
    period_bounds,
    start_day,
)
from core.subscriptions.rules import (
    FIXED_DAYS,
    MONTHS,
    MOVES,
    boundary,
    check_move,
    monthly_minor,
    period_end,
    prorate,
)

DAYS = st.dates(date(2000, 1, 1), date(2090, 12, 31))
AMOUNTS = st.integers(0, 10**9)
CYCLES = st.sampled_from(sorted(MONTHS))
ZONES = st.sampled_from(
    [
        "UTC",
        "Europe/Stockholm",
        "America/Sao_Paulo",
        "Africa/Cairo",
        "Australia/Lord_Howe",
        "Pacific/Apia",
    ]
)


@given(DAYS, CYCLES)
def test_48_periods_never_drift_from_the_anchor(anchor: date, cycle: str) -> None:
    start = anchor
    for n in range(1, 49):
        start = period_end(start, cycle, anchor.day)
        assert start == boundary(anchor, MONTHS[cycle], n)
        assert start.day == anchor.day or (start + timedelta(days=1)).day == 1


def test_the_29th_of_february_comes_back_in_leap_years() -> None:
    starts = [boundary(date(2024, 2, 29), 12, n) for n in range(5)]
    assert [start.day for start in starts] == [29, 28, 28, 28, 29]


@given(
    st.datetimes(datetime(2000, 1, 1), datetime(2035, 12, 31)),  # noqa: DTZ001
    st.sampled_from(sorted(FIXED_DAYS)),
    st.booleans(),
    ZONES,
)
def test_48_periods_touch_and_keep_the_anchors_wall_time_in_every_zone(
    anchor: datetime, cycle: str, fixed: bool, zone: str
) -> None:
    found = first_periods(anchor, cycle, 48, zone, fixed_days=fixed)
    for before, after in pairwise(found):
        assert (before.end, before.end_on) == (after.start, after.start_on)
    for n, period in enumerate(found, 1):
        assert period.n == n
        assert period.start < period.end
        assert period.start.utcoffset() == timedelta(0)
        shown = period.start.astimezone(ZoneInfo(zone)).replace(tzinfo=None)
        wanted = datetime.combine(period.start_on, anchor.time())
        just_before = (period.start - timedelta(seconds=1)).astimezone(ZoneInfo(zone))
        assert shown == wanted or just_before.replace(tzinfo=None) < wanted < shown
        assert (
            period.start_on.day == anchor.day
            or fixed
            or cycle == "weekly"
            or (period.start_on.day < anchor.day and (period.start_on + timedelta(1)).day == 1)
        )


@given(DAYS, st.integers(0, 20))
def test_a_year_is_twelve_months_four_quarters_and_two_halves(anchor: date, years: int) -> None:
    start = datetime.combine(anchor, time())
    year = period_bounds(start, "annual", years + 1, "UTC")
    for cycle, many in (("monthly", 12), ("quarterly", 4), ("semiannual", 2)):
        parts = [period_bounds(start, cycle, years * many + k, "UTC") for k in range(1, many + 1)]
        assert (parts[0].start, parts[-1].end) == (year.start, year.end)
        assert sum(part.days for part in parts) == year.days


@pytest.mark.parametrize(
    ("zone", "wall", "instant"),
    [
        pytest.param(zone, wall, instant, id=words)
        for words, zone, wall, instant in [
            ("an ordinary midnight", "Europe/Stockholm", "2026-01-15T00:00", "2026-01-14T23:00"),
            ("within a gap", "Europe/Stockholm", "2026-03-29T02:30", "2026-03-29T01:00"),
            ("a fraction of a second into it", "Europe/Stockholm", "2026-03-29T02:00:00.500000",
             "2026-03-29T01:00"),
            ("the end of that gap", "Europe/Stockholm", "2026-03-29T03:00", "2026-03-29T01:00"),
            ("the earlier of two", "Europe/Stockholm", "2026-10-25T02:30", "2026-10-25T00:30"),
            ("a missing midnight in Brazil", "America/Sao_Paulo", "2018-11-04T00:00",
             "2018-11-04T03:00"),
            ("a missing midnight in Egypt", "Africa/Cairo", "2023-04-28T00:00", "2023-04-27T22:00"),
            ("a gap of half an hour", "Australia/Lord_Howe", "2026-10-04T02:15",
             "2026-10-03T15:30"),
            ("midnight of a day that never was", "Pacific/Apia", "2011-12-30T00:00",
             "2011-12-30T10:00"),
            ("noon of a day that never was", "Pacific/Apia", "2011-12-30T12:00",
             "2011-12-30T10:00"),
        ]
    ],
)  # fmt: skip
def test_the_instant_of_a_wall_time(zone: str, wall: str, instant: str) -> None:
    expected = datetime.fromisoformat(instant).replace(tzinfo=UTC)
    assert instant_of(datetime.fromisoformat(wall), zone) == expected


def test_a_period_across_the_change_of_clocks_counts_whole_days() -> None:
    march = period_bounds(datetime.fromisoformat("2026-03-15"), "monthly", 1, "Europe/Stockholm")
    assert (march.days, march.last_day) == (31, date(2026, 4, 14))
    assert march.end - march.start == timedelta(days=31, hours=-1)


def test_the_31st_becomes_the_last_day_of_a_month_and_comes_back() -> None:
    found = first_periods(datetime.fromisoformat("2024-01-31"), "monthly", 14, "UTC")
    days = [period.start_on.day for period in found]
    assert days == [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31, 31, 28]


def test_a_period_of_fixed_days_ends_after_them() -> None:
    assert period_end(date(2026, 1, 31), "weekly", 31) == date(2026, 2, 7)
    assert period_end(date(2026, 1, 31), "monthly", 31) == date(2026, 2, 28)
    for cycle, days in FIXED_DAYS.items():
        end = period_end(date(2026, 1, 31), cycle, 31, fixed_days=True)
        assert (end - date(2026, 1, 31)).days == days
    anchor = datetime.fromisoformat("2026-01-31")
    [first, second] = first_periods(anchor, "monthly", 2, "UTC", fixed_days=True)
    assert (first.days, second.days) == (FIXED_DAYS["monthly"],) * 2
    assert start_day(date(2026, 1, 31), "monthly", 1) == date(2026, 2, 28)


@pytest.mark.parametrize("count", [1, MOST_PERIODS])
def test_one_period_and_the_most_can_be_asked_for(count: int) -> None:
    found = first_periods(datetime.fromisoformat("2026-01-15"), "weekly", count, "UTC")
    assert [period.n for period in found] == list(range(1, count + 1))


@pytest.mark.parametrize("count", [0, -1, MOST_PERIODS + 1])
def test_an_absurd_count_and_an_unknown_cycle_are_refused(count: int) -> None:
    anchor = datetime.fromisoformat("2026-01-15")
    with pytest.raises(BadInput, match="Ask for 1 to"):
        first_periods(anchor, "monthly", count, "UTC")
    with pytest.raises(BadInput, match="no cycle 'daily'"):
        period_bounds(anchor, "daily", 1, "UTC")


@given(DAYS, CYCLES, AMOUNTS, st.data())
def test_credit_and_charge_of_the_same_price_cancel_out(
    anchor: date, cycle: str, amount: int, data: st.DataObject
) -> None:
    end = period_end(anchor, cycle, anchor.day)
    day = data.draw(st.dates(anchor, end - timedelta(days=1)))
    same = prorate(amount, amount, anchor, end, day)
    assert same.net_minor == 0
    whole = prorate(amount, 0, anchor, end, anchor)
    assert (whole.credit_minor, whole.debit_minor) == (amount, 0)


@given(DAYS, CYCLES, AMOUNTS, st.data())
def test_used_and_unused_days_add_to_the_whole(
    anchor: date, cycle: str, amount: int, data: st.DataObject
) -> None:
    end = period_end(anchor, cycle, anchor.day)
    day = data.draw(st.dates(anchor, end - timedelta(days=1)))
    unused = prorate(amount, 0, anchor, end, day).credit_minor
    exact = Fraction(amount * (end - day).days, (end - anchor).days)
    assert abs(unused - exact) <= Fraction(1, 2)
    assert abs(unused + recognised_by(amount, anchor, end, day) - amount) <= 1


@given(AMOUNTS, AMOUNTS, AMOUNTS)
def test_the_credit_is_never_more_than_was_paid(old: int, new: int, paid: int) -> None:
    made = prorate(
        old, new, date(2026, 1, 1), date(2026, 2, 1), date(2026, 1, 11), creditable_minor=paid
    )
    assert 0 <= made.credit_minor <= paid
    assert made.basis == "21 of 31 days"


def test_a_day_outside_the_period_and_an_unknown_policy_are_refused() -> None:
    start, end = date(2026, 1, 1), date(2026, 2, 1)
    with pytest.raises(BadInput):
        prorate(1, 1, start, end, end)
    with pytest.raises(BadInput):
        prorate(1, 1, start, end, start, policy="by_mood")


@given(AMOUNTS, DAYS, st.integers(1, 800), st.lists(st.integers(0, 900), max_size=20))
def test_recognition_sums_to_the_invoice(
    amount: int, start: date, days: int, steps: list[int]
) -> None:
    end = start + timedelta(days=days)
    cuts = sorted(start + timedelta(days=step) for step in steps)
    months = [recognised_by(amount, start, end, cut) for cut in [*cuts, end]]
    parts = [after - before for before, after in zip([0, *months], months, strict=False)]
    assert sum(parts) == amount or cuts[-1:] > [end]
    assert recognised_by(amount, start, end, end) == amount
    assert all(part >= 0 for part in parts[: len(cuts)])


LINES = st.builds(
    NewLine,
    description=st.just("line"),
    unit_minor=st.integers(0, 10**7),
    quantity=st.decimals(0, 100, places=3),
)


@given(st.lists(LINES, min_size=1, max_size=8), st.sampled_from([0, 6, 12, 25]))
def test_lines_add_up_to_the_invoice(lines: list[NewLine], percent: int) -> None:
    tax = Tax(Decimal(percent), "standard")
    amounts = [line_amounts(line, tax) for line in lines]
    total = whole_of(amounts)
    assert total.total_minor == sum(each.total_minor for each in amounts)
    for line, each in zip(lines, amounts, strict=True):
        assert abs(each.net_minor - Fraction(line.quantity) * line.unit_minor) <= Fraction(1, 2)
        assert abs(each.tax_minor - Fraction(each.net_minor * percent, 100)) <= Fraction(1, 2)


def test_an_invoice_is_neither_empty_nor_negative() -> None:
    with pytest.raises(BadInput):
        whole_of([])
    with pytest.raises(BadInput):
        whole_of([line_amounts(NewLine("credit", -5), tax_of("DE"))])


@pytest.mark.parametrize(
    ("country", "percent", "category"),
    [
        ("SE", 25, "standard"),
        (None, 25, "standard"),
        ("DE", 0, "reverse_charge"),
        ("FR", 0, "reverse_charge"),
        ("NO", 0, "outside"),
        ("US", 0, "outside"),
    ],
)
def test_tax_of_a_country(country: str | None, percent: int, category: str) -> None:
    assert tax_of(country) == Tax(Decimal(percent), category)


@given(AMOUNTS, st.lists(st.integers(0, 10**8), max_size=10))
def test_a_payment_is_never_spread_beyond_itself_or_what_is_owed(
    amount: int, owed: list[int]
) -> None:
    dues = [Due(n, minor, "EUR", None) for n, minor in enumerate(owed)]
    parts = spread(amount, dues)
    assert sum(part.amount_minor for part in parts) == min(amount, sum(owed))
    assert all(0 < part.amount_minor <= owed[part.invoice_id] for part in parts)
    check_parts(amount, parts, dues)


@pytest.mark.parametrize(
    ("wanted", "told"),
    [
        ([Part(1, 0)], "Invoice A-1 is owed 10.00 EUR, not 0.00"),
        ([Part(1, 1_001)], "Invoice A-1 is owed 10.00 EUR, not 10.01"),
        ([Part(1, -1)], "not -0.01"),
        ([Part(9, 1)], "Nothing is owed on invoice 9"),
        ([Part(1, 5), Part(1, 5)], "once"),
        ([Part(1, 1_000), Part(2, 500)], "come to 15.00 EUR, more than the payment's 14.99"),
    ],
)
def test_parts_that_do_not_fit_are_refused(wanted: list[Part], told: str) -> None:
    with pytest.raises(BadInput, match=told):
        check_parts(1_499, wanted, [Due(1, 1_000, "EUR", "A-1"), Due(2, 700, "EUR", None)])


def test_a_part_beyond_the_payment_is_told_in_the_invoices_currency() -> None:
    told = r"^The parts come to 6\.00 EUR, more than the payment's 5\.00$"
    with pytest.raises(BadInput, match=told):
        check_parts(500, [Part(1, 600)], [Due(1, 700, "EUR", None)])


@given(st.integers(1, 10**9), st.data())
def test_tax_of_partial_refunds_adds_up(total: int, data: st.DataObject) -> None:
    tax = data.draw(st.integers(0, total))
    before, taxes = 0, 0
    for _ in range(4):
        amount = data.draw(st.integers(0, total - before))
        taxes += tax_within(amount, before, tax, total)
        before += amount
    taxes += tax_within(total - before, before, tax, total)
    assert taxes == tax


@given(st.integers(10, 10**20))
def test_a_reference_is_valid_and_one_wrong_digit_is_not(number: int) -> None:
    reference = ocr_reference(number)
    assert valid_ocr(reference)
    wrong = str((int(reference[0]) + 1) % 10) + reference[1:]
    assert not valid_ocr(wrong)


@given(AMOUNTS)
def test_monthly_value_of_a_year_of_months_is_the_month(amount: int) -> None:
    assert monthly_minor(12 * amount, "annual") == amount
    assert monthly_minor(3 * amount, "quarterly") == amount
    assert monthly_minor(12 * amount, "weekly") == 52 * amount


def test_moves_name_known_statuses_and_cancelled_is_the_end() -> None:
    assert set(MOVES) == set(STATUSES)
    assert {status for after in MOVES.values() for status in after} <= set(STATUSES)
    for status in STATUSES:
        with pytest.raises(NotNow):
            check_move("cancelled", status)


def test_default_plans_have_the_figures_of_their_source() -> None:
    plans = {plan.slug: plan for plan in default_plans()}
    usd = {
        slug: price.amount_minor
        for slug, plan in plans.items()
        for price in plan.prices
        if (price.cycle, price.currency) == ("monthly", "USD")
    }
    assert usd == {
        "free": 0,
        "starter": 2_900,
        "growth": 7_900,
        "pro": 19_900,
        "enterprise": 49_900,
    }
    assert plans["enterprise"].limits["max_users"] == -1
    assert plans["starter"].limits["api_calls_daily"] == 1_000
    assert plans["growth"].flags == ("api_access",)


@pytest.mark.parametrize(
    ("reference", "valid"),
    [
        ("1248", True),
        (ocr_reference(10**22), True),
        (ocr_reference(10**23), False),
        ("133", False),
        ("", False),
        ("12A48", False),
        ("١٢٤٨", False),
        ("1247", False),
        ("1258", False),
    ],
)
def test_a_reference_has_four_to_twenty_five_digits(reference: str, valid: bool) -> None:
    assert valid_ocr(reference) is valid


def test_nothing_paid_holds_no_tax() -> None:
    assert tax_within(0, 0, 0, 0) == 0


def test_the_reference_of_a_number_tells_its_series_and_year() -> None:
    saas, fee = (ocr_of(issuer, 2026, 42) for issuer in ("tenant", "platform"))
    assert (saas[:8], fee[:8]) == ("12600042", "22600042")
    assert valid_ocr(saas)
    assert valid_ocr(fee)
    assert ocr_of("tenant", 2126, 42) == saas
