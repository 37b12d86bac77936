"""Subscriptions in words: statuses with their tone, methods of collection, kinds of changes."""

from core.money import Money
from core.subscriptions.listing import SubscriptionRow
from pages.parts import formats, plan_words
from pages.parts.tables import Cell

STATUSES = {
    "trial": "Trial",
    "active": "Active",
    "past_due": "Past due",
    "grace_period": "Grace period",
    "read_only": "Read-only",
    "unpaid": "Unpaid",
    "paused": "Paused",
    "suspended": "Suspended",
    "cancelled": "Cancelled",
}
TONES = {
    "active": "good",
    "past_due": "bad",
    "grace_period": "bad",
    "read_only": "bad",
    "unpaid": "bad",
    "suspended": "bad",
    "paused": "flat",
    "cancelled": "flat",
}
COLLECTION = {
    "wallet": "Wallet",
    "charge_automatically": "Card",
    "send_invoice": "Invoice",
}
KINDS = {
    "created": "Created",
    "activated": "Activated",
    "plan_changed": "Plan changed",
    "amount_changed": "Amount changed",
    "status_changed": "Status changed",
    "paused": "Paused",
    "resumed": "Resumed",
    "trial_extended": "Trial extended",
    "cancelled": "Cancelled",
    "corrected": "Corrected",
    "item_added": "Item added",
    "item_removed": "Item removed",
    "renewal_changed": "Renewal changed",
}
REASONS = {
    "too_expensive": "Too expensive",
    "missing_features": "Missing features",
    "switched_service": "Switched to another service",
    "low_usage": "Low usage",
    "support": "Unhappy with support",
    "out_of_business": "Out of business",
    "payment_failed": "Payment failed",
    "other": "Other",
    "unknown": "Unknown",
}
POLICIES = {
    "actual_days": "By days",
    "elapsed_time": "By seconds",
    "fixed_30": "30 days to the month",
    "none": "None: nothing back, nothing extra",
}
DOCUMENTS = {
    "subscription": "Invoice",
    "usage": "Usage invoice",
    "recharge": "Recharge",
    "adjustment": "Adjustment",
    "refund": "Refund",
    "credit_note": "Credit note",
}
DOCUMENT_STATUSES = {
    "draft": "Draft",
    "issued": "Open",
    "partially_paid": "Partly paid",
    "paid": "Paid",
    "partially_refunded": "Partly refunded",
    "refunded": "Refunded",
    "cancelled": "Void",
    "written_off": "Written off",
}


def plan(name: str, cycle: str) -> str:
    """A plan with its cycle: ``Growth, monthly``."""
    return f"{name}, {plan_words.CYCLES[cycle].lower()}"


def status(name: str) -> Cell:
    """A status as a cell."""
    return Cell(STATUSES[name], tone=TONES.get(name, ""))


def cycle_price(minor: int, currency: str, cycle: str) -> str:
    """``EUR 79.00 monthly``."""
    return f"{formats.money(Money(minor, currency))} {plan_words.CYCLES[cycle].lower()}"


def next_step(row: SubscriptionRow) -> str:
    """What comes next by itself: renewal, end, or the end of a pause or of grace."""
    if row.status == "cancelled":
        return f"Ended {formats.day(row.ended_on)}"
    if row.cancel_at_period_end:
        return f"Ends {formats.day(row.current_period_end)}"
    if row.paused_until:
        return f"Resumes {formats.day(row.paused_until)}"
    if row.grace_ends_on:
        return f"Grace until {formats.day(row.grace_ends_on)}"
    if row.renews_on is None:
        return "Does not renew"
    return formats.day(row.renews_on)


def plain(value: object) -> str:
    """A value of a subscription's state as people read it."""
    if value is None:
        return "–"
    return ("No", "Yes")[value] if isinstance(value, bool) else str(value)
