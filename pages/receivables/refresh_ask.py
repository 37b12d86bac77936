"""Reading the gateways, posting what was earned or syncing now, by whoever closes the books."""

from html import escape

import streamlit as st

from core.jobs.actions import ask_refresh
from core.jobs.catalogue import Job, the_job
from core.office import office
from pages.admin import receipts
from pages.parts import tables, viewer
from pages.parts.confirm import DO, Step

TITLES = {
    "reconcile": "Read the gateways",
    "recognition": "Post what was earned",
    "sync": "Sync the analytics copy",
}


def may_ask() -> bool:
    """Whether the one who looks may ask for it."""
    return viewer.may("sys_finance")


def door(address: str, params: dict[str, str], name: str) -> str:
    """The address of a page at which the dialog about a job is open."""
    return tables.link(address, {**params, DO: f"{REFRESH.name}:{name}"})


def _show(job: Job) -> None:
    st.html(
        f"<p><b>{escape(TITLES[job.name])}</b><br>{escape(job.does)}.</p>"
        '<p class="muted">It begins as soon as a worker is free; reload this page when it is done. '
        "What was done already is not done again.</p>"
    )


def _ask(job: Job, reason: str, key: str) -> str:
    with office().work(viewer.current_actor()) as work:
        ask_refresh(work, job.name, reason=reason, key=key)
    return receipts.keep(f"{TITLES[job.name]}: waits for a worker", "books.refresh_asked")


REFRESH = Step("refresh", "Do it now", "Run it", the_job, _show, _ask, fresh=False)
