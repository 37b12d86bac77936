"""Days as they are given: within reach of what counts months on from them."""

from datetime import date

import pytest

from core.clock import FIRST_DAY, LAST_DAY, day_of


def test_a_day_is_read_and_the_furthest_ones_too() -> None:
    assert day_of("2026-10-31") == date(2026, 10, 31)
    assert (day_of("1900-01-01"), day_of("2999-12-31")) == (FIRST_DAY, LAST_DAY)


@pytest.mark.parametrize("text", ["0001-01-01", "1899-12-31", "3000-01-01", "9999-12-31"])
def test_a_day_too_far_away_is_refused_in_words(text: str) -> None:
    with pytest.raises(ValueError, match=r"not within the years 1900 to 2999"):
        day_of(text)
