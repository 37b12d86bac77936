"""The breakdown by plan, country or tenant: size, share, change, and the door to the rows."""

from dataclasses import dataclass
from typing import Any

import polars as pl
import streamlit as st

from etl.figures import Ranked
from pages.parts import catalogue, formats, reading, tables, url
from pages.parts.catalogue import FIGURES, amount
from pages.parts.comparisons import change, share
from pages.parts.head import section
from pages.parts.reading import Ask, By
from pages.parts.tables import Cell, Column

DIMENSIONS: dict[By, str] = {"plan": "Plan", "country": "Country", "tenant": "Tenant"}
COLUMNS = ("customers", "net_revenue", "arpa", "nrr", "logo_churn")
"""Figures beside MRR; what belongs to the company alone has no place here."""
HEADERS = {"nrr": "NRR", "logo_churn": "Churn"}
YEAR = 12


def draw(ask: Ask, _count: int) -> None:
    """The table of the chosen dimension, largest first; it shows one month."""
    with st.container(border=True, key="panel-breakdown"):
        with st.container(
            horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"
        ):
            section("Where it comes from", f"{formats.month(ask.month)}, in {ask.currency}")
            moved = url.follow("by", url.one_of(tuple(DIMENSIONS)), "plan")
            by = (
                st.segmented_control(
                    "Group by",
                    tuple(DIMENSIONS),
                    format_func=DIMENSIONS.__getitem__,
                    key="by",
                    on_change=moved,
                    required=True,
                    label_visibility="collapsed",
                )
                or "plan"
            )
        name = f"revenue-by-{by}-{ask.month}.csv"
        with st.container(gap="small"):
            place = st.container()
            if by == "tenant":
                months = reading.metrics(ask, YEAR + 1)
                window = tables.page_of(reading.tenants_counted(ask), "page-tenant")
                lines = [_of_tenant(found) for found in reading.tenants(ask, window)]
            else:
                months = reading.metrics(ask, YEAR + 1, by)
                groups = ranked(months[-1])
                window = tables.page_of(len(groups), f"page-{by}")
                lines = [_of_group(by, key, months) for key in groups[window]]
            with place:
                _table(by, lines, months, ask)
        tables.csv_button(lambda: flat(by, ask), name, "csv-groups")


@dataclass(frozen=True, slots=True)
class Line:
    """A group's figures of the month, and its MRR a month and a year before where it had any."""

    key: str
    name: str
    now: dict[str, Any]
    before: dict[str, Any] | None
    year: dict[str, Any] | None


def _of_group(by: By, key: str, months: list[dict[str, Any]]) -> Line:
    before, year = (months[i]["groups"].get(key, {}).get("mrr") for i in (-2, 0))
    return Line(key, reading.group_name(by, key), months[-1]["groups"][key], before, year)


def _of_tenant(found: Ranked) -> Line:
    return Line(found.tenant, found.tenant_name, found.figures, found.before, found.year)


def ranked(month: dict[str, Any]) -> list[str]:
    """The groups by their MRR, largest first."""
    return sorted(month["groups"], key=lambda key: (-month["groups"][key]["mrr"]["minor"], key))


def flat(by: By, ask: Ask) -> pl.DataFrame:
    """All groups with all figures, for the file."""
    if by == "tenant":
        held = {found.tenant: found.figures for found in reading.tenants(ask)}
    else:
        [month] = reading.metrics(ask, 1, by)
        held = {key: month["groups"][key] for key in ranked(month)}
    return pl.DataFrame(
        [{by: key, "month": ask.month, **_columns(group)} for key, group in held.items()]
    )


def _columns(group: dict[str, Any]) -> dict[str, Any]:
    flat_row: dict[str, Any] = {"currency": group["mrr"]["currency"]}
    for key in ("mrr", *COLUMNS):
        held = group[key]
        money = catalogue.FIGURES[key].kind == "money"
        flat_row[f"{key}_minor" if money else key] = held["minor"] if money and held else held
    return flat_row


def _table(by: By, lines: list[Line], months: list[dict[str, Any]], ask: Ask) -> None:
    columns = [
        Column(DIMENSIONS[by], words=True),
        Column("MRR"),
        Column("Share", spare=3),
        Column(f"vs {formats.month_short(months[-2]['month'])}"),
        Column(f"vs {formats.month_short(months[0]['month'])}", spare=3),
        *(
            Column(HEADERS.get(key, FIGURES[key].title), spare=3 if key == "arpa" else 0)
            for key in COLUMNS
        ),
    ]
    total = months[-1]
    rows = [_row(line, total, ask, by) for line in lines]
    foot = [
        Cell("Total"),
        Cell(formats.money(amount(total["mrr"]), code=False)),
        Cell(formats.percent("1")),
        _compared(total["mrr"], months[-2]["mrr"]),
        _compared(total["mrr"], months[0]["mrr"]),
        *(Cell(_text(key, total[key])) for key in COLUMNS),
    ]
    tables.html(columns, rows, label=f"MRR by {by}", total=foot)


def _row(line: Line, total: dict[str, Any], ask: Ask, by: str) -> list[Cell]:
    now = line.now

    def door(figure: str) -> str:
        return tables.link("rows", ask.params(figure=figure, by=by, group=line.key))

    part = share(amount(now["mrr"]), amount(total["mrr"]))
    return [
        Cell(line.name),
        Cell(formats.money(amount(now["mrr"]), code=False), opens=door("mrr")),
        Cell(formats.percent(part)),
        _compared(now["mrr"], line.before),
        _compared(now["mrr"], line.year),
        *(Cell(_text(figure, now[figure]), opens=door(figure)) for figure in COLUMNS),
    ]


def _compared(now: dict[str, Any], before: dict[str, Any] | None) -> Cell:
    found = change(FIGURES["mrr"], now, before)
    return Cell(f"{found.arrow} {found.text}" if found.known else "new", tone=found.tone)


def _text(key: str, value: Any) -> str:
    if FIGURES[key].kind == "money":
        return formats.money(amount(value), code=False)
    return catalogue.shown(FIGURES[key], value)
