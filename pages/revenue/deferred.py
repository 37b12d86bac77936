"""Deferred revenue: what was put off and earned by month, and when the rest will be (CFO.2)."""

from collections.abc import Sequence
from datetime import date, timedelta

import plotly.graph_objects as go
import streamlit as st

from core.money import Money
from core.office import office
from core.reports.papers import schedule_paper
from core.reports.revenue_schedule import (
    FILE_COLUMNS,
    Schedule,
    ScheduleLine,
    ScheduleMonth,
    as_lines,
    revenue_schedule,
)
from etl.export import as_frame
from pages.parts import (
    charts,
    definitions,
    downloads,
    formats,
    head,
    states,
    tables,
    url,
    viewer,
)
from pages.parts.tables import Cell, Column
from pages.receivables import lists

BACK, AHEAD = 6, 12
LINES = (
    Column("Document", words=True),
    Column("Tenant", words=True),
    Column("For", words=True),
    Column("Service", words=True),
    Column("Net"),
    Column("Still deferred"),
)
FILED = ("number", "tenant_name", "description", "currency", "net_minor", "service_start",
         "service_end", "left_minor")  # fmt: skip


def main() -> None:
    """The months of a currency as bars and table, then the lines the plan rests on."""
    head.page("Deferred revenue", "invoiced and not earned yet, without tax, as the ledger has it")
    with office().work(viewer.current_actor()) as work:
        this = work.today.replace(day=1)
        found = revenue_schedule(work, _moved(this, -BACK), _moved(this, AHEAD))
    held = list(dict.fromkeys(month.currency for month in found.months))
    if not held:
        states.empty("Nothing is deferred", "No invoice for a service period was issued yet.")
        return
    moved = url.follow("currency", url.one_of(held), held[0])
    with st.container(horizontal=True, key="filters"):
        currency = st.segmented_control(
            "Currency", held, key="currency", on_change=moved, required=True
        )
    months = [month for month in found.months if month.currency == (currency or held[0])]
    with st.container(border=True, key="panel-schedule"):
        with st.container(
            horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"
        ):
            planned = f"hatched is planned from {formats.month(_key(found.open_from))}"
            head.section("Recognised by month", f"in {currency or held[0]}; {planned}")
            _files(found)
        charts.show(_bars(months), _said(months), "recognised", 300)
        _table(months)
        definitions.button("deferred_revenue")
    _lines(found, currency or held[0])


def _moved(month: date, by: int) -> date:
    index = month.year * 12 + month.month - 1 + by
    return date(index // 12, index % 12 + 1, 1)


def _key(month: date) -> str:
    return f"{month:%Y-%m}"


def _bars(months: Sequence[ScheduleMonth]) -> go.Figure:
    colours = charts.palette()
    return go.Figure(
        go.Bar(
            x=[formats.month_short(_key(month.month)) for month in months],
            y=[float(formats.units(month.recognised_minor, month.currency)) for month in months],
            customdata=[
                formats.money(Money(month.recognised_minor, month.currency)) for month in months
            ],
            marker={
                "color": colours.gains[0],
                "pattern": {"shape": [charts.HATCH if m.planned else "" for m in months]},
            },
            hovertemplate="%{x}: %{customdata}<extra></extra>",
        ),
        layout={"showlegend": False},
    )


def _said(months: Sequence[ScheduleMonth]) -> str:
    planned = sum(month.recognised_minor for month in months if month.planned)
    currency = months[0].currency
    return f"Recognised revenue by month; {formats.money(Money(planned, currency))} is planned"


def _files(found: Schedule) -> None:
    with st.container(horizontal=True, width="content"):
        tables.csv_button(
            lambda: as_frame(as_lines(found), FILE_COLUMNS), "deferred-revenue.csv", "csv-schedule"
        )
        downloads.paper_button(
            lambda: schedule_paper(found), "deferred-revenue.pdf", "pdf-schedule"
        )


def _table(months: Sequence[ScheduleMonth]) -> None:
    columns = [
        Column("Month", words=True),
        *map(Column, ("Opening", "Deferred", "Recognised", "Closing")),
        Column("State", words=True),
    ]
    tables.html(columns, [_month(month) for month in months], label="Deferred revenue by month")


def _month(month: ScheduleMonth) -> list[Cell]:
    amounts = (
        month.opening_minor,
        month.deferred_minor,
        month.recognised_minor,
        month.closing_minor,
    )
    return [
        Cell(formats.month(_key(month.month))),
        *(Cell(formats.money(Money(each, month.currency), code=False)) for each in amounts),
        Cell("Planned" if month.planned else "Posted", tone="muted" if month.planned else ""),
    ]


def _lines(found: Schedule, currency: str) -> None:
    own = sorted(
        (line for line in found.lines if line.currency == currency and line.left_minor),
        key=lambda line: -abs(line.left_minor),
    )
    if not own:
        return
    listed = lists.Listed(
        "deferred", "Deferred revenue", LINES, lambda most: own[:most], _line, FILED,
        found.open_from, f"in {currency}",
    )  # fmt: skip
    with st.container(border=True, key="panel-lines"):
        lists.heading(len(own), "line", "lines", f"still to be earned, in {currency}", listed)
        shown = [_line(line) for line in own[tables.page_of(len(own), "page-lines")]]
        held = Money(sum(line.left_minor for line in own), currency)
        total = [Cell("Total"), *[Cell("")] * 4, Cell(formats.money(held, code=False))]
        lists.table(listed, shown, total)


def _line(line: ScheduleLine) -> list[Cell]:
    last = line.service_end - timedelta(days=1)
    return [
        Cell(line.number, opens=tables.link("invoice", {"invoice": str(line.invoice_id)})),
        lists.tenant(line.tenant_id, line.tenant_name, "fold"),
        Cell(formats.told(line.description), tone="fold"),
        Cell(formats.days(line.service_start, last)),
        Cell(formats.money(Money(line.net_minor, line.currency), code=False)),
        Cell(formats.money(Money(line.left_minor, line.currency), code=False), tone="strong"),
    ]


main()
