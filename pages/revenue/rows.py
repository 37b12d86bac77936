"""The rows behind a figure: what they are, that they sum to it, and a file of them (CFO.1)."""

from html import escape
from typing import Any

import polars as pl
import streamlit as st

from core.errors import NoCopy
from core.money import Money
from etl.figures import Behind
from pages.parts import catalogue, filters, formats, head, reading, states, tables, url
from pages.parts.catalogue import FIGURES, MOVEMENTS, amount
from pages.parts.reading import Ask, By

DIMENSIONS: tuple[By, ...] = ("plan", "country", "tenant")
COUNTED = frozenset({"customers", "lost", "at_start", "new_customers"})
"""Parts whose rows count tenants instead of holding amounts."""
COMPUTED = "The figure is computed from these sums, as its definition says."
EQUAL = "The rows sum to the figure, to the cent"
UNEQUAL = "The rows do not sum to the figure; tell an administrator"
PARTS = {
    "at_start": "Customers at the start",
    "lost": "Customers lost",
    "cohort_start": "Their MRR at the start",
    "cohort_end": "Their MRR at the end",
    "kept": "Kept of their MRR",
    "gained": "Gained",
    "cash": "Cash held",
    "burn": "Cash flow of the closed months",
    "sales_marketing": "Sales and marketing costs",
    "new_customers": "New customers",
    "cost_of_revenue": "Cost of revenue",
}


def main() -> None:
    """The figure the address names, its rows, and their sum."""
    figure = st.query_params.get("figure", "mrr")
    by, group = _group()
    try:
        ask = filters.asked()
    except NoCopy:
        states.no_copy()
        return
    back = ask.params() | ({"by": by} if by else {})
    st.page_link(
        "pages/revenue/dashboard.py",
        label="Revenue",
        query_params=back,
        icon=":material/arrow_back:",
    )
    if figure not in FIGURES and figure not in MOVEMENTS:
        states.empty("There is no such figure", "The address names one that Saldo does not know.")
        return
    _heading(figure, ask, by, group)
    found = reading.behind(figure, ask, by, group)
    if not found.count:
        states.empty("No rows", f"Nothing stands behind this figure in {formats.month(ask.month)}.")
        return
    _sums(figure, found, ask)
    _table(figure, found, ask, by, group)


def _group() -> tuple[By | None, str | None]:
    by = url.read("by", url.one_of(DIMENSIONS), None)
    group = st.query_params.get("group")
    return (by, group) if by and group is not None else (None, None)


def _heading(figure: str, ask: Ask, by: By | None, group: str | None) -> None:
    narrowed = f", {by} {reading.group_name(by, group)}" if by and group is not None else ""
    as_of = f", as of {formats.day(ask.as_of)}" if ask.as_of else ""
    rates = f", at the rates of {formats.day(ask.rates_of)}" if ask.rates_of else ""
    where = f"{formats.month(ask.month)}{narrowed}, in {ask.currency}{as_of}{rates}"
    head.page(catalogue.title(figure), where)
    words = reading.definition(catalogue.DEFINED_BY.get(figure, figure))
    st.html(f'<p class="lead">{escape(words)}</p>')


def _sums(figure: str, found: Behind, ask: Ask) -> None:
    """Figure and sums of all rows side by side; a single part must equal the figure."""
    terms = "".join(
        f'<div class="term"><dt>Sum of rows: {escape(part_title(part))}</dt>'
        f"<dd>{escape(_sum(part, total, ask.currency))}</dd></div>"
        for part, total in found.sums.items()
    )
    whole = (
        f'<div class="term end"><dt>{escape(catalogue.title(figure))}</dt>'
        f"<dd>{escape(_figure(figure, found.figure))}</dd></div>"
    )
    st.html(f'<dl class="identity sums">{whole}{terms}</dl>{_verdict(found.sums, found.figure)}')


def part_title(part: str) -> str:
    """What the rows of a part stand for."""
    known = part in FIGURES or part in MOVEMENTS
    return PARTS.get(part, catalogue.title(part) if known else part)


def _verdict(parts: dict[str, int], value: Any) -> str:
    if len(parts) > 1 or value is None:
        return f'<p class="verdict flat">{COMPUTED}</p>'
    [total] = parts.values()
    whole = value["minor"] if isinstance(value, dict) else value
    if total == whole:
        return f'<p class="verdict good">{EQUAL}</p>'
    return f'<p class="verdict bad">{UNEQUAL}</p>'


def _figure(figure: str, value: Any) -> str:
    if figure in MOVEMENTS:
        return formats.money(amount(value))
    return catalogue.shown(FIGURES[figure], value, short=False)


def _sum(part: str, total: int, currency: str) -> str:
    return formats.number(total) if part in COUNTED else formats.money(Money(total, currency))


def _table(figure: str, found: Behind, ask: Ask, by: By | None, group: str | None) -> None:
    def every() -> pl.DataFrame:
        return reading.drill(figure, ask, by, group)

    with st.container(border=True, key="panel-rows"):
        with st.container(
            horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"
        ):
            head.section(f"{formats.number(found.count)} rows")
            tables.csv_button(every, f"{figure}-{ask.month}-{ask.currency}.csv", "csv-rows")
        place = st.container()
        window = tables.page_of(found.count, "page-rows")
        several = len(found.sums) > 1
        names = {part: part_title(part) for part in found.sums} if several else {}
        shown = reading.drill(figure, ask, by, group, window)
        with place:
            tables.rows(shown, ask.currency, COUNTED, names)


main()
