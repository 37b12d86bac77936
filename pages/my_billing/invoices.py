"""The own organisation's invoices: what is owed, each as PDF, paid at once by card (INV.4)."""

import streamlit as st

from core.access.authority import Actor
from core.charging.queries import attempts_of
from core.errors import NotFound
from core.invoices.detail import invoice_detail
from core.invoices.listing import InvoiceFilters, InvoiceRow, invoices
from core.listing import all_rows
from core.office import office
from core.settings import settings
from pages.billing import look
from pages.my_billing import invoice_sheet, standing
from pages.my_billing.pay_ask import PAY
from pages.my_billing.standing import Standing
from pages.parts import confirm, downloads, formats, head, states, tables, url
from pages.parts.tables import Cell, Column
from pages.receivables import invoice_parts, lists, words

COLUMNS = (
    Column("Number", words=True),
    Column("What", words=True),
    Column("Status", words=True),
    Column("Issued", words=True),
    Column("Due", words=True),
    Column("Total"),
    Column("Open"),
)
FILED = (
    "id", "number", "ocr", "type", "shown_status", "currency", "net_minor", "tax_minor",
    "total_minor", "paid_minor", "due_minor", "issued_on", "due_on", "settled_on", "period_start",
    "period_end",
)  # fmt: skip
STATUSES = {name: title for name, title in words.STATUSES.items() if name != "draft"}


def main() -> None:
    """One invoice when the address names it, else the list."""
    who = standing.own("invoices")
    head.page("Invoices", "what your organisation was billed")
    if chosen := url.read("invoice", str, ""):
        _one(who, chosen)
    else:
        _list(who.actor)
    confirm.draw(*([PAY] if who.manages else ()))


def _list(actor: Actor) -> None:
    with st.container(horizontal=True, key="filters", vertical_alignment="bottom"):
        text = lists.text("Number or reference")
        status = lists.choice("status", "Status", STATUSES)
        since = lists.day("from", "Issued from")
    filters = InvoiceFilters(text, status, issued_from=since)
    size = settings().table_page_rows
    asked = url.read("page", url.positive, 1)
    with office().work(actor) as work:
        found = invoices(work, filters, limit=size, offset=(asked - 1) * size)
        today = work.today
    lists.counts("my-invoices", found.by_status, words.STATUSES)
    if not found.count:
        states.none("invoice", "Your first one appears here.", narrowed=filters != InvoiceFilters())
        return
    listed = lists.Listed(
        "invoices", "Invoices", COLUMNS, lambda most: _read(actor, filters, most), _row, FILED,
        today,
    )  # fmt: skip
    with st.container(border=True, key="panel-invoices"):
        owed = " and ".join(words.money(minor, code) for code, minor in found.open_minor.items())
        told = f"{owed} open" if owed else "nothing is open"
        lists.heading(found.count, "invoice", "invoices", f"{told}; a number opens it", listed)
        lists.table(listed, [_row(row) for row in found.rows])
        tables.pager(found.count, asked)


def _read(actor: Actor, filters: InvoiceFilters, most: int) -> list[InvoiceRow]:
    with office().work(actor) as work:
        return all_rows(
            lambda limit, offset: invoices(work, filters, limit=limit, offset=offset).rows, most
        )


def _row(row: InvoiceRow) -> list[Cell]:
    late = f", {words.days(row.days_overdue)} late" if row.overdue else ""
    due = f"{formats.day(row.due_on)}{late}" if row.due_on else "–"
    return [
        Cell(row.number or "–", opens=tables.link("my-invoices", {"invoice": str(row.id)})),
        Cell(_what(row)),
        words.status(row.shown_status, words.STATUSES),
        Cell(formats.day(row.issued_on) if row.issued_on else "–"),
        Cell(due, tone="bad" if row.overdue else ""),
        Cell(words.money(row.total_minor, row.currency)),
        words.amount(row.due_minor, row.currency, "bad" if row.overdue else "strong"),
    ]


def _what(row: InvoiceRow) -> str:
    """What was billed; the platform's own fees are told apart from usage."""
    return "Platform fee" if row.issuer_type == "platform" else words.TYPES[row.type]


def _one(who: Standing, chosen: str) -> None:
    try:
        with office().work(who.actor) as work:
            found = invoice_detail(work, chosen)
            attempts = attempts_of(work, found.row.id)
    except NotFound as problem:
        lists.back("my-invoices", "There is no such invoice", str(problem))
        return
    row = found.row
    look.long_words()
    with st.container(border=True, key="panel-invoice"):
        head.section(row.number or "", _what(row).lower())
        st.html(invoice_sheet.facts(found))
        with st.container(horizontal=True, key="doors"):
            if who.manages and row.due_minor:
                confirm.door(PAY, str(row.id), "Pay by card…")
            downloads.pdf_button(who.actor, "invoice", row.id, row.number, "pdf-invoice")
        look.ways({"All invoices": tables.link("my-invoices", {})})
    invoice_parts.lines(found)
    left, right = st.columns(2)
    with left:
        invoice_parts.rates(found)
    with right:
        invoice_sheet.paid(found, attempts)


main()
