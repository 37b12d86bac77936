"""Proration: golden cases with their arithmetic, and properties that hold for every policy."""

from datetime import UTC, date, datetime, time, timedelta
from fractions import Fraction
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from core.clock import start_of_day
from core.errors import BadInput
from core.money import rounded
from core.subscriptions.periods import start_day
from core.subscriptions.rules import FIXED_DAYS, POLICIES, Proration, prorate, rescaled

ZONES = st.sampled_from(
    ["UTC", "Europe/Stockholm", "America/Sao_Paulo", "Africa/Cairo", "Australia/Lord_Howe"]
)
AMOUNTS = st.integers(0, 10**9)
PRORATING = st.sampled_from([name for name in POLICIES if name != "none"])


@st.composite
def spans(draw: st.DrawFn) -> tuple[date, date]:
    """A period of any cycle, also one that begins or ends in a shortened month."""
    anchor = draw(st.dates(date(2000, 1, 1), date(2060, 12, 31)))
    cycle, fixed = draw(st.sampled_from(sorted(FIXED_DAYS))), draw(st.booleans())
    n = draw(st.integers(0, 24))
    return tuple(start_day(anchor, cycle, k, fixed_days=fixed) for k in (n, n + 1))


def instant(text: str) -> datetime:
    return datetime.fromisoformat(text)


def change(policy: str, start: str, end: str, at: str, *, amount: int = 10_000) -> Proration:
    """A change to twice the price, with days or with instants."""
    read = instant if "T" in start else date.fromisoformat
    return prorate(amount, 2 * amount, read(start), read(end), read(at), policy=policy)


@pytest.mark.parametrize(
    ("policy", "start", "end", "at", "credit", "basis"),
    [
        pytest.param(*case, id=words)
        for words, *case in [
            ("half of April", "actual_days", "2026-04-01", "2026-05-01", "2026-04-16",
             5_000, "15 of 30 days"),
            ("23 of 31 days", "actual_days", "2023-05-15", "2023-06-15", "2023-05-23",
             7_419, "23 of 31 days"),
            ("20 of 28 days in February", "actual_days", "2023-02-15", "2023-03-15", "2023-02-23",
             7_143, "20 of 28 days"),
            ("21 of 29 days in a leap year", "actual_days", "2024-02-15", "2024-03-15",
             "2024-02-23", 7_241, "21 of 29 days"),
            ("the last day", "actual_days", "2026-01-01", "2026-02-01", "2026-01-31",
             323, "1 of 31 days"),
            ("from May to June", "fixed_30", "2023-05-15", "2023-06-15", "2023-05-23",
             7_333, "22 of 30 days, each month as 30"),
            ("from June to July", "fixed_30", "2023-06-15", "2023-07-15", "2023-06-23",
             7_333, "22 of 30 days, each month as 30"),
            ("across the end of February", "fixed_30", "2023-02-15", "2023-03-15", "2023-02-23",
             7_333, "22 of 30 days, each month as 30"),
            ("across 29 February", "fixed_30", "2024-02-15", "2024-03-15", "2024-02-23",
             7_333, "22 of 30 days, each month as 30"),
            ("within one month", "fixed_30", "2023-05-23", "2023-06-23", "2023-06-15",
             2_667, "8 of 30 days, each month as 30"),
            ("the rest of a broken month", "fixed_30", "2023-05-23", "2023-06-15", "2023-05-23",
             7_333, "22 of 30 days, each month as 30"),
            ("44 of the 90 days of a quarter", "fixed_30", "2026-01-15", "2026-04-15",
             "2026-03-01", 4_889, "44 of 90 days, each month as 30"),
            ("no 31st day of a month of 30", "fixed_30", "2026-05-01", "2026-06-01", "2026-05-31",
             0, "0 of 30 days, each month as 30"),
            ("never more than a month", "fixed_30", "2026-02-01", "2026-03-03", "2026-02-02",
             10_000, "30 of 30 days, each month as 30"),
            ("a month that ends on the 31st again", "fixed_30", "2026-02-28", "2026-03-31",
             "2026-03-02", 9_667, "29 of 30 days, each month as 30"),
            ("thirty days over three months", "fixed_30", "2026-01-31", "2026-03-02", "2026-02-15",
             5_667, "17 of 30 days, each month as 30"),
            ("a week has its own days", "fixed_30", "2026-04-27", "2026-05-04", "2026-05-01",
             4_286, "3 of 7 days"),
            ("17 of 31 days in seconds", "elapsed_time", "2026-01-01T00:00Z", "2026-02-01T00:00Z",
             "2026-01-15T00:00Z", 5_484, "1468800 of 2678400 seconds"),
            ("noon", "elapsed_time", "2026-01-01T00:00Z", "2026-02-01T00:00Z",
             "2026-01-15T12:00Z", 5_323, "1425600 of 2678400 seconds"),
            ("the last second", "elapsed_time", "2026-01-01T00:00Z", "2026-02-01T00:00Z",
             "2026-01-31T23:59:59Z", 0, "1 of 2678400 seconds"),
            ("nothing", "none", "2026-01-01", "2026-02-01", "2026-01-01", 0, "no proration"),
        ]
    ],
)  # fmt: skip
def test_a_change_credits(
    policy: str, start: str, end: str, at: str, credit: int, basis: str
) -> None:
    made = change(policy, start, end, at)
    assert (made.credit_minor, made.policy, made.basis) == (credit, policy, basis)


