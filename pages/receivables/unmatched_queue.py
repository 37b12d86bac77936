"""The queue of the inbox: one transfer a row, its best suggestion, and which row is chosen."""

from collections.abc import Callable
from html import escape

import streamlit as st

from core.inbox.listing import UnmatchedRow
from core.inbox.suggesting import Proposal
from pages.parts import formats
from pages.receivables import unmatched_desk as desk
from pages.receivables import words

ROWS = 14
"""Rows at once: they stand on one screen beside the chosen transfer."""
LONGEST_TEXT = 90
TITLES = ("Days", "Amount", "Payer and text", "Best suggestion", "Likely")
DECIDED = ("Days", "Amount", "Payer and text", "Where it went", "")


def draw(rows: list[UnmatchedRow], chosen: int, moved: Callable[[], None]) -> None:
    """The rows; each opens beside the list."""
    titles = TITLES if rows[0].status == "open" else DECIDED
    st.html(_line("pick titles", *(escape(title) for title in titles)))
    for at, row in enumerate(rows):
        with st.container(key=f"pick-{row.id}"):
            st.html(_row(row, row.id == chosen))
            st.button(
                _name(row),
                key=f"open-{row.id}",
                on_click=choose,
                args=(row.id, at, moved),
            )


def choose(row_id: int, place: int, moved: Callable[[], None]) -> None:
    """Open a transfer beside the list; for a button."""
    st.session_state[desk.ROW] = row_id
    st.session_state[desk.PLACE] = place
    moved()


def numbers(offer: Proposal) -> str:
    """The suggested invoices by number, or how many."""
    if len(offer.invoices) > 2:
        return f"{len(offer.invoices)} invoices"
    return " and ".join(each.number for each in offer.invoices)


def payer(row: UnmatchedRow) -> str:
    """Who paid, by name, else by account."""
    return row.counterparty_name or row.counterparty_account or "No payer named"


def message(row: UnmatchedRow) -> str:
    """What the transfer says, its reference first."""
    return " · ".join(dict.fromkeys(part for part in (row.reference, row.text) if part))


def account(row: UnmatchedRow) -> str:
    """The payer's account in groups of four, as people read them."""
    given = row.counterparty_account.replace(" ", "")
    return " ".join(given[at : at + 4] for at in range(0, len(given), 4)) or "–"


def _name(row: UnmatchedRow) -> str:
    return f"Open {words.money(row.amount_minor, row.currency)} from {payer(row)}"


def _row(row: UnmatchedRow, chosen: bool) -> str:
    told = message(row)
    short = told if len(told) <= LONGEST_TEXT else told[: LONGEST_TEXT - 1] + "…"
    left, right = _offered(row) if row.status == "open" else _went(row)
    return _line(
        f"pick {'chosen' if chosen else ''}",
        formats.number(row.age_days),
        escape(words.money(row.amount_minor, row.currency)),
        f"<b>{escape(payer(row))}</b><small>{escape(short) or '–'}</small>",
        left,
        right,
    )


def _offered(row: UnmatchedRow) -> tuple[str, str]:
    best = row.best
    if best is None:
        return '<span class="muted">No suggestion</span><small></small>', ""
    mark = ""
    if best.certain:
        mark = '<span class="certain">certain</span>'
    elif not best.payable:
        mark = "paid"
    return (
        f"{escape(best.tenant_name)}<small>{escape(_named(best))}</small>",
        f"{formats.percent(best.probability)}<small>{mark}</small>",
    )


def _named(offer: Proposal) -> str:
    """The number of the one invoice, or how many there are; the row has no room for several."""
    several = len(offer.invoices) > 1
    return f"{len(offer.invoices)} invoices" if several else offer.invoices[0].number


def _went(row: UnmatchedRow) -> tuple[str, str]:
    by = "automatic" if row.automatic else escape((row.decided_by or "").split(" ")[0])
    if row.status == "ignored":
        return f"Ignored<small>{escape(row.reason)}</small>", f"<small>{by}</small>"
    several = len(row.invoice_numbers) > 1
    where = f"{len(row.invoice_numbers)} invoices" if several else "".join(row.invoice_numbers)
    return (
        f"{escape(row.tenant_name or '–')}<small>{escape(where)}</small>",
        f"<small>{by}</small>",
    )


def _line(classes: str, age: str, amount: str, paid: str, offered: str, odds: str) -> str:
    return (
        f'<div class="{classes}"><span class="figure-cell age">{age}</span>'
        f'<span class="figure-cell">{amount}</span><span class="payer">{paid}</span>'
        f'<span class="offered">{offered}</span><span class="figure-cell odds">{odds}</span></div>'
    )
