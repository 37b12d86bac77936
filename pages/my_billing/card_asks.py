"""The dialogs on the own cards: leave one at the gateway, choose one, remove one."""

from html import escape

import streamlit as st

from core.charging.cards import cards_of, choose_card, remove_card
from core.charging.checkout import leave_card
from core.charging.models import PaymentMethod
from core.errors import NotFound
from core.gateways.registry import TITLES
from core.office import office
from pages.my_billing import standing
from pages.parts import viewer
from pages.parts.confirm import Step

GATEWAY = "stripe"
"""Where cards are left; the others keep what was paid with, and ask for it themselves."""


def named(card: PaymentMethod) -> str:
    """A card as people know it: ``Visa ending in 4242``."""
    brand = card.brand.replace("_", " ").capitalize() or "A card"
    return f"{brand} ending in {card.last4}" if card.last4 else brand


def expires(card: PaymentMethod) -> str:
    """The last month in which it works."""
    if card.expires_month is None or card.expires_year is None:
        return "–"
    return f"{card.expires_month:02d}/{card.expires_year}"


def _card(number: str) -> PaymentMethod:
    who = standing.own("cards")
    with office().work(who.actor) as work:
        found = cards_of(work, who.tenant_id)
    card = next((each for each in found if str(each.id) == number), None)
    if card is None:
        raise NotFound(f"There is no card {number}")
    return card


def _show_leave(_subject: str) -> None:
    st.html(
        f"<p>You go on to the page of {TITLES[GATEWAY]}, give the card there and come back here. "
        "Its number never reaches us. From then on it is charged for what is due.</p>"
    )


def _leave(_subject: str, _reason: str, key: str) -> str:
    leave_card(office(), viewer.current_actor(), GATEWAY, key=key)
    return f"The page of {TITLES[GATEWAY]} is ready"


def _show_choice(card: PaymentMethod) -> None:
    st.html(f"<p><b>{escape(named(card))}</b> is charged from now on, and no other card.</p>")


def _choose(card: PaymentMethod, _reason: str, key: str) -> str:
    with office().work(viewer.current_actor()) as work:
        choose_card(work, card.id, key=key)
    return f"{named(card)} is charged from now on"


def _show_removal(card: PaymentMethod) -> None:
    after = (
        "The newest other card is charged instead; without one invoices have to be paid in "
        "another way."
        if card.is_default
        else "It was not charged."
    )
    st.html(f"<p><b>{escape(named(card))}</b> is charged no more. {after}</p>")


def _remove(card: PaymentMethod, _reason: str, key: str) -> str:
    with office().work(viewer.current_actor()) as work:
        remove_card(work, card.id, key=key)
    return f"{named(card)} is removed"


LEAVE = Step(
    "leave-card", "Leave a card", "Go on", str, _show_leave, _leave, fresh=False, reason=False
)
CHOOSE = Step(
    "choose-card", "Charge this card", "Charge this one", _card, _show_choice, _choose,
    fresh=False, reason=False,
)  # fmt: skip
REMOVE = Step(
    "remove-card", "Remove a card", "Remove it", _card, _show_removal, _remove,
    fresh=False, reason=False,
)  # fmt: skip
STEPS = (LEAVE, CHOOSE, REMOVE)
