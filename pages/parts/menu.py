"""Which pages exist, who may open them, and where each role starts."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import streamlit as st
from streamlit.navigation.page import Page

from core.access.sessions import Viewer


@dataclass(frozen=True)
class Entry:
    """One page: its file, its address, its group by job, and the permission it needs."""

    address: str
    title: str
    file: str
    group: str
    needs: str
    icon: str
    visibility: Literal["visible", "hidden"] = "visible"


MENU = (
    Entry(
        "revenue",
        "Dashboard",
        "pages/revenue/dashboard.py",
        "Revenue",
        "analytics.read",
        ":material/monitoring:",
    ),
    Entry(
        "rows",
        "Rows behind a figure",
        "pages/revenue/rows.py",
        "Revenue",
        "analytics.read",
        ":material/table_rows:",
        "hidden",
    ),
    Entry(
        "ageing",
        "Ageing",
        "pages/receivables/ageing.py",
        "Receivables",
        "billing.read",
        ":material/hourglass_bottom:",
    ),
    Entry(
        "users",
        "Users and roles",
        "pages/admin/users.py",
        "Admin",
        "users.manage",
        ":material/group:",
    ),
    Entry(
        "audit",
        "Audit log",
        "pages/admin/audit.py",
        "Admin",
        "users.manage",
        ":material/fact_check:",
    ),
)
LANDING = {"billing": "ageing", "onboarding": "ageing"}
"""Roles that do not start at the first page they may open."""


def entries(seen: Viewer) -> list[Entry]:
    """The pages a person may open, in the order of the menu."""
    return [entry for entry in MENU if seen.may(entry.needs)]


def landing(seen: Viewer) -> str | None:
    """The address where a person starts; None when no page is open to them."""
    addresses = [entry.address for entry in entries(seen) if entry.visibility == "visible"]
    wanted = [LANDING[role] for role in seen.roles if role in LANDING]
    return next((address for address in [*wanted, *addresses] if address in addresses), None)


def build(seen: Viewer, start: Callable[[], None]) -> dict[str, list[Page]]:
    """Streamlit's pages by group; `start` is the hidden page at the root."""
    sections: dict[str, list[Page]] = {
        "": [st.Page(start, title="Saldo", url_path="start", default=True, visibility="hidden")]
    }
    for entry in entries(seen):
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
