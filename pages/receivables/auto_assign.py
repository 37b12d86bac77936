"""Automatic posting: what holds, tried on the past, switched on and off (UNM.4)."""

from decimal import Decimal

import streamlit as st

from core.errors import SaldoError
from core.inbox.choosing import Standing, standing
from core.inbox.trial import try_auto_assign
from core.office import office
from pages.admin import receipts
from pages.billing import look
from pages.parts import confirm, head, states, tables, url, viewer
from pages.receivables import auto_assign_asks, auto_assign_parts

MONTHS = (3, 6, 12, 24)
USUAL_MONTHS = 6
LEAST = ("0.98", "0.99", "0.995")
TRIED = "auto-assign-tried"


def main() -> None:
    """What holds now, the trial, and what it found."""
    head.page("Automatic posting", "certain transfers are assigned without a person")
    receipts.show()
    actor = viewer.current_actor()
    with office().work(actor) as work:
        work.require("sys_finance")
        now = standing(work)
    _now(now)
    _trial(now)
    _learning()
    confirm.draw(auto_assign_asks.ON, auto_assign_asks.OFF, auto_assign_asks.LEARN)


def _now(now: Standing) -> None:
    with st.container(border=True, key="panel-standing"):
        auto_assign_parts.standing(now)
        if now.enabled:
            confirm.door(auto_assign_asks.OFF, "now", "Switch it off…")
        look.ways({"Unmatched payments": tables.link("unmatched", {})})


def _trial(now: Standing) -> None:
    with st.container(border=True, key="panel-trial"):
        head.section(
            "Try it on the past",
            "what would have been posted, held against what your people decided; no money moves",
        )
        with st.container(horizontal=True, key="filters", vertical_alignment="bottom"):
            months, least = _asked()
            wanted = st.button("Try it", key="try", type="primary")
        if st.session_state.get(TRIED, (None,))[0] != (months, least):
            st.session_state.pop(TRIED, None)
        if wanted:
            _try(months, least)
        if TRIED in st.session_state:
            _, found, kept = st.session_state[TRIED]
            auto_assign_parts.found(found)
            _allow(kept)
        elif now.trial:
            auto_assign_parts.kept(now.trial)
            _allow(now)


def _learning() -> None:
    with st.container(border=True, key="panel-learning"):
        head.section(
            "Learn from your decisions",
            "probabilities of suggestions, set by how often they were right with you",
        )
        confirm.door(auto_assign_asks.LEARN, "now", "See what would change…")


def _asked() -> tuple[int, str]:
    """Over how many months, and from which probability."""
    moved = url.follow("months", url.one_of(MONTHS), USUAL_MONTHS)
    months = st.segmented_control("Months", MONTHS, key="months", on_change=moved, required=True)
    moved = url.follow("least", url.one_of(LEAST), LEAST[0])
    least = st.segmented_control(
        "Least probability",
        LEAST,
        key="least",
        on_change=moved,
        required=True,
        format_func=lambda given: f"{(Decimal(given) * 100).normalize():f}%",
    )
    return months or USUAL_MONTHS, least or LEAST[0]


def _try(months: int, least: str) -> None:
    """Keep the trial, and show what it found decision by decision."""
    actor = viewer.current_actor()
    try:
        with st.spinner("Trying it on the past"):
            with office().work(actor) as work:
                found = try_auto_assign(work, months, Decimal(least))
            with office().work(actor) as work:
                now = standing(work)
    except SaldoError as problem:
        states.failed(problem)
    else:
        st.session_state[TRIED] = ((months, least), found, now)


def _allow(now: Standing) -> None:
    """The way to switch it on, or why there is none."""
    if now.trial is None:
        return
    if now.trial.refusal:
        states.notice("warn", f"It cannot be switched on with this: {now.trial.refusal}")
        return
    label = "Post from this probability on…" if now.enabled else "Switch it on…"
    confirm.door(auto_assign_asks.ON, str(now.trial.id), label)


main()
