"""Properties and golden figures of usage prices and usage periods."""

from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import BadInput, BadMoney
from core.money import LARGEST_MINOR
from core.usage.pricing import (
    LARGEST_QUANTITY,
    MOST_TIERS,
    PricedLine,
    Pricing,
    Tier,
    check_pricing,
    price,
    total,
    with_unit_cost,
)
from core.usage.rules import Calendar, Span, allowance, calendar_of, span_at, spans_between

QUANTITIES = st.decimals(0, 10**9, places=3)
UNITS = st.decimals(0, 1_000, places=6)
DAYS = st.dates(date(2020, 1, 1), date(2060, 12, 31))


@st.composite
def tiers(draw: st.DrawFn) -> tuple[Tier, ...]:
    ends = sorted(draw(st.sets(st.decimals("0.001", 10**6, places=3), max_size=5)))
    return tuple(Tier(end, draw(UNITS), draw(st.integers(0, 5_000))) for end in [*ends, None])


def amount(pricing: Pricing, quantity: str | Decimal) -> int:
    return total(price(pricing, Decimal(quantity)))


def stepped(model: str, *steps: tuple[str | None, str, int]) -> Pricing:
    return Pricing(
        model, tuple(Tier(Decimal(e) if e else None, Decimal(u), f) for e, u, f in steps)
    )


STEPS = (("100", "10", 0), ("1000", "5", 50), (None, "2.5", 200))


@pytest.mark.parametrize(
    ("pricing", "quantity", "expected"),
    [
        # graduated: 100 × 10, then 900 × 5 + 50, then 250 × 2.5 + 200
        (stepped("graduated", *STEPS), "0", 0),
        (stepped("graduated", *STEPS), "100", 1_000),
        (stepped("graduated", *STEPS), "101", 1_000 + 5 + 50),
        (stepped("graduated", *STEPS), "1000", 1_000 + 4_500 + 50),
        (stepped("graduated", *STEPS), "1250", 1_000 + 4_500 + 50 + 625 + 200),
        # volume: the tier that is reached prices all units and adds its fee
        (stepped("volume", *STEPS), "100", 1_000),
        (stepped("volume", *STEPS), "101", 505 + 50),
        (stepped("volume", *STEPS), "1250", 3_125 + 200),
        # package: 1 to 100 is one package, 101 begins the second
        (Pricing("package", (Tier(None, Decimal(500)),), package_size=Decimal(100)), "0", 0),
        (Pricing("package", (Tier(None, Decimal(500)),), package_size=Decimal(100)), "1", 500),
        (Pricing("package", (Tier(None, Decimal(500)),), package_size=Decimal(100)), "100", 500),
        (
            Pricing("package", (Tier(None, Decimal(500)),), package_size=Decimal(100)),
            "100.000001",
            1_000,
        ),
        # per unit: half a minor unit rounds away from zero, once
        (stepped("per_unit", (None, "0.5", 0)), "1", 1),
        (stepped("per_unit", (None, "0.0049", 0)), "100", 0),
        (stepped("per_unit", (None, "0.005", 0)), "100", 1),
        # 10 are free; 5 × 3 is below the minimum of 40
        (Pricing("per_unit", (Tier(None, Decimal(3)),), Decimal(10), None, 40), "15", 40),
        (Pricing("per_unit", (Tier(None, Decimal(3)),), Decimal(10), None, 40), "30", 60),
        (Pricing("per_unit", (Tier(None, Decimal(3)),), Decimal(10), None, 40), "0", 40),
        (Pricing("per_unit", (Tier(None, Decimal(3)),), Decimal(10)), "10", 0),
    ],
)
def test_golden_figures(pricing: Pricing, quantity: str, expected: int) -> None:
    check_pricing(pricing)
    assert amount(pricing, quantity) == expected


def line(
    kind: str, quantity: int, unit: str, first: int | None = None, last: int | None = None
) -> PricedLine:
    ends = (None if end is None else Decimal(end) for end in (first, last))
    return PricedLine(kind, Decimal(quantity), Decimal(unit), *ends)


PACKAGES = Pricing("package", (Tier(None, Decimal(500)),), package_size=Decimal(100))
AT_LEAST_TEN = Pricing("per_unit", (Tier(None, Decimal(3)),), minimum_minor=10)


@pytest.mark.parametrize(
    ("pricing", "quantity", "expected"),
    [
        (
            stepped("graduated", *STEPS),
            "1250",
            [
                line("units", 100, "10", 0, 100),
                line("units", 900, "5", 100, 1000),
                line("flat_fee", 1, "50", 100, 1000),
                line("units", 250, "2.5", 1000),
                line("flat_fee", 1, "200", 1000),
            ],
        ),
        (
            stepped("volume", *STEPS),
            "101",
            [line("units", 101, "5"), line("flat_fee", 1, "50")],
        ),
        (PACKAGES, "101", [line("packages", 2, "500")]),
        (PACKAGES, "0", []),
        (AT_LEAST_TEN, "0", [line("minimum", 1, "10")]),
        (AT_LEAST_TEN, "3", [line("units", 3, "3"), line("minimum", 1, "1")]),
        (AT_LEAST_TEN, "4", [line("units", 4, "3")]),
    ],
)
def test_each_line_says_what_it_prices(
    pricing: Pricing, quantity: str, expected: list[PricedLine]
) -> None:
    assert price(pricing, Decimal(quantity)) == expected


