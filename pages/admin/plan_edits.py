"""The writes on a plan as a whole: make one, edit one, switch one on or off."""

from dataclasses import dataclass
from html import escape

import streamlit as st

from core.errors import ChangedMeanwhile, NotFound, NotNow, SaldoError
from core.office import office
from core.plans import actions, queries
from core.plans.actions import NewPlan, NewPrice
from core.plans.facts import PlanFacts
from core.plans.queries import PlanRow
from core.settings import settings
from core.typed import typed_minor
from pages.admin import plan_form, receipts
from pages.parts import formats, plan_words, states, viewer
from pages.parts.confirm import Step

NEW, SLUG, CURRENCY = "new-plan", "new-plan-slug", "new-plan-currency"
PRICED = ("monthly", "quarterly", "semiannual", "annual")
LONGEST_SLUG = 60
LONGEST_AMOUNT = 20


@dataclass(frozen=True)
class Sheet:
    """The plan a dialog is about as it was seen, and the names of all limits there are."""

    plan: PlanRow
    names: list[str]

    @property
    def form(self) -> str:
        """What the keys of its fields begin with."""
        return f"plan-{self.plan.id}"


def preview(subject: str) -> Sheet:
    """The plan with the id the dialog was opened for."""
    with office().work(viewer.current_actor()) as work:
        rows = queries.catalogue(work)
    plan = next((row for row in rows if str(row.id) == subject), None)
    if plan is None:
        raise NotFound("There is no such plan")
    return Sheet(plan, _names(rows))


def _names(rows: list[PlanRow]) -> list[str]:
    usual = [dict.fromkeys(plan_words.LIMITS, 0)]
    return plan_words.limit_names(*usual, *(row.facts.limits for row in rows))


def _preview_new(_subject: str) -> tuple[list[str], int]:
    """The limits to offer, and the place behind all other plans."""
    with office().work(viewer.current_actor()) as work:
        rows = queries.catalogue(work)
    return _names(rows), max((row.facts.sort_order for row in rows), default=0) + 1


def _show_new(offered: tuple[list[str], int]) -> None:
    names, place = offered
    st.text_input(
        "Slug",
        key=SLUG,
        max_chars=LONGEST_SLUG,
        placeholder="lowercase letters, digits and hyphens",
        help="The plan's name for software; it never changes",
    )
    plan_form.draw(NEW, PlanFacts("", sort_order=place), names)
    st.html('<p class="muted">First prices, before tax, for the whole cycle; empty for none.</p>')
    st.text_input("Currency", settings().reporting_currency, key=CURRENCY, max_chars=3)
    columns = st.columns(2)
    for nth, cycle in enumerate(PRICED):
        columns[nth % 2].text_input(
            plan_words.CYCLES[cycle], key=f"{NEW}-{cycle}", max_chars=LONGEST_AMOUNT
        )


def _create(offered: tuple[list[str], int], _reason: str, key: str) -> str:
    names, _ = offered
    given = st.session_state
    currency = str(given.get(CURRENCY) or "").strip().upper()
    facts = plan_form.read(NEW, names)
    amounts = {cycle: str(given.get(f"{NEW}-{cycle}") or "").strip() for cycle in PRICED}
    new = NewPlan(
        slug=str(given.get(SLUG) or "").strip(),
        prices=tuple(
            NewPrice(cycle, currency, typed_minor(amount, currency))
            for cycle, amount in amounts.items()
            if amount
        ),
        **vars(facts),
    )
    with office().work(viewer.current_actor()) as work:
        plan = actions.create_plan(work, new, key=key)
    st.query_params["plan"] = str(plan.id)
    return receipts.keep(f"{plan.name} is in the catalogue", "saas.plan.created")


def _show_edit(sheet: Sheet) -> None:
    plan = sheet.plan
    st.html(f'<p class="muted">The slug {escape(plan.slug)} and the prices stay.</p>')
    plan_form.draw(sheet.form, plan.facts, sheet.names)
    try:
        after = plan_form.read(sheet.form, sheet.names)
    except SaldoError as problem:
        states.notice("warn", str(problem))
        return
    lines = "".join(
        f"<li>{escape(title)}: {escape(old or 'empty')} → <b>{escape(new or 'empty')}</b></li>"
        for title, old, new in plan_form.differences(plan.facts, after)
    )
    if not lines:
        st.html('<p class="muted">Nothing is changed yet.</p>')
        return
    st.html(f"<p>This will change:</p><ul>{lines}</ul><p>{_who(plan)}</p>")


def _who(plan: PlanRow) -> str:
    if not plan.subscribers:
        return "Nobody subscribes to it yet."
    count = formats.number(plan.subscribers)
    people = "1 subscriber" if plan.subscribers == 1 else f"all {count} subscribers"
    return f"Limits and features change for {people} at once."


def _edit(sheet: Sheet, _reason: str, key: str) -> str:
    after = plan_form.read(sheet.form, sheet.names)
    with office().work(viewer.current_actor()) as work:
        actions.edit_plan(work, sheet.plan.id, sheet.plan.facts, after, key=key)
    return receipts.keep(f"{after.name} is changed", "saas.plan.updated")


def _show_off(sheet: Sheet) -> None:
    plan = sheet.plan
    many = "subscriber stays" if plan.subscribers == 1 else "subscribers stay"
    stay = f"Its <b>{formats.number(plan.subscribers)}</b> {many} until renewal."
    st.html(
        f"<p><b>{escape(plan.facts.name)}</b> will leave the pricing page and cannot be "
        f"subscribed to anew.</p><p>{stay if plan.subscribers else 'Nobody subscribes to it.'}</p>"
    )


def _show_on(sheet: Sheet) -> None:
    name = escape(sheet.plan.facts.name)
    st.html(f"<p><b>{name}</b> will be on the pricing page and can be subscribed to.</p>")


def _switch(sheet: Sheet, active: bool) -> str:
    plan, words = sheet.plan, "active" if active else "inactive"
    with office().work(viewer.current_actor()) as work:
        now = queries.plan_row(work, plan.id)
        if now.is_active == active:
            raise NotNow(f"{plan.facts.name} is {words} already")
        if now.subscribers != plan.subscribers:
            raise ChangedMeanwhile
        actions.set_plan_active(work, plan.id, active)
    return receipts.keep(f"{plan.facts.name} is {words} now", "saas.plan.toggled")


CREATE = Step(
    "new", "New plan", "Create the plan", _preview_new, _show_new, _create,
    fresh=False, reason=False,
)  # fmt: skip
EDIT = Step(
    "edit", "Edit a plan", "Save the changes", preview, _show_edit, _edit,
    fresh=False, reason=False,
)  # fmt: skip
DEACTIVATE = Step(
    "deactivate", "Deactivate a plan", "Deactivate", preview, _show_off,
    lambda sheet, _reason, _key: _switch(sheet, False), fresh=False, reason=False,
)  # fmt: skip
ACTIVATE = Step(
    "activate", "Activate a plan", "Activate", preview, _show_on,
    lambda sheet, _reason, _key: _switch(sheet, True), fresh=False, reason=False,
)  # fmt: skip
