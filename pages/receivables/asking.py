"""A dialog that shows what its write would do: fields → rehearsal of the same write → one call."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar
from urllib.parse import parse_qsl

import streamlit as st

from core.errors import BadInput, SaldoError
from core.office import office
from core.rehearsal import Preview, rehearse
from core.work import Work
from pages.billing import look
from pages.billing.form import KEPT, Form
from pages.parts import confirm, states, viewer
from pages.parts.confirm import Step

SHOWN, NOW = "receivables-shown", "receivables-now"
Values = dict[str, Any]
Subject = TypeVar("Subject")
Effect = TypeVar("Effect")
Result = TypeVar("Result")
Read = TypeVar("Read")


@dataclass(frozen=True)
class Ask(Generic[Subject, Effect]):
    """A write: its fields, what it would do, and the call that carries it out.

    `fields` draws and raises SaldoError when a value is wrong; `foresee` rehearses the write and
    returns something that equals itself when made again; `do(subject, values, effect, reason,
    key)` writes and returns the words of the receipt.
    """

    name: str
    title: str
    verb: str
    seen: Callable[[str], Subject]
    fields: Callable[[Form, Subject], Values]
    foresee: Callable[[Subject, Values], Effect]
    draw: Callable[[Subject, Values, Effect], None]
    do: Callable[[Subject, Values, Effect, str, str], str]
    fresh: bool = False
    reason: bool = False
    needs: str = ""

    def step(self) -> Step:
        """The dialog."""
        return Step(
            self.name,
            self.title,
            self.verb,
            self.seen,
            self._show,
            self._execute,
            fresh=self.fresh,
            reason=self.reason,
            needs=self.needs,
        )

    def _show(self, subject: Subject) -> None:
        look.wide_dialog()
        form = Form(self.name)
        try:
            values = self.fields(form, subject)
            effect = self.foresee(subject, values)
        except SaldoError as problem:
            states.notice("warn" if isinstance(problem, BadInput) else "bad", str(problem))
            _remember((self.name, problem))
        else:
            self.draw(subject, values, effect)
            _remember((self.name, values, effect))
        if self.fresh and not confirm.is_fresh():
            form.keep()

    def _execute(self, subject: Subject, reason: str, key: str) -> str:
        values, effect = _agreed()
        return self.do(subject, values, effect, reason, key)


def rehearsed(
    do: Callable[[Work], Result], read: Callable[[Work, Result], Read]
) -> tuple[Preview, Read]:
    """What a write would leave behind, and what is read before it is undone."""
    held: list[Read] = []

    def run(work: Work) -> Result:
        result = do(work)
        held.append(read(work, result))
        return result

    return rehearse(office(), viewer.current_actor(), run), held[0]


def carried_out(do: Callable[[Work], Result]) -> Result:
    """One call of core, kept."""
    with office().work(viewer.current_actor()) as work:
        return do(work)


def begin(form: Form, field: str, text: str) -> None:
    """What a field of a dialog holds when it opens; what a person or the address gave stays."""
    told, _, values = st.query_params.get(KEPT, "").partition("?")
    if told != form.name or field not in dict(parse_qsl(values)):
        st.session_state.setdefault(f"{form.name}-{field}", text)


def _agreed() -> tuple[Values, Any]:
    """The values whose effect was shown, and the effect. Raises BadInput when it is another now.

    The run that carries the write out rehearses it once more; both must be the same. What the
    rehearsal was refused with is raised again.
    """
    now = st.session_state[NOW]
    if isinstance(now[-1], SaldoError):
        raise now[-1]
    if now != st.session_state.get(SHOWN):
        raise BadInput("The figures changed since the preview; look at them again")
    return now[1], now[2]


def _remember(asked: tuple[Any, ...]) -> None:
    st.session_state[NOW] = asked
    if not st.session_state[confirm.JOB]["armed"]:
        st.session_state[SHOWN] = asked
