"""Platform fees: what the platform itself invoiced, what was paid and what is open (FEE)."""

from collections.abc import Sequence

import streamlit as st

from core.money import Money
from core.office import office
from core.reports.platform_fees import (
    GROUPS,
    FeeGroup,
    FeeInvoice,
    FeeReport,
    platform_fees,
)
from pages.parts import definitions, formats, head, states, tables, url, viewer
from pages.parts.tables import Cell, Column
from pages.receivables import lists, words
from pages.revenue import window

AMOUNTS = ("gross", "paid", "outstanding")
COLUMNS = (
    Column("Issued", words=True),
    Column("Invoice", words=True),
    Column("Tenant", words=True),
    Column("Plan", words=True, spare=2),
    Column("Country", words=True, spare=1),
    Column("Status", words=True),
    Column("Gross"),
    Column("Paid", spare=2),
    Column("Outstanding"),
    Column("Currency", words=True),
)
FILED = (
    "id",
    "number",
    "tenant_id",
    "tenant_name",
    "plan",
    "country",
    "status",
    "issued_on",
    "due_on",
    "currency",
    "net_minor",
    "tax_minor",
    "gross_minor",
    "paid_minor",
    "outstanding_minor",
)


def main() -> None:
    """Totals by currency, groups, and every invoice."""
    head.page("Platform fees", "invoices of the platform itself, tax included")
    with st.container(horizontal=True, key="filters", vertical_alignment="bottom"):
        first, last = window.days()
        moved = url.follow("by", url.one_of(GROUPS), GROUPS[0])
        group_by = st.segmented_control(
            "Grouped by", GROUPS, key="by", on_change=moved, required=True, format_func=str.title
        )
    with office().work(viewer.current_actor()) as work:
        found = platform_fees(work, first, last, group_by or GROUPS[0])
    if not found.invoices:
        states.empty(
            "No platform fees",
            f"No fee was invoiced from {formats.day(first)} to {formats.day(last)}.",
        )
        return
    _groups(found)
    _invoices(found)


def _groups(found: FeeReport) -> None:
    with st.container(border=True, key="panel-groups"):
        head.section(f"By {found.group_by}", "currencies are not added up")
        columns = [
            Column(found.group_by.capitalize(), words=True),
            Column("Invoices"),
            *(Column(name.capitalize()) for name in AMOUNTS),
            Column("Currency", words=True),
        ]
        name = formats.country if found.group_by == "country" else str
        rows = [[Cell(name(each.key)), *_sums(each)] for each in found.groups]
        rows += [[Cell("Total", tone="strong"), *_sums(each, "strong")] for each in found.totals]
        tables.html(columns, rows, label=f"Platform fees by {found.group_by}")
        definitions.button("platform_fee_report")


def _sums(group: FeeGroup, tone: str = "") -> list[Cell]:
    return [
        Cell(formats.number(group.invoices), tone=tone),
        *_amounts(group, tone),
        Cell(group.currency),
    ]


def _amounts(of: FeeGroup | FeeInvoice, tone: str = "") -> list[Cell]:
    held = [Money(getattr(of, f"{name}_minor"), of.currency) for name in AMOUNTS]
    return [Cell(formats.money(each, code=False), tone=tone) for each in held]


def _invoices(found: FeeReport) -> None:
    read: Sequence[FeeInvoice] = found.invoices
    listed = lists.Listed(
        "platform-fees",
        "Platform fees",
        COLUMNS,
        lambda most: read[:most],
        _row,
        FILED,
        found.until,
        f"from {formats.day(found.since)} to {formats.day(found.until)}",
    )
    with st.container(border=True, key="panel-fees"):
        lists.heading(len(read), "invoice", "invoices", "a number opens the invoice", listed)
        lists.table(listed, [_row(row) for row in read[tables.page_of(len(read), "page-fees")]])


def _row(row: FeeInvoice) -> list[Cell]:
    return [
        Cell(formats.day(row.issued_on)),
        Cell(row.number, opens=tables.link("invoice", {"invoice": str(row.id)})),
        lists.tenant(row.tenant_id, row.tenant_name, "fold"),
        Cell(row.plan),
        Cell(formats.country(row.country)),
        Cell(words.STATUSES.get(row.status, row.status)),
        *_amounts(row),
        Cell(row.currency),
    ]


main()
