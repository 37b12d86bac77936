"""How every page is drawn: as of when it is told, a place kept while it is made, what failed."""

import streamlit as st
from streamlit.navigation.page import Page

from core.errors import SaldoError
from pages.parts import copy, head, states
from pages.parts.entry import Entry

HEIGHT = 420
"""The height kept free below what is drawn so far, while a page takes its time."""


def draw(page: Page, entry: Entry | None) -> None:
    """Run a page under the line that says how old its figures are; `entry` is None for the start,
    which only leads on.
    """
    if entry is None:
        page.run()
        return
    copy.take()
    if entry.copied:
        copy.freshness_line()
    else:
        copy.just_now_line()
    title, drawn, coming = st.container(), st.container(), st.container()
    head.begin()
    try:
        with coming.skeleton(height=HEIGHT), drawn:
            page.run()
    except SaldoError as refusal:
        states.failed(refusal)
    if not head.drawn():
        with title:
            head.page(entry.title)
