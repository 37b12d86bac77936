"""How MRR moved: the large chart, the identity to the cent, the waterfall, month by month."""

from typing import Any

import streamlit as st

from core.money import Money
from etl.export import as_frame
from etl.figures.papers import movements_paper
from etl.figures.values import month_columns, month_rows
from pages.parts import charts, downloads, formats, reading, tables, url
from pages.parts.catalogue import GAINS, LOSSES, MOVEMENTS, amount
from pages.parts.filters import months_back
from pages.parts.head import section
from pages.parts.reading import Ask
from pages.parts.tables import Cell, Column

VIEWS = ("MRR", "Movements")
SIGNS = {
    "new": "+",
    "expansion": "+",
    "reactivation": "+",
    "contraction": formats.MINUS,
    "churn": formats.MINUS,
    "fx": "±",
    "end": "=",
}


def chart(ask: Ask, count: int) -> None:
    """One large chart; the month after the chosen one is added while it is unfinished."""
    shown = ask.up_to(latest(ask))
    rows = reading.movements(shown, months_back(ask.month, count - 1))
    partial = bool(rows[-1]["partial"])
    with st.container(border=True, key="panel-chart"):
        with st.container(
            horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"
        ):
            unfinished = "; the month that is not over is marked" if partial else ""
            section("Recurring revenue", f"last {count} months, in {ask.currency}{unfinished}")
            moved = url.follow("view", url.one_of(VIEWS), VIEWS[0])
            view = st.segmented_control(
                "Chart",
                VIEWS,
                key="view",
                on_change=moved,
                required=True,
                label_visibility="collapsed",
            )
        if view == "Movements":
            drawn = charts.movement_chart(rows, ask.currency)
        else:
            drawn = charts.trend(
                [r["month"] for r in rows], [r["end"] for r in rows], partial, "MRR"
            )
        charts.show(drawn, f"{view} of the last {count} months in {ask.currency}", "chart-main")


def latest(ask: Ask) -> str:
    """The month asked for, or the unfinished one right after it."""
    today = f"{ask.as_of or reading.copy_day():%Y-%m}"
    return today if months_back(today, 1) == ask.month else ask.month


def change(ask: Ask, count: int) -> None:
    """The identity of the chosen month, its waterfall, and the same for every month shown."""
    rows = reading.movements(ask, months_back(ask.month, count - 1))
    row = rows[-1]
    with st.container(border=True, key="panel-change"):
        section(f"How MRR moved in {formats.month(ask.month)}", reading.definition("end"))
        st.html(identity(row, ask))
        drawn, floor = charts.waterfall(row)
        charts.show(drawn, _in_words(row), "chart-waterfall", height=330)
        st.caption(
            f"The axis starts at {ask.currency} {formats.marked(f'{floor:,.0f}')}, so that the "
            "movements can be seen."
        )
    with st.container(border=True, key="panel-months"):
        with st.container(
            horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"
        ):
            section("Month by month", f"in {ask.currency}; every number opens the rows behind it")
            _files(rows, ask)
        _months(rows, ask)


def identity(row: dict[str, Any], ask: Ask) -> str:
    """Start, movements and end in full, each a door; says whether they add up."""
    terms = "".join(
        f'<div class="term {key}"><dt>{title}</dt><dd><i>{SIGNS.get(key, "")}</i>'
        f'<a href="{_door(key, ask)}" target="_self">{_plain(key, row[key])}</a></dd></div>'
        for key, title in MOVEMENTS.items()
    )
    verdict = "Adds up to the cent" if adds_up(row) else "Does not add up; tell an administrator"
    tone = "good" if adds_up(row) else "bad"
    return f'<dl class="identity">{terms}</dl><p class="verdict {tone}">{verdict}</p>'


def adds_up(row: dict[str, Any]) -> bool:
    """Whether start and movements make the end, in minor units."""
    found = {key: amount(row[key]) for key in MOVEMENTS}
    held = {key: money for key, money in found.items() if money is not None}
    if len(held) < len(MOVEMENTS):
        return False
    total: Money = held["start"] + held["fx"]
    for key in GAINS:
        total = total + held[key]
    for key in LOSSES:
        total = total - held[key]
    return total == held["end"]


def _files(rows: list[dict[str, Any]], ask: Ask) -> None:
    name, as_of = f"movements-{ask.month}", ask.as_of or reading.copy_day()
    with st.container(horizontal=True, width="content"):
        tables.csv_button(
            lambda: as_frame(month_rows(rows), month_columns(rows)), f"{name}.csv", "csv-movements"
        )
        downloads.paper_button(lambda: movements_paper(rows, as_of), f"{name}.pdf", "pdf-movements")


def _months(rows: list[dict[str, Any]], ask: Ask) -> None:
    columns = [
        Column("Month", words=True),
        *(Column(title, spare=3 if key == "start" else 0) for key, title in MOVEMENTS.items()),
    ]
    body = [
        [_name(row), *(_cell(key, row, ask.up_to(row["month"])) for key in MOVEMENTS)]
        for row in reversed(rows)
    ]
    tables.html(columns, body, label="MRR movements month by month")


def _name(row: dict[str, Any]) -> Cell:
    name = formats.month(row["month"], "MMM y")
    return Cell(name + (" so far" if row.get("partial") else ""))


def _cell(key: str, row: dict[str, Any], ask: Ask) -> Cell:
    held = amount(row[key])
    lost = key in LOSSES and held is not None and held.minor > 0
    text = formats.money(held, code=False)
    return Cell(
        (formats.MINUS if lost else "") + text,
        opens=_door(key, ask),
        tone="strong" if key in ("start", "end") else "",
    )


def _door(key: str, ask: Ask) -> str:
    return tables.link("rows", ask.params(figure=key))


def _plain(key: str, value: Any) -> str:
    return formats.money(amount(value), code=False)


def _in_words(row: dict[str, Any]) -> str:
    told = ", ".join(
        f"{title} {formats.money(amount(row[key]))}" for key, title in MOVEMENTS.items()
    )
    return f"Waterfall of MRR: {told}"
