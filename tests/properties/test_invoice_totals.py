"""Totals of invoices: golden cases worked out by hand, and what holds for all (INV.2)."""

from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import BadInput
from core.invoices.rules import NewLine, Tax, priced
from core.invoices.totals import Discount, LineTotal, Priced, line_total, totals
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


def plain(unit: int, percent: str = "25", **given: Any) -> Priced:
    return Priced(unit, Decimal(1), Decimal(percent), **given)


def test_a_line_by_itself_is_the_invoice_of_that_line() -> None:
    off = Discount(150, Decimal(10))
    for line in (plain(1_001, discount=off), plain(1_001, tax_inclusive=True, discount=off)):
        alone, [among] = line_total(line), totals([line]).lines
        assert alone == among
        assert (alone.discount_minor, alone.whole_discount_minor) == (250, 0)
    assert line_total(plain(1_001, discount=off)) == LineTotal(751, 188, 250, 0)


def test_a_discount_may_be_all_there_is_and_not_more() -> None:
    assert line_total(plain(1_000, discount=Discount(1_000))).total_minor == 0
    assert line_total(plain(1_000, discount=Discount(0, Decimal(100)))).total_minor == 0
    for discount in (Discount(1_001), Discount(1, Decimal(100)), Discount(-1)):
        with pytest.raises(BadInput, match=r"^A discount of .* it is taken off$"):
            line_total(plain(1_000, discount=discount))
    with pytest.raises(BadInput, match=r"^A discount of 101 percent is not between 0 and 100$"):
        line_total(plain(1_000, discount=Discount(0, Decimal(101))))


def test_the_discount_on_the_whole_is_named_on_the_invoice_and_on_its_lines() -> None:
    found = totals([plain(3_000), plain(1_000)], discount=Discount(400))
    assert found.discount_minor == 400
    assert [line.whole_discount_minor for line in found.lines] == [300, 100]


def test_a_line_that_gives_money_back_bears_no_part_of_a_discount() -> None:
    found = totals([plain(1_000), plain(-100), plain(500)], discount=Discount(300))
    assert [line.whole_discount_minor for line in found.lines] == [200, 0, 100]
    found = totals([plain(100), plain(-1), plain(1)], discount=Discount(100))
    assert [line.whole_discount_minor for line in found.lines] == [99, 0, 1]


def test_tax_of_an_invoice_goes_where_the_remainders_are_largest() -> None:
    lines = [plain(unit, "25") for unit in (101, 102, 103)]
    for order, taxes in ((lines, [25, 26, 26]), (lines[::-1], [26, 26, 25])):
        assert [line.tax_minor for line in totals(order, rounding="invoice").lines] == taxes
    mixed = [plain(101, "25"), plain(100, "0")]
    assert [line.tax_minor for line in totals(mixed, rounding="invoice").lines] == [25, 0]


def test_a_rate_and_a_line_may_be_as_large_as_anything_and_not_larger() -> None:
    assert line_total(plain(100, "100")).tax_minor == 100
    assert line_total(plain(LARGEST_MINOR, "0")).net_minor == LARGEST_MINOR
    for line, told in (
        (plain(100, "100.01"), "^A tax rate of 100.01 percent is not between 0 and 100$"),
        (plain(LARGEST_MINOR + 1, "0"), "^A line of .* is beyond what Saldo keeps$"),
    ):
        with pytest.raises(BadInput, match=told):
            line_total(line)


def test_what_is_no_invoice_is_refused_in_words() -> None:
    for lines, told in (
        ([], "^An invoice has at least one line$"),
        ([plain(-1)], "^An invoice does not ask for a negative amount; write a credit note$"),
    ):
        with pytest.raises(BadInput, match=told):
            totals(lines)
    with pytest.raises(BadInput, match=r"^There is no rounding 'up'; there are line, invoice$"):
        totals([plain(1)], rounding="up")


def test_a_new_line_is_priced_with_everything_it_says() -> None:
    own = NewLine(
        "Seats", 1_000, Decimal(2), 50, Decimal(10), Tax(Decimal(6), "reduced"), tax_inclusive=True
    )
    assert priced(own, Tax(Decimal(25), "standard")) == Priced(
        1_000, Decimal(2), Decimal(6), True, Discount(50, Decimal(10))
    )
