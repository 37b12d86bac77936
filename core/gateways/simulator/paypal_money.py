"""What happens to money and objects at the small PayPal, whoever asks for it."""

import base64
import hashlib
import hmac
import json
import zlib
from collections.abc import Mapping

from sqlalchemy import Connection

from core.errors import BadMoney
from core.gateways.simulator.sibling import Fields, No, Store, store_of
from core.money import minor_from_units, round_half_up, units_text

PROVIDER = "paypal"
CLIENT_ID = "simulator"
KEY = "paypal-simulator"
"""The secret beside the client id; it signs tokens and events as well."""
WEBHOOK_ID = "1SIMULATOR00000001"
ADDRESS = "http://paypal.invalid"
CURRENCIES = (
    "AUD BRL CAD CHF CNY CZK DKK EUR GBP HKD HUF ILS JPY MXN MYR NOK NZD PHP PLN SEK SGD THB TWD"
    " USD"
)
WITHOUT_DECIMALS = ("HUF", "JPY", "TWD")
FEE_BP, FEE_FIXED = 290, 30
KEPT = {
    "kept-works": None,
    "kept-empty": "INSTRUMENT_DECLINED",
    "kept-expired": "REFERENCED_CARD_EXPIRED",
    "kept-asks": "PAYER_ACTION_REQUIRED",
}
"""Accounts kept for us by their token, and the issue with which a charge is declined."""
WAITS = "kept-waits"
"""An account whose charges and refunds are pending until they are decided."""


def no(issue: str, said: str, status: int = 422) -> No:
    """A refusal in PayPal's words."""
    names = {400: "INVALID_REQUEST", 404: "RESOURCE_NOT_FOUND", 422: "UNPROCESSABLE_ENTITY"}
    details = [{"issue": issue, "description": said}]
    return No(status, {"name": names[status], "message": said, "details": details})


def minor_of(amount: Fields) -> int:
    """Minor units of an amount, which is a text with no more decimals than PayPal takes."""
    value, currency = amount["value"], amount["currency_code"]
    if not isinstance(value, str):
        raise no("INVALID_PARAMETER_SYNTAX", "The value of a field is of the wrong type.", 400)
    if currency not in CURRENCIES.split():
        raise no("CURRENCY_NOT_SUPPORTED", "Currency code is not supported.")
    if currency in WITHOUT_DECIMALS and "." in value:
        raise no("DECIMALS_NOT_SUPPORTED", "Currency does not support decimals.")
    try:
        minor = minor_from_units(value, currency)
    except BadMoney as problem:
        raise no("DECIMAL_PRECISION", "The value has too many decimals.") from problem
    if minor <= 0:
        raise no("CANNOT_BE_ZERO_OR_NEGATIVE", "Must be greater than zero.")
    return minor


def amount_of(minor: int, currency: str) -> Fields:
    """An amount as PayPal writes it."""
    if currency in WITHOUT_DECIMALS:
        return {"currency_code": currency, "value": units_text(minor, currency).partition(".")[0]}
    return {"currency_code": currency, "value": units_text(minor, currency)}


def capture(store: Store, order: Fields, *, waits: bool = False) -> Fields:
    """Take the money of an order, less the fee; returns the capture. Raises No.

    One that waits is pending until `decide_capture`.
    """
    unit = order["purchase_units"][0]
    minor, currency = minor_of(unit["amount"]), unit["amount"]["currency_code"]
    given = store.new_id()
    if not store.add("invoice", unit.get("invoice_id") or given, {"capture": given}):
        raise no("DUPLICATE_INVOICE_ID", "Duplicate Invoice ID detected.")
    fee = _fee(minor, currency)
    made = {
        "id": given,
        "status": "PENDING" if waits else "COMPLETED",
        "amount": amount_of(minor, currency),
        "custom_id": unit.get("custom_id", ""),
        "invoice_id": unit.get("invoice_id", ""),
        "final_capture": True,
        "seller_receivable_breakdown": {
            "gross_amount": amount_of(minor, currency),
            "paypal_fee": amount_of(fee, currency),
            "net_amount": amount_of(minor - fee, currency),
        },
        "supplementary_data": {"related_ids": {"order_id": order["id"]}},
        "links": [_up(f"{ADDRESS}/v2/checkout/orders/{order['id']}")],
        "create_time": store.at(),
        "order": order["id"],
        "minor": minor,
        "waits": waits,
    }
    if waits:
        made["status_details"] = {"reason": "PENDING_REVIEW"}
    store.add("capture", given, made)
    store.change("order", order["id"], status="COMPLETED")
    row(store, given, "T0006", minor, currency, fee=fee, invoice_id=made["invoice_id"], waits=waits)
    tell(store, "PAYMENT.CAPTURE.PENDING" if waits else "PAYMENT.CAPTURE.COMPLETED", made)
    return made


