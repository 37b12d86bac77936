"""The Streamlit script: who is signed in, and which pages they get."""

from html import escape
from pathlib import Path

import streamlit as st

from core.access.sessions import Viewer
from core.errors import SaldoError
from pages.parts import inbox, look, menu, screen, states, url, viewer

SIDEBAR_PX = 236
STATIC = Path(__file__).with_name("static")
SIGN_OUT = """<div class="whoami"><b>{name}</b><span>{roles}</span>
<form method="post" action="/logout"><button type="submit">Sign out</button></form></div>"""


def frame(seen: Viewer) -> None:
    """The logo above the menu, the person below it."""
    st.logo(STATIC / f"logo-{look.mode()}.svg", size="large", icon_image=STATIC / "mark.svg")
    roles = ", ".join(role.replace("_", " ") for role in seen.roles) or "no role"
    with st.sidebar:
        st.html(SIGN_OUT.format(name=escape(seen.name), roles=escape(roles)))


def run() -> None:
    """One run: the session is looked up again each time, so that a revoked one ends here."""
    seen = viewer.current_viewer()
    if seen is None:
        st.navigation([st.Page(states.session_ended, title="Signed out")], position="hidden").run()
        return
    landing = menu.landing(seen)

    def start() -> None:
        if landing is None:
            states.no_pages(seen.name)
        else:
            st.switch_page(pages[landing], query_params=st.query_params.to_dict())

    sections = menu.build(seen, start)
    pages = {page.url_path: page for group in sections.values() for page in group}
    chosen = st.navigation(sections, expanded=True)
    frame(seen)
    screen.draw(chosen, menu.entry(chosen.url_path))
    inbox.badge(seen)
    url.settled()


st.set_page_config(
    page_title="Saldo",
    page_icon=STATIC / "mark.svg",
    layout="wide",
    initial_sidebar_state=SIDEBAR_PX,
)
look.apply()
try:
    run()
except SaldoError as refusal:
    states.failed(refusal)
