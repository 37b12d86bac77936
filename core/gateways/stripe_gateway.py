"""Stripe through its own library; the key of each order makes a repetition harmless (PAY.3)."""

from typing import TYPE_CHECKING, Literal

import stripe

from core.gateways.port import GatewayUnsure, RefundAnswer, RefundOrder, Status
from core.gateways.stripe_charges import StripeCharges
from core.gateways.stripe_events import StripeEvents
from core.gateways.stripe_ledger import StripeLedger
from core.gateways.stripe_pages import StripePages
from core.gateways.stripe_wire import OUR_KEY, every, field, our_key, to_stripe, translated

if TYPE_CHECKING:
    from stripe.params import RefundCreateParams

MOST_REFUNDS = 1_000
"""Refunds of one payment that are looked through for ours."""
_STATUS: dict[str | None, Status] = {
    "succeeded": "succeeded",
    "failed": "failed",
    "canceled": "failed",
}


class StripeGateway(StripeCharges, StripePages, StripeLedger, StripeEvents):
    """The whole port to the gateways, answered by a Stripe account."""

    def refund(self, order: RefundOrder) -> RefundAnswer:
        """Pay back on a charge or a payment intent; Stripe knows the order by its key."""
        params: RefundCreateParams = {
            "amount": to_stripe(order.amount_minor, order.currency),
            "metadata": {OUR_KEY: order.key},
        }
        params[_paid_by(order)] = order.provider_payment_id
        with translated():
            made = self._client.v1.refunds.create(params, {"idempotency_key": order.key})
            return _answer(made)

    def find_refund(self, order: RefundOrder) -> RefundAnswer | None:
        """The refund whose metadata carries the order's key, however long ago it was made.

        Raises GatewayUnsure when the payment has more refunds than are looked through.
        """
        paid_by: dict[str, str] = {_paid_by(order): order.provider_payment_id}
        with translated():
            for place, found in enumerate(every(self._client.v1.refunds.list, paid_by)):
                if place == MOST_REFUNDS:
                    raise GatewayUnsure(f"The payment has more than {MOST_REFUNDS} refunds")
                if our_key(found) == order.key:
                    return _answer(found)
        return None

    def probe(self) -> str:
        """Ask for the account behind the key."""
        with translated():
            account = self._client.v1.accounts.retrieve_current().id
        mode = "test" if self._test_mode else "live"
        return f"Stripe answers for the account {account} in {mode} mode"


def _paid_by(order: RefundOrder) -> Literal["charge", "payment_intent"]:
    return "payment_intent" if order.provider_payment_id.startswith("pi_") else "charge"


def _answer(refund: stripe.Refund) -> RefundAnswer:
    status = _STATUS.get(refund.status, "pending")
    failure = (field(refund, "failure_reason") or refund.status) if status == "failed" else None
    return RefundAnswer(status, refund.id, failure)
