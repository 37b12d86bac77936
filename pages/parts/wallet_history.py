"""How a wallet came to its balance: its facts, its movements page by page, and both as a file."""

from collections.abc import Callable
from html import escape
from typing import Any, TypeVar

import polars as pl
import streamlit as st

from core.access.authority import Actor
from core.money import Money
from core.office import office
from core.settings import settings
from core.wallets import queries
from core.wallets.queries import MOST_ROWS, HistoryPage, MovementRow, WalletRow
from pages.parts import formats, tables, url
from pages.parts.tables import Cell, Column

T = TypeVar("T")
MOST_EXPORTED = 100_000
"""Rows one file holds at most; older ones are left out."""
TYPES = {
    "recharge": "Recharge",
    "subscription_payment": "Payment of an invoice",
    "manual_credit": "Credit",
    "manual_debit": "Debit",
    "refund": "Refund",
    "dispute": "Disputed",
    "dispute_won": "Dispute won",
}
GIVEN = ("manual-credit-", "manual-debit-", "invoice-", "refund-", "dispute-", "dispute_won-")
"""How the references begin that Saldo makes itself."""
SCHEMA: dict[str, Any] = {
    "when": pl.Datetime("us", "UTC"),
    "type": pl.String,
    "description": pl.String,
    "reference_id": pl.String,
    "currency": pl.String,
    "amount_minor": pl.Int64,
    "promotional_minor": pl.Int64,
    "balance_after_minor": pl.Int64,
}


def terms(wallet: WalletRow) -> str:
    """What the wallet holds and when it was last moved."""
    facts = {
        "Balance": wallet.total_minor,
        "Prepaid money": wallet.balance_minor,
        "Promotional credit": wallet.promotional_minor,
    }
    cells = "".join(
        f'<div class="term"><dt>{title}</dt><dd class="{tone(minor)}">'
        f"{escape(formats.money(Money(minor, wallet.currency)))}</dd></div>"
        for title, minor in facts.items()
    )
    moved = f'<div class="term"><dt>Last movement</dt><dd>{escape(when(wallet))}</dd></div>'
    return f'<dl class="identity sums">{cells}{moved}</dl>'


def tone(minor: int) -> str:
    """How an amount is marked: what is below zero stands out."""
    return "bad" if minor < 0 else ""


def when(wallet: WalletRow) -> str:
    """The instant a wallet was last moved."""
    zone = settings().billing_timezone
    return formats.instant(wallet.moved_at, zone) if wallet.moved_at else "never"


def draw(actor: Actor, wallet: WalletRow, *, staff: bool) -> None:
    """The movements, newest first; who made them is told to the platform's `staff` alone."""
    size = settings().table_page_rows
    asked = url.read("page", url.positive, 1)
    with office().work(actor) as work:
        found = queries.history(
            work, wallet.tenant_id, wallet.currency, limit=size, offset=(asked - 1) * size
        )
    if not found.count:
        st.html('<p class="muted">Nothing has moved it yet.</p>')
        return
    columns = [
        Column("When", words=True),
        Column("What", words=True),
        Column("Reference", words=True),
        *([Column("By", words=True)] if staff else []),
        Column("Amount"),
        Column("Balance after"),
    ]
    rows = [_row(row, wallet.currency, staff) for row in found.rows]
    tables.html(columns, rows, label="Movements of the wallet", folds=True)
    tables.pager(found.count, asked)


def frame(actor: Actor, wallet: WalletRow) -> pl.DataFrame:
    """The movements as a file, newest first."""

    def page(offset: int) -> HistoryPage:
        return queries.history(
            work, wallet.tenant_id, wallet.currency, limit=MOST_ROWS, offset=offset
        )

    with office().work(actor) as work:
        rows = all_rows(lambda offset: page(offset).rows)
    return pl.DataFrame(
        [
            (
                row.created_at,
                TYPES[row.type],
                row.description,
                row.reference_id,
                wallet.currency,
                row.amount_minor,
                row.promotional_minor,
                row.balance_after_minor,
            )
            for row in rows
        ],
        schema=SCHEMA,
        orient="row",
    )


def all_rows(page: Callable[[int], list[T]]) -> list[T]:
    """The rows of all pages, MOST_EXPORTED at most."""
    rows: list[T] = []
    while len(rows) < MOST_EXPORTED and (more := page(len(rows))):
        rows += more
    return rows


def _row(row: MovementRow, currency: str, staff: bool) -> list[Cell]:
    after = row.balance_after_minor
    zone = settings().billing_timezone
    return [
        Cell(formats.instant(row.created_at, zone)),
        Cell(formats.told(row.description) or TYPES[row.type]),
        Cell(_reference(row), tone="muted"),
        *([Cell(row.created_by or "Saldo")] if staff else []),
        Cell(_signed(Money(row.amount_minor, currency))),
        Cell(formats.money(Money(after, currency), code=False), tone=tone(after) or "strong"),
    ]


def _reference(row: MovementRow) -> str:
    """What somebody outside knows the movement by; numbers Saldo gave it say nothing."""
    return "–" if row.reference_id.startswith(GIVEN) else row.reference_id


def _signed(amount: Money) -> str:
    plus = "+" if amount.minor > 0 else ""
    return plus + formats.money(amount, code=False)
