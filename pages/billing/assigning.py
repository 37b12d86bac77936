"""The first subscription of a tenant: a plan from today, with its first invoice, or a trial."""

from dataclasses import dataclass

import streamlit as st

from core.errors import NotFound
from core.office import office
from core.plans.queries import PlanRow, plan_rows
from core.settings import settings
from core.subscriptions.actions import assign
from core.subscriptions.detail import TenantPage, tenant_page
from core.subscriptions.models import COLLECTION
from core.work import Work
from pages.admin import receipts
from pages.billing import words
from pages.billing.asking import Values, agreed, show
from pages.billing.form import Form
from pages.billing.price_asks import named, plan_fields
from pages.parts import url, viewer
from pages.parts.confirm import Step

NAME = "assign"


@dataclass(frozen=True)
class Newcomer:
    """A tenant as it was seen, and the plans that can be assigned."""

    page: TenantPage
    plans: list[PlanRow]


def _preview(subject: str) -> Newcomer:
    if not url.whole(subject):
        raise NotFound("There is no such tenant")
    with office().work(viewer.current_actor()) as work:
        return Newcomer(tenant_page(work, url.whole(subject)), plan_rows(work, active_only=True))


def _show(seen: Newcomer) -> None:
    form = Form(NAME)
    show(form, lambda: _fields(form, seen), lambda work, values: _assign(work, seen, values))


def _fields(form: Form, seen: Newcomer) -> Values:
    if not seen.plans:
        raise NotFound("There is no active plan to assign")
    currency = seen.page.tenant.currency
    recommended = next((plan for plan in seen.plans if plan.facts.is_recommended), seen.plans[0])
    values = plan_fields(form, seen.plans, currency, (str(recommended.id), "monthly"))
    values["collection"] = form.choice(
        "by", "Collect by", COLLECTION, words.COLLECTION.__getitem__, "charge_automatically"
    )
    trial = form.yes("trial", "Begin with a trial", "Nothing is invoiced until it ends")
    usual = settings().trial_days
    values["trial_days"] = form.number("days", "Days of trial", max(usual, 1)) if trial else 0
    return values


def _assign(work: Work, seen: Newcomer, values: Values, key: str | None = None) -> object:
    return assign(work, seen.page.tenant.id, **values, key=key)


def _execute(seen: Newcomer, _reason: str, key: str) -> str:
    values = agreed()
    with office().work(viewer.current_actor()) as work:
        _assign(work, seen, values, key)
    st.query_params["tenant"] = str(seen.page.tenant.id)
    plan = named(seen.plans, str(values["plan_id"]))
    told = f"{seen.page.tenant.name} has {plan} from today"
    return receipts.keep(told, "saas.subscription.assigned")


ASSIGN = Step(
    NAME, "Assign a plan", "Assign it", _preview, _show, _execute,
    fresh=False, reason=False, needs="saas.subscriptions.manage",
)  # fmt: skip
