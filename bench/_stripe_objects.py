"""Objects in the shapes in which Stripe tells them, as far as the past of a company needs them."""

from datetime import UTC, date, datetime
from typing import Any

Fields = dict[str, Any]
NOON = 12 * 3_600
DAY = 86_400


def a_movement(
    number: str, kind: str, source: str | None, amount: int, at: int, code: str, fee: int = -1
) -> Fields:
    """A line of the ledger; a charge keeps 1.5 % unless a fee is given."""
    kept = amount * 15 // 1_000 if fee < 0 and kind == "charge" else max(fee, 0)
    details = {"amount": kept, "application": None, "currency": code, "type": "stripe_fee"}
    return {
        "id": number,
        "object": "balance_transaction",
        "created": at,
        "available_on": at + 2 * DAY,
        "amount": amount,
        "fee": kept,
        "net": amount - kept,
        "fee_details": [details | {"description": "Processing fees"}] if kept else [],
        "currency": code,
        "reporting_category": kind,
        "type": "adjustment" if kind.startswith("dispute") else kind,
        "source": source,
        "status": "available",
    }


def a_line(number: str, invoice: str, amount: int, start: int, end: int) -> Fields:
    """A line of an invoice."""
    return {
        "id": number,
        "object": "line_item",
        "amount": amount,
        "currency": "eur",
        "description": None,
        "discount_amounts": [],
        "discountable": True,
        "discounts": [],
        "invoice": invoice,
        "livemode": False,
        "metadata": {},
        "parent": None,
        "period": {"start": start, "end": end},
        "pretax_credit_amounts": [],
        "pricing": None,
        "quantity": 1,
        "subtotal": amount,
        "taxes": [],
    }


def an_invoice(number_: str, customer: str, at: int, **facts: Any) -> Fields:
    """A paid invoice unless told else; `lines` are its lines."""
    total = facts["total"]
    status = facts.get("status", "paid")
    paid = total if status == "paid" else 0
    moved = {"paid": "paid_at", "void": "voided_at", "uncollectible": "marked_uncollectible_at"}
    transitions: Fields = {
        "finalized_at": at,
        "marked_uncollectible_at": None,
        "paid_at": None,
        "voided_at": None,
    }
    if status in moved:
        transitions[moved[status]] = at + 3_600
    made = {
        "id": number_,
        "object": "invoice",
        "created": at,
        "customer": customer,
        "customer_name": f"Name of {customer}",
        "currency": "eur",
        "status": status,
        "amount_due": total,
        "amount_paid": paid,
        "amount_remaining": total - paid,
        "period_start": at,
        "period_end": at,
        "subtotal": total,
        "status_transitions": transitions,
        **facts,
    }
    lines = made.pop("lines", [])
    return made | {
        "lines": {
            "object": "list",
            "data": lines,
            "has_more": False,
            "url": f"/v1/invoices/{number_}/lines",
        }
    }


def of_subscription(number: str) -> Fields:
    """A line's parent: the subscription itself."""
    return {
        "quote_details": None,
        "subscription_details": {"metadata": {}, "subscription": number},
        "type": "subscription_details",
    }


def of_item(number: str, item: str, *, proration: bool = False) -> Fields:
    """A line's parent: an item of a subscription, changed within its period or not."""
    return {
        "invoice_item_details": None,
        "subscription_item_details": {
            "invoice_item": None,
            "proration": proration,
            "proration_details": None,
            "subscription": number,
            "subscription_item": item,
        },
        "type": "subscription_item_details",
    }


def a_price(number: str, name: str, interval: str, amount: int, since: date) -> Fields:
    """A price per unit and interval."""
    return {
        "id": number,
        "object": "price",
        "active": True,
        "billing_scheme": "per_unit",
        "created": noon_of(since),
        "currency": "eur",
        "livemode": False,
        "metadata": {},
        "product": f"prod_{name}",
        "recurring": {
            "interval": interval,
            "interval_count": 1,
            "meter": None,
            "trial_period_days": None,
            "usage_type": "licensed",
        },
        "transform_quantity": None,
        "type": "recurring",
        "unit_amount": amount,
        "unit_amount_decimal": str(amount),
    }


def a_plan(number: str, name: str, interval: str, since: date) -> Fields:
    """The same price as the older kind of object."""
    return {
        "id": number,
        "object": "plan",
        "active": True,
        "billing_scheme": "per_unit",
        "created": noon_of(since),
        "currency": "eur",
        "interval": interval,
        "interval_count": 1,
        "livemode": False,
        "metadata": {},
        "product": f"prod_{name}",
        "usage_type": "licensed",
    }


def noon_of(day: date) -> int:
    """Noon of a day, in seconds since 1970 (UTC)."""
    return int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp()) + NOON
