"""Ways through the queue of the inbox: previous, next, over the ends of a page, to a page."""

from collections.abc import Callable

import streamlit as st

from core.inbox.listing import UnmatchedPage, UnmatchedRow
from pages.parts import formats, url
from pages.receivables import unmatched_desk as desk
from pages.receivables import unmatched_queue as queue


def pages(found: UnmatchedPage) -> int:
    """How many pages the queue has."""
    return max(1, -(-found.count // queue.ROWS))


def pager(found: UnmatchedPage) -> None:
    """Paging under the queue."""
    count = pages(found)
    if count == 1:
        return
    moved = url.restart(url.follow("page", url.positive, 1), desk.ROW, desk.PLACE)
    st.session_state["page"] = min(st.session_state["page"], count)
    st.pagination(count, key="page", on_change=moved)


def draw(found: UnmatchedPage, row: UnmatchedRow, moved: Callable[[], None]) -> None:
    """Previous and next, over the ends of a page."""
    ids = [each.id for each in found.rows]
    place = ids.index(row.id) if row.id in ids else None
    held = int(st.session_state.get(desk.PLACE, 0))
    before = (held if place is None else place) - 1
    after = held if place is None else place + 1
    page = min(url.read("page", url.positive, 1), pages(found))
    with st.container(horizontal=True, key="desk-steps", vertical_alignment="center"):
        _step("Previous", "K", before, (ids, page, pages(found)), moved)
        _step("Next", "J", after, (ids, page, pages(found)), moved)
        if place is not None:
            at = (page - 1) * queue.ROWS + place + 1
            st.html(f"<p>{at} of {formats.number(found.count)}</p>")


def _step(
    title: str,
    shortcut: str,
    place: int,
    there: tuple[list[int], int, int],
    moved: Callable[[], None],
) -> None:
    ids, page, last = there
    on_page = 0 <= place < len(ids)
    turned = page - 1 if place < 0 else page + 1
    st.button(
        title,
        key=f"step-{title}",
        type="tertiary",
        disabled=not on_page and not 1 <= turned <= last,
        shortcut=desk.keys(shortcut),
        help=f"{title} transfer ({shortcut})",
        on_click=queue.choose if on_page else _turn,
        args=(ids[place], place, moved) if on_page else (turned, place, moved),
    )


def _turn(page: int, place: int, moved: Callable[[], None]) -> None:
    """To the last transfer of the page before, or the first one of the next."""
    st.session_state["page"] = page
    st.session_state[desk.ROW] = 0
    st.session_state[desk.PLACE] = queue.ROWS - 1 if place < 0 else 0
    moved()
