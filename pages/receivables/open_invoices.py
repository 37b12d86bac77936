"""The invoices behind the receivables, and the same in the currencies they are written in."""

from datetime import date
from typing import Any

import polars as pl
import streamlit as st

from core.money import Money
from pages.parts import formats, head, reading, tables, url
from pages.parts.catalogue import amount
from pages.parts.tables import Cell, Column

BUCKETS = {
    "current": "Not yet due",
    "1-30": "1–30 days",
    "31-60": "31–60 days",
    "61-90": "61–90 days",
    "over_90": "Over 90 days",
}


def invoices(currency: str, as_of: date) -> None:
    """The invoices of the tenant and age the address names, or all of them."""
    bucket = url.read("bucket", url.one_of(tuple(BUCKETS)), None)
    tenant = st.query_params.get("tenant") or None
    if tenant and not reading.open_total(as_of, currency, None, tenant).invoices:
        tenant = None
    total = reading.open_total(as_of, currency, bucket, tenant)
    asked = (as_of, currency, bucket, tenant)
    with st.container(border=True, key="panel-invoices"):
        top = st.container(
            horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"
        )
        place = st.container()
        window = tables.page_of(total.invoices, "page-invoices")
        shown = reading.open_invoices(*asked, window)
        with place:
            _invoice_table(shown, currency, total.open_minor)
        who = shown["tenant_name"][0] if tenant and shown.height else "all tenants"
        with top:
            head.section("Open invoices", f"{who}, {BUCKETS[bucket] if bucket else 'of every age'}")
            if bucket or tenant:
                st.page_link("pages/receivables/ageing.py", label="Show all")
            name = f"open-invoices-{as_of}.csv"
            tables.csv_button(lambda: reading.open_invoices(*asked), name, "csv-invoices")


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
    tables.html(columns, body, label="Open invoices", total=foot, folds=True)


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
