"""The looks that these screens have of their own: room for previews and for reasons."""

from html import escape

import streamlit as st

WIDE = '[data-testid="stDialog"] > div { width: min(60rem, calc(100% - 30px)); }'
LONG = (
    ".table .wrap { display: inline-block; min-width: min(10rem, 13vw); max-width: 18rem; "
    "white-space: normal; overflow-wrap: anywhere; }"
)

WAYS = (
    ".ways { margin: 0; display: flex; flex-wrap: wrap; gap: 1.25rem; font-size: .875rem; } "
    ".ways a { color: var(--accent); text-underline-offset: 3px; }"
)


def wide_dialog() -> None:
    """Room for the tables of a preview."""
    st.html(f"<style>{WIDE}</style>")


def long_words() -> None:
    """Cells of the tone `wrap` break their words into lines."""
    st.html(f"<style>{LONG}</style>")


def ways(doors: dict[str, str]) -> None:
    """Links to other screens, by their words."""
    links = "".join(
        f'<a href="{escape(address)}" target="_self">{escape(title)}</a>'
        for title, address in doors.items()
    )
    st.html(f'<p class="ways">{links}</p><style>{WAYS}</style>')
