"""What is looked for in the inbox: status with its counts, text, currency, order."""

import streamlit as st

from core.inbox.listing import STATUSES, UnmatchedFilters, UnmatchedPage
from pages.parts import formats, url
from pages.receivables import lists

SORTS = {
    "certain": ("Certain first", "certain", True),
    "age": ("Oldest", "age", False),
    "amount": ("Largest amount", "amount", True),
    "payer": ("Payer", "payer", False),
}
DECIDED_SORTS = {
    "decided": ("Latest decision", "decided", True),
    "age": ("Oldest", "age", False),
    "amount": ("Largest amount", "amount", True),
    "payer": ("Payer", "payer", False),
}
WORDS = {"open": "Open", "assigned": "Assigned", "ignored": "Ignored"}


def asked() -> tuple[UnmatchedFilters, tuple[str, bool]]:
    """The search as the address says it; a changed one starts at the first transfer."""
    status = url.read("status", url.one_of(STATUSES), "open")
    text = lists.text("Payer, text or tenant")
    currency = lists.currency()
    order = lists.sort(SORTS if status == "open" else DECIDED_SORTS)
    return UnmatchedFilters(status, text, currency), order


def tabs(found: UnmatchedPage) -> None:
    """Open, assigned and ignored with their counts."""
    moved = url.restart(url.follow("status", url.one_of(STATUSES), "open"), "page", "sort")
    st.segmented_control(
        "Status",
        STATUSES,
        key="status",
        on_change=moved,
        required=True,
        format_func=lambda name: f"{WORDS[name]} {formats.number(found.by_status.get(name, 0))}",
    )
