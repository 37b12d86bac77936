"""The days a report is about, in the address."""

from datetime import date

import streamlit as st

from core.clock import day_of
from core.office import office
from pages.parts import url, viewer

MONTHS = 12


def days() -> tuple[date, date]:
    """First and last day, both included; the last twelve whole months and this one at first."""
    with office().work(viewer.current_actor()) as work:
        today = work.today
    months = today.year * 12 + today.month - 1 - MONTHS
    usual = date(months // 12, months % 12 + 1, 1), today
    first, last = (
        _day(name, title, day)
        for name, title, day in (("from", "From", usual[0]), ("until", "Until", usual[1]))
    )
    return first, max(first, last)


def _day(name: str, title: str, usual: date) -> date:
    moved = url.follow(name, day_of, usual)
    return st.date_input(title, key=name, on_change=moved, width=150, format="YYYY-MM-DD") or usual
