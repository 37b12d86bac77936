"""PayPal's wire: amounts, orders, ledger rows and disputes in the port's words (PAY.3)."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from core.gateways.http import Fields, instant, objects, text
from core.gateways.port import (
    Card,
    ChargeAnswer,
    CheckoutOutcome,
    CheckoutStatus,
    DisputeSeen,
    DisputeStatus,
    GatewayRefused,
    LedgerLine,
    LineKind,
    PayoutSeen,
    RefundAnswer,
    Status,
)
from core.money import minor_from_units, units_text

CURRENCIES = (
    *("AUD", "BRL", "CAD", "CHF", "CNY", "CZK", "DKK", "EUR", "GBP", "HKD", "HUF", "ILS"),
    *("JPY", "MXN", "MYR", "NOK", "NZD", "PHP", "PLN", "SEK", "SGD", "THB", "TWD", "USD"),
)
"""What PayPal says that it takes; some of them from accounts of their country alone."""
WHOLE_UNITS = ("HUF", "TWD")
"""With two decimals in ISO 4217, but PayPal takes none."""
DECLINES = {
    "AGREEMENT_ALREADY_CANCELLED": ("invalid_account", True),
    "BILLING_AGREEMENT_NOT_FOUND": ("invalid_account", True),
    "CARD_EXPIRED": ("expired_card", True),
    "COMPLIANCE_VIOLATION": ("transaction_not_allowed", True),
    "INSTRUMENT_DECLINED": ("instrument_declined", False),
    "MAX_NUMBER_OF_PAYMENT_ATTEMPTS_EXCEEDED": ("too_many_attempts", False),
    "PAYEE_BLOCKED_TRANSACTION": ("transaction_not_allowed", True),
    "PAYER_ACCOUNT_LOCKED_OR_CLOSED": ("invalid_account", True),
    "PAYER_ACCOUNT_RESTRICTED": ("invalid_account", True),
    "PAYER_ACTION_REQUIRED": ("authentication_required", True),
    "PAYER_CANNOT_PAY": ("payer_cannot_pay", False),
    "PAYMENT_DENIED": ("payment_denied", False),
    "PAYMENT_SOURCE_CANNOT_BE_USED": ("invalid_account", True),
    "PAYMENT_SOURCE_DECLINED_BY_PROCESSOR": ("instrument_declined", False),
    "REDIRECT_PAYER_FOR_ALTERNATE_FUNDING": ("instrument_declined", False),
    "REFERENCED_CARD_EXPIRED": ("expired_card", True),
    "TOKEN_EXPIRED": ("expired_card", True),
    "TOKEN_ID_NOT_FOUND": ("invalid_account", True),
    "TRANSACTION_BLOCKED_BY_PAYEE": ("transaction_not_allowed", True),
    "TRANSACTION_LIMIT_EXCEEDED": ("limit_exceeded", False),
    "TRANSACTION_REFUSED": ("transaction_refused", False),
}
"""Issues that are a decline, not a mistake of ours: our code, and whether it is hard."""
PROCESSOR = {
    "5120": ("insufficient_funds", False),
    "5400": ("expired_card", True),
    "9500": ("fraudulent", True),
    "9520": ("lost_card", True),
}
"""The card processor's answers among which a capture may have failed."""
PAID = ("COMPLETED", "PARTIALLY_REFUNDED", "REFUNDED")
BROKEN = ("DECLINED", "FAILED")
_OPEN: dict[str, CheckoutStatus] = {"VOIDED": "expired"}
_REFUND: dict[str, Status] = {
    "COMPLETED": "succeeded",
    "FAILED": "failed",
    "CANCELLED": "failed",
}
_ROW: dict[str, Status] = {"S": "succeeded", "V": "succeeded", "D": "failed"}
REFUND = "T1107"
FAILED_REFUNDS = {
    "transaction_type": REFUND,
    "transaction_status": "D",
    "balance_affecting_records_only": "N",
}
"""Narrows the transaction search to refunds that were denied."""
_KINDS: tuple[tuple[str, LineKind], ...] = (
    ("T00", "charge"),
    ("T01", "fee"),
    ("T04", "payout"),
    ("T1106", "dispute"),
    (REFUND, "refund"),
    ("T1108", "fee"),
    ("T1109", "fee"),
    ("T1201", "dispute"),
    ("T1202", "dispute_won"),
)
"""Kinds by the beginning of the event code; all else is an adjustment."""
_LOST = ("RESOLVED_BUYER_FAVOUR", "ACCEPTED")
_WON = ("RESOLVED_SELLER_FAVOUR", "RESOLVED_WITH_PAYOUT", "CANCELED_BY_BUYER", "DENIED", "NONE")
_DISPUTE_FEES = ("DISPUTE_FEE", "CHARGEBACK_FEE", "DISPUTE_SETTLEMENT_FEE")
STAMPS = ("auth_algo", "cert_url", "transmission_id", "transmission_sig", "transmission_time")
"""What PayPal signs an event with, by the names that its verification wants."""
LONGEST_SPAN = timedelta(days=31)


