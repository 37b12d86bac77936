"""What tenants are told of: each event, who hears of it, and which actions bring it about (NTF)."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

Told = Mapping[str, Any]


@dataclass(frozen=True)
class Event:
    """An event as receivers know it, and its moment in words for the documentation.

    `page` is the page of Saldo behind the message's button; `operations` also tells our own people.
    `once` names the fact whose record is told of once ever.
    """

    name: str
    when: str
    page: str = "inbox"
    audience: Literal["admins", "everyone"] = "admins"
    operations: bool = False
    once: str | None = None


_LISTED = (
    Event("subscription.assigned", "A subscription was assigned"),
    Event("subscription.renewed", "A subscription renewed by itself"),
    Event(
        "subscription.insufficient_balance",
        "A subscription did not renew because the wallet is short; its grace period began",
        "wallet",
    ),
    Event("subscription.expired", "A period ended without renewal; the grace period began"),
    Event(
        "subscription.read_only",
        "The grace period ended; the account reads only",
        "wallet",
        "everyone",
    ),
    Event("subscription.plan_changed", "The plan, cycle or amount changed, or will at renewal"),
    Event("subscription.paused", "A subscription was paused"),
    Event("subscription.resumed", "A paused subscription runs again"),
    Event("subscription.cancelled", "A subscription was cancelled, at once or to the period's end"),
    Event("subscription.ended", "A cancelled or unpaid subscription came to its end"),
    Event("trial.ending", "A trial ends within SALDO_TRIAL_NOTICE_DAYS"),
    Event("trial.extended", "A trial was extended"),
    Event("trial.ended", "A trial ended; the first paid period or the default plan began"),
    Event(
        "wallet.recharged",
        "Money paid ahead arrived in the wallet",
        "wallet",
        once="transaction_id",
    ),
    Event("invoice.issued", "An invoice was issued or sent"),
    Event("payment.received", "A payment arrived, by card, bank or wallet"),
    Event("payment.failed", "A charge was declined"),
    Event("payment.reminder", "An overdue invoice reached a stage of reminding"),
    Event("tenant.throttled", "Unpaid invoices restricted the account", audience="everyone"),
    Event(
        "tenant.suspended",
        "Unpaid invoices suspended the account",
        audience="everyone",
        operations=True,
    ),
    Event(
        "tenant.reactivated",
        "The account was settled and works again",
        audience="everyone",
        operations=True,
    ),
    Event("refund.made", "A payment was refunded and the customer is to know", once="refund_id"),
    Event(
        "refund.returned",
        "A refund could not be paid out after all and is the customer's credit",
        once="refund_id",
    ),
    Event("credit_note.issued", "A credit note was issued", once="credit_note_id"),
    Event("webhook.disabled", "A webhook endpoint was switched off because it kept failing"),
    Event("notification.test", "Somebody sends a test message to a channel"),
)
EVENTS = {event.name: event for event in _LISTED}

_BY_STATUS = {
    "grace_period": "subscription.expired",
    "read_only": "subscription.read_only",
    "suspended": "tenant.suspended",
}
_RESTRICTED = ("grace_period", "read_only", "unpaid", "suspended")
SHORT = "the wallet is short"
"""Why the lifecycle run lets a subscription run into its grace period unpaid by the wallet."""


def _ran_out(told: Told) -> str:
    is_short = told.get("why") == SHORT
    return "subscription.insufficient_balance" if is_short else "subscription.expired"


def _moved(told: Told) -> str | None:
    """A status that was set by hand."""
    if told.get("after") == "active":
        return "tenant.reactivated" if told.get("before") in _RESTRICTED else None
    return _BY_STATUS.get(str(told.get("after")))


_BY_ACTION: dict[str, str | Callable[[Told], str | None]] = {
    "saas.subscription.assigned": "subscription.assigned",
    "saas.subscription.renewed": lambda told: (
        "subscription.renewed" if told.get("renewed") else None
    ),
    "saas.subscription.grace_period": _ran_out,
    "saas.subscription.read_only": "subscription.read_only",
    "saas.subscription.status_changed": _moved,
    "saas.subscription.plan_changed": "subscription.plan_changed",
    "saas.subscription.paused": "subscription.paused",
    "saas.subscription.resumed": "subscription.resumed",
    "saas.subscription.resumed_early": "subscription.resumed",
    "saas.subscription.cancelled": "subscription.cancelled",
    "saas.subscription.ended": "subscription.ended",
    "saas.subscription.lapsed": "subscription.ended",
    "saas.subscription.trial_extended": "trial.extended",
    "saas.subscription.trial_ended": "trial.ended",
    "saas.usage.invoiced": lambda told: "invoice.issued" if told.get("invoice_id") else None,
    "saas.wallet.recharged": "wallet.recharged",
    "saas.wallet.paid": "payment.received",
    "saas.wallet.refunded": "refund.made",
    "billing.invoice.sent": "invoice.issued",
    "billing.payment.recorded": "payment.received",
    "saas.invoice.marked_paid": "payment.received",
    "bank.transfer.assigned": "payment.received",
    "bank.transfer.auto_assigned": "payment.received",
    "billing.credit_note.approved": "credit_note.issued",
    "refund.returned": "refund.returned",
    "refund.settled": "refund.made",
    "dunning.reminded": "payment.reminder",
    "dunning.restricted": "tenant.throttled",
    "tenant.suspended": "tenant.suspended",
    "tenant.reactivated": "tenant.reactivated",
}
ACTIONS = frozenset(_BY_ACTION)
"""The actions whose tenants may hear of them."""
KEPT_WORDS = frozenset(
    (
        "after", "before", "channel", "currency", "cycle", "due_on", "ends_on", "failure_code",
        "grace_ends_on", "method", "mode", "number", "paused_until", "period_end",
        "period_start", "plan", "provider", "restricts_on", "stage", "suspends_on",
        "trial_ends_on", "until", "url_host",
    )
)  # fmt: skip
"""Facts that are words; everything else of words, such as a reason, is not passed on."""
_LONGEST_WORD = 120


def event_of(action: str, told: Told) -> str | None:
    """The event of an action that was carried out, None when nobody hears of it."""
    known = _BY_ACTION.get(action)
    if known is None or told.get("repeated") or told.get("notify") is False:
        return None
    return known if isinstance(known, str) else known(told)


def actions_of(event: str) -> list[str]:
    """The actions that always bring an event about, for the documentation."""
    return sorted(action for action, name in _BY_ACTION.items() if name == event)


def facts_of(told: Told) -> dict[str, Any]:
    """What may leave with a message: ids, figures, days and words of a known kind."""
    return {name: value for name, value in told.items() if _is_fact(name, value)}


def _is_fact(name: str, value: object) -> bool:
    if isinstance(value, (bool, int)):
        return True
    if not isinstance(value, str) or name not in KEPT_WORDS or value == "None":
        return False
    return len(value) <= _LONGEST_WORD and re.search(r"[\x00-\x1f\x7f]", value) is None
