"""What Stripe's billing objects say, in our units: pure, one function a kind of object (IMP).

Each takes an object as plain values and gives facts that JSON can keep: amounts in our minor
units, moments in seconds of Unix time, ids as Stripe has them.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from core.errors import SaldoError
from core.gateways.stripe_wire import HUNDREDFOLD, WHOLE_UNITS, from_stripe
from core.money import rounded

Object = Mapping[str, Any]
Facts = dict[str, Any]
_CYCLES = {
    ("week", 1): "weekly",
    ("month", 1): "monthly",
    ("month", 3): "quarterly",
    ("month", 6): "semiannual",
    ("month", 12): "annual",
    ("year", 1): "annual",
}
_METHODS = {
    "card": "card",
    "card_present": "card",
    "link": "card",
    "acss_debit": "direct_debit",
    "au_becs_debit": "direct_debit",
    "bacs_debit": "direct_debit",
    "sepa_debit": "direct_debit",
    "us_bank_account": "direct_debit",
    "ach_credit_transfer": "bank_transfer",
    "customer_balance": "bank_transfer",
}
_OVER = "never began"


class LeftOut(SaldoError):
    """There is nothing in the object for our books."""

    code = "left_out"


class Unmappable(SaldoError):
    """The object cannot be told in our books."""

    code = "unmappable"


@dataclass(frozen=True)
class Told:
    """What an object says: its facts and what it belongs to."""

    facts: Facts
    parent: str | None = None


def customer(of: Object) -> Told:
    """Who pays."""
    address = of.get("address") or {}
    name = of.get("name") or of.get("description") or of.get("email") or of["id"]
    return Told(
        {
            "name": name,
            "country": address.get("country"),
            "email": of.get("email"),
            "currency": _code(of["currency"]) if of.get("currency") else None,
        }
    )


def product(of: Object) -> Told:
    """What is sold; a plan."""
    return Told({"name": of["name"], "active": bool(of["active"])})


def price(of: Object) -> Told:
    """A price per cycle. Raises LeftOut for what is no list price of a plan."""
    if of["type"] != "recurring" or not of.get("recurring"):
        raise LeftOut("a price that is paid once, which no plan has")
    if of["recurring"]["usage_type"] == "metered":
        raise LeftOut("a price of usage; invoices say what it came to")
    each = of.get("unit_amount_decimal")
    if of["billing_scheme"] != "per_unit" or each is None:
        raise LeftOut("a price in tiers, which no plan has; subscriptions to it are told apart")
    currency = _code(of["currency"])
    return Told(
        {
            "active": bool(of["active"]),
            "currency": currency,
            "cycle": cycle_of(of),
            "amount_minor": _times(each, 1, currency),
        },
        _id(of["product"]),
    )


def subscription(of: Object) -> Told:
    """A subscription as it stands now. Raises LeftOut, Unmappable."""
    if of["status"] in ("incomplete", "incomplete_expired"):
        raise LeftOut(f"{_OVER}: its first payment did not come ({of['status']})")
    if of["items"].get("has_more"):
        raise Unmappable("it has more items than Stripe lists at once")
    currency = _code(of["currency"])
    items = [_item(each, currency) for each in of["items"]["data"]]
    cycles = {each["cycle"] for each in items if not each["metered"]}
    if len(cycles) > 1:
        raise Unmappable(f"its items are billed in different cycles: {', '.join(sorted(cycles))}")
    details = of.get("cancellation_details") or {}
    return Told(
        {
            "customer": _id(of["customer"]),
            "status": of["status"],
            "currency": currency,
            "cycle": next(iter(cycles), "monthly"),
            "started": of["start_date"],
            "trial_start": of.get("trial_start"),
            "trial_end": of.get("trial_end"),
            "canceled": of.get("canceled_at"),
            "ended": of.get("ended_at"),
            "paused": bool(of.get("pause_collection")),
            "feedback": details.get("feedback"),
            "ended_by": details.get("reason"),
            "comment": details.get("comment"),
            "items": items,
            "off": [_lasting(each, currency) for each in of["discounts"] if _lasts(each)],
        },
        _id(of["customer"]),
    )


def invoice(of: Object) -> Told:
    """A document as issued. Raises LeftOut for a draft, Unmappable for one below zero."""
    if of["status"] == "draft":
        raise LeftOut("a draft, which was not issued yet")
    currency = _code(of["currency"])
    total = from_stripe(of["total"], currency)
    if total < 0:
        raise Unmappable(
            f"its total is {total}: what was given back went to the customer's balance at Stripe"
        )
    moved = of["status_transitions"]
    about = (of.get("parent") or {}).get("subscription_details") or {}
    tax = sum(from_stripe(each["amount"], currency) for each in of.get("total_taxes") or ())
    address = of.get("customer_address") or {}
    owner = _id(of.get("customer"))
    if owner is None:
        raise Unmappable("it names no customer")
    lines = [line(each, currency) for each in of["lines"]["data"]]
    return Told(
        {
            "customer": owner,
            "customer_name": of.get("customer_name"),
            "customer_email": of.get("customer_email"),
            "customer_country": address.get("country"),
            "number": of.get("number"),
            "currency": currency,
            "status": of["status"],
            "total_minor": total,
            "tax_minor": tax,
            "paid_minor": from_stripe(of["amount_paid"], currency),
            "issued": moved.get("finalized_at") or of["created"],
            "due": of.get("due_date"),
            "paid": moved.get("paid_at"),
            "voided": moved.get("voided_at"),
            "given_up": moved.get("marked_uncollectible_at"),
            "lines": lines,
        },
        _id(about.get("subscription")),
    )


def line(of: Object, currency: str) -> Facts:
    """A line of an invoice: net, tax, the period it is for, and what of a subscription it bills."""
    taxes = of.get("taxes") or ()
    inside = sum(each["amount"] for each in taxes if each["tax_behavior"] == "inclusive")
    off = sum(each["amount"] for each in of.get("discount_amounts") or ())
    about = (of.get("parent") or {}).get("subscription_item_details") or {}
    pricing = of.get("pricing") or {}
    details = pricing.get("price_details") or {}
    each, quantity = pricing.get("unit_amount_decimal"), of.get("quantity")
    whole = None if each is None else _times(each, 1 if quantity is None else quantity, currency)
    return {
        "description": of.get("description") or "",
        "net_minor": from_stripe(of["amount"] - off - inside, currency),
        "tax_minor": from_stripe(sum(each["amount"] for each in taxes), currency),
        "start": of["period"]["start"],
        "end": of["period"]["end"],
        "subscription": about.get("subscription"),
        "item": about.get("subscription_item"),
        "proration": bool(about.get("proration")),
        "credit": of["amount"] < 0,
        "price": _id(details.get("price")),
        "product": _id(details.get("product")),
        "cycle_minor": whole,
    }


def invoice_payment(of: Object) -> Told:
    """Which payment settled how much of which invoice. Raises LeftOut unless it did."""
    if of["status"] != "paid":
        raise LeftOut(f"an attempt that paid nothing ({of['status']})")
    by = of["payment"]
    parent = _id(by.get("payment_intent")) or _id(by.get("charge"))
    if parent is None:
        raise LeftOut("it was paid outside of Stripe")
    amount = from_stripe(of["amount_paid"] or 0, _code(of["currency"]))
    return Told({"invoice": _id(of["invoice"]), "amount_minor": amount}, parent)


def charge(of: Object) -> Told:
    """Money that came. Raises LeftOut when none did."""
    if of["status"] == "pending":
        raise LeftOut("a payment that is still on its way")
    if of["status"] != "succeeded" or not of["captured"]:
        raise LeftOut("an attempt that took no money")
    currency = _code(of["currency"])
    how = (of.get("payment_method_details") or {}).get("type")
    return Told(
        {
            "customer": _id(of.get("customer")),
            "currency": currency,
            "amount_minor": from_stripe(of["amount_captured"], currency),
            "method": _METHODS.get(how or "", "other"),
            "intent": _id(of.get("payment_intent")),
            "line": _id(of.get("balance_transaction")),
        },
        _id(of.get("payment_intent")) or of["id"],
    )


def refund(of: Object) -> Told:
    """Money that went back. Raises LeftOut when none did."""
    if of["status"] != "succeeded":
        raise LeftOut(f"no money went back ({of['status']})")
    currency = _code(of["currency"])
    owner = _id(of.get("charge"))
    if owner is None:
        raise Unmappable("it names no charge")
    return Told(
        {
            "currency": currency,
            "amount_minor": from_stripe(of["amount"], currency),
            "why": of.get("reason") or "",
            "line": _id(of.get("balance_transaction")),
        },
        owner,
    )


def dispute(of: Object) -> Told:
    """Money a card's holder asked back. Raises LeftOut for a mere inquiry."""
    moves = of["balance_transactions"]
    if not moves:
        raise LeftOut(f"an inquiry that moved no money ({of['status']})")
    currency = _code(of["currency"])
    return Told(
        {
            "currency": currency,
            "amount_minor": from_stripe(of["amount"], currency),
            "status": of["status"],
            "why": of["reason"],
            "due": (of.get("evidence_details") or {}).get("due_by"),
            "moves": [balance_line(each) for each in moves],
        },
        _id(of["charge"]),
    )


