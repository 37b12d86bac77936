"""The back-test beside the cash forecast: what it would have said, and what came."""

from datetime import date
from decimal import Decimal
from typing import Any

import streamlit as st

from pages.parts import forecast_charts, formats, head, states, tables, url
from pages.parts.catalogue import amount
from pages.parts.tables import Cell, Column

HORIZONS = {4: "4 weeks", 13: "13 weeks"}
COLUMNS = (
    Column("Month end", words=True),
    Column("Forecast"),
    Column("P10"),
    Column("P90"),
    Column("If paid when due", spare=3),
    Column("Came"),
    Column("Off by week"),
    Column("Off if paid when due", spare=3),
    Column("In range", words=True),
)


def draw(answer: dict[str, Any]) -> None:
    """The chosen horizon: its verdict, chart and table."""
    with st.container(border=True, key="panel-back-test"):
        head.section("How it went before", "at each month end, only with what was known then")
        moved = url.follow("horizon", url.one_of(tuple(HORIZONS)), 4)
        horizon = st.segmented_control(
            "Weeks ahead", tuple(HORIZONS), key="horizon", on_change=moved, required=True,
            format_func=lambda weeks: HORIZONS[weeks],
        )  # fmt: skip
        tried = answer["back_test"]
        trials = [trial for trial in tried["trials"] if trial["weeks"] == horizon]
        if not trials:
            st.html(
                '<p class="muted">Too few invoices were settled by then to try the forecast on '
                "the past.</p>"
            )
            return
        [score] = [each for each in tried["scores"] if each["weeks"] == horizon]
        states.notice(*_verdict(score))
        forecast_charts.show(
            forecast_charts.trials(trials),
            "What came against the forecast and the due dates, by month end",
            "chart-trials",
        )
        tables.html(
            COLUMNS,
            [_row(trial) for trial in trials],
            label="The forecast of past month ends against what came",
        )


def _verdict(score: dict[str, Any]) -> tuple[str, str]:
    """How far off, against the due dates; good only where it was nearer."""
    if score["error"] is None:
        return "warn", "Nothing came in these weeks, so there is no error to state."
    own, naive = Decimal(score["error"]), Decimal(score["naive_error"])
    nearer = "" if own < naive else "nearer, "
    words = (
        f"Off by {formats.percent(own)} of what came, week by week; taking every invoice as paid "
        f"when due was {nearer}off by {formats.percent(naive)}. The sums of all "
        f"{score['weeks']} weeks were off by {formats.percent(score['total_error'])} against "
        f"{formats.percent(score['naive_total_error'])}. What came lay between P10 and P90 in "
        f"{score['within_range']} of {score['trials']}."
    )
    return ("good" if own < naive else "warn"), words


def _row(trial: dict[str, Any]) -> list[Cell]:
    names = ("expected", "p10", "p90", "naive", "came", "missed", "naive_missed")
    return [
        Cell(formats.day(date.fromisoformat(trial["month_end"]))),
        *(Cell(formats.money(amount(trial[name]), code=False)) for name in names),
        Cell("Yes") if trial["within_range"] else Cell("No", tone="bad"),
    ]
