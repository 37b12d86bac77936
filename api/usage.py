"""`/v1/usage`: what tenants used and what is left, as their software says (USE.1–2, USE.5)."""

from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Literal

from fastapi import APIRouter, Query
from pydantic import AwareDatetime, Field, PlainSerializer

from api.caller import Caller, Key, TheOffice
from api.errors import refusals
from api.shapes import Answer, Body, Name, SomeId, example
from core.errors import BadInput, KeyReused
from core.usage import actions, catalogue, checking, ingesting, queries
from core.usage.counting import UsageEvent
from core.usage.wording import plain
from core.work import Work


def _number(value: Decimal) -> int | str:
    return int(value) if value == value.to_integral_value() else plain(value)


Quantity = Annotated[Decimal, Field(ge=0, max_digits=18, decimal_places=6)]
Number = Annotated[
    Decimal,
    PlainSerializer(_number, return_type=int | str),
    Field(description="A whole number, or a fraction as decimal text."),
]
OwnTenant = Field(default=None, description="For a platform's key; a tenant's key means its own.")


class EventBody(Body):
    """Something a tenant did; the same event id again counts nothing more."""

    model_config = example(
        {"event_id": "order-17", "meter": "max_shipments", "occurred_at": "2026-11-20T12:00:00Z"}
    )

    event_id: Name
    meter: Name = Field(examples=["max_shipments"])
    occurred_at: AwareDatetime
    quantity: Quantity = Decimal(1)
    subject: Name | None = Field(default=None, description="What a unique meter counts.")
    tenant_id: SomeId | None = OwnTenant


class BatchBody(Body):
    """Up to 1,000 events; one that is malformed refuses all."""

    model_config = example(
        {
            "events": [
                {
                    "event_id": "order-17",
                    "meter": "max_shipments",
                    "occurred_at": "2026-11-20T12:00:00Z",
                }
            ]
        }
    )

    events: Annotated[list[EventBody], Field(min_length=1, max_length=ingesting.MOST_EVENTS)]


class ConsumeBody(Body):
    """Units of a limit to take if all of them fit."""

    model_config = example({"limit": "max_users", "event_id": "invitation-9"})

    limit: Name = Field(examples=["max_users"])
    event_id: Name
    quantity: Quantity = Decimal(1)
    subject: Name | None = None
    tenant_id: SomeId | None = OwnTenant


class MeterBody(Body):
    """Something to measure; a level, `latest`, never resets, and nothing else is kept for ever."""

    model_config = example({"name": "labels_printed", "aggregation": "sum"})

    name: Name
    aggregation: Literal["count", "sum", "max", "unique", "latest"]
    resets: Literal["period", "day", "never"] = "period"


class MeterAnswer(Answer):
    """A meter; a limit of the same name in a plan is a limit on it."""

    name: str
    aggregation: str
    resets: str
    created_at: datetime


class MetersAnswer(Answer):
    """Meters by name."""

    count: int
    rows: list[MeterAnswer]


class ReceiptAnswer(Answer):
    """`accepted`, `duplicate`, or in a batch `conflict` with other content under this id."""

    event_id: str
    status: str


class BatchAnswer(Answer):
    """What became of each event, in their order."""

    accepted: int
    duplicates: int
    conflicts: int
    receipts: list[ReceiptAnswer]


class AllowanceAnswer(Answer):
    """What is used and left of a limit; −1 is without limit."""

    allowed: bool
    current: Number
    limit: int
    remaining: Number


class TakenAnswer(AllowanceAnswer):
    """The limit after units were taken, or not, since they do not fit."""

    taken: bool


class LimitUseAnswer(Answer):
    """A limit or meter now; `limit` is null for what the plan does not limit."""

    meter: str
    aggregation: str | None
    resets: str | None
    current: Number
    limit: int | None
    remaining: Number | None
    allowed: bool
    seen_at: datetime | None


class UseAnswer(Answer):
    """A tenant's plan, its usage period of local days (the end exclusive), and what it used.

    While `throttled`, `limits` are half of the plan's.
    """

    tenant_id: int
    plan: str
    plan_name: str
    subscribed: bool
    throttled: bool
    period_start: date
    period_end: date
    limits: list[LimitUseAnswer]


