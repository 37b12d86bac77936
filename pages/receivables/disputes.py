"""Disputes of card payments: what they cost, until when to answer, what they posted (PAY.8)."""

import streamlit as st

from core.access.authority import Actor
from core.errors import NotFound
from core.office import office
from core.payments.dispute_listing import DisputeFilters, dispute_detail, disputes
from core.settings import settings
from pages.parts import head, states, tables, url, viewer
from pages.receivables import dispute_rows, dispute_sheet, lists, words

SORTS = {
    "evidence": ("Answer first", "evidence", False),
    "newest": ("Newest", "newest", True),
    "amount": ("Largest amount", "amount", True),
    "tenant": ("Tenant", "tenant", False),
}
PROVIDERS = {name: words.PROVIDERS[name] for name in ("stripe", "paystack", "paypal")}


def main() -> None:
    """One dispute when the address names it, else the list."""
    head.page("Disputes", "card payments that their holders dispute")
    actor = viewer.current_actor()
    chosen = url.read("dispute", url.positive, 0)
    if not chosen:
        _list(actor)
        return
    try:
        with office().work(actor) as work:
            found = dispute_detail(work, chosen)
    except NotFound as problem:
        lists.back("disputes", "There is no such dispute", str(problem))
        return
    dispute_sheet.draw(found)


def _list(actor: Actor) -> None:
    filters, (order, descending) = _filters()
    size = settings().table_page_rows
    asked = url.read("page", url.positive, 1)
    with office().work(actor) as work:
        found = disputes(
            work, filters, sort=order, descending=descending, limit=size,
            offset=(asked - 1) * size,
        )  # fmt: skip
        today = work.today
    lists.counts("disputes", found.by_status, words.DISPUTES)
    if not found.count:
        states.none(
            "dispute",
            "Disputes arrive from the gateways by themselves.",
            narrowed=filters != DisputeFilters(),
        )
        return
    listed = lists.Listed(
        "disputes",
        "Disputes",
        dispute_rows.COLUMNS,
        lambda most: dispute_rows.read(actor, filters, order, descending=descending, most=most),
        dispute_rows.row_of,
        dispute_rows.FILED,
        today,
        dispute_rows.told(filters),
    )
    with st.container(border=True, key="panel-disputes"):
        lists.heading(found.count, "dispute", "disputes", "a day opens the dispute", listed)
        lists.table(listed, [dispute_rows.row_of(row) for row in found.rows])
        tables.pager(found.count, asked)


def _filters() -> tuple[DisputeFilters, tuple[str, bool]]:
    """The search as the address says it; a changed one starts at the first page."""
    with st.container(horizontal=True, key="filters", vertical_alignment="bottom"):
        text = lists.text("Tenant or number")
        status = lists.choice("status", "Status", words.DISPUTES)
        provider = lists.choice("provider", "Provider", PROVIDERS)
        currency = lists.currency()
        days = lists.day("from", "Opened from"), lists.day("until", "Opened until")
        order = lists.sort(SORTS)
    return DisputeFilters(text, status, provider, currency, *days), order


main()
