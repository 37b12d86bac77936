"""The dialog in which an organisation pays an invoice of its own by the card that is kept."""

from dataclasses import dataclass
from html import escape

import streamlit as st

from core.charging.cards import cards_of
from core.charging.models import PaymentMethod
from core.charging.run import charge_now
from core.errors import NotNow
from core.invoices.detail import InvoiceDetail, invoice_detail
from core.office import office
from pages.my_billing import card_asks, standing
from pages.parts import viewer
from pages.parts.confirm import Step
from pages.receivables import words

DECLINES = {
    "generic_decline": "the bank gives no reason",
    "card_declined": "the bank gives no reason",
    "insufficient_funds": "there is not enough money on it",
    "expired_card": "it has expired",
    "authentication_required": "the bank wants its holder to confirm; leave the card once more",
    "processing_error": "the bank could not be reached",
}


@dataclass(frozen=True)
class Due:
    """What is owed, and the card that pays it."""

    found: InvoiceDetail
    card: PaymentMethod


def declined(code: str | None) -> str:
    """Why a card was declined; a code without words of its own as it came."""
    return DECLINES.get(code or "") or words.plain(code or "").lower()


def _preview(number: str) -> Due:
    who = standing.own("invoices")
    with office().work(who.actor) as work:
        found, cards = invoice_detail(work, number), cards_of(work, who.tenant_id)
    card = next((each for each in cards if each.is_default), None)
    if card is None:
        raise NotNow("No card is kept; leave one under “Payment method” first")
    if not found.row.due_minor:
        raise NotNow("Nothing is owed on this invoice")
    return Due(found, card)


def _show(due: Due) -> None:
    row = due.found.row
    amount = escape(words.money(row.due_minor, row.currency))
    st.html(
        f"<p><b>{amount}</b> of {escape(row.number or '')} is charged to "
        f"<b>{escape(card_asks.named(due.card))}</b> at once.</p>"
    )


def _pay(due: Due, _reason: str, key: str) -> str:
    row = due.found.row
    done = charge_now(office(), viewer.current_actor(), row.id, own=True, key=key)
    amount = words.money(done.amount_minor, done.currency)
    if done.status == "failed":
        raise NotNow(f"The card was declined: {declined(done.failure_code)}")
    if done.status == "cancelled":
        raise NotNow("Nothing was charged; look at the invoice again")
    if done.status == "pending":
        return f"The gateway has not answered yet; {row.number} says what became of it"
    return f"{amount} was charged; {row.number} is paid"


PAY = Step("pay", "Pay by card", "Pay now", _preview, _show, _pay, fresh=False, reason=False)
