"""Headings: of a page and of its sections."""

from html import escape

import streamlit as st


def page(title: str, words: str) -> None:
    """The heading of a page, with one line on what it shows."""
    st.html(f'<div class="head"><h1>{escape(title)}</h1><p>{escape(words)}</p></div>')


def section(title: str, words: str = "") -> None:
    """The heading of a section."""
    told = f"<p>{escape(words)}</p>" if words else ""
    st.html(f'<div class="section"><h2>{escape(title)}</h2>{told}</div>')
