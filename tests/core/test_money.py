"""Money at its edges: halves, limits, signs, and shares that leave nothing over."""

import pytest

from core.errors import BadMoney
from core.money import (
    LARGEST_MINOR,
    Money,
    minor_from_units,
    round_half_up,
    split,
    units_text,
)


@pytest.mark.parametrize(
    ("numerator", "denominator", "whole"),
    [
        (1, 2, 1), (-1, 2, -1), (1, -2, -1), (-1, -2, 1), (5, 10, 1), (49, 100, 0), (0, 3, 0),
        (1, 1, 1), (3, 1, 3), (3, -1, -3), (2, 3, 1), (-2, 3, -1), (1, 3, 0), (-1, 3, 0),
    ],
)  # fmt: skip
def test_halves_go_away_from_zero(numerator: int, denominator: int, whole: int) -> None:
    assert round_half_up(numerator, denominator) == whole


@pytest.mark.parametrize(
    ("total", "weights", "shares"),
    [
        (100, [1, 1, 1], [34, 33, 33]),
        (-100, [1, 1, 1], [-34, -33, -33]),
        (0, [1, 1], [0, 0]),
        (1, [0, 1], [0, 1]),
        (5, [1], [5]),
        (10, [1, 2, 4], [1, 3, 6]),
        (10, [5, 3, 1], [6, 3, 1]),
        (7, [3, 2], [4, 3]),
        (3, [1, 100], [0, 3]),
        (100, [7, 11, 13], [23, 35, 42]),
    ],
)
def test_the_largest_remainders_get_one_more(
    total: int, weights: list[int], shares: list[int]
) -> None:
    assert split(total, weights) == shares


@pytest.mark.parametrize("weights", [[0, 0], [-1, 2], [2, -1], [0]])
def test_weights_are_not_negative_and_not_all_zero(weights: list[int]) -> None:
    with pytest.raises(BadMoney, match=r"^weights must not be negative and must not all be zero$"):
        split(5, weights)


def test_amounts_add_and_subtract_in_one_currency_alone() -> None:
    assert Money(5, "EUR") + Money(7, "EUR") == Money(12, "EUR")
    assert Money(5, "EUR") - Money(7, "EUR") == Money(-2, "EUR")
    for mixed in (Money.__add__, Money.__sub__):
        with pytest.raises(BadMoney, match="EUR and SEK cannot be added"):
            mixed(Money(5, "EUR"), Money(7, "SEK"))


def test_an_amount_may_be_the_largest_but_not_larger() -> None:
    for sign in (1, -1):
        assert Money(sign * LARGEST_MINOR, "EUR").minor == sign * LARGEST_MINOR
        with pytest.raises(BadMoney, match="beyond what Saldo keeps"):
            Money(sign * (LARGEST_MINOR + 1), "EUR")
    with pytest.raises(BadMoney, match="'eur' is not an ISO 4217 code"):
        Money(1, "eur")


@pytest.mark.parametrize("text", ["", "ten", "Infinity", "NaN"])
def test_what_is_no_amount_is_named(text: str) -> None:
    with pytest.raises(BadMoney, match=f"'{text}' is not an amount"):
        minor_from_units(text, "EUR")


@pytest.mark.parametrize(
    ("minor", "currency", "text"),
    [(-5, "EUR", "-0.05"), (0, "EUR", "0.00"), (1_250, "JPY", "1250"), (-1_250, "KWD", "-1.250")],
)
def test_an_amount_in_files_has_its_currencys_decimals(
    minor: int, currency: str, text: str
) -> None:
    assert units_text(minor, currency) == text
    assert minor_from_units(text, currency) == minor
