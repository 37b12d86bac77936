"""One step of one case, as the sweep takes it: the invoice locked, then decided, then done."""

from dataclasses import dataclass
from datetime import date

from core.actions import action
from core.dunning import actions, cases, effects, holding, policies, settling
from core.dunning.models import DunningCase
from core.dunning.rules import Stage, Task, next_task
from core.invoices.models import OPEN, Invoice
from core.subscriptions.arrears import fall_behind
from core.work import Work

BY_LADDER = "by the ladder"
"""The reason given where a person would give one."""


@dataclass(frozen=True)
class Done:
    """What was done to the case of an invoice; `step` names it, minor units."""

    tenant_id: int
    invoice_id: int
    number: str | None
    step: str
    stage: str
    days: int
    due_minor: int
    currency: str
    subscriptions: int
    opened: bool


def advance(work: Work, invoice_id: int, day: date) -> Done | None:
    """Open, advance or close the case of an invoice; None when the day asks nothing of it.

    The invoice is locked first and looked at afresh, so that a payment that came in between is
    respected: what is settled is never reminded of and never suspends.
    """
    invoice = cases.locked_invoice(work, invoice_id)
    case = cases.open_case_of(work, invoice.id)
    owed, reason = invoice.due_minor, cases.ended_by(invoice)
    if reason is not None:
        return _closed(work, case, invoice, reason) if case else None
    opened = case is None
    if case is None:
        if invoice.due_on is None or invoice.due_on >= day:
            return None
        case = _open(work, invoice)
    cases.holding(work, case, invoice)
    due_back = case.override_until is not None and case.override_until <= day
    if due_back:
        actions.end_override(work, case)
    stages = policies.stages_of(work, case)
    task = _task(work, case, stages, day)
    step, moved = _do(work, case, task, opened=opened, resumed=due_back)
    if step is None:
        return None
    stage = stages[case.position - 1].template if 0 < case.position <= len(stages) else ""
    return Done(
        case.tenant_id,
        invoice.id,
        invoice.number,
        step,
        stage,
        cases.days_of(case, day),
        owed,
        invoice.currency,
        moved,
        opened,
    )


def _open(work: Work, invoice: Invoice) -> DunningCase:
    if invoice.subscription_id is not None:
        fall_behind(work, invoice.subscription_id, f"Invoice {invoice.number} is overdue")
    return cases.open_case(work, invoice)


def _task(work: Work, case: DunningCase, stages: tuple[Stage, ...], day: date) -> Task | None:
    if case.override_path == "freeze":
        return None
    return next_task(
        stages,
        case.position,
        case.restriction,
        cases.days_of(case, day),
        reminded_today=case.reminded_on == work.today,
    )


def _do(
    work: Work, case: DunningCase, task: Task | None, *, opened: bool, resumed: bool
) -> tuple[str | None, int]:
    """Carry the task out as an action of its own; its name, and how many subscriptions moved."""
    work.session.flush()
    work.told.pop("subscription_ids", None)
    if task is None:
        return _rest(work, case, opened=opened, resumed=resumed)
    if task.effect == "remind":
        actions.remind(work, case.id, task=task)
    elif task.effect == "suspend":
        actions.suspend(work, case.id, task=task, reason=BY_LADDER)
    elif task.effect == "cancel":
        give_up(work, case.id, task)
    else:
        restrict(work, case.id, task)
    return task.effect, len(work.told.get("subscription_ids", ()))


def _rest(work: Work, case: DunningCase, *, opened: bool, resumed: bool) -> tuple[str | None, int]:
    """Nothing is due: an opening, the end of an override, or a subscription that slipped out."""
    if case.restriction and case.override_path != "freeze" and holding.slipped(work, case):
        return "hold", len(hold(work, case.id))
    if opened:
        note_opened(work, case.id)
        return "open", 0
    if resumed:
        note_resumed(work, case.id)
        return "resume", 0
    return None, 0


def _closed(work: Work, case: DunningCase, invoice: Invoice, reason: str) -> Done:
    days = cases.days_of(case, work.today)
    close_settled(work, case.id, reason)
    return Done(
        case.tenant_id,
        invoice.id,
        invoice.number,
        "close",
        reason,
        days,
        0,
        invoice.currency,
        0,
        opened=False,
    )


@action("dunning.opened", needs=None, system=True)
def note_opened(work: Work, case_id: int) -> DunningCase:
    """A case was opened on whose ladder nothing is due yet."""
    case, _ = cases.locked_case(work, case_id)
    work.tell(tenant_id=case.tenant_id, case_id=case.id, invoice_id=case.invoice_id)
    return case


@action("dunning.override_ended", needs=None, system=True)
def note_resumed(work: Work, case_id: int) -> DunningCase:
    """An override ran out on its day, and nothing else is due."""
    case, _ = cases.locked_case(work, case_id)
    work.tell(tenant_id=case.tenant_id, case_id=case.id, invoice_id=case.invoice_id)
    return case


@action("dunning.restricted", needs=None, system=True)
def restrict(work: Work, case_id: int, task: Task) -> DunningCase:
    """Throttle the tenant, or let it only read."""
    case, invoice = cases.locked_case(work, case_id)
    effects.carry_out(work, case, invoice, task)
    cases.plan_next(work, case)
    return case


@action("dunning.given_up", needs=None, system=True)
def give_up(work: Work, case_id: int, task: Task) -> DunningCase:
    """End the subscriptions of the case; the invoice stays owed until it is written off."""
    case, invoice = cases.locked_case(work, case_id)
    effects.carry_out(work, case, invoice, task)
    return case


@action("dunning.held", needs=None, system=True)
def hold(work: Work, case_id: int) -> list[int]:
    """Bring subscriptions that run again, or are new, under what is in force."""
    case, _ = cases.locked_case(work, case_id)
    assert case.restriction is not None
    moved = holding.press(work, case, case.restriction, "an overdue invoice still restricts it")
    cases.log(work, case, "held", effect=case.restriction, subscription_ids=moved)
    work.tell(tenant_id=case.tenant_id, case_id=case.id, subscription_ids=moved)
    return moved


@action("dunning.closed", needs=None, system=True)
def close_settled(work: Work, case_id: int, reason: str) -> DunningCase:
    """End the case of an invoice that is owed no more, and restore what it held back."""
    case = work.session.get_one(DunningCase, case_id)
    invoice = work.session.get_one(Invoice, case.invoice_id)
    assert invoice.status not in OPEN
    work.tell(tenant_id=case.tenant_id, case_id=case.id, invoice_id=invoice.id, close_reason=reason)
    settling.settle(work, {invoice.id: reason}, [invoice])
    return case
