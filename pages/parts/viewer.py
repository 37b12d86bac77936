"""Who is looking: the person behind the session cookie, looked up on every run."""

import streamlit as st

from core.access import sessions
from core.access.authority import Actor
from core.access.sessions import Viewer
from core.errors import SignInNeeded
from core.office import office
from core.settings import settings


def current_viewer() -> Viewer | None:
    """The signed-in person; None when the session has ended or was revoked."""
    return sessions.viewer(office(), st.context.cookies.get(settings().session_cookie))


def may(permission: str) -> bool:
    """Whether the signed-in person has the permission; False for nobody."""
    seen = current_viewer()
    return seen is not None and seen.may(permission)


def current_actor() -> Actor:
    """The signed-in person as the actor of a unit of work; raises SignInNeeded."""
    seen = current_viewer()
    if seen is None:
        raise SignInNeeded
    return seen.actor(st.context.ip_address)