def test_each_leg_is_rounded_by_itself_half_away_from_zero() -> None:
    made = change("actual_days", "2026-04-01", "2026-05-01", "2026-04-16", amount=5)
    assert (made.credit_minor, made.debit_minor, made.net_minor) == (3, 5, 2)
    odd = prorate(1, 3, date(2026, 4, 1), date(2026, 5, 1), date(2026, 4, 16))
    assert (odd.credit_minor, odd.debit_minor, odd.net_minor) == (1, 2, 1)


@pytest.mark.parametrize(
    ("start", "end"),
    [
        ("2026-01-31", "2026-02-28"),
        ("2026-01-29", "2026-02-28"),
        ("2024-01-31", "2024-02-29"),
        ("2026-02-28", "2026-03-31"),
        ("2026-11-30", "2027-02-28"),
        ("2024-02-29", "2025-02-28"),
        ("2027-02-28", "2028-02-29"),
        ("2026-07-15", "2026-08-14"),
        ("2026-01-31", "2026-03-02"),
    ],
)
def test_a_whole_cycle_is_all_of_itself_also_where_february_cuts_it(start: str, end: str) -> None:
    assert change("fixed_30", start, end, start).credit_minor == 10_000


def test_the_day_of_a_change_is_the_local_one_and_a_short_day_is_a_day() -> None:
    zone, span = "Europe/Stockholm", (date(2026, 3, 1), date(2026, 4, 1))
    late = instant("2026-03-29T22:30Z")
    days = prorate(3_100, 0, *span, late, timezone=zone)
    assert (days.credit_minor, days.basis) == (200, "2 of 31 days")
    assert prorate(3_100, 0, *span, late).basis == "3 of 31 days"
    seconds = prorate(3_100, 0, *span, late, policy="elapsed_time", timezone=zone)
    assert seconds.basis == f"{2 * 86_400 - 1_800} of {31 * 86_400 - 3_600} seconds"
    local = [
        at.astimezone(ZoneInfo(zone)) for at in (*(start_of_day(day, zone) for day in span), late)
    ]
    assert prorate(3_100, 0, *local, policy="elapsed_time") == seconds


@pytest.mark.parametrize(
    ("policy", "start", "end", "at", "words"),
    [
        ("actual_days", "2026-01-01", "2026-02-01", "2026-02-01", "not within the period"),
        ("fixed_30", "2026-01-01", "2026-02-01", "2025-12-31", "not within the period"),
        ("none", "2026-02-01", "2026-01-01", "2026-01-15", "not within the period"),
        ("by_mood", "2026-01-01", "2026-02-01", "2026-01-15", "no proration policy 'by_mood'"),
        ("elapsed_time", "2026-01-01", "2026-02-01", "2026-01-15", "needs the instant"),
        ("elapsed_time", "2026-01-01T00:00Z", "2026-02-01T00:00Z", "2026-02-01T00:00Z", "within"),
        ("actual_days", "2026-01-01T08:00Z", "2026-01-01T18:00Z", "2026-01-01T09:00Z", "short"),
    ],
)
def test_what_cannot_be_prorated_is_refused_with_words(
    policy: str, start: str, end: str, at: str, words: str
) -> None:
    with pytest.raises(BadInput, match=words):
        change(policy, start, end, at)


def test_thirty_day_months_over_a_year_and_a_half_month() -> None:
    """30/360: eleven months and ten days of a year; a month and a half counts as two."""
    year = change("fixed_30", "2026-01-01", "2027-01-01", "2026-01-21", amount=36_000)
    assert (year.credit_minor, year.basis) == (34_000, "340 of 360 days, each month as 30")
    long = change("fixed_30", "2026-01-01", "2028-01-01", "2027-01-01", amount=72_000)
    assert (long.credit_minor, long.basis) == (36_000, "360 of 720 days, each month as 30")
    weeks = change("fixed_30", "2026-03-01", "2026-04-16", "2026-03-16", amount=3_000)
    assert weeks.basis == "30 of 60 days, each month as 30"


def test_without_proration_nothing_is_credited_or_charged() -> None:
    none = change("none", "2026-01-01", "2026-02-01", "2026-01-16")
    assert (none.credit_minor, none.debit_minor, none.basis) == (0, 0, "no proration")


