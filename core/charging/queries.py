"""Reading attempts to charge, hosted pages, and the events of the gateways (PAY.4, PAY.6)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select

from core.charging.models import ChargeAttempt, HostedPage
from core.errors import NotFound
from core.gateways.models import PROVIDERS, GatewayEvent
from core.invoices.models import Invoice
from core.listing import known
from core.work import Work

EVENT_STATUSES = ("waiting", "handled", "ignored", "failed")


@dataclass(frozen=True)
class EventRow:
    """An event of a gateway as the admin page lists it."""

    id: int
    provider: str
    event_id: str
    kind: str
    status: str
    attempts: int
    outcome: str | None
    problem: str | None
    received_at: datetime
    handled_at: datetime | None


@dataclass(frozen=True)
class EventPage:
    """Events, the newest first, and how many there are in all and by status."""

    rows: Sequence[EventRow]
    total: int
    by_status: dict[str, int]


def events(
    work: Work,
    *,
    provider: str | None = None,
    status: str | None = None,
    search: str | None = None,
    limit: int = 100,
    offset: int = 0,
) -> EventPage:
    """Events of the gateways; `search` is part of their id or kind.

    Needs `payment_config.manage`. Raises BadInput.
    """
    work.require("payment_config.manage")
    conditions = []
    if chosen := known(provider, PROVIDERS, "gateway"):
        conditions.append(GatewayEvent.provider == chosen)
    if search:
        conditions.append(
            GatewayEvent.event_id.contains(search, autoescape=True)
            | GatewayEvent.kind.contains(search, autoescape=True)
        )
    counted = (
        select(GatewayEvent.status, func.count()).where(*conditions).group_by(GatewayEvent.status)
    )
    by_status = {name: int(count) for name, count in work.session.execute(counted)}
    if wanted := known(status, EVENT_STATUSES, "status"):
        conditions.append(GatewayEvent.status == wanted)
    found = (
        select(GatewayEvent)
        .where(*conditions)
        .order_by(GatewayEvent.id.desc())
        .limit(limit)
        .offset(offset)
    )
    rows = [event_row(row) for row in work.session.scalars(found)]
    total = by_status.get(wanted, 0) if wanted else sum(by_status.values())
    return EventPage(rows, total, by_status)


def event_row(row: GatewayEvent) -> EventRow:
    """An event without its body."""
    return EventRow(
        row.id,
        row.provider,
        row.event_id,
        row.kind,
        row.status,
        row.attempts,
        row.outcome,
        row.problem,
        row.received_at,
        row.handled_at,
    )


def attempts_of(work: Work, invoice_id: int) -> list[ChargeAttempt]:
    """The attempts to charge an invoice, the newest first.

    Needs `billing.read`, or `org.billing.read` of the own tenant. Raises NotFound.
    """
    own = work.standing.tenant_id
    work.require("billing.read" if own is None else "org.billing.read")
    invoice = work.session.get(Invoice, invoice_id)
    if invoice is None or own not in (None, invoice.tenant_id):
        raise NotFound(f"There is no invoice {invoice_id}")
    found = select(ChargeAttempt).where(ChargeAttempt.invoice_id == invoice_id)
    return list(work.session.scalars(found.order_by(ChargeAttempt.nth.desc())))


def pages_of(work: Work, tenant_id: int, limit: int = 20) -> list[HostedPage]:
    """A tenant's recharges and card pages, the newest first.

    Needs `billing.read`, or `org.billing.read` of the own tenant. Raises NotFound.
    """
    own = work.standing.tenant_id
    work.require("billing.read" if own is None else "org.billing.read")
    if own not in (None, tenant_id):
        raise NotFound(f"There is no tenant {tenant_id}")
    found = select(HostedPage).where(HostedPage.tenant_id == tenant_id)
    return list(work.session.scalars(found.order_by(HostedPage.id.desc()).limit(limit)))
