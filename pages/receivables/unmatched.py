"""Unmatched payments: the queue, and the chosen transfer beside it with what decides (UNM.2–3)."""

from collections.abc import Callable

import streamlit as st

from core.errors import NotFound
from core.inbox.choosing import standing
from core.inbox.listing import (
    UnmatchedFilters,
    UnmatchedPage,
    UnmatchedRow,
    certain,
    one_unmatched,
    unmatched,
)
from core.office import office
from core.work import Work
from pages.admin import receipts
from pages.billing import form, look
from pages.parts import confirm, head, states, tables, url, viewer
from pages.receivables import (
    unmatched_asks,
    unmatched_files,
    unmatched_filters,
    unmatched_look,
    unmatched_queue,
    unmatched_sheet,
    unmatched_steps,
)
from pages.receivables import unmatched_desk as desk

ASKED = "unmatched-asked"
NARROWED = "No transfer fits. Clear a filter to see others."
EMPTY = "Transfers whose reference names no open invoice come here with the bank’s next file."


def main() -> None:
    """What was decided last, the queue, the chosen transfer."""
    desk.carry_out()
    form.forget()
    unmatched_look.apply()
    actor = viewer.current_actor()
    with office().work(actor) as work:
        automatic = standing(work).enabled
    _head(automatic)
    with st.container():
        receipts.show()
        unmatched_asks.refused()
    with st.container(horizontal=True, key="filters", vertical_alignment="bottom"):
        tabs = st.container(width="content")
        filters, order = unmatched_filters.asked()
    _restart_when_new((filters, order))
    with office().work(actor) as work:
        found = _page(work, filters, order)
        sure = len(certain(work)) if desk.may_decide() and filters.status == "open" else 0
        row, notice = _chosen(work, found)
    with tabs:
        unmatched_filters.tabs(found)
    if row is not None:
        st.session_state[desk.ROW] = row.id
    moved = url.follow(desk.ROW, url.positive, 0)
    with st.container():
        if notice:
            states.notice("bad", notice)
    _line(row, sure, found.automatic if filters.automatic else 0, moved)
    _columns(found, row, moved, any((filters.text, filters.currency)))
    if found.count:
        unmatched_files.draw(actor, filters, found.count)
    confirm.draw(unmatched_asks.split(), unmatched_asks.bulk(), unmatched_asks.undoing())


def _head(automatic: bool) -> None:
    with st.container(
        horizontal=True, horizontal_alignment="distribute", vertical_alignment="bottom"
    ):
        head.page("Unmatched payments", "money on the bank that no reference matched by itself")
        if desk.may_decide():
            words = "Automatic posting is on" if automatic else "Automatic posting is off"
            with st.container(width="content"):
                look.ways({words: tables.link("auto-assign", {})})


def _restart_when_new(asked: object) -> None:
    """Another question is not about the transfer that was chosen for the one before."""
    if st.session_state.get(ASKED, asked) != asked:
        st.session_state[desk.ROW] = st.session_state[desk.PLACE] = 0
    st.session_state[ASKED] = asked


def _page(work: Work, filters: UnmatchedFilters, order: tuple[str, bool]) -> UnmatchedPage:
    """The rows that the address asks for, the last ones when it asks for later ones."""
    size = unmatched_queue.ROWS
    asked = url.read("page", url.positive, 1)

    def read(page: int) -> UnmatchedPage:
        sort, descending = order
        return unmatched(
            work, filters, sort=sort, descending=descending, limit=size,
            offset=(page - 1) * size,
        )  # fmt: skip

    found = read(asked)
    return found if found.rows or not found.count else read(unmatched_steps.pages(found))


def _chosen(work: Work, found: UnmatchedPage) -> tuple[UnmatchedRow | None, str]:
    """The transfer of the address, else the one that took the place of the last; and a refusal."""
    wanted = url.read(desk.ROW, url.positive, 0)
    notice = ""
    for at, row in enumerate(found.rows):
        if row.id == wanted:
            st.session_state[desk.PLACE] = at
            return row, notice
    if wanted:
        try:
            return one_unmatched(work, wanted), notice
        except NotFound as problem:
            notice = str(problem)
    if not found.rows:
        return None, notice
    return found.rows[min(st.session_state.get(desk.PLACE, 0), len(found.rows) - 1)], notice


def _line(row: UnmatchedRow | None, sure: int, automatic: int, moved: Callable[[], None]) -> None:
    """What holds for the next decisions, the last one taken back, all certain ones at once."""
    if not desk.may_decide():
        return
    with st.container(horizontal=True, key="desk-line", vertical_alignment="bottom", border=True):
        desk.standing(row.id if row else None)
        if sure:
            ones = "the certain one" if sure == 1 else f"all {sure} certain ones"
            confirm.door(unmatched_asks.bulk(), "all", f"Assign {ones}…")
        if automatic:
            confirm.door(unmatched_asks.undoing(), "all", "Undo several…")
        unmatched_sheet.undo_last(row, moved)


def _columns(
    found: UnmatchedPage, row: UnmatchedRow | None, moved: Callable[[], None], narrowed: bool
) -> None:
    if row is None:
        states.empty("Nothing is here", NARROWED if narrowed else EMPTY)
        return
    with st.container(key="inbox-columns"):
        left, right = st.columns([6, 5], gap="small")
    with left, st.container(border=True, key="panel-queue", gap=None):
        if found.rows:
            unmatched_queue.draw(found.rows, row.id, moved)
        else:
            st.html('<p class="muted">No other transfer fits.</p>')
        unmatched_steps.pager(found)
    with right, st.container(border=True, key="panel-transfer", gap="small"):
        unmatched_steps.draw(found, row, moved)
        unmatched_sheet.draw(row, moved)


main()
