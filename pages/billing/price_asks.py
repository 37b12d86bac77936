"""Writes on what a subscription costs: another plan, cycle or amount, items on and off."""

import streamlit as st

from core.errors import BadInput, NotFound
from core.plans.models import CYCLES
from core.plans.queries import PlanRow
from core.settings import settings
from core.subscriptions.actions import change_plan
from core.subscriptions.items import add_item, remove_item
from core.work import Work
from pages.billing import words
from pages.billing.asking import Ask, Sheet, Values
from pages.billing.form import Form
from pages.parts import plan_words

WHEN = {"now": "Now", "renewal": "At the next renewal"}


def named(plans: list[PlanRow], plan_id: str) -> str:
    """The name of a plan by its number."""
    return next(plan.facts.name for plan in plans if str(plan.id) == plan_id)


def plan_fields(form: Form, plans: list[PlanRow], currency: str, usual: tuple[str, str]) -> Values:
    """Plan, cycle and a negotiated amount; `usual` are plan and cycle to start with."""
    left, middle, right = st.columns(3)
    with left:
        numbers = [str(row.id) for row in plans]
        plan = form.choice("plan", "Plan", numbers, lambda given: named(plans, given), usual[0])
    with middle:
        cycle = form.choice("cycle", "Cycle", CYCLES, plan_words.CYCLES.__getitem__, usual[1])
    with right:
        told = "Without tax; the list price when empty"
        amount = form.amount("amount", "Negotiated amount a cycle", currency, told)
    return {"plan_id": int(plan), "cycle": cycle, "amount_minor": amount}


def policy_field(form: Form) -> str:
    """How the running period is prorated."""
    return form.choice(
        "policy",
        "Proration of the running period",
        list(words.POLICIES),
        words.POLICIES.__getitem__,
        settings().proration_policy,
    )


def _change_fields(form: Form, sheet: Sheet) -> Values:
    row = sheet.detail.row
    offered = [plan for plan in sheet.plans if plan.is_active or plan.slug == row.plan]
    own = next(str(plan.id) for plan in sheet.plans if plan.slug == row.plan)
    values = plan_fields(form, offered, row.currency, (own, row.cycle))
    if row.status == "trial":
        _check_other(sheet, values)
        return {**values, "at_renewal": False, "policy": None}
    left, right = st.columns(2)
    with left:
        values["at_renewal"] = form.radio("when", "When", WHEN) == "renewal"
    with right:
        values["policy"] = None if values["at_renewal"] else policy_field(form)
    _check_other(sheet, values)
    return values


def _check_other(sheet: Sheet, values: Values) -> None:
    """Raise BadInput while what holds is chosen, unless that takes back a change that waits."""
    row, state = sheet.detail.row, sheet.detail.state
    plan = next(plan for plan in sheet.plans if plan.id == values["plan_id"])
    price = plan.price(values["cycle"], row.currency, sheet.today)
    listed = price.amount_minor if price else None
    amount = listed if values["amount_minor"] is None else values["amount_minor"]
    chosen = (plan.slug, values["cycle"], amount)
    if chosen == (row.plan, row.cycle, state.amount_minor) and state.next_plan is None:
        raise BadInput("Choose another plan, cycle or amount")


def _change(work: Work, sheet: Sheet, values: Values, reason: str, key: str | None) -> object:
    return change_plan(work, sheet.id, **values, **sheet.seen, at=sheet.at, reason=reason, key=key)


def _changed(sheet: Sheet, values: Values) -> str:
    plan = named(sheet.plans, str(values["plan_id"]))
    when = "at the next renewal" if values["at_renewal"] else "from today"
    return f"{sheet.detail.row.tenant_name} has {plan} {when}"


def _add_fields(form: Form, sheet: Sheet) -> Values:
    row = sheet.detail.row
    name = form.words("name", "What is added", "Extra storage, 100 GB")
    left, right = st.columns(2)
    with left:
        unit = form.amount("unit", f"Price of one {plan_words.SPANS[row.cycle]}", row.currency)
    with right:
        quantity = form.number("quantity", "Quantity", 1)
    policy = None if row.status == "trial" else policy_field(form)
    if not name or unit is None:
        raise BadInput("Say what is added and what one of it costs")
    return {"name": name, "unit_minor": unit, "quantity": quantity, "policy": policy}


def _add(work: Work, sheet: Sheet, values: Values, reason: str, key: str | None) -> object:
    return add_item(work, sheet.id, **values, **sheet.seen, at=sheet.at, reason=reason, key=key)


def _remove_fields(form: Form, sheet: Sheet) -> Values:
    found = next((item for item in sheet.detail.items if str(item.id) == sheet.part), None)
    if found is None:
        raise NotFound("There is no such item on this subscription")
    policy = None if sheet.detail.row.status == "trial" else policy_field(form)
    return {"item_id": found.id, "policy": policy}


def _remove(work: Work, sheet: Sheet, values: Values, reason: str, key: str | None) -> object:
    return remove_item(work, **values, **sheet.seen, at=sheet.at, reason=reason, key=key)


CHANGE_PLAN = Ask(
    "change-plan",
    "Change the plan",
    "Change the plan",
    "saas.subscription.plan_changed",
    _change_fields,
    _change,
    _changed,
    needs="sys_finance",
).step()
ADD_ITEM = Ask(
    "add-item",
    "Add an item",
    "Add the item",
    "saas.subscription.item_added",
    _add_fields,
    _add,
    lambda _sheet, values: f"{values['name']} × {values['quantity']} was added",
    needs="sys_finance",
).step()
REMOVE_ITEM = Ask(
    "remove-item",
    "Remove an item",
    "Remove the item",
    "saas.subscription.item_removed",
    _remove_fields,
    _remove,
    lambda sheet, values: next(
        f"{item.name} was removed" for item in sheet.detail.items if item.id == values["item_id"]
    ),
    needs="sys_finance",
).step()
