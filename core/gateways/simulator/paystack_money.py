"""What happens to money and objects at the small Paystack, whoever asks for it."""

import hashlib
import hmac
import json
import re

from sqlalchemy import Connection

from core.gateways.simulator.sibling import Fields, No, Store, store_of
from core.money import round_half_up

PROVIDER = "paystack"
KEY = "sk_test_simulator"
ADDRESS = "http://paystack.invalid"
CURRENCIES = ("GHS", "KES", "NGN", "USD", "ZAR")
FEE_BP = 150
FEE_FIXED, FREE_OF_FIXED, LARGEST_FEE = 10_000, 250_000, 200_000
"""In kobo: 100 naira on top from 2 500 naira on, never above 2 000 naira."""
CARDS = {
    "works": ("Pay by a card that works", "4081", "Approved"),
    "empty": ("Pay by a card that is empty later", "4084", "Insufficient Funds"),
    "expires": ("Pay by a card that expires later", "0069", "Expired Card"),
    "asks": ("Pay by a card that asks its holder later", "3184", ""),
}
"""What a button says, the card's last digits, and the bank's answer when charged later."""
_REFERENCE = re.compile(r"[A-Za-z0-9.=-]{1,255}")


def no(message: str, status: int = 400, code: str = "invalid_params") -> No:
    """A refusal in Paystack's words."""
    body = {"status": False, "message": message, "type": "validation_error", "code": code}
    return No(status, body)


def sum_of(fields: Fields) -> tuple[int, str]:
    """The amount and currency of a request. Raises No."""
    amount, currency = fields["amount"], fields.get("currency", "NGN")
    if isinstance(amount, bool) or not isinstance(amount, int) or amount < 1:
        raise no("Invalid Amount Sent")
    if currency not in CURRENCIES:
        raise no("Currency not supported by merchant")
    return amount, currency


def begin(store: Store, fields: Fields, **facts: object) -> Fields:
    """A transaction that nobody has paid. Raises No when its reference was used."""
    amount, currency = sum_of(fields)
    if "@" not in str(fields.get("email", "")):
        raise no("Invalid Email Address Passed")
    reference = str(fields.get("reference") or store.new_id(10).lower())
    if not _REFERENCE.fullmatch(reference):
        raise no("Reference contains an invalid character")
    made = {
        "id": 4_000_000_000 + store.serial(),
        "domain": "test",
        "status": "abandoned",
        "reference": reference,
        "amount": amount,
        "requested_amount": amount,
        "currency": currency,
        "gateway_response": "The transaction was not completed",
        "paid_at": None,
        "created_at": store.at(),
        "channel": "card",
        "metadata": fields.get("metadata") or "",
        "fees": None,
        "authorization": {},
        "customer": customer(store, str(fields["email"])),
        **facts,
    }
    if not store.add("transaction", reference, made):
        raise no("Duplicate Transaction Reference", code="duplicate_reference")
    return made


def customer(store: Store, email: str, **facts: object) -> Fields:
    """The one customer of an address."""
    email = email.lower()
    known = store.find("customer", email)
    if known is None:
        known = {
            "id": store.serial(),
            "email": email,
            "customer_code": f"CUS_{store.new_id(15).lower()}",
            **facts,
        }
        store.add("customer", email, known)
    return known


def pay(store: Store, found: Fields, kept: Fields) -> Fields:
    """Bring the money of a transaction, less the fee, and tell."""
    fee = round_half_up(found["amount"] * FEE_BP, 10_000)
    if found["currency"] == "NGN":
        fixed = FEE_FIXED if found["amount"] >= FREE_OF_FIXED else 0
        fee = min(fee + fixed, LARGEST_FEE)
    paid = store.change(
        "transaction",
        found["reference"],
        status="success",
        gateway_response="Approved",
        paid_at=store.at(),
        fees=fee,
        authorization=kept,
        settlement="",
    )
    tell(store, "charge.success", paid)
    return paid


def tell(store: Store, kind: str, about: Fields) -> None:
    """Keep a signed event."""
    raw = json.dumps({"event": kind, "data": about}).encode()
    store.tell({"x-paystack-signature": signature(raw), "content-type": "application/json"}, raw)


