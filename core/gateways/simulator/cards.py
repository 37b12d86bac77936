"""Test cards by their public token: who they are, and what happens when they are used."""

from dataclasses import dataclass
from typing import Literal

from core.gateways.simulator.wire import Fields

EXPIRES = (12, 2034)


@dataclass(frozen=True)
class Decline:
    """A refusal by the card's issuer, in the wire's words."""

    code: str
    message: str
    decline_code: str | None = None
    advice_code: str | None = None


_SPENT = Decline(
    "card_declined", "Your card has insufficient funds.", "insufficient_funds", "try_again_later"
)
_PLAIN = Decline("card_declined", "Your card was declined.", "generic_decline", "try_again_later")
_LOST = Decline("card_declined", "Your card was declined.", "lost_card", "do_not_try_again")
_STOLEN = Decline("card_declined", "Your card was declined.", "stolen_card", "do_not_try_again")
_EXPIRED = Decline("expired_card", "Your card has expired.", advice_code="confirm_card_data")
_PROCESSING = Decline(
    "processing_error",
    "An error occurred while processing your card. Try again in a little bit.",
    advice_code="try_again_later",
)
_AUTHENTICATE = Decline(
    "authentication_required",
    "Your card was declined. This transaction requires authentication.",
    "authentication_required",
)
NOT_AUTHENTICATED = Decline(
    "payment_intent_authentication_failure",
    "We are unable to authenticate your payment method.",
)
"""The card's holder did not confirm the payment to the bank."""


@dataclass(frozen=True)
class Card:
    """A card; `declines_stored` when it cannot even be attached to a customer."""

    last4: str
    brand: str = "visa"
    decline: Decline | None = None
    declines_stored: bool = False
    refund: Literal["at_once", "later", "comes_back"] = "at_once"
    disputed: bool = False

    def wire(self) -> Fields:
        """The card as a payment method shows it."""
        month, year = EXPIRES
        return {
            "brand": self.brand,
            "checks": {
                "address_line1_check": None,
                "address_postal_code_check": None,
                "cvc_check": "pass",
            },
            "country": "US",
            "display_brand": self.brand,
            "exp_month": month,
            "exp_year": year,
            "fingerprint": f"sim{self.last4}",
            "funding": "credit",
            "generated_from": None,
            "last4": self.last4,
            "networks": {"available": [self.brand], "preferred": None},
            "three_d_secure_usage": {"supported": True},
            "wallet": None,
        }


def _refused(last4: str, decline: Decline) -> Card:
    return Card(last4, decline=decline, declines_stored=True)


CARDS = {
    "pm_card_visa": Card("4242"),
    "pm_card_mastercard": Card("4444", "mastercard"),
    "pm_card_chargeDeclined": _refused("0002", _PLAIN),
    "pm_card_chargeDeclinedInsufficientFunds": _refused("9995", _SPENT),
    "pm_card_chargeDeclinedLostCard": _refused("9987", _LOST),
    "pm_card_chargeDeclinedStolenCard": _refused("9979", _STOLEN),
    "pm_card_chargeDeclinedExpiredCard": _refused("0069", _EXPIRED),
    "pm_card_chargeDeclinedProcessingError": _refused("0119", _PROCESSING),
    "pm_card_chargeCustomerFail": Card("0341", decline=_PLAIN),
    "pm_card_authenticationRequired": Card("3184", decline=_AUTHENTICATE),
    "pm_card_pendingRefund": Card("7726", refund="later"),
    "pm_card_createDispute": Card("0259", disputed=True),
    "pm_card_refundFail": Card("5126", refund="comes_back"),
}
"""Stripe's public test tokens that are known here."""
_LONG = "pm_card_visa_charge"


def card_of(token: str) -> Card | None:
    """The card of a token; `pm_card_visa_chargeDeclined…` is another name of one without `visa`."""
    return CARDS.get(token.replace(_LONG, "pm_card_charge"))


def card_ending(last4: str | None) -> Card | None:
    """The card of these last digits."""
    return next((card for card in CARDS.values() if card.last4 == last4), None)
