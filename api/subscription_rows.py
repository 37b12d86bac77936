"""Answers that show subscriptions: the list, and one with all that belongs to it (SUB.1)."""

from datetime import date

from pydantic import Field

from api.shapes import Answer
from api.usage import UseAnswer
from core.subscriptions.detail import Ahead, Cancellation, DocumentRow, HistoryRow, Item, State


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


class DetailAnswer(Answer):
    """A subscription with all that belongs to it; the newest documents and changes first."""

    subscription: SubscriptionRowAnswer = Field(validation_alias="row")
    state: State
    items: list[Item]
    history: list[HistoryRow]
    documents: list[DocumentRow]
    ahead: Ahead
    cancellation: Cancellation | None
    usage: UseAnswer | None
