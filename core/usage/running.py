"""The run that invoices usage: period by period, each in a transaction of its own (USE.3)."""

from dataclasses import dataclass
from datetime import date

from core.access.authority import Actor, system
from core.errors import BadInput, BadMoney, ChangedMeanwhile, NotFound, NotNow
from core.progress import counted
from core.subscriptions.models import Subscription
from core.tenants.models import Tenant
from core.usage.invoicing import decide, ended_periods, invoice_usage, with_usage_prices
from core.usage.rules import Span
from core.work import Office, Work

REFUSALS = (BadInput, BadMoney, ChangedMeanwhile, NotFound, NotNow)
JOB = system("usage-invoices")


@dataclass(frozen=True)
class UsageChange:
    """One change of the run: `outcome` is `invoiced`, or `refused` with its reason in `words`."""

    tenant_id: int
    subscription_id: int
    period_start: date | None
    period_end: date | None
    outcome: str
    net_minor: int
    currency: str
    words: str = ""


@dataclass(frozen=True)
class UsageRun:
    """What a run did, or would do; `nothing_owed` periods are closed without an invoice."""

    as_of: date
    dry_run: bool
    invoiced: int
    nothing_owed: int
    refused: int
    changes: tuple[UsageChange, ...]


def run_usage_invoices(
    office: Office, as_of: date | None = None, *, dry_run: bool = False, actor: Actor = JOB
) -> UsageRun:
    """Invoice every usage period that ended by a day, today unless given, in order.

    Safe to run again and to kill half-way. A subscription whose period is refused waits with its
    later ones; the others go on. Raises BadInput for a day to come unless it is a dry run.
    """
    with office.work(actor) as work:
        work.require("saas.invoices.manage")
        day, today = as_of or work.today, work.today
        numbers = with_usage_prices(work, day)
    if day > today and not dry_run:
        raise BadInput(f"{day} has not come; look ahead with a dry run")
    changes: list[UsageChange] = []
    nothing_owed = 0
    for number in counted(numbers, "Subscriptions"):
        for change in _run_one(office, actor, number, day, dry_run):
            if change.outcome == "nothing":
                nothing_owed += 1
            else:
                changes.append(change)
    outcomes = [change.outcome for change in changes]
    return UsageRun(
        day,
        dry_run,
        outcomes.count("invoiced"),
        nothing_owed,
        outcomes.count("refused"),
        tuple(changes),
    )


def _run_one(
    office: Office, actor: Actor, subscription_id: int, as_of: date, dry_run: bool
) -> list[UsageChange]:
    """The periods of one subscription up to the first that is refused."""
    changes = []
    with office.work(actor) as work:
        subscription = work.session.get_one(Subscription, subscription_id)
        tenant = work.session.get_one(Tenant, subscription.tenant_id)
        try:
            spans = ended_periods(work, subscription, as_of)
        except BadInput as problem:
            return [_change(subscription, tenant, None, "refused", words=str(problem))]
    for span in spans:
        try:
            with office.work(actor) as work:
                change = _try(work, subscription, tenant, span, dry_run)
        except REFUSALS as problem:
            changes.append(_change(subscription, tenant, span, "refused", words=str(problem)))
            break
        if change:
            changes.append(change)
    return changes


def _try(
    work: Work, subscription: Subscription, tenant: Tenant, span: Span, dry_run: bool
) -> UsageChange | None:
    """Invoice a period, or only say what would be; None when another run was there first."""
    if dry_run:
        net_minor = decide(work, subscription, tenant, span).net_minor
    else:
        closed = invoice_usage(work, subscription.id, span.start, span.end)
        if closed is None:
            return None
        net_minor = closed.invoice.net_minor if closed.invoice else 0
    return _change(subscription, tenant, span, "invoiced" if net_minor else "nothing", net_minor)


def _change(
    subscription: Subscription,
    tenant: Tenant,
    span: Span | None,
    outcome: str,
    net_minor: int = 0,
    words: str = "",
) -> UsageChange:
    return UsageChange(
        tenant.id,
        subscription.id,
        span.start if span else None,
        span.end if span else None,
        outcome,
        net_minor,
        tenant.currency,
        words,
    )
