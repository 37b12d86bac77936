"""Stripe through its own library; the key of each order makes a repetition harmless (PAY.3)."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Literal

import stripe

from core.gateways.port import (
    ChargeAnswer,
    ChargeOrder,
    CredentialsMissing,
    GatewayRefused,
    GatewayUnsure,
    RefundAnswer,
    RefundOrder,
    Status,
)
from core.gateways.unable import Unable
from core.money import exponent, round_half_up

if TYPE_CHECKING:
    from stripe.params import RefundCreateParams, RefundListParams

ANSWERS_WITHIN_SECONDS = 30
RETRIES = 2
OUR_KEY = "saldo_key"
"""The name under which an order's key stands in the metadata of what it made."""
MOST_REFUNDS = 1_000
"""Refunds of one payment that are looked through for ours."""
HUNDREDFOLD = ("ISK", "UGX")
"""Without decimals in ISO 4217, but Stripe counts them in hundredths."""
WHOLE_UNITS = ("MGA",)
"""With two decimals in ISO 4217, but Stripe counts them in whole units."""
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
_REFUND_STATUS: dict[str | None, Status] = {
    "succeeded": "succeeded",
    "failed": "failed",
    "canceled": "failed",
}
_CHARGE_STATUS: dict[str, Status] = {"succeeded": "succeeded", "processing": "pending"}


class StripeGateway(Unable):
    """The account behind a secret key; `address` is another server than Stripe's own."""

    title = "Stripe"

    def __init__(
        self, key: str, *, address: str | None = None, http_client: stripe.HTTPClient | None = None
    ) -> None:
        self._test_mode = "_test_" in key
        self._client = stripe.StripeClient(
            key,
            base_addresses={"api": address.rstrip("/")} if address else None,
            http_client=http_client or stripe.RequestsClient(timeout=ANSWERS_WITHIN_SECONDS),
            max_network_retries=RETRIES,
        )

    def refund(self, order: RefundOrder) -> RefundAnswer:
        """Pay back on a charge or a payment intent; Stripe knows the order by its key."""
        params: RefundCreateParams = {
            "amount": to_stripe(order.amount_minor, order.currency),
            "metadata": {OUR_KEY: order.key},
        }
        params[_paid_by(order)] = order.provider_payment_id
        with _translated():
            made = self._client.v1.refunds.create(params, {"idempotency_key": order.key})
            return _refund_answer(made)

    def find_refund(self, order: RefundOrder) -> RefundAnswer | None:
        """The refund whose metadata carries the order's key, however long ago it was made.

        Raises GatewayUnsure when the payment has more refunds than are looked through.
        """
        params: RefundListParams = {"limit": 100}
        params[_paid_by(order)] = order.provider_payment_id
        with _translated():
            listed = self._client.v1.refunds.list(params)
            for place, found in enumerate(listed.auto_paging_iter()):
                if place == MOST_REFUNDS:
                    raise GatewayUnsure(f"The payment has more than {MOST_REFUNDS} refunds")
                if found.metadata and found.metadata.to_dict().get(OUR_KEY) == order.key:
                    return _refund_answer(found)
        return None

    def charge(self, order: ChargeOrder) -> ChargeAnswer:
        """Charge a stored card off session, captured at once so that the fee is known."""
        try:
            with _translated():
                return _charge_answer(self._pay(order), order.currency)
        except _CardDeclined as declined:
            return declined.answer

    def probe(self) -> str:
        """Ask for the account behind the key."""
        with _translated():
            account = self._client.v1.accounts.retrieve_current()
        mode = "test" if self._test_mode else "live"
        return f"Stripe answers for the account {account.id} in {mode} mode"

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
                    "expand": ["latest_charge.balance_transaction"],
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


def to_stripe(amount_minor: int, currency: str) -> int:
    """Stripe's unit for our minor units. Raises GatewayRefused for what Stripe cannot express."""
    if currency in HUNDREDFOLD:
        return amount_minor * 100
    step = 100 if currency in WHOLE_UNITS else 10 if exponent(currency) == 3 else 1
    if amount_minor % step:
        raise GatewayRefused(f"Stripe takes no amount as fine as {amount_minor} in {currency}")
    return amount_minor // 100 if currency in WHOLE_UNITS else amount_minor


def from_stripe(amount: int, currency: str) -> int:
    """Our minor units for Stripe's unit."""
    if currency in HUNDREDFOLD:
        return round_half_up(amount, 100)
    return amount * 100 if currency in WHOLE_UNITS else amount


@contextmanager
def _translated() -> Iterator[None]:
    """Say in our own words whether an error means no, not known, or no credentials."""
    try:
        yield
    except (stripe.AuthenticationError, stripe.PermissionError) as problem:
        raise CredentialsMissing(f"Stripe does not accept the key: {_words(problem)}") from problem
    except stripe.InvalidRequestError as problem:
        if problem.code == "lock_timeout":
            raise GatewayUnsure(
                f"Stripe was busy with this payment: {_words(problem)}"
            ) from problem
        raise GatewayRefused(f"Stripe refused: {_words(problem)}") from problem
    except (stripe.CardError, stripe.IdempotencyError) as problem:
        raise GatewayRefused(f"Stripe refused: {_words(problem)}") from problem
    except stripe.StripeError as problem:
        raise GatewayUnsure(f"Stripe did not answer clearly: {_words(problem)}") from problem


def _words(problem: stripe.StripeError) -> str:
    return str(problem.user_message or type(problem).__name__)


def _paid_by(order: RefundOrder) -> Literal["charge", "payment_intent"]:
    return "payment_intent" if order.provider_payment_id.startswith("pi_") else "charge"


def _refund_answer(refund: stripe.Refund) -> RefundAnswer:
    status = _REFUND_STATUS.get(refund.status, "pending")
    failure = (_given(refund, "failure_reason") or refund.status) if status == "failed" else None
    return RefundAnswer(status, refund.id, failure)


def _charge_answer(intent: stripe.PaymentIntent, currency: str) -> ChargeAnswer:
    status = _CHARGE_STATUS.get(intent.status, "failed")
    charge = intent.latest_charge
    if not isinstance(charge, stripe.Charge):
        wanted = intent.status if status == "failed" else None
        return ChargeAnswer(status, intent.id, 0, wanted, hard=wanted == "requires_action")
    return ChargeAnswer(status, charge.id, _fee(charge, currency))


def _fee(charge: stripe.Charge, currency: str) -> int:
    """The fee in the charge's currency; another settlement currency is reckoned back."""
    line = charge.balance_transaction
    if not isinstance(line, stripe.BalanceTransaction):
        return 0
    if line.currency.upper() == currency:
        return from_stripe(line.fee, currency)
    return from_stripe(round_half_up(line.fee * charge.amount, line.amount), currency)


def _decline(problem: stripe.CardError, order: ChargeOrder) -> ChargeAnswer:
    error = problem.error
    intent = _given(error, "payment_intent")
    number = _given(error, "charge") or (intent and intent.id) or order.key
    code = _given(error, "decline_code") or problem.code or "card_declined"
    advice = _given(error, "advice_code")
    hard = advice != "try_again_later" if advice else code in HARD
    return ChargeAnswer("failed", str(number), 0, code, hard)


def _given(of: object, name: str) -> Any:
    """A field that may be left out of an answer."""
    return getattr(of, name, None)