def signature(raw: bytes) -> str:
    """What Paystack writes beside an event."""
    return hmac.new(KEY.encode(), raw, hashlib.sha512).hexdigest()


def keep(store: Store, card: str, email: str) -> Fields:
    """Keep a card for its payer; returns it as the wire shows it."""
    code = f"AUTH_{store.new_id(10).lower()}"
    kept = {
        "authorization_code": code,
        "bin": "408408",
        "last4": CARDS[card][1],
        "exp_month": "12",
        "exp_year": "2034",
        "channel": "card",
        "card_type": "visa ",
        "bank": "TEST BANK",
        "country_code": "NG",
        "brand": "visa",
        "reusable": True,
        "signature": f"SIG_{store.new_id(10).lower()}",
        "account_name": None,
    }
    store.add("authorization", code, {"card": card, "email": email, "wire": kept})
    return kept


def transaction(store: Store, reference: str, *, lock: bool = False) -> Fields:
    """The transaction of a reference. Raises No."""
    found = store.find("transaction", reference, lock=lock)
    if found is None:
        raise no("Transaction reference not found.", code="transaction_not_found")
    return found


def give_back(store: Store, paid: Fields, amount: int, fields: Fields) -> Fields:
    """Keep a refund, which is processed whenever it is looked up."""
    number = store.serial()
    made = {
        "id": number,
        "transaction": paid["id"],
        "transaction_reference": paid["reference"],
        "dispute": fields.get("dispute"),
        "transaction_amount": paid["amount"],
        "customer": paid["customer"],
        "amount": amount,
        "currency": paid["currency"],
        "status": "processed",
        "merchant_note": fields.get("merchant_note", ""),
        "createdAt": store.at(),
    }
    store.add("refund", str(number), made)
    tell(store, "refund.processed", made)
    return made


def fail_refund(connection: Connection, refund_id: str) -> None:
    """Have a refund come back; its amount is credited again."""
    store = store_of(connection, PROVIDER)
    failed = store.change("refund", refund_id, status="failed", updatedAt=store.at())
    store.change("transaction", failed["transaction_reference"], status="success")
    tell(store, "refund.failed", failed)


def settle(connection: Connection) -> list[str]:
    """Pay what was not settled out to the bank, a settlement a currency; returns their numbers."""
    store = store_of(connection, PROVIDER)
    by_currency: dict[str, list[Fields]] = {}
    for paid in store.having("transaction", settlement=""):
        by_currency.setdefault(paid["currency"], []).append(paid)
    made = []
    for currency, parts in by_currency.items():
        number, net = str(store.serial()), sum(part["amount"] - part["fees"] for part in parts)
        for part in parts:
            store.change("transaction", part["reference"], settlement=number)
        body = {
            "id": int(number),
            "status": "success",
            "currency": currency,
            "total_amount": net,
            "effective_amount": net,
            "total_fees": sum(part["fees"] for part in parts),
            "settlement_date": store.at(),
            "createdAt": store.at(),
        }
        store.add("settlement", number, body)
        made.append(number)
    return made


def open_dispute(connection: Connection, reference: str) -> str:
    """Have the payer of a transaction dispute it; returns the dispute's number."""
    store = store_of(connection, PROVIDER)
    paid, number = transaction(store, reference), store.serial()
    body = {
        "id": number,
        "refund_amount": paid["amount"],
        "currency": paid["currency"],
        "status": "awaiting-merchant-feedback",
        "resolution": None,
        "category": "chargeback",
        "transaction": paid,
        "dueAt": store.at(),
        "createdAt": store.at(),
    }
    store.add("dispute", str(number), body)
    tell(store, "charge.dispute.create", body)
    return str(number)


def resolve_dispute(connection: Connection, dispute_id: str, *, won: bool) -> None:
    """End a dispute; a lost one gives the money back."""
    store = store_of(connection, PROVIDER)
    resolution = "declined" if won else "merchant-accepted"
    ended = store.change("dispute", dispute_id, status="resolved", resolution=resolution)
    if not won:
        give_back(store, ended["transaction"], ended["refund_amount"], {"dispute": ended["id"]})
    tell(store, "charge.dispute.resolve", ended)
