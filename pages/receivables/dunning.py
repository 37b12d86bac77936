"""Dunning: what is overdue, how far it has come, what comes next; one case with its steps."""

from typing import Any

import polars as pl
import streamlit as st

from core.access.authority import Actor
from core.dunning import queries
from core.dunning.queries import MOST_ROWS, CaseRow, QueuePage
from core.office import office
from core.settings import settings
from pages.admin import receipts
from pages.parts import confirm, formats, head, states, tables, url, viewer
from pages.parts.tables import Cell, Column
from pages.receivables import dunning_asks, dunning_case
from pages.receivables import dunning_words as words

COLUMNS = (
    Column("Tenant", words=True),
    Column("Invoice", words=True),
    Column("Owed"),
    Column("Days overdue"),
    Column("Stage", words=True),
    Column("Next", words=True),
    Column("Override", words=True),
)
FILE = {
    "id": pl.Int64,
    "tenant_id": pl.Int64,
    "tenant_name": pl.String,
    "number": pl.String,
    "currency": pl.String,
    "due_minor": pl.Int64,
    "due_on": pl.Date,
    "days_overdue": pl.Int64,
    "status": pl.String,
    "stage": pl.String,
    "next_stage": pl.String,
    "next_on": pl.Date,
    "override_path": pl.String,
}
FILTERS = ("text", "state", "page")


def main() -> None:
    """The heading, the last receipt, and the queue or one case."""
    head.page("Dunning", "what is overdue, and what happens to it next")
    receipts.show()
    if chosen := url.read("case", url.positive, 0):
        dunning_case.draw(chosen)
    else:
        _queue()
    confirm.draw(*dunning_asks.STEPS)


def _queue() -> None:
    actor = viewer.current_actor()
    wanted = _filters()
    size = settings().table_page_rows
    asked = url.read("page", url.positive, 1)
    with office().work(actor) as work:
        page = queries.queue(work, **wanted, limit=size, offset=(asked - 1) * size)
    _counts(page)
    if not page.count:
        _nothing(wanted)
        return
    kept = {name: str(st.query_params[name]) for name in FILTERS if name in st.query_params}
    with st.container(border=True, key="panel-dunning"):
        with st.container(
            horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"
        ):
            count = "1 case" if page.count == 1 else f"{formats.number(page.count)} cases"
            head.section("Queue", f"{count}, the longest overdue first")
            tables.csv_button(lambda: _frame(actor, wanted), "dunning.csv", "csv-dunning")
        tables.html(
            COLUMNS, [_row(row, kept) for row in page.rows], label="Dunning cases", folds=True
        )
        tables.pager(page.count, asked)


def _filters() -> dict[str, Any]:
    """The search as the address says it; a changed one starts at the first page."""
    with st.container(horizontal=True, key="filters", vertical_alignment="bottom"):
        moved = url.restart(url.follow("text", str, ""), "page")
        text = st.text_input("Tenant's name", key="text", on_change=moved, width=280)
        moved = url.restart(url.follow("state", url.one_of(queries.STATES), ""), "page")
        state = st.selectbox(
            "Part of the queue",
            ("", *queries.STATES),
            key="state",
            on_change=moved,
            width=200,
            format_func=lambda name: words.STATES.get(name, "All"),
        )
    return {"text": text or None, "state": state or None}


def _counts(page: QueuePage) -> None:
    """How many cases stand where, over the whole queue."""
    terms = "".join(
        f'<div class="term"><dt>{words.STATES[name]}</dt><dd>{formats.number(count)}</dd></div>'
        for name, count in page.counts.items()
    )
    st.html(f'<dl class="identity sums">{terms}</dl>')


def _nothing(wanted: dict[str, Any]) -> None:
    if any(wanted.values()):
        states.empty("No case fits", "Look for another name or another part of the queue.")
    else:
        states.empty(
            "Nothing is overdue",
            "A case opens by itself the day after an invoice was due, or when a charge fails.",
        )


def _row(row: CaseRow, kept: dict[str, str]) -> list[Cell]:
    return [
        Cell(row.tenant_name, opens=tables.link("dunning", {**kept, "case": str(row.id)})),
        Cell(row.number or "", opens=tables.link("invoice", {"invoice": str(row.invoice_id)})),
        Cell(words.owed(row), tone="strong"),
        Cell(formats.number(row.days_overdue)),
        words.stage(row),
        Cell(words.coming(row)),
        words.override(row),
    ]


def _frame(actor: Actor, wanted: dict[str, Any]) -> pl.DataFrame:
    """The whole queue as a file."""
    rows: list[CaseRow] = []
    with office().work(actor) as work:
        while True:
            page = queries.queue(work, **wanted, limit=MOST_ROWS, offset=len(rows))
            rows += page.rows
            if not page.rows or len(rows) >= page.count:
                break
    return pl.DataFrame([{name: getattr(row, name) for name in FILE} for row in rows], schema=FILE)


main()