@pytest.mark.parametrize(
    ("pricing", "cost", "expected"),
    [
        (Pricing("per_unit", ()), "0.5", (Tier(None, Decimal("0.5")),)),
        (Pricing("per_unit", ()), None, ()),
        (stepped("per_unit", (None, "3", 0)), "0.5", (Tier(None, Decimal(3)),)),
        (Pricing("volume", ()), "0.5", ()),
    ],
    ids=["no price of its own", "no usual cost either", "a price of its own", "another model"],
)
def test_the_usual_cost_of_a_unit_stands_in_for_a_price_that_names_none(
    pricing: Pricing, cost: str | None, expected: tuple[Tier, ...]
) -> None:
    found = with_unit_cost(pricing, Decimal(cost) if cost else None)
    assert found.tiers == expected
    assert (found.model, found.minimum_minor) == (pricing.model, 0)


@given(st.sampled_from(("graduated", "volume")), tiers(), QUANTITIES)
def test_lines_add_up_to_the_exact_price_within_half_a_unit_each(
    model: str, steps: tuple[Tier, ...], quantity: Decimal
) -> None:
    lines = price(Pricing(model, steps), quantity)
    exact = sum((Fraction(line.quantity) * Fraction(line.unit_minor) for line in lines), Fraction())
    assert abs(exact - total(lines)) <= Fraction(len(lines), 2)
    units = [line.quantity for line in lines if line.kind == "units"]
    assert sum(units) == quantity
    assert all(units)


@given(tiers(), QUANTITIES, st.decimals(0, 10**6, places=3), st.integers(0, 10**6))
def test_more_usage_never_costs_less_in_graduated_tiers(
    steps: tuple[Tier, ...], quantity: Decimal, more: Decimal, minimum: int
) -> None:
    pricing = Pricing("graduated", steps, minimum_minor=minimum)
    assert minimum <= amount(pricing, quantity) <= amount(pricing, quantity + more)


