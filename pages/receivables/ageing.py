"""Receivables on a day: what is owed, how late it is, by whom, down to the invoices (CFO.2)."""

from datetime import date
from decimal import Decimal
from html import escape
from typing import Any

import polars as pl
import streamlit as st

from core.errors import NoCopy
from core.money import Money
from etl.figures.papers import ageing_paper
from pages.parts import (
    definitions,
    downloads,
    filters,
    formats,
    head,
    reading,
    states,
    tables,
)
from pages.parts.catalogue import amount
from pages.parts.comparisons import share
from pages.parts.tables import Cell, Column
from pages.receivables import open_invoices
from pages.receivables.open_invoices import BUCKETS


def main() -> None:
    """The day's total, its age, and who owes it."""
    heading = st.container()
    try:
        with st.container(horizontal=True, key="filters", vertical_alignment="bottom"):
            last = reading.copy_day()
            as_of = filters.as_of_input(last) or last
            currency = filters.currency_input()
    except NoCopy:
        states.no_copy()
        return
    found = reading.ageing(as_of, currency)
    with heading:
        head.page("Receivables", f"owed on {formats.day(as_of)}, tax included, in {currency}")
    _summary(found)
    if not found["invoices"]:
        states.empty(
            "Nobody owes anything", f"Every invoice issued up to {formats.day(as_of)} is settled."
        )
        return
    _tenants(found, as_of)
    open_invoices.invoices(currency, as_of)
    open_invoices.by_currency(found)


def _summary(found: dict[str, Any]) -> None:
    """Total, age bar, and the days of sales that are outstanding, each under its name."""
    with st.container(border=True, key="panel-ageing"):
        st.html(
            '<div class="owed"><div class="figure headline"><h2>Receivables</h2>'
            f'<p class="value">{escape(formats.money(amount(found["total"])))}</p>'
            f'<p class="beside">{formats.number(found["invoices"])} open invoices, disputed '
            f"<b>{escape(formats.money(amount(found['disputed'])))}</b></p></div>"
            f"{_dso('DSO, simple', found['dso']['simple'])}"
            f"{_dso('DSO, count-back', found['dso']['count_back'])}</div>{_bar(found)}"
        )
        with st.container(horizontal=True, key="doors-ageing"):
            for title, slug in (
                ("Receivables", "receivables"),
                ("DSO, simple", "dso_simple"),
                ("DSO, count-back", "dso_count_back"),
            ):
                definitions.button(slug, f"{title}: definition")


def _dso(title: str, days: str | None) -> str:
    text = formats.number(days, 1)
    unit = " <small>days</small>" if days is not None else ""
    return f'<div class="figure"><h2>{title}</h2><p class="value">{text}{unit}</p></div>'


def _bar(found: dict[str, Any]) -> str:
    total = amount(found["total"])
    parts = {bucket: share(amount(found["buckets"][bucket]), total) for bucket in BUCKETS}
    bars = "".join(
        f'<i class="age-{place}" style="flex-grow:{part:.4f}"></i>'
        for place, part in enumerate(parts.values())
        if part
    )
    legend = "".join(
        f'<div class="term"><dt><i class="age-{place}"></i>{title}</dt>'
        f"<dd>{escape(formats.money(amount(found['buckets'][bucket]), code=False))}"
        f"<small>{formats.percent(parts[bucket] or Decimal(0))}</small></dd></div>"
        for place, (bucket, title) in enumerate(BUCKETS.items())
    )
    terms = f'<dl class="identity legend">{legend}</dl>'
    return f'<div class="ages" aria-hidden="true">{bars}</div>{terms}'


def _tenants(found: dict[str, Any], as_of: date) -> None:
    currency = found["currency"]

    def every() -> pl.DataFrame:
        return reading.owed(as_of, currency)

    with st.container(border=True, key="panel-tenants"):
        with st.container(
            horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"
        ):
            head.section("By tenant", f"in {currency}, largest first; a number opens the invoices")
            name = f"receivables-by-tenant-{as_of}"
            with st.container(horizontal=True, width="content"):
                tables.csv_button(every, f"{name}.csv", "csv-tenants")
                downloads.paper_button(
                    lambda: ageing_paper(found, every()), f"{name}.pdf", "pdf-tenants"
                )
        columns = [Column("Tenant", words=True), *map(Column, BUCKETS.values()), Column("Total")]
        place = st.container()
        window = tables.page_of(reading.owing(as_of, currency), "page-tenants")
        shown = reading.owed(as_of, currency, window)
        body = [_tenant(row, currency, as_of) for row in shown.iter_rows(named=True)]
        foot = [
            Cell("Total"),
            *(
                Cell(formats.money(amount(held), code=False))
                for held in (*found["buckets"].values(), found["total"])
            ),
        ]
        with place:
            tables.html(columns, body, label="Receivables by tenant", total=foot)


def _tenant(row: dict[str, Any], currency: str, as_of: date) -> list[Cell]:
    def cell(name: str) -> Cell:
        if not row[name]:
            return Cell("–", tone="flat")
        door = {"tenant": row["tenant"], "currency": currency, "as_of": as_of.isoformat()}
        narrowed = door if name == "total" else {**door, "bucket": name}
        return Cell(
            formats.money(Money(row[name], currency), code=False),
            opens=tables.link("ageing", narrowed),
            tone="strong" if name == "total" else "",
        )

    return [Cell(row["tenant_name"]), *map(cell, BUCKETS), cell("total")]


main()
