"""The address holds the state of a page: widgets follow it, so that a link shows the same view."""

from collections.abc import Callable, Sequence
from datetime import date
from typing import TypeVar

import streamlit as st

T = TypeVar("T")
D = TypeVar("D")


def read(name: str, parse: Callable[[str], T], default: D) -> T | D:
    """A value of the address; what cannot be read is the default."""
    given = st.query_params.get(name)
    if not given:
        return default
    try:
        return parse(given)
    except ValueError:
        return default


def one_of(options: Sequence[T]) -> Callable[[str], T]:
    """A parser that knows only the listed values."""
    known = {str(option): option for option in options}

    def parse(given: str) -> T:
        if given not in known:
            raise ValueError(given)
        return known[given]

    return parse


def follow(name: str, parse: Callable[[str], T], default: T | None) -> Callable[[], None]:
    """Set the widget with this key to what the address says; returns its `on_change`."""
    st.session_state[name] = read(name, parse, default)

    def moved() -> None:
        chosen = st.session_state[name]
        if chosen is None or chosen == default:
            st.query_params.pop(name, None)
        else:
            st.query_params[name] = str(chosen)

    return moved


def day_or_none(given: str) -> date | None:
    """A parser for optional days."""
    return date.fromisoformat(given)
