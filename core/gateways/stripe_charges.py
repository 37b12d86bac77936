"""Charges of stored cards through Stripe: paid, declined, or found again (PAY.3, PAY.6)."""

from typing import Any

import stripe

from core.gateways.port import ChargeAnswer, ChargeOrder, GatewayUnsure, Status
from core.gateways.stripe_wire import (
    OUR_KEY,
    StripeAccount,
    every,
    field,
    from_stripe,
    our_key,
    to_stripe,
    translated,
)
from core.money import round_half_up

MOST_INTENTS = 10_000
"""Payments of one customer that are looked through for ours."""
HARD = frozenset(
    (
        "authentication_required",
        "card_not_supported",
        "expired_card",
        "fraudulent",
        "incorrect_number",
        "invalid_account",
        "lost_card",
        "new_account_information_available",
        "pickup_card",
        "restricted_card",
        "revocation_of_all_authorizations",
        "revocation_of_authorization",
        "stolen_card",
        "stop_payment_order",
        "transaction_not_allowed",
    )
)
"""Declines that no repetition will change; they count where Stripe gives no advice."""
_STATUS: dict[str, Status] = {"succeeded": "succeeded", "processing": "pending"}
_WITH_FEE = "latest_charge.balance_transaction"


class StripeCharges(StripeAccount):
    """Charges without the card's holder."""

    def charge(self, order: ChargeOrder) -> ChargeAnswer:
        """Charge a stored card off session, captured at once so that the fee is known."""
        try:
            with translated():
                return _answer(self._pay(order), order.currency)
        except _CardDeclined as declined:
            return declined.answer

    def find_charge(self, order: ChargeOrder) -> ChargeAnswer | None:
        """The payment whose metadata carries the order's key, among those of its customer.

        Listed and not searched for: Stripe's search learns of a payment a while later. Raises
        GatewayUnsure when the customer has more payments than are looked through.
        """
        with translated():
            listed = every(
                self._client.v1.payment_intents.list,
                {"customer": order.customer, "expand": [f"data.{_WITH_FEE}"]},
            )
            for place, intent in enumerate(listed):
                if place == MOST_INTENTS:
                    raise GatewayUnsure(f"The customer has more than {MOST_INTENTS} payments")
                if our_key(intent) == order.key:
                    return _found(intent, order)
        return None

    def _pay(self, order: ChargeOrder) -> stripe.PaymentIntent:
        try:
            return self._client.v1.payment_intents.create(
                {
                    "amount": to_stripe(order.amount_minor, order.currency),
                    "automatic_payment_methods": {"enabled": True, "allow_redirects": "never"},
                    "capture_method": "automatic",
                    "confirm": True,
                    "currency": order.currency.lower(),
                    "customer": order.customer,
                    "description": order.description,
                    "expand": [_WITH_FEE],
                    "metadata": {**order.metadata, OUR_KEY: order.key},
                    "off_session": True,
                    "payment_method": order.method_token,
                },
                {"idempotency_key": order.key},
            )
        except stripe.CardError as problem:
            raise _CardDeclined(_decline(problem, order)) from problem


class _CardDeclined(Exception):
    def __init__(self, answer: ChargeAnswer) -> None:
        super().__init__(answer.failure_code)
        self.answer = answer


def fee_of(charge: stripe.Charge, currency: str) -> int:
    """The fee in the charge's currency; another settlement currency is reckoned back."""
    line = charge.balance_transaction
    if not isinstance(line, stripe.BalanceTransaction):
        return 0
    if line.currency.upper() == currency:
        return from_stripe(line.fee, currency)
    return from_stripe(round_half_up(line.fee * charge.amount, line.amount), currency)


def _answer(intent: stripe.PaymentIntent, currency: str) -> ChargeAnswer:
    status = _STATUS.get(intent.status, "failed")
    charge = intent.latest_charge
    if not isinstance(charge, stripe.Charge):
        wanted = intent.status if status == "failed" else None
        return ChargeAnswer(status, intent.id, 0, wanted, hard=wanted == "requires_action")
    return ChargeAnswer(status, charge.id, fee_of(charge, currency))


def _found(intent: stripe.PaymentIntent, order: ChargeOrder) -> ChargeAnswer:
    problem = field(intent, "last_payment_error")
    if intent.status == "requires_payment_method" and problem:
        return _declined(problem, str(field(problem, "charge") or intent.id))
    return _answer(intent, order.currency)


def _decline(problem: stripe.CardError, order: ChargeOrder) -> ChargeAnswer:
    intent = field(problem.error, "payment_intent")
    number = field(problem.error, "charge") or (intent and intent.id) or order.key
    return _declined(problem.error, str(number), problem.code)


def _declined(error: Any, number: str, code: str | None = None) -> ChargeAnswer:
    reason = field(error, "decline_code") or code or field(error, "code") or "card_declined"
    advice = field(error, "advice_code")
    hard = advice != "try_again_later" if advice else reason in HARD
    return ChargeAnswer("failed", number, 0, reason, hard)