def _fee(minor: int, currency: str) -> int:
    """Whole units where the currency has no others for PayPal."""
    fee = round_half_up(minor * FEE_BP, 10_000)
    if currency == "JPY":
        return fee
    return fee // 100 * 100 if currency in WITHOUT_DECIMALS else fee + FEE_FIXED


def _up(address: str) -> Fields:
    return {"rel": "up", "href": address, "method": "GET"}


def refund(store: Store, capture_id: str, fields: Fields) -> Fields:
    """Give back on a capture; the fee is not given back. Raises No."""
    paid = found(store, "capture", capture_id, lock=True)
    left = _left(store, paid)
    currency = paid["amount"]["currency_code"]
    minor = minor_of(fields["amount"]) if "amount" in fields else left
    if "amount" in fields and fields["amount"]["currency_code"] != currency:
        raise no("CURRENCY_MISMATCH", "The currency differs from that of the capture.")
    if not left:
        raise no("CAPTURE_FULLY_REFUNDED", "The capture has already been fully refunded.")
    if minor > left:
        raise no("REFUND_AMOUNT_EXCEEDED", "The refund is more than what is left of the capture.")
    given = store.new_id()
    waits = bool(paid.get("waits"))
    made = {
        "id": given,
        "status": "PENDING" if waits else "COMPLETED",
        "amount": amount_of(minor, currency),
        "custom_id": fields.get("custom_id", ""),
        "invoice_id": fields.get("invoice_id", ""),
        "links": [_up(f"{ADDRESS}/v2/payments/captures/{capture_id}")],
        "create_time": store.at(),
        "capture": capture_id,
        "minor": minor,
    }
    store.add("refund", given, made)
    now = "REFUNDED" if minor == left else "PARTIALLY_REFUNDED"
    store.change("capture", capture_id, status=now)
    about = {"about": capture_id, "invoice_id": made["invoice_id"]}
    row(store, given, "T1107", -minor, currency, **about, waits=waits)
    tell(store, "PAYMENT.REFUND.PENDING" if waits else "PAYMENT.CAPTURE.REFUNDED", made)
    return made


def _left(store: Store, paid: Fields) -> int:
    """What of a capture was not given back, in minor units."""
    given = store.having("refund", capture=paid["id"])
    kept = sum(int(one["minor"]) for one in given if one["status"] != "FAILED")
    return int(paid["minor"]) - kept


def decide_capture(connection: Connection, capture_id: str, *, paid: bool) -> None:
    """End the wait of a capture: the money comes, or it is denied."""
    store = store_of(connection, PROVIDER)
    decided = store.change("capture", capture_id, status="COMPLETED" if paid else "DECLINED")
    _decide_row(store, f"{capture_id}-T0006", paid=paid)
    tell(store, f"PAYMENT.CAPTURE.{'COMPLETED' if paid else 'DENIED'}", decided)


def decide_refund(connection: Connection, refund_id: str, *, paid: bool) -> None:
    """End the wait of a refund; one that was paid may still fail, and its money comes back."""
    store = store_of(connection, PROVIDER)
    decided = store.change("refund", refund_id, status="COMPLETED" if paid else "FAILED")
    taken = found(store, "capture", decided["capture"], lock=True)
    left = _left(store, taken)
    now = "REFUNDED" if not left else "PARTIALLY_REFUNDED"
    store.change("capture", taken["id"], status="COMPLETED" if left == taken["minor"] else now)
    _decide_row(store, f"{refund_id}-T1107", paid=paid)
    tell(store, f"PAYMENT.{'CAPTURE.REFUNDED' if paid else 'REFUND.FAILED'}", decided)


def _decide_row(store: Store, given: str, *, paid: bool) -> None:
    info = found(store, "row", given)["transaction_info"]
    facts = {"transaction_status": "S" if paid else "D", "transaction_updated_date": store.at()}
    store.change("row", given, transaction_info=info | facts)


def row(
    store: Store,
    given: str,
    code: str,
    minor: int,
    currency: str,
    *,
    fee: int = 0,
    about: str = "",
    invoice_id: str = "",
    waits: bool = False,
) -> None:
    """A row of the transaction search; what PayPal keeps is negative there."""
    info: Fields = {
        "transaction_id": given,
        "transaction_event_code": code,
        "transaction_initiation_date": store.at(),
        "transaction_amount": amount_of(minor, currency),
        "transaction_updated_date": store.at(),
        "transaction_status": "P" if waits else "S",
    }
    if fee:
        info["fee_amount"] = amount_of(-fee, currency)
    if about:
        info |= {"paypal_reference_id": about, "paypal_reference_id_type": "TXN"}
    if invoice_id:
        info |= {"invoice_id": invoice_id, "custom_field": invoice_id}
    store.add("row", f"{given}-{code}", {"transaction_info": info})


