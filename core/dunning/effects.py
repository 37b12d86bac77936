"""Carrying a step of the ladder out inside an action, and telling the tenant (DUN.1, NTF)."""

from typing import Any

from core.dunning import cases, holding
from core.dunning.models import DunningCase
from core.dunning.policies import stages_of
from core.dunning.rules import Task, coming_on
from core.invoices.models import Invoice
from core.money import units_text
from core.notifications.outbox import tell_tenant
from core.work import Work

RESTRICTED, SUSPENDED, REMINDER = "tenant.throttled", "tenant.suspended", "payment.reminder"


def carry_out(
    work: Work, case: DunningCase, invoice: Invoice, task: Task, reason: str = ""
) -> list[int]:
    """Restrict, suspend or give up; returns the subscriptions that were moved."""
    case.position = task.position
    why = reason.strip() or _why(work, case, invoice)
    if task.effect == "cancel":
        moved = holding.end(work, case, why)
        cases.close(work, case, "cancelled")
        _tell(work, case, moved)
        return moved
    case.restriction = task.effect
    case.status = "suspended" if task.effect == "suspend" else "open"
    moved = holding.press(work, case, task.effect, why)
    kind = "suspended" if task.effect == "suspend" else "restricted"
    cases.log(work, case, kind, reason, effect=task.effect, subscription_ids=moved)
    event = SUSPENDED if task.effect == "suspend" else RESTRICTED
    tell_tenant(work, event, case.tenant_id, _facts(work, case))
    _tell(work, case, moved)
    return moved


def send_reminder(work: Work, case: DunningCase, invoice: Invoice) -> None:
    """Remind of an invoice that is owed."""
    case.reminded_on = work.today
    cases.log(work, case, "reminded", due_minor=invoice.due_minor)
    tell_tenant(work, REMINDER, case.tenant_id, _facts(work, case))
    _tell(work, case, [])


def _tell(work: Work, case: DunningCase, moved: list[int]) -> None:
    """What the audit log says of a step."""
    work.tell(
        tenant_id=case.tenant_id,
        case_id=case.id,
        invoice_id=case.invoice_id,
        days=cases.days_of(case, work.today),
        position=case.position,
        restriction=case.restriction,
    )
    if moved:
        work.tell(subscription_ids=moved)


def _facts(work: Work, case: DunningCase) -> dict[str, Any]:
    """What the message to the tenant says; the invoice's own figures are added when it leaves."""
    stages = stages_of(work, case)
    facts: dict[str, Any] = {
        "case_id": case.id,
        "invoice_id": case.invoice_id,
        "days": cases.days_of(case, work.today),
    }
    if 0 < case.position <= len(stages):
        facts["stage"] = stages[case.position - 1].template
    ahead = {"restricts_on": ("throttle", "read_only"), "suspends_on": ("suspend",)}
    for name, effects in ahead.items():
        on = coming_on(stages, case.position, case.counted_from, *effects)
        if on is not None:
            facts[name] = str(on)
    return facts


def _why(work: Work, case: DunningCase, invoice: Invoice) -> str:
    """The reason of a step of the ladder, for the plan history."""
    owed = units_text(invoice.due_minor, invoice.currency)
    days = cases.days_of(case, work.today)
    return f"Invoice {invoice.number}: {owed} {invoice.currency} unpaid for {days} days"
