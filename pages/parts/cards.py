"""A figure as a card: its value, its change against a month and a year before, its doors."""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

import streamlit as st

from pages.parts import catalogue, formats
from pages.parts.catalogue import Figure
from pages.parts.charts import sparkline
from pages.parts.comparisons import Change, change

ROWS_PAGE = "pages/revenue/rows.py"


@dataclass(frozen=True)
class Series:
    """A figure over some months, oldest first; the last one is the month looked at."""

    figure: Figure
    months: Sequence[str]
    values: Sequence[Any]
    partial: bool = False
    note: str | None = None

    @property
    def now(self) -> Any:
        """The value of the month looked at."""
        return self.values[-1]

    def before(self, months: int) -> Any:
        """The value so many months earlier; None before the first one."""
        return self.values[-1 - months] if len(self.values) > months else None


@dataclass(frozen=True)
class Doors:
    """What a card opens: the words of its definition and the question behind its rows."""

    definition: str
    params: dict[str, str]


def headline(series: Series, doors: Doors, beside: Series | None, sparkline_months: int) -> None:
    """A large card of the top row."""
    with st.container(border=True, key=f"card-{series.figure.key}", gap=None):
        st.html(_body(series, sparkline_months, "headline", beside))
        _doors(series.figure, doors)


def calm(series: Series, doors: Doors, sparkline_months: int) -> None:
    """A small card of the second strip."""
    with st.container(key=f"calm-{series.figure.key}", gap=None):
        st.html(_body(series, sparkline_months, "calm", None))
        _doors(series.figure, doors)


def _doors(figure: Figure, doors: Doors) -> None:
    with st.container(
        horizontal=True, key=f"doors-{figure.key}", gap="small", vertical_alignment="center"
    ):
        with st.popover("Definition", type="tertiary", key=f"definition-{figure.key}"):
            st.html(
                f'<div class="definition"><h3>{escape(figure.title)}</h3>'
                f"<p>{escape(doors.definition)}</p></div>"
            )
        st.page_link(ROWS_PAGE, label="Rows", query_params={**doors.params, "figure": figure.key})


def _body(series: Series, count: int, kind: str, beside: Series | None) -> str:
    figure = series.figure
    value = escape(catalogue.shown(figure, series.now))
    code, _, digits = value.rpartition(" ") if figure.kind == "money" else ("", "", value)
    digits, _, unit = digits.partition(" ")
    before = f"<small>{code}</small>" if code else ""
    after = f" <small>{unit}</small>" if unit else ""
    so_far = '<em title="This month is not over">so far</em>' if series.partial else ""
    second = ""
    if beside is not None:
        second = (
            f'<p class="beside">{catalogue.BESIDE_TITLES[beside.figure.key]} '
            f"<b>{escape(catalogue.shown(beside.figure, beside.now))}</b></p>"
        )
    return (
        f'<div class="figure {kind}"><h2>{escape(figure.title)}{so_far}</h2>'
        f'<p class="value">{before}{digits}{after}</p>{_note(series)}'
        f"{second}{_changes(series)}{sparkline(_heights(series, count), figure.title)}</div>"
    )


def _note(series: Series) -> str:
    return f'<p class="beside">{escape(series.note)}</p>' if series.note else ""


def _changes(series: Series) -> str:
    compared = (
        (change(series.figure, series.now, series.before(1)), _name(series, 1)),
        (change(series.figure, series.now, series.before(12)), _name(series, 12)),
    )
    return "".join(f'<p class="change">{_change(found)} vs {name}</p>' for found, name in compared)


def _change(found: Change) -> str:
    if not found.known:
        return f"<span>{formats.UNDEFINED}</span>"
    return f'<span class="{found.tone}">{found.arrow} {escape(found.text)}</span>'


def _name(series: Series, back: int) -> str:
    if len(series.months) <= back:
        return "month before" if back == 1 else "year before"
    return formats.month_short(series.months[-1 - back])


def _heights(series: Series, count: int) -> list[float | None]:
    found = [catalogue.height(series.figure, value) for value in series.values[-count:]]
    return [None if height is None else float(height) for height in found]
