"""What each object of the wire is called, where it is kept, and what it says unless told else."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from core.gateways.simulator.wire import Fields

API_VERSION = "2026-10-28.endive"
ACCOUNT = "acct_simulator"
_NOBODY = {"address": None, "email": None, "name": None, "phone": None, "tax_id": None}


@dataclass(frozen=True)
class Kind:
    """A kind of object: its table, the start of its ids, and its fields' usual values."""

    name: str
    table: str
    prefix: str
    usual: Mapping[str, Any]

    def whole(self, facts: Fields) -> Fields:
        """The object with all its fields."""
        return {**self.usual, **facts}


def _nothing(*names: str) -> Fields:
    return dict.fromkeys(names)


CUSTOMER = Kind(
    "customer",
    "customers",
    "cus",
    _nothing("address", "currency", "description", "discount", "email", "name", "phone")
    | {
        "balance": 0,
        "default_source": None,
        "delinquent": False,
        "invoice_settings": {
            "custom_fields": None,
            "default_payment_method": None,
            "footer": None,
            "rendering_options": None,
        },
        "livemode": False,
        "metadata": {},
        "preferred_locales": [],
        "shipping": None,
        "tax_exempt": "none",
        "test_clock": None,
    },
)
PAYMENT_METHOD = Kind(
    "payment_method",
    "payment_methods",
    "pm",
    {
        "allow_redisplay": "unspecified",
        "billing_details": _NOBODY,
        "customer": None,
        "livemode": False,
        "metadata": {},
        "type": "card",
    },
)
SETUP_INTENT = Kind(
    "setup_intent",
    "setup_intents",
    "seti",
    _nothing("application", "cancellation_reason", "customer", "description", "last_setup_error")
    | _nothing("latest_attempt", "mandate", "next_action", "on_behalf_of", "payment_method")
    | {
        "automatic_payment_methods": None,
        "livemode": False,
        "metadata": {},
        "payment_method_options": None,
        "payment_method_types": ["card"],
        "single_use_mandate": None,
        "usage": "off_session",
    },
)
PAYMENT_INTENT = Kind(
    "payment_intent",
    "payment_intents",
    "pi",
    _nothing("application", "application_fee_amount", "automatic_payment_methods", "canceled_at")
    | _nothing("cancellation_reason", "customer", "description", "last_payment_error")
    | _nothing("latest_charge", "next_action", "on_behalf_of", "payment_method", "processing")
    | _nothing("receipt_email", "review", "setup_future_usage", "shipping", "source")
    | _nothing("statement_descriptor", "statement_descriptor_suffix", "transfer_data")
    | {
        "amount_capturable": 0,
        "amount_received": 0,
        "capture_method": "automatic_async",
        "confirmation_method": "automatic",
        "livemode": False,
        "metadata": {},
        "payment_method_options": None,
        "payment_method_types": ["card"],
        "transfer_group": None,
    },
)
CHARGE = Kind(
    "charge",
    "charges",
    "ch",
    _nothing("application", "application_fee", "application_fee_amount", "balance_transaction")
    | _nothing("calculated_statement_descriptor", "customer", "description", "failure_code")
    | _nothing("failure_balance_transaction", "failure_message", "on_behalf_of", "outcome")
    | _nothing("payment_intent", "payment_method", "payment_method_details", "receipt_email")
    | _nothing("receipt_number", "receipt_url", "review", "shipping", "source_transfer")
    | _nothing("statement_descriptor", "statement_descriptor_suffix", "transfer_data")
    | {
        "amount_refunded": 0,
        "billing_details": _NOBODY,
        "captured": True,
        "disputed": False,
        "fraud_details": {},
        "livemode": False,
        "metadata": {},
        "paid": True,
        "refunded": False,
        "status": "succeeded",
        "transfer_group": None,
    },
)
REFUND = Kind(
    "refund",
    "refunds",
    "re",
    _nothing("balance_transaction", "charge", "payment_intent", "reason", "receipt_number")
    | _nothing("source_transfer_reversal", "transfer_reversal")
    | {"destination_details": {"type": "card", "card": {"type": "refund"}}, "metadata": {}},
)
BALANCE_TRANSACTION = Kind(
    "balance_transaction",
    "balance_transactions",
    "txn",
    {
        "balance_type": "payments",
        "description": None,
        "exchange_rate": None,
        "fee_details": [],
        "source": None,
    },
)
EVENT = Kind(
    "event", "events", "evt", {"api_version": API_VERSION, "livemode": False, "pending_webhooks": 0}
)
KINDS = {
    kind.name: kind
    for kind in (
        CUSTOMER,
        PAYMENT_METHOD,
        SETUP_INTENT,
        PAYMENT_INTENT,
        CHARGE,
        REFUND,
        BALANCE_TRANSACTION,
        EVENT,
    )
}
BY_PREFIX = {kind.prefix: kind for kind in KINDS.values()} | {"py": CHARGE, "pyr": REFUND}
"""Kinds by the start of an id."""
EXPANDABLE = frozenset(
    (
        "balance_transaction",
        "charge",
        "customer",
        "failure_balance_transaction",
        "latest_charge",
        "payment_intent",
        "payment_method",
        "source",
    )
)
"""Fields that hold an id and may be asked for as the whole object."""


def account() -> Fields:
    """The account behind the key."""
    return {
        "id": ACCOUNT,
        "object": "account",
        "business_type": "company",
        "charges_enabled": True,
        "country": "SE",
        "default_currency": "eur",
        "details_submitted": True,
        "email": None,
        "metadata": {},
        "payouts_enabled": True,
        "type": "standard",
    }