def balance_transaction(of: Object) -> Told:
    """A line of Stripe's own ledger, in the currency that Stripe pays out."""
    return Told(balance_line(of), _id(of.get("source")))


def balance_line(of: Object) -> Facts:
    """The sums of a line of the ledger."""
    currency = _code(of["currency"])
    return {
        "id": of["id"],
        "category": of["reporting_category"],
        "currency": currency,
        "amount_minor": from_stripe(of["amount"], currency),
        "fee_minor": from_stripe(of["fee"], currency),
        "at": of["created"],
        "available": of["available_on"],
        "description": of.get("description") or "",
    }


def payout(of: Object) -> Told:
    """Money on its way to the bank."""
    currency = _code(of["currency"])
    trace = of.get("trace_id") or {}
    return Told(
        {
            "status": of["status"],
            "currency": currency,
            "amount_minor": from_stripe(of["amount"], currency),
            "arrives": of["arrival_date"],
            "itemised": bool(of["automatic"] and of.get("reconciliation_status") == "completed"),
            "trace": trace.get("value") if trace.get("status") == "supported" else None,
        }
    )


TOLD: dict[str, Callable[[Object], Told]] = {
    "customers": customer,
    "products": product,
    "prices": price,
    "subscriptions": subscription,
    "invoices": invoice,
    "invoice_payments": invoice_payment,
    "charges": charge,
    "refunds": refund,
    "disputes": dispute,
    "balance_transactions": balance_transaction,
    "payouts": payout,
}