@pytest.mark.parametrize(("old", "new"), [(-1, 0), (0, -1)])
def test_a_negative_price_is_refused(old: int, new: int) -> None:
    with pytest.raises(BadInput, match="not negative"):
        prorate(old, new, date(2026, 1, 1), date(2026, 2, 1), date(2026, 1, 15))


def drawn(data: st.DataObject, span: tuple[date, date], zone: str) -> datetime:
    start, end = (start_of_day(day, zone) for day in span)
    return start + timedelta(seconds=data.draw(st.integers(0, (end - start).total_seconds() - 1)))


@given(spans(), ZONES, PRORATING, AMOUNTS)
def test_a_change_at_the_start_credits_and_charges_all(
    span: tuple[date, date], zone: str, policy: str, amount: int
) -> None:
    start = start_of_day(span[0], zone)
    made = prorate(amount, 2 * amount, *span, start, policy=policy, timezone=zone)
    assert (made.credit_minor, made.debit_minor) == (amount, 2 * amount)


@given(spans(), ZONES, st.sampled_from(sorted(POLICIES)), AMOUNTS, st.data())
def test_the_parts_of_a_period_add_up_and_none_is_negative(
    span: tuple[date, date], zone: str, policy: str, amount: int, data: st.DataObject
) -> None:
    cuts = sorted(drawn(data, span, zone) for _ in range(5))
    left = [
        prorate(amount, amount, *span, cut, policy=policy, timezone=zone).credit_minor
        for cut in cuts
    ]
    marks = [amount, *left, 0]
    used = [before - after for before, after in pairwise(marks)]
    assert sum(used) == amount
    assert min(used) >= 0


@given(spans(), ZONES, AMOUNTS, AMOUNTS, st.data())
def test_legs_are_within_half_a_unit_of_the_exact_share(
    span: tuple[date, date], zone: str, old: int, new: int, data: st.DataObject
) -> None:
    at = drawn(data, span, zone)
    start, end = (start_of_day(day, zone) for day in span)
    days = Fraction((span[1] - at.astimezone(ZoneInfo(zone)).date()).days, (span[1] - span[0]).days)
    left, whole = (int((end - since).total_seconds()) for since in (at, start))
    shares = {"actual_days": days, "elapsed_time": Fraction(left, whole)}
    for policy, share in shares.items():
        made = prorate(old, new, *span, at, policy=policy, timezone=zone)
        for leg, price in ((made.credit_minor, old), (made.debit_minor, new)):
            assert abs(leg - share * price) <= Fraction(1, 2)


@given(spans(), ZONES, st.sampled_from(["actual_days", "fixed_30"]), AMOUNTS, st.data())
def test_a_preview_in_the_morning_equals_the_change_in_the_afternoon(
    span: tuple[date, date], zone: str, policy: str, amount: int, data: st.DataObject
) -> None:
    at = drawn(data, span, zone)
    day = at.astimezone(ZoneInfo(zone)).date()
    afternoon = datetime.combine(day, time(15, 30), ZoneInfo(zone)).astimezone(UTC)
    by_day = prorate(amount, 1, *span, day, policy=policy)
    for moment in (at, afternoon):
        assert prorate(amount, 1, *span, moment, policy=policy, timezone=zone) == by_day


@given(spans(), ZONES, PRORATING, AMOUNTS, AMOUNTS, st.data())
def test_a_credit_is_capped_by_what_may_be_credited_and_the_charge_is_not(
    span: tuple[date, date], zone: str, policy: str, amount: int, paid: int, data: st.DataObject
) -> None:
    at = drawn(data, span, zone)
    free = prorate(amount, amount, *span, at, policy=policy, timezone=zone)
    assume(free.credit_minor)
    capped = prorate(amount, amount, *span, at, policy=policy, creditable_minor=paid, timezone=zone)
    assert capped.credit_minor == min(free.credit_minor, paid)
    assert capped.debit_minor == free.debit_minor


def test_the_price_of_another_cycle_is_the_same_by_month() -> None:
    assert rescaled(12_000, "annual", "monthly") == 1_000
    assert rescaled(1_000, "monthly", "annual") == 12_000
    assert rescaled(1_000, "monthly", "quarterly") == 3_000
    assert rescaled(5_200, "weekly", "annual") == 270_400
    assert rescaled(100, "quarterly", "monthly") == 33


@given(AMOUNTS, st.sampled_from(sorted(FIXED_DAYS)), st.sampled_from(sorted(FIXED_DAYS)))
def test_the_price_of_another_cycle_is_exact_and_rounded_once(
    amount: int, cycle: str, other: str
) -> None:
    a_year = {"weekly": 52, "monthly": 12, "quarterly": 4, "semiannual": 2, "annual": 1}
    assert rescaled(amount, cycle, other) == rounded(
        Fraction(amount * a_year[cycle], a_year[other])
    )
