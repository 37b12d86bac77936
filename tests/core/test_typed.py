"""Numbers and amounts as people type them."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import BadInput, BadMoney
from core.money import units_text
from core.typed import typed_minor, typed_number

READ = {
    "150,50": "150.50",
    "150.50": "150.50",
    " 1 234,50 ": "1234.50",
    "1\u202f234,5": "1234.5",
    "1'234.50": "1234.50",
    "1,234.50": "1234.50",
    "1.234,50": "1234.50",
    "1,234,567": "1234567",
    "1.234.567": "1234567",
    "1.234.567,8": "1234567.8",
    "0,005": "0.005",
    "0.125": "0.125",
    "1.234": "1.234",
    "12345,678": "12345.678",
    "−3": "-3",
    ",5": "0.5",
    "7,": "7",
    "42": "42",
}
NOT_READ = ["", " ", "abc", "1,2,3", "1.2.3", "12,34,567.1", "1,23.4", "1e5", "NaN", "--3", "12 50"]


@pytest.mark.parametrize(("text", "meant"), READ.items())
def test_a_number_is_read_as_it_is_meant(text: str, meant: str) -> None:
    assert typed_number(text) == Decimal(meant)


@pytest.mark.parametrize("text", NOT_READ)
def test_what_is_no_number_is_refused(text: str) -> None:
    with pytest.raises(BadInput, match="is not a number"):
        typed_number(text)
    with pytest.raises(BadMoney, match="is not an amount"):
        typed_minor(text, "SEK")


def test_what_can_be_read_in_two_ways_is_refused() -> None:
    with pytest.raises(BadInput, match=r"two ways; write 1234 or 1\.234"):
        typed_number("1,234")
    with pytest.raises(BadMoney, match="two ways"):
        typed_minor("1,234", "SEK")


def test_an_amount_has_the_decimals_of_its_currency() -> None:
    assert typed_minor("150,5", "SEK") == 15_050
    assert typed_minor("1 500", "JPY") == 1_500
    with pytest.raises(BadMoney, match="more decimals than SEK has"):
        typed_minor("1,2345", "SEK")


@given(st.integers(-(10**12), 10**12), st.sampled_from(["SEK", "JPY", "KWD"]))
def test_an_amount_as_it_is_printed_is_read_back(minor: int, currency: str) -> None:
    printed = units_text(minor, currency)
    assert typed_minor(printed, currency) == minor
    sign, digits = ("-", printed[1:]) if printed.startswith("-") else ("", printed)
    whole, _, decimals = digits.partition(".")
    swedish = f"{sign}{int(whole):,}".replace(",", "\u00a0") + (f",{decimals}" if decimals else "")
    if currency != "KWD":
        assert typed_minor(swedish, currency) == minor


def test_what_is_no_amount_is_called_so() -> None:
    with pytest.raises(BadMoney, match=r"^'ten' is not an amount$"):
        typed_minor("ten", "EUR")
