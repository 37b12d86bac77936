"""The CFO's revenue dashboard: top line, composition, segments (CFO.1, CFO.2)."""

import streamlit as st

from core.errors import NoCopy
from pages.parts import filters, formats, head, states
from pages.revenue import breakdown, headlines, motion

SECTIONS = (
    (headlines.draw, 420),
    (motion.chart, 400),
    (motion.change, 520),
    (breakdown.draw, 320),
)
"""What is drawn, top to bottom, and the height kept free while it is computed."""


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
    for draw, height in SECTIONS:
        with st.skeleton(height=height):
            draw(ask, count)


main()
