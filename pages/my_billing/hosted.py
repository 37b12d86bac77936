"""A gateway's own pages as an organisation meets them: the way there, and what came of it."""

from html import escape
from typing import Literal

import streamlit as st

from core.charging.checkout import come_back
from core.charging.models import HostedPage
from core.charging.queries import pages_of
from core.errors import NotFound
from core.gateways.registry import TITLES
from core.money import Money
from core.office import office
from core.settings import settings
from pages.billing import look
from pages.my_billing.standing import Standing
from pages.parts import formats, states, tables
from pages.parts.tables import Cell, Column

Purpose = Literal["recharge", "card"]
CAME = "came"
"""The part of the address in which the reference of a page comes back."""
RECHARGES = (
    Column("When", words=True),
    Column("By", words=True),
    Column("Reference", words=True),
    Column("Outcome", words=True),
    Column("Amount"),
)
OUTCOMES = {
    "open": ("waits to be paid", "warn"),
    "done": ("in the wallet", "good"),
    "failed": ("not paid", "bad"),
    "expired": ("not paid in time", "flat"),
}


def take_over(who: Standing, purpose: Purpose) -> None:
    """Say what came of the page whose reference the address brings back."""
    reference = st.query_params.get(CAME, "")
    if not reference:
        return
    try:
        page = come_back(office(), who.actor, reference)
    except NotFound as problem:
        states.notice("bad", str(problem))
        return
    if page.purpose == purpose:
        states.notice(*told(page))


def told(page: HostedPage) -> tuple[str, str]:
    """What came of a page: the tone, and the words."""
    gateway = TITLES[page.provider]
    if page.problem:
        return "bad", f"{page.problem}. Nothing else was done; we look into it"
    if page.purpose == "card":
        return {
            "open": ("warn", f"{gateway} has not told us of a card yet; look again in a minute"),
            "done": ("good", "The card is kept and is charged from now on"),
            "failed": ("bad", f"{gateway} did not keep a card"),
            "expired": ("warn", f"The page of {gateway} has expired; open it once more"),
        }[page.status]
    amount = text(page)
    return {
        "open": ("warn", f"{gateway} has not told us of a payment of {amount} yet"),
        "done": ("good", f"{amount} arrived in the wallet"),
        "failed": ("bad", f"{amount} was not paid; nothing was taken"),
        "expired": ("warn", f"The page of {gateway} has expired; nothing was taken"),
    }[page.status]


def waiting(found: list[HostedPage], purpose: Purpose) -> None:
    """The way to the newest page while it is open; older ones stay in the table."""
    page = next((each for each in found if each.purpose == purpose), None)
    if page is None or page.status != "open" or page.url is None:
        return
    gateway = TITLES[page.provider]
    what = f"{text(page)} waits to be paid" if purpose == "recharge" else "A page for a card waits"
    st.html(
        f'<p class="notice warn" role="status">{escape(what)} at {gateway}, whose own page '
        "takes the card; its number never comes here.</p>"
        f'<a class="action" href="{escape(page.url)}" target="_self">Go to {gateway}</a>'
    )


def pages(who: Standing) -> list[HostedPage]:
    """The organisation's recharges and card pages, the newest first."""
    with office().work(who.actor) as work:
        return pages_of(work, who.tenant_id)


def recharges(found: list[HostedPage], who: Standing) -> None:
    """Recharges on the gateway's page; who may recharge can go on with those that are open."""
    rows = [_row(page, who) for page in found if page.purpose == "recharge"]
    if rows:
        look.long_words()
        tables.html(RECHARGES, rows, label="Recharges", folds=True)


def text(page: HostedPage) -> str:
    """The amount of a page in full."""
    return formats.money(Money(page.amount_minor, page.currency))


def _row(page: HostedPage, who: Standing) -> list[Cell]:
    words, tone = OUTCOMES[page.status]
    goes_on = page.url if page.status == "open" and who.manages else None
    return [
        Cell(formats.instant(page.opened_at, settings().billing_timezone)),
        Cell(TITLES[page.provider]),
        Cell(page.reference, tone="muted"),
        Cell(page.problem or words, opens=goes_on or "", tone="wrap bad" if page.problem else tone),
        Cell(text(page), tone="strong" if page.status == "done" else ""),
    ]
