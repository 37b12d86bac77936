"""A case inside an action: opened, locked, moved along its ladder, closed, all of it noted."""

from datetime import date
from typing import Any

from sqlalchemy import func, select

from core.dunning.models import DunningCase, DunningEvent
from core.dunning.policies import policy_for, stages_of
from core.dunning.rules import next_on
from core.errors import ChangedMeanwhile, NotFound, NotNow
from core.invoices.models import OPEN, Invoice
from core.payments.models import PaymentAllocation
from core.work import Work


def locked_case(
    work: Work, case_id: int, version: int | None = None
) -> tuple[DunningCase, Invoice]:
    """A case that runs, with its invoice, locked in the order of every write: invoice first.

    Locked before, it is not asked again. Raises NotFound, NotNow for a closed one,
    ChangedMeanwhile when it is another version by now.
    """
    held: tuple[DunningCase, Invoice] | None = work.kept.get((DunningCase, case_id))
    case, invoice = held or _lock(work, case_id)
    if version is not None and case.version != version:
        raise ChangedMeanwhile
    if case.status == "closed":
        raise NotNow(f"The case was closed on {case.closed_on}: {case.close_reason}")
    return case, invoice


def holding(work: Work, case: DunningCase, invoice: Invoice) -> None:
    """Remember a case whose invoice is locked."""
    # A savepoint that is undone gives up the locks taken within it.
    if not work.session.in_nested_transaction():
        work.kept[DunningCase, case.id] = (case, invoice)


def _lock(work: Work, case_id: int) -> tuple[DunningCase, Invoice]:
    invoice_id = work.session.scalar(
        select(DunningCase.invoice_id).where(DunningCase.id == case_id)
    )
    if invoice_id is None:
        raise NotFound(f"There is no dunning case {case_id}")
    invoice = locked_invoice(work, invoice_id)
    case = work.session.get_one(DunningCase, case_id, with_for_update=True, populate_existing=True)
    holding(work, case, invoice)
    return case, invoice


def locked_invoice(work: Work, invoice_id: int) -> Invoice:
    """An invoice, locked; whoever holds it may change its case."""
    return work.session.get_one(Invoice, invoice_id, with_for_update=True, populate_existing=True)


def open_case_of(work: Work, invoice_id: int) -> DunningCase | None:
    """The case that runs for a locked invoice."""
    return work.session.scalar(
        select(DunningCase)
        .where(DunningCase.invoice_id == invoice_id, DunningCase.status != "closed")
        .execution_options(populate_existing=True)
    )


def open_case(work: Work, invoice: Invoice, *, failed: bool = False) -> DunningCase:
    """A case for a locked invoice that is owed.

    Days count from the due date, from a failed charge if that was earlier, and from the day on
    which an invoice that was settled is owed again.
    """
    assert invoice.status in OPEN
    assert invoice.due_on is not None
    again = work.session.scalar(
        select(func.max(PaymentAllocation.allocated_on)).where(
            PaymentAllocation.invoice_id == invoice.id, PaymentAllocation.reverses_id.is_not(None)
        )
    )
    counted_from = max(invoice.due_on, again or invoice.due_on)
    case = DunningCase(
        tenant_id=invoice.tenant_id,
        invoice_id=invoice.id,
        subscription_id=invoice.subscription_id,
        policy_id=policy_for(work, invoice.tenant_id).id,
        status="open",
        opened_on=work.today,
        counted_from=min(counted_from, work.today) if failed else counted_from,
        position=0,
        failures=0,
        created_at=work.now,
    )
    plan_next(work, case)
    work.session.add(case)
    work.session.flush()
    log(work, case, "opened", counted_from=str(case.counted_from))
    return case


def plan_next(work: Work, case: DunningCase) -> None:
    """Note where the case stands, and the day on which it has to be looked at again."""
    if case.status == "closed":
        case.next_on = None
        return
    due = None
    if case.override_path != "freeze":
        stages = stages_of(work, case)
        case.stage = stages[case.position - 1].template if case.position else "opened"
        due = next_on(stages, case.position, case.restriction, case.counted_from)
    days = [day for day in (due, case.override_until) if day is not None]
    case.next_on = min(days, default=None)


def close(work: Work, case: DunningCase, reason: str) -> str | None:
    """End a case whose invoice is locked; returns the restriction it had in force."""
    was = case.restriction
    case.status, case.closed_on, case.close_reason = "closed", work.today, reason
    case.restriction = case.next_on = None
    log(work, case, "closed", close_reason=reason)
    return was


def ended_by(invoice: Invoice) -> str | None:
    """Why the case of an invoice ends; None while it is owed."""
    if invoice.status in OPEN:
        return None
    return {"cancelled": "voided", "written_off": "written_off"}.get(invoice.status, "paid")


def days_of(case: DunningCase, day: date) -> int:
    """Days on which the ladder counts."""
    return (day - case.counted_from).days


def log(work: Work, case: DunningCase, kind: str, reason: str = "", **facts: Any) -> None:
    """Add to the history of a case."""
    work.session.add(
        DunningEvent(
            case_id=case.id,
            tenant_id=case.tenant_id,
            kind=kind,
            happened_on=work.today,
            position=case.position,
            facts=facts,
            reason=reason.strip(),
            actor_type=work.actor.kind,
            actor_id=work.actor.user_id,
            created_at=work.now,
        )
    )
