"""Paystack's objects as its wire shows them: with every field that its document requires."""

from core.gateways.simulator.sibling import Fields

INTEGRATION = 100_032
_PERSON: Fields = {
    "id": 0,
    "email": "",
    "customer_code": "",
    "first_name": "",
    "last_name": "",
    "phone": "",
    "metadata": {},
    "risk_action": "default",
    "international_format_phone": None,
}
_CARD: Fields = {
    "authorization_code": None,
    "bin": None,
    "last4": None,
    "exp_month": None,
    "exp_year": None,
    "channel": None,
    "card_type": None,
    "bank": None,
    "country_code": None,
    "brand": None,
    "reusable": False,
    "signature": None,
    "account_name": None,
}
_TRANSACTION: Fields = {
    "domain": "test",
    "channel": "card",
    "receipt_number": None,
    "message": None,
    "ip_address": "127.0.0.1",
    "log": None,
    "fees_split": None,
    "order_id": None,
    "pos_transaction_data": None,
    "source": None,
    "fees_breakdown": None,
    "connect": None,
    "plan_object": {},
    "split": {},
    "subaccount": {},
}


def person(found: Fields) -> Fields:
    """A customer."""
    return _PERSON | {name: value for name, value in found.items() if value is not None}


def registered(found: Fields, at: str) -> Fields:
    """A customer as the answer to its registration."""
    return person(found) | {
        "transactions": [],
        "subscriptions": [],
        "authorizations": [],
        "integration": INTEGRATION,
        "domain": "test",
        "identified": False,
        "identifications": None,
        "createdAt": at,
        "updatedAt": at,
    }


def transaction(found: Fields) -> Fields:
    """A transaction as it is looked up by its reference."""
    return (
        _TRANSACTION
        | {"requested_amount": found["amount"]}
        | found
        | {
            "paidAt": found["paid_at"],
            "createdAt": found["created_at"],
            "transaction_date": found["created_at"],
            "plan": None,
            "authorization": _CARD | found["authorization"],
            "customer": person(found["customer"]),
        }
    )


def listed(found: Fields) -> Fields:
    """A transaction in a list, where its plan is an object and its metadata one or nothing."""
    metadata = found["metadata"]
    return transaction(found) | {
        "plan": {},
        "metadata": metadata if isinstance(metadata, dict) else None,
    }


def charged(found: Fields) -> Fields:
    """A transaction as the answer to a charge, where its metadata is a text."""
    metadata = found["metadata"]
    return transaction(found) | {"metadata": metadata if isinstance(metadata, str) else ""}


def refund(found: Fields) -> Fields:
    """A refund in a list."""
    return {
        "integration": INTEGRATION,
        "settlement": None,
        "domain": "test",
        "refunded_at": found["createdAt"] if found["status"] == "processed" else None,
        "refunded_by": "simulator@example.com",
        "customer_note": "",
        "deducted_amount": found["amount"],
        "fully_deducted": 1,
        "bank_reference": None,
        "reason": "",
        "transaction_amount": found["amount"],
        "customer": person({}),
        "refund_type": "partial",
        "initiated_by": "simulator@example.com",
        "refund_channel": "card",
        "session_id": None,
        "collect_account_number": False,
        "updatedAt": found["createdAt"],
    } | found


def refunding(found: Fields, paid: Fields) -> Fields:
    """A refund as the answer to the request for it, which is pending and holds its transaction."""
    return refund(found) | {
        "status": "pending",
        "transaction": listed(paid),
        "channel": None,
        "fully_deducted": True,
        "expected_at": found["createdAt"],
    }


def dispute(found: Fields) -> Fields:
    """A dispute, about a transaction whose metadata is an object with its own fields."""
    paid = found["transaction"]
    metadata = paid["metadata"] if isinstance(paid["metadata"], dict) else {}
    card = paid["authorization"]
    return {
        "domain": "test",
        "transaction_reference": None,
        "bin": str(card.get("bin") or ""),
        "last4": str(card.get("last4") or ""),
        "customer": person(paid["customer"]),
        "resolvedAt": None,
        "evidence": None,
        "attachments": None,
        "note": None,
        "history": [
            {"status": found["status"], "by": "simulator", "createdAt": found["createdAt"]}
        ],
        "messages": [],
        "updatedAt": found["createdAt"],
        **found,
        "transaction": listed(paid) | {"metadata": {"custom_fields": [], **metadata}},
    }


def settlement(found: Fields) -> Fields:
    """A payout; its fields are from samples, since the document names none."""
    return {
        "integration": INTEGRATION,
        "domain": "test",
        "settled_by": None,
        "total_amount": found["effective_amount"],
        "total_fees": 0,
        "deductions": None,
        "updatedAt": found["createdAt"],
    } | found
