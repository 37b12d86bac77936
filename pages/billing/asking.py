"""A dialog that rehearses what it asks for: fields → preview of the same write → one core call."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import streamlit as st

from core.errors import BadInput, NotFound, SaldoError
from core.office import office
from core.plans.queries import PlanRow, plan_rows
from core.rehearsal import rehearse
from core.subscriptions.detail import Detail, detail
from core.work import Work
from pages.admin import receipts
from pages.billing import look, previews
from pages.billing.form import Form
from pages.parts import confirm, states, url, viewer
from pages.parts.confirm import Step

SHOWN, NOW = "billing-shown", "billing-now"
Values = dict[str, Any]


@dataclass(frozen=True)
class Sheet:
    """A subscription as it was seen at an instant, and the plans there are.

    `part` is what stands behind its number in the address, such as an item's.
    """

    detail: Detail
    plans: list[PlanRow]
    at: datetime
    today: date
    part: str

    @property
    def id(self) -> int:
        """The subscription's number."""
        return self.detail.row.id

    @property
    def seen(self) -> dict[str, Any]:
        """The version that was seen, for the write."""
        return {"version": self.detail.row.version}


@dataclass(frozen=True)
class Ask:
    """A write on a subscription: its fields, the one core call, and the words of the receipt.

    `fields` draws and raises SaldoError when a value is wrong; `do` is called with what it
    returned, in a rehearsal for the preview and for real with reason and key.
    """

    name: str
    title: str
    verb: str
    event_type: str
    fields: Callable[[Form, Sheet], Values]
    do: Callable[[Work, Sheet, Values, str, str | None], object]
    told: Callable[[Sheet, Values], str]
    fresh: bool = True
    reason: bool = True
    needs: str = ""

    def step(self) -> Step:
        """The dialog."""
        return Step(
            self.name,
            self.title,
            self.verb,
            seen,
            self._show,
            self._execute,
            fresh=self.fresh,
            reason=self.reason,
            needs=self.needs,
        )

    def _show(self, sheet: Sheet) -> None:
        def do(work: Work, values: Values) -> object:
            return self.do(work, sheet, values, "", None)

        form = Form(self.name)
        show(form, lambda: self.fields(form, sheet), do, sheet.id)
        if self.fresh and not confirm.is_fresh():
            form.keep()

    def _execute(self, sheet: Sheet, reason: str, key: str) -> str:
        values = agreed()
        with office().work(viewer.current_actor()) as work:
            self.do(work, sheet, values, reason, key)
        return receipts.keep(self.told(sheet, values) + _numbers(sheet), self.event_type)


def seen(subject: str) -> Sheet:
    """The subscription a dialog is about: `<number>` or `<number>:<part>`."""
    number, _, part = subject.partition(":")
    if not url.whole(number):
        raise NotFound("There is no such subscription")
    with office().work(viewer.current_actor()) as work:
        found, plans = detail(work, url.whole(number)), plan_rows(work, active_only=False)
        return Sheet(found, plans, work.now, work.today, part)


def show(
    form: Form,
    fields: Callable[[], Values],
    do: Callable[[Work, Values], object],
    subscription_id: int | None = None,
) -> None:
    """Draw fields and preview, and remember what was shown and what is asked for now."""
    look.wide_dialog()
    try:
        values = fields()
        preview = rehearse(
            office(), viewer.current_actor(), lambda work: do(work, values), subscription_id
        )
    except SaldoError as problem:
        states.notice("warn" if isinstance(problem, BadInput) else "bad", str(problem))
        _remember((form.name, problem))
        return
    previews.draw(preview)
    _remember((form.name, values, preview))


def agreed() -> Values:
    """The values whose preview was shown. Raises BadInput when another one was shown.

    The run that carries the write out rehearses it once more; both must be the same. What the
    rehearsal was refused with is raised again.
    """
    now = st.session_state[NOW]
    if isinstance(now[-1], SaldoError):
        raise now[-1]
    if now != st.session_state.get(SHOWN):
        raise BadInput("The figures changed since the preview; look at them again")
    return dict(now[1])


def _remember(asked: tuple[Any, ...]) -> None:
    st.session_state[NOW] = asked
    if not st.session_state[confirm.JOB]["armed"]:
        st.session_state[SHOWN] = asked


def _numbers(sheet: Sheet) -> str:
    """The numbers of the documents that were written since the sheet was seen."""
    with office().work(viewer.current_actor()) as work:
        now = detail(work, sheet.id)
    known = {(document.kind, document.id) for document in sheet.detail.documents}
    new = [each.number for each in now.documents if (each.kind, each.id) not in known]
    return f", with {' and '.join(filter(None, new))}" if new else ""
