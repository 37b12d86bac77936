"""Invoices of all tenants: what is open, counts by status, filters, one row each (INV.4)."""

from html import escape

import streamlit as st

from core.access.authority import Actor
from core.documents.listings import INVOICE_NAMES
from core.invoices.listing import InvoiceFilters, InvoicePage, invoices
from core.office import office
from core.settings import settings
from pages.admin import receipts
from pages.parts import confirm, head, states, tables, url, viewer
from pages.receivables import invoice_form, lists, words
from pages.receivables.invoice_rows import COLUMNS, read, row_of, told

SORTS = {
    "newest": ("Newest", "newest", True),
    "due": ("Due first", "due", False),
    "open": ("Largest open amount", "open", True),
    "total": ("Largest total", "total", True),
    "tenant": ("Tenant", "tenant", False),
    "number": ("Number", "number", True),
}


def main() -> None:
    """The heading, what is open, the filters and a page of rows."""
    with st.container(
        horizontal=True, horizontal_alignment="distribute", vertical_alignment="bottom"
    ):
        head.page("Invoices", "of all tenants, tax included")
        if viewer.may("saas.invoices.manage"):
            confirm.door(invoice_form.NEW, "invoice", "New invoice…")
    receipts.show()
    _list(viewer.current_actor())
    confirm.draw(invoice_form.NEW)


def _list(actor: Actor) -> None:
    filters, (order, descending) = _filters()
    size = settings().table_page_rows
    asked = url.read("page", url.positive, 1)
    with office().work(actor) as work:
        found = invoices(
            work,
            filters,
            sort=order,
            descending=descending,
            limit=size,
            offset=(asked - 1) * size,
        )
        today = work.today
    lists.counts("invoices", found.by_status, words.STATUSES)
    if not found.count:
        first = "Renewals write theirs by themselves."
        if viewer.may("saas.invoices.manage"):
            first = (
                "Write the first one with “New invoice…”, or bring a company's past in under "
                f"“Import data”. {first}"
            )
        states.none(
            "invoice",
            first,
            narrowed=filters != InvoiceFilters(),
        )
        return
    listed = lists.Listed(
        "invoices",
        "Invoices",
        COLUMNS,
        lambda most: read(actor, filters, order, descending=descending, most=most),
        row_of,
        INVOICE_NAMES,
        today,
        told(filters),
    )
    with st.container(border=True, key="panel-invoices"):
        lists.heading(found.count, "invoice", "invoices", "a number opens the invoice", listed)
        _open(found)
        tables.html(COLUMNS, [row_of(row) for row in found.rows], label="Invoices", folds=True)
        tables.pager(found.count, asked)


def _filters() -> tuple[InvoiceFilters, tuple[str, bool]]:
    """The search as the address says it; a changed one starts at the first page."""
    with st.container(horizontal=True, key="filters", vertical_alignment="bottom"):
        text = lists.text("Tenant, number or reference")
        status = lists.choice("status", "Status", words.STATUSES)
        kind = lists.choice("type", "Type", words.TYPES)
        issuer = lists.choice("issuer", "Issued by", words.ISSUERS)
        currency = lists.currency()
        issued = lists.day("issued_from", "Issued from"), lists.day("issued_until", "Issued until")
        due = lists.day("due_from", "Due from"), lists.day("due_until", "Due until")
        order = lists.sort(SORTS)
        in_dunning = lists.switch("dunning", "In dunning")
    filters = InvoiceFilters(
        text, status, kind, issuer, currency, *issued, *due, in_dunning=in_dunning
    )
    return filters, order


def _open(found: InvoicePage) -> None:
    """What is open of the invoices that fit, by currency."""
    if not found.open_minor:
        return
    terms = "".join(
        f'<div class="term"><dt>Open in {escape(code)}</dt>'
        f"<dd>{escape(words.money(minor, code, code=False))}</dd></div>"
        for code, minor in found.open_minor.items()
    )
    st.html(f'<dl class="identity sums">{terms}</dl>')


main()
