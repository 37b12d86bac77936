"""What the lists of documents share: filters in the address, counts by status, files."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from html import escape
from typing import Any

import polars as pl
import streamlit as st

from core.documents.lists import MOST_ROWS, fitted, list_pdf
from core.listing import MOST_FILED
from core.settings import settings
from etl.export import records
from pages.billing import look
from pages.parts import downloads, formats, head, states, tables, url
from pages.parts.tables import Cell, Column

FOLDED = (
    ".table .fold { display: inline-block; white-space: normal; "
    "overflow-wrap: break-word; max-width: max(9rem, 18cqi); } "
    ".table .narrow { max-width: 5.75rem; } "
    "[class*='st-key-list-'] .table :is(th, td) { font-size: .8125rem; } "
    "[class*='st-key-list-'] .table :is(th, td) + :is(th, td) { padding-left: .4375rem; } "
    "[class*='st-key-list-'] .table :is(th, td):not(:last-child) { padding-right: .4375rem; }"
)
"""Cells of the tone `fold` break into lines, so that wide lists stay within the page."""
CURRENCIES = ("SEK", "EUR", "USD", "NOK", "DKK", "GBP", "NGN")
WIDTHS = {"text": 200, "day": 148, "choice": 136, "sort": 176}


@dataclass(frozen=True)
class Listed:
    """A list as it is shown and taken away.

    `read(most)` gives its records, `row_of` one as cells, `filed` names what a file says of one;
    `told` says in words what is looked for.
    """

    name: str
    title: str
    columns: Sequence[Column]
    read: Callable[[int], Sequence[Any]]
    row_of: Callable[[Any], list[Cell]]
    filed: Sequence[str]
    as_of: date
    told: str = ""


def back(address: str, title: str, told: str) -> None:
    """No record to show, and the way to the list."""
    states.empty(title, told)
    look.ways({"Back to the list": tables.link(address, {})})


def text(title: str) -> str | None:
    """What is searched for."""
    moved = url.restart(url.follow("text", str, ""), "page")
    return st.text_input(title, key="text", on_change=moved, width=WIDTHS["text"]) or None


def choice(name: str, title: str, options: dict[str, str]) -> str | None:
    """One of several, or all."""
    moved = url.restart(url.follow(name, url.one_of(("", *options)), ""), "page")
    return (
        st.selectbox(
            title,
            ("", *options),
            key=name,
            on_change=moved,
            width=WIDTHS["choice"],
            format_func=lambda given: options.get(given, "All"),
        )
        or None
    )


def currency() -> str | None:
    """A currency; one that only the address names is offered as well."""
    given = st.query_params.get("currency", "")
    codes = dict.fromkeys([*CURRENCIES, *([given] if len(given) == len(CURRENCIES[0]) else [])])
    return choice("currency", "Currency", {code: code for code in codes})


def sort(options: dict[str, tuple[str, str, bool]]) -> tuple[str, bool]:
    """The order; `options` hold their words, core's name for it, and whether it descends."""
    first = next(iter(options))
    moved = url.restart(url.follow("sort", url.one_of(tuple(options)), first), "page")
    chosen = st.selectbox(
        "Sort by",
        tuple(options),
        key="sort",
        on_change=moved,
        width=WIDTHS["sort"],
        format_func=lambda given: options[given][0],
    )
    _, order, descending = options[chosen]
    return order, descending


def day(name: str, title: str) -> Any:
    """A day, or none."""
    moved = url.restart(url.follow(name, url.day_or_none, None), "page")
    return st.date_input(title, key=name, on_change=moved, width=WIDTHS["day"], format="YYYY-MM-DD")


def switch(name: str, title: str) -> bool:
    """Yes or no, no at first."""
    moved = url.restart(url.follow(name, url.one_of((True,)), False), "page")
    return st.checkbox(title, key=name, on_change=moved)


def counts(address: str, by_status: dict[str, int], words: dict[str, str]) -> None:
    """How many there are in each status; a number narrows the list to it."""
    kept = {name: str(value) for name, value in st.query_params.items() if name != "page"}
    chosen = kept.pop("status", "")
    held = {"": sum(by_status.values()), **by_status}
    terms = []
    for name, count in held.items():
        door = tables.link(address, {**kept, "status": name} if name else kept)
        mark = " start" if chosen == name else ""
        title = escape(words[name] if name else "All")
        terms.append(
            f'<div class="term{mark}"><dt>{title}</dt><dd><a href="{escape(door)}" '
            f'target="_self">{formats.number(count)}</a></dd></div>'
        )
    st.html(f'<dl class="identity">{"".join(terms)}</dl>')


def table(listed: Listed, rows: list[list[Cell]], total: list[Cell] | None = None) -> None:
    """Rows of the list, in a panel of its own; `total` is of all of them."""
    narrow()
    with st.container(key=f"list-{listed.name}"):
        tables.html(listed.columns, rows, label=listed.title, total=total, folds=True)


def narrow() -> None:
    """The looks of cells that fold, and of wide tables in containers named after lists."""
    st.html(f"<style>{FOLDED}</style>")


def heading(count: int, one: str, many: str, told: str, listed: Listed) -> None:
    """How many fit, and the list as CSV and PDF."""
    with st.container(
        horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"
    ):
        head.section(f"1 {one}" if count == 1 else f"{formats.number(count)} {many}", told)
        with st.container(horizontal=True, width="content"):
            tables.csv_button(lambda: frame(listed), f"{listed.name}.csv", f"csv-{listed.name}")
            downloads.list_button(
                lambda: as_pdf(listed, count), f"{listed.name}.pdf", f"pdf-{listed.name}"
            )


def as_pdf(listed: Listed, count: int) -> bytes:
    """The list as a document, as far as one holds it."""
    rows = [[cell.text for cell in listed.row_of(each)] for each in listed.read(MOST_ROWS)]
    columns = fitted([(column.title, not column.words) for column in listed.columns], rows)
    about = (listed.as_of, listed.told)
    return list_pdf(settings(), listed.title, columns, rows, *about, count=count)


def frame(listed: Listed) -> pl.DataFrame:
    """The list as a file."""
    return records(listed.read(MOST_FILED), listed.filed)


def tenant(tenant_id: int, name: str, tone: str = "") -> Cell:
    """A tenant, whose page opens."""
    return Cell(name, opens=tables.link("tenant", {"tenant": str(tenant_id)}), tone=tone)


def told(*parts: str | None) -> str:
    """The filters in words, for the head of a document."""
    return ", ".join(part for part in parts if part)


def since(title: str, on: date | None) -> str | None:
    """A day that limits a list, in words."""
    return f"{title} {formats.day(on)}" if on else None