def to_paypal(amount_minor: int, currency: str) -> Fields:
    """PayPal's amount for our minor units. Raises GatewayRefused for what it cannot express."""
    if currency not in WHOLE_UNITS:
        return {"currency_code": currency, "value": units_text(amount_minor, currency)}
    if amount_minor % 100:
        raise GatewayRefused(f"PayPal takes no amount as fine as {amount_minor} in {currency}")
    return {"currency_code": currency, "value": str(amount_minor // 100)}


def from_paypal(amount: Fields) -> int:
    """Our minor units for PayPal's amount."""
    return minor_from_units(text(amount["value"]), text(amount["currency_code"]))


def unit_of(order: Fields) -> Fields:
    """The one purchase unit of an order of ours."""
    return objects(order["purchase_units"])[0]


def capture_of(order: Fields) -> Fields | None:
    """The capture of an order; the one that brought money when there are several."""
    captures = objects(unit_of(order).get("payments", {}).get("captures", []))
    paid = [capture for capture in captures if capture["status"] in PAID]
    return next(iter(paid or captures), None)


def fee_of(capture: Fields) -> int:
    """What PayPal kept of a capture, in minor units of its currency."""
    fee = capture.get("seller_receivable_breakdown", {}).get("paypal_fee")
    return from_paypal(fee) if fee else 0


def charge_answer(order: Fields) -> ChargeAnswer:
    """What became of an order that was charged without its payer."""
    capture = capture_of(order)
    if capture is None:
        code, hard = DECLINES.get(text(order["status"]), (text(order["status"]).lower(), False))
        return ChargeAnswer("failed", text(order["id"]), 0, code, hard)
    given = text(capture["id"])
    if capture["status"] in PAID:
        return ChargeAnswer("succeeded", given, fee_of(capture))
    if capture["status"] not in BROKEN:
        return ChargeAnswer("pending", given)
    said = str(capture.get("processor_response", {}).get("response_code") or "")
    code, hard = PROCESSOR.get(said, (f"processor_{said}" if said else "declined", False))
    return ChargeAnswer("failed", given, 0, code, hard)


def outcome(order: Fields) -> CheckoutOutcome:
    """What became of a page whose order was captured if it was approved."""
    unit, capture = unit_of(order), capture_of(order)
    amount = unit["amount"] if capture is None else capture["amount"]
    about = (
        text(order["id"]),
        str(unit.get("custom_id") or (capture or {}).get("custom_id") or ""),
        from_paypal(amount),
        text(amount["currency_code"]),
    )
    if capture is None:
        return CheckoutOutcome(_OPEN.get(text(order["status"]), "open"), *about)
    if capture["status"] in PAID:
        card = _card(order)
        return CheckoutOutcome("paid", *about, text(capture["id"]), fee_of(capture), card)
    return CheckoutOutcome("failed" if capture["status"] in BROKEN else "open", *about)


def _card(order: Fields) -> Card | None:
    """The account that the payer let PayPal keep for us."""
    payer = order.get("payment_source", {}).get("paypal", {})
    kept = payer.get("attributes", {}).get("vault", {})
    if kept.get("status") != "VAULTED":
        return None
    return Card(text(kept["id"]), str(kept.get("customer", {}).get("id") or ""), "paypal", "")


def refund_answer(found: Fields) -> RefundAnswer:
    """What became of a refund."""
    status = _REFUND.get(text(found["status"]), "pending")
    reason = found.get("status_details", {}).get("reason")
    failure = str(reason or found["status"]).lower() if status == "failed" else None
    return RefundAnswer(status, text(found["id"]), failure)


def link(found: Fields, *names: str) -> str | None:
    """The address of the first link of these names."""
    links = {item["rel"]: item["href"] for item in objects(found.get("links", []))}
    return next((text(links[name]) for name in names if name in links), None)


def order_behind(capture: Fields) -> str | None:
    """The order of a capture, where PayPal names it."""
    related = capture.get("supplementary_data", {}).get("related_ids", {}).get("order_id")
    above = link(capture, "up") or ""
    named = above.rsplit("/", 1)[-1] if "/checkout/orders/" in above else None
    return str(related or "") or named


def row_status(row: Fields) -> Status:
    """What became of a row of the transaction search."""
    return _ROW.get(str(row.get("transaction_status")), "pending")


def mark(row: Fields) -> tuple[str, ...]:
    """What tells a row of the transaction search from others of the same transaction."""
    names = ("transaction_id", "transaction_event_code", "transaction_initiation_date")
    return tuple(text(row[name]) for name in names)


def line(row: Fields) -> LedgerLine | None:
    """The line of a row of the transaction search; None for one that moved nothing."""
    return _line(row) if row_status(row) == "succeeded" else None


def both_ways(row: Fields) -> list[LedgerLine]:
    """The lines of a refund that failed, out and back; it may have been told of before.

    Empty for any other row.
    """
    seen = _line(row)
    if row_status(row) != "failed" or seen.kind != "refund":
        return []
    changed = row.get("transaction_updated_date")
    back = replace(
        seen,
        external_id=f"{seen.external_id}-returned",
        amount_minor=-seen.amount_minor,
        fee_minor=-seen.fee_minor,
        occurred_at=instant(changed) if changed else seen.occurred_at,
    )
    return [seen, back]


def _line(row: Fields) -> LedgerLine:
    amount, code = from_paypal(row["transaction_amount"]), text(row["transaction_event_code"])
    kind = _kind(code, amount)
    fee = row.get("fee_amount")
    given = text(row["transaction_id"])
    about = str(row.get("paypal_reference_id") or "") or None
    return LedgerLine(
        given,
        kind,
        text(row["transaction_amount"]["currency_code"]),
        amount,
        -from_paypal(fee) if fee else 0,
        instant(row["transaction_initiation_date"]),
        source_id=given if kind in ("charge", "refund", "payout") else about,
        payout_id=given if kind == "payout" else None,
    )


def _kind(code: str, amount: int) -> LineKind:
    """By the event code; a payment of ours and a withdrawal that came back are adjustments."""
    for start, kind in _KINDS:
        if code.startswith(start):
            turned = (kind == "charge" and amount < 0) or (kind == "payout" and amount > 0)
            return "adjustment" if turned else kind
    return "adjustment"


def payout(seen: LedgerLine) -> PayoutSeen:
    """A withdrawal to the bank; PayPal does not say what it consists of."""
    return PayoutSeen(
        seen.external_id,
        "paid",
        seen.currency,
        -seen.amount_minor,
        seen.occurred_at.astimezone(UTC).date(),
        itemised=False,
    )


def dispute(found: Fields) -> DisputeSeen:
    """A dispute, with the fees that its movements of money name."""
    currency = text(found["dispute_amount"]["currency_code"])
    due = found.get("seller_response_due_date")
    return DisputeSeen(
        text(found["dispute_id"]),
        text(objects(found["disputed_transactions"])[0]["seller_transaction_id"]),
        _dispute_status(found),
        str(found.get("reason") or "").lower(),
        currency,
        from_paypal(found["dispute_amount"]),
        sum(_fees(found, currency)),
        instant(due).astimezone(UTC).date() if due else None,
    )


def _dispute_status(found: Fields) -> DisputeStatus:
    status = text(found["status"])
    if status in ("OPEN", "WAITING_FOR_SELLER_RESPONSE"):
        return "needs_response"
    if status != "RESOLVED":
        return "under_review"
    code = text(found["dispute_outcome"]["outcome_code"])
    if code not in _LOST + _WON:
        raise ValueError(f"a dispute resolved as {code!r}")
    return "lost" if code in _LOST else "won"


def _fees(found: Fields, currency: str) -> Iterator[int]:
    for moved in objects(found.get("money_movements", [])):
        ours = moved.get("affected_party") == "SELLER" and moved.get("reason") in _DISPUTE_FEES
        if ours and moved["amount"]["currency_code"] == currency:
            yield from_paypal(moved["amount"]) * (-1 if moved.get("type") == "CREDIT" else 1)


def verification(headers: Mapping[str, str], raw: bytes, webhook_id: str) -> bytes:
    """The question whether PayPal sent an event: its stamps, and its bytes as they came.

    `raw` is one JSON object and nothing after it. Raises LookupError when a stamp is missing.
    """
    stamps = {name: headers["paypal-" + name.replace("_", "-")] for name in STAMPS}
    known = json.dumps(stamps | {"webhook_id": webhook_id})
    return known.encode()[:-1] + b', "webhook_event": ' + raw + b"}"


def spans(since: datetime, until: datetime) -> Iterator[tuple[datetime, datetime]]:
    """[since, until) in spans that one search takes."""
    while since < until:
        end = min(since + LONGEST_SPAN, until)
        yield since, end
        since = end


def stamp(moment: datetime) -> str:
    """A moment as PayPal takes it, to the second."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def words(body: Fields) -> tuple[str, str]:
    """The message and the issue of a refusal; the token's refusals are worded otherwise."""
    details = body.get("details")
    first = details[0] if isinstance(details, list) and details else None
    detail = first if isinstance(first, dict) else {}
    issue = str(detail.get("issue") or body.get("name") or body.get("error") or "")
    said = detail.get("description") or body.get("message") or body.get("error_description")
    return f"{issue}: {said}" if said else issue, issue
