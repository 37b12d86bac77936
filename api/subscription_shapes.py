"""Bodies and answers of subscriptions; a body carries out the action it describes."""

from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Any, Literal, Protocol

from pydantic import AwareDatetime, Field

from api.shapes import A_REASON, Answer, Body, Day, Minor, Reason, SomeId, Text, example
from core.subscriptions import actions, items, lifecycle, pausing
from core.subscriptions.items import LONGEST_NAME
from core.subscriptions.models import Subscription, SubscriptionItem
from core.work import Work

Cycle = Literal["weekly", "monthly", "quarterly", "semiannual", "annual"]
Collection = Literal["wallet", "charge_automatically", "send_invoice"]
Policy = Literal["actual_days", "elapsed_time", "fixed_30", "none"]
ReasonCode = Literal[
    "too_expensive",
    "missing_features",
    "switched_service",
    "low_usage",
    "support",
    "out_of_business",
    "payment_failed",
    "other",
    "unknown",
]
Status = Literal[
    "active", "past_due", "grace_period", "read_only", "unpaid", "suspended", "cancelled"
]
LARGEST_UNIT = 10**10
"""Minor units an added item costs a cycle; with MOST_UNITS of it an invoice can still be kept."""
MOST_UNITS = 100_000
Days = Annotated[int, Field(strict=True, ge=0, le=3_650)]


class Changing(Protocol):
    """A body that carries out the change it describes, in earnest or for a preview."""

    def do(self, work: Work, subscription_id: int, key: str | None) -> object:
        """Carry it out."""


class AssignBody(Body):
    """A plan for a tenant from today, at its list price unless an amount is named."""

    model_config = example(
        {"tenant_id": 42, "plan_id": 3, "cycle": "annual", "collection": "send_invoice"}
    )

    tenant_id: SomeId
    plan_id: SomeId
    cycle: Cycle
    collection: Collection
    trial_days: Days = 0
    amount_minor: Minor | None = None

    def do(self, work: Work, key: str | None) -> Subscription:
        """Assign."""
        return actions.assign(work, **dict(self), key=key)


class ChangeBody(Body):
    """What every change of a subscription may say: the version it was decided on, and why."""

    version: Annotated[int, Field(ge=1)] | None = None
    reason: Reason = ""


class ChangePlanBody(ChangeBody):
    """Another plan, cycle or amount; now and prorated, or at the renewal."""

    model_config = example({"plan_id": 4, "version": 2, "reason": A_REASON})

    plan_id: SomeId
    cycle: Cycle | None = None
    amount_minor: Minor | None = None
    at_renewal: bool = False
    policy: Policy | None = None
    at: AwareDatetime | None = Field(default=None, description="The preview's instant.")

    def do(self, work: Work, subscription_id: int, key: str | None) -> Subscription:
        """Change the plan."""
        return actions.change_plan(work, subscription_id, **dict(self), key=key)


class PauseBody(ChangeBody):
    """No service until a day, on which it resumes by itself."""

    model_config = example({"until": "2026-12-24", "reason": A_REASON})

    until: Day

    def do(self, work: Work, subscription_id: int, key: str | None) -> Subscription:
        """Pause."""
        return pausing.pause(work, subscription_id, **dict(self), key=key)


class ResumeBody(ChangeBody):
    """The end of a pause, today."""

    def do(self, work: Work, subscription_id: int, key: str | None) -> Subscription:
        """Resume."""
        return pausing.resume_now(work, subscription_id, **dict(self), key=key)


class CancelBody(ChangeBody):
    """The end, now or with the period; days left are given back only if asked."""

    model_config = example(
        {
            "reason_code": "too_expensive",
            "mode": "period_end",
            "reason": A_REASON,
        }
    )

    reason_code: ReasonCode
    mode: Literal["now", "period_end"] = "period_end"
    credit_unused: bool = False

    def do(self, work: Work, subscription_id: int, key: str | None) -> Subscription:
        """Cancel."""
        return actions.cancel(work, subscription_id, **dict(self), key=key)


class ExtendTrialBody(ChangeBody):
    """Days more; 30 at most in total."""

    model_config = example({"days": 7, "reason": A_REASON})

    days: Days

    def do(self, work: Work, subscription_id: int, key: str | None) -> Subscription:
        """Extend the trial."""
        return actions.extend_trial(work, subscription_id, **dict(self), key=key)


