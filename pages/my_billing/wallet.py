"""The own organisation's wallets: what they hold, how they came to it, recharges (WAL.2)."""

from html import escape

import streamlit as st

from core.office import office
from core.settings import settings
from core.wallets import queries
from core.wallets.queries import WalletRow
from pages.my_billing import hosted, standing
from pages.my_billing.recharge_ask import RECHARGE
from pages.my_billing.standing import Standing
from pages.parts import confirm, head, tables, url, wallet_history

HOW = (
    "Or transfer the amount to the bank account that stands on our invoices and write “wallet” "
    "and your organisation's name as the reference. It is added to your balance when {company} "
    "has received it; nothing else is needed."
)


def main() -> None:
    """What came of a recharge, the balance in each currency, recharges, and the history."""
    who = standing.own("a wallet")
    head.page("Wallet", "what your organisation has paid ahead")
    hosted.take_over(who, "recharge")
    with office().work(who.actor) as work:
        found = queries.tenant_wallets(work, who.tenant_id)
        usual = queries.tenant_currency(work, who.tenant_id)
    wallet = _chosen(found) if found else None
    if wallet:
        _balance(wallet)
    _adding(who, wallet.currency if wallet else usual, empty=wallet is None)
    if wallet:
        _history(who, wallet)
    confirm.draw(*([RECHARGE] if who.manages else ()))


def _chosen(found: list[WalletRow]) -> WalletRow:
    """The wallet of the address; the choice is offered when there are several."""
    by_currency = {row.currency: row for row in found}
    if len(found) == 1:
        return found[0]
    moved = url.restart(
        url.follow("currency", url.one_of(tuple(by_currency)), found[0].currency), "page"
    )
    currency = st.segmented_control(
        "Currency", list(by_currency), key="currency", on_change=moved, required=True
    )
    return by_currency.get(currency or "", found[0])


def _balance(wallet: WalletRow) -> None:
    with st.container(border=True, key="panel-wallet"):
        head.section("Balance", "promotional credit is used first, then prepaid money")
        st.html(wallet_history.terms(wallet))


def _adding(who: Standing, currency: str, *, empty: bool) -> None:
    """The ways to put money in, and the recharges so far."""
    pages = hosted.pages(who)
    with st.container(border=True, key="panel-recharge"):
        with st.container(
            horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"
        ):
            told = "Your wallet is empty; it opens with the first payment." if empty else ""
            head.section("Adding money", told or "by card, at once, or by bank transfer")
            if who.manages:
                confirm.door(RECHARGE, currency, "Recharge by card…")
        if who.manages:
            hosted.waiting(pages, "recharge")
        hosted.recharges(pages, who)
        how = HOW.format(company=settings().company_name)
        st.html(f'<p class="lead">{escape(how)}</p>')


def _history(who: Standing, wallet: WalletRow) -> None:
    with st.container(border=True, key="panel-history"):
        with st.container(
            horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"
        ):
            head.section("History", f"newest first; amounts in {wallet.currency}")
            name = f"wallet-{wallet.currency.lower()}.csv"
            tables.csv_button(lambda: wallet_history.frame(who.actor, wallet), name, "csv-history")
        wallet_history.draw(who.actor, wallet, staff=False)


main()
