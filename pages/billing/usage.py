"""What a tenant uses of its plan: each limit, use day by day, and what it will cost (USE.5)."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import plotly.graph_objects as go
import streamlit as st

from core.errors import SaldoError
from core.money import Money
from core.office import office
from core.plans.models import UNLIMITED
from core.usage.outlook import Day, Upcoming, daily, upcoming
from core.usage.queries import LimitUse, TenantUse, usage_of
from pages.billing import choosing, usage_bars
from pages.parts import charts, formats, head, plan_words, states, tables, url, viewer
from pages.parts.head import section
from pages.parts.tables import Cell, Column

DAYS = 30
CHART_HEIGHT = 280
LINE_COLUMNS = (
    Column("Line", words=True), Column("Quantity"), Column("Net"), Column("Tax"), Column("Total"),
)  # fmt: skip


def main() -> None:
    """The usage of the tenant the address names."""
    head.page("Usage", "what a tenant uses of its plan")
    chosen = choosing.tenant()
    if chosen is None:
        return
    with office().work(viewer.current_actor()) as work:
        use = usage_of(work, chosen)
    _limits(use)
    _days(use)
    _charges(use)


def _limits(use: TenantUse) -> None:
    last = formats.day(use.period_end - timedelta(days=1))
    told = f"period {formats.day(use.period_start)} to {last}, resets {formats.day(use.period_end)}"
    with st.container(border=True, key="panel-limits"):
        plan = use.plan_name if use.subscribed else f"{use.plan_name}, the default plan"
        section(plan, told)
        if use.limits:
            st.html(usage_bars.html(use))
        else:
            st.html('<p class="muted">The plan limits nothing, and nothing was used.</p>')


def _days(use: TenantUse) -> None:
    meters = [limit.meter for limit in use.limits if limit.resets in ("period", "day")]
    if not meters:
        return
    with st.container(border=True, key="panel-days"):
        section("Day by day", f"the last {DAYS} days")
        moved = url.follow("meter", url.one_of(meters), meters[0])
        meter = st.selectbox(
            "Measured",
            meters,
            key="meter",
            on_change=moved,
            format_func=plan_words.limit_title,
            width=260,
        )
        with office().work(viewer.current_actor()) as work:
            found = daily(work, use.tenant_id, meter, DAYS)
        if any(day.value for day in found):
            limit = next(each for each in use.limits if each.meter == meter)
            _chart(found, limit)
        else:
            st.html(f'<p class="muted">Nothing was used in the last {DAYS} days.</p>')


def _chart(days: list[Day], limit: LimitUse) -> None:
    colours = charts.palette()

    def axis(text: str) -> dict[str, Any]:
        return {"text": text, "font": {"size": 12, "color": colours.muted}, "standoff": 8}

    title = plan_words.limit_title(limit.meter)
    figure = go.Figure()
    figure.add_bar(
        x=[day.on for day in days],
        y=[float(day.value) for day in days],
        name=title,
        marker={"color": colours.accent},
        hovertemplate="%{y:,}",
    )
    if limit.resets == "day" and limit.limit not in (None, UNLIMITED):
        figure.add_hline(
            y=limit.limit,
            line={"color": colours.losses[1], "dash": "dot"},
            annotation_position="top left",
            annotation_text=f"limit {formats.number(limit.limit)} a day",
        )
    figure.update_layout(
        yaxis={"title": axis(title), "tickformat": ",~s", "rangemode": "tozero"},
        xaxis={"title": axis("Day"), **charts.day_ticks([day.on for day in days])},
        showlegend=False,
    )
    total = formats.number(sum((day.value for day in days), Decimal(0)))
    words = f"{title} on each of the last {len(days)} days, {total} together"
    charts.show(figure, words, "usage-days", CHART_HEIGHT)


def _charges(use: TenantUse) -> None:
    try:
        with office().work(viewer.current_actor()) as work:
            found = upcoming(work, use.tenant_id)
    except SaldoError as problem:
        states.notice("warn", str(problem))
        return
    if found is None:
        return
    with st.container(border=True, key="panel-charges"):
        until = formats.day(found.span.end)
        section("Usage charges so far", f"invoiced on {until}, in {found.currency}")
        _lines(found)


def _lines(found: Upcoming) -> None:
    def cell(minor: int) -> Cell:
        return Cell(formats.money(Money(minor, found.currency), code=False))

    rows = [
        [
            Cell(formats.told(line.description)),
            Cell(formats.quantity(line.quantity)),
            cell(amounts.net_minor),
            cell(amounts.tax_minor),
            cell(amounts.total_minor),
        ]
        for line, amounts in zip(found.lines, found.amounts, strict=True)
    ]
    whole = found.total
    foot = [
        Cell("Total"), Cell(""), cell(whole.net_minor), cell(whole.tax_minor),
        cell(whole.total_minor),
    ]  # fmt: skip
    tables.html(LINE_COLUMNS, rows, label="Usage charges", total=foot)


main()
