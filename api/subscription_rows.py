"""Answers that show subscriptions: the list, and one with all that belongs to it (SUB.1)."""

from datetime import date, datetime

from pydantic import Field

from api.shapes import Answer
from api.usage import UseAnswer


class SubscriptionRowAnswer(Answer):
    """A subscription of the list; amounts a cycle without tax, `open_minor` with it."""

    id: int
    tenant_id: int
    tenant_name: str
    plan: str
    plan_name: str
    status: str
    cycle: str
    currency: str
    total_minor: int
    mrr_minor: int
    collection: str
    auto_renew: bool
    cancel_at_period_end: bool
    started_on: date
    current_period_end: date | None
    renews_on: date | None
    trial_ends_on: date | None
    paused_until: date | None
    grace_ends_on: date | None
    ended_on: date | None
    version: int
    open_minor: int
    overdue: bool


class SubscriptionPageAnswer(Answer):
    """Some subscriptions, how many fit, and how many of any status would."""

    count: int
    by_status: dict[str, int]
    rows: list[SubscriptionRowAnswer]


class StateAnswer(Answer):
    """The running period, the amounts a cycle, and a change that waits for the renewal."""

    anchor_day: int
    current_period_start: date | None
    amount_minor: int
    items_minor: int
    created_at: datetime
    next_plan: str | None
    next_cycle: str | None
    next_amount_minor: int | None


class ItemRowAnswer(Answer):
    """Something added; amounts a cycle, without tax."""

    id: int
    name: str
    quantity: int
    unit_minor: int
    cycle_minor: int
    added_on: date
    removed_on: date | None


class ChangeAnswer(Answer):
    """A row of the plan-history timeline: who, when, from, to, why."""

    id: int
    kind: str
    effective_on: date
    created_at: datetime
    status: str
    previous_status: str | None
    plan_name: str
    previous_plan_name: str | None
    cycle: str
    currency: str
    amount_minor: int
    previous_amount_minor: int | None
    proration_policy: str | None
    proration_basis: str | None
    reason: str
    actor_type: str
    actor_name: str | None


class DocumentRowAnswer(Answer):
    """An invoice, or a credit note with amounts below zero."""

    kind: str
    id: int
    number: str | None
    type: str
    reason: str
    status: str
    issued_on: date | None
    due_on: date | None
    currency: str
    net_minor: int
    tax_minor: int
    total_minor: int
    open_minor: int
    overdue: bool


class AheadAnswer(Answer):
    """What the tenant has ahead in the subscription's currency; null without a wallet."""

    balance_minor: int | None
    promotional_minor: int | None
    credit_minor: int


class CancellationAnswer(Answer):
    """Why and when it ends, and the monthly revenue lost with it."""

    reason_code: str
    mode: str
    note: str
    cancelled_on: date
    service_ends_on: date
    currency: str
    mrr_minor: int
    amount_eur_cents: int | None


class DetailAnswer(Answer):
    """A subscription with all that belongs to it; the newest documents and changes first."""

    subscription: SubscriptionRowAnswer = Field(validation_alias="row")
    state: StateAnswer
    items: list[ItemRowAnswer]
    history: list[ChangeAnswer]
    documents: list[DocumentRowAnswer]
    ahead: AheadAnswer
    cancellation: CancellationAnswer | None
    usage: UseAnswer | None
