"""The write of a new version of the common ladder: its stages as fields, read back in words."""

from dataclasses import dataclass
from html import escape
from typing import Literal

import streamlit as st

from core.dunning import policies
from core.dunning.rules import EFFECTS, LONGEST_LADDER, LONGEST_NAME, MOST_STAGES, Stage, checked
from core.errors import SaldoError
from core.office import office
from pages.admin import receipts
from pages.parts import confirm, states, viewer
from pages.parts.confirm import Step
from pages.receivables import dunning_words as words

NEEDS = "sys_finance"
COMMON = "common"
LEFT_OUT = ""
"""The choice of a row that is no stage."""
CHOICES = {
    "remind": "Remind",
    "throttle": "Throttle",
    "read_only": "Read only",
    "suspend": "Suspend",
    "cancel": "Give up",
    LEFT_OUT: "No stage",
}
DAYS_PX = 130


@dataclass(frozen=True)
class Seen:
    """A version of the common ladder and its stages."""

    version: int
    stages: tuple[Stage, ...]


def in_force() -> Seen:
    """The ladder that new cases climb. Needs `billing.read`."""
    with office().work(viewer.current_actor()) as work:
        work.require("billing.read")
        policy = policies.policy_for(work, None)
        return Seen(policy.version, policies.ladder_of(work, policy.id))


def _show(found: Seen) -> None:
    st.html(
        f"<p>Version {found.version} is in force. A new one holds for cases that open from then "
        "on; a tenant with a ladder of its own keeps that. Days count from the due date.</p>"
    )
    if not confirm.is_fresh():
        return
    count = st.number_input(
        "Stages", 1, MOST_STAGES, len(found.stages), key=_key(found, "count"), width=160
    )
    for place in range(int(count)):
        _fields(found, place)
    _explain(found)


def _fields(found: Seen, place: int) -> None:
    known = found.stages[place] if place < len(found.stages) else None
    last = found.stages[-1].after_days
    folded: Literal["visible", "collapsed"] = "visible" if place == 0 else "collapsed"
    with st.container(horizontal=True):
        st.number_input(
            "Day",
            0,
            LONGEST_LADDER,
            known.after_days if known else last,
            key=_key(found, f"days-{place}"),
            label_visibility=folded,
            width=DAYS_PX,
        )
        st.selectbox(
            "What happens",
            (*EFFECTS, LEFT_OUT),
            EFFECTS.index(known.effect) if known else len(EFFECTS),
            key=_key(found, f"effect-{place}"),
            format_func=CHOICES.__getitem__,
            label_visibility=folded,
        )
        st.text_input(
            "Name and message",
            known.template if known else "",
            key=_key(found, f"name-{place}"),
            max_chars=LONGEST_NAME,
            placeholder="named by what happens",
            label_visibility=folded,
        )


def _explain(found: Seen) -> None:
    """The stages as they would hold, or why they cannot."""
    try:
        stages = checked(_asked(found))
    except SaldoError as problem:
        states.notice("warn", str(problem))
        return
    told = "".join(
        f"<li>Day {stage.after_days}: {words.EFFECTS[stage.effect]} ({escape(stage.template)})</li>"
        for stage in stages
    )
    st.html(f"<p>In order of their days:</p><ol>{told}</ol>")


def _asked(found: Seen) -> tuple[Stage, ...]:
    """The stages of the fields by day, without the rows that are left out."""
    given = st.session_state
    rows = [
        Stage(
            int(given.get(_key(found, f"days-{place}")) or 0),
            str(given.get(_key(found, f"effect-{place}")) or LEFT_OUT),
            str(given.get(_key(found, f"name-{place}")) or ""),
        )
        for place in range(int(given.get(_key(found, "count")) or 0))
    ]
    kept = [stage for stage in rows if stage.effect != LEFT_OUT]
    return tuple(sorted(kept, key=lambda stage: stage.after_days))


def _add(found: Seen, reason: str, key: str) -> str:
    with office().work(viewer.current_actor()) as work:
        made = policies.add_policy(
            work, _asked(found), seen_version=found.version, reason=reason, key=key
        )
    return receipts.keep(
        f"Version {made.version} of the ladder is in force", "dunning.policy_added"
    )


def _key(found: Seen, field: str) -> str:
    """A field of the form over a version, so that another version's values do not stay."""
    return f"ladder-{found.version}-{field}"


STEP = Step(
    "ladder", "A new version of the ladder", "Put it in force", lambda _: in_force(), _show, _add
)
