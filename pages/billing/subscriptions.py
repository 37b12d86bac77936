"""Subscriptions of all tenants: counts by status, filters, one row each (SUB.1)."""

from typing import Any

import polars as pl
import streamlit as st

from core.access.authority import Actor
from core.money import Money
from core.office import office
from core.settings import settings
from core.subscriptions.listing import (
    MOST_ROWS,
    Filters,
    SubscriptionPage,
    SubscriptionRow,
    choices,
    subscriptions,
)
from core.subscriptions.models import COLLECTION, STATUSES
from pages.billing import words
from pages.parts import formats, head, states, tables, url, viewer, wallet_history
from pages.parts.tables import Cell, Column

SORTS = {
    "tenant": ("Tenant", "tenant", False),
    "renews": ("Next renewal", "renews", False),
    "mrr": ("Largest MRR", "mrr", True),
    "open": ("Largest open amount", "open", True),
    "started": ("Newest", "started", True),
    "plan": ("Plan", "plan", False),
}
COLUMNS = (
    Column("Tenant", words=True),
    Column("Plan", words=True),
    Column("Status", words=True),
    Column("A cycle", spare=2),
    Column("MRR"),
    Column("Next renewal", words=True),
    Column("By", words=True, spare=1),
    Column("Open"),
)
FILED = (
    "id", "tenant_id", "tenant_name", "plan", "status", "cycle", "currency", "total_minor",
    "mrr_minor", "collection", "auto_renew", "cancel_at_period_end", "started_on",
    "current_period_end", "renews_on", "trial_ends_on", "paused_until", "grace_ends_on",
    "ended_on", "open_minor", "overdue",
)  # fmt: skip


def main() -> None:
    """The heading, the counts, the filters and a page of rows."""
    head.page("Subscriptions", "of all tenants; MRR counts what earns, amounts are without tax")
    actor = viewer.current_actor()
    filters, sort = _filters(actor)
    size = settings().table_page_rows
    asked = url.read("page", url.positive, 1)
    _, order, descending = SORTS[sort]
    with office().work(actor) as work:
        found = subscriptions(
            work,
            filters,
            sort=order,
            descending=descending,
            limit=size,
            offset=(asked - 1) * size,
        )
    _counts(found, filters)
    if not found.count:
        states.none(
            "subscription",
            "A tenant gets one on its page, under “Tenant”; “Import data” brings those there are.",
            narrowed=filters != Filters(),
        )
        return
    with st.container(border=True, key="panel-subscriptions"):
        with st.container(
            horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"
        ):
            many = (
                "1 subscription"
                if found.count == 1
                else f"{formats.number(found.count)} subscriptions"
            )
            head.section(many, "a tenant opens its subscription")
            tables.csv_button(
                lambda: _frame(actor, filters, order, descending),
                "subscriptions.csv",
                "csv-subscriptions",
            )
        tables.html(COLUMNS, [_row(row) for row in found.rows], label="Subscriptions", folds=True)
        tables.pager(found.count, asked)


def _filters(actor: Actor) -> tuple[Filters, str]:
    """The search as the address says it; a changed one starts at the first page."""
    with office().work(actor) as work:
        known = choices(work)
    with st.container(horizontal=True, key="filters", vertical_alignment="bottom"):
        moved = url.restart(url.follow("text", str, ""), "page")
        text = st.text_input("Tenant or number", key="text", on_change=moved, width=210)
        status = _choice("status", "Status", {name: words.STATUSES[name] for name in STATUSES})
        plan = _choice("plan", "Plan", known.plans)
        currency = _choice("currency", "Currency", {code: code for code in known.currencies})
        country = _choice(
            "country", "Country", {code: formats.country(code) for code in known.countries}
        )
        by = _choice("by", "Collected by", {name: words.COLLECTION[name] for name in COLLECTION})
        since, until = _day("from", "Renews from"), _day("until", "to and including")
        sort = _choice("sort", "Sort by", {name: title for name, (title, _, _) in SORTS.items()})
    wanted = Filters(text or None, status, plan, currency, by, since, until, country=country)
    return wanted, sort or "tenant"


def _choice(name: str, title: str, options: dict[str, str]) -> Any:
    is_order = name == "sort"
    offered = tuple(options) if is_order else ("", *options)
    moved = url.restart(url.follow(name, url.one_of(offered), offered[0]), "page")
    found = st.selectbox(
        title,
        offered,
        key=name,
        on_change=moved,
        width=175 if is_order else 140,
        format_func=lambda given: options.get(given, "All"),
    )
    return found or None


def _day(name: str, title: str) -> Any:
    moved = url.restart(url.follow(name, url.day_or_none, None), "page")
    return st.date_input(title, key=name, on_change=moved, width=140, format="YYYY-MM-DD")


def _counts(found: SubscriptionPage, filters: Filters) -> None:
    """How many there are in each status; a number narrows the list to it."""
    kept = {name: str(value) for name, value in st.query_params.items() if name != "page"}
    total = sum(found.by_status.values())
    terms = [_count("All", total, {**kept, "status": ""}, filters.status is None)]
    for name, count in found.by_status.items():
        chosen = filters.status == name
        terms.append(_count(words.STATUSES[name], count, {**kept, "status": name}, chosen))
    st.html(f'<dl class="identity">{"".join(terms)}</dl>')


def _count(title: str, count: int, params: dict[str, str], chosen: bool) -> str:
    door = tables.link("subscriptions", {name: value for name, value in params.items() if value})
    mark = " start" if chosen else ""
    return (
        f'<div class="term{mark}"><dt>{title}</dt><dd><a href="{door}" target="_self">'
        f"{formats.number(count)}</a></dd></div>"
    )


def _row(row: SubscriptionRow) -> list[Cell]:
    door = tables.link("subscription", {"subscription": str(row.id)})
    return [
        Cell(row.tenant_name, opens=door),
        Cell(words.plan(row.plan_name, row.cycle)),
        words.status(row.status),
        Cell(formats.money(Money(row.total_minor, row.currency))),
        _amount(row.mrr_minor, row.currency, "strong"),
        Cell(words.next_step(row), tone="" if row.renews_on else "muted"),
        Cell(words.COLLECTION[row.collection]),
        _amount(row.open_minor, row.currency, "bad" if row.overdue else ""),
    ]


def _amount(minor: int, currency: str, tone: str) -> Cell:
    if not minor:
        return Cell("–", tone="flat")
    text = formats.money(Money(minor, currency), code=False)
    return Cell(f"{text} overdue" if tone == "bad" else text, tone=tone)


def _frame(actor: Actor, filters: Filters, order: str, descending: bool) -> pl.DataFrame:
    """All that fit as a file, in the order of the page."""

    def page(offset: int) -> list[SubscriptionRow]:
        return subscriptions(
            work, filters, sort=order, descending=descending, limit=MOST_ROWS, offset=offset
        ).rows

    with office().work(actor) as work:
        rows = wallet_history.all_rows(page)
    return pl.DataFrame(
        {name: [getattr(row, name) for row in rows] for name in FILED}, strict=False
    )


main()
