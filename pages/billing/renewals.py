"""Renewals of the next days: what is expected, who pays it, and whether it will succeed (SUB.5)."""

import polars as pl
import streamlit as st

from core.money import Money
from core.office import office
from core.settings import settings
from core.subscriptions.renewals import COMING, Renewal, Renewals, renewals
from pages.billing import look, words
from pages.parts import formats, head, states, tables, url, viewer
from pages.parts.tables import Cell, Column
from pages.receivables import lists

WINDOWS = (7, 14, 30, 60, 90)
USUAL = 30
OUTCOMES = {"all": "All", "coming": "Will come", "not": "Will not come"}
TOTAL_COLUMNS = (
    Column("Currency", words=True),
    Column("Renewals"),
    Column("Expected, with tax"),
    Column("Short of money"),
    Column("Not coming, with tax"),
)
COLUMNS = (
    Column("Tenant", words=True),
    Column("Plan", words=True),
    Column("Renews", words=True),
    Column("Expected, with tax"),
    Column("Credit used"),
    Column("Paid by", words=True),
    Column("What will happen", words=True),
)


def main() -> None:
    """The window, its totals, and one row a renewal."""
    heading = st.container()
    days, outcome = _filters()
    with office().work(viewer.current_actor()) as work:
        found = renewals(work, days)
    with heading:
        since, until = formats.day(found.since), formats.day(found.until)
        head.page("Renewals", f"{since} to {until}; the next renewal of each subscription")
    if not found.rows:
        states.empty("Nothing renews", f"No period ends in the next {days} days.")
        return
    _totals(found)
    _rows(_narrowed(found.rows, outcome), days)


def _filters() -> tuple[int, str]:
    with st.container(horizontal=True, key="filters", vertical_alignment="bottom"):
        moved = url.restart(url.follow("days", _window, USUAL), "page")
        days = st.segmented_control(
            "Days ahead", WINDOWS, key="days", on_change=moved, required=True
        )
        moved = url.restart(url.follow("outcome", url.one_of(tuple(OUTCOMES)), "all"), "page")
        outcome = st.segmented_control(
            "What will happen",
            tuple(OUTCOMES),
            key="outcome",
            on_change=moved,
            required=True,
            format_func=OUTCOMES.__getitem__,
        )
    return int(days or USUAL), str(outcome or "all")


def _window(given: str) -> int:
    if given not in map(str, WINDOWS):
        raise ValueError(given)
    return int(given)


def _narrowed(rows: list[Renewal], outcome: str) -> list[Renewal]:
    if outcome == "all":
        return rows
    return [row for row in rows if (row.outcome in COMING) == (outcome == "coming")]


def _totals(found: Renewals) -> None:
    with st.container(border=True, key="panel-totals"):
        head.section("By currency", "amounts that do not come lack money in the wallet")
        rows = [
            [
                Cell(total.currency),
                Cell(formats.number(total.renewals)),
                Cell(formats.money(Money(total.coming_minor, total.currency), code=False)),
                Cell(formats.number(total.short), tone="bad" if total.short else "flat"),
                _amount(total.short_minor, total.currency, "bad"),
            ]
            for total in found.totals
        ]
        tables.html(TOTAL_COLUMNS, rows, label="Renewals by currency")


def _rows(rows: list[Renewal], days: int) -> None:
    size = settings().table_page_rows
    asked = min(url.read("page", url.positive, 1), max(1, -(-len(rows) // size)))
    with st.container(border=True, key="panel-renewals"):
        with st.container(
            horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"
        ):
            many = (
                "1 subscription" if len(rows) == 1 else f"{formats.number(len(rows))} subscriptions"
            )
            head.section(many, "by day; a tenant opens its subscription")
            if rows:
                tables.csv_button(lambda: _frame(rows), f"renewals-{days}-days.csv", "csv-renewals")
        if not rows:
            st.html('<p class="muted">None of this kind.</p>')
            return
        shown = rows[(asked - 1) * size : asked * size]
        look.long_words()
        lists.narrow()
        with st.container(key="list-renewals"):
            tables.html(COLUMNS, [_row(row) for row in shown], label="Renewals", folds=True)
        tables.pager(len(rows), asked)


def _row(row: Renewal) -> list[Cell]:
    door = tables.link("subscription", {"subscription": str(row.subscription_id)})
    tone = "" if row.outcome in COMING else "bad" if row.outcome in ("short", "blocked") else "flat"
    if row.obstacle:
        tone = "bad"
    return [
        Cell(row.tenant_name, opens=door, tone="fold"),
        Cell(words.plan(row.plan_name, row.cycle), tone="fold"),
        Cell(formats.day(row.renews_on)),
        _amount(row.expected_minor, row.currency, "strong", code=True),
        _amount(row.credit_minor, row.currency),
        Cell(_source(row), tone="wrap" if row.wallet_minor is not None else ""),
        Cell(formats.told(row.words), tone=f"{tone} wrap".strip()),
    ]


def _source(row: Renewal) -> str:
    by = words.COLLECTION[row.collection]
    if row.wallet_minor is None:
        return by
    return f"{by}, holds {formats.money(Money(row.wallet_minor, row.currency), code=False)}"


def _amount(minor: int, currency: str, tone: str = "", *, code: bool = False) -> Cell:
    if not minor:
        return Cell("–", tone="flat")
    return Cell(formats.money(Money(minor, currency), code=code), tone=tone)


def _frame(rows: list[Renewal]) -> pl.DataFrame:
    return pl.DataFrame([vars(row) for row in rows], infer_schema_length=None)


main()
