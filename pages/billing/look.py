"""The looks that these screens have of their own: room for previews and for reasons."""

import streamlit as st

WIDE = '[data-testid="stDialog"] [role="dialog"] { width: min(60rem, 94vw); max-width: 94vw; }'
LONG = (
    ".table .wrap { display: inline-block; min-width: 12rem; max-width: 22rem; "
    "white-space: normal; }"
)


def wide_dialog() -> None:
    """Room for the tables of a preview."""
    st.html(f"<style>{WIDE}</style>")


def long_words() -> None:
    """Cells of the tone `wrap` break their words into lines."""
    st.html(f"<style>{LONG}</style>")
