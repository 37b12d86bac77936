"""Every chart of the product: one template in light and dark, colours by meaning."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from html import escape
from typing import Any
from urllib.parse import quote

import plotly.graph_objects as go
import streamlit as st

from pages.parts import formats, look
from pages.parts.catalogue import GAINS, LOSSES, MOVEMENTS, amount
from pages.parts.look import Mode

FONT = "Saldo Sans, system-ui, sans-serif"
CONFIG = {"displayModeBar": False, "responsive": True, "scrollZoom": False}
HATCH = "/"
MOST_TICKS = 7
BAR_NAMES = {"start": "Start", "fx": "FX", "end": "End"}


@dataclass(frozen=True)
class Palette:
    """Colours of one theme; gains and losses are two hue families, not five colours."""

    ink: str
    muted: str
    grid: str
    panel: str
    accent: str
    accent_soft: str
    gains: tuple[str, str, str]
    losses: tuple[str, str]
    neutral: str


PALETTES: dict[Mode, Palette] = {
    "light": Palette(
        "#12211f",
        "#566461",
        "#e6eae6",
        "#ffffff",
        "#0f6b62",
        "rgba(15,107,98,.10)",
        ("#0f6b62", "#4da99d", "#a5d6ce"),
        ("#f0b199", "#c9562e"),
        "#7b8784",
    ),
    "dark": Palette(
        "#e8efed",
        "#9baba7",
        "#22302e",
        "#111b1a",
        "#4cc9b4",
        "rgba(76,201,180,.14)",
        ("#4cc9b4", "#2d8d80", "#1c5a53"),
        ("#8a4630", "#ff8f66"),
        "#7d8d89",
    ),
}


def palette() -> Palette:
    """The colours of the theme the reader sees."""
    return PALETTES[look.mode()]


def template(colours: Palette) -> go.layout.Template:
    """The one template: quiet grid, no frames, figures aligned, room for nothing else."""
    axis = {
        "gridcolor": colours.grid,
        "zerolinecolor": colours.grid,
        "linecolor": colours.grid,
        "tickfont": {"color": colours.muted, "size": 12},
        "automargin": True,
    }
    return go.layout.Template(
        layout={
            "font": {"family": FONT, "size": 13, "color": colours.ink},
            "separators": formats.MARKS[formats.reader()],
            "paper_bgcolor": "rgba(0,0,0,0)",
            "plot_bgcolor": "rgba(0,0,0,0)",
            "colorway": [colours.accent, *colours.losses, *colours.gains[1:]],
            "margin": {"l": 4, "r": 4, "t": 34, "b": 4},
            "xaxis": {**axis, "showgrid": False, "ticks": ""},
            "yaxis": {**axis, "zeroline": True, "separatethousands": True},
            "hovermode": "x unified",
            "hoverlabel": {
                "bgcolor": colours.panel,
                "bordercolor": colours.grid,
                "font": {"family": FONT, "size": 13, "color": colours.ink},
            },
            "legend": {
                "orientation": "h",
                "x": 0,
                "y": 1.02,
                "yanchor": "bottom",
                "xanchor": "left",
                "font": {"color": colours.muted, "size": 12},
                "itemclick": False,
                "itemdoubleclick": False,
            },
            "bargap": 0.38,
        }
    )


def show(figure: go.Figure, words: str, key: str, height: int = 360) -> None:
    """Draw a chart in the common template; `words` are what it says to who cannot see it."""
    figure.update_layout(template=template(palette()), height=height)
    st.plotly_chart(figure, theme=None, config=CONFIG, key=key, alt=words)


def day_ticks(days: Sequence[date]) -> dict[str, Any]:
    """Marks on an axis of days, at most seven of them, as the reader writes days."""
    step = -(-len(days) // MOST_TICKS) or 1
    shown = list(days)[::step]
    return {
        "tickmode": "array",
        "tickvals": shown,
        "ticktext": [formats.day_short(day) for day in shown],
        "hoverformat": formats.PLOTTED_DAY[formats.reader()],
    }


def movement_chart(rows: Sequence[dict[str, Any]], currency: str) -> go.Figure:
    """Gains stacked above zero, losses below, the net as a line; an unfinished month hatched."""
    colours, figure = palette(), go.Figure()
    months = [formats.month_short(row["month"]) for row in rows]
    hatch = [HATCH if row.get("partial") else "" for row in rows]
    shades = dict(zip((*GAINS, *LOSSES), (*colours.gains, *colours.losses), strict=True))
    for key, colour in shades.items():
        down = -1 if key in LOSSES else 1
        figure.add_bar(
            name=MOVEMENTS[key],
            x=months,
            y=[down * _height(row[key]) for row in rows],
            customdata=[formats.money(amount(row[key])) for row in rows],
            hovertemplate="%{customdata}",
            marker={
                "color": colour,
                "line": {"width": 0},
                "pattern": {
                    "shape": hatch,
                    "fillmode": "overlay",
                    "fgcolor": colours.panel,
                    "fgopacity": 0.7,
                    "size": 7,
                    "solidity": 0.4,
                },
            },
        )
    net = [_height(row["end"]) - _height(row["start"]) for row in rows]
    figure.add_scatter(
        name="Net",
        x=months,
        y=net,
        mode="lines+markers",
        line={"color": colours.ink, "width": 2},
        marker={"size": 6, "color": colours.panel, "line": {"color": colours.ink, "width": 2}},
        hovertemplate="%{y:,.2f}",
    )
    figure.update_layout(barmode="relative", yaxis={"tickformat": "~s"})
    return figure


def trend(months: Sequence[str], values: Sequence[Any], partial: bool, name: str) -> go.Figure:
    """A balance over time; the part into an unfinished month is dotted."""
    colours, figure = palette(), go.Figure()
    labels = [formats.month_short(month) for month in months]
    heights = [None if value is None else _height(value) for value in values]
    told = [formats.money(amount(value)) for value in values]
    whole = len(labels) - 1 if partial else len(labels)
    figure.add_scatter(
        name=name,
        x=labels[:whole],
        y=heights[:whole],
        mode="lines+markers",
        fill="tozeroy",
        fillcolor=colours.accent_soft,
        line={"color": colours.accent, "width": 2.5},
        marker={"size": 6},
        customdata=told[:whole],
        hovertemplate="%{customdata}",
    )
    if partial and whole:
        figure.add_scatter(
            name=f"{name}, so far",
            x=labels[whole - 1 :],
            y=heights[whole - 1 :],
            mode="lines+markers",
            line={"color": colours.accent, "width": 2, "dash": "dot"},
            marker={
                "size": [0, 9],
                "color": colours.panel,
                "line": {"color": colours.accent, "width": 2},
            },
            customdata=["", *told[whole:]],
            hovertemplate="%{customdata}",
        )
    figure.update_layout(
        xaxis={"range": [-0.5, len(labels) - 0.5]},
        yaxis={"tickformat": "~s", "rangemode": "tozero"},
        showlegend=partial,
    )
    return figure


def waterfall(row: dict[str, Any]) -> tuple[go.Figure, float]:
    """Start, movements, end with their amounts; also where the axis starts."""
    colours = palette()
    signed = [(key, _height(row[key]) * (-1 if key in LOSSES else 1)) for key in MOVEMENTS]
    floor = _floor(signed)
    figure = go.Figure(
        go.Waterfall(
            x=[BAR_NAMES.get(key, MOVEMENTS[key]) for key, _ in signed],
            y=[height for _, height in signed],
            measure=["absolute" if key in ("start", "end") else "relative" for key, _ in signed],
            text=[_label(key, row[key]) for key, _ in signed],
            textposition="outside",
            textfont={"size": 13},
            cliponaxis=False,
            hoverinfo="skip",
            connector={"line": {"color": colours.neutral, "width": 1, "dash": "dot"}},
            increasing={"marker": {"color": colours.gains[0]}},
            decreasing={"marker": {"color": colours.losses[1]}},
            totals={"marker": {"color": colours.neutral}},
        )
    )
    top = max(_path(signed))
    room = (top - floor) * 0.14 or 1
    figure.update_layout(
        yaxis={"range": [floor, top + room], "tickformat": "~s"},
        showlegend=False,
        bargap=0.3,
        margin={"t": 8},
    )
    return figure, floor


def sparkline(values: Sequence[float | None], words: str) -> str:
    """A small line as an inline picture; gaps are skipped, the last point is marked."""
    known = [(at, value) for at, value in enumerate(values) if value is not None]
    if len(known) < 2:
        return '<p class="spark"></p>'
    low, high = min(value for _, value in known), max(value for _, value in known)
    points = [
        (4 + 112 * at / (len(values) - 1), 26 - 22 * (value - low) / ((high - low) or 1))
        for at, value in known
    ]
    line = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    x, y = points[-1]
    stroke = f'fill="none" stroke="{palette().accent}" vector-effect="non-scaling-stroke"'
    drawing = (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 120 30" preserveAspectRatio="none">'
        f'<polyline points="{line}" {stroke} stroke-width="1.6" stroke-linejoin="round"/>'
        f'<path d="M{x:.1f} {y:.1f}h.01" {stroke} stroke-width="6" stroke-linecap="round"/></svg>'
    )
    alt = f"{words}, the last {len(values)} months"
    return f'<img class="spark" alt="{escape(alt)}" src="data:image/svg+xml,{quote(drawing)}">'


def _height(value: Any) -> float:
    held = amount(value)
    return float(formats.units(held.minor, held.currency)) if held else 0.0


def _label(key: str, value: Any) -> str:
    held = amount(value)
    text = formats.money(held, code=False)
    lost = key in LOSSES and held is not None and held.minor > 0
    gained = key not in ("start", "end", *LOSSES) and held is not None and held.minor > 0
    return (formats.MINUS if lost else "+" if gained else "") + text


def _path(signed: Sequence[tuple[str, float]]) -> list[float]:
    """The heights a waterfall passes through."""
    at, passed = 0.0, []
    for key, height in signed:
        at = height if key in ("start", "end") else at + height
        passed.append(at)
    return passed


def _floor(signed: Sequence[tuple[str, float]]) -> float:
    """Where the axis starts: below the lowest point by the size of the movements, zero at least."""
    passed = _path(signed)
    span = max(passed) - min(passed)
    return max(0.0, min(passed) - (span or max(passed)) * 0.45)
