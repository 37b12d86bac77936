"""Headings: of a page and of its sections."""

from contextvars import ContextVar
from html import escape

import streamlit as st

_drawn: ContextVar[bool] = ContextVar("page_heading_drawn", default=False)


def begin() -> None:
    """A page is drawn from its start: it has no heading yet."""
    _drawn.set(False)


def drawn() -> bool:
    """True when the page has its heading."""
    return _drawn.get()


def page(title: str, words: str = "") -> None:
    """The heading of a page, with one line on what it shows."""
    _drawn.set(True)
    told = f"<p>{escape(words)}</p>" if words else ""
    st.html(f'<div class="head"><h1>{escape(title)}</h1>{told}</div>')


def section(title: str, words: str = "") -> None:
    """The heading of a section."""
    told = f"<p>{escape(words)}</p>" if words else ""
    st.html(f'<div class="section"><h2>{escape(title)}</h2>{told}</div>')
