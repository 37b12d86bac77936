"""One's own sign-in: one-time codes, the password, and where one is signed in (ACC.2)."""

from html import escape

import streamlit as st

from core.access import own
from core.access.own import OwnSession, OwnSignIn
from core.office import office
from core.settings import settings
from pages.account import asks
from pages.parts import confirm, formats, head, viewer

STEPS = (asks.ENROL, asks.REMOVE, asks.CHANGE, asks.END, asks.END_OTHERS)
WIDTHS = [5, 1.4]


def main() -> None:
    """How this person signs in, and a door for each change of it."""
    with office().work(viewer.current_actor()) as work:
        mine = own.own_sign_in(work)
    head.page("Your sign-in", mine.email)
    if mine.password:
        _codes(mine)
        _password()
    else:
        st.html("<p>You sign in at your company's provider; password and codes are kept there.</p>")
    _sessions(mine)
    confirm.draw(*STEPS)


def _codes(mine: OwnSignIn) -> None:
    with st.container(border=True, key="panel-codes"):
        words, door = st.columns(WIDTHS, vertical_alignment="center")
        with words:
            head.section("One-time codes", "on" if mine.totp else "off")
            _said(
                "With them a password alone lets nobody in: signing in also asks for a code that "
                "your phone shows."
            )
        with door.container(horizontal=True, horizontal_alignment="right"):
            step, label = (asks.REMOVE, "Turn off…") if mine.totp else (asks.ENROL, "Turn on…")
            confirm.door(step, "codes", label)


def _password() -> None:
    with st.container(border=True, key="panel-password"):
        words, door = st.columns(WIDTHS, vertical_alignment="center")
        with words:
            head.section("Password")
            _said("Changing it signs you out everywhere else.")
        with door.container(horizontal=True, horizontal_alignment="right"):
            confirm.door(asks.CHANGE, "password", "Change…")


def _sessions(mine: OwnSignIn) -> None:
    with st.container(border=True, key="panel-sessions", gap="small"):
        words, door = st.columns(WIDTHS, vertical_alignment="center")
        with words:
            head.section("Where you are signed in", "the last used first")
        if len(mine.sessions) > 1:
            with door.container(horizontal=True, horizontal_alignment="right"):
                confirm.door(asks.END_OTHERS, asks.OTHERS, "End all others…")
        for each in mine.sessions:
            _session(each)


def _session(session: OwnSession) -> None:
    zone = settings().billing_timezone
    words, door = st.columns(WIDTHS, vertical_alignment="center")
    opened, used, ends = (
        formats.instant(moment, zone)
        for moment in (session.created_at, session.last_seen_at, session.expires_at)
    )
    here = ' <small class="good">this session</small>' if session.here else ""
    words.html(
        f"<b>{escape(asks.where(session))}</b>{here}<br>"
        f'<small class="muted">signed in {opened}, last used {used}, ends {ends}</small>'
    )
    if not session.here:
        with door.container(horizontal=True, horizontal_alignment="right"):
            confirm.door(asks.END, str(session.id), "End…")


def _said(words: str) -> None:
    st.html(f'<small class="muted">{escape(words)}</small>')


main()
