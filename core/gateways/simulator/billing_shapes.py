"""What the gateway's billing keeps: products, prices, subscriptions, invoices, their payments."""

from core.gateways.simulator.shapes import Kind
from core.gateways.simulator.wire import Fields


def _nothing(*names: str) -> Fields:
    return dict.fromkeys(names)


PRODUCT = Kind(
    "product",
    "products",
    "prod",
    _nothing("default_price", "description", "package_dimensions", "shippable", "tax_code")
    | _nothing("statement_descriptor", "unit_label", "url")
    | {
        "active": True,
        "images": [],
        "livemode": False,
        "marketing_features": [],
        "metadata": {},
        "type": "service",
    },
)
PRICE = Kind(
    "price",
    "prices",
    "price",
    _nothing("custom_unit_amount", "lookup_key", "nickname", "tiers_mode", "transform_quantity")
    | {
        "active": True,
        "billing_scheme": "per_unit",
        "livemode": False,
        "metadata": {},
        "tax_behavior": "exclusive",
        "type": "recurring",
    },
)
SUBSCRIPTION = Kind(
    "subscription",
    "subscriptions",
    "sub",
    _nothing("application", "application_fee_percent", "billing_cycle_anchor_config")
    | _nothing("billing_thresholds", "cancel_at", "canceled_at", "days_until_due")
    | _nothing("default_payment_method", "default_source", "description", "ended_at")
    | _nothing("latest_invoice", "next_pending_invoice_item_invoice", "on_behalf_of")
    | _nothing("pause_collection", "payment_settings", "pending_invoice_item_interval")
    | _nothing("pending_setup_intent", "pending_update", "schedule", "test_clock")
    | _nothing("transfer_data", "trial_end", "trial_settings", "trial_start")
    | {
        "automatic_tax": {"disabled_reason": None, "enabled": False, "liability": None},
        "billing_mode": {"flexible": None, "type": "classic", "updated_at": None},
        "billing_schedules": [],
        "cancel_at_period_end": False,
        "cancellation_details": {"comment": None, "feedback": None, "reason": None},
        "collection_method": "charge_automatically",
        "default_tax_rates": [],
        "discounts": [],
        "invoice_settings": {"account_tax_ids": None, "issuer": {"type": "self"}},
        "livemode": False,
        "metadata": {},
        "status": "active",
    },
)
INVOICE = Kind(
    "invoice",
    "invoices",
    "in",
    _nothing("account_tax_ids", "application", "automatically_finalizes_at", "custom_fields")
    | _nothing("customer_address", "customer_email", "customer_name", "customer_phone")
    | _nothing("customer_shipping", "default_payment_method", "default_source", "description")
    | _nothing("due_date", "effective_at", "ending_balance", "footer", "from_invoice")
    | _nothing("hosted_invoice_url", "invoice_pdf", "last_finalization_error")
    | _nothing("latest_revision", "next_payment_attempt", "number", "on_behalf_of", "parent")
    | _nothing("receipt_number", "rendering", "shipping_cost", "shipping_details")
    | _nothing("statement_descriptor", "test_clock", "threshold_reason")
    | {
        "account_country": "SE",
        "account_name": None,
        "amount_overpaid": 0,
        "amount_shipping": 0,
        "attempt_count": 1,
        "attempted": True,
        "auto_advance": False,
        "automatic_tax": {
            "disabled_reason": None,
            "enabled": False,
            "liability": None,
            "provider": None,
            "status": None,
        },
        "billing_reason": "subscription_cycle",
        "collection_method": "charge_automatically",
        "confirmation_secret": None,
        "customer_tax_exempt": "none",
        "customer_tax_ids": [],
        "default_tax_rates": [],
        "discounts": [],
        "issuer": {"type": "self"},
        "livemode": False,
        "metadata": {},
        "payment_settings": {
            "default_mandate": None,
            "payment_method_options": None,
            "payment_method_types": None,
        },
        "post_payment_credit_notes_amount": 0,
        "pre_payment_credit_notes_amount": 0,
        "starting_balance": 0,
        "total_discount_amounts": [],
        "total_pretax_credit_amounts": [],
        "total_taxes": [],
        "webhooks_delivered_at": None,
    },
)
INVOICE_PAYMENT = Kind(
    "invoice_payment",
    "invoice_payments",
    "inpay",
    {"is_default": True, "livemode": False, "status": "paid"},
)
BILLING = (PRODUCT, PRICE, SUBSCRIPTION, INVOICE, INVOICE_PAYMENT)
