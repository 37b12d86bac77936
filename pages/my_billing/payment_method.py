"""The own organisation's cards: which is charged, another one left, one removed (PAY.3)."""

from html import escape

import streamlit as st

from core.charging.cards import cards_of
from core.charging.checkout import card_portal
from core.charging.models import PaymentMethod
from core.errors import SaldoError
from core.gateways.registry import TITLES
from core.office import office
from pages.my_billing import card_asks, hosted, standing
from pages.my_billing.standing import Standing
from pages.parts import confirm, formats, head, states, tables
from pages.parts.tables import Cell, Column

COLUMNS = (
    Column("Card", words=True),
    Column("Expires", words=True),
    Column("Kept by", words=True),
    Column("Since", words=True),
    Column("Used", words=True),
)


def main() -> None:
    """What came of a card page, the cards, and what may be done with them."""
    who = standing.own("cards")
    head.page("Payment method", "the card that is charged for what is due")
    hosted.take_over(who, "card")
    with office().work(who.actor) as work:
        cards = cards_of(work, who.tenant_id)
    with st.container(border=True, key="panel-cards"):
        head.section("Cards", "kept by the gateway; we know their last digits alone")
        if cards:
            tables.html(COLUMNS, [_row(card) for card in cards], label="Cards", folds=True)
        else:
            st.html(
                '<p class="muted">No card is kept. Invoices are paid by bank transfer or from '
                "the wallet until you leave one.</p>"
            )
        if who.manages:
            _doors(cards)
            hosted.waiting(hosted.pages(who), "card")
    if who.manages and cards:
        _portal(who)
    confirm.draw(*(card_asks.STEPS if who.manages else ()))


def _row(card: PaymentMethod) -> list[Cell]:
    return [
        Cell(card_asks.named(card)),
        Cell(card_asks.expires(card)),
        Cell(TITLES[card.provider]),
        Cell(formats.day(card.created_at.date())),
        Cell("Is charged", tone="good") if card.is_default else Cell(""),
    ]


def _doors(cards: list[PaymentMethod]) -> None:
    with st.container(horizontal=True):
        confirm.door(card_asks.LEAVE, "card", "Leave another card…" if cards else "Leave a card…")
        for card in cards:
            ending = card.last4 or str(card.id)
            if not card.is_default:
                confirm.door(card_asks.CHOOSE, str(card.id), f"Charge {ending}…")
            confirm.door(card_asks.REMOVE, str(card.id), f"Remove {ending}…")


def _portal(who: Standing) -> None:
    """The way to the gateway's own page of cards, asked for at the click as it is short-lived."""
    gateway = TITLES[card_asks.GATEWAY]
    with st.container(border=True, key="panel-portal"):
        head.section(f"At {gateway}", "its own page of your cards and receipts")
        if not st.button(f"Open the page of {gateway}", key="open-portal"):
            return
        try:
            address = card_portal(office(), who.actor, card_asks.GATEWAY)
        except SaldoError as problem:
            states.notice("bad", str(problem))
            return
        st.html(
            f'<a class="action" href="{escape(address)}" target="_self">Go to {gateway}</a>'
            '<p class="muted">The link holds for a few minutes.</p>'
        )


main()
