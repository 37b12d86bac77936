"""The cash forecast: what open invoices will bring week by week, and how well that went before."""

from datetime import date
from html import escape
from typing import Any

import streamlit as st

from core.errors import NoCopy
from core.forecast.charges import card_renewals
from core.office import office
from etl.export import as_frame
from etl.figures.forecast import FILE_COLUMNS, forecast_lines
from etl.figures.papers import forecast_paper
from pages.parts import (
    definitions,
    downloads,
    filters,
    forecast_charts,
    formats,
    head,
    reading,
    states,
    tables,
    url,
    viewer,
)
from pages.parts.catalogue import amount
from pages.parts.tables import Cell, Column
from pages.receivables import forecast_rows, forecast_tries

COLUMNS = (
    Column("Week", words=True),
    Column("Expected"),
    Column("P10"),
    Column("P50", spare=3),
    Column("P90"),
    Column("If paid when due", spare=3),
    Column("Card renewals"),
    Column("Together"),
)


def main() -> None:
    """The currency, the sums, the weeks, the invoices behind them, and the back-test."""
    heading = st.container()
    bar = st.container(horizontal=True, key="filters", vertical_alignment="bottom")
    try:
        with bar:
            as_of = filters.as_of_input(reading.copy_day()) or reading.copy_day()
        renewals = _renewals(as_of)
        found = reading.cash_forecast(as_of, renewals)
    except NoCopy:
        states.no_copy()
        return
    if not found["currencies"]:
        with heading:
            head.page("Cash forecast", f"as of {formats.day(as_of)}")
        states.empty(
            "Nothing is expected",
            f"No invoice was open on {formats.day(as_of)} and no card renewal is coming.",
        )
        return
    with bar:
        answer = _chosen(found["currencies"])
    with heading:
        told = f"receipts of the {found['weeks']} weeks after {formats.day(as_of)}"
        head.page("Cash forecast", f"{told}, tax included, in {answer['currency']}")
    _sums(answer, found["weeks"])
    _weeks(answer, found, as_of, renewals)
    forecast_rows.invoices(found, answer["currency"], as_of)
    forecast_tries.draw(answer)


def _renewals(as_of: date) -> Any:
    with office().work(viewer.current_actor()) as work:
        charges = card_renewals(work, as_of)
    return None if charges is None else tuple(charges)


def _chosen(answers: list[dict[str, Any]]) -> dict[str, Any]:
    """The currency of the address; at first the one with the most open invoices."""
    by_currency = {answer["currency"]: answer for answer in answers}
    usual = max(answers, key=lambda each: int(each["open_invoices"]))["currency"]
    moved = url.restart(url.follow("currency", url.one_of(tuple(by_currency)), usual), "week")
    chosen = st.selectbox(
        "Currency of the invoices", list(by_currency), key="currency", on_change=moved, width=210
    )
    return by_currency[chosen]


def _sums(answer: dict[str, Any], weeks: int) -> None:
    low, high = (formats.money(amount(answer[name]), code=False) for name in ("p10", "p90"))
    unused = answer["credit"]
    taken = f"less {formats.money(amount(unused))} of unused money" if unused["minor"] else ""
    figures = (
        (f"Expected in {weeks} weeks", answer["expected"], f"P10 to P90: {low} to {high}"),
        ("Open invoices", answer["open"], taken),
        ("Expected later", answer["later"], ""),
        ("Expected never to come", answer["never"], ""),
        ("Card renewals", answer["renewals"], _about(answer["renewals"])),
    )
    body = "".join(
        f'<div class="figure{" headline" if n == 0 else ""}"><h2>{escape(title)}</h2>'
        f'<p class="value">{escape(formats.money(amount(value)))}</p>'
        f"{_beside(beside)}</div>"
        for n, (title, value, beside) in enumerate(figures)
    )
    with st.container(border=True, key="panel-forecast"):
        st.html(f'<div class="owed">{body}</div>')
        definitions.button("cash_forecast")


def _beside(words: str) -> str:
    return f'<p class="beside">{escape(words)}</p>' if words else ""


def _about(renewals: dict[str, Any] | None) -> str:
    return "not kept for past days" if renewals is None else "the next one of each subscription"


def _weeks(answer: dict[str, Any], found: dict[str, Any], as_of: date, renewals: Any) -> None:
    with st.container(border=True, key="panel-weeks"):
        with st.container(
            horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"
        ):
            head.section(
                "By week",
                f"in {answer['currency']}; a number opens the invoices behind it; P10, P50 and P90 "
                "of weeks do not add up",
            )
            with st.container(horizontal=True, width="content"):
                name = f"cash-forecast-{as_of}"
                tables.csv_button(
                    lambda: as_frame(
                        forecast_lines(reading.whole_cash_forecast(as_of, renewals)), FILE_COLUMNS
                    ),
                    f"{name}.csv",
                    "csv-weeks",
                )
                downloads.paper_button(lambda: forecast_paper(found), f"{name}.pdf", "pdf-weeks")
        forecast_charts.show(
            forecast_charts.weeks(answer["weeks"]),
            "Expected receipts by week with their range from P10 to P90",
            "chart-weeks",
        )
        body = [_week(week, answer["currency"], as_of) for week in answer["weeks"]]
        total = [Cell("Total"), *_amounts(answer, None)]
        tables.html(COLUMNS, body, label="Expected receipts by week", total=total)


def _week(week: dict[str, Any], currency: str, as_of: date) -> list[Cell]:
    door = {"as_of": as_of.isoformat(), "currency": currency, "week": str(week["week"])}
    first = date.fromisoformat(week["since"])
    last = date.fromisoformat(week["until"])
    return [
        Cell(formats.days(first, last)),
        *_amounts(week, tables.link("cash-forecast", door)),
    ]


def _amounts(row: dict[str, Any], door: str | None) -> list[Cell]:
    """The row's amounts; without a door those of the total."""
    cells = []
    for name in ("expected", "p10", "p50", "p90", "naive", "renewals", "together"):
        opens = door if door and name == "expected" and row[name]["minor"] else ""
        tone = "strong" if name == "expected" else ""
        cells.append(Cell(formats.money(amount(row[name]), code=False), opens=opens, tone=tone))
    return cells


main()
