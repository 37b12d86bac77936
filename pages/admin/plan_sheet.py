"""One plan: its facts, its limits, and every version of its prices."""

from datetime import date
from html import escape

import streamlit as st

from core.money import Money
from core.office import office
from core.plans import queries
from core.plans.queries import PlanRow, PriceRow
from core.settings import settings
from pages.admin import plan_edits, plan_prices
from pages.parts import confirm, formats, plan_words, tables, viewer
from pages.parts.head import section
from pages.parts.tables import Cell, Column


def draw(plan_id: int) -> None:
    """One plan with the doors to change it."""
    with office().work(viewer.current_actor()) as work:
        plan = queries.plan_row(work, plan_id)
        today = work.today
    st.button("All plans", icon=":material/arrow_back:", on_click=_leave)
    with st.container(border=True, key="panel-plan"):
        section(plan.facts.name, plan.facts.description)
        st.html(f'<dl class="identity sums">{_terms(_facts(plan))}</dl>')
        with st.container(horizontal=True):
            subject = str(plan.id)
            confirm.door(plan_edits.EDIT, subject, "Edit…")
            if plan.is_active:
                confirm.door(plan_edits.DEACTIVATE, subject, "Deactivate…")
            else:
                confirm.door(plan_edits.ACTIVATE, subject, "Activate…")
    with st.container(border=True, key="panel-contents"):
        section("Limits and features", "they hold for all subscribers of the plan")
        st.html(f'<dl class="identity sums">{_terms(_contents(plan))}</dl>')
    with st.container(border=True, key="panel-prices"):
        with st.container(
            horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"
        ):
            section("Prices", "for the whole cycle, before tax; a running period keeps its price")
            confirm.door(plan_prices.PRICE, str(plan.id), "New price…")
        _versions(plan, today)


def _facts(plan: PlanRow) -> dict[str, str]:
    facts = plan.facts
    return {
        "Name in files and the API": plan.slug,
        "State": "Active" if plan.is_active else "Inactive",
        "Recommended": "Yes" if facts.is_recommended else "No",
        "Subscribers": formats.number(plan.subscribers),
        "Periods": "Fixed number of days" if facts.fixed_days else "Calendar months",
        "Place on the pricing page": formats.number(facts.sort_order),
        "Created": formats.instant(plan.created_at, settings().billing_timezone),
    }


def _contents(plan: PlanRow) -> dict[str, str]:
    limits = {
        plan_words.limit_title(name): plan_words.quantity(plan.facts.limits[name])
        for name in plan_words.limit_names(plan.facts.limits)
    }
    flags = {
        title: "Yes" if flag in plan.facts.flags else "No"
        for flag, title in plan_words.FLAGS.items()
    }
    return {**limits, **flags}


def _terms(facts: dict[str, str]) -> str:
    return "".join(
        f'<div class="term"><dt>{escape(title)}</dt><dd>{escape(words)}</dd></div>'
        for title, words in facts.items()
    )


def _versions(plan: PlanRow, today: date) -> None:
    """Every version, those in force and to come in front of the ended ones."""
    if not plan.prices:
        st.html('<p class="muted">It has no price yet, so nobody can subscribe to it.</p>')
        return
    columns = [
        Column("Currency", words=True),
        Column("Cycle", words=True),
        Column("Price"),
        Column("Version"),
        Column("Valid from", words=True),
        Column("Last day", words=True),
        Column("State", words=True),
    ]
    cycles = list(plan_words.CYCLES)
    rows = sorted(
        plan.prices,
        key=lambda row: (
            _ended(row, today),
            row.currency,
            cycles.index(row.cycle),
            row.version,
        ),
    )
    place = st.container()
    window = tables.page_of(len(rows), "page-prices")
    with place:
        tables.html(columns, [_version(row, today) for row in rows[window]], label="Prices")


def _version(row: PriceRow, today: date) -> list[Cell]:
    until = (
        formats.day(date.fromordinal(row.valid_until.toordinal() - 1)) if row.valid_until else "–"
    )
    state = (
        Cell("Ended", tone="muted")
        if _ended(row, today)
        else Cell("To come", tone="warn")
        if row.valid_from > today
        else Cell("In force", tone="good")
    )
    return [
        Cell(row.currency),
        Cell(plan_words.CYCLES[row.cycle]),
        Cell(formats.money(Money(row.amount_minor, row.currency), code=False), tone="strong"),
        Cell(formats.number(row.version)),
        Cell(formats.day(row.valid_from)),
        Cell(until),
        state,
    ]


def _ended(row: PriceRow, today: date) -> bool:
    return row.valid_until is not None and row.valid_until <= today


def _leave() -> None:
    st.query_params.pop("plan", None)
