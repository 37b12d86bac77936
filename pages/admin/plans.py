"""The plan catalogue: prices, limits and features of every plan, and each plan on its own (PLN)."""

from datetime import date

import streamlit as st

from core.money import Money
from core.office import office
from core.plans import queries
from core.plans.queries import PlanRow
from core.settings import settings
from pages.admin import plan_edits, plan_prices, plan_sheet, receipts
from pages.parts import confirm, formats, head, plan_words, states, tables, url, viewer
from pages.parts.tables import Cell, Column

SHOWN = ("All", "Active")
STEPS = (
    plan_edits.CREATE,
    plan_edits.EDIT,
    plan_edits.DEACTIVATE,
    plan_edits.ACTIVATE,
    plan_prices.PRICE,
)


def main() -> None:
    """The heading, the last receipt, and the catalogue or one plan."""
    with st.container(
        horizontal=True, horizontal_alignment="distribute", vertical_alignment="bottom"
    ):
        head.page("Plans", "what can be subscribed to, at which price, with which limits")
        confirm.door(plan_edits.CREATE, "plan", "New plan…")
    receipts.show()
    if chosen := url.read("plan", url.positive, None):
        plan_sheet.draw(chosen)
    else:
        _catalogue()
    confirm.draw(*STEPS)


def _catalogue() -> None:
    """Two tables of the plans the address asks for: prices, and what is in them."""
    with office().work(viewer.current_actor()) as work:
        rows = queries.catalogue(work)
        today = work.today
    if not rows:
        states.empty("There is no plan yet", "Make the first one with “New plan”.")
        return
    shown, currency = _filters(rows)
    kept = [row for row in rows if row.is_active or shown == "All"]
    if not kept:
        states.empty("No plan is active", "Show all plans to switch one on.")
        return
    cycles = [
        cycle
        for cycle in plan_words.CYCLES
        if any(row.price(cycle, currency, today) for row in kept)
    ]
    with st.container(border=True, key="panel-plans"):
        head.section("Prices", f"{currency} for the whole cycle, before tax, in force today")
        columns = [
            Column("Plan", words=True),
            *(Column(plan_words.CYCLES[cycle]) for cycle in cycles),
            Column("Subscribers", spare=3),
            Column("State", words=True),
        ]
        body = [
            [
                _name(row, shown, currency),
                *(_price(row, cycle, currency, today) for cycle in cycles),
                Cell(formats.number(row.subscribers)),
                _state(row),
            ]
            for row in kept
        ]
        tables.html(columns, body, label="Prices of the plans")
    _contents(kept, shown, currency)


def _filters(rows: list[PlanRow]) -> tuple[str, str]:
    currencies = sorted({code for row in rows for code in row.currencies})
    usual = settings().reporting_currency
    usual = usual if usual in currencies or not currencies else currencies[0]
    with st.container(horizontal=True, key="filters", vertical_alignment="bottom"):
        moved = url.follow("show", url.one_of(SHOWN), "All")
        shown = st.segmented_control("Show", SHOWN, key="show", on_change=moved, required=True)
        moved = url.follow("currency", url.one_of(currencies), usual)
        currency = st.selectbox(
            "Currency", currencies or [usual], key="currency", on_change=moved, width=110
        )
    return shown or "All", currency


def _contents(rows: list[PlanRow], shown: str, currency: str) -> None:
    names = plan_words.limit_names(*(row.facts.limits for row in rows))
    with st.container(border=True, key="panel-limits"):
        head.section("Limits and features", "they hold for all subscribers of a plan")
        columns = [
            Column("Plan", words=True),
            *(Column(plan_words.limit_title(name)) for name in names),
            *(Column(title, words=True) for title in plan_words.FLAGS.values()),
        ]
        body = [
            [
                _name(row, shown, currency),
                *(Cell(plan_words.quantity(row.facts.limits.get(name))) for name in names),
                *(_flag(flag in row.facts.flags) for flag in plan_words.FLAGS),
            ]
            for row in rows
        ]
        tables.html(columns, body, label="Limits and features of the plans")


def _name(row: PlanRow, shown: str, currency: str) -> Cell:
    kept = {"show": shown} if shown != "All" else {}
    door = {**kept, "currency": currency, "plan": str(row.id)}
    return Cell(row.facts.name, opens=tables.link("plans", door))


def _price(row: PlanRow, cycle: str, currency: str, today: date) -> Cell:
    found = row.price(cycle, currency, today)
    if found is None:
        return Cell("–", tone="muted")
    return Cell(formats.money(Money(found.amount_minor, currency), code=False))


def _state(row: PlanRow) -> Cell:
    if not row.is_active:
        return Cell("Inactive", tone="muted")
    return Cell("Active, recommended" if row.facts.is_recommended else "Active", tone="good")


def _flag(held: bool) -> Cell:
    return Cell("Yes", tone="good") if held else Cell("No", tone="muted")


main()
