"""The chosen transfer of the inbox: what it says, its suggestions, the buttons that decide."""

from collections.abc import Callable
from html import escape

import streamlit as st

from core.inbox.listing import UnmatchedRow, Went
from core.inbox.suggesting import Proposal
from core.settings import settings
from pages.parts import confirm, formats, states, tables
from pages.receivables import unmatched_asks, unmatched_sides, words
from pages.receivables import unmatched_desk as desk
from pages.receivables import unmatched_queue as queue

OTHERS_REASONS = 2
"""Reasons shown of the suggestions that are not chosen."""


def draw(row: UnmatchedRow, moved: Callable[[], None]) -> None:
    """The transfer with everything that can be done to it."""
    _head(row)
    with st.container():
        desk.refusal(row.id)
    if row.status == "open":
        _open(row, moved)
    else:
        _decided(row, moved)


def _head(row: UnmatchedRow) -> None:
    amount = escape(words.money(row.amount_minor, row.currency))
    st.html(
        f'<div class="stranger"><b>{amount}</b><span>from {escape(queue.payer(row))}, '
        f"{formats.day(row.booked_on)}, transfer {row.id}</span></div>"
    )


def _open(row: UnmatchedRow, moved: Callable[[], None]) -> None:
    offer = desk.chosen(row)
    if desk.may_decide():
        _buttons(row, offer, moved)
    if row.undone_at:
        when = formats.instant(row.undone_at, settings().billing_timezone)
        states.notice("warn", f"An earlier decision was taken back on {when}")
    if offer is None:
        said = escape(queue.message(row)) or "nothing"
        known = row.counterparty_account.strip()
        account = f"Account {escape(queue.account(row))}" if known else ""
        st.html(
            f"<p>No invoice is like this transfer. It says: <b>{said}</b><br>"
            f'<span class="muted">{account}</span></p>'
        )
        return
    unmatched_sides.draw(row, offer)
    for place, each in enumerate(row.proposals):
        _offer(row, each, place, each is offer, moved)


def _choose(row_id: int, place: int, moved: Callable[[], None]) -> None:
    st.session_state[desk.choice_of(row_id)] = place
    st.session_state[desk.ROW] = row_id
    moved()


def _buttons(row: UnmatchedRow, offer: Proposal | None, moved: Callable[[], None]) -> None:
    fresh = confirm.is_fresh()
    amount = words.money(row.amount_minor, row.currency)
    with st.container(horizontal=True, key="desk-buttons", gap="xsmall"):
        if offer is not None:
            payable = offer.payable
            st.button(
                f"Assign to {queue.numbers(offer)}" if payable else "Already paid",
                key=f"assign-{row.id}",
                type="primary",
                disabled=not fresh or not payable,
                shortcut=desk.keys("A"),
                help="Put the transfer on the chosen suggestion (A)",
                on_click=desk.press,
                args=(_assigning(row, offer, amount), moved),
            )
        confirm.door(unmatched_asks.split(), str(row.id), "Split…")
        st.button(
            "Ignore",
            key=f"ignore-{row.id}",
            disabled=not fresh,
            shortcut=desk.keys("I"),
            help="Park it: the money stays in unapplied receipts (I)",
            on_click=desk.press,
            args=(
                desk.Order("ignore", row.id, f"{amount} is ignored", desk.key_of(row.id)),
                moved,
            ),
        )
        if offer is not None:
            st.button(
                "Not this tenant",
                type="tertiary",
                key=f"decline-{row.id}",
                help=f"Suggest {offer.tenant_name} less for this payer; no money moves",
                on_click=desk.press,
                args=(_declining(row, offer), moved),
            )


def _assigning(row: UnmatchedRow, offer: Proposal, amount: str) -> desk.Order:
    """An order for exactly the amounts that are shown."""
    told = f"{amount} is on {queue.numbers(offer)} of {offer.tenant_name}"
    return desk.Order("assign", row.id, told, desk.key_of(row.id), desk.shares_of(offer))


def _declining(row: UnmatchedRow, offer: Proposal) -> desk.Order:
    told = f"{offer.tenant_name} is suggested less for this payer"
    return desk.Order("decline", row.id, told, desk.key_of(row.id), tenant_id=offer.tenant_id)


