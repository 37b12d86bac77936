"""The CFO's revenue dashboard: top line, composition, segments (CFO.1, CFO.2)."""

import streamlit as st

from core.errors import NoCopy
from pages.parts import filters, formats, head, states
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
        states.empty(
            "No revenue in these months",
            "No subscription earned and no money moved in them; look at another month.",
        )
        return
    for draw in SECTIONS:
        draw(ask, count)


main()
