"""Charts of the cash forecast: weeks with their range, and past forecasts against what came."""

from collections.abc import Sequence
from datetime import date
from typing import Any

import plotly.graph_objects as go

from pages.parts import formats
from pages.parts.catalogue import amount
from pages.parts.charts import palette, show

__all__ = ["show", "trials", "weeks"]

NAMED = {"type": "category"}
"""An axis that shows days as they are written; it would read a Swedish one as a point in time."""
FROM_NOUGHT = {"tickformat": "~s", "rangemode": "tozero"}


def weeks(rows: Sequence[dict[str, Any]]) -> go.Figure:
    """Expected receipts as bars with P10 to P90, card renewals on top, due dates as marks."""
    colours, figure = palette(), go.Figure()
    at = [_short(row["since"]) for row in rows]
    expected = [_height(row["expected"]) for row in rows]
    figure.add_bar(
        name="Expected from invoices",
        x=at,
        y=expected,
        marker={"color": colours.accent, "line": {"width": 0}},
        customdata=[_words(row["expected"]) for row in rows],
        hovertemplate="%{customdata}",
        error_y={
            "type": "data",
            "symmetric": False,
            "array": _above(rows, expected),
            "arrayminus": _below(rows, expected),
            "color": colours.ink,
            "thickness": 1.2,
            "width": 4,
        },
    )
    if any(row["renewals"] for row in rows):
        figure.add_bar(
            name="Card renewals",
            x=at,
            y=[_height(row["renewals"]) for row in rows],
            marker={"color": colours.gains[2], "line": {"width": 0}},
            customdata=[_words(row["renewals"]) for row in rows],
            hovertemplate="%{customdata}",
        )
    figure.add_scatter(
        name="If paid when due",
        x=at,
        y=[_height(row["naive"]) or None for row in rows],
        mode="markers",
        marker={
            "symbol": "diamond-open",
            "size": 9,
            "color": colours.losses[1],
            "line": {"width": 2},
        },
        customdata=[_words(row["naive"]) for row in rows],
        hovertemplate="%{customdata}",
    )
    figure.update_layout(barmode="group", xaxis=NAMED, yaxis=FROM_NOUGHT)
    return figure


def trials(rows: Sequence[dict[str, Any]]) -> go.Figure:
    """What came as bars; the forecast with its range and the due dates as marks."""
    colours, figure = palette(), go.Figure()
    at = [_short(row["month_end"], year=True) for row in rows]
    expected = [_height(row["expected"]) for row in rows]
    figure.add_bar(
        name="Came",
        x=at,
        y=[_height(row["came"]) for row in rows],
        marker={"color": colours.gains[2], "line": {"width": 0}},
        customdata=[_words(row["came"]) for row in rows],
        hovertemplate="%{customdata}",
    )
    figure.add_scatter(
        name="Forecast, P10 to P90",
        x=at,
        y=expected,
        mode="markers",
        marker={"size": 9, "color": colours.accent},
        customdata=[_words(row["expected"]) for row in rows],
        hovertemplate="%{customdata}",
        error_y={
            "type": "data",
            "symmetric": False,
            "array": _above(rows, expected),
            "arrayminus": _below(rows, expected),
            "color": colours.accent,
            "thickness": 1.5,
            "width": 5,
        },
    )
    figure.add_scatter(
        name="If paid when due",
        x=at,
        y=[_height(row["naive"]) for row in rows],
        mode="markers",
        marker={
            "symbol": "diamond-open",
            "size": 9,
            "color": colours.losses[1],
            "line": {"width": 2},
        },
        customdata=[_words(row["naive"]) for row in rows],
        hovertemplate="%{customdata}",
    )
    figure.update_layout(xaxis=NAMED, yaxis=FROM_NOUGHT)
    return figure


def _short(day: str, *, year: bool = False) -> str:
    given = date.fromisoformat(day)
    return formats.day(given) if year else formats.day_short(given)


def _above(rows: Sequence[dict[str, Any]], centre: Sequence[float]) -> list[float]:
    return [max(_height(row["p90"]) - c, 0) for row, c in zip(rows, centre, strict=True)]


def _below(rows: Sequence[dict[str, Any]], centre: Sequence[float]) -> list[float]:
    return [max(c - _height(row["p10"]), 0) for row, c in zip(rows, centre, strict=True)]


def _height(value: Any) -> float:
    held = amount(value)
    return float(formats.units(held.minor, held.currency)) if held else 0.0


def _words(value: Any) -> str:
    return formats.money(amount(value))
