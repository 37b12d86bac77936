"""The answer to a question: rows with numbers right, files to take away, a quick chart."""

import io
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import plotly.graph_objects as go
import polars as pl
import streamlit as st

from core.settings import settings
from etl.sandbox.engine import Answer
from pages.parts import charts, formats, head, states, tables
from pages.parts.tables import Cell, Column

KINDS = ("Bars", "Line", "Area", "Points")
MOST_POINTS = 2_000
LONGEST_CELL = 200
FULL_FROM = 1e6
NAMES = ("id", "year", "month_index")
"""Ends of the names of whole numbers that count nothing: they get no separators."""


def draw(answer: Answer) -> None:
    """What came of a question, in rows or in words."""
    if answer.outcome != "done":
        _ended(answer)
        return
    head.section("Result", _summary(answer))
    if not answer.rows:
        states.empty("No rows", "The query ran and found nothing that fits.")
        return
    _files(answer.frame)
    rows, chart = st.tabs(["Rows", "Chart"])
    with rows:
        _rows(answer.frame)
    with chart:
        _chart(answer.frame)


def _ended(answer: Answer) -> None:
    titles = {
        "refused": "This query is not allowed",
        "killed": "This query was ended",
        "cancelled": "Cancelled",
        "failed": "This query failed",
    }
    states.told(titles[answer.outcome], answer.problem or "", failed=answer.outcome != "cancelled")


def _summary(answer: Answer) -> str:
    count = f"{formats.number(answer.rows)} {'row' if answer.rows == 1 else 'rows'}"
    seconds = f"in {answer.milliseconds / 1000:.2f} s"
    more = ", and there are more than a query hands over" if answer.more else ""
    return f"{count} {seconds}{more}"


def _files(frame: pl.DataFrame) -> None:
    with st.container(horizontal=True):
        tables.csv_button(lambda: frame, "query.csv", "sql-csv")
        st.download_button(
            "Parquet",
            lambda: _parquet(frame),
            file_name="query.parquet",
            mime="application/vnd.apache.parquet",
            key="sql-parquet",
            on_click="ignore",
            icon=":material/download:",
            help="All rows with their types",
        )


def _parquet(frame: pl.DataFrame) -> bytes:
    file = io.BytesIO()
    frame.write_parquet(file)
    return file.getvalue()


def _rows(frame: pl.DataFrame) -> None:
    columns = [Column(name, words=not kind.is_numeric()) for name, kind in frame.schema.items()]
    shown = frame[tables.page_of(frame.height, "sql-page")]
    body = [
        [Cell(_cell(name, value)) for name, value in zip(frame.columns, row, strict=True)]
        for row in shown.iter_rows()
    ]
    tables.html(columns, body, label="Rows of the result")


def _cell(name: str, value: Any) -> str:
    if value is None:
        return "–"
    if isinstance(value, (int, float, Decimal)):
        return _number(name, value)
    if isinstance(value, datetime):
        return formats.instant(value, settings().billing_timezone, seconds=True)
    if isinstance(value, date):
        return formats.day(value)
    return str(value)[:LONGEST_CELL]


def _number(name: str, value: float | Decimal) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int) and name.lower().endswith(NAMES):
        return str(value)
    if isinstance(value, float):
        return formats.marked(f"{value:,.6g}" if abs(value) < FULL_FROM else f"{value:,.2f}")
    return formats.marked(f"{value:,}")


def _chart(frame: pl.DataFrame) -> None:
    numbers = [name for name, kind in frame.schema.items() if kind.is_numeric()]
    if not numbers:
        states.empty("Nothing to draw", "A chart needs a column of numbers.")
        return
    first = next((name for name in frame.columns if name not in numbers), frame.columns[0])
    with st.container(horizontal=True, vertical_alignment="bottom"):
        across = st.selectbox(
            "Across", frame.columns, index=frame.columns.index(first), key="sql-x"
        )
        up = st.selectbox("Up", numbers, index=len(numbers) - 1, key="sql-y")
        kind = st.selectbox("Kind", KINDS, key="sql-kind")
    if frame.height > MOST_POINTS:
        states.notice("warn", f"The first {formats.number(MOST_POINTS)} rows are drawn.")
    figure = _figure(frame.head(MOST_POINTS), across, up, kind)
    charts.show(figure, f"{up} by {across} of the result, {kind.lower()}", "sql-chart")


def _figure(frame: pl.DataFrame, across: str, up: str, kind: str) -> go.Figure:
    colours, figure = charts.palette(), go.Figure()
    given = {
        "x": frame[across].to_list(),
        "y": frame[up].cast(pl.Float64).to_list(),
        "name": up,
    }
    if kind == "Bars":
        figure.add_bar(**given, marker={"color": colours.accent})
    else:
        figure.add_scatter(
            **given,
            mode="markers" if kind == "Points" else "lines",
            fill="tozeroy" if kind == "Area" else None,
            fillcolor=colours.accent_soft,
            line={"color": colours.accent, "width": 2.5},
            marker={"color": colours.accent, "size": 7},
        )
    figure.update_layout(xaxis={"title": across}, yaxis={"title": up}, showlegend=False)
    return figure