ForTenant = Annotated[
    SomeId | None, Query(description="For a platform's key; a tenant's key means its own.")
]
router = APIRouter(prefix="/v1/usage", tags=["Usage"])


@router.get("", summary="A tenant's use of its plan", responses=refusals(400, 404))
def use(at: TheOffice, actor: Caller, tenant_id: ForTenant = None) -> UseAnswer:
    """Needs `billing.read`; of the own tenant `org.billing.read`."""
    with at.work(actor) as work:
        return UseAnswer.model_validate(queries.usage_of(work, _tenant(work, tenant_id)))


@router.post("", summary="Report one event", responses=refusals(400, 409))
def report(at: TheOffice, actor: Caller, body: EventBody) -> ReceiptAnswer:
    """Needs `saas.subscriptions.manage`; of the own tenant `org.billing.manage`."""
    with at.work(actor) as work:
        (receipt,) = ingesting.ingest(work, [_event(work, body)])
    if receipt.status == "conflict":
        raise KeyReused(f"The event {body.event_id} is known with another content")
    return ReceiptAnswer.model_validate(receipt)


@router.post("/batch", summary="Report up to 1,000 events", responses=refusals(400))
def report_batch(at: TheOffice, actor: Caller, body: BatchBody) -> BatchAnswer:
    """Needs `saas.subscriptions.manage`; of the own tenant `org.billing.manage`."""
    with at.work(actor) as work:
        receipts = ingesting.ingest(work, [_event(work, event) for event in body.events])
    statuses = [receipt.status for receipt in receipts]
    return BatchAnswer(
        accepted=statuses.count("accepted"),
        duplicates=statuses.count("duplicate"),
        conflicts=statuses.count("conflict"),
        receipts=[ReceiptAnswer.model_validate(receipt) for receipt in receipts],
    )


@router.get("/check", summary="May a tenant use more of a limit?", responses=refusals(400, 404))
def check(
    at: TheOffice,
    actor: Caller,
    limit: Annotated[Name, Query(examples=["max_shipments"])],
    tenant_id: ForTenant = None,
) -> AllowanceAnswer:
    """Needs `billing.read`; of the own tenant `org.billing.read`."""
    with at.work(actor) as work:
        return AllowanceAnswer.model_validate(checking.check(work, _tenant(work, tenant_id), limit))


@router.post("/consume", summary="Take units of a limit", responses=refusals(400, 404))
def consume(at: TheOffice, actor: Caller, body: ConsumeBody) -> TakenAnswer:
    """All of them or none, also when others take at once; the same event id takes once.

    Needs `saas.subscriptions.manage`; of the own tenant `org.billing.manage`.
    """
    with at.work(actor) as work:
        done = checking.consume(
            work,
            _tenant(work, body.tenant_id),
            body.limit,
            body.event_id,
            body.quantity,
            subject=body.subject,
        )
    left = done.allowance
    return TakenAnswer(
        taken=done.taken,
        allowed=left.allowed,
        current=left.current,
        limit=left.limit,
        remaining=left.remaining,
    )


@router.get("/meters", summary="List meters", responses=refusals())
def list_meters(at: TheOffice, actor: Caller) -> MetersAnswer:
    """At most 500. Needs `saas.plans.manage`."""
    with at.work(actor) as work:
        rows = [MeterAnswer.model_validate(row) for row in catalogue.meters(work)]
    return MetersAnswer(count=len(rows), rows=rows)


@router.post("/meters", status_code=201, summary="Create a meter", responses=refusals(400, 409))
def create_meter(at: TheOffice, actor: Caller, body: MeterBody, key: Key = None) -> MeterAnswer:
    """What is measured from now on, for all tenants. Needs `saas.plans.manage`."""
    with at.work(actor) as work:
        made = actions.create_meter(work, body.name, body.aggregation, resets=body.resets, key=key)
        return MeterAnswer.model_validate(made)


def _tenant(work: Work, given: int | None) -> int:
    """The tenant that is named, else the caller's own."""
    own = work.standing.tenant_id if given is None else given
    if own is None:
        raise BadInput("Name the tenant in tenant_id: this caller belongs to none")
    return own


def _event(work: Work, body: EventBody) -> UsageEvent:
    return UsageEvent(
        _tenant(work, body.tenant_id),
        body.event_id,
        body.meter,
        body.occurred_at,
        body.quantity,
        body.subject,
    )
