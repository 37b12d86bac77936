"""The cards of the dashboard: at most six large ones, the rest in a calmer strip."""

from typing import Any

import streamlit as st

from pages.parts import cards, catalogue, reading
from pages.parts.cards import Doors, Series
from pages.parts.filters import months_back
from pages.parts.reading import Ask

YEAR = 12
NOTES = {"runway_months": "runway_note"}
"""Where the figures say in words why there is no number."""


def are_empty(ask: Ask, count: int) -> bool:
    """Whether nothing was earned, invoiced, collected or spent in all the months read."""
    held = ("mrr", "gross_revenue", "net_revenue", "cash_collected", "cac")
    return not any(
        row[key] and row[key]["minor"] for row in reading.metrics(ask, _read(count)) for key in held
    )


def _read(count: int) -> int:
    """How many months are read to show some: a year more, to compare with last year."""
    return max(count, YEAR) + 1


def draw(ask: Ask, count: int) -> None:
    """Both strips."""
    rows = figures(ask, _read(count))
    with st.grid(min_column_width=158, gap="small", key="headline-cards"):
        for key in catalogue.HEADLINE:
            beside = catalogue.BESIDE.get(key)
            cards.headline(
                series(key, rows), doors(key, ask), series(beside, rows) if beside else None, count
            )
    with (
        st.container(key="calm-strip"),
        st.grid(min_column_width=140, gap="small", key="calm-cards"),
    ):
        for key in (*catalogue.BESIDE.values(), *catalogue.CALM):
            cards.calm(series(key, rows), doors(key, ask), count)


def figures(ask: Ask, count: int) -> list[dict[str, Any]]:
    """The metrics of some months, each with its net new MRR."""
    rows = reading.metrics(ask, count)
    moved = reading.movements(ask, months_back(ask.month, count - 1))
    net = {row["month"]: reading.net_new(row) for row in moved}
    return [{**row, "net_new_mrr": reading.as_json(net.get(row["month"]))} for row in rows]


def series(key: str, rows: list[dict[str, Any]]) -> Series:
    """One figure over the months read."""
    figure = catalogue.FIGURES[key]
    return Series(
        figure,
        [row["month"] for row in rows],
        [row[key] for row in rows],
        partial=bool(rows[-1]["partial"]),
        note=rows[-1].get(NOTES.get(key, "")),
    )


def doors(key: str, ask: Ask) -> Doors:
    """What a card opens."""
    return Doors(reading.definition(catalogue.DEFINED_BY.get(key, key)), ask.params())
