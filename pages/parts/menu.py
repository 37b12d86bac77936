"""Which pages exist, who may open them, and where each role starts."""

from collections.abc import Callable

import streamlit as st
from streamlit.navigation.page import Page

from core.access.sessions import Viewer
from core.settings import Settings, settings
from pages.parts import states
from pages.parts.entries import MENU
from pages.parts.entry import Entry

LANDING = {"billing": "ageing", "onboarding": "tenant"}
"""Roles that do not start at the first page they may open."""


def addresses(chosen: Settings) -> list[str]:
    """The addresses of the pages that are switched on."""
    return [entry.address for entry in MENU if entry.offered(chosen)]


def entry(address: str) -> Entry | None:
    """The page at an address; None for the start, which is no page of the menu."""
    return next((each for each in MENU if each.address == address), None)


def entries(seen: Viewer) -> list[Entry]:
    """The pages a person may open, in the order of the menu."""
    return [
        entry
        for entry in MENU
        if seen.may(entry.needs)
        and entry.offered(settings())
        and (seen.tenant_id is not None or not entry.own)
    ]


def landing(seen: Viewer) -> str | None:
    """The address where a person starts; None when no page is open to them."""
    addresses = [entry.address for entry in entries(seen) if entry.visibility == "visible"]
    wanted = [LANDING[role] for role in seen.roles if role in LANDING]
    return next((address for address in [*wanted, *addresses] if address in addresses), None)


def build(seen: Viewer, start: Callable[[], None]) -> dict[str, list[Page]]:
    """Streamlit's pages by group; `start` is the hidden page at the root.

    An address that is not open to the person says so.
    """
    opened = entries(seen)
    root = st.Page(start, title="Saldo", url_path="start", default=True, visibility="hidden")
    closed = [_closed(each) for each in MENU if each.offered(settings()) and each not in opened]
    sections: dict[str, list[Page]] = {"": [root, *closed]}
    for entry in opened:
        sections.setdefault(entry.group, []).append(
            st.Page(
                entry.file,
                title=entry.title,
                icon=entry.icon,
                url_path=entry.address,
                visibility=entry.visibility,
            )
        )
    return sections


def _closed(entry: Entry) -> Page:
    """The page at an address that a person may not open."""

    def say() -> None:
        states.not_open(entry.needs, own=entry.own)

    return st.Page(say, title=entry.title, url_path=entry.address, visibility="hidden")
