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
    columns: frozenset[str] = frozenset()
    """What a list may be narrowed by although no field of the object says it."""

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
    frozenset(("payout",)),
)
CHECKOUT_SESSION = Kind(
    "checkout.session",
    "checkout_sessions",
    "cs_test",
    _nothing("adaptive_pricing", "after_expiration", "allow_promotion_codes", "amount_subtotal")
    | _nothing("amount_total", "billing_address_collection", "branding_settings", "cancel_url")
    | _nothing("client_reference_id", "client_secret", "collected_information", "consent")
    | _nothing("consent_collection", "currency", "currency_conversion", "customer")
    | _nothing("customer_creation", "customer_details", "customer_email", "invoice")
    | _nothing("invoice_creation", "locale", "origin_context", "payment_intent", "payment_link")
    | _nothing("payment_method_configuration_details", "payment_method_options", "permissions")
    | _nothing("recovered_from", "setup_intent", "shipping_address_collection", "shipping_cost")
    | _nothing("submit_type", "subscription", "success_url", "total_details", "url")
    | _nothing("saved_payment_method_options", "wallet_options")
    | {
        "automatic_tax": {"enabled": False, "liability": None, "provider": None, "status": None},
        "custom_fields": [],
        "custom_text": _nothing(
            "after_submit", "shipping_address", "submit", "terms_of_service_acceptance"
        ),
        "discounts": [],
        "livemode": False,
        "metadata": {},
        "payment_method_collection": "always",
        "payment_method_types": ["card"],
        "payment_status": "unpaid",
        "phone_number_collection": {"enabled": False},
        "shipping_options": [],
        "status": "open",
        "ui_mode": "hosted_page",
    },
)
PORTAL_SESSION = Kind(
    "billing_portal.session",
    "portal_sessions",
    "bps",
    _nothing("after_expiration", "customer_account", "flow", "locale", "on_behalf_of")
    | {"configuration": "bpc_simulator", "livemode": False, "return_url": None},
)
EVIDENCE = (
    *("access_activity_log", "billing_address", "cancellation_policy_disclosure"),
    *("cancellation_rebuttal", "customer_email_address", "customer_name", "customer_purchase_ip"),
    *("duplicate_charge_explanation", "duplicate_charge_id", "product_description"),
    *("refund_policy_disclosure", "refund_refusal_explanation", "service_date"),
    *("shipping_address", "shipping_carrier", "shipping_date", "shipping_tracking_number"),
    "uncategorized_text",
)
"""What can be said against a dispute in words."""
DISPUTE = Kind(
    "dispute",
    "disputes",
    "dp",
    {
        "balance_transactions": [],
        "enhanced_eligibility_types": [],
        "evidence": _nothing(*EVIDENCE) | {"enhanced_evidence": {}},
        "is_charge_refundable": False,
        "livemode": False,
        "metadata": {},
        "network_reason_code": None,
        "payment_intent": None,
        "status": "needs_response",
    },
)
PAYOUT = Kind(
    "payout",
    "payouts",
    "po",
    _nothing("application_fee", "application_fee_amount", "balance_transaction", "description")
    | _nothing("failure_balance_transaction", "failure_code", "failure_message")
    | _nothing("original_payout", "payout_method", "reversed_by", "statement_descriptor")
    | {
        "destination": "ba_simulator",
        "livemode": False,
        "metadata": {},
        "method": "standard",
        "source_type": "card",
        "status": "pending",
        "trace_id": {"status": "unsupported", "value": None},
        "type": "bank_account",
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
        CHECKOUT_SESSION,
        PORTAL_SESSION,
        DISPUTE,
        PAYOUT,
    )
}
BY_PREFIX = {kind.prefix: kind for kind in KINDS.values()} | {"py": CHARGE, "pyr": REFUND}
"""Kinds by the start of an id."""
EXPANDABLE = frozenset(
    (
        "balance_transaction",
        "charge",
        "coupon",
        "customer",
        "discounts",
        "failure_balance_transaction",
        "latest_charge",
        "payment_intent",
        "payment_method",
        "setup_intent",
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
