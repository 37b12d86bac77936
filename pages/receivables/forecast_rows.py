"""The invoices behind the cash forecast, of one week or of all."""

from datetime import date
from typing import Any

import streamlit as st

from core.money import Money
from pages.parts import formats, head, reading, tables, url
from pages.parts.tables import Cell, Column

COLUMNS = (
    Column("Invoice", words=True),
    Column("Customer", words=True),
    Column("Due", words=True),
    Column("Days overdue"),
    Column("Paid before"),
    Column("Open"),
    Column("Expected"),
)


def invoices(found: dict[str, Any], currency: str, as_of: date) -> None:
    """The open invoices with what each is expected to bring in the week the address names."""
    week = url.read("week", url.one_of(range(1, found["weeks"] + 1)), None)
    [answer] = [each for each in found["currencies"] if each["currency"] == currency]
    if not answer["open_invoices"]:
        return
    expected = answer["weeks"][week - 1] if week else answer
    with st.container(border=True, key="panel-invoices"):
        with st.container(
            horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"
        ):
            head.section("Open invoices", _told(answer, found["weeks"], week))
            if week:
                st.page_link(
                    "pages/receivables/forecast.py",
                    label="Show all weeks",
                    query_params={"as_of": as_of.isoformat(), "currency": currency},
                )
            name = f"cash-forecast-invoices-{as_of}-{currency}.csv"
            tables.csv_button(
                lambda: reading.forecast_rows(as_of, currency, week), name, "csv-invoices"
            )
        place = st.container()
        window = tables.page_of(answer["open_invoices"], "page-invoices")
        rows = reading.forecast_rows(as_of, currency, week, window)
        with place:
            tables.html(
                COLUMNS,
                [_row(row, currency) for row in rows.iter_rows(named=True)],
                label="Open invoices and what they are expected to bring",
                folds=True,
                total=[
                    Cell("Total"),
                    *[Cell("")] * 4,
                    _money(answer["open"]["minor"], currency),
                    _money(expected["expected"]["minor"], currency),
                ],
            )


def _told(answer: dict[str, Any], weeks: int, week: int | None) -> str:
    if week is None:
        return f"expected in all {weeks} weeks, in {answer['currency']}"
    since = date.fromisoformat(answer["weeks"][week - 1]["since"])
    return f"expected in the week from {formats.day(since)}, in {answer['currency']}"


def _row(row: dict[str, Any], currency: str) -> list[Cell]:
    return [
        Cell(row["number"], opens=tables.link("invoice", {"invoice": str(row["invoice_id"])})),
        Cell(row["tenant_name"]),
        Cell(formats.day(date.fromisoformat(row["due_on"]))),
        Cell(formats.number(row["days_overdue"])),
        Cell(formats.number(row["settled_before"])),
        _money(row["open_minor"], currency),
        _money(row["week_minor"], currency, "strong"),
    ]


def _money(minor: int, currency: str, tone: str = "") -> Cell:
    return Cell(formats.money(Money(minor, currency), code=False), tone=tone)