def cycle_of(price: Object) -> str:
    """Our word for how often a price is paid. Raises Unmappable."""
    every = (price["recurring"]["interval"], price["recurring"]["interval_count"])
    if every not in _CYCLES:
        raise Unmappable(f"it is paid every {every[1]} {every[0]}, a cycle that Saldo has not")
    return _CYCLES[every]


def _item(of: Object, currency: str) -> Facts:
    """One item of a subscription; what is metered is worth nothing until it is billed."""
    price = of["price"]
    metered = price["recurring"]["usage_type"] == "metered"
    each, quantity = price.get("unit_amount_decimal"), of.get("quantity")
    if not metered and (price["billing_scheme"] != "per_unit" or each is None):
        raise Unmappable(f"its price {price['id']} is in tiers, which says no amount per cycle")
    count = _packages(1 if quantity is None else quantity, price.get("transform_quantity"))
    return {
        "item": of["id"],
        "price": price["id"],
        "product": _id(price["product"]),
        "metered": metered,
        "cycle": cycle_of(price) if not metered else "",
        "amount_minor": 0 if metered else _times(each, count, currency),
        "period_start": of["current_period_start"],
    }


def _packages(quantity: int, how: Mapping[str, Any] | None) -> int:
    """How many times a price is paid that is for several units at once."""
    if not how:
        return quantity
    whole, rest = divmod(quantity, int(how["divide_by"]))
    return whole + bool(rest and how["round"] == "up")


def _lasts(discount: Any) -> bool:
    source = discount.get("source") if isinstance(discount, Mapping) else None
    coupon = source.get("coupon") if source else None
    return isinstance(coupon, Mapping) and coupon["duration"] == "forever"


def _lasting(discount: Object, currency: str) -> Facts:
    """A discount without an end: per cent as text, or minor units."""
    coupon = discount["source"]["coupon"]
    percent = coupon.get("percent_off")
    return {
        "percent": None if percent is None else str(percent),
        "minor": from_stripe(coupon.get("amount_off") or 0, currency),
        "since": discount["start"],
    }


def _times(each: Any, quantity: int, currency: str) -> int:
    """A unit price, which may be finer than Stripe's unit, times a quantity, rounded once."""
    exact = Fraction(str(each)) * quantity
    if currency in HUNDREDFOLD:
        exact /= 100
    elif currency in WHOLE_UNITS:
        exact *= 100
    return rounded(exact)


def _code(currency: str) -> str:
    return currency.upper()


def _id(of: Any) -> str | None:
    """The id of what is there whole, as its id alone, or not at all."""
    if of is None or isinstance(of, str):
        return of
    return str(of["id"])
