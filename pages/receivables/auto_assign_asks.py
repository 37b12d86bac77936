"""Switching automatic posting on and off; both say what they do before (UNM.4)."""

from html import escape

import streamlit as st

from core.errors import NotFound, NotNow
from core.inbox.choosing import Standing, TrialKept, standing, switch_off, switch_on
from core.inbox.learning import Learning, learning, recalibrate
from core.office import office
from pages.admin import receipts
from pages.parts import formats, viewer
from pages.parts.confirm import Step
from pages.receivables import auto_assign_parts


def _now() -> Standing:
    with office().work(viewer.current_actor()) as work:
        return standing(work)


def _seen(subject: str) -> TrialKept:
    trial = _now().trial
    if trial is None or str(trial.id) != subject:
        raise NotFound("A newer trial stands; look at that one")
    if trial.refusal:
        raise NotNow(trial.refusal)
    return trial


def _show(trial: TrialKept) -> None:
    least = formats.percent(trial.least_probability)
    st.html(
        f"<p>From now on a transfer whose suggestion is certain and at least {least} likely is "
        "assigned as soon as it comes in. Each one is marked and can be undone in the inbox.</p>"
    )
    auto_assign_parts.kept(trial)


def _on(trial: TrialKept, reason: str, _key: str) -> str:
    with office().work(viewer.current_actor()) as work:
        switch_on(work, trial.id, reason=reason)
    return receipts.keep("Automatic posting is on", "bank.auto_assign.switched_on")


def _holds(_subject: str) -> Standing:
    now = _now()
    if not now.enabled:
        raise NotNow("Automatic posting is off already")
    return now


def _show_off(now: Standing) -> None:
    since = f" It is on since {escape(auto_assign_parts.since(now))}." if now.changed_at else ""
    st.html(
        f"<p>From now on every transfer waits for a person.{since} What was posted stays, and can "
        "be undone in the inbox.</p>"
    )


def _off(_now_: Standing, reason: str, _key: str) -> str:
    with office().work(viewer.current_actor()) as work:
        switch_off(work, reason=reason)
    return receipts.keep("Automatic posting is off", "bank.auto_assign.switched_off")


def _learnable(_subject: str) -> Learning:
    with office().work(viewer.current_actor()) as work:
        return learning(work)


def _show_learning(found: Learning) -> None:
    st.html(auto_assign_parts.learning(found))


def _learn(_found: Learning, reason: str, _key: str) -> str:
    with office().work(viewer.current_actor()) as work:
        recalibrate(work, reason=reason)
    return receipts.keep("Probabilities follow your decisions", "bank.matching.recalibrated")


LEARN = Step("learn", "Learn from your decisions", "Learn", _learnable, _show_learning, _learn)
ON = Step("auto-on", "Switch automatic posting on", "Switch it on", _seen, _show, _on)
OFF = Step("auto-off", "Switch automatic posting off", "Switch it off", _holds, _show_off, _off)
