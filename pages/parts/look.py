"""The look of every page: one style sheet, and which of the two themes is on."""

from functools import lru_cache
from pathlib import Path
from typing import Literal

import streamlit as st

STYLE = Path(__file__).resolve().parents[2] / "static" / "app.css"
Mode = Literal["light", "dark"]


@lru_cache
def _style() -> str:
    return f"<style>{STYLE.read_text(encoding='utf-8')}</style>"


def apply() -> None:
    """Put the style sheet on the page."""
    st.html(_style())


def mode() -> Mode:
    """The theme the reader sees."""
    return "dark" if st.context.theme.type == "dark" else "light"
