"""Channels and webhook endpoints as pages draw them: tables, fields of dialogs, a new secret."""

from dataclasses import dataclass
from html import escape

import streamlit as st

from core.notifications.actions import NewSecret
from core.notifications.addresses import LONGEST_URL
from core.notifications.events import EVENTS
from core.notifications.queries import ChannelRow, EndpointRow
from core.settings import settings
from pages.parts import formats, head, tables
from pages.parts.confirm import is_fresh
from pages.parts.tables import Cell, Column

ON, WANTED, ADDRESSES, URL = (f"channel-{f}" for f in ("on", "events", "addresses", "url"))
"""The keys of the fields; Streamlit forgets their values when the dialog closes."""
MADE = "channel-made"
LONGEST_ADDRESSES = 2_000
CHANNELS = ("Channel", "State", "Events", "Addresses", "Set by")
ENDPOINTS = ("Address", "Events", "State", "Since")
TITLES = {
    "email": "E-mail",
    "in_app": "Inbox",
    "webhook": "Webhook",
    "sms": "SMS",
    "whatsapp": "WhatsApp",
}


@dataclass(frozen=True)
class Fields:
    """What a dialog on channels and endpoints was given."""

    enabled: bool
    events: tuple[str, ...]
    addresses: tuple[str, ...]
    url: str


def given(row: ChannelRow | None = None) -> Fields:
    """The values of the fields; the inbox is always on."""
    held = st.session_state
    on = row is not None and (bool(held.get(ON, row.enabled)) or row.channel == "in_app")
    return Fields(
        on,
        tuple(held.get(WANTED) or ()),
        tuple(str(held.get(ADDRESSES) or "").split()),
        str(held.get(URL) or ""),
    )


def keep_secret(made: NewSecret) -> None:
    """Keep a secret that was just made, until its reader has put it away."""
    st.session_state[MADE] = made


def secret() -> None:
    """A secret that was just made; it can be copied now and never again."""
    made: NewSecret | None = st.session_state.get(MADE)
    if made is None:
        return
    with st.container(border=True, key="panel-secret"):
        head.section("The endpoint's secret", "copy it now; it is not shown again")
        st.code(made.secret, language=None)
        st.button("I have kept it", key="secret-kept", on_click=_put_away)


def channel_table(rows: list[ChannelRow], own: str) -> None:
    """Channels and what holds for each; `own` says who set those that are not the default."""
    columns = [Column(title, words=True) for title in CHANNELS]
    body = [
        [
            Cell(TITLES[row.channel]),
            Cell("On", tone="good") if row.enabled else Cell("Off", tone="muted"),
            Cell(", ".join(row.events) or "All"),
            Cell(", ".join(row.addresses) or "–"),
            Cell(own if row.own else "Default", tone="" if row.own else "muted"),
        ]
        for row in rows
    ]
    tables.html(columns, body, label="Channels")


def endpoint_table(rows: list[EndpointRow]) -> None:
    """Webhook endpoints; nothing is drawn when there is none."""
    if not rows:
        return
    columns = [Column(title, words=True) for title in ENDPOINTS]
    body = [
        [
            Cell(f"{row.id} · {row.url}"),
            Cell(", ".join(row.events) or "All"),
            Cell(f"Off: {row.disabled_why}", tone="bad")
            if row.disabled_at
            else Cell("On", tone="good"),
            Cell(formats.instant(row.created_at, settings().billing_timezone)),
        ]
        for row in rows
    ]
    tables.html(columns, body, label="Webhook endpoints")


def channel_fields(row: ChannelRow, *, addressed: bool) -> None:
    """The fields of a channel; `addressed` when it may have addresses of its own."""
    st.toggle(f"{TITLES[row.channel]} is on", row.enabled, key=ON, disabled=row.channel == "in_app")
    st.multiselect("Events", list(EVENTS), row.events, key=WANTED, placeholder="All events")
    if addressed and row.channel in ("email", "sms", "whatsapp"):
        st.text_area(
            "Further addresses" if row.channel == "email" else "Telephone numbers",
            "\n".join(row.addresses),
            key=ADDRESSES,
            max_chars=LONGEST_ADDRESSES,
            placeholder="One a line" if row.channel == "email" else "+46701234567, one a line",
        )


def endpoint_fields() -> None:
    """The fields of a new endpoint; none before the sign-in is fresh, as typing would be lost."""
    if is_fresh():
        st.text_input("Address", key=URL, max_chars=LONGEST_URL, placeholder="https://…")
        st.multiselect("Events", list(EVENTS), key=WANTED, placeholder="All events")


def named(row: EndpointRow) -> None:
    """Which endpoint a dialog is about."""
    st.html(f"<p>Endpoint <b>{escape(row.url)}</b></p>")


def _put_away() -> None:
    st.session_state.pop(MADE, None)
