"""Designed states: nothing here yet, signed out, not available, failed; each says the next step."""

from html import escape

import streamlit as st

from core.access.permissions import PERMISSIONS
from core.errors import DatabaseUnavailable, NoCopy


def empty(title: str, words: str, door: tuple[str, str] | None = None) -> None:
    """Nothing to show, and why; a `door` has the words and the address of where to go on."""
    action = ""
    if door:
        label, address = map(escape, door)
        action = f'<a class="action" href="{address}" target="_self">{label}</a>'
    st.html(_card(title, words, "empty", action))


def none(noun: str, first: str, *, narrowed: bool) -> None:
    """A list without a row: its filters leave none, or there is none yet and `first` says how."""
    if narrowed:
        empty(f"No {noun} fits", "Clear a filter to see others.")
    else:
        empty(f"There is no {noun} yet", first)


def failed(problem: Exception) -> None:
    """A refusal or failure in the words of its error; they are written to be shown."""
    if isinstance(problem, DatabaseUnavailable):
        _unreachable()
    elif isinstance(problem, NoCopy):
        no_copy()
    else:
        st.html(_card("This did not work", str(problem), "failed", role="alert"))


def told(title: str, words: str, *, failed: bool) -> None:
    """How something ended that its reader asked for."""
    st.html(_card(title, words, "failed" if failed else "empty"))


def notice(tone: str, words: str) -> None:
    """A line that says how something went; `tone` is good, bad or warn."""
    st.html(f'<p class="notice {tone}" role="status">{escape(words)}</p>')


def session_ended() -> None:
    """The session ended while the page was open; a full page load leads through the gate."""
    st.html(
        _card(
            "Your session has ended",
            "For your safety Saldo signs people out after a while. Nothing was lost.",
            "empty",
            '<a class="action" href="/login?ended=1" target="_self">Sign in again</a>',
            whole=True,
        )
    )


def no_copy() -> None:
    """There has been no sync yet."""
    empty(
        "There are no figures yet",
        "Figures are read from the analytics copy, which the first sync builds. It comes by itself "
        "within the hour; an administrator starts it at once under “Jobs”, an operator with "
        "“saldo sync”. Then reload this page.",
    )


def _unreachable() -> None:
    """The database is gone in the middle of work."""
    st.html(
        _card(
            "The database does not answer",
            "Nothing was changed by this page. It is asked again when you reload; an operator "
            "sees what is wrong with “saldo doctor”.",
            "failed",
            '<a class="action" href="" target="_self">Reload</a>',
            role="alert",
        )
    )


def no_role_allows(what: str, needs: str) -> str:
    """Words for who lacks a permission, with what that is about."""
    about = PERMISSIONS.get(needs, "")
    about = about if about[1:2].isupper() else about[:1].lower() + about[1:]
    return f"None of your roles allows {what}: {about}. Ask an administrator for it."


def not_open(needs: str, *, own: bool) -> None:
    """A page that the person's roles do not open, as they lack the permission it needs."""
    if own:
        words = "It is for the people of an organisation that is billed here."
    else:
        words = no_role_allows("what it is for", needs)
    empty("This page is not open to you", words, ("Go to your first page", "/"))


def no_pages(name: str) -> None:
    """A person whose roles open no page."""
    st.html(
        _card(
            f"Welcome, {name}",
            "Your account works, but none of its roles opens a page here. "
            "Ask an administrator for access to the part you need.",
            "empty",
            whole=True,
        )
    )


def _card(
    title: str,
    words: str,
    kind: str,
    action: str = "",
    role: str = "status",
    *,
    whole: bool = False,
) -> str:
    """A state in its box; the heading of one that is the `whole` page is that of the page."""
    level = "h1" if whole else "h2"
    return (
        f'<div class="state {kind}" role="{role}"><{level}>{escape(title)}</{level}>'
        f"<p>{escape(words)}</p>{action}</div>"
    )
