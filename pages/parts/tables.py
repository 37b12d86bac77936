"""Tables of figures: numbers right-aligned with separators, a door on every number, a CSV twin."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any, Literal
from urllib.parse import urlencode

import polars as pl
import streamlit as st

from core.money import Money
from core.settings import settings
from etl.export import csv_text
from pages.parts import formats, url

LONG = 19
"""Words of more characters than this break into lines where the table is wider than its room."""
WHOLE = re.compile(
    r"\b(?:(?:\d{1,2} [A-Z][a-z]{2,3} \d{4}|\d{4}-\d\d-\d\d)(?: \d\d:\d\d(?::\d\d)?)?"
    r"|[A-Z]{3} \d[\d.,\u00a0]*\d)\b"
)
"""A day, with its time or without, or an amount: no line ends in its middle."""
SHORT = ("mrr", "fx")
"""Kinds of rows whose names are initials."""


@dataclass(frozen=True)
class Cell:
    """What stands in a cell; `opens` makes it a door, `tone` colours it by meaning.

    `beside` is another door in the same cell.
    """

    text: str
    opens: str = ""
    tone: str = ""
    beside: "Cell | None" = None


@dataclass(frozen=True)
class Column:
    """A column's header; words stand left, numbers right.

    A `spare` one stands back where the table has little room, first those of 1, then those of 2,
    last those of 3; a file and a table that has folded still have it.
    """

    title: str
    words: bool = False
    spare: Literal[0, 1, 2, 3] = 0


def html(
    columns: Sequence[Column],
    rows: Sequence[Sequence[Cell]],
    *,
    label: str,
    total: Sequence[Cell] | None = None,
    folds: bool = False,
) -> None:
    """A table in the page itself, scrolling sideways on its own where there is little room.

    One that `folds` sets its rows there one below the other instead, a line a cell.
    """
    head = "".join(f'<th scope="col"{_looks(c)}>{escape(c.title)}</th>' for c in columns)
    line = _titled if folds else _line
    body = "".join(f"<tr>{line(columns, row)}</tr>" for row in rows)
    foot = f"<tfoot><tr>{_line(columns, total)}</tr></tfoot>" if total else ""
    kind = "table folds" if folds else "table"
    st.html(
        f'<div class="{kind}" tabindex="0" role="region" aria-label="{escape(label)}"><table>'
        f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody>{foot}</table></div>"
    )


def link(address: str, params: dict[str, str]) -> str:
    """A door: another page of Saldo with its question in the address."""
    return f"/{address}?{urlencode(params)}"


def page_of(count: int, key: str) -> slice:
    """Paging under a long table; which rows to show."""
    size = settings().table_page_rows
    pages = max(1, -(-count // size))
    if pages == 1:
        return slice(0, count)
    page = st.pagination(pages, key=key)
    return slice((page - 1) * size, page * size)


def limited(window: slice) -> tuple[int, int]:
    """How many rows a window has at most, and how many lie before it."""
    return window.stop - window.start, window.start


def pager(count: int, page: int) -> None:
    """Paging of rows that were read page by page; the address holds the page.

    An address beyond the last page, kept from when there were more rows, leads to the last one.
    """
    size = settings().table_page_rows
    pages = max(1, -(-count // size))
    if page > pages:
        st.query_params["page"] = str(pages)
        st.rerun()
    if pages == 1:
        return
    moved = url.follow("page", url.positive, 1)
    st.session_state["page"] = page
    st.pagination(pages, key="page", on_change=moved)


def rows(
    frame: pl.DataFrame, currency: str, counted: frozenset[str], parts: dict[str, str]
) -> None:
    """Drilled rows: the native amount with its code, the value in one currency.

    `parts` names what a row counts for when a figure is made of several; empty otherwise.
    """
    columns = [
        *([Column("Counts for", words=True)] if parts else []),
        Column("Tenant", words=True),
        Column("Plan", words=True, spare=3),
        Column("Country", words=True, spare=1),
        Column("Day", words=True),
        Column("Kind", words=True),
        Column("Document", words=True),
        Column("Original amount"),
        Column(f"Value ({currency})"),
    ]
    body = [
        [*([Cell(parts[row["part"]])] if parts else []), *_drilled(row, currency, counted)]
        for row in frame.iter_rows(named=True)
    ]
    html(columns, body, label="Rows behind the figure")


def _drilled(row: dict[str, Any], currency: str, counted: frozenset[str]) -> list[Cell]:
    native = (
        Money(row["native_minor"], row["currency"]) if row["native_minor"] is not None else None
    )
    whole = row["part"] in counted
    value = (
        formats.number(row["value"])
        if whole
        else formats.money(Money(row["value"], currency), code=False)
    )
    return [
        Cell(row["tenant_name"] or "–"),
        Cell(row["plan_name"] or "–"),
        Cell(formats.country(row["country"]) if row["country"] else "–"),
        Cell(formats.day(row["day"])),
        Cell(_kind(row["kind"])),
        Cell(row["document"] or "–"),
        Cell(formats.money(native) if native else "–"),
        Cell(value, tone="strong"),
    ]


def _kind(code: str) -> str:
    words = code.replace("_", " ")
    return words.upper() if words in SHORT else words.capitalize()


def csv_button(make: Callable[[], pl.DataFrame], file_name: str, key: str) -> None:
    """A download whose file is built at the click."""
    st.download_button(
        "CSV",
        lambda: csv_text(make()).encode(),
        file_name=file_name,
        mime="text/csv",
        key=key,
        on_click="ignore",
        icon=":material/download:",
        help="All rows, amounts in minor units",
    )


def _line(columns: Sequence[Column], row: Sequence[Cell]) -> str:
    return "".join(
        f"<td{_looks(c, cell.text)}>{_cell(cell)}</td>"
        for c, cell in zip(columns, row, strict=True)
    )


def _titled(columns: Sequence[Column], row: Sequence[Cell]) -> str:
    """A row whose cells carry their column's title, for when its header is not in sight."""
    return "".join(
        f'<td{_looks(c, cell.text)} data-title="{escape(c.title)}">{_cell(cell)}</td>'
        for c, cell in zip(columns, row, strict=True)
    )


def _cell(cell: Cell) -> str:
    text = _unbroken(cell.text)
    if cell.opens:
        text = f'<a href="{escape(cell.opens)}" target="_self">{text}</a>'
    if cell.tone:
        text = f'<span class="{cell.tone}">{text}</span>'
    return f'<div class="doors">{text} {_cell(cell.beside)}</div>' if cell.beside else text


def _unbroken(text: str) -> str:
    """A text whose days and amounts stay in one line each where it stands on several."""
    if WHOLE.fullmatch(text):
        return escape(text)
    return WHOLE.sub(r'<span class="whole">\g<0></span>', escape(text))


def _looks(column: Column, text: str = "") -> str:
    """The classes of a cell, as an attribute."""
    found = {
        "words": column.words,
        "long": column.words and len(text) > LONG and not WHOLE.fullmatch(text),
        f"spare-{column.spare}": column.spare,
    }
    names = " ".join(name for name, holds in found.items() if holds)
    return f' class="{names}"' if names else ""
