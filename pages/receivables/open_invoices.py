"""The invoices behind the receivables, and the same in the currencies they are written in."""

from datetime import date
from typing import Any

import polars as pl
import streamlit as st

from core.money import Money
from pages.parts import formats, head, tables, url
from pages.parts.catalogue import amount
from pages.parts.tables import Cell, Column

BUCKETS = {
    "current": "Not yet due",
    "1-30": "1–30 days",
    "31-60": "31–60 days",
    "61-90": "61–90 days",
    "over_90": "Over 90 days",
}


def invoices(frame: pl.DataFrame, currency: str, as_of: date) -> None:
    """The invoices of the tenant and age the address names, or all of them."""
    bucket = url.read("bucket", url.one_of(tuple(BUCKETS)), "")
    tenant = url.read("tenant", url.one_of(tuple(frame["tenant"].unique())), "")
    chosen = frame.filter(
        pl.lit(not bucket) | (pl.col("bucket") == bucket),
        pl.lit(not tenant) | (pl.col("tenant") == tenant),
    )
    who = chosen["tenant_name"][0] if tenant and chosen.height else "all tenants"
    with st.container(border=True, key="panel-invoices"):
        with st.container(
            horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"
        ):
            head.section("Open invoices", f"{who}, {BUCKETS[bucket] if bucket else 'of every age'}")
            if bucket or tenant:
                st.page_link("pages/receivables/ageing.py", label="Show all")
            tables.csv_button(lambda: chosen, f"open-invoices-{as_of}.csv", "csv-invoices")
        place = st.container()
        window = tables.page_of(chosen.height, "page-invoices")
        with place:
            _invoice_table(chosen[window], currency, int(chosen["open_minor"].sum()))


def _invoice_table(frame: pl.DataFrame, currency: str, total_minor: int) -> None:
    columns = [
        Column("Invoice", words=True),
        Column("Tenant", words=True),
        Column("Issued", words=True),
        Column("Due", words=True),
        Column("Days overdue"),
        Column("", words=True),
        Column("Open"),
        Column(f"Open ({currency})"),
    ]
    body = [
        [
            Cell(row["number"], opens=tables.link("invoice", {"invoice": str(row["invoice_id"])})),
            Cell(row["tenant_name"]),
            Cell(formats.day(row["issued_on"])),
            Cell(formats.day(row["due_on"])),
            Cell(formats.number(row["days_overdue"])),
            Cell("disputed", tone="bad") if row["disputed"] else Cell(""),
            Cell(formats.money(Money(row["open_native_minor"], row["currency"]))),
            Cell(formats.money(Money(row["open_minor"], currency), code=False), tone="strong"),
        ]
        for row in frame.iter_rows(named=True)
    ]
    foot = [
        Cell("Total"),
        *[Cell("")] * 6,
        Cell(formats.money(Money(total_minor, currency), code=False)),
    ]
    tables.html(columns, body, label="Open invoices", total=foot)


def by_currency(found: dict[str, Any]) -> None:
    """The same in the currencies the invoices are written in."""
    with st.container(border=True, key="panel-native"):
        head.section("By currency of the invoice", "before conversion")
        columns = [Column("Currency", words=True), *map(Column, BUCKETS.values()), Column("Total")]
        body = [
            [
                Cell(part["currency"]),
                *(
                    Cell(formats.money(amount(held), code=False))
                    for held in (*part["buckets"].values(), part["total"])
                ),
            ]
            for part in found["by_currency"]
        ]
        tables.html(columns, body, label="Receivables by currency")
