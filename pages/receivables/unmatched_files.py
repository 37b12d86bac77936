"""The transfers of the inbox to take away, as for whoever closes a month (UNM.2)."""

import streamlit as st

from core.access.authority import Actor
from core.clock import local_date
from core.inbox.listing import UnmatchedFilters, UnmatchedRow, unmatched
from core.listing import LARGEST_PAGE
from core.money import Money
from core.office import office
from core.settings import settings
from pages.parts import downloads, formats, tables
from pages.parts.tables import Cell, Column
from pages.receivables import lists, unmatched_queue

COLUMNS = (
    Column("Booked", words=True),
    Column("Days"),
    Column("Amount"),
    Column("Payer", words=True),
    Column("Text", words=True),
    Column("Status", words=True),
    Column("Where", words=True),
)
FILED = (
    "id", "status", "booked_on", "age_days", "currency", "amount_minor", "counterparty_name",
    "counterparty_account", "reference", "text", "account", "bank_ref", "tenant_name",
    "invoice_numbers", "decided_at", "decided_by", "automatic", "reason",
)  # fmt: skip


def draw(actor: Actor, filters: UnmatchedFilters, count: int) -> None:
    """CSV and PDF of every transfer that fits, the oldest first."""
    now = local_date(office().clock.now(), settings().billing_timezone)
    listed = lists.Listed(
        "unmatched", "Unmatched payments", COLUMNS,
        lambda most: _read(actor, filters, min(most, count)), _row, FILED, now,
    )  # fmt: skip
    with st.container(horizontal=True, horizontal_alignment="right"):
        tables.csv_button(lambda: lists.frame(listed), "unmatched.csv", "csv-unmatched")
        downloads.list_button(lambda: lists.as_pdf(listed, count), "unmatched.pdf", "pdf-unmatched")


def _read(actor: Actor, filters: UnmatchedFilters, most: int) -> list[UnmatchedRow]:
    found: list[UnmatchedRow] = []
    with office().work(actor) as work:
        while len(found) < most:
            page = unmatched(
                work, filters, sort="age", descending=True,
                limit=min(LARGEST_PAGE, most - len(found)), offset=len(found),
            )  # fmt: skip
            if not page.rows:
                break
            found += page.rows
    return found


def _row(row: UnmatchedRow) -> list[Cell]:
    return [
        Cell(formats.day(row.booked_on)),
        Cell(formats.number(row.age_days)),
        Cell(formats.money(Money(row.amount_minor, row.currency))),
        Cell(unmatched_queue.payer(row)),
        Cell(unmatched_queue.message(row) or "–"),
        Cell(row.status.capitalize()),
        Cell(_where(row)),
    ]


def _where(row: UnmatchedRow) -> str:
    """Where it went, why it was left, or the likeliest proposal."""
    if row.status == "ignored":
        return row.reason
    if row.status != "open":
        return f"{row.tenant_name or '–'}: {', '.join(row.invoice_numbers)}"
    best = row.best
    if best is None:
        return "No suggestion"
    chance = formats.percent(best.probability)
    return f"Likely {best.tenant_name}, {unmatched_queue.numbers(best)} ({chance})"