class AutoRenewBody(ChangeBody):
    """Whether it renews by itself."""

    model_config = example({"auto_renew": False, "reason": A_REASON})

    auto_renew: bool

    def do(self, work: Work, subscription_id: int, key: str | None) -> Subscription:
        """Switch it."""
        return actions.set_auto_renew(work, subscription_id, **dict(self), key=key)


class CollectionBody(ChangeBody):
    """How the next invoices are collected."""

    model_config = example({"collection": "wallet"})

    collection: Collection

    def do(self, work: Work, subscription_id: int, key: str | None) -> Subscription:
        """Set it."""
        return actions.set_collection(work, subscription_id, **dict(self), key=key)


class AddItemBody(ChangeBody):
    """Something more; the price is that of one a cycle, without tax."""

    model_config = example(
        {
            "name": "Scanner",
            "unit_minor": 500,
            "quantity": 2,
            "reason": A_REASON,
        }
    )

    name: Annotated[Text, Field(min_length=1, max_length=LONGEST_NAME)]
    unit_minor: Annotated[int, Field(strict=True, ge=0, le=LARGEST_UNIT)]
    quantity: Annotated[int, Field(strict=True, ge=1, le=MOST_UNITS)] = 1
    policy: Policy | None = None
    at: AwareDatetime | None = Field(default=None, description="The preview's instant.")

    def do(self, work: Work, subscription_id: int, key: str | None) -> SubscriptionItem:
        """Add it."""
        return items.add_item(work, subscription_id, **dict(self), key=key)


class RemoveItemBody(ChangeBody):
    """The end of an added item; what was paid for the rest of the period becomes credit."""

    policy: Policy | None = None
    at: AwareDatetime | None = Field(default=None, description="The preview's instant.")

    def do(self, work: Work, item_id: int, key: str | None) -> SubscriptionItem:
        """Remove it."""
        return items.remove_item(work, item_id, **dict(self), key=key)


class StatusBody(Body):
    """Another status along the allowed moves; `cancelled` ends the subscription now."""

    model_config = example({"status": "suspended", "reason": A_REASON})

    status: Status
    reason: Reason
    reason_code: ReasonCode = "other"

    def do(self, work: Work, subscription_id: int, key: str | None) -> Subscription:
        """Set the status."""
        if self.status == "cancelled":
            return actions.cancel(
                work, subscription_id, self.reason_code, mode="now", reason=self.reason, key=key
            )
        return lifecycle.set_status(work, subscription_id, self.status, reason=self.reason, key=key)


class SubscriptionAnswer(Answer):
    """A subscription after a change; `version` goes into the next one."""

    id: int
    tenant_id: int
    plan_id: int
    status: str
    cycle: str
    currency: str
    amount_minor: int
    items_minor: int
    total_minor: int
    collection: str
    auto_renew: bool
    started_on: date
    current_period_start: date | None
    current_period_end: date | None
    trial_ends_on: date | None
    paused_until: date | None
    grace_ends_on: date | None
    cancel_at_period_end: bool
    next_plan_id: int | None
    next_cycle: str | None
    next_amount_minor: int | None
    ended_on: date | None
    version: int


class ItemAnswer(Answer):
    """An added item; its price per cycle is `quantity × unit_minor`, without tax."""

    id: int
    subscription_id: int
    name: str
    quantity: int
    unit_minor: int
    added_on: date
    removed_on: date | None


class LineAnswer(Answer):
    """A line of a document that would be written, for service in `[start, end)`."""

    description: str
    quantity: Decimal
    unit_minor: int
    net_minor: int
    tax_percent: Decimal
    tax_minor: int
    total_minor: int
    service_start: date | None
    service_end: date | None


class DocumentAnswer(Answer):
    """An invoice or credit note that would be written."""

    type: str
    reason: str
    currency: str
    net_minor: int
    tax_minor: int
    total_minor: int
    due_minor: int
    due_on: date
    lines: list[LineAnswer]


class EntryAnswer(Answer):
    """One side of a posting."""

    account: str
    name: str
    debit_minor: int
    credit_minor: int
    currency: str


class PostingAnswer(Answer):
    """A ledger transaction that would be written."""

    event: str
    booked_on: date
    entries: list[EntryAnswer]


class PreviewAnswer(Answer):
    """All that a change would write, and the subscription before and after; nothing is written."""

    invoices: list[DocumentAnswer]
    credit_notes: list[DocumentAnswer]
    postings: list[PostingAnswer]
    before: dict[str, Any] | None
    after: dict[str, Any] | None
    at: datetime = Field(description="Its instant; `elapsed_time` is carried out with it.")
