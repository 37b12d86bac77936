"""One event of a gateway with its body as it came, for the admin page (PAY.4)."""

from dataclasses import dataclass
from datetime import datetime

from core.charging.queries import EventRow, event_row
from core.errors import NotFound
from core.gateways.models import GatewayEvent
from core.tenants.models import Tenant
from core.work import Work


@dataclass(frozen=True)
class EventDetail:
    """An event; `tenant_name` is set where a tenant's own account sent it.

    `sent_at` is the gateway's own instant, None where it says none; `body` the text as it came.
    """

    row: EventRow
    tenant_id: int | None
    tenant_name: str | None
    sent_at: datetime | None
    body: str


def event_detail(work: Work, event_row_id: int) -> EventDetail:
    """One event. Needs `payment_config.manage`; raises NotFound."""
    work.require("payment_config.manage")
    row = work.session.get(GatewayEvent, event_row_id)
    if row is None:
        raise NotFound(f"There is no event {event_row_id}")
    tenant = work.session.get(Tenant, row.tenant_id) if row.tenant_id is not None else None
    return EventDetail(
        event_row(row),
        row.tenant_id,
        tenant.name if tenant else None,
        row.sent_at,
        row.raw.decode("utf-8", "replace"),
    )
