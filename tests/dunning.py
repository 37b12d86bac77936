"""Builders and readings of dunning."""

from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy import select

from core.clock import SetClock
from core.dunning.models import DunningCase, DunningEvent
from core.dunning.run import Change, DunningRun, run_dunning
from core.invoices.models import Invoice
from core.notifications.models import Notification
from core.payments.actions import Charge, record_charges, record_payment
from core.subscriptions.models import Subscription
from core.tenants.models import Tenant
from core.work import Office
from tests.billing import JOB, a_subscription, a_tenant, the_invoices, the_plans

TERMS = 30
"""Days to pay in which the builders' invoices are due."""


def an_unpaid(office: Office, *, collection: str = "send_invoice") -> tuple[Tenant, Subscription]:
    """A tenant on growth whose first invoice stays open."""
    tenant = a_tenant(office)
    return tenant, a_subscription(
        office, tenant, the_plans(office)["growth"], "annual", collection=collection
    )


def to_day(office: Office, clock: SetClock, days: int, invoice: Invoice | None = None) -> None:
    """Put the clock so many days after the due date of an invoice, the first one unless named."""
    chosen = invoice or the_invoices(office)[0]
    assert chosen.due_on is not None
    today = clock.now().date()
    clock.advance(chosen.due_on + timedelta(days=days) - today)


def live(office: Office, clock: SetClock, days: Sequence[int]) -> list[DunningRun]:
    """The sweep on some days after the due date of the first invoice."""
    runs = []
    for day in days:
        to_day(office, clock, day)
        runs.append(run_dunning(office))
    return runs


def steps(run: DunningRun) -> list[str]:
    """The steps of a run."""
    return [change.step for change in run.changes]


def one(run: DunningRun) -> Change:
    """The only change of a run."""
    (change,) = run.changes
    return change


def the_cases(office: Office) -> list[DunningCase]:
    """All cases, in the order they were opened."""
    with office.work(JOB) as work:
        return list(work.session.scalars(select(DunningCase).order_by(DunningCase.id)))


def the_case(office: Office) -> DunningCase:
    """The only case."""
    (case,) = the_cases(office)
    return case


def kinds(office: Office) -> list[str]:
    """What was done to all cases, in order."""
    with office.work(JOB) as work:
        return list(work.session.scalars(select(DunningEvent.kind).order_by(DunningEvent.id)))


def told(office: Office, *events: str) -> list[str]:
    """Which of some events the tenants were told of, in order."""
    with office.work(JOB) as work:
        return list(
            work.session.scalars(
                select(Notification.event_type)
                .where(Notification.event_type.in_(events))
                .order_by(Notification.id)
            )
        )


def status_of(office: Office, subscription: Subscription) -> str:
    """The status of a subscription by now."""
    with office.work(JOB) as work:
        return work.session.get_one(Subscription, subscription.id).status


def pays(office: Office, invoice: Invoice, amount_minor: int | None = None) -> None:
    """The tenant pays an invoice by transfer, in full unless said."""
    with office.work(JOB) as work:
        record_payment(
            work,
            invoice.tenant_id,
            amount_minor or invoice.total_minor,
            invoice.currency,
            "bank_transfer",
            invoice_ids=(invoice.id,),
        )


def declines(office: Office, invoice: Invoice, code: str, *, scheduled: bool = True) -> None:
    """A charge of an invoice is declined."""
    number = f"ch_failed_{office.clock.now().isoformat()}_{code}_{scheduled}"
    charge = Charge(
        invoice.id, "stripe", number, invoice.total_minor, failure_code=code, scheduled=scheduled
    )
    with office.work(JOB) as work:
        record_charges(work, (charge,))
