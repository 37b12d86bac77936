"""Credit notes of all tenants: those that wait for approval first, then all of them (REF.3)."""

from dataclasses import replace
from datetime import date

import streamlit as st

from core.access.authority import Actor
from core.clock import local_date
from core.credit_notes.queries import NoteFilters, NotePage, NoteRow, credit_notes
from core.listing import all_rows
from core.office import office
from core.settings import settings
from pages.admin import receipts
from pages.parts import confirm, formats, head, states, tables, url, viewer
from pages.parts.tables import Cell, Column
from pages.receivables import lists, note_asks, words

COLUMNS = (
    Column("Number", words=True),
    Column("Tenant", words=True),
    Column("Invoice", words=True),
    Column("Status", words=True),
    Column("Cause", words=True, spare=2),
    Column("Written by", words=True, spare=1),
    Column("Written", words=True, spare=2),
    Column("Issued", words=True),
    Column("Total"),
    Column("Credit left"),
)
SORTS = {
    "newest": ("Newest", "newest", True),
    "tenant": ("Tenant", "tenant", False),
    "total": ("Largest total", "total", True),
    "left": ("Most credit left", "left", True),
    "issued": ("Latest issue", "issued", True),
}
FILED = (
    "id", "number", "status", "settles", "reason", "note", "tenant_id", "tenant_name",
    "invoice_number", "currency", "net_minor", "tax_minor", "total_minor", "left_minor",
    "issued_on", "created_at", "created_by", "decided_at", "decided_by",
)  # fmt: skip


def main() -> None:
    """The heading, what waits, the filters and a page of rows."""
    with st.container(
        horizontal=True, horizontal_alignment="distribute", vertical_alignment="bottom"
    ):
        head.page("Credit notes", "of all tenants, tax included")
        if viewer.may("billing.write"):
            confirm.door(note_asks.CREATE, "new", "New credit note…")
    receipts.show()
    _list(viewer.current_actor())
    confirm.draw(note_asks.CREATE)


def _list(actor: Actor) -> None:
    with st.container(horizontal=True, key="filters", vertical_alignment="bottom"):
        text = lists.text("Tenant or number")
        status = lists.choice("status", "Status", words.NOTE_STATUSES)
        currency = lists.currency()
        order = lists.sort(SORTS)
    size = settings().table_page_rows
    asked = url.read("page", url.positive, 1)
    filters = NoteFilters(text, status, currency=currency)
    with office().work(actor) as work:
        found = credit_notes(
            work, filters, sort=order[0], descending=order[1], limit=size, offset=(asked - 1) * size
        )
        counted = {
            name: credit_notes(work, replace(filters, status=name), limit=1).count
            for name in words.NOTE_STATUSES
        }
        waiting = NotePage(0, [])
        if status is None and asked == 1:
            waiting = credit_notes(work, replace(filters, status="draft"), limit=size)
        today = work.today
    lists.counts("credit-notes", {name: n for name, n in counted.items() if n}, words.NOTE_STATUSES)
    if not found.count:
        first = "Whoever keeps the invoices writes them, and somebody else approves them."
        if viewer.may("billing.write"):
            first = (
                "Write one with “New credit note…”, or over an invoice with “Credit…” on its page."
            )
        states.none(
            "credit note",
            first,
            narrowed=filters != NoteFilters(),
        )
        return
    _waiting(waiting)
    _all(actor, filters, order, found, today, asked)


def _waiting(found: NotePage) -> None:
    """Drafts that somebody has to decide on."""
    if not found.count:
        return
    with st.container(border=True, key="panel-waiting"):
        head.section("Waiting for approval", "somebody else approves, not who wrote it")
        lists.narrow()
        with st.container(key="list-waiting"):
            tables.html(
                COLUMNS,
                [row_of(row) for row in found.rows],
                label="Waiting for approval",
                folds=True,
            )


def _all(
    actor: Actor,
    filters: NoteFilters,
    order: tuple[str, bool],
    found: NotePage,
    today: date,
    page: int,
) -> None:
    listed = lists.Listed(
        "credit-notes",
        "Credit notes",
        COLUMNS,
        lambda most: _read(actor, filters, order, most),
        row_of,
        FILED,
        today,
        lists.told(
            filters.text and f"“{filters.text}”",
            filters.status and words.NOTE_STATUSES[filters.status].lower(),
            filters.currency,
        ),
    )
    with st.container(border=True, key="panel-notes"):
        told = "a number opens the credit note"
        lists.heading(found.count, "credit note", "credit notes", told, listed)
        lists.table(listed, [row_of(row) for row in found.rows])
        tables.pager(found.count, page)


def row_of(row: NoteRow) -> list[Cell]:
    """A credit note as cells."""
    zone = settings().billing_timezone
    invoice = tables.link("invoice", {"invoice": str(row.invoice_id)}) if row.invoice_id else ""
    return [
        Cell(row.number or "Draft", opens=tables.link("credit-note", {"note": str(row.id)})),
        lists.tenant(row.tenant_id, row.tenant_name, "fold"),
        Cell(row.invoice_number or "–", opens=invoice),
        words.status(row.status, words.NOTE_STATUSES),
        Cell(words.cause(row.reason), tone="fold narrow"),
        Cell(row.created_by_name or "Saldo"),
        Cell(formats.day(local_date(row.created_at, zone))),
        Cell(formats.day(row.issued_on) if row.issued_on else "–"),
        Cell(words.money(row.total_minor, row.currency), tone="strong"),
        words.amount(row.left_minor, row.currency),
    ]


def _read(actor: Actor, filters: NoteFilters, order: tuple[str, bool], most: int) -> list[NoteRow]:
    """The rows that fit, as many as a file holds."""

    def page(limit: int, offset: int) -> list[NoteRow]:
        return credit_notes(
            work, filters, sort=order[0], descending=order[1], limit=limit, offset=offset
        ).rows

    with office().work(actor) as work:
        return all_rows(page, most)


main()
