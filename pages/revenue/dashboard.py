"""The CFO's revenue dashboard: top line, composition, segments (CFO.1, CFO.2)."""

import streamlit as st

from core.errors import NoCopy
from pages.parts import filters, formats, head, reading, states, tables
from pages.parts.reading import Ask
from pages.revenue import breakdown, headlines, motion

SECTIONS = (headlines.draw, motion.chart, motion.change, breakdown.draw)
"""What is drawn, top to bottom."""


def main() -> None:
    """One anatomy: filters, cards, one large chart, the change, the breakdown."""
    heading = st.container()
    try:
        ask, count = filters.bar()
    except NoCopy:
        states.no_copy()
        return
    as_of = f", as of {formats.day(ask.as_of)}" if ask.as_of else ""
    rates = f", at the rates of {formats.day(ask.rates_of)}" if ask.rates_of else ""
    what = f"{formats.month(ask.month)} in {ask.currency}{as_of}{rates}"
    with heading:
        head.page("Revenue", f"{what}. Balances at the end of the month, flows over it.")
    if headlines.are_empty(ask, count):
        _nothing(ask, count)
        return
    for draw in SECTIONS:
        draw(ask, count)


def _nothing(ask: Ask, count: int) -> None:
    """No figures; in a company's first month those so far are a door away."""
    now = ask.up_to(f"{ask.as_of or reading.copy_day():%Y-%m}")
    words = "No subscription earned and no money moved in them. "
    if headlines.are_empty(now, count):
        words += (
            "Look at another month; a new company is brought in under “Import data”, and figures "
            "follow with the next sync."
        )
        states.empty("No revenue in these months", words)
        return
    month = formats.month(now.month)
    words += f"There are figures of {month}, which is not over yet."
    door = (f"Show {month} so far", tables.link("revenue", now.params()))
    states.empty("No revenue in these months", words, door)


main()
