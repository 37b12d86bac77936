"""The filters above figures: month, range, as-of day, currency; all of them in the address."""

from datetime import date

import streamlit as st

from core.errors import NoCopy
from core.settings import settings
from pages.parts import copy, formats, url
from pages.parts.reading import Ask, currencies

RANGES = (6, 12, 24)
USUAL_RANGE = 12
MOST_MONTHS = 60


def months_back(month: str, count: int) -> str:
    """The month so many months earlier."""
    year, number = map(int, month.split("-"))
    index = year * 12 + number - 1 - count
    return f"{index // 12}-{index % 12 + 1:02d}"


def asked() -> Ask:
    """The question of the address alone, for pages that show no filters."""
    last, until = _known()
    as_of = _as_of(until)
    return Ask(
        url.read("month", url.one_of(_months(as_of or last)), _usual(as_of or last)),
        as_of,
        url.read("currency", url.one_of(currencies()), settings().reporting_currency),
        _rates_of(until),
    )


def bar() -> tuple[Ask, int]:
    """The filters as a row; returns the question and how many months the charts show."""
    last, until = _known()
    as_of = _as_of(until)
    months = _months(as_of or last)
    with st.container(horizontal=True, key="filters", vertical_alignment="bottom"):
        moved = url.follow("month", url.one_of(months), _usual(as_of or last))
        month = st.selectbox(
            "Month", months, format_func=formats.month, key="month", on_change=moved, width=190
        )
        moved = url.follow("months", url.one_of(RANGES), USUAL_RANGE)
        count = st.segmented_control(
            "Months shown", RANGES, key="months", on_change=moved, required=True
        )
        as_of = as_of_input(until)
        currency = currency_input()
        rates_of = rates_input(until)
    return Ask(month, as_of, currency, rates_of), count or USUAL_RANGE


def as_of_input(until: date | None = None) -> date | None:
    """The day figures are looked at from; empty means the day of the copy."""
    moved = url.follow("as_of", url.day_until(until), None)
    return st.date_input(
        "As of", key="as_of", on_change=moved, max_value=until, width=150, format="YYYY-MM-DD"
    )


def currency_input() -> str:
    """The currency figures are restated in."""
    usual = settings().reporting_currency
    offered = currencies()
    moved = url.follow("currency", url.one_of(offered), usual)
    return st.selectbox("Currency", offered, key="currency", on_change=moved, width=110)


def rates_input(until: date) -> date | None:
    """The day whose exchange rates hold for all days; empty means those of each day."""
    moved = url.follow("rates_of", url.day_until(until), None)
    return st.date_input(
        "Constant rates of",
        key="rates_of",
        on_change=moved,
        max_value=until,
        width=160,
        format="YYYY-MM-DD",
        help="Restates every amount at the exchange rates of this day; empty: those of each day",
    )


def _rates_of(until: date) -> date | None:
    return url.read("rates_of", url.day_until(until), None)


def _known() -> tuple[date, date]:
    """The day of the copy, and the last day it knows of."""
    found = copy.info()
    if found is None:
        raise NoCopy
    return found.as_of, found.known_until


def _as_of(until: date) -> date | None:
    return url.read("as_of", url.day_until(until), None)


def _months(last: date) -> list[str]:
    """The months one may look at, newest first."""
    newest = f"{last:%Y-%m}"
    return [months_back(newest, back) for back in range(MOST_MONTHS)]


def _usual(last: date) -> str:
    """The last month that is over: flows of an unfinished one compare with nothing."""
    return months_back(f"{last:%Y-%m}", 1)
