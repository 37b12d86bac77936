"""Payments of all tenants: counts by status, filters, what settled what, one row each (PAY.1)."""

import streamlit as st

from core.access.authority import Actor
from core.documents.listings import PAYMENT_NAMES
from core.office import office
from core.payments.listing import PaymentFilters, payments
from core.settings import settings
from pages.admin import receipts
from pages.parts import confirm, head, states, tables, url, viewer
from pages.receivables import lists, payment_asks, words
from pages.receivables.payment_rows import COLUMNS, read, row_of, told

SORTS = {
    "newest": ("Newest", "newest", True),
    "amount": ("Largest amount", "amount", True),
    "credit": ("Largest credit left", "credit", True),
    "fee": ("Largest fee", "fee", True),
    "tenant": ("Tenant", "tenant", False),
}


def main() -> None:
    """The heading, the filters and a page of rows."""
    with st.container(
        horizontal=True, horizontal_alignment="distribute", vertical_alignment="bottom"
    ):
        head.page("Payments", "of all tenants, with what was tried and declined")
        if viewer.may("billing.write"):
            confirm.door(payment_asks.RECORD, "new", "Record a payment…")
    receipts.show()
    _list(viewer.current_actor())
    confirm.draw(payment_asks.RECORD)


def _list(actor: Actor) -> None:
    filters, (order, descending) = _filters()
    size = settings().table_page_rows
    asked = url.read("page", url.positive, 1)
    with office().work(actor) as work:
        found = payments(
            work,
            filters,
            sort=order,
            descending=descending,
            limit=size,
            offset=(asked - 1) * size,
        )
        today = work.today
    lists.counts("payments", found.by_status, words.PAYMENT_STATUSES)
    if not found.count:
        first = "Cards that are charged and bank files that are read bring them by themselves."
        if viewer.may("billing.write"):
            first += " Enter another one with “Record a payment…”."
        states.none(
            "payment",
            first,
            narrowed=filters != PaymentFilters(),
        )
        return
    listed = lists.Listed(
        "payments",
        "Payments",
        COLUMNS,
        lambda most: read(actor, filters, order, descending=descending, most=most),
        row_of,
        PAYMENT_NAMES,
        today,
        told(filters),
    )
    with st.container(border=True, key="panel-payments"):
        lists.heading(found.count, "payment", "payments", "a day opens the payment", listed)
        lists.table(listed, [row_of(row) for row in found.rows])
        tables.pager(found.count, asked)


def _filters() -> tuple[PaymentFilters, tuple[str, bool]]:
    """The search as the address says it; a changed one starts at the first page."""
    with st.container(horizontal=True, key="filters", vertical_alignment="bottom"):
        text = lists.text("Tenant or reference")
        status = lists.choice("status", "Status", words.PAYMENT_STATUSES)
        provider = lists.choice("provider", "Provider", words.PROVIDERS)
        method = lists.choice("method", "Method", words.METHODS)
        currency = lists.currency()
        days = lists.day("from", "Received from"), lists.day("until", "Received until")
        order = lists.sort(SORTS)
        with_credit = lists.switch("credit", "Credit left")
    return PaymentFilters(text, status, provider, method, currency, *days, with_credit), order


main()