def found(store: Store, kind: str, given: str, *, lock: bool = False) -> Fields:
    """An object that is there. Raises No."""
    known = store.find(kind, given, lock=lock)
    if known is None:
        raise no("INVALID_RESOURCE_ID", "Specified resource ID does not exist.", 404)
    return known


def order_whole(store: Store, given: str) -> Fields:
    """An order with its captures and refunds, as the wire shows it."""
    order = found(store, "order", given)
    captures = store.having("capture", order=given)
    refunds = [back for paid in captures for back in store.having("refund", capture=paid["id"])]
    if captures:
        order["purchase_units"][0]["payments"] = {"captures": captures, "refunds": refunds}
    return order


def tell(store: Store, kind: str, about: Fields) -> None:
    """Keep a signed event."""
    given = f"WH-{store.new_id()}"
    event = {"id": given, "event_type": kind, "create_time": store.at(), "resource": about}
    raw = json.dumps(event).encode()
    stamps = {
        "paypal-auth-algo": "SHA256withRSA",
        "paypal-cert-url": f"{ADDRESS}/v1/notifications/certs/SIMULATOR",
        "paypal-transmission-id": f"t{store.new_id().lower()}",
        "paypal-transmission-time": store.at(),
    }
    stamps["paypal-transmission-sig"] = signature(stamps, raw, WEBHOOK_ID)
    store.tell(stamps | {"content-type": "application/json"}, raw)


def signature(stamps: Mapping[str, str], raw: bytes, webhook_id: str) -> str:
    """Over the stamps, the webhook and the sum of the bytes as they are, as PayPal does."""
    parts = (stamps["paypal-transmission-id"], stamps["paypal-transmission-time"], webhook_id)
    signed = "|".join((*parts, str(zlib.crc32(raw)))).encode()
    return base64.b64encode(hmac.new(KEY.encode(), signed, hashlib.sha256).digest()).decode()


def open_dispute(connection: Connection, capture_id: str) -> str:
    """Have the payer dispute a capture; the money is held back. Returns the dispute's number."""
    store = store_of(connection, PROVIDER)
    paid = found(store, "capture", capture_id)
    given = f"PP-D-{store.serial()}"
    body = {
        "dispute_id": given,
        "create_time": store.at(),
        "update_time": store.at(),
        "reason": "UNAUTHORISED",
        "status": "WAITING_FOR_SELLER_RESPONSE",
        "dispute_amount": paid["amount"],
        "seller_response_due_date": store.at(),
        "disputed_transactions": [
            {"seller_transaction_id": capture_id, "custom": paid["custom_id"]}
        ],
        "money_movements": [],
    }
    store.add("dispute", given, body)
    tell(store, "CUSTOMER.DISPUTE.CREATED", body)
    return given


def resolve_dispute(connection: Connection, dispute_id: str, *, won: bool) -> None:
    """End a dispute; a lost one takes the money and a fee of 20.00."""
    store = store_of(connection, PROVIDER)
    known = found(store, "dispute", dispute_id)
    currency, paid = known["dispute_amount"]["currency_code"], known["disputed_transactions"][0]
    moved: list[Fields] = []
    if not won:
        about, lost, fee = paid["seller_transaction_id"], minor_of(known["dispute_amount"]), 2_000
        row(store, store.new_id(), "T1201", -lost, currency, about=about)
        row(store, store.new_id(), "T0106", -fee, currency, about=about)
        moved = [
            {
                "affected_party": "SELLER",
                "amount": amount_of(fee, currency),
                "type": "DEBIT",
                "reason": "CHARGEBACK_FEE",
            }
        ]
    code = "RESOLVED_SELLER_FAVOUR" if won else "RESOLVED_BUYER_FAVOUR"
    outcome = {"outcome_code": code}
    ended = store.change(
        "dispute", dispute_id, status="RESOLVED", dispute_outcome=outcome, money_movements=moved
    )
    tell(store, "CUSTOMER.DISPUTE.RESOLVED", ended)


def withdraw(connection: Connection, minor: int, currency: str) -> str:
    """Send money to the bank; returns the number of the withdrawal."""
    store = store_of(connection, PROVIDER)
    given = store.new_id()
    row(store, given, "T0400", -minor, currency)
    return given
