"""Which of the two themes is on."""

from typing import Literal

import streamlit as st

Mode = Literal["light", "dark"]


def mode() -> Mode:
    """The theme the reader sees."""
    return "dark" if st.context.theme.type == "dark" else "light"
