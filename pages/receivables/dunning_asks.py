"""The writes on a dunning case: remind, suspend, freeze, own stages, resume; each asked first."""

from collections.abc import Callable
from datetime import date, timedelta
from html import escape

import streamlit as st

from core.dunning import actions
from core.dunning.queries import CaseDetail, case_detail
from core.dunning.rules import Stage, stage_of
from core.errors import NotFound
from core.office import office
from core.work import Work
from pages.admin import receipts
from pages.parts import confirm, formats, url, viewer
from pages.parts.confirm import Step
from pages.receivables import dunning_words as words

UNTIL, STAGES = "dunning-until", "dunning-stages"
"""The keys of the fields; Streamlit forgets their values when the dialog closes."""
LONGEST_STAGES = 2_000


def _seen(subject: str) -> CaseDetail:
    if not url.whole(subject):
        raise NotFound("There is no such dunning case")
    with office().work(viewer.current_actor()) as work:
        return case_detail(work, url.whole(subject))


def _show(effect: Callable[[CaseDetail], str]) -> Callable[[CaseDetail], None]:
    def show(found: CaseDetail) -> None:
        row = found.row
        st.html(
            f"<p><b>{escape(row.tenant_name)}</b>, invoice {escape(row.number or '')}<br>"
            f"{escape(words.owed(row))} owed, {row.days_overdue} days overdue</p>"
            f"<p>{escape(effect(found))}</p>"
        )

    return show


def _show_freeze(found: CaseDetail) -> None:
    _show(words.freezing)(found)
    if confirm.is_fresh():
        _until_field()


def _show_custom(found: CaseDetail) -> None:
    _show(words.customising)(found)
    if not confirm.is_fresh():
        return
    st.text_area(
        "Stages, one a line",
        key=STAGES,
        max_chars=LONGEST_STAGES,
        placeholder="20:remind\n30:suspend",
        help="DAYS:EFFECT or DAYS:EFFECT:NAME; effects are remind, throttle, read_only, suspend "
        "and cancel",
    )
    _until_field()


def _until_field() -> None:
    with office().work(viewer.current_actor()) as work:
        tomorrow = work.today + timedelta(days=1)
    st.date_input(
        "Until (the ladder holds again from this day; without end when empty)",
        value=None,
        min_value=tomorrow,
        key=UNTIL,
        format="YYYY-MM-DD",
    )


def _remind(found: CaseDetail, _reason: str, key: str) -> str:
    def act(work: Work) -> object:
        return actions.remind(work, found.row.id, version=found.row.version, key=key)

    return _written(act, f"A reminder goes to {found.row.tenant_name}", "dunning.reminded")


def _suspend(found: CaseDetail, reason: str, key: str) -> str:
    def act(work: Work) -> object:
        return actions.suspend(
            work, found.row.id, version=found.row.version, reason=reason, key=key
        )

    return _written(act, f"{found.row.tenant_name} is suspended", "tenant.suspended")


def _freeze(found: CaseDetail, reason: str, key: str) -> str:
    return _override(found, "freeze", (), reason, key)


def _customise(found: CaseDetail, reason: str, key: str) -> str:
    lines = str(st.session_state.get(STAGES) or "").splitlines()
    stages = tuple(stage_of(line) for line in lines if line.strip())
    return _override(found, "custom", stages, reason, key)


def _override(
    found: CaseDetail, path: str, stages: tuple[Stage, ...], reason: str, key: str
) -> str:
    until: date | None = st.session_state.get(UNTIL)

    def act(work: Work) -> object:
        return actions.override(
            work,
            found.row.tenant_id,
            path,
            case_id=found.row.id,
            stages=stages,
            until=until,
            version=found.row.version,
            reason=reason,
            key=key,
        )

    what = "frozen" if path == "freeze" else "on stages of its own"
    last = f" until {formats.day(until)}" if until else ""
    return _written(
        act, f"The case of {found.row.tenant_name} is {what}{last}", "dunning.overridden"
    )


def _resume(found: CaseDetail, reason: str, key: str) -> str:
    def act(work: Work) -> object:
        return actions.resume(
            work,
            found.row.tenant_id,
            case_id=found.row.id,
            version=found.row.version,
            reason=reason,
            key=key,
        )

    told = f"The case of {found.row.tenant_name} is on its ladder again"
    return _written(act, told, "dunning.resumed")


def _written(act: Callable[[Work], object], told: str, event_type: str) -> str:
    with office().work(viewer.current_actor()) as work:
        act(work)
    return receipts.keep(told, event_type)


def doors(found: CaseDetail) -> list[tuple[Step, str]]:
    """What the viewer may do to a case as it stands."""
    row, seen = found.row, viewer.current_viewer()
    if seen is None or row.status == "closed":
        return []
    offered: list[tuple[Step, str]] = []
    if seen.may("billing.write") and row.override_path != "freeze":
        offered.append((REMIND, "Remind…"))
        if row.status != "suspended":
            offered.append((SUSPEND, "Suspend…"))
    if seen.may("sys_finance"):
        offered += [(FREEZE, "Freeze…"), (CUSTOM, "Own stages…")]
        if row.override_path:
            offered.append((RESUME, "Resume…"))
    return offered


REMIND = Step(
    "remind",
    "Send a reminder",
    "Send the reminder",
    _seen,
    _show(words.reminding),
    _remind,
    fresh=False,
    reason=False,
    needs="billing.write",
)
SUSPEND = Step(
    "suspend",
    "Suspend",
    "Suspend now",
    _seen,
    _show(words.suspending),
    _suspend,
    fresh=False,
    needs="billing.write",
)
FREEZE = Step(
    "freeze", "Freeze the case", "Freeze it", _seen, _show_freeze, _freeze, needs="sys_finance"
)
CUSTOM = Step(
    "custom",
    "Stages of its own",
    "Put the case on them",
    _seen,
    _show_custom,
    _customise,
    needs="sys_finance",
)
RESUME = Step(
    "resume",
    "Resume the ladder",
    "Resume",
    _seen,
    _show(words.resuming),
    _resume,
    needs="sys_finance",
)
STEPS = (REMIND, SUSPEND, FREEZE, CUSTOM, RESUME)
