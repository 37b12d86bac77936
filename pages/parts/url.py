"""The address holds the state of a page: widgets follow it, so that a link shows the same view.

The one exception: in a run that a widget started, the widgets are newer than the address the
browser sent along with the click, because it may not have heard of an earlier click yet.
"""

from collections.abc import Callable, Sequence
from datetime import date
from typing import TypeVar

import streamlit as st

from core.clock import day_of

T = TypeVar("T")
D = TypeVar("D")
MOVED = "address-moved"
LARGEST = 2**63 - 1
MOST_DIGITS = 18


def read(name: str, parse: Callable[[str], T], default: D) -> T | D:
    """A value of the address, or of its widget when one was just used; else the default."""
    given = _given(name)
    if not given:
        return default
    try:
        return parse(given)
    except ValueError:
        return default


def follow(name: str, parse: Callable[[str], T], default: T | None) -> Callable[[], None]:
    """Make the widget with this key and the address agree; returns the widget's `on_change`."""
    chosen = read(name, parse, default)
    st.session_state[name] = chosen
    if st.session_state.get(MOVED):
        if chosen in (None, "", default):
            st.query_params.pop(name, None)
        elif st.query_params.get(name) != str(chosen):
            st.query_params[name] = str(chosen)
    return _moved


def restart(moved: Callable[[], None], *names: str) -> Callable[[], None]:
    """An `on_change` after which parts of the address that hung on the old value are gone."""

    def changed() -> None:
        for name in names:
            st.query_params.pop(name, None)
            st.session_state.pop(name, None)
        moved()

    return changed


def settled() -> None:
    """The run is over: from here on the address leads again."""
    st.session_state.pop(MOVED, None)


def one_of(options: Sequence[T]) -> Callable[[str], T]:
    """A parser that knows only the listed values."""
    known = {str(option): option for option in options}

    def parse(given: str) -> T:
        if given not in known:
            raise ValueError(given)
        return known[given]

    return parse


def day_or_none(given: str) -> date | None:
    """A parser for optional days."""
    return day_of(given)


def day_until(last: date | None) -> Callable[[str], date]:
    """A parser for days up to one, which a widget that takes no later one can show."""

    def parse(given: str) -> date:
        day = day_of(given)
        if last is not None and day > last:
            raise ValueError(given)
        return day

    return parse


def positive(given: str) -> int:
    """A parser for ids and page numbers."""
    if not 0 < whole(given) <= LARGEST:
        raise ValueError(given)
    return whole(given)


def whole(given: str) -> int:
    """A record's number as an address gives it; 0, which none has, for all that is none."""
    return int(given) if given.isdecimal() and len(given) <= MOST_DIGITS else 0


def _given(name: str) -> str:
    if st.session_state.get(MOVED) and name in st.session_state:
        held = st.session_state[name]
        return "" if held is None else str(held)
    return st.query_params.get(name, "")


def _moved() -> None:
    st.session_state[MOVED] = True
