"""Reconciliation: gateways and bank against the books, differences, payouts three ways (REC)."""

from datetime import date, timedelta

import streamlit as st

from core.clock import day_of, local_date
from core.errors import SaldoError
from core.office import office
from core.reconciliation.models import SOURCES
from core.reconciliation.viewing import Reconciliation, reconciliation
from core.settings import settings
from pages.admin import receipts
from pages.parts import confirm, head, states, url, viewer
from pages.receivables import (
    lists,
    reconciliation_asks,
    reconciliation_cards,
    reconciliation_rows,
    reconciliation_sides,
    refresh_ask,
)
from pages.receivables.reconciliation_words import CLASSES, TITLES


def main() -> None:
    """The gateways' standing, the differences, payouts, clearing accounts, and the history."""
    head.page("Reconciliation", "what the gateways and the bank say, held against the books")
    receipts.show()
    with st.container(horizontal=True, key="filters", vertical_alignment="bottom"):
        first, last = _days()
        provider = lists.choice("provider", "Provider", {name: TITLES[name] for name in SOURCES})
        wanted = lists.choice("class", "Difference", CLASSES)
        if refresh_ask.may_ask():
            confirm.door(refresh_ask.REFRESH, "reconcile", "Read the gateways…")
    actor = viewer.current_actor()
    try:
        found = reconciliation(office(), actor, first, last, provider)
    except SaldoError as problem:
        _unable(problem)
        confirm.draw(refresh_ask.REFRESH)
        return
    reconciliation_cards.draw(found)
    if not any(state.able for state in found.providers):
        states.empty("Nothing to compare with", "No gateway and no bank file tells of these days.")
        confirm.draw(refresh_ask.REFRESH)
        return
    _sections(found, wanted)
    confirm.draw(*reconciliation_asks.steps(found), refresh_ask.REFRESH)


def _sections(found: Reconciliation, wanted: str | None) -> None:
    reconciliation_cards.totals(found)
    reconciliation_rows.draw(found, wanted)
    reconciliation_sides.payouts(found)
    reconciliation_sides.clearing(found)
    reconciliation_sides.history(found)


def _unable(problem: SaldoError) -> None:
    """The one provider asked for has nothing to compare with; that is no zero."""
    titles = {
        "credentials_missing": "Not connected",
        "not_pulled": "Not read",
    }
    if problem.code not in titles:
        states.failed(problem)
        return
    states.empty(titles[problem.code], str(problem))


def _days() -> tuple[date, date]:
    """First and last day, both included; last month and this one at first."""
    today = local_date(office().clock.now(), settings().billing_timezone)
    usual = ((today.replace(day=1) - timedelta(days=1)).replace(day=1), today)
    first, last = (
        _day(name, title, day)
        for name, title, day in (("from", "From", usual[0]), ("until", "Until", usual[1]))
    )
    return first, max(first, last)


def _day(name: str, title: str, usual: date) -> date:
    moved = url.follow(name, day_of, usual)
    return st.date_input(title, key=name, on_change=moved, width=150, format="YYYY-MM-DD") or usual


main()
