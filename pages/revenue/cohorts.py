"""Cohorts: of the tenants that first paid in a month, how many stay, and how much of their MRR.

Months that are not over are left blank: they would look like losses (CFO.2).
"""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import streamlit as st

from core.errors import NoCopy
from etl.figures.cohorts import cohort_rows
from etl.figures.papers import cohorts_paper
from pages.parts import (
    definitions,
    downloads,
    filters,
    formats,
    head,
    reading,
    states,
    tables,
    url,
)
from pages.parts.catalogue import amount
from pages.parts.tables import Cell, Column

SHOWN = {"tenants": "Tenants", "revenue": "Revenue"}
SPANS = (12, 24, 36)
STEPS = 10
HEAT = (
    ".table .heat { display: block; margin: -.25rem -.375rem; padding: .25rem .375rem; "
    "border-radius: 4px; font-variant-numeric: tabular-nums; } "
    "[class*='st-key-panel-cohorts'] .table :is(th, td) { padding-left: .4375rem; padding-right: "
    ".4375rem; font-size: .8125rem; } "
    + " ".join(
        f".table .heat-{step} {{ background: color-mix(in srgb, var(--accent) {step * 4}%, "
        "transparent); }"
        for step in range(STEPS + 1)
    )
)


def main() -> None:
    """The filters, the triangle, and its file."""
    heading = st.container()
    try:
        with st.container(horizontal=True, key="filters", vertical_alignment="bottom"):
            as_of = filters.as_of_input(reading.copy_day()) or reading.copy_day()
            currency = filters.currency_input()
            rates_of = filters.rates_input(reading.copy_day())
            moved = url.follow("months", url.one_of(SPANS), SPANS[0])
            span = st.segmented_control(
                "Cohorts shown", SPANS, key="months", on_change=moved, required=True
            )
            moved = url.follow("of", url.one_of(tuple(SHOWN)), "tenants")
            shown = st.segmented_control(
                "What stays", tuple(SHOWN), key="of", on_change=moved, required=True,
                format_func=lambda name: SHOWN[name],
            )  # fmt: skip
    except NoCopy:
        states.no_copy()
        return
    with heading:
        restated = f", at the rates of {formats.day(rates_of)}" if rates_of else ""
        told = "tenants by the month of their first payment, and what is left of it"
        head.page("Cohorts", told + restated)
    first = filters.months_back(f"{as_of:%Y-%m}", (span or SPANS[0]) - 1)
    found = reading.cohorts(first, as_of, currency, rates_of)
    if not any(cohort["size"] for cohort in found["cohorts"]):
        states.empty("No cohort yet", "No tenant paid for the first time in these months.")
        return
    _triangle(found, shown or "tenants", as_of)


def _triangle(found: dict[str, Any], shown: str, as_of: date) -> None:
    lines = [_line(cohort, shown, as_of) for cohort in found["cohorts"]]
    longest = max(len(line) for line in lines)
    told = (
        "share of the tenants that are customers at the end of each month after the first"
        if shown == "tenants"
        else f"share of the first month's MRR that is left, in {found['currency']}"
    )
    st.html(f"<style>{HEAT}</style>")
    with st.container(border=True, key="panel-cohorts"):
        with st.container(
            horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"
        ):
            head.section(SHOWN[shown], told)
            with st.container(horizontal=True, width="content"):
                tables.csv_button(lambda: cohort_rows(found), f"cohorts-{as_of}.csv", "csv-cohorts")
                downloads.paper_button(
                    lambda: cohorts_paper(found), f"cohorts-{as_of}.pdf", "pdf-cohorts"
                )
        columns = [
            Column("First paid", words=True),
            Column("Tenants"),
            *([Column("MRR", spare=3)] if shown == "revenue" else []),
            *(Column(str(age)) for age in range(longest)),
        ]
        rows = [
            [*_start(cohort, shown), *line, *[Cell("")] * (longest - len(line))]
            for cohort, line in zip(found["cohorts"], lines, strict=True)
        ]
        tables.html(columns, rows, label=f"Cohorts by {SHOWN[shown].lower()}, age in months")
        counted = "Columns count months since the first payment."
        if not longest:
            counted = "What stays is told from the end of the first month on, which is not over."
        st.html(f'<p class="muted">{counted}</p>')
        definitions.button("cohorts")


def _start(cohort: dict[str, Any], shown: str) -> list[Cell]:
    first = [Cell(formats.month_short(cohort["cohort"])), Cell(formats.number(cohort["size"]))]
    if shown == "revenue":
        first.append(Cell(formats.money(amount(cohort["mrr"][0]), code=False)))
    return first


def _line(cohort: dict[str, Any], shown: str, as_of: date) -> list[Cell]:
    """The shares of a cohort at the end of each month that is over."""
    held = [Decimal(each) for each in cohort["retained"]]
    whole = Decimal(cohort["size"])
    if shown == "revenue":
        held = [Decimal(each["minor"]) for each in cohort["mrr"]]
        whole = held[0] if held else Decimal(0)
    over = held if (as_of + timedelta(days=1)).day == 1 else held[:-1]
    return [_cell(each / whole if whole else None) for each in over]


def _cell(share: Decimal | None) -> Cell:
    if share is None:
        return Cell("–", tone="flat")
    step = min(max(int(share * STEPS), 0), STEPS)
    return Cell(formats.percent(share, 0), tone=f"heat heat-{step}")


main()
