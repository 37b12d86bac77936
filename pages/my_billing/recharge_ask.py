"""The dialog that opens a gateway's page to recharge the own wallet."""

from dataclasses import dataclass
from html import escape

import streamlit as st

from core.charging.checkout import recharge
from core.charging.offering import offered_gateways
from core.errors import BadInput, NotFound, NotNow
from core.gateways.registry import TITLES
from core.money import Money
from core.office import office
from core.settings import settings
from core.typed import typed_minor
from pages.parts import formats, viewer
from pages.parts.confirm import Step

AMOUNT, GATEWAY = "recharge-amount", "recharge-gateway"
LONGEST_AMOUNT, CODE_LENGTH = 20, 3


@dataclass(frozen=True)
class Offer:
    """The wallet's currency, and by which gateways it can be recharged."""

    currency: str
    gateways: list[str]


def _preview(currency: str) -> Offer:
    if not (len(currency) == CODE_LENGTH and currency.isascii() and currency.isupper()):
        raise NotFound("There is no such wallet")
    gateways = offered_gateways(office(), viewer.current_actor(), currency)
    if not gateways:
        raise NotNow(
            f"{settings().company_name} takes no cards in {currency} yet; add money by bank "
            "transfer instead"
        )
    return Offer(currency, gateways)


def _show(offer: Offer) -> None:
    st.text_input(
        f"Amount in {offer.currency}", key=AMOUNT, max_chars=LONGEST_AMOUNT, placeholder="500.00"
    )
    gateway = st.radio(
        "Pay by", offer.gateways, key=GATEWAY, format_func=TITLES.__getitem__, horizontal=True
    )
    st.html(
        f"<p>You go on to the page of {escape(TITLES[gateway])} and come back here. The amount "
        "is in the wallet as soon as it was paid.</p>"
    )


def _open(offer: Offer, _reason: str, key: str) -> str:
    given = str(st.session_state.get(AMOUNT) or "").strip()
    if not given:
        raise BadInput("Give the amount")
    gateway = str(st.session_state.get(GATEWAY) or offer.gateways[0])
    amount = typed_minor(given, offer.currency)
    page = recharge(office(), viewer.current_actor(), gateway, amount, offer.currency, key=key)
    told = formats.money(Money(page.amount_minor, page.currency))
    return f"The page of {TITLES[gateway]} is ready for {told}"


RECHARGE = Step(
    "recharge", "Recharge the wallet", "Go on", _preview, _show, _open, fresh=False, reason=False
)
