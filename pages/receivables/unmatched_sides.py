"""A transfer beside the invoices it may pay: what agrees, and by how much the rest differs."""

from dataclasses import dataclass
from html import escape

import streamlit as st

from core.inbox.listing import UnmatchedRow
from core.inbox.suggesting import Beside, Proposal
from core.matching.texts import alike, key_of, name_of
from pages.parts import formats, tables
from pages.receivables import unmatched_queue as queue
from pages.receivables import words

LIKE_NAME = 0.9
"""Names as alike as this agree."""
NEAR_DAYS = 7
FEWEST_SIGNS = 5
"""A number with fewer letters and digits is no evidence when a text has it."""


@dataclass(frozen=True)
class Side:
    """A line of the comparison; `aside` says how far both sides are apart."""

    title: str
    ours: str
    theirs: str
    agrees: bool
    aside: str = ""


def sides(row: UnmatchedRow, offer: Proposal) -> list[Side]:
    """Amount, reference, payer and day of both."""
    return [_amount(row, offer), _reference(row, offer), _payer(row, offer), _day(row, offer)]


def draw(row: UnmatchedRow, offer: Proposal) -> None:
    """The comparison as a table, and the invoices when there are several."""
    body = "".join(_line(side) for side in sides(row, offer))
    title = "Invoice" if len(offer.invoices) == 1 else f"{len(offer.invoices)} invoices"
    st.html(
        '<table class="sides" aria-label="Transfer beside invoice"><thead><tr><th></th>'
        f"<th>Transfer</th><th>{title}</th></tr></thead><tbody>{body}</tbody></table>"
    )
    if offer.payable and offer.rest_minor:
        rest = words.money(offer.rest_minor, row.currency)
        st.html(f'<p class="muted">{escape(rest)} would stay as the customer’s credit.</p>')


def _amount(row: UnmatchedRow, offer: Proposal) -> Side:
    currency = offer.invoices[0].currency
    owed = sum(each.due_minor for each in offer.invoices)
    ours = escape(words.money(row.amount_minor, row.currency))
    if not owed:
        total = sum(each.total_minor for each in offer.invoices)
        was = f"it was {words.money(total, currency)}"
        return Side("Amount", ours, "nothing is owed", False, was)
    theirs = f"{escape(words.money(owed, currency))} owed"
    if row.currency != currency:
        return Side("Amount", ours, theirs, False, "another currency")
    apart = row.amount_minor - owed
    gap = words.money(abs(apart), currency)
    aside = f"{gap} {'more' if apart > 0 else 'less'} came" if apart else "exactly"
    return Side("Amount", ours, theirs, not apart, aside)


def _reference(row: UnmatchedRow, offer: Proposal) -> Side:
    heard = key_of(row.reference + " " + row.text)
    named = [each for each in offer.invoices if _named(each, heard)]
    theirs = "<br>".join(_numbered(each) for each in offer.invoices)
    agrees = len(named) == len(offer.invoices)
    aside = f"{len(named)} of {len(offer.invoices)} named" if named and not agrees else ""
    return Side("Reference", escape(queue.message(row)) or "–", theirs, agrees, aside)


def _named(invoice: Beside, heard: str) -> bool:
    numbers = (key_of(invoice.number), key_of(invoice.ocr or ""))
    return any(len(number) >= FEWEST_SIGNS and number in heard for number in numbers)


def _numbered(invoice: Beside) -> str:
    door = tables.link("invoice", {"invoice": str(invoice.id)})
    ocr = f"<small>OCR {escape(invoice.ocr)}</small>" if invoice.ocr else ""
    return f'<a href="{escape(door)}" target="_blank">{escape(invoice.number)}</a>{ocr}'


def _payer(row: UnmatchedRow, offer: Proposal) -> Side:
    name = row.counterparty_name
    like = alike(name_of(name), name_of(offer.tenant_name)) if name else 0.0
    account = f"<small>{escape(queue.account(row))}</small>"
    door = tables.link("tenant", {"tenant": str(offer.tenant_id)})
    theirs = f'<a href="{escape(door)}" target="_blank">{escape(offer.tenant_name)}</a>'
    return Side("Payer", f"{escape(name) or 'No name'}{account}", theirs, like >= LIKE_NAME)


def _day(row: UnmatchedRow, offer: Proposal) -> Side:
    due = min(each.due_on for each in offer.invoices)
    apart = (row.booked_on - due).days
    aside = "that very day" if not apart else f"{words.days(abs(apart))} "
    if apart:
        aside += "after it was due" if apart > 0 else "before it is due"
    ours = f"booked {formats.day(row.booked_on)}"
    return Side("Day", ours, f"due {formats.day(due)}", abs(apart) <= NEAR_DAYS, aside)


def _line(side: Side) -> str:
    mark = ' class="good"' if side.agrees else ""
    tick = "✓ " if side.agrees else ""
    aside = f"<small>{escape(side.aside)}</small>" if side.aside else ""
    return (
        f"<tr><th scope='row'>{side.title}</th><td>{side.ours}</td>"
        f"<td{mark}>{tick}{side.theirs}{aside}</td></tr>"
    )
