"""The own organisation's wallets: what they hold and how they came to it (WAL.2)."""

from html import escape

import streamlit as st

from core.errors import NotAllowed
from core.office import office
from core.settings import settings
from core.wallets import queries
from core.wallets.queries import WalletRow
from pages.parts import head, tables, url, viewer, wallet_history

HOW = (
    "Transfer the amount to the bank account that stands on our invoices and write “wallet” and "
    "your organisation's name as the reference. It is added to your balance when {company} has "
    "received it; nothing else is needed."
)


def main() -> None:
    """The balance in each currency, how to add to it, and the history of one."""
    head.page("Wallet", "what your organisation has paid ahead")
    seen = viewer.current_viewer()
    if seen is None or seen.tenant_id is None:
        raise NotAllowed("Only an organisation's own users have a wallet here")
    actor = viewer.current_actor()
    with office().work(actor) as work:
        found = queries.tenant_wallets(work, seen.tenant_id)
    if found:
        _wallet(_chosen(found))
    with st.container(border=True, key="panel-recharge"):
        told = "" if found else "Your wallet is empty; it opens with the first payment."
        head.section("Adding money", told)
        how = HOW.format(company=settings().company_name)
        st.html(f'<p class="lead">{escape(how)}</p>')


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


def _wallet(wallet: WalletRow) -> None:
    actor = viewer.current_actor()
    with st.container(border=True, key="panel-wallet"):
        head.section("Balance", "promotional credit is used first, then prepaid money")
        st.html(wallet_history.terms(wallet))
    with st.container(border=True, key="panel-history"):
        with st.container(
            horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"
        ):
            head.section("History", f"newest first; amounts in {wallet.currency}")
            name = f"wallet-{wallet.currency.lower()}.csv"
            tables.csv_button(lambda: wallet_history.frame(actor, wallet), name, "csv-history")
        wallet_history.draw(actor, wallet, staff=False)


main()
