"""The words of a definition behind a small button, wherever its figure is shown."""

from html import escape

import streamlit as st

from pages.parts import reading


def button(slug: str, title: str = "Definition") -> None:
    """Opens what docs/definitions.md says of a figure."""
    with st.popover(title, type="tertiary"):
        st.html(f'<div class="definition"><p>{escape(reading.definition(slug))}</p></div>')
