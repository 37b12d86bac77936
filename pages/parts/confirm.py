"""A write on a page: preview → fresh sign-in → reason → one core call → receipt.

The address says which dialog is open, so that it comes back after the sign-in was confirmed. The
click only records the intent; the key minted at the opening makes a repeated call a replay.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode
from uuid import uuid4

import streamlit as st

from core.errors import ChangedMeanwhile, SaldoError
from core.office import office
from pages.parts import states, viewer

DO = "do"
JOB, RECEIPT = "confirm-job", "confirm-receipt"


@dataclass(frozen=True)
class Step:
    """A kind of write: how its preview is made and shown, and the one call that carries it out.

    `execute(preview, reason, key)` returns the words of the receipt; it draws nothing. `needs` is
    the permission that its door asks for: an address opens no form that is refused in the end.
    """

    name: str
    title: str
    verb: str
    preview: Callable[[str], Any]
    show: Callable[[Any], None]
    execute: Callable[[Any, str, str], str]
    fresh: bool = True
    reason: bool = True
    needs: str = ""


def door(step: Step, subject: str, label: str) -> None:
    """A button that opens the dialog for a subject, the id of a record."""
    st.button(label, key=f"{step.name}-{subject}", on_click=_open, args=(step, subject))


def draw(*steps: Step) -> None:
    """The receipt of the last write, and the dialog the address names; call once at the end."""
    if receipt := st.session_state.pop(RECEIPT, None):
        st.toast(receipt, icon=":material/check_circle:")
    name, _, subject = st.query_params.get(DO, "").partition(":")
    step = next((known for known in steps if known.name == name), None)
    if step is not None and subject:
        st.dialog(step.title, on_dismiss=_forget)(_body)(step, subject)


def is_fresh() -> bool:
    """True while the sign-in is young enough for guarded writes; a form waits for it."""
    seen = viewer.current_viewer()
    now = office().clock.now()
    return seen is not None and seen.fresh_until is not None and seen.fresh_until > now


def may_open(step: Step) -> bool:
    """Whether the signed-in person has the permission that a step's door asks for."""
    return not step.needs or viewer.may(step.needs)


def _open(step: Step, subject: str) -> None:
    _forget()
    st.query_params[DO] = f"{step.name}:{subject}"


def _forget() -> None:
    st.session_state.pop(JOB, None)
    st.query_params.pop(DO, None)


def _job(step: Step, subject: str) -> dict[str, Any]:
    """The open dialog's state; the preview is made once and sent with the write."""
    job = st.session_state.get(JOB)
    if job is None or job["subject"] != (step.name, subject):
        job = {
            "subject": (step.name, subject),
            "key": str(uuid4()),
            "armed": False,
            "problem": None,
            "preview": step.preview(subject),
        }
        st.session_state[JOB] = job
    return job


def _body(step: Step, subject: str) -> None:
    if not may_open(step):
        states.notice("bad", states.no_role_allows("this", step.needs))
        return
    try:
        job = _job(step, subject)
    except SaldoError as problem:
        states.notice("bad", str(problem))
        return
    step.show(job["preview"])
    if step.fresh and not is_fresh():
        _ask_to_confirm()
        return
    reason = _reason(step, job)
    if job["problem"]:
        states.notice("bad", job["problem"])
    st.button(step.verb, type="primary", disabled=job["armed"], on_click=_arm, key="confirm-do")
    if not job["armed"]:
        return
    try:
        receipt = step.execute(job["preview"], reason, job["key"])
    except ChangedMeanwhile as problem:
        _look_again(step, subject, job, problem)
    except SaldoError as problem:
        job.update(armed=False, problem=str(problem))
    else:
        _forget()
        st.session_state[RECEIPT] = receipt
    st.rerun()


def _look_again(step: Step, subject: str, job: dict[str, Any], problem: ChangedMeanwhile) -> None:
    """Show what stands now; where even that is refused, say so and keep the old preview."""
    job.update(armed=False, problem=str(problem), key=str(uuid4()))
    try:
        job["preview"] = step.preview(subject)
    except SaldoError as gone:
        job["problem"] = str(gone)


def _reason(step: Step, job: dict[str, Any]) -> str:
    if not step.reason:
        return ""
    return st.text_area(
        "Reason",
        key=f"reason-{job['key']}",
        max_chars=2_000,
        placeholder="At least ten characters; kept in the audit log",
    )


def _arm() -> None:
    st.session_state[JOB]["armed"] = True


def step_up(**kept: str) -> str:
    """The address of the step-up page, which leads back here; `kept` is added to this address."""
    path = st.context.url.split("/", 3)[-1].split("?")[0] if st.context.url else ""
    here = f"/{path}?{urlencode(st.query_params.to_dict() | kept)}"
    return f"/confirm?next={quote(here, safe='')}"


def _ask_to_confirm() -> None:
    """A link through the step-up page and back to this dialog."""
    st.html(
        '<p class="muted">This needs your password again; it then holds for a few minutes.</p>'
        f'<a class="action" href="{step_up()}" target="_self">Confirm it is you</a>'
    )