@given(UNITS, QUANTITIES, st.decimals("0.001", 10**4, places=3), st.integers(0, 500))
def test_one_tier_is_the_same_in_every_model_of_units(
    unit: Decimal, quantity: Decimal, size: Decimal, flat: int
) -> None:
    one = (Tier(None, unit, flat),)
    figures = {amount(Pricing(model, one), quantity) for model in ("graduated", "volume")}
    assert figures == {amount(Pricing("per_unit", one), quantity)}
    packages = Pricing("package", (Tier(None, unit),), package_size=size)
    begun = -(-Fraction(quantity) // Fraction(size))
    assert amount(packages, quantity) == amount(stepped("per_unit", (None, str(unit), 0)), begun)


@given(tiers(), QUANTITIES)
def test_with_falling_prices_graduated_is_never_below_volume(
    steps: tuple[Tier, ...], quantity: Decimal
) -> None:
    units = sorted((tier.unit_minor for tier in steps), reverse=True)
    falling = tuple(Tier(tier.up_to, unit) for tier, unit in zip(steps, units, strict=True))
    volume = amount(Pricing("volume", falling), quantity)
    assert amount(Pricing("graduated", falling), quantity) >= volume - len(falling)


@given(tiers(), QUANTITIES, QUANTITIES, st.integers(0, 10**6))
def test_included_units_are_free_and_the_rest_costs_as_without_them(
    steps: tuple[Tier, ...], quantity: Decimal, included: Decimal, minimum: int
) -> None:
    pricing = Pricing("graduated", steps, included, None, minimum)
    rest = amount(Pricing("graduated", steps), max(quantity - included, Decimal(0)))
    assert amount(pricing, quantity) == max(rest, minimum)


def test_a_price_beyond_the_largest_amount_is_refused() -> None:
    with pytest.raises(BadMoney):
        amount(stepped("per_unit", (None, "9999999999", 0)), "999999999999")


@pytest.mark.parametrize(
    "pricing",
    [
        Pricing("per_unit", ()),
        Pricing("per_unit", (Tier(Decimal(1), Decimal(1)), Tier(None, Decimal(1)))),
        stepped("graduated", ("10", "1", 0), ("10", "1", 0), (None, "1", 0)),
        stepped("graduated", ("10", "1", 0), ("20", "1", 0)),
        stepped("volume", ("NaN", "1", 0), (None, "1", 0)),
        stepped("volume", ("0.0000001", "1", 0), (None, "1", 0)),
        stepped("per_unit", (None, "Infinity", 0)),
        stepped("per_unit", (None, "1" + "0" * 10, 0)),
        stepped("per_unit", (None, "1." + "0" * 40 + "1", 0)),
        stepped("per_unit", (None, "1E-999999", 0)),
        stepped("per_unit", (None, "1", -1)),
        Pricing("per_unit", (Tier(None, Decimal(1)),), Decimal(-1)),
        Pricing("per_unit", (Tier(None, Decimal(1)),), minimum_minor=-1),
        Pricing("package", (Tier(None, Decimal(1)),)),
        Pricing("surprise", (Tier(None, Decimal(1)),)),
    ],
)
def test_a_pricing_that_could_not_be_applied_is_refused(pricing: Pricing) -> None:
    with pytest.raises(BadInput):
        check_pricing(pricing)


TWO = (Tier(Decimal(1), Decimal(1)), Tier(None, Decimal(1)))


@pytest.mark.parametrize(
    ("pricing", "words"),
    [
        (Pricing("package", TWO, package_size=Decimal(1)), "A package price has one tier"),
        (
            Pricing("package", TWO[1:], package_size=Decimal(-1)),
            "The package size is a number that is not negative",
        ),
        (
            Pricing("per_unit", TWO[1:], LARGEST_QUANTITY),
            "The included quantity is below 1000000000000",
        ),
        (
            stepped("volume", ("1", "1", 0), ("2.0000001", "1", 0), (None, "1", 0)),
            "The end of tier 2 has at most 6 decimals",
        ),
        (stepped("volume", ("0E-101", "1", 0), (None, "1", 0)), "The end of tier 1 has at most"),
        (stepped("volume", ("1", "1", 0), (None, "-1", 0)), "The unit price of tier 2 is"),
        (stepped("volume", *[(str(n), "1", 0) for n in range(1, MOST_TIERS + 1)], (None, "1", 0)),
         "A price has 1 to 100 tiers"),
    ],
)  # fmt: skip
def test_a_refusal_names_what_cannot_be_applied(pricing: Pricing, words: str) -> None:
    with pytest.raises(BadInput, match=f"^{words}"):
        check_pricing(pricing)


@pytest.mark.parametrize(
    "pricing",
    [
        stepped("volume", *[(str(n), "1", 0) for n in range(1, MOST_TIERS)], (None, "1", 0)),
        stepped("volume", ("0.5", "0", LARGEST_MINOR), (None, "0.5", 0)),
        stepped("volume", ("1.0000010", "1", 0), ("1.5000000", "1", 0), (None, "1", 0)),
        Pricing("per_unit", TWO[1:], Decimal("0E-100"), minimum_minor=LARGEST_MINOR),
    ],
    ids=["most tiers", "free units and the largest fee", "zeros at the end", "the largest minimum"],
)
def test_a_pricing_up_to_the_written_limits_is_taken(pricing: Pricing) -> None:
    check_pricing(pricing)


@given(DAYS, st.integers(1, 31), st.integers(0, 800))
def test_months_touch_and_hold_their_day(origin: date, anchor: int, later: int) -> None:
    calendar = Calendar(origin, anchor)
    day = origin + timedelta(days=later)
    span = span_at(calendar, day, [])
    assert span.start <= day < span.end
    assert 28 <= (span.end - span.start).days <= 31
    assert span_at(calendar, span.end, []).start == span.end
    assert span_at(calendar, span.start, []) == span


@given(
    DAYS,
    st.integers(1, 31),
    st.sampled_from(("weekly", "monthly", "annual")),
    st.booleans(),
    st.lists(st.integers(1, 400), max_size=4),
    st.integers(0, 400),
)
def test_no_period_crosses_a_cut_and_every_day_has_one_period(
    origin: date, anchor: int, cycle: str, fixed: bool, steps: list[int], ended: int
) -> None:
    ends = origin + timedelta(days=30 + ended)
    calendar = calendar_of(
        cycle,
        anchor,
        origin,
        (origin + timedelta(days=20), None),
        fixed_days=fixed,
        ended_on=ends,
    )
    known: list[Span] = []
    for step in steps:
        day = origin + timedelta(days=step)
        span = span_at(calendar, day, known)
        assert span.start <= day < span.end
        assert not [cut for cut in calendar.cuts if span.start < cut < span.end]
        assert all(span == k or span.end <= k.start or k.end <= span.start for k in known)
        if span not in known:
            known.append(span)
    spans = spans_between(calendar, origin, ends, known)
    assert spans[0].start == origin
    assert spans[-1].end == ends
    assert all(a.end == b.start for a, b in pairwise(spans))
    assert {span for span in known if span.end <= ends} <= set(spans)


@given(st.decimals(0, 10**6, places=3), st.integers(-1, 10**6))
def test_an_allowance_is_what_is_left(current: Decimal, limit: int) -> None:
    answer = allowance(current, limit)
    if limit == -1:
        assert (answer.allowed, answer.remaining) == (True, -1)
    else:
        assert answer.remaining == max(limit - current, 0)
        assert answer.allowed == (current < limit)
