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
AUTOMATIC = "automatic"
VIEWS = (*STATUSES, AUTOMATIC)
WORDS = {
    "open": "Open",
    "assigned": "Assigned",
    "ignored": "Ignored",
    AUTOMATIC: "Posted automatically",
}


def asked() -> tuple[UnmatchedFilters, tuple[str, bool]]:
    """The search as the address says it; a changed one starts at the first transfer."""
    status = url.read("status", url.one_of(VIEWS), "open")
    text = lists.text("Payer, text or tenant")
    currency = lists.currency()
    order = lists.sort(SORTS if status == "open" else DECIDED_SORTS)
    if status == AUTOMATIC:
        return UnmatchedFilters(None, text, currency, automatic=True), order
    return UnmatchedFilters(status, text, currency), order


def tabs(found: UnmatchedPage) -> None:
    """Open, assigned and ignored with their counts, and what was posted without a person."""
    moved = url.restart(url.follow("status", url.one_of(VIEWS), "open"), "page", "sort")
    counts = {**found.by_status, AUTOMATIC: found.automatic}
    st.segmented_control(
        "Status",
        VIEWS if found.automatic or st.session_state["status"] == AUTOMATIC else STATUSES,
        key="status",
        on_change=moved,
        required=True,
        format_func=lambda name: f"{WORDS[name]} {formats.number(counts.get(name, 0))}",
    )
