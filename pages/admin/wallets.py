"""Wallets of all tenants: balances, one wallet's history, credit and debit (WAL.2)."""

from typing import Any

import polars as pl
import streamlit as st

from core.access.authority import Actor
from core.money import Money
from core.office import office
from core.settings import settings
from core.wallets import queries
from core.wallets.queries import MOST_ROWS, WalletRow
from pages.admin import receipts, wallet_edits, wallet_sheet
from pages.parts import confirm, formats, head, states, tables, url, viewer, wallet_history
from pages.parts.tables import Cell, Column

SORTS = {"tenant": "Tenant", "lowest": "Lowest balance", "highest": "Highest balance"}
COLUMNS = (
    Column("Tenant", words=True),
    Column("Currency", words=True),
    Column("Prepaid"),
    Column("Promotional"),
    Column("Balance"),
    Column("Last movement", words=True),
)
SCHEMA: dict[str, Any] = {
    "tenant_id": pl.Int64,
    "tenant_name": pl.String,
    "currency": pl.String,
    "balance_minor": pl.Int64,
    "promotional_minor": pl.Int64,
    "total_minor": pl.Int64,
    "moved_at": pl.Datetime("us", "UTC"),
}
OPENED = "wallet-opened"
FILTERS = ("text", "currency", "sort", "page")
STEPS = (wallet_edits.CREDIT, wallet_edits.DEBIT)


def main() -> None:
    """The heading, the last receipt, and the list or one wallet."""
    with st.container(
        horizontal=True, horizontal_alignment="distribute", vertical_alignment="bottom"
    ):
        head.page("Wallets", "what tenants paid ahead, and what was given to them")
        if "wallet" not in st.query_params:
            _opener()
    receipts.show()
    if chosen := url.read("wallet", wallet_edits.wallet_key, None):
        wallet_sheet.draw(*chosen)
    else:
        _list()
    confirm.draw(*STEPS)


def _opener() -> None:
    """Leads to any tenant's wallet, also one that nothing has moved yet."""
    with office().work(viewer.current_actor()) as work:
        owners = {f"{one.id}-{one.currency}": one.name for one in queries.owners(work)}
    st.selectbox(
        "Open the wallet of",
        list(owners),
        index=None,
        key=OPENED,
        on_change=_open,
        format_func=owners.__getitem__,
        placeholder="Choose a tenant",
        width=280,
    )


def _open() -> None:
    st.query_params.pop("page", None)
    st.query_params["wallet"] = str(st.session_state.pop(OPENED))


def _list() -> None:
    """The wallets that fit the filters of the address."""
    actor = viewer.current_actor()
    with office().work(actor) as work:
        currencies = queries.currencies(work)
    if not currencies:
        states.empty(
            "No tenant has a wallet yet",
            "A wallet opens with the first recharge, or when a tenant is credited.",
        )
        return
    wanted = _filters(currencies)
    size = settings().table_page_rows
    asked = url.read("page", url.positive, 1)
    with office().work(actor) as work:
        found = queries.wallets(work, **wanted, limit=size, offset=(asked - 1) * size)
    if not found.count:
        states.empty("No wallet fits", "Look for another name or clear the currency.")
        return
    kept = {name: str(st.query_params[name]) for name in FILTERS if name in st.query_params}
    with st.container(border=True, key="panel-wallets"):
        with st.container(
            horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"
        ):
            count = formats.number(found.count)
            head.section("Balances", "1 wallet" if found.count == 1 else f"{count} wallets")
            tables.csv_button(lambda: _frame(actor, wanted), "wallets.csv", "csv-wallets")
        tables.html(COLUMNS, [_row(row, kept) for row in found.rows], label="Wallets")
        tables.pager(found.count, asked)


def _filters(currencies: list[str]) -> dict[str, Any]:
    """The search as the address says it; a changed one starts at the first page."""
    with st.container(horizontal=True, key="filters", vertical_alignment="bottom"):
        moved = url.restart(url.follow("text", str, ""), "page")
        text = st.text_input("Tenant's name", key="text", on_change=moved, width=280)
        moved = url.restart(url.follow("currency", url.one_of(currencies), ""), "page")
        currency = st.selectbox(
            "Currency",
            ("", *currencies),
            key="currency",
            on_change=moved,
            width=160,
            format_func=lambda code: code or "All currencies",
        )
        moved = url.restart(url.follow("sort", url.one_of(tuple(SORTS)), "tenant"), "page")
        sort = st.selectbox(
            "Sort by",
            tuple(SORTS),
            key="sort",
            on_change=moved,
            width=180,
            format_func=SORTS.__getitem__,
        )
    return {"text": text or None, "currency": currency or None, "sort": sort}


def _row(row: WalletRow, kept: dict[str, str]) -> list[Cell]:
    door = tables.link("wallets", {**kept, "wallet": f"{row.tenant_id}-{row.currency}"})
    return [
        Cell(row.tenant_name, opens=door),
        Cell(row.currency),
        _amount(row.balance_minor, row.currency),
        _amount(row.promotional_minor, row.currency),
        _amount(row.total_minor, row.currency, "strong"),
        Cell(wallet_history.when(row)),
    ]


def _amount(minor: int, currency: str, usual: str = "") -> Cell:
    text = formats.money(Money(minor, currency), code=False)
    return Cell(text, tone=wallet_history.tone(minor) or usual)


def _frame(actor: Actor, wanted: dict[str, Any]) -> pl.DataFrame:
    """The whole list as a file."""
    with office().work(actor) as work:
        rows = wallet_history.all_rows(
            lambda offset: queries.wallets(work, **wanted, limit=MOST_ROWS, offset=offset).rows
        )
    return pl.DataFrame([vars(row) for row in rows], schema=SCHEMA)


main()
