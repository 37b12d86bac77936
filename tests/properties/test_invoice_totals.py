"""Totals of invoices: golden cases worked out by hand, and what holds for all (INV.2)."""

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import BadInput
from core.invoices.totals import Discount, Priced, totals
from core.money import LARGEST_MINOR, rounded

LINES = st.lists(
    st.builds(
        Priced,
        unit_minor=st.integers(0, 10**7),
        quantity=st.decimals(0, 50, places=3),
        tax_percent=st.sampled_from(
            [Decimal(text) for text in ("0", "5.5", "6", "12", "20", "25")]
        ),
        tax_inclusive=st.booleans(),
        discount=st.builds(
            Discount, percent=st.none() | st.decimals(0, 100, places=2, allow_nan=False)
        ),
    ),
    min_size=1,
    max_size=8,
)
WHOLE = st.builds(Discount, percent=st.none() | st.decimals(0, 100, places=2, allow_nan=False))


@given(LINES, st.sampled_from(["line", "invoice"]), WHOLE)
def test_lines_rates_and_the_whole_add_up(
    lines: list[Priced], rounding: str, discount: Discount
) -> None:
    found = totals(lines, rounding=rounding, discount=discount)
    for part in (found.lines, found.by_rate):
        assert sum(each.net_minor for each in part) == found.net_minor
        assert sum(each.tax_minor for each in part) == found.tax_minor
    assert found.total_minor == found.net_minor + found.tax_minor
    full = [rounded(Fraction(line.quantity) * line.unit_minor) for line in lines]
    asked = [
        total.total_minor if line.tax_inclusive else total.net_minor
        for line, total in zip(lines, found.lines, strict=True)
    ]
    off = sum(total.discount_minor for total in found.lines)
    assert sum(full) - off == sum(asked)
    assert all(amount >= 0 for amount in asked)


@given(LINES)
def test_tax_by_invoice_is_rounded_once_a_rate(lines: list[Priced]) -> None:
    found = totals(lines, rounding="invoice")
    for rate in found.by_rate:
        exact = Fraction(0)
        for line in lines:
            if line.tax_percent != rate.tax_percent:
                continue
            full = rounded(Fraction(line.quantity) * line.unit_minor)
            asked, percent = full - line.discount.of(full), Fraction(rate.tax_percent)
            exact += asked * percent / (100 + percent if line.tax_inclusive else 100)
        assert rate.tax_minor == rounded(exact)
    singly = totals(lines, rounding="line")
    assert abs(singly.tax_minor - found.tax_minor) <= len(lines)


@pytest.mark.parametrize(
    ("lines", "rounding", "discount", "net", "tax"),
    [
        # 3 × 33.33 at 25 %: each line's tax 8.3325 → 8.33; together 24.9975 → 25.00.
        ([Priced(3333, tax_percent=Decimal(25))] * 3, "line", Discount(), 9999, 2499),
        ([Priced(3333, tax_percent=Decimal(25))] * 3, "invoice", Discount(), 9999, 2500),
        # A price of 100.00 that holds 20 %: 16.666… of it is tax.
        (
            [Priced(10_000, tax_percent=Decimal(20), tax_inclusive=True)],
            "line", Discount(), 8333, 1667,
        ),
        # Half away from zero: 0.10 at 25 % is 0.025 → 0.03.
        ([Priced(10, tax_percent=Decimal(25))], "line", Discount(), 10, 3),
        # 2.5 hours at 9.99 are 24.975 → 24.98, at 5.5 % 1.3739 → 1.37.
        ([Priced(999, Decimal("2.5"), Decimal("5.5"))], "line", Discount(), 2498, 137),
        # 1.00 off 10.00 + 20.00 + 30.00 goes 17, 33, 50 by weight.
        (
            [Priced(1000, tax_percent=Decimal(25)), Priced(2000, tax_percent=Decimal(25)),
             Priced(3000, tax_percent=Decimal(0))],
            "line", Discount(100), 5900, 738,
        ),
        # 10 % off a line, then 5 % off the whole.
        (
            [Priced(10_000, tax_percent=Decimal(20), discount=Discount(percent=Decimal(10)))],
            "line", Discount(percent=Decimal(5)), 8550, 1710,
        ),
    ],
)  # fmt: skip
def test_golden(lines: list[Priced], rounding: str, discount: Discount, net: int, tax: int) -> None:
    found = totals(lines, rounding=rounding, discount=discount)
    assert (found.net_minor, found.tax_minor) == (net, tax)


def test_a_whole_discount_goes_by_the_largest_remainder_first() -> None:
    lines = [Priced(100), Priced(100), Priced(100)]
    found = totals(lines, discount=Discount(100))
    assert [line.discount_minor for line in found.lines] == [34, 33, 33]


@pytest.mark.parametrize(
    ("lines", "more"),
    [
        ([], {}),
        ([Priced(-5)], {}),
        ([Priced(5, tax_percent=Decimal(101))], {}),
        ([Priced(5)], {"rounding": "never"}),
        ([Priced(5)], {"discount": Discount(6)}),
        ([Priced(5, discount=Discount(percent=Decimal(101)))], {}),
        ([Priced(10**16)], {}),
    ],
)
def test_what_makes_no_invoice_is_refused(lines: list[Priced], more: dict[str, object]) -> None:
    with pytest.raises(BadInput):
        totals(lines, **more)  # type: ignore[arg-type]


def test_a_discount_that_is_too_large_is_named_with_its_line() -> None:
    good, bad = Priced(1_000), Priced(1_000, discount=Discount(1_001))
    with pytest.raises(BadInput, match="Line 2: A discount of 1001 minor units is not within the"):
        totals([good, bad])
    with pytest.raises(BadInput, match="The whole: A discount of 2001 minor units"):
        totals([good, good], discount=Discount(2_001))


def test_lines_that_together_are_more_than_saldo_keeps_are_refused() -> None:
    half = Priced(LARGEST_MINOR // 2)
    assert totals([half, half]).total_minor == LARGEST_MINOR
    with pytest.raises(BadInput, match="beyond what Saldo keeps"):
        totals([half, half, Priced(1)])