def _offer(
    row: UnmatchedRow, offer: Proposal, place: int, chosen: bool, moved: Callable[[], None]
) -> None:
    shown = offer.reasons if chosen else offer.reasons[:OTHERS_REASONS]
    reasons = "".join(f"<li>{escape(_sentence(each))}</li>" for each in shown)
    mark = "certain" if offer.certain else "" if offer.payable else "already paid"
    classes = f"offer {'chosen' if chosen else ''} {'' if offer.payable else 'closed'}"
    with st.container(key=f"offer-{row.id}-{place}"):
        st.html(
            f'<div class="{classes}"><kbd>{place + 1}</kbd><div><b>{escape(offer.tenant_name)}</b>'
            f" · {escape(queue.numbers(offer))}<ul>{reasons}</ul></div>"
            f'<div class="odds">{formats.percent(offer.probability)}<small>{mark}</small></div>'
            "</div>"
        )
        st.button(
            f"Choose suggestion {place + 1}, {offer.tenant_name}",
            key=f"choose-{row.id}-{place}",
            shortcut=desk.keys(str(place + 1)),
            on_click=_choose,
            args=(row.id, place, moved),
        )


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:]


def _decided(row: UnmatchedRow, moved: Callable[[], None]) -> None:
    if desk.may_decide():
        amount = words.money(row.amount_minor, row.currency)
        st.button(
            "Undo",
            key=f"undo-{row.id}",
            disabled=not confirm.is_fresh(),
            shortcut=desk.keys("U"),
            help="Take the decision back: the transfer waits again, its invoices are owed (U)",
            on_click=desk.press,
            args=(undoing(row.id, f"{amount} waits in the inbox again"), moved),
        )
    facts = "".join(
        f"<tr><th scope='row'>{title}</th><td>{told}</td></tr>"
        for title, told in _facts(row).items()
    )
    st.html(f'<table class="sides"><tbody>{facts}</tbody></table>')


def undoing(unmatched_id: int, told: str) -> desk.Order:
    """An order to take a decision back."""
    return desk.Order("undo", unmatched_id, told, desk.key_of(unmatched_id))


def undo_last(row: UnmatchedRow | None, moved: Callable[[], None]) -> None:
    """Take back the decision that was taken last; on a decided transfer its own button does."""
    last = desk.undoable()
    number = last.unmatched_id if last else 0
    st.button(
        "Undo the last decision",
        key=f"undo-last-{number}",
        disabled=last is None or not confirm.is_fresh(),
        shortcut=desk.keys("U") if row is None or row.status == "open" else None,
        help=f"{last.told}: take it back (U)" if last else "Nothing was decided yet",
        on_click=desk.press,
        args=(undoing(number, "The last decision is undone"), moved),
    )


def _facts(row: UnmatchedRow) -> dict[str, str]:
    """What was decided, by whom and why; the values are HTML."""
    when = "–"
    if row.decided_at:
        when = formats.instant(row.decided_at, settings().billing_timezone)
    terms = {
        "Decision": "Assigned" if row.status == "assigned" else "Ignored",
        "By": "Posted automatically" if row.automatic else escape(row.decided_by or "–"),
        "When": when,
    }
    if row.payments:
        terms["Tenant"] = "".join(_tenant(each, row.currency) for each in row.payments)
    if row.invoice_numbers:
        terms["Invoices"] = ", ".join(
            _door(tables.link("invoice", {"invoice": number}), number)
            for number in row.invoice_numbers
        )
    if row.payments:
        terms["Payment"] = ", ".join(
            _door(
                tables.link("payment", {"payment": str(each.payment_id)}),
                f"Payment {each.payment_id}",
            )
            for each in row.payments
        )
    terms["Text"] = escape(queue.message(row)) or "–"
    terms["Account"] = escape(queue.account(row))
    if row.reason:
        terms["Reason"] = escape(row.reason)
    return terms


def _tenant(went: Went, currency: str) -> str:
    """Whose payment it is, and how much of the transfer."""
    door = tables.link("tenant", {"tenant": str(went.tenant_id)})
    amount = escape(words.money(went.amount_minor, currency))
    return f"{_door(door, went.tenant_name)}<small>{amount}</small>"


def _door(address: str, text: str) -> str:
    return f'<a href="{escape(address)}" target="_self">{escape(text)}</a>'
