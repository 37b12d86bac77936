"""Answers that show subscriptions: the list, one with all of it, renewals (SUB.1, SUB.5)."""

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


class RenewalAnswer(Answer):
    """The next renewal of a subscription; amounts with tax.

    `expected_minor` is 0 when nothing is asked for; of it `credit_minor` comes from credit notes.
    `wallet_minor` is null when another method pays, `short_minor` what is missing in the wallet.
    `obstacle` is `no_card` or `card_expired` when it renews but cannot be charged, else empty.
    """

    subscription_id: int
    tenant_id: int
    tenant_name: str
    plan_name: str
    status: str
    cycle: str
    currency: str
    collection: str
    renews_on: date
    expected_minor: int
    credit_minor: int
    wallet_minor: int | None
    short_minor: int
    outcome: str
    words: str
    obstacle: str


class RenewalTotalAnswer(Answer):
    """Renewals of one currency: what will come, and what will not for want of money."""

    currency: str
    renewals: int
    coming_minor: int
    short: int
    short_minor: int


class RenewalsAnswer(Answer):
    """Some renewals of a window of local days, both ends in it, and how many fit."""

    since: date
    until: date
    count: int
    totals: list[RenewalTotalAnswer]
    rows: list[RenewalAnswer]
