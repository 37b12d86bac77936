"""Decisions on transfers, one click each: the reason, the sign-in, carrying out, the receipt.

A click records an order with the key minted when the transfer was drawn; the next run carries it
out before anything is drawn. However often one button is pressed, core answers with its first
result; `static/one-press.js` keeps a press in the browser that its person cannot have meant.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal
from uuid import uuid4
from zoneinfo import ZoneInfo

import streamlit as st

from core.actions import LONGEST_REASON, SHORTEST_REASON
from core.errors import SaldoError
from core.inbox.deciding import Share, assign_transfer, decline_suggestion, ignore_transfer
from core.inbox.listing import UnmatchedRow
from core.inbox.suggesting import Proposal
from core.inbox.undoing import undo_decision
from core.office import office
from core.settings import settings
from core.work import Work
from pages.admin import receipts
from pages.parts import confirm, states, viewer

ORDER, PROBLEM, LAST, KEYS = "unmatched-order", "unmatched-problem", "unmatched-last", "desk-keys"
REASON = "unmatched-reason"
REFUSED = "unmatched-refused"
ROW, PLACE = "row", "unmatched-place"
What = Literal["assign", "ignore", "undo", "decline", "several"]


@dataclass(frozen=True)
class Order:
    """A decision as it was pressed; `told` are the words of its receipt."""

    what: What
    unmatched_id: int
    told: str
    key: str
    shares: tuple[Share, ...] = ()
    tenant_id: int = 0


def may_decide() -> bool:
    """True for who assigns bank transfers; core asks again."""
    return viewer.may("sys_finance")


def key_of(unmatched_id: int) -> str:
    """The key of a transfer's next decision, the same until one was carried out."""
    keys: dict[int, str] = st.session_state.setdefault(KEYS, {})
    return keys.setdefault(unmatched_id, str(uuid4()))


def keys(shortcut: str) -> str | None:
    """A button's key on the keyboard; none while a dialog is open."""
    return None if confirm.DO in st.query_params else shortcut


def choice_of(unmatched_id: int) -> str:
    """What holds the place of a transfer's chosen suggestion."""
    return f"choice-{unmatched_id}"


def chosen(row: UnmatchedRow) -> Proposal | None:
    """The chosen suggestion, the first one at first; None without any."""
    at = int(st.session_state.get(choice_of(row.id), 0))
    return row.proposals[at] if at < len(row.proposals) else row.best


def shares_of(offer: Proposal) -> tuple[Share, ...]:
    """What of the transfer goes on each suggested invoice, in figures: what was seen is done."""
    return tuple(Share(each.id, each.part_minor) for each in offer.invoices if each.part_minor)


def press(order: Order, moved: Callable[[], None]) -> None:
    """Record an order; for a button."""
    st.session_state[ORDER] = order
    st.session_state[ROW] = order.unmatched_id
    moved()


def carry_out() -> None:
    """The order that was pressed, if any; `refusal` shows why it was refused."""
    order: Order | None = st.session_state.get(ORDER)
    if order is None:
        return
    try:
        with office().work(viewer.current_actor()) as work:
            _done(work, order, given_reason())
    except SaldoError as problem:
        st.session_state[PROBLEM] = (order.unmatched_id, str(problem))
        st.session_state.pop(ORDER, None)
        return
    decided(order)
    st.session_state.pop(receipts.LEFT, None)
    st.session_state.pop(REFUSED, None)
    st.session_state.pop(ORDER, None)
    st.toast(order.told, icon=":material/check_circle:")


def decided(order: Order) -> None:
    """An order stands: the next transfer takes its place, one that was undone is shown again.

    `several` transfers that were assigned in one go are undone one by one.
    """
    st.session_state[LAST] = order
    st.session_state.setdefault(KEYS, {}).pop(order.unmatched_id, None)
    if order.what in ("assign", "ignore", "several"):
        st.session_state[ROW] = 0
        st.query_params.pop(ROW, None)
    elif order.what == "undo":
        st.session_state[ROW] = order.unmatched_id


def undoable() -> Order | None:
    """The decision that was taken last on this page, unless it was taken back."""
    last: Order | None = st.session_state.get(LAST)
    return last if last and last.what in ("assign", "ignore") else None


def given_reason() -> str:
    """The reason that holds for the next decisions; empty while none is given."""
    return str(st.session_state.get(REASON) or "").strip()


def problem_of(unmatched_id: int) -> str:
    """Why the last press on a transfer was refused; said once."""
    held: tuple[int, str] | None = st.session_state.pop(PROBLEM, None)
    return held[1] if held and held[0] == unmatched_id else ""


def standing(row_id: int | None) -> None:
    """Until when the sign-in is fresh, and the reason; or the way to confirm it."""
    if not confirm.is_fresh():
        _ask_to_confirm(row_id)
        return
    st.text_input(
        "Reason for the next decisions",
        key=REASON,
        max_chars=LONGEST_REASON,
        placeholder=f"At least {SHORTEST_REASON} characters",
        help="It is kept in the audit log with each decision. While you write in a field, the keys "
        "of the buttons do nothing; leave it with Tab.",
        width=300,
    )
    seen = viewer.current_viewer()
    if seen and seen.fresh_until:
        until = seen.fresh_until.astimezone(ZoneInfo(settings().billing_timezone))
        st.html(f'<p class="desk-until">Confirmed until <b>{until:%H:%M}</b></p>')


def refusal(unmatched_id: int) -> None:
    """A line with why the last press was refused."""
    if told := problem_of(unmatched_id):
        states.notice("bad", told)


def _done(work: Work, order: Order, reason: str) -> None:
    number, key = order.unmatched_id, order.key
    if order.what == "assign":
        assign_transfer(work, number, order.shares, reason=reason, key=key)
    elif order.what == "ignore":
        ignore_transfer(work, number, reason=reason, key=key)
    elif order.what == "undo":
        undo_decision(work, number, reason=reason, key=key)
    else:
        decline_suggestion(work, number, order.tenant_id)


def _ask_to_confirm(row_id: int | None) -> None:
    """A link through the step-up page and back to this transfer."""
    address = confirm.step_up(**({ROW: str(row_id)} if row_id else {}))
    st.html(
        '<p class="desk-until">Decisions need your password again; it then holds for a few '
        f'minutes. <a href="{address}" target="_self">Confirm it is you</a></p>'
    )
